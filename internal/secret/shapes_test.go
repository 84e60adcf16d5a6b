package secret

import "testing"

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
