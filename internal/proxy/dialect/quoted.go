package dialect

import (
	"math/bits"
	"strings"
	"unicode/utf8"
)

// appendQuoted writes a JSON string.
func appendQuoted(out []byte, text string) []byte {
	out = append(out, '"')
	out = appendEscaped(out, text)
	return append(out, '"')
}

// appendEscaped writes a text as it stands between the quotes of a JSON string.
// It escapes what must be, so that people who read a body see their own words;
// bytes that are no UTF-8 become U+FFFD, as encoding/json has it.
func appendEscaped(out []byte, text string) []byte {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\ufffd")
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
