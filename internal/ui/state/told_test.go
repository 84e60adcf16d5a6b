package state

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// marked has every text of ours said in ⟦ ⟧, and what is filled in outside of it.
func marked(t *testing.T) {
	t.Helper()
	Translate(func(m *Message) string {
		inside := *m
		inside.Fills = nil
		for _, f := range m.Fills {
			inside.Fills = append(inside.Fills, Fill{f.Name, "⟧" + f.Text + "⟦"})
		}
		return strings.ReplaceAll("⟦"+inside.English()+"⟧", "⟦⟧", "")
	})
	t.Cleanup(func() { Translate((*Message).English) })
}

func TestWhatIsToldIsSaidByItsForm(t *testing.T) {
	marked(t)
	for text, want := range map[string]string{
		"":                      "",
		"no other rule matched": "⟦no other rule matched⟧",
		"model glm-4.6 matches *glm*; pinned to zai":                         "⟦model ⟧glm-4.6⟦ matches ⟧*glm*⟦; pinned to ⟧zai",
		"60,000 tokens > 50,000, model opus matches *opus*":                  "60,000⟦ tokens > ⟧50,000⟦, model ⟧opus⟦ matches ⟧*opus*",
		"2 images, but no target is left":                                    "2⟦ images⟧⟦, but no target is left⟧",
		"cooling: tokens per minute used up":                                 "⟦cooling⟧⟦: ⟧⟦tokens per minute used up⟧",
		"quota used up (429, 1308): Usage limit reached":                     "⟦quota used up⟧⟦ (⟧429, 1308⟦)⟧⟦: ⟧Usage limit reached",
		"back in 3 days (key rejected)":                                      "⟦back in ⟧3⟦ days⟧⟦ (⟧⟦key rejected⟧⟦)⟧",
		"pinned to zai, but zai has no vision model (unpin zai)":             "⟦pinned to ⟧zai⟦, but ⟧zai⟦ has no ⟧vision⟦ model⟧⟦ (⟧⟦unpin ⟧zai⟦)⟧",
		`settings.toml:1: "colour": unknown setting; did you mean cooldown?`: `settings.toml:1⟦: ⟧"colour"⟦: unknown setting; did you mean ⟧cooldown⟦?⟧`,
		// What a vendor or a system says is nobody's to translate, whatever stands in it.
		"Usage limit reached for 5 hour.":    "Usage limit reached for 5 hour.",
		"Slow down; see our docs: ok, later": "Slow down; see our docs: ok, later",
		"a (strange) thing, and: so on":      "a (strange) thing, and: so on",
		"open /x/y: permission denied":       "open /x/y: permission denied",
	} {
		// Where two forms meet, their marks do.
		got := strings.ReplaceAll(Told(text), "⟧⟦", "")
		if want = strings.ReplaceAll(want, "⟧⟦", ""); got != want {
			t.Errorf("%q is told as\n%s, want\n%s", text, got, want)
		}
	}
}

func TestInEnglishWhatIsToldStaysToTheLetter(t *testing.T) {
	for _, text := range append([]string{
		"1 image, but no target is left", "cerebras: desk back in 11 s (tokens per minute used up); home parked: key rejected",
		"no provider answered this request: cerebras/desk: server error (500): oh; zai: no key (see: glmtray keys list)",
		"a: b; c (d), e", "  ", "(", ")", "; ", ": ",
	}, sayings...) {
		if got := Told(text); got != text {
			t.Errorf("%q is told as %q", text, got)
		}
	}
	lines := "In /home/x:\n  \"name\": \"y\",\n\n    and the model m\n"
	if got := ToldLines(lines); got != lines {
		t.Errorf("the lines are told as %q", got)
	}
}

// A form that another one before it swallows, or that is cut in two before it is looked
// for, would never be said.
func TestEveryFormIsFound(t *testing.T) {
	said := map[string]bool{}
	Translate(func(m *Message) string {
		said[m.Text] = true
		return m.English()
	})
	t.Cleanup(func() { Translate((*Message).English) })
	for _, form := range sayings {
		clear(said)
		text := filled.ReplaceAllStringFunc(form, func(fill string) string {
			if slices.Contains(figures, strings.Trim(fill, "{.}")) {
				return "1,234"
			}
			return "x"
		})
		if Told(text); !said[form] {
			t.Errorf("%q is not taken for %q, but for %v", text, form, slices.Collect(maps.Keys(said)))
		}
	}
}
