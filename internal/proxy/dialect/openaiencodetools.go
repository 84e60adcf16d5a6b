package dialect

import (
	"slices"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// What stands for a tool's parameters where the client gave none, and for those
// of a tool that takes plain text.
const (
	noParameters   = `{"type":"object","properties":{}}`
	textParameters = `{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}`
)

// chooseTools decides whether tools are sent, and with which tool_choice: one
// without tools is answered with 400 by many.
func (b *openAIBody) chooseTools() {
	b.withTools = len(b.q.Tools) > 0 && b.takes("tools")
	if !b.withTools {
		b.withoutTools()
		return
	}
	switch b.q.Choice.Mode {
	case chat.ChooseAuto:
		b.auto()
	case chat.ChooseNone:
		if b.understands("none") {
			b.choice = `"none"`
			return
		}
		b.withTools = false
		b.note("left out ", "the tools, none of which may be called")
	case chat.ChooseAny:
		if b.understands("required") {
			b.choice = `"required"`
			return
		}
		b.auto()
		b.order("tool_choice", "In your next message you must call at least one of the tools.")
	case chat.ChooseOne:
		b.chooseOne(b.q.Choice.Name)
	}
}

// withoutTools notes what the client loses.
func (b *openAIBody) withoutTools() {
	if len(b.q.Tools) > 0 {
		b.note("dropped ", "tools")
	}
	if mode := b.q.Choice.Mode; mode == chat.ChooseAny || mode == chat.ChooseOne {
		b.note("dropped ", "tool_choice, without tools")
	}
}

func (b *openAIBody) chooseOne(name string) {
	offered := slices.ContainsFunc(b.q.Tools, func(t chat.Tool) bool { return t.Name == name })
	sent := b.names.fit(name)
	switch {
	case !offered:
		b.note("dropped ", "tool_choice, which names no tool")
	case b.understands("function"):
		b.choice = `{"type":"function","function":{"name":` + quote(sent) + `}}`
	default:
		b.auto()
		b.order("tool_choice", "In your next message you must call the tool "+sent+".")
	}
}

func (b *openAIBody) auto() {
	if b.understands("auto") {
		b.choice = `"auto"`
	}
}

// understands reports whether the provider knows a word of tool_choice.
func (b *openAIBody) understands(word string) bool {
	known := b.fit.Traits.ToolChoice
	return b.takes("tool_choice") && (known == nil || slices.Contains(known, word))
}

// order puts a wish that the provider has no word for into the prompt.
func (b *openAIBody) order(wish, words string) {
	b.orders = append(b.orders, words)
	b.note("put into the prompt: ", wish)
}

// writeTools writes the tools and what is said about their use.
func (b *openAIBody) writeTools() {
	if !b.withTools {
		return
	}
	b.field("tools")
	b.out = append(b.out, '[')
	for i := range b.q.Tools {
		b.tool(&b.q.Tools[i])
	}
	b.out = append(b.out, ']')
	if b.choice != "" && b.field("tool_choice") {
		b.out = append(b.out, b.choice...)
	}
	if !b.q.Choice.Single {
		return
	}
	if b.fit.Traits.NoParallel {
		b.note("dropped ", "parallel_tool_calls")
	} else if b.wish("parallel_tool_calls") {
		b.out = append(b.out, "false"...)
	}
}

func (b *openAIBody) tool(t *chat.Tool) {
	b.out = appendQuoted(append(sep(b.out), `{"type":"function","function":{"name":`...), b.names.fit(t.Name))
	refused := b.fit.Refuses.Tool
	if t.Description != "" && !slices.Contains(refused, "description") {
		b.out = appendQuoted(append(b.out, `,"description":`...), t.Description)
	}
	if !slices.Contains(refused, "parameters") {
		b.out = append(b.out, `,"parameters":`...)
		if t.Freeform {
			b.out = append(b.out, textParameters...)
		} else {
			b.parameters(t.Schema)
		}
	}
	if t.Strict {
		if slices.Contains(refused, "strict") {
			b.note("dropped ", "tools[].strict")
		} else {
			b.out = append(b.out, `,"strict":true`...)
		}
	}
	b.out = append(b.out, "}}"...)
}

func (b *openAIBody) parameters(schema string) {
	ok := true
	if schema != "" {
		b.out, ok = appendSchema(b.out, schema)
	}
	if !ok {
		b.note("dropped ", "a tool's schema that is no JSON object")
	}
	if schema == "" || !ok {
		b.out = append(b.out, noParameters...)
	}
}

// appendSchema writes a JSON schema with the order of its keys and the form of
// its numbers. "$schema" is left out, which Claude Code sends with every tool
// (2.1.197) and which is no part of the schema; an object without properties
// gets none, since there are providers which want to see them. ok is false, and
// nothing is written, if the text is no JSON object.
func appendSchema(out []byte, schema string) (_ []byte, ok bool) {
	from := len(out)
	out = append(out, schema...)
	s := scanner{b: out[from:]}
	s.space()
	var edits splices
	g := gap{splices: &edits, from: s.i + 1}
	object, properties := false, false
	for first := true; s.member(first); first = false {
		at := s.keyAt
		if s.is("$schema") {
			s.skip()
			g.drop(at, s.i)
			continue
		}
		g.keep(at)
		properties = properties || s.is("properties")
		if s.is("type") {
			object = string(s.value()) == `"object"`
		} else {
			s.skip()
		}
		g.kept(s.i)
	}
	switch {
	case !s.end():
		return out[:from], false
	case !g.some:
		return append(out[:from], noParameters...), true
	case object && !properties:
		g.close(`"properties":{}`)
	default:
		g.close("")
	}
	if len(edits.edits) == 0 {
		return out, true
	}
	return append(out[:from], edits.apply(out[from:], nil)...), true
}
