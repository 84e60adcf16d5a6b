package ui

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/theme"
	"github.com/go-text/typesetting/font"

	"github.com/glmtray/glmtray/assets"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// translation reads a file: the forms of each text.
func translation(t *testing.T, file string) map[string]map[string]string {
	t.Helper()
	raw, err := translations.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var have map[string]json.RawMessage
	if err := json.Unmarshal(raw, &have); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	out := map[string]map[string]string{}
	for key, raw := range have {
		var text string
		forms := map[string]string{}
		if json.Unmarshal(raw, &text) == nil {
			forms["other"] = text
		} else if err := json.Unmarshal(raw, &forms); err != nil {
			t.Fatalf("%s: %q: %v", file, key, err)
		}
		out[key] = forms
	}
	return out
}

// others are the files of all languages but English.
func others(t *testing.T) (files []string) {
	t.Helper()
	all, err := fs.Glob(translations, "translations/*.json")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(file string) bool { return file == english })
}

var fill = regexp.MustCompile(`\{\{\.\w+\}\}`)

// fills are the places that are filled in, sorted.
func fills(text string) string {
	return strings.Join(slices.Sorted(slices.Values(fill.FindAllString(text, -1))), " ")
}

func TestEveryLanguageSaysEveryText(t *testing.T) {
	want := translation(t, english)
	files := others(t)
	if len(files) == 0 {
		t.Fatal("there is no other language")
	}
	for _, file := range files {
		have := translation(t, file)
		for _, key := range slices.Sorted(maps.Keys(want)) {
			forms := have[key]
			if forms["other"] == "" {
				t.Errorf("%s does not say %q", file, key)
				continue
			}
			for form, text := range forms {
				if fills(text) != fills(want[key]["other"]) {
					t.Errorf("%s: %q (%s) fills in %s, not %s", file, key, form, fills(text), fills(want[key]["other"]))
				}
			}
		}
		for key := range have {
			if want[key] == nil {
				t.Errorf("%s says %q, which nobody asks for", file, key)
			}
		}
	}
}

// languages are those that a person would recognise the window's by.
func TestWhichLanguageALocaleIs(t *testing.T) {
	for locale, want := range map[string]string{
		"en": "en", "en-US": "en", "de-DE": "de", "zh": chinese, "zh-CN": chinese, "zh-SG": chinese, "zh-CN-Hans": chinese,
		"zh-TW": "zh-Hant", "zh-HK": "zh-Hant", "zh-MO-Hant": "zh-Hant", "": "",
	} {
		if got := languageOf(locale); got != want {
			t.Errorf("%q is %q, not %q", locale, got, want)
		}
	}
	if _, err := translations.ReadFile("translations/" + chinese + ".json"); err != nil {
		t.Error(err)
	}
}

// face is the font of the Han characters as the toolkit reads it.
func face(t *testing.T, r fyne.Resource) *font.Face {
	t.Helper()
	f, err := font.ParseTTF(bytes.NewReader(r.Content()))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEveryCharacterOfATranslationCanBeDrawn(t *testing.T) {
	han := face(t, fyne.NewStaticResource("han", assets.Han()))
	for _, r := range "aZ0.…·" {
		if _, ok := han.NominalGlyph(r); ok {
			t.Errorf("the font of the Han characters has %q: Latin would change its face", r)
		}
	}
	styles := map[string]fyne.Resource{
		"regular": theme.DefaultTextFont(), "bold": theme.DefaultTextBoldFont(), "mono": theme.DefaultTextMonospaceFont(),
	}
	for style, r := range styles {
		latin := face(t, r)
		symbols := face(t, theme.DefaultSymbolFont())
		missing := map[rune]string{}
		for _, file := range others(t) {
			for _, forms := range translation(t, file) {
				for _, text := range forms {
					for _, r := range fill.ReplaceAllString(text, "") {
						_, inHan := han.NominalGlyph(r)
						_, inLatin := latin.NominalGlyph(r)
						_, inSymbols := symbols.NominalGlyph(r)
						if !inHan && !inLatin && !inSymbols && !unicode.IsControl(r) {
							missing[r] = path.Base(file) + ": " + text
						}
					}
				}
			}
		}
		for r, where := range missing {
			t.Errorf("%s: nothing draws %q of %s", style, r, where)
		}
	}
}

// A line is as high with Han characters as without, and all stand on one base line:
// the toolkit goes by each face's ascent.
func TestHanAndLatinStandOnOneLine(t *testing.T) {
	for _, tt := range []struct {
		name       string
		han, latin fyne.Resource
	}{
		{"regular", fyne.NewStaticResource("han", assets.Han()), theme.DefaultTextFont()},
		{"bold", fyne.NewStaticResource("han", assets.Han()), theme.DefaultTextBoldFont()},
		{"mono", fyne.NewStaticResource("han", assets.HanMono()), theme.DefaultTextMonospaceFont()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, b := measures(t, face(t, tt.han)), measures(t, face(t, tt.latin))
			for i, what := range []string{"ascent", "descent", "gap", "blank"} {
				if d := a[i] - b[i]; d > 1 || d < -1 {
					t.Errorf("%s: %v of 1000, not %v", what, a[i], b[i])
				}
			}
		})
	}
}

// measures are a face's ascent, descent, gap and blank, in thousandths.
func measures(t *testing.T, f *font.Face) [4]float32 {
	t.Helper()
	e, ok := f.FontHExtents()
	blank, has := f.NominalGlyph(' ')
	if !ok || !has {
		t.Fatal("it has no heights or no blank")
	}
	em := 1000 / float32(f.Upem())
	return [4]float32{e.Ascender * em, e.Descender * em, e.LineGap * em, f.HorizontalAdvance(blank) * em}
}

// The language of a process is chosen once, so that others are asked: each of the
// tests below is run by the one above it, in a process of its own.
func inLocale(t *testing.T, locale, test string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), "LANG="+locale, "LC_ALL="+locale, "LANGUAGE=", "GLMTRAY_TEST_LOCALE="+locale)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("%s: %v\n%s", locale, err, out)
	}
	if strings.Contains(string(out), "Fyne error") && test != "TestAnIncompleteLanguage" {
		t.Errorf("%s: it complains:\n%s", locale, out)
	}
}

func TestChineseIsSpokenWhereTheSystemDoes(t *testing.T) {
	for _, locale := range []string{"zh_CN.UTF-8", "zh_SG.UTF-8"} {
		inLocale(t, locale, "TestInChinese")
	}
}

func TestInChinese(t *testing.T) {
	if !strings.HasPrefix(os.Getenv("GLMTRAY_TEST_LOCALE"), "zh") {
		t.Skip("is run by the test above")
	}
	speak()
	for want, got := range map[string]string{
		"删除 a/b？":       tr("Remove {{.Key}}?", "Key", "a/b"),
		"1 个密钥就绪":       trN(1, "{{.Count}} key ready", "{{.Count}} keys ready"),
		"1,040 个密钥就绪":   trN(1040, "{{.Count}} key ready", "{{.Count}} keys ready"),
		"删除 {{.X}}？":    tr("Remove {{.Key}}?", "Key", "{{.X}}"),
		"冷却中，1 min 后恢复": tr("cooling, back in {{.Time}}", "Time", "1 min"),
		// What the proxy has said.
		"模型 glm-4.6 匹配 *glm*；已固定到 zai":       state.Told("model glm-4.6 matches *glm*; pinned to zai"),
		"131,000 个 token > 120,000，但没有剩余的目标": state.Told("131,000 tokens > 120,000, but no target is left"),
		"已限流（429）：Slow down":                 state.Told("rate limited (429): Slow down"),
		"Slow down, please (or else)":        state.Told("Slow down, please (or else)"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for _, style := range []fyne.TextStyle{{}, {Bold: true}, {Monospace: true}} {
		if got := (look{}).Font(style); !strings.HasPrefix(got.Name(), "NotoSansSC-subset") || got != (look{}).Font(style) {
			t.Errorf("%+v is drawn with %s", style, got.Name())
		}
	}
}

func TestNobodyElseLoadsTheHanFont(t *testing.T) {
	if got := (look{}).Font(fyne.TextStyle{}); got != theme.DefaultTextFont() {
		t.Errorf("Latin is drawn with %s", got.Name())
	}
}

func TestATextThatALanguageLacksIsEnglish(t *testing.T) {
	inLocale(t, "fi_FI.UTF-8", "TestAnIncompleteLanguage")
}

func TestAnIncompleteLanguage(t *testing.T) {
	if os.Getenv("GLMTRAY_TEST_LOCALE") != "fi_FI.UTF-8" {
		t.Skip("is run by the test above")
	}
	speak()
	if err := lang.AddTranslationsForLocale([]byte(`{"Add a key": "Lisää avain", "pinned to {{.Provider}}": "kiinni: {{.Provider}}"}`), "fi"); err != nil {
		t.Fatal(err)
	}
	state.Translate(localized)
	for want, got := range map[string]string{
		"Lisää avain":                    tr("Add a key"),
		"Remove a/b?":                    tr("Remove {{.Key}}?", "Key", "a/b"),
		"2 keys ready":                   trN(2, "{{.Count}} key ready", "{{.Count}} keys ready"),
		"1 key ready":                    trN(1, "{{.Count}} key ready", "{{.Count}} keys ready"),
		"no images":                      state.Told("no images"),
		"model a matches b; kiinni: zai": state.Told("model a matches b; pinned to zai"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
