package connect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/tailscale/hujson"
)

// jsonDoc is a JSON document, with comments and trailing commas if it has any.
// The parser says where things stand; the text is spliced there.
type jsonDoc struct {
	data []byte
	bom  bool
	eol  string
}

const bom = "\ufeff"

// newJSON reads a document whose top is an object. Nothing but blanks is read as
// an empty object.
func newJSON(data []byte) (*jsonDoc, error) {
	clean := bytes.TrimPrefix(data, []byte(bom))
	d := &jsonDoc{data: bytes.Clone(clean), bom: len(clean) != len(data), eol: "\n"}
	if i := bytes.IndexByte(clean, '\n'); i > 0 && clean[i-1] == '\r' {
		d.eol = "\r\n"
	}
	if len(bytes.TrimSpace(clean)) == 0 {
		d.data = []byte("{}" + d.eol)
	}
	top, err := parseJSON(d.data)
	if err != nil {
		return nil, err
	}
	if _, ok := top.Value.(*hujson.Object); !ok {
		return nil, errors.New("its top is no object")
	}
	_, err = meaningJSON(d.data)
	return d, err
}

// parseJSON reads a text; a comment at its very end needs no newline. The
// parser's errors quote what may be a key, so that only the place is told.
func parseJSON(data []byte) (hujson.Value, error) {
	if nestsTooDeep(data) {
		return hujson.Value{}, fmt.Errorf("it nests deeper than %d levels", maxNesting)
	}
	text := append(bytes.Clone(data), '\n')
	v, err := hujson.Parse(text)
	if err != nil {
		place, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "hujson: "), ": ")
		return v, fmt.Errorf("%s: this is not JSON, not even with comments", place)
	}
	return v, nil
}

// maxNesting is how deep a client's file may nest. The parser recurses without a
// bound, and a stack that overflows takes the whole program along.
const maxNesting = 1000

// nestsTooDeep looks at brackets outside of strings and comments.
func nestsTooDeep(data []byte) bool {
	depth := 0
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			i = endOfString(data, i)
		case c == '/' && bytes.HasPrefix(data[i:], []byte("//")):
			i = endOf(data, i+2, "\n")
		case c == '/' && bytes.HasPrefix(data[i:], []byte("/*")):
			i = endOf(data, i+2, "*/")
		case c == '{' || c == '[':
			if depth++; depth > maxNesting {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// endOfString gives the offset of the closing quote of a string that begins at i.
func endOfString(data []byte, i int) int {
	for i++; i < len(data) && data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i
}

// endOf gives the offset of the last byte of the next mark from i on.
func endOf(data []byte, i int, mark string) int {
	at := bytes.Index(data[i:], []byte(mark))
	if at < 0 {
		return len(data)
	}
	return i + at + len(mark) - 1
}

// meaningJSON is what a text says, whatever its layout.
func meaningJSON(data []byte) (any, error) {
	standard, err := hujson.Standardize(append(bytes.Clone(data), '\n'))
	if err != nil {
		return nil, errors.New("this is not JSON, not even with comments")
	}
	dec := json.NewDecoder(bytes.NewReader(standard))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, errors.New("this is not JSON, not even with comments")
	}
	return v, nil
}

func (d *jsonDoc) bytes() []byte {
	if d.bom {
		return append([]byte(bom), d.data...)
	}
	return d.data
}

func (d *jsonDoc) empty() bool {
	g, err := d.group(nil)
	return err == nil && len(g.items) == 0 && !hasComment(string(d.data))
}

// item is a member of an object or an element of a list: where it stands, from
// its name on.
type item struct {
	name  string // of an element: "name=X"
	from  int
	value hujson.Value
	comma int // offset of the comma behind it; -1: none
}

// group is an object or a list.
type group struct {
	open, end int // behind its opening and before its closing bracket
	items     []item
	list      bool
}

func groupOf(v hujson.Value) (group, bool) {
	g := group{open: v.StartOffset + 1, end: v.EndOffset - 1}
	switch x := v.Value.(type) {
	case *hujson.Object:
		for _, m := range x.Members {
			name, _ := m.Name.Value.(hujson.Literal)
			g.items = append(g.items, item{name: name.String(), from: m.Name.StartOffset, value: m.Value})
		}
	case *hujson.Array:
		g.list = true
		for _, e := range x.Elements {
			g.items = append(g.items, item{name: elementName(e), from: e.StartOffset, value: e})
		}
	default:
		return g, false
	}
	for i := range g.items {
		it := &g.items[i]
		it.comma = it.value.EndOffset + len(it.value.AfterExtra)
		// The parser hands what follows a last value without a comma to the group.
		if i == len(g.items)-1 && it.value.AfterExtra == nil {
			it.comma = -1
		}
	}
	return g, true
}

const byName = "name="

// elementName is the step that leads to an object of a list.
func elementName(v hujson.Value) string {
	if g, ok := groupOf(v); ok && !g.list {
		for _, it := range g.items {
			if lit, ok := it.value.Value.(hujson.Literal); ok && it.name == "name" && lit.Kind() == '"' {
				return byName + lit.String()
			}
		}
	}
	return ""
}

// find finds an item of a group. One that stands twice is an error: readers do
// not agree on which of them counts.
func (g *group) find(name string) (int, error) {
	found := -1
	for i := range g.items {
		if g.items[i].name != name {
			continue
		}
		if found >= 0 {
			return -1, fmt.Errorf("%w: it stands there twice", ErrCannotEdit)
		}
		found = i
	}
	return found, nil
}

// group walks to a group; nil if there is none.
func (d *jsonDoc) group(path []string) (*group, error) {
	top, err := parseJSON(d.data)
	if err != nil {
		return nil, cannot(err)
	}
	g, _ := groupOf(top)
	for i, step := range path {
		at, err := g.find(step)
		if err != nil || at < 0 {
			return nil, err
		}
		next, ok := groupOf(g.items[at].value)
		if !ok || i+1 < len(path) && strings.HasPrefix(path[i+1], byName) != next.list {
			return nil, fmt.Errorf("%w: %s is something else there", ErrCannotEdit, step)
		}
		g = next
	}
	return &g, nil
}

// locate finds the group that a path ends in and the item; -1 if it has none.
func (d *jsonDoc) locate(path []string) (*group, int, error) {
	g, err := d.group(path[:len(path)-1])
	if g == nil || err != nil {
		return nil, -1, err
	}
	if strings.HasPrefix(path[len(path)-1], byName) != g.list {
		return nil, -1, fmt.Errorf("%w: what should hold it is something else", ErrCannotEdit)
	}
	i, err := g.find(path[len(path)-1])
	return g, i, err
}

func (d *jsonDoc) value(path []string) (string, bool) {
	g, i, err := d.locate(path)
	if err != nil || i < 0 {
		return "", false
	}
	v := g.items[i].value
	return string(d.data[v.StartOffset:v.EndOffset]), true
}

func (d *jsonDoc) holds(path []string) bool {
	g, err := d.group(path)
	return err == nil && g != nil
}

// hold makes an object or a list, as the step behind it wants.
func (d *jsonDoc) hold(path []string, next string) (string, Placed, error) {
	text := "{}"
	name, element := strings.CutPrefix(path[len(path)-1], byName)
	switch {
	case strings.HasPrefix(next, byName):
		text = "[]"
	case element:
		text = `{ "name": ` + quoteJSON(name) + ` }`
	}
	if _, there := d.value(path); there {
		return "", Placed{}, fmt.Errorf("%w: %s is something else there", ErrCannotEdit, path[len(path)-1])
	}
	placed, err := d.set(path, text)
	made, _ := d.meaning(text)
	return made, placed, err
}

func (d *jsonDoc) set(path []string, text string) (placed Placed, err error) {
	wished, err := meaningJSON([]byte(text))
	if err != nil {
		return Placed{}, err
	}
	g, i, err := d.locate(path)
	if err != nil {
		return Placed{}, err
	}
	if g == nil {
		return Placed{}, fmt.Errorf("%w: there is nothing to put it in", ErrCannotEdit)
	}
	var cuts []splice
	if i >= 0 {
		v := g.items[i].value
		cuts = []splice{{v.StartOffset, v.EndOffset, text}}
	} else {
		if !g.list {
			text = quoteJSON(path[len(path)-1]) + ": " + text
		}
		cuts, placed = d.room(g, text)
	}
	return placed, d.checked(cuts, func(tree any) any { return putIn(tree, path, wished) })
}

// splice is a part of the text and what is to stand there.
type splice struct {
	from, to int
	text     string
}

// checked carries out splices, which stand in their order, unless the new text
// would mean anything but the old one with the wish carried out.
func (d *jsonDoc) checked(cuts []splice, wish func(any) any) error {
	before, err := meaningJSON(d.data)
	if err != nil {
		return cannot(err)
	}
	var out []byte
	at := 0
	for _, c := range cuts {
		out = append(append(out, d.data[at:c.from]...), c.text...)
		at = c.to
	}
	out = append(out, d.data[at:]...)
	after, err := meaningJSON(out)
	if err == nil && !reflect.DeepEqual(wish(before), after) {
		err = errors.New("the change would mean something else in this file")
	}
	if err != nil {
		return cannot(err)
	}
	d.data = out
	return nil
}

// putIn gives a tree with a value in it.
func putIn(tree any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	switch t := tree.(type) {
	case map[string]any:
		t[path[0]] = putIn(t[path[0]], path[1:], value)
		return t
	case []any:
		if i := elementAt(t, path[0]); i >= 0 {
			t[i] = putIn(t[i], path[1:], value)
			return t
		}
		return append(t, putIn(nil, path[1:], value))
	}
	return tree
}

// takeOut gives a tree without a value.
func takeOut(tree any, path []string) any {
	switch t := tree.(type) {
	case map[string]any:
		if len(path) == 1 {
			delete(t, path[0])
		} else {
			t[path[0]] = takeOut(t[path[0]], path[1:])
		}
	case []any:
		i := elementAt(t, path[0])
		if i < 0 {
			return t
		}
		if len(path) == 1 {
			return append(t[:i], t[i+1:]...)
		}
		t[i] = takeOut(t[i], path[1:])
	}
	return tree
}

func elementAt(list []any, step string) int {
	for i, e := range list {
		if m, ok := e.(map[string]any); ok {
			if name, ok := m["name"].(string); ok && byName+name == step {
				return i
			}
		}
	}
	return -1
}

func (d *jsonDoc) meaning(text string) (string, error) {
	v, err := meaningJSON([]byte(text))
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(v)
	return string(raw), err
}
