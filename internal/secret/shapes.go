package secret

import "regexp"

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
// which are nearly all: every line of the log passes here.
func mayHoldKey(text string) bool {
	for i := 2; i < len(text); i++ {
		switch text[i] {
		case '-':
			if text[i-1] == 'k' && text[i-2] == 's' {
				return true
			}
		case '_':
			if text[i-1] == 'n' && text[i-2] == 'y' {
				return true
			}
		case '.':
			if i >= 32 && isHex(text[i-1]) && isHex(text[i-8]) && isHex(text[i-32]) {
				return true
			}
		case 'r', 'R':
			if i >= 5 && text[i-1]|0x20 == 'e' && text[i-2]|0x20 == 'r' && text[i-3]|0x20 == 'a' {
				return true
			}
		}
	}
	return false
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' }
