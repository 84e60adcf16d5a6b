package connect

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/glmtray/glmtray/internal/config"
)

// ErrCannotEdit means that a file cannot be changed without touching what is
// not ours; the recipe says what to write by hand.
var ErrCannotEdit = errors.New("this file cannot be edited by a program")

// Placed is what was put around a new value, so that taking it out again leaves
// the bytes that stood there before.
type Placed struct {
	config.Placed
	Comma bool `json:"comma,omitempty"` // JSON: a comma stood behind the last value already
}

// document is a client's file while it is changed. A path is the names from the
// top down; in JSON a step "name=X" is the object of a list whose "name" is X.
// Every change that would mean anything but what was wished is refused and
// leaves the document as it was.
type document interface {
	bytes() []byte
	// value gives a value as it is written.
	value(path []string) (text string, ok bool)
	// set writes a value into a holder that is there.
	set(path []string, text string) (Placed, error)
	// holds reports whether there is a holder of values.
	holds(path []string) bool
	// hold makes a holder for the step behind it, and gives its meaning; "" where
	// this kind of document needs none.
	hold(path []string, next string) (made string, placed Placed, err error)
	// remove takes a value out.
	remove(path []string, placed Placed) error
	// release takes a holder out if it holds nothing but what it was made with.
	release(path []string, made string, placed Placed) (removed bool, err error)
	// meaning writes a value so that the same values are written the same way.
	meaning(text string) (string, error)
	// write writes a value as text.
	write(value any) string
	// empty reports whether it holds neither a value nor a comment.
	empty() bool
}

// want is one value that a client's file is to have.
type want struct {
	path    []string
	value   any     // string, int, bool or object
	secret  bool    // its text is not kept in the ledger
	address *string // it is the proxy's address with this behind it
	kept    bool    // whatever it is, if it is ours
	missing bool    // only where nothing stands there yet
	present bool    // only where something stands there that is not empty
}

func (w want) is(path []string) bool { return slices.Equal(w.path, path) }

// at makes a want.
func at(value any, path ...string) want { return want{path: path, value: value} }

// Edit is what the ledger keeps of one change to a file.
type Edit struct {
	Path    []string `json:"path"`
	Had     bool     `json:"had,omitempty"`     // something stood there before
	Before  string   `json:"before,omitempty"`  // its text
	Wrote   string   `json:"wrote"`             // what was written, or its SHA-256 if it is a key
	Was     string   `json:"was,omitempty"`     // the same before it was last changed, until that is known to stand in the file
	Holder  bool     `json:"holder,omitempty"`  // made to hold the rest; goes when it holds nothing more
	Address *string  `json:"address,omitempty"` // what stands behind the proxy's address
	Placed
}

// Name is the edit's path for people.
func (e *Edit) Name() string { return strings.Join(e.Path, ".") }

const hashed = "sha256:"

// seal keeps a key out of the ledger.
func seal(meaning string, secret bool) string {
	if !secret {
		return meaning
	}
	sum := sha256.Sum256([]byte(meaning))
	return hashed + hex.EncodeToString(sum[:])
}

// standing gives which of our values stands in the document, Wrote or Was; "" if
// neither does.
func (e *Edit) standing(d document) string {
	text, ok := d.value(e.Path)
	if !ok {
		return ""
	}
	now, err := d.meaning(text)
	if err != nil {
		return ""
	}
	for _, ours := range []string{e.Wrote, e.Was} {
		if ours == now || ours == seal(now, true) {
			return ours
		}
	}
	return ""
}

// ours reports whether what stands in the document is still what we wrote.
func (e *Edit) ours(d document) bool { return e.standing(d) != "" }

// rewritten is an edit that writes something else from now on, in the place of
// what stands there. A write that fails leaves that one there, so it counts
// until the file is known to hold the new one.
func (e *Edit) rewritten(standing, wrote string) Edit {
	again := *e
	again.Wrote, again.Was = wrote, ""
	if standing != wrote {
		again.Was = standing
	}
	return again
}

// namesOf are the names of edits.
func namesOf(edits []Edit) (names []string) {
	for i := range edits {
		names = append(names, edits[i].Name())
	}
	return names
}

// back reports whether what stood there before stands there again.
func (e *Edit) back(d document) bool {
	text, ok := d.value(e.Path)
	if !ok || !e.Had {
		return ok == e.Had
	}
	now, err := d.meaning(text)
	before, beforeErr := d.meaning(e.Before)
	return err == nil && beforeErr == nil && now == before
}

// change brings the wants into a document. prev is what was changed before and
// still counts where it is ours. The result is what undo needs.
func change(d document, prev []Edit, wants []want, stale func(w want, text string) bool) ([]Edit, error) {
	var kept, gone []Edit
	for _, e := range prev {
		if e.Holder || slices.ContainsFunc(wants, func(w want) bool { return w.is(e.Path) }) {
			kept = append(kept, e)
		} else {
			gone = append(gone, e)
		}
	}
	if _, err := undo(d, gone); err != nil {
		return nil, err
	}
	for _, w := range wants {
		var err error
		if kept, err = apply(d, kept, w, stale); err != nil {
			return nil, fmt.Errorf("%s: %w", strings.Join(w.path, "."), err)
		}
	}
	return kept, nil
}

// place is what a want finds where it is to be written.
type place struct {
	text string
	had  bool
	same bool   // it is what is wished already
	mine *Edit  // the edit that wrote it, if it is still ours
	ours string // which of its two values that is
	left bool   // nobody remembers it, but it was ours
}

// apply brings one want into a document.
func apply(d document, edits []Edit, w want, stale func(w want, text string) bool) ([]Edit, error) {
	text := d.write(w.value)
	meaning, err := d.meaning(text)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(edits, func(e Edit) bool { return !e.Holder && slices.Equal(e.Path, w.path) })
	s := placeOf(d, w, meaning)
	s.left = s.had && stale(w, s.text)
	if i >= 0 {
		if s.ours = edits[i].standing(d); s.ours != "" {
			s.mine = &edits[i]
		}
	}
	if w.content(&s) {
		return edits, nil
	}
	e := edit(w, meaning, &s)
	if s.mine != nil {
		edits[i] = e
		_, err := d.set(w.path, text)
		return edits, err
	}
	if i >= 0 { // somebody changed it since: that is what comes back one day
		edits = slices.Delete(edits, i, i+1)
	}
	if edits, err = hold(d, edits, w.path); err != nil {
		return nil, err
	}
	placed, err := d.set(w.path, text)
	if !s.had {
		e.Placed = placed
	}
	return append(edits, e), err
}

func placeOf(d document, w want, meaning string) (s place) {
	if s.text, s.had = d.value(w.path); s.had {
		now, err := d.meaning(s.text)
		s.same = err == nil && now == meaning
	}
	return s
}

// content reports whether nothing is to be done where things stand so.
func (w *want) content(s *place) bool {
	switch {
	case s.mine != nil:
		return w.kept
	case w.missing:
		return s.had
	case w.present:
		return !s.had || s.text == `""`
	}
	return s.same && !s.left // the user wishes the same
}

// edit is what is remembered of a want.
func edit(w want, meaning string, s *place) Edit {
	e := Edit{Path: w.path, Wrote: seal(meaning, w.secret), Address: w.address}
	switch {
	case s.mine != nil:
		e = s.mine.rewritten(s.ours, e.Wrote)
		e.Address = w.address
	case s.had && !s.left:
		e.Had, e.Before = true, s.text
	}
	return e
}

// hold makes the holders that a path needs.
func hold(d document, edits []Edit, path []string) ([]Edit, error) {
	for i := 1; i < len(path); i++ {
		if d.holds(path[:i]) {
			continue
		}
		edits = slices.DeleteFunc(slices.Clone(edits), func(e Edit) bool { return e.Holder && slices.Equal(e.Path, path[:i]) })
		made, placed, err := d.hold(path[:i], path[i])
		if err != nil {
			return nil, err
		}
		if made == "" {
			continue
		}
		edits = append(edits, Edit{Path: slices.Clone(path[:i]), Holder: true, Wrote: made, Placed: placed})
	}
	return edits, nil
}

// undo takes edits back, the last one first. What is not ours any more stays
// and is given back.
func undo(d document, edits []Edit) (changed []Edit, err error) {
	for i := len(edits) - 1; i >= 0; i-- {
		e := &edits[i]
		switch {
		case e.Holder:
			_, err = d.release(e.Path, e.Wrote, e.Placed)
		case !e.ours(d):
			if !e.back(d) {
				changed = append(changed, *e)
			}
		case e.Had:
			_, err = d.set(e.Path, e.Before)
		default:
			err = d.remove(e.Path, e.Placed)
		}
		if err != nil {
			return changed, fmt.Errorf("%s: %w", e.Name(), err)
		}
	}
	slices.Reverse(changed)
	return changed, nil
}

// parse reads a client's file. A file with nothing in it is one to begin.
func parse(format string, data []byte) (document, error) {
	var d document
	var err error
	if format == "toml" {
		d, err = newTOML(data)
	} else {
		d, err = newJSON(data)
	}
	if err != nil {
		return nil, cannot(err)
	}
	return d, nil
}
