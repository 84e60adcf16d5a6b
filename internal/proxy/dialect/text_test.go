package dialect

import (
	"encoding/json"
	"strings"
	"testing"
)

// A string is read in words and blocks: what is special must be seen wherever
// it stands, and in whatever company.
func TestStringsAreReadAsEncodingJSONReadsThem(t *testing.T) {
	pieces := []string{
		"", `\n`, `\"`, `\\`, `\\\"`, `\/`, `\u00e9`, `\uD83d\ude00`, `\u12`, `\u12g4`, `\x`, `\`, `"`, `\"x\\y\n`,
		"\n", "\x00", "\x1f", "\x02", " ", "!", "#", "[", "]", "\x7f", "\x80", "\x82", "\x9f", "\xa0", "\xa2", "\xdc", "\xff", "é", "\u2028",
	}
	for before := range 75 {
		for _, piece := range pieces {
			for _, after := range []int{0, 1, 7, 33, 41, 70} {
				body := `{"a":"` + strings.Repeat("x", before) + piece + strings.Repeat("é", after/2) + piece + strings.Repeat("z", after) + `"}`
				if _, err := Read(OpenAI, []byte(body)); (err == nil) != json.Valid([]byte(body)) {
					t.Fatalf("%v for %q", err, body)
				}
			}
		}
	}
}

func TestStringsHaveEscapesOrNot(t *testing.T) {
	for before := range 75 {
		for _, after := range []int{0, 8, 50} {
			for piece, want := range map[string]bool{`\n`: true, `\u0061`: true, "n": false} {
				text := `"` + strings.Repeat("x", before) + piece + strings.Repeat("z", after) + `"`
				s := scanner{b: []byte(text)}
				if !s.text() || s.esc != want || s.i != len(text) {
					t.Fatalf("%s: escapes %v, read %d of %d", text, s.esc, s.i, len(text))
				}
			}
		}
	}
}

func TestSpecialMarksEachByteExactly(t *testing.T) {
	for c := range 256 {
		for _, other := range []uint64{0, '"', '\\', 'x', 0x1f, 0x21, 0x80, 0xff} {
			x, want := other*ones&^0xff00|uint64(c)<<8, uint64(0)
			for i := range 8 {
				if b := byte(x >> (8 * i)); b < ' ' || b == '"' || b == '\\' {
					want |= 1 << i
				}
			}
			if got := gather(special(x)); got != want {
				t.Fatalf("%016x: got %08b, want %08b", x, got, want)
			}
		}
	}
}
