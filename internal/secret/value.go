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
	if v.p == w.p {
		return true // it is the same value, of whatever text
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

// Digest is what a key that is only ever compared is kept as: its SHA-256. That
// of a key which can be guessed can be guessed as well.
func (v Value) Digest() [sha256.Size]byte {
	if v.p == nil {
		return [sha256.Size]byte{}
	}
	return sha256.Sum256([]byte(*v.p))
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
