package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/glmtray/glmtray/internal/secret"
)

// Errors of [Load] and [Edit] that a caller may want to tell apart.
var (
	// ErrInvalid: the file, a variable or a flag has a value that is not
	// allowed. The error is a list of [Problem]s.
	ErrInvalid = errors.New("the settings are not valid")
	// ErrKeychain: the settings name keys and the keychain cannot be read.
	ErrKeychain = errors.New("the keychain cannot be read")
	// ErrNoItem is what a [Reader] answers (wrapped or not) for a key that is
	// not in the keychain, though the keychain itself can be read.
	ErrNoItem = errors.New("not in the keychain")
	// ErrNoKey: the settings do not name the key that an edit is about.
	ErrNoKey = errors.New("the settings name no such key")
	// ErrKeyExists: the settings name a key of that name already.
	ErrKeyExists = errors.New("the settings name such a key already")
)

// Problem is one thing that is wrong with a value.
type Problem struct {
	File  string // base name; "" if the value came from no file
	Line  int    // counted from 1
	Field string // `rule "x": use`, "CEREBRAS_COOLDOWN", "--addr"
	Text  string // what is wrong, and what is allowed; never a variable's value
}

func (p Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File + ":" + strconv.Itoa(p.Line) + ": ")
	}
	if p.Field != "" {
		b.WriteString(p.Field + ": ")
	}
	b.WriteString(p.Text)
	return b.String()
}

// Problems is everything that is wrong, one line each. errors.Is finds
// [ErrInvalid] in it and errors.As each [Problem].
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives ErrInvalid and the problems.
func (ps Problems) Unwrap() []error {
	errs := make([]error, 0, len(ps)+1)
	errs = append(errs, ErrInvalid)
	for _, p := range ps {
		errs = append(errs, p)
	}
	return errs
}

// err gives nil for an empty list.
func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// quotable is the longest text from a file that a message repeats. Keys are
// longer, and those of a known shape are masked even if they were not.
const quotable = 40

// quote repeats a name from a file in a message, unless it may be a key that
// was put into the wrong place.
func quote(text string) string {
	if len(text) > quotable || looksLikeKey(text) {
		return fmt.Sprintf("(a text of %d bytes)", len(text))
	}
	return strconv.Quote(text)
}

// looksLikeKey tells a vendor's key from a name.
func looksLikeKey(text string) bool {
	return strings.Contains((*secret.Scrubber)(nil).Text(text), secret.Mark)
}

// scrub makes a foreign error's text fit to be shown.
func scrub(err error) string { return (*secret.Scrubber)(nil).Text(err.Error()) }

// at names a place in a file as an origin.
func at(file string, line int) Origin {
	return Origin(filepath.Base(file) + ":" + strconv.Itoa(line))
}
