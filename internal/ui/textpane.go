package ui

import (
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// textPane shows a body: a megabyte of it as well as a line. It is a list of
// lines, so that only what can be seen is drawn; a label would lay out all of
// it, on the window's thread. What is deep and long is folded away; a click on
// its line unfolds it.
type textPane struct {
	name   string
	box    *fyne.Container
	title  *widget.Label
	copy   *button
	all    *button
	list   *listing
	body   state.Body
	fold   *state.Fold
	places int // of a line, as they were broken
	open   bool
}

// shownMost is how much of a body is shown, in bytes. All of it is copied and
// saved.
const shownMost = 1 << 20

// foldMark stands before a line that can be unfolded, foldOpen before one that
// can be folded; foldNone keeps their room.
const foldMark, foldOpen, foldNone = "▸ ", "▾ ", "  "

func newTextPane(u *UI, name string) *textPane {
	p := &textPane{name: name, title: heading(name), fold: state.NewFold("")}
	p.title.Truncation = fyne.TextTruncateEllipsis
	p.copy = quietButton("", theme.ContentCopyIcon(), func() { u.copy(p.body.Text) })
	p.all = quietButton(tr("Unfold"), nil, func() {
		p.open = !p.open
		p.fold.All(!p.open)
		p.draw()
	})
	p.list = newListing(
		func() int { return len(p.fold.Lines()) },
		newTextLine,
		func(i widget.ListItemID, o fyne.CanvasObject) {
			if i >= len(p.fold.Lines()) {
				return
			}
			l := p.fold.Lines()[i]
			mark := foldNone
			switch {
			case l.Opens && l.Folded:
				mark = foldMark
			case l.Opens:
				mark = foldOpen
			}
			o.(*textLine).set(mark+l.Text, theme.ColorNameForeground)
		},
	)
	p.list.HideSeparators = true
	_ = p.list.MinSize() // before that it cannot be scrolled
	p.list.OnSelected = func(i widget.ListItemID) {
		p.list.UnselectAll()
		if lines := p.fold.Lines(); i < len(lines) && lines[i].Opens {
			p.fold.Toggle(lines[i].Line)
			p.list.Refresh()
		}
	}
	text := container.New(fitted{p.fit}, p.list)
	p.box = container.NewBorder(
		container.NewBorder(nil, nil, nil, container.NewHBox(p.all, p.copy), p.title), nil, nil, nil,
		container.New(layout.NewCustomPaddedLayout(0, 0, near, 0), text),
	)
	return p
}

func (p *textPane) draw() {
	word := tr("Unfold")
	if p.open {
		word = tr("Fold")
	}
	if p.all.Text != word {
		p.all.SetText(word)
	}
	enable(p.all, p.fold.Folds())
	p.list.Refresh()
}

func (p *textPane) set(b state.Body) { p.say(p.name+": "+b.Extent(), b) }

// say shows a body under a title of its own.
func (p *textPane) say(title string, b state.Body) {
	p.title.SetText(title)
	enable(p.copy, b.Text != "")
	if p.body == b && p.places > 0 {
		return
	}
	p.body, p.open = b, false
	p.fold = state.NewFold(shownOf(b.Text))
	p.places = 0
	p.list.ScrollToTop()
	p.fit(p.list.Size().Width)
	p.draw()
}

// shownOf is as much of a text as is shown, with a word on the rest.
func shownOf(text string) string {
	if len(text) <= shownMost {
		return text
	}
	end := shownMost
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "\n… " + tr("{{.Size}} more: they are copied and saved, and not shown here", "Size", state.Bytes(int64(len(text)-end)))
}

// fit breaks the text into lines for a width.
func (p *textPane) fit(width float32) {
	places := int((width-near)/monoWidth(textSize)) - len([]rune(foldNone)) // beside the scroll bar
	if places == p.places {
		return
	}
	p.places = places
	p.fold.Wrap(places)
	p.list.Refresh()
}

// fitted gives a pane's list all the room, and has its lines broken for that
// width.
type fitted struct{ fit func(width float32) }

// MinSize implements fyne.Layout.
func (f fitted) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

// Layout implements fyne.Layout.
func (f fitted) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Move(fyne.NewPos(0, 0))
	objects[0].Resize(size)
	f.fit(size.Width)
}
