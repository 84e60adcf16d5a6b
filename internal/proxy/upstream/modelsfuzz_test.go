package upstream

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/glmtray/glmtray/internal/secret"
)

func FuzzModelLists(f *testing.F) {
	for _, body := range []string{
		`{"data":[{"id":"a","context_length":131072,"architecture":{"input_modalities":["text","image"]}}]}`, `{"models":[{"name":"a","limits":{"max_context_length":1e300}}]}`,
		`[{"id":"a"},{"id":1},[],"x",null]`, `{"data":{"id":"a"}}`, `{"data":[`, `[[[[`, "", "\x00", `{"data":[{"id":"a","max_tokens":-1,"max_tokens":5}]}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, m := range readModels(body) {
			if m.ID == "" || m.Context < 0 || m.MaxOutput < 0 {
				t.Errorf("%q: %+v", body, m)
			}
		}
	})
}

// FuzzForeignWordsAreOneShortLine holds what a provider says to what may be shown.
func FuzzForeignWordsAreOneShortLine(f *testing.F) {
	const key = "Zx0123456789abcdef0123456789"
	for _, text := range []string{"", "a\nb", "\x1b[2J", strings.Repeat("é", 300), "it was " + key, key[:20], "\u2028\u202e\ufeff", "\xff\xfe", strings.Repeat(" ", 70000)} {
		f.Add(text)
	}
	scrub := new(secret.Scrubber)
	scrub.Set(secret.New(key))
	s, err := New(Options{Scrub: scrub})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := s.say(text)
		if utf8.RuneCountInString(got) > maxReason+1 || !utf8.ValidString(got) || strings.Contains(got, key) || strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
