package dialect

import (
	"bytes"

	"github.com/tidwall/gjson"
)

// maxDepth is how deep objects and arrays may nest, the same as in
// encoding/json. The scanner recurses, and a goroutine whose stack overflows
// takes the whole process along: 32 MiB of "[" must not.
const maxDepth = 10000

// scanner walks JSON text once, checking it and giving offsets instead of
// values: nothing is decoded that nobody asks for, and whatever was walked over
// is known to be valid. It accepts exactly what encoding/json accepts.
//
// The zero position is before the first value. After a walk bad tells whether
// the text was broken, and i where.
type scanner struct {
	b     []byte
	i     int
	depth int
	bad   bool
	esc   bool   // the string walked over last has escapes
	key   []byte // the member's name, decoded: to providers "mod\u0065l" is "model" too
	keyAt int    // offset of the name's opening quote
	keyTo int    // offset after its closing quote
}

// peek gives the byte at hand, 0 at the end.
func (s *scanner) peek() byte {
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

// fail marks the text as broken at the byte at hand.
func (s *scanner) fail() bool {
	s.bad = true
	return false
}

// end reports whether nothing but space follows and nothing was wrong.
func (s *scanner) end() bool {
	if s.bad {
		return false
	}
	s.space()
	if s.i != len(s.b) {
		return s.fail()
	}
	return true
}

// whole walks over the value at hand, and reports whether it is the last.
func (s *scanner) whole() bool {
	s.skip()
	return s.end()
}

func (s *scanner) space() {
	if s.i < len(s.b) && s.b[s.i] > ' ' {
		return // nearly always, and short enough to be inlined
	}
	s.spaces()
}

func (s *scanner) spaces() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\n', '\r', '\t':
			s.i++
		default:
			return
		}
	}
}

// member goes to the next member of an object: before the first call the
// scanner is at its "{". It leaves the scanner at the member's value, which the
// caller must walk over; false means that the object is closed, or bad.
func (s *scanner) member(first bool) bool {
	if !s.next('{', '}', first) {
		return false
	}
	s.keyAt = s.i
	if !s.text() {
		return false
	}
	s.keyTo = s.i
	if s.key = s.b[s.keyAt+1 : s.keyTo-1]; s.esc {
		s.key = decoded(s.key)
	}
	if s.space(); s.peek() != ':' {
		return s.fail()
	}
	s.i++
	s.space()
	return true
}

// element does for arrays what member does for objects.
func (s *scanner) element(first bool) bool { return s.next('[', ']', first) }

func (s *scanner) next(opens, closes byte, first bool) bool {
	if s.bad {
		return false
	}
	if first {
		if s.peek() != opens {
			return s.fail()
		}
		if s.depth++; s.depth > maxDepth {
			return s.fail()
		}
		s.i++
		s.space()
		if s.peek() == closes {
			s.i++
			s.depth--
			return false
		}
		return true
	}
	s.space()
	switch s.peek() {
	case ',':
		s.i++
		s.space()
		return true
	case closes:
		s.i++
		s.depth--
		return false
	}
	return s.fail()
}

// skip walks over one value of any kind.
func (s *scanner) skip() {
	switch c := s.peek(); c {
	case '"':
		s.text()
	case '{':
		for first := true; s.member(first); first = false {
			s.skip()
		}
	case '[':
		for first := true; s.element(first); first = false {
			s.skip()
		}
	case 't':
		s.literal("true")
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	default:
		s.number()
	}
}

// value walks over one value and gives its text.
func (s *scanner) value() []byte {
	from := s.i
	s.skip()
	return s.b[from:s.i]
}

func (s *scanner) literal(word string) {
	if len(s.b)-s.i < len(word) || string(s.b[s.i:s.i+len(word)]) != word {
		s.fail()
		return
	}
	s.i += len(word)
}

func (s *scanner) digits() bool {
	from := s.i
	for s.i < len(s.b) && s.b[s.i]-'0' <= 9 {
		s.i++
	}
	return s.i > from || s.fail()
}

func (s *scanner) number() {
	if s.peek() == '-' {
		s.i++
	}
	if s.peek() == '0' {
		s.i++
	} else if !s.digits() {
		return
	}
	if s.peek() == '.' {
		s.i++
		if !s.digits() {
			return
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.i++
		if c := s.peek(); c == '+' || c == '-' {
			s.i++
		}
		s.digits()
	}
}

// is reports whether the member at hand is called name.
func (s *scanner) is(name string) bool { return string(s.key) == name }

// decoded resolves the escapes of a string's text between the quotes; what has
// none comes back as it is.
func decoded(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	quoted := make([]byte, 0, len(raw)+2)
	quoted = append(append(append(quoted, '"'), raw...), '"')
	return []byte(gjson.ParseBytes(quoted).Str)
}

// str gives the text of a value that is a string; nil if it is none.
func str(value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return nil
	}
	return decoded(value[1 : len(value)-1])
}

// object calls member at each member's value, if an object is at hand, and
// walks over any other value.
func (s *scanner) object(member func()) {
	if s.peek() != '{' {
		s.skip()
		return
	}
	for first := true; s.member(first); first = false {
		member()
	}
}

// list does for the elements of an array what object does for members.
func (s *scanner) list(element func()) {
	if s.peek() != '[' {
		s.skip()
		return
	}
	for first := true; s.element(first); first = false {
		element()
	}
}
