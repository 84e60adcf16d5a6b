package ui

import (
	"embed"
	"strings"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// translations has a file for each language. A text's key is the English text
// itself, so that a language that is not there is English.
//
//go:embed translations/*.json
var translations embed.FS

// speak has the window's texts said in the reader's language.
var speak = sync.OnceFunc(func() {
	if err := lang.AddTranslationsFS(translations, "translations"); err != nil {
		fyne.LogError("loading the translations", err)
		return
	}
	// The toolkit speaks languages that we do not. In those it would write a line of
	// log for each text that is drawn; the texts are English without it.
	if _, err := translations.ReadFile("translations/" + systemLanguage() + ".json"); err == nil {
		state.Translate(localized)
	}
})

// chinese is Chinese in simplified characters, as its file is called.
const chinese = "zh-Hans"

// systemLanguage is that of the reader's system. It is chosen once for a process.
var systemLanguage = sync.OnceValue(func() string { return languageOf(lang.SystemLocale().String()) })

// languageOf gives the language of a locale ("zh-CN", "zh-TW-Hant"), as its file
// would be called. Chinese is written in two ways: who reads the traditional
// characters is not given the others.
func languageOf(locale string) string {
	language, rest, _ := strings.Cut(locale, "-")
	if language != "zh" {
		return language
	}
	for part := range strings.SplitSeq(rest, "-") {
		switch part {
		case "Hans":
			return chinese
		case "Hant", "TW", "HK", "MO":
			return "zh-Hant"
		}
	}
	return chinese
}

// localized says a message by the toolkit's translations.
func localized(m *state.Message) string {
	var fills map[string]any
	if len(m.Fills) > 0 {
		fills = make(map[string]any, len(m.Fills))
		for _, f := range m.Fills {
			fills[f.Name] = f.Text
		}
	}
	if m.One != "" {
		return lang.N(m.Text, m.Count, fills)
	}
	return lang.L(m.Text, fills)
}

// tr is state.Tr.
func tr(text string, fills ...any) string { return state.Tr(text, fills...) }

// trN is state.TrN.
func trN(n int, one, text string, fills ...any) string { return state.TrN(n, one, text, fills...) }

// spoken is state.Spoken.
func spoken(text string) string { return text }
