package dialect

import (
	"slices"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// tools writes what tools there are and whether they must be called. It reports
// whether one must.
func (b *anthropicBody) tools() (forced bool) {
	if len(b.q.Tools) == 0 || !b.field("tools") {
		if b.q.Choice.Mode == chat.ChooseAny || b.q.Choice.Mode == chat.ChooseOne {
			b.note("dropped ", "tool_choice, for there are no tools")
		}
		return false
	}
	b.out = append(b.out, '[')
	for i := range b.q.Tools {
		b.tool(&b.q.Tools[i])
	}
	b.out = append(b.out, ']')
	return b.choice()
}

func (b *anthropicBody) tool(t *chat.Tool) {
	refused := func(name string) bool { return slices.Contains(b.fit.Refuses.Tool, name) }
	b.out = appendQuoted(append(sep(b.out), `{"name":`...), b.name(t.Name))
	if t.Description != "" && !refused("description") {
		b.out = appendQuoted(append(b.out, `,"description":`...), t.Description)
	}
	b.out = append(append(b.out, `,"input_schema":`...), objectSchema(t)...)
	if t.Strict && b.fit.Author && !refused("strict") { // others know no such promise
		b.out = append(b.out, `,"strict":true`...)
	}
	b.out = append(b.out, '}')
}

// objectSchema gives a tool's schema as Anthropic demands it: one of an object,
// that says so.
func objectSchema(t *chat.Tool) string {
	s := scanner{b: []byte(t.Schema)}
	s.space()
	open, members := s.i, false
	var kind span
	s.object(func() {
		from, is := s.i, s.is("type")
		s.skip()
		if members = true; is {
			kind = span{from, s.i}
		}
	})
	switch {
	case !s.end() || s.b[open] != '{':
		if t.Freeform {
			return textParameters
		}
		return noParameters
	case kind != (span{}):
		if string(str(s.raw(kind))) == "object" {
			return t.Schema
		}
		return t.Schema[:kind.from] + `"object"` + t.Schema[kind.to:]
	case members:
		return t.Schema[:open+1] + `"type":"object",` + t.Schema[open+1:]
	}
	return `{"type":"object"}`
}

// choice writes tool_choice.
func (b *anthropicBody) choice() (forced bool) {
	c := b.q.Choice
	var out []byte
	switch c.Mode {
	case chat.ChooseUnset:
		if !c.Single {
			return false
		}
		out = append(out, `{"type":"auto"`...)
	case chat.ChooseAuto:
		out = append(out, `{"type":"auto"`...)
	case chat.ChooseAny:
		out = append(out, `{"type":"any"`...)
	case chat.ChooseNone:
		b.raw("tool_choice", `{"type":"none"}`)
		return false
	case chat.ChooseOne:
		if !slices.ContainsFunc(b.q.Tools, func(t chat.Tool) bool { return t.Name == c.Name }) {
			b.note("dropped ", "tool_choice of a tool that is not offered")
			return false
		}
		out = appendQuoted(append(out, `{"type":"tool","name":`...), b.name(c.Name))
	}
	if c.Single {
		out = append(out, `,"disable_parallel_tool_use":true`...)
	}
	b.raw("tool_choice", string(append(out, '}')))
	return c.Mode == chat.ChooseAny || c.Mode == chat.ChooseOne
}
