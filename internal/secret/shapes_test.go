package secret

import (
	"strings"
	"testing"
)

// FuzzNoKeyIsOverlooked holds the quick look to the regular expression that it
// stands before.
func FuzzNoKeyIsOverlooked(f *testing.F) {
	for _, text := range []string{
		"csk-0123456789abcdef", "x sk-0123456789abcdef", "syn_0123456789abcdef", "0123456789abcdef0123456789abcdef.ABCDEFGHIJKLMNOP",
		"bearer abcdefgh", "BEARER\tabcdefgh", "Bearer", "r", "sk-", "task-list", ".", "é-sk-0123456789abcdef",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if shapes.MatchString(text) && !mayHoldKey(text) {
			t.Errorf("%q is overlooked", text)
		}
	})
}

// FuzzPastedKeys trims what somebody pastes: nothing that is left could be cut
// again, and it stands in a header as it is, or nowhere.
func FuzzPastedKeys(f *testing.F) {
	for _, text := range []string{"", " csk-1 ", "Bearer x", "bearer bearer y", "\"'\ufeff", "\xff", "a\r\nb", "Bearer "} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Trim(text)
		if !strings.Contains(text, got) {
			t.Errorf("%q became %q, which was not in it", text, got)
		}
		if v := New(text); v.Empty() != (got == "") || !v.Equal(New(text)) || v.Reveal() != got {
			t.Errorf("%q is another key than %q", text, got)
		}
	})
}
