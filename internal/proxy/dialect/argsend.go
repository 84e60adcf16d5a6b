package dialect

import "bytes"

// argsEnd finds the end of a tool's arguments while they come in pieces: of one
// JSON object, by its brackets. It takes the pieces as they stand within a JSON
// string, escapes and all. It checks no more than it needs to: whether the
// arguments are valid is for the client to see.
type argsEnd struct {
	depth    int
	begun    bool // the first character was seen
	over     bool // the object is closed
	quoted   bool // within a string of the arguments
	escaped  bool // after a backslash in it
	nowhere  bool // they are no object: their end cannot be known
	anything bool // there was a piece with something in it
}

// feed takes the next piece.
func (a *argsEnd) feed(raw []byte) {
	a.anything = a.anything || len(raw) > 0
	for i := 0; i < len(raw) && !a.over && !a.nowhere; i++ {
		if a.quoted && !a.escaped { // what ends a string, or its next character, is written with a backslash
			n := bytes.IndexByte(raw[i:], '\\')
			if n < 0 {
				return
			}
			i += n
		}
		c := raw[i]
		if c == '\\' && i+1 < len(raw) {
			i++
			switch c = raw[i]; c {
			case '"', '\\', '/':
			case 'u':
				c = hexChar(raw[i+1:])
				i += 4
			default: // a line's end or the like
				c = ' '
			}
		}
		a.step(c)
	}
}

// step takes one character; of a longer one any byte will do.
func (a *argsEnd) step(c byte) {
	switch {
	case a.escaped:
		a.escaped = false
	case a.quoted:
		a.escaped, a.quoted = c == '\\', c != '"'
	case c <= ' ':
	case !a.begun:
		a.begun, a.nowhere, a.depth = true, c != '{', 1
	case c == '"':
		a.quoted = true
	case c == '{' || c == '[':
		a.depth++
	case c == '}' || c == ']':
		a.depth--
		a.over = a.depth == 0
	}
}

// hexChar reads the four digits of a \u escape. What is not ASCII is all the
// same here.
func hexChar(hex []byte) byte {
	if len(hex) < 4 || hex[0] != '0' || hex[1] != '0' {
		return 'x'
	}
	n := 0
	for _, c := range hex[2:4] {
		switch {
		case c-'0' <= 9:
			n = n<<4 | int(c-'0')
		case c|0x20-'a' <= 5:
			n = n<<4 | int(c|0x20-'a'+10)
		}
	}
	if n > 0x7f {
		return 'x'
	}
	return byte(n)
}
