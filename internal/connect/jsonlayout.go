package connect

import (
	"bytes"
	"encoding/json"
	"strings"
)

const blanks = " \t\r\n"

// room says what to put where so that a group gets one more item at its end, in
// the layout that its items have.
func (d *jsonDoc) room(g *group, text string) ([]splice, Placed) {
	if len(g.items) == 0 {
		return d.firstRoom(g, text)
	}
	last := g.items[len(g.items)-1]
	p := Placed{Comma: last.comma >= 0}
	p.Lead = d.lead(last.from)
	from := last.value.EndOffset
	var cuts []splice
	if p.Comma {
		from = last.comma + 1
	} else {
		cuts = append(cuts, splice{from, from, ","})
	}
	// Behind comments, which belong to what stands before them.
	behind := from + len(bytes.TrimRight(d.data[from:g.end], blanks))
	if behind > from && !strings.Contains(p.Lead, "\n") {
		p.Lead = d.eol + d.indent(g.open) + d.unit()
	}
	return append(cuts, splice{behind, behind, p.Lead + text}), p
}

// firstRoom is room in a group that has no item yet.
func (d *jsonDoc) firstRoom(g *group, text string) ([]splice, Placed) {
	inside := d.data[g.open:g.end]
	behind := g.open + len(bytes.TrimRight(inside, blanks))
	var p Placed
	switch rest := string(d.data[behind:g.end]); {
	case d.oneLine():
	case behind == g.open && rest != "" && !strings.Contains(rest, "\n"):
		p.Lead = rest
	default:
		p.Lead = d.eol + d.indent(g.open) + d.unit()
		if !strings.Contains(rest, "\n") {
			p.Tail = d.eol + d.indent(g.open)
		}
	}
	return []splice{{behind, behind, p.Lead + text + p.Tail}}, p
}

// lead is the blank space before an item: up to the line's end before it, or to
// whatever stands before it on its line.
func (d *jsonDoc) lead(from int) string {
	before := d.data[:from]
	space := before[len(bytes.TrimRight(before, blanks)):]
	if i := bytes.LastIndexByte(space, '\n'); i >= 0 {
		return d.eol + string(space[i+1:])
	}
	return string(space)
}

// indent is the blank space at the beginning of an offset's line.
func (d *jsonDoc) indent(at int) string {
	line := d.data[bytes.LastIndexByte(d.data[:at], '\n')+1:]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}

// unit is one step of indentation, as the document's first member shows it.
func (d *jsonDoc) unit() string {
	if g, err := d.group(nil); err == nil && len(g.items) > 0 {
		if _, space, ok := strings.Cut(d.lead(g.items[0].from), "\n"); ok && space != "" {
			return space
		}
	}
	return "  "
}

// oneLine reports whether the document is written without lines.
func (d *jsonDoc) oneLine() bool {
	g, err := d.group(nil)
	return err == nil && len(g.items) > 0 && !bytes.Contains(d.data[g.open:g.end], []byte("\n"))
}

func (d *jsonDoc) remove(path []string, placed Placed) error {
	g, i, err := d.locate(path)
	if err != nil || i < 0 {
		return err
	}
	for _, cuts := range d.cuts(g, i, placed) {
		if err = d.checked(cuts, func(tree any) any { return takeOut(tree, path) }); err == nil {
			return nil
		}
	}
	return err
}

// release takes a holder out that holds nothing more: neither a value beside
// those it was made with nor a comment.
func (d *jsonDoc) release(path []string, made string, placed Placed) (bool, error) {
	text, ok := d.value(path)
	if !ok {
		return false, nil
	}
	if now, err := d.meaning(text); err != nil || now != made || hasComment(text) {
		return false, nil //nolint:nilerr // what cannot be read is not ours
	}
	return true, d.remove(path, placed)
}

func hasComment(text string) bool {
	v, err := parseJSON([]byte(text))
	if err != nil {
		return true
	}
	return !v.IsStandard() && (strings.Contains(text, "//") || strings.Contains(text, "/*"))
}

// cuts lists ways to take an item out, the most exact first. What was put
// around it goes as well where it is still there; comments stay.
func (d *jsonDoc) cuts(g *group, i int, placed Placed) [][]splice {
	it := g.items[i]
	core := splice{from: it.from, to: it.value.EndOffset}
	exact := core
	lead := placed.Lead
	if !bytes.HasSuffix(d.data[:core.from], []byte(lead)) || lead == "" {
		lead = d.lead(core.from)
	}
	if bytes.HasSuffix(d.data[:core.from], []byte(lead)) {
		exact.from -= len(lead)
	}
	if len(g.items) == 1 && bytes.HasPrefix(d.data[core.to:], []byte(placed.Tail)) {
		exact.to += len(placed.Tail)
	}
	var list [][]splice
	for _, c := range []splice{exact, core} {
		list = append(list, d.withComma(g, i, c, placed.Comma), d.withComma(g, i, c, false))
	}
	return list
}

// withComma adds the cut of the comma that an item's going leaves over: the one
// behind it, or the one before if it is the last. stay keeps the latter, where
// there was one before our time.
func (d *jsonDoc) withComma(g *group, i int, c splice, stay bool) []splice {
	it := g.items[i]
	switch {
	case it.comma >= c.to:
		return []splice{c, {from: it.comma, to: it.comma + 1}}
	case it.comma >= 0:
		return []splice{{from: c.from, to: max(c.to, it.comma+1)}}
	case i > 0 && !stay:
		before := g.items[i-1].comma
		return []splice{{from: before, to: before + 1}, {from: max(c.from, before+1), to: c.to}}
	}
	return []splice{c}
}

// member is one name and value of an object that is written in order.
type member struct {
	name  string
	value any
}

// object is written on one line.
type object []member

func (d *jsonDoc) write(value any) string {
	o, ok := value.(object)
	if !ok {
		return quoteJSON(value)
	}
	parts := make([]string, len(o))
	for i, m := range o {
		parts[i] = quoteJSON(m.name) + ": " + d.write(m.value)
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

// quoteJSON writes a text, a number, a bool or a list of texts as JSON that people can read.
func quoteJSON(value any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(value) // these always can
	return strings.TrimSuffix(b.String(), "\n")
}
