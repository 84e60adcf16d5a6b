package config

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"strings"

	toml "github.com/pelletier/go-toml/v2"
)

// Text is a TOML document that belongs to another program, while single values
// of it are changed in place: all else stays byte for byte. Names are bare keys,
// tables are written with dots ("model_providers.glmtray"; "" is the top of the
// file). Every change is read again, and one that would mean anything but what
// was wished is an error and leaves the text as it was. Not for concurrent use.
type Text struct{ doc *Doc }

// Placed is what was put around a line or a header that is new. Taking it out
// with the same Placed leaves the bytes that stood there before.
type Placed struct {
	Lead string `json:"lead,omitempty"`
	Tail string `json:"tail,omitempty"`
	Open bool   `json:"open,omitempty"` // the text before did not end its line, so that Lead does
}

// NewText reads a document. The error names the line and quotes nothing that
// could be a key.
func NewText(data []byte) (*Text, error) {
	t := &Text{newDoc(data)}
	_, err := t.blocks()
	return t, err
}

// Bytes is the document as it is now.
func (t *Text) Bytes() []byte { return t.doc.text() }

func (t *Text) blocks() ([]block, error) {
	if _, problem := tree(t.doc.data); problem != nil {
		return nil, fmt.Errorf("line %d: %s", problem.Line, problem.Text)
	}
	blocks, err := outline(t.doc.data)
	if err != nil {
		return nil, fmt.Errorf("reading TOML: %s", scrub(err))
	}
	return blocks, nil
}

// table finds a table that has a header of its own; the top always has.
func (t *Text) table(name string) ([]block, *block) {
	blocks, err := t.blocks()
	if err != nil {
		return nil, nil // every change was read again, so this is none of ours
	}
	for i := range blocks {
		if blocks[i].name == name && !blocks[i].array && (name == "") == (i == 0) {
			return blocks, &blocks[i]
		}
	}
	return blocks, nil
}

// HasTable reports whether a table has a header.
func (t *Text) HasTable(name string) bool {
	_, b := t.table(name)
	return b != nil
}

// Value gives a value as it is written.
func (t *Text) Value(table, name string) (string, bool) {
	_, b := t.table(table)
	if b == nil {
		return "", false
	}
	p := b.pair(name)
	if p == nil {
		return "", false
	}
	return string(t.doc.data[p.value.from:p.value.to]), true
}

// Set writes a value, given as TOML: in place of the one that stands there, or
// on a line of its own. placed is zero where a value is replaced.
func (t *Text) Set(table, name, value string) (placed Placed, err error) {
	var wished any
	if wished, err = ReadTOML(value); err != nil {
		return Placed{}, err
	}
	blocks, b := t.table(table)
	if b == nil {
		return Placed{}, fmt.Errorf("there is no table [%s]", table)
	}
	do := func() {
		if p := b.pair(name); p != nil {
			t.doc.splice(p.value, value)
			return
		}
		at := b.span.to
		placed.Tail = t.doc.eol
		if b == &blocks[0] && len(b.pairs) == 0 {
			at = len(t.doc.data)
			if len(blocks) > 1 {
				at = blocks[1].lead
				placed.Tail += t.doc.eol
			}
		}
		if at > 0 && t.doc.data[at-1] != '\n' {
			placed.Lead, placed.Open = t.doc.eol, true
		}
		t.doc.splice(span{at, at}, placed.Lead+name+" = "+value+placed.Tail)
	}
	return placed, t.checked(do, func(tree map[string]any) { put(tree, table, name, wished) })
}

// AddTable puts a table's header at the end.
func (t *Text) AddTable(name string) (Placed, error) {
	placed := Placed{Tail: t.doc.eol}
	at := len(t.doc.data)
	if at > 0 && t.doc.data[at-1] != '\n' {
		placed.Lead, placed.Open = t.doc.eol, true
	}
	if at > 0 && (placed.Lead != "" || !t.doc.blankBefore(at)) {
		placed.Lead += t.doc.eol
	}
	err := t.checked(func() { t.doc.splice(span{at, at}, placed.Lead+"["+name+"]"+placed.Tail) }, func(map[string]any) {})
	return placed, err
}

// Remove takes a value out.
func (t *Text) Remove(table, name string, placed Placed) error {
	_, b := t.table(table)
	if b == nil || b.pair(name) == nil {
		return nil
	}
	whole := b.pair(name).whole
	return t.cutFirst(t.cuts(whole, placed), func(tree map[string]any) { drop(tree, table, name) })
}

// RemoveTable takes out the header of a table that holds nothing; one that
// holds something stays, which removed tells.
func (t *Text) RemoveTable(name string, placed Placed) (removed bool, err error) {
	_, b := t.table(name)
	if b == nil || len(b.pairs) > 0 {
		return false, nil
	}
	header := b.span
	header.to = header.from + len(bytes.TrimRight(t.doc.data[header.from:header.to], " \t\r\n"))
	if text := string(t.doc.data[header.from:header.to]); strings.TrimSpace(text) != "["+name+"]" {
		return false, nil // somebody has written a comment behind it
	}
	return true, t.cutFirst(t.cuts(header, placed), func(map[string]any) {})
}

// cuts lists what could be taken out for a text that was put somewhere, the
// most exact first. What was put around it counts only if it is still there.
func (t *Text) cuts(core span, placed Placed) []span {
	data := t.doc.data
	var list []span
	exact := core
	if bytes.HasSuffix(data[:core.from], []byte(placed.Lead)) {
		exact.from -= len(placed.Lead)
	}
	if bytes.HasPrefix(data[core.to:], []byte(placed.Tail)) {
		exact.to += len(placed.Tail)
	}
	// A lead that ends the line before goes only at the end of the text: what
	// was written below since would be drawn up to that line.
	if placed.Open && exact.to == len(data) || !placed.Open && exact.from == lineStart(data, exact.from) {
		list = append(list, exact)
	}
	line := span{lineStart(data, core.from), lineEnd(data, core.to)}
	if len(bytes.TrimSpace(data[line.from:core.from])) == 0 && len(bytes.TrimSpace(data[core.to:line.to])) == 0 {
		list = append(list, line)
	}
	return append(list, core)
}

// cutFirst makes the first cut that means what was wished.
func (t *Text) cutFirst(cuts []span, wish func(map[string]any)) error {
	var err error
	for _, c := range cuts {
		if err = t.checked(func() { t.doc.splice(c, "") }, wish); err == nil {
			return nil
		}
	}
	return err
}

// checked makes a change and takes it back unless the new text means the old
// one with the wish carried out.
func (t *Text) checked(do func(), wish func(map[string]any)) error {
	old := t.doc.data
	before, err := meaning(old)
	if err != nil {
		return err
	}
	wish(before)
	do()
	after, err := meaning(t.doc.data)
	if err == nil && !reflect.DeepEqual(prune(before), prune(after)) {
		err = fmt.Errorf("the change would mean something else in this file")
	}
	if err != nil {
		t.doc.data = old
	}
	return err
}

func meaning(data []byte) (map[string]any, error) {
	tree := map[string]any{}
	if err := toml.Unmarshal(data, &tree); err != nil {
		problem := syntaxProblem(err)
		return nil, fmt.Errorf("line %d: %s", problem.Line, problem.Text)
	}
	return tree, nil
}

// ReadTOML gives the meaning of one value as it is written in TOML.
func ReadTOML(value string) (any, error) {
	tree, err := meaning([]byte("x = " + value + "\n"))
	if err != nil || len(tree) != 1 {
		return nil, fmt.Errorf("reading a TOML value: it is none")
	}
	return tree["x"], nil
}

// TOMLText writes a TOML string on one line.
func TOMLText(text string) string { return tomlText(text) }

// put sets a value in a tree; a table that is in the way is left alone, and
// the comparison then fails.
func put(tree map[string]any, table, name string, value any) {
	if at := within(tree, table, true); at != nil {
		at[name] = value
	}
}

func drop(tree map[string]any, table, name string) {
	if at := within(tree, table, false); at != nil {
		delete(at, name)
	}
}

// within finds a table in a tree, or makes it.
func within(tree map[string]any, table string, create bool) map[string]any {
	if table == "" {
		return tree
	}
	for part := range strings.SplitSeq(table, ".") {
		next, ok := tree[part].(map[string]any)
		if !ok && (tree[part] != nil || !create) {
			return nil
		}
		if !ok {
			next = map[string]any{}
			tree[part] = next
		}
		tree = next
	}
	return tree
}

// prune leaves empty tables out, since headers come and go.
func prune(tree map[string]any) map[string]any {
	for name, v := range tree {
		if sub, ok := v.(map[string]any); ok && len(prune(sub)) == 0 {
			tree[name] = nil
		}
	}
	maps.DeleteFunc(tree, func(_ string, v any) bool { return v == nil })
	return tree
}
