package config

import (
	"bytes"
	"errors"
	"sort"
	"strconv"
	"strings"

	toml "github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/glmtray/glmtray/internal/lazy"
)

// table is a TOML table with the lines on which things stand, which a decoded
// struct would not tell.
type table struct {
	line   int
	names  []string // in the file's order
	fields map[string]*field
}

// field is one value of a table or an array. val is a string, bool, int64,
// float64, []*field, *table, or nil for a date.
type field struct {
	line int
	val  any
}

func newTable(line int) *table { return &table{line: line, fields: map[string]*field{}} }

func (t *table) put(name string, f *field) {
	if _, ok := t.fields[name]; !ok {
		t.names = append(t.names, name)
	}
	t.fields[name] = f
}

// tree reads a TOML document. go-toml judges it first (duplicates, types of
// tables), so that the walk below meets valid documents only.
func tree(data []byte) (*table, *Problem) {
	var judged map[string]any
	if err := toml.Unmarshal(data, &judged); err != nil {
		return nil, syntaxProblem(err)
	}
	b := builder{lines: lineStarts(data)}
	b.parser.Reset(data)
	root := newTable(1)
	into := root
	for b.parser.NextExpression() {
		n := b.parser.Expression()
		switch n.Kind {
		case unstable.Table:
			into = b.descend(root, b.keys(n), false)
		case unstable.ArrayTable:
			into = b.descend(root, b.keys(n), true)
		case unstable.KeyValue:
			b.keyValue(into, n)
		}
	}
	if err := b.parser.Error(); err != nil {
		return nil, &Problem{Line: 1, Text: "not TOML: " + scrub(err)}
	}
	return root, nil
}

// longWord is what go-toml repeats of a document and may be a key of no known
// shape.
var longWord = lazy.Regexp(`\S{33,}`)

// syntaxProblem takes position and reason out of go-toml's error, and leaves
// out its picture of the lines around, which may hold anything.
func syntaxProblem(err error) *Problem {
	var de *toml.DecodeError
	if !errors.As(err, &de) {
		return &Problem{Line: 1, Text: "not TOML: " + scrub(err)}
	}
	line, _ := de.Position()
	text := longWord().ReplaceAllString(strings.TrimPrefix(scrub(de), "toml: "), "(a long text)")
	return &Problem{Line: line, Text: "not TOML: " + text}
}

type builder struct {
	parser unstable.Parser
	lines  []int // offsets at which lines begin
}

type keyPart struct {
	name string
	line int
}

func (b *builder) keys(n *unstable.Node) []keyPart {
	var parts []keyPart
	for it := n.Key(); it.Next(); {
		k := it.Node()
		parts = append(parts, keyPart{string(k.Data), lineAt(b.lines, int(k.Raw.Offset))})
	}
	return parts
}

// descend finds or makes the table of a header. In an array of tables the last
// element is meant.
func (b *builder) descend(t *table, parts []keyPart, array bool) *table {
	for i, part := range parts {
		last := i == len(parts)-1
		f := t.fields[part.name]
		if f == nil {
			f = &field{line: part.line, val: newTable(part.line)}
			if last && array {
				f.val = []*field(nil)
			}
			t.put(part.name, f)
		}
		if list, ok := f.val.([]*field); ok {
			if last && array {
				list = append(list, &field{line: part.line, val: newTable(part.line)})
				f.val = list
			}
			if len(list) > 0 {
				f = list[len(list)-1]
			}
		}
		next, ok := f.val.(*table)
		if !ok {
			return newTable(part.line) // go-toml refuses such a document
		}
		t = next
	}
	return t
}

func (b *builder) keyValue(t *table, n *unstable.Node) {
	parts := b.keys(n)
	last := parts[len(parts)-1]
	if len(parts) > 1 {
		t = b.descend(t, parts[:len(parts)-1], false)
	}
	t.put(last.name, &field{line: last.line, val: b.value(n.Value(), last.line)})
}

func (b *builder) value(n *unstable.Node, line int) any {
	switch n.Kind {
	case unstable.String:
		return string(n.Data)
	case unstable.Bool:
		return string(n.Data) == "true"
	case unstable.Integer:
		i, _ := strconv.ParseInt(strings.ReplaceAll(string(n.Data), "_", ""), 0, 64)
		return i
	case unstable.Float:
		x, _ := strconv.ParseFloat(strings.ReplaceAll(string(n.Data), "_", ""), 64)
		return x
	case unstable.Array:
		list := []*field{}
		for it := n.Children(); it.Next(); {
			c := it.Node()
			at := line
			if c.Raw.Length > 0 {
				at = lineAt(b.lines, int(c.Raw.Offset))
			}
			list = append(list, &field{line: at, val: b.value(c, at)})
		}
		return list
	case unstable.InlineTable:
		t := newTable(line)
		for it := n.Children(); it.Next(); {
			if c := it.Node(); c.Kind == unstable.KeyValue {
				b.keyValue(t, c)
			}
		}
		return t
	}
	return nil // a date: no setting is one
}

func lineStarts(data []byte) []int {
	starts := []int{0}
	for i := 0; ; {
		j := bytes.IndexByte(data[i:], '\n')
		if j < 0 {
			return starts
		}
		i += j + 1
		starts = append(starts, i)
	}
}

// lineAt is the line, counted from 1, on which an offset lies.
func lineAt(starts []int, offset int) int {
	return sort.SearchInts(starts, offset+1)
}
