package config

import (
	"bytes"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// span is a part of a document, from an offset up to another.
type span struct{ from, to int }

// pair is one `name = value` of a document.
type pair struct {
	name  string
	whole span // without what follows on the line
	value span
	text  string // the value, if it is a text
}

// block is a table header with its pairs. Comment lines directly above belong
// to it; those of the file's very beginning belong to the file.
type block struct {
	name  string // "key", "rule", "provider.zai"; "" for the top of the file
	array bool
	lead  int // where the comments above begin
	span  span
	pairs []pair
}

// pair finds a pair by its name.
func (b *block) pair(name string) *pair {
	for i := range b.pairs {
		if b.pairs[i].name == name {
			return &b.pairs[i]
		}
	}
	return nil
}

// is reports whether the block is [[key]] with these two values.
func (b *block) is(provider, name string) bool {
	p, n := b.pair("provider"), b.pair("name")
	return b.array && b.name == "key" && p != nil && n != nil &&
		strings.TrimSpace(p.text) == provider && strings.TrimSpace(n.text) == name
}

// outline finds the blocks of a valid document, the top of the file first.
func outline(data []byte) ([]block, error) {
	var p unstable.Parser
	p.Reset(data)
	blocks := []block{{}}
	for p.NextExpression() {
		n := p.Expression()
		last := &blocks[len(blocks)-1]
		switch n.Kind {
		case unstable.Table, unstable.ArrayTable:
			name, first := dotted(n)
			from := lineStart(data, first)
			blocks = append(blocks, block{
				name: name, array: n.Kind == unstable.ArrayTable,
				lead: leadStart(data, from), span: span{from, lineEnd(data, first)},
			})
		case unstable.KeyValue:
			last.add(data, n)
		}
	}
	return blocks, p.Error()
}

func (b *block) add(data []byte, n *unstable.Node) {
	name, first := dotted(n)
	end := int(n.Raw.Offset + n.Raw.Length)
	var after int // behind the last part of the name
	for it := n.Key(); it.Next(); {
		after = int(it.Node().Raw.Offset + it.Node().Raw.Length)
	}
	from := after + bytes.IndexByte(data[after:], '=') + 1
	for from < end && (data[from] == ' ' || data[from] == '\t') {
		from++
	}
	p := pair{name: name, whole: span{first, end}, value: span{from, end}}
	if v := n.Value(); v.Kind == unstable.String {
		p.text = string(v.Data)
	}
	b.pairs = append(b.pairs, p)
	if len(b.pairs) == 1 && b.name == "" {
		b.span.from = lineStart(data, first)
	}
	b.span.to = lineEnd(data, end)
}

// dotted gives a name as "a.b" and the offset at which it begins.
func dotted(n *unstable.Node) (name string, first int) {
	var parts []string
	for it := n.Key(); it.Next(); {
		if len(parts) == 0 {
			first = int(it.Node().Raw.Offset)
		}
		parts = append(parts, string(it.Node().Data))
	}
	return strings.Join(parts, "."), first
}

func lineStart(data []byte, at int) int { return bytes.LastIndexByte(data[:at], '\n') + 1 }

// lineEnd is the offset behind the line's end.
func lineEnd(data []byte, at int) int {
	if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(data)
}

// leadStart goes up over comment lines that stand directly above an offset,
// unless they are the file's first lines.
func leadStart(data []byte, at int) int {
	lead := at
	for lead > 0 {
		above := lineStart(data, lead-1)
		if !bytes.HasPrefix(bytes.TrimLeft(data[above:lead], " \t"), []byte("#")) {
			return lead
		}
		lead = above
	}
	return at
}
