package ui

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// luminance is WCAG 2.2's relative luminance of a colour over a ground.
func luminance(c, ground color.NRGBA) float64 {
	a := float64(c.A) / 255
	part := func(v, under byte) float64 {
		f := (a*float64(v) + (1-a)*float64(under)) / 255
		if f <= .04045 {
			return f / 12.92
		}
		return math.Pow((f+.055)/1.055, 2.4)
	}
	return .2126*part(c.R, ground.R) + .7152*part(c.G, ground.G) + .0722*part(c.B, ground.B)
}

func contrast(c, ground color.NRGBA) float64 {
	a, b := luminance(c, ground), luminance(ground, ground)
	return (max(a, b) + .05) / (min(a, b) + .05)
}

func TestWhatIsReadStandsOutFromItsGround(t *testing.T) {
	for v, name := range map[fyne.ThemeVariant]string{theme.VariantDark: "dark", theme.VariantLight: "light"} {
		p := paletteOf(v)
		for what, pair := range map[string][2]color.NRGBA{
			"ink": {p.ink, p.ground}, "ink on raised": {p.ink, p.raised}, "ink on a button": {p.ink, p.button},
			"ink 64 on a button": {p.ink64, p.button}, "good on raised": {p.good, p.raised}, "waiting on raised": {p.waiting, p.raised},
			"bad on raised": {p.bad, p.raised}, "ink 64": {p.ink64, p.ground},
			"ink 64 on raised": {p.ink64, p.raised}, "accent": {p.accent, p.ground}, "on accent": {p.onAccent, p.accent},
			"good": {p.good, p.ground}, "waiting": {p.waiting, p.ground}, "bad": {p.bad, p.ground}, "on bad": {p.ground, p.bad},
		} {
			if c := contrast(pair[0], pair[1]); c < 4.5 {
				t.Errorf("%s: %s has a contrast of %.1f", name, what, c)
			}
		}
	}
}

func TestDistancesAreFourEightOrSixteen(t *testing.T) {
	for _, n := range []fyne.ThemeSizeName{
		theme.SizeNamePadding, theme.SizeNameInnerPadding, theme.SizeNameLineSpacing, theme.SizeNameInlineIcon,
	} {
		if d := Theme().Size(n); d != tight && d != near && d != apart {
			t.Errorf("%s is %v", n, d)
		}
	}
	if Theme().Size(theme.SizeNameText) != 13 {
		t.Error("text is not 13")
	}
}

func TestEveryMarkHasAShapeOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range []state.Mark{state.Good, state.Waiting, state.Bad, state.Off} {
		r := shapes[m]
		if r == nil || seen[r.Name()] || len(r.Content()) == 0 {
			t.Errorf("%v has no shape of its own", m)
			continue
		}
		seen[r.Name()] = true
	}
}

func TestSentences(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "port is taken": "Port is taken.", "what now?": "What now?", "ärger (pid 4)": "Ärger (pid 4).",
	} {
		if got := sentence(in); got != want {
			t.Errorf("sentence(%q) = %q", in, got)
		}
	}
	if got := title("start_at_login"); got != "Start at login" {
		t.Errorf("title %q", got)
	}
}
