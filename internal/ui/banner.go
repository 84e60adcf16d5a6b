package ui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// banner is the line above every page that says what a person has to know: why
// nothing is served, what moved, why the window cannot hide.
type banner struct {
	u     *UI
	box   *fyne.Container
	mark  *widget.Icon
	text  *widget.Label
	copy  *button // of the whole text
	whole string
	again *button
	away  *button
	seen  string // the note that was put away
}

// bannerMost is how many characters a banner shows; its copy mark has them all.
const bannerMost = 360

func newBanner(u *UI) *banner {
	b := &banner{u: u, mark: widget.NewIcon(shapes[state.Bad]), text: wrapped("")}
	b.again = newButton(tr("Try again"), func() { u.serve(true) })
	b.copy = quietButton("", theme.ContentCopyIcon(), func() { u.copy(b.whole) })
	b.away = newButton(tr("Got it"), func() {
		b.seen, u.note = b.whole, ""
		b.draw()
	})
	line := container.NewBorder(nil, nil, atLeast(markWidth, 0, b.mark), container.NewCenter(container.NewHBox(b.copy, b.again, b.away)), b.text)
	b.box = container.NewVBox(around(near, line), widget.NewSeparator())
	b.box.Hide()
	return b
}

// words gives what the banner says, and whether it is a failure.
func (b *banner) words() (text string, failure bool) {
	s := b.u.st.Server()
	if s.Problem != "" {
		text = sentence(s.Problem)
		if s.WayOut != "" {
			text += " " + sentence(s.WayOut)
		}
		return text, true
	}
	var notes []string
	if b.u.note != "" {
		notes = append(notes, sentence(b.u.note))
	}
	if s.Note != "" {
		notes = append(notes, sentence(s.Note))
	}
	if !b.u.opt.TrayHost {
		notes = append(notes, tr("Nobody shows tray icons here, so this window stays: closing it ends glmtray. "+
			"On GNOME the AppIndicator extension shows them."))
	}
	return strings.Join(notes, "\n"), false
}

func (b *banner) draw() {
	text, failure := b.words()
	if text == "" || (!failure && text == b.seen) {
		show(b.box, false)
		return
	}
	mark := state.Waiting
	if failure {
		mark = state.Bad
	}
	if b.mark.Resource != shapes[mark] {
		b.mark.SetResource(shapes[mark])
	}
	b.whole = text
	setText(b.text, state.Clip(text, bannerMost))
	show(b.copy, failure)
	show(b.again, failure && b.u.st.Server().State == state.Failed)
	show(b.away, !failure)
	show(b.box, true)
}

// sentence makes an error's text one for people.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	if first, _, _ := strings.Cut(text, " "); !strings.Contains(first, "/") { // "cerebras/desk" is a name
		r := []rune(text)
		text = strings.ToUpper(string(r[:1])) + string(r[1:])
	}
	switch last, _ := utf8.DecodeLastRuneInString(text); {
	case strings.ContainsRune(".!?。！？", last):
		return text
	case unicode.Is(unicode.Han, last):
		return text + "。"
	}
	return text + "."
}
