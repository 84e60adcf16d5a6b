package ui

import (
	"embed"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
)

// translations has a file for each language. A text's key is the English text
// itself, so that a language that is not there is English.
//
//go:embed translations/*.json
var translations embed.FS

// speak loads the translations.
var speak = sync.OnceFunc(func() {
	if err := lang.AddTranslationsFS(translations, "translations"); err != nil {
		fyne.LogError("loading the translations", err) // the keys are English
	}
})

// tr is a text in the reader's language. What differs is filled in by name, two
// and two: tr("Remove {{.Key}}?", "Key", name). The text is written out where it
// stands, so that a test can see that it is there.
func tr(text string, fills ...any) string {
	if len(fills) == 0 {
		return lang.L(text)
	}
	data := make(map[string]any, len(fills)/2)
	for i := 0; i+1 < len(fills); i += 2 {
		data[fills[i].(string)] = fills[i+1]
	}
	return lang.L(text, data)
}

// spoken marks a text of a table that tr is given later.
func spoken(text string) string { return text }
