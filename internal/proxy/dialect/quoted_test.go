package dialect

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestQuotedTextIsReadAsItWas(t *testing.T) {
	for _, text := range []string{
		"", "plain", "12345678", "a \"quote\" and a \\ and\na line's end\r\n\t", "\x00\x01\x1f\x7f", "<a href='x'>&amp;</a>", "äöü – 漢字 🙂", "\u2028",
		strings.Repeat("no escapes in here ", 9), strings.Repeat("\\", 17), "1234567\"", "12345678\"", "\"12345678901234567890",
	} {
		out := appendQuoted(nil, text)
		var got string
		if err := json.Unmarshal(out, &got); err != nil || got != text {
			t.Errorf("%q became %s: %v", text, out, err)
		}
	}
	for text, want := range map[string]string{
		"a\xffb": "\"a\ufffdb\"", "a\xff\xfeb": "\"a\ufffd\ufffdb\"", "<&>/": `"<&>/"`, "\b": `"\u0008"`, "\xe2\x82": "\"\ufffd\ufffd\"",
	} {
		if out := appendQuoted(nil, text); string(out) != want {
			t.Errorf("%q became %s, want %s", text, out, want)
		}
		if quote(text) != want || `"`+string(inner(text))+`"` != want {
			t.Errorf("%q became %s, and between quotes %s", text, quote(text), inner(text))
		}
	}
}

func FuzzQuotedTextIsReadAsItWas(f *testing.F) {
	f.Add("x\x00\"\\\u2028\xff and more than eight bytes of it\n")
	f.Fuzz(func(t *testing.T, text string) {
		out := appendQuoted([]byte("x"), text)[1:]
		var got string
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%q became %q: %v", text, out, err)
		}
		if want := string([]rune(text)); got != want { // as encoding/json reads what is no UTF-8
			t.Errorf("%q became %q", text, got)
		}
		if s := (scanner{b: out}); !s.text() || !s.end() || !utf8.Valid(out) {
			t.Errorf("%q became %q", text, out)
		}
	})
}
