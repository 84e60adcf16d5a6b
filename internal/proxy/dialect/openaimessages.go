package dialect

import (
	"slices"
	"strconv"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

// openAIMessage is one element of messages by its members.
type openAIMessage struct {
	at                                      int
	role, id                                string
	name, content, refusal, calls, function gjson.Result
	reasoning, reasoning2, details, thought gjson.Result
}

// openCall is a call that its client gave no id, and waits for its result.
type openCall struct{ id, name string }

func (d *openAIDecoder) messages(list gjson.Result) {
	d.Messages, d.open, d.results = nil, nil, false
	if d.spoken = list.IsArray(); !d.spoken {
		d.fail("messages", "messages is not a list")
		return
	}
	at := 0
	list.ForEach(func(_, v gjson.Result) bool {
		d.message(at, v)
		at++
		return d.fault == nil
	})
}

func (d *openAIDecoder) message(at int, v gjson.Result) {
	m := openAIMessage{at: at}
	if !v.IsObject() {
		d.fail(m.path(""), m.path("")+" is not an object")
		return
	}
	eachMember(v, func(name string, v gjson.Result) {
		if into := m.member(name); into != nil {
			*into = v
			return
		}
		switch name {
		case "role":
			m.role = v.Str
		case "tool_call_id":
			m.id = v.Str
		default:
			d.other("messages[].", name, v)
		}
	})
	d.speak(&m)
}

// member gives the place of a member whose value is decoded once the role is
// known; nil if there is none.
func (m *openAIMessage) member(name string) *gjson.Result {
	switch name {
	case "content":
		return &m.content
	case "name":
		return &m.name
	case "tool_calls":
		return &m.calls
	case "function_call":
		return &m.function
	case "refusal":
		return &m.refusal
	case "reasoning_content":
		return &m.reasoning
	case "reasoning":
		return &m.reasoning2
	case "reasoning_details":
		return &m.details
	case "thinking":
		return &m.thought
	}
	return nil
}

// path names the message, or a member of it, in an error.
func (m *openAIMessage) path(member string) string {
	return "messages[" + strconv.Itoa(m.at) + "]" + member
}

// speak adds a message to the conversation.
func (d *openAIDecoder) speak(m *openAIMessage) {
	switch m.role {
	case "system", "developer":
		d.add(chat.System, d.content(m))
	case "user":
		d.add(chat.User, d.content(m))
	case "assistant":
		d.add(chat.Assistant, d.answer(m))
	case "tool", "function":
		d.result(m)
		return
	default:
		d.fail(m.path(".role"), m.path(".role")+" is "+strconv.Quote(briefly(m.role))+
			", not one of system, developer, user, assistant, tool")
		return
	}
	d.other("messages[].", "name", m.name)
}

// add appends a message, unless nothing is said in it: Anthropic refuses empty
// ones, and an interrupted agent leaves some.
func (d *openAIDecoder) add(role chat.Role, parts []chat.Part) {
	if len(parts) > 0 {
		d.Messages = append(d.Messages, chat.Message{Role: role, Parts: parts})
		d.results = false
	}
}

// result adds what a tool brought to the results before it, if any.
func (d *openAIDecoder) result(m *openAIMessage) {
	result := chat.Part{Kind: chat.Result, ID: m.id}
	if m.id == "" {
		result.ID = d.answered(m.name.Str)
	}
	switch m.content.Type {
	case gjson.String, gjson.Null:
		result.Parts = d.content(m)
	default:
		if m.content.IsArray() {
			result.Parts = d.content(m)
		} else {
			result.Parts = []chat.Part{{Text: m.content.Raw}} // an object, as it is
		}
	}
	if !d.results {
		d.Messages = append(d.Messages, chat.Message{Role: chat.User})
		d.results = true
	}
	last := &d.Messages[len(d.Messages)-1]
	last.Parts = append(last.Parts, result)
}

// answered gives the id of the call without one that a result without one
// belongs to: the first of that name, or the first.
func (d *openAIDecoder) answered(name string) string {
	i := slices.IndexFunc(d.open, func(c openCall) bool { return c.name == name })
	if i = max(i, 0); i >= len(d.open) {
		return ""
	}
	id := d.open[i].id
	d.open = slices.Delete(d.open, i, i+1)
	return id
}

// answer gives an assistant's parts: thinking, text, calls.
func (d *openAIDecoder) answer(m *openAIMessage) []chat.Part {
	parts := m.thoughts()
	parts = append(parts, d.content(m)...)
	if m.refusal.Type == gjson.String && m.refusal.Str != "" {
		parts = append(parts, chat.Part{Text: m.refusal.Str})
	}
	d.open = d.open[:0]
	if m.calls.IsArray() {
		m.calls.ForEach(func(_, v gjson.Result) bool {
			if call, ok := d.call(m, v); ok {
				parts = append(parts, call)
			}
			return true
		})
	}
	if m.function.IsObject() {
		if call, ok := d.call(m, gjson.Result{Type: gjson.JSON, Raw: `{"function":` + m.function.Raw + `}`}); ok {
			parts = append(parts, call)
		}
	}
	return parts
}

// thoughts reads the thinking that clients send back: OpenCode as
// reasoning_content, whatever it was called (measured 2026-11-20), others as
// reasoning or as OpenRouter's details, which repeat it, a router for Claude
// Code as thinking.
func (m *openAIMessage) thoughts() (parts []chat.Part) {
	thought := m.thought
	if thought.IsObject() {
		thought = thought.Get("content")
	}
	said := ""
	for _, v := range [...]gjson.Result{m.reasoning, m.reasoning2, thought} {
		if v.Type == gjson.String && v.Str != "" && v.Str != said {
			said = v.Str
			parts = append(parts, chat.Part{Kind: chat.Thought, Text: said})
		}
	}
	if parts != nil || !m.details.IsArray() {
		return parts
	}
	var text strings.Builder
	m.details.ForEach(func(_, v gjson.Result) bool {
		text.WriteString(v.Get("text").Str)
		text.WriteString(v.Get("summary").Str)
		return true
	})
	if text.Len() > 0 {
		parts = append(parts, chat.Part{Kind: chat.Thought, Text: text.String()})
	}
	return parts
}

// call reads one element of tool_calls. One without an id, as functions were
// called before there were tools, gets one that its result gets too.
func (d *openAIDecoder) call(m *openAIMessage, v gjson.Result) (call chat.Part, ok bool) {
	call.Kind = chat.Call
	eachMember(v, func(name string, v gjson.Result) {
		switch name {
		case "id":
			call.ID = v.Str
		case "function":
			eachMember(v, func(name string, v gjson.Result) {
				switch name {
				case "name":
					call.Name = v.Str
				case "arguments":
					call.Args = openAIArguments(v)
				}
			})
		case "custom":
			custom := membersOf(v)
			call.Name, call.Freeform = custom.get("name").Str, true
			call.Args = `{"input":` + quote(custom.get("input").Str) + `}`
		case "type", "index":
		default:
			d.other("messages[].tool_calls[].", name, v)
		}
	})
	if call.Name == "" {
		d.drop("messages[].tool_calls[] without a name")
		return call, false
	}
	if call.ID == "" {
		call.ID = "call_" + strconv.Itoa(m.at) + "_" + strconv.Itoa(len(d.open))
		d.open = append(d.open, openCall{call.ID, call.Name})
	}
	return call, true
}

// openAIArguments gives a call's arguments: a string that holds JSON, or, as some
// models and routers have it, that JSON itself.
func openAIArguments(v gjson.Result) string {
	if v.Type == gjson.String {
		return v.Str
	}
	if v.Type == gjson.Null {
		return ""
	}
	return v.Raw
}
