package ui

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// In the pseudo-language every text of ours stands in ⟦ ⟧, and what is filled
// into it does not. Whatever else the program has to say (names, a vendor's
// words, the reasons in its records) stands in ‹ ›. A letter outside of both is a
// text that nobody could translate.
const ours, oursEnd, theirs, theirsEnd = "⟦", "⟧", "‹", "›"

// datum is a text of the program's.
func datum(text string) string { return theirs + text + theirsEnd }

func pseudo(m *state.Message) string {
	inside := *m
	inside.Fills = nil
	for _, f := range m.Fills {
		inside.Fills = append(inside.Fills, state.Fill{Name: f.Name, Text: oursEnd + f.Text + ours})
	}
	return ours + inside.English() + oursEnd
}

// units are figures with their symbols and addresses, which are the same
// everywhere.
var units = regexp.MustCompile(`http://[0-9.:]+|[0-9][0-9.,]* ?(ms|s|min|h|k|M|KiB|MiB)\b|\b[0-9]xx\b`)

// unmarked is what of a text nobody could translate; "" if all of it can be.
func unmarked(text string) string {
	var rest strings.Builder
	in := ""
	for _, r := range text {
		switch string(r) {
		case ours:
			in = oursEnd
		case theirs:
			in = theirsEnd
		case in:
			in = ""
			rest.WriteByte('\t')
		default:
			if in == "" {
				rest.WriteRune(r)
			}
		}
	}
	left := units.ReplaceAllString(rest.String(), "")
	if !strings.ContainsFunc(left, unicode.IsLetter) {
		return ""
	}
	return strings.TrimSpace(left)
}

// reader looks at all that the window says in the pseudo-language.
type reader struct {
	*rig
	told map[string]bool
}

func newReader(t *testing.T, p *program, opt Options) *reader {
	t.Helper()
	speak()
	state.Translate(pseudo)
	t.Cleanup(func() { state.Translate(localized) })
	return &reader{rig: newRig(t, p, opt), told: map[string]bool{}}
}

// texts are those of an object, also those that show once it is pressed.
func texts(o fyne.CanvasObject) []string {
	switch o := o.(type) {
	case *widget.Label:
		return []string{o.Text}
	case *button:
		return []string{o.Text}
	case *tick:
		return []string{o.Text}
	case *widget.RadioGroup:
		return o.Options
	case *choice:
		if o.Selected != "" {
			return append([]string{o.Selected}, o.Options...)
		}
		return append([]string{o.PlaceHolder}, o.Options...)
	case *field:
		return []string{o.PlaceHolder, o.Text}
	case *railItem:
		return []string{o.word, o.count}
	case *textLine:
		return []string{o.text}
	case *line:
		return o.texts
	case *axis:
		return o.words
	case *canvas.Text:
		return []string{o.Text}
	case *widget.RichText:
		return []string{o.String()}
	}
	return nil
}

// reads fails for each text that nobody could translate.
func (r *reader) reads(where string) {
	r.t.Helper()
	var all []string
	r.walk(func(o fyne.CanvasObject) { all = append(all, texts(o)...) })
	menu(r.desk.menu, &all)
	all = append(all, r.desk.heard()...)
	for _, text := range all {
		if bad := unmarked(text); bad != "" && !r.told[bad] {
			r.told[bad] = true
			r.t.Errorf("%s: %q is said untranslated, in %q", where, bad, text)
		}
	}
	r.overlooked(where, all)
}

func menu(m *fyne.Menu, all *[]string) {
	if m == nil {
		return
	}
	for _, i := range m.Items {
		*all = append(*all, i.Label)
		menu(i.ChildMenu, all)
	}
}

var drawnTexts = regexp.MustCompile(`<text [^>]*>([^<]*)</text>`)

// overlooked fails for a text that is drawn and that the walk has not seen.
func (r *reader) overlooked(where string, seen []string) {
	r.t.Helper()
	whole := strings.Join(seen, "\n")
	drawn := drawnTexts.FindAllStringSubmatch(test.RenderToMarkup(r.u.win.Canvas()), -1)
	if len(drawn) < 5 {
		r.t.Fatalf("%s: only %d texts are drawn: this test no longer sees them", where, len(drawn))
	}
	for _, m := range drawn {
		text := html.UnescapeString(m[1])
		for _, part := range strings.Split(strings.TrimSpace(text), "…") {
			if strings.ContainsFunc(part, unicode.IsLetter) && !strings.Contains(whole, strings.TrimSpace(part)) && !r.told[part] {
				r.told[part] = true
				r.t.Errorf("%s: %q is drawn, and this test does not see whose it is", where, text)
			}
		}
	}
}

func TestThePseudoLanguageFindsWhatIsUntranslated(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "⟦Serving on ⟧127.0.0.1:18080⟦⟧": "", "⟦Last: ⟧‹sonnet›⟦ → ⟧–⟦⟧": "", "0.21 s · 131k · 4.7 KiB": "", "4xx": "",
		"⟦in ⟧a while⟦⟧": "a while", "Pause": "Pause", "‹desk›: ready": ": ready",
	} {
		if got := unmarked(text); got != want {
			t.Errorf("of %q %q is left, want %q", text, got, want)
		}
	}
}
