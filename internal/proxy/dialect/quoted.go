package dialect

import (
	"math/bits"
	"unicode/utf8"
)

// quote gives a text as a JSON string.
func quote(text string) string { return string(appendQuoted(make([]byte, 0, len(text)+2), text)) }

// inner gives a text as it stands between the quotes of a JSON string.
func inner(text string) []byte { return appendEscaped(make([]byte, 0, len(text)), text) }

// appendQuoted writes a JSON string.
func appendQuoted(out []byte, text string) []byte {
	out = append(out, '"')
	out = appendEscaped(out, text)
	return append(out, '"')
}

// appendText writes a text as an element of a content, which is the same in both
// dialects.
func appendText(out []byte, text string) []byte {
	return append(appendQuoted(append(sep(out), `{"type":"text","text":`...), text), '}')
}

// sep appends the comma that a further element or member needs.
func sep(out []byte) []byte {
	if n := len(out); n > 0 && out[n-1] != '[' && out[n-1] != '{' {
		out = append(out, ',')
	}
	return out
}

// appendEscaped writes a text as it stands between the quotes of a JSON string.
// It escapes what must be, so that people who read a body see their own words;
// bytes that are no UTF-8 become U+FFFD, each of them, as encoding/json has it.
func appendEscaped(out []byte, text string) []byte {
	if !utf8.ValidString(text) {
		text = string([]rune(text))
	}
	from, i := 0, 0
	for i < len(text) {
		if i+8 <= len(text) {
			found := special(word(text[i : i+8]))
			if found == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(found) >> 3
		}
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		out = append(out, text[from:i]...)
		out = appendEscape(out, c)
		i++
		from = i
	}
	return append(out, text[from:]...)
}

// word gives eight bytes of a text as they lie in memory.
func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func appendEscape(out []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(out, '\\', c)
	case '\n':
		return append(out, '\\', 'n')
	case '\t':
		return append(out, '\\', 't')
	case '\r':
		return append(out, '\\', 'r')
	}
	return append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
