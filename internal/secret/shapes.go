package secret

import (
	"regexp"
	"strings"
)

// shapes are the forms in which the vendors' keys come, so that a key which
// this program never knew (one that the user pasted into the wrong place, or a
// client's own) is masked as well: Cerebras csk-…, Synthetic syn_… and sk-…,
// Anthropic sk-ant-…, Z.ai 32 hex digits, a dot, 16 letters and digits, and
// whatever follows "Bearer". As of 2026-11.
var shapes = regexp.MustCompile(
	`\b(?:csk-|syn_|sk-)[A-Za-z0-9_-]{16,}` +
		`|\b[0-9a-f]{32}\.[A-Za-z0-9]{16}\b` +
		`|(?i:\bbearer\s+)[A-Za-z0-9._~+/=-]{8,}`)

// maskShapes replaces what looks like a key. The "sk-" inside "task-list" does
// not begin at a word's edge and stays.
func maskShapes(text string) string {
	if !mayHoldKey(text) {
		return text
	}
	return shapes.ReplaceAllString(text, Mark)
}

// mayHoldKey spares the regular expression on the texts that cannot match,
// which are nearly all: every line of the log passes here. It stops at the few
// bytes of which one stands in each shape and looks at what is before them.
func mayHoldKey(text string) bool {
	for i := 2; i < len(text); i++ {
		if at := shapeEnds[text[i]]; at != nil && at(text[:i]) {
			return true
		}
	}
	return false
}

// shapeEnds tells by a byte what has to stand before it.
var shapeEnds = [256]func(before string) bool{
	'-': func(before string) bool { return strings.HasSuffix(before, "sk") },
	'_': func(before string) bool { return strings.HasSuffix(before, "syn") },
	'.': func(before string) bool {
		n := len(before)
		return n >= 32 && isHex(before[n-1]) && isHex(before[n-8]) && isHex(before[n-32])
	},
	'r': beare, 'R': beare,
}

func beare(before string) bool {
	n := len(before)
	return n >= 5 && strings.EqualFold(before[n-5:], "beare")
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' }
