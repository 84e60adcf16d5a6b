package dialect

import (
	"encoding/binary"
	"math/bits"
)

// Of a request nearly all bytes stand within strings, and of those of an agent
// each twelfth or so is a backslash. How many bytes lie between two of them
// cannot be foreseen, and a branch that goes wrong costs more than to look at
// several words at once: a string that does not end soon is taken in blocks,
// each of which gives one mask of all its special bytes.

const (
	block = 32 // bytes; the lower half of a mask
	soon  = 24
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// text walks over a string.
func (s *scanner) text() bool {
	if s.peek() != '"' {
		return s.fail()
	}
	b, i := s.b, s.i+1
	s.esc = false
	for end := min(i+soon, len(b)) - 8; i <= end; i += 8 {
		if found := special(binary.LittleEndian.Uint64(b[i:])); found != 0 {
			if i += bits.TrailingZeros64(found) >> 3; b[i] == '"' {
				s.i = i + 1
				return true
			}
			break
		}
	}
	s.i = i
	return s.blocks()
}

// blocks walks over the rest of a string.
func (s *scanner) blocks() bool {
	b, i := s.b, s.i
	for i+block+8 <= len(b) {
		x := b[i : i+block]
		f0, f1 := special(binary.LittleEndian.Uint64(x)), special(binary.LittleEndian.Uint64(x[8:]))
		f2, f3 := special(binary.LittleEndian.Uint64(x[16:])), special(binary.LittleEndian.Uint64(x[24:]))
		if f0|f1|f2|f3 == 0 {
			i += block
			continue
		}
		mask, next := gather(f0)|gather(f1)<<8|gather(f2)<<16|gather(f3)<<24, 0
		for mask != 0 {
			at := bits.TrailingZeros64(mask)
			next = at + 2
			if b[i+at] != '\\' || !plainEscape[b[i+at+1]] {
				n := s.other(i + at)
				if n == 0 {
					return !s.bad
				}
				next = at + n
			}
			s.esc = true
			mask &= ^uint64(0) << (next & 63) // an escaped byte is not special
		}
		i += max(next, block)
	}
	for i < len(b) {
		if c := b[i]; c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		n := s.other(i)
		if n == 0 {
			return !s.bad
		}
		s.esc = true
		i += n
	}
	s.i = i
	return s.fail()
}

// other gives the length of the escape at i. 0 means that the string is over:
// with its closing quote, or with a byte that must not be there.
func (s *scanner) other(i int) int {
	switch rest := s.b[i:]; {
	case rest[0] == '"':
		s.i = i + 1
		return 0
	case rest[0] == '\\' && len(rest) > 1 && plainEscape[rest[1]]:
		return 2
	case rest[0] == '\\' && unicodeEscape(rest) > 0:
		return unicodeEscape(rest)
	}
	s.i = i
	s.fail()
	return 0
}

// special sets the high bit of each byte of x that is a quote, a backslash or a
// control character, and no other: flipping one bit puts the quote next to the
// control characters, so that one comparison finds both.
func special(x uint64) uint64 {
	above := (x ^ ones*('"'^' ') | highs) - ones*('!')
	slash := (x^ones*'\\')&^highs + ones*0x7f
	return ^(above&slash | x) & highs
}

// gather moves the high bits of eight bytes together into the lowest byte.
func gather(flags uint64) uint64 { return (flags >> 7) * 0x0102040810204080 >> 56 }

var plainEscape = [256]bool{
	'"': true, '\\': true, '/': true, 'b': true, 'f': true, 'n': true, 'r': true, 't': true,
}

// unicodeEscape gives the length of the \u0000 that b begins with; 0 if it does
// not.
func unicodeEscape(b []byte) int {
	if len(b) < 6 || b[1] != 'u' {
		return 0
	}
	for _, c := range b[2:6] {
		if c-'0' > 9 && c|0x20-'a' > 5 {
			return 0
		}
	}
	return 6
}
