package route

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// words are reasons that hold together.
type words string

func (w *words) add(reason string) {
	if *w != "" {
		*w += ", "
	}
	*w += words(reason)
}

// pictures counts them in words.
func pictures(n int) string {
	switch n {
	case 0:
		return "an image"
	case 1:
		return "1 image"
	}
	return comma(n) + " images"
}

// comma writes a figure with its thousands apart: 131,000.
func comma(n int) string {
	var digits, out [32]byte
	plain := strconv.AppendInt(digits[:0], int64(n), 10)
	spaced := out[:0]
	for i, digit := range plain {
		if i > 0 && (len(plain)-i)%3 == 0 && plain[i-1] != '-' {
			spaced = append(spaced, ',')
		}
		spaced = append(spaced, digit)
	}
	return string(spaced)
}

// longest is how much of a client's model name is repeated in a reason: it goes
// into a header and a log line, and a client may send anything.
const longest = 100

func clip(name string) string {
	if len(name) <= longest {
		return name
	}
	cut := longest
	for cut > 0 && !utf8.RuneStart(name[cut]) {
		cut--
	}
	return name[:cut] + "…"
}

// either joins names for a sentence: "a", "a or b", "a, b or c".
func either(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
