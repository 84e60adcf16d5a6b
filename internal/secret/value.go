package secret

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"unicode"
)

// Mark stands wherever a key would have been printed.
const Mark = "[secret]"

// ErrEncode is returned when somebody tries to decode into a Value or to gob
// it: a key never travels inside a data structure.
var ErrEncode = errors.New("a secret is not encoded")

// Value is a key that cannot print itself. It is a struct around a pointer: a
// named string with every redacting method still leaked in 17 of 54 ways of
// printing (as a map key, in an unexported field, with %x), a pointer inside a
// struct in none. The zero Value is empty.
type Value struct {
	p *string
}

// New wraps a key. Surrounding blanks, quotes and a "Bearer " in front are
// taken off, since that is how keys are pasted.
func New(text string) Value {
	text = Trim(text)
	if text == "" {
		return Value{}
	}
	return Value{p: &text}
}

// Trim takes blanks, quotes and a leading "Bearer " off a pasted key.
func Trim(text string) string {
	cut := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("\"'`“”‘’\ufeff\u200b", r)
	}
	text = strings.TrimFunc(text, cut)
	if len(text) > 7 && strings.EqualFold(text[:7], "bearer ") {
		text = strings.TrimFunc(text[7:], cut)
	}
	return text
}

// Reveal gives the key's text. Calls outside proxy/upstream and store/keychain
// fail the build's tests.
func (v Value) Reveal() string {
	if v.p == nil {
		return ""
	}
	return *v.p
}

// Empty reports whether there is no key.
func (v Value) Empty() bool { return v.p == nil }

// Equal compares in constant time, whatever the lengths: what is compared are
// digests.
func (v Value) Equal(w Value) bool {
	if v.p == nil || w.p == nil {
		return v.p == w.p
	}
	a, b := sha256.Sum256([]byte(*v.p)), sha256.Sum256([]byte(*w.p))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// Fingerprint is a short keyed digest (8 hex digits), stable within one
// installation if salt is. It tells two keys apart and says nothing of either.
func (v Value) Fingerprint(salt []byte) string {
	if v.p == nil {
		return ""
	}
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(*v.p))
	return hex.EncodeToString(mac.Sum(nil)[:4])
}

// NewSalt makes the 32 bytes that Fingerprint wants.
func NewSalt() []byte {
	salt := make([]byte, 32)
	_, _ = rand.Read(salt) // never fails since Go 1.24
	return salt
}

// HasPrefix reports whether the key begins with prefix, so that a key which
// looks like another vendor's can be questioned without revealing it.
func (v Value) HasPrefix(prefix string) bool {
	return v.p != nil && strings.HasPrefix(*v.p, prefix)
}

// Len is the key's length in bytes.
func (v Value) Len() int {
	if v.p == nil {
		return 0
	}
	return len(*v.p)
}

func (v Value) String() string {
	if v.p == nil {
		return ""
	}
	return Mark
}

// GoString answers %#v.
func (v Value) GoString() string { return v.String() }

// Format answers every verb of fmt, %x and %p among them.
func (v Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, v.String()) }

// LogValue answers slog.
func (v Value) LogValue() slog.Value { return slog.StringValue(v.String()) }

// MarshalJSON writes the mark.
func (v Value) MarshalJSON() ([]byte, error) { return []byte(`"` + v.String() + `"`), nil }

// MarshalText writes the mark.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText refuses: keys are not read from files.
func (v *Value) UnmarshalText([]byte) error { return ErrEncode }

// GobEncode refuses.
func (v Value) GobEncode() ([]byte, error) { return nil, ErrEncode }

// Scrubber replaces every known key, and what looks like one of the vendors'
// keys, in foreign text. The zero Scrubber is ready.
type Scrubber struct {
	mu    sync.RWMutex
	known map[string]int // text -> how often added
	repl  *strings.Replacer
}

// minScrub keeps a short test key ("k1") from turning every text into marks.
const minScrub = 8

// Set replaces the keys that are known. Both a key's text and its JSON and URL
// forms are the same for every vendor's alphabet, so the text alone is kept.
func (s *Scrubber) Set(keys ...Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = make(map[string]int, len(keys))
	for _, k := range keys {
		if k.Len() >= minScrub {
			s.known[*k.p]++
		}
	}
	s.build()
}

// Add makes one more key known.
func (s *Scrubber) Add(k Value) {
	if k.Len() < minScrub {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]int{}
	}
	s.known[*k.p]++
	s.build()
}

func (s *Scrubber) build() {
	pairs := make([]string, 0, 2*len(s.known))
	for text := range s.known {
		pairs = append(pairs, text, Mark)
	}
	s.repl = strings.NewReplacer(pairs...)
}

// Text gives text without any key in it. A nil Scrubber only masks what looks
// like a key.
func (s *Scrubber) Text(text string) string {
	if s != nil {
		s.mu.RLock()
		repl := s.repl
		s.mu.RUnlock()
		if repl != nil {
			text = repl.Replace(text)
		}
	}
	return maskShapes(text)
}

// Known replaces the known keys alone and leaves what merely looks like a key.
// It is for answers on their way to a client, which may speak of keys of the
// client's own. body is returned itself if no key is in it.
func (s *Scrubber) Known(body []byte) []byte {
	s.mu.RLock()
	repl := s.repl
	s.mu.RUnlock()
	if repl == nil || len(body) == 0 {
		return body
	}
	text := string(body)
	clean := repl.Replace(text)
	if clean == text {
		return body
	}
	return []byte(clean)
}

// Bytes is Text for a body. The slice given is not changed.
func (s *Scrubber) Bytes(body []byte) []byte {
	text := string(body)
	clean := s.Text(text)
	if clean == text {
		return body
	}
	return []byte(clean)
}
