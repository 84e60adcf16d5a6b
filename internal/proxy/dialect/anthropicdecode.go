package dialect

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// decodeAnthropic gives a Messages request in the hub's words. System messages
// stay where they stand, those of "system" come first. What only Anthropic knows
// is dropped and named, but for hints that mean nothing elsewhere: cache_control,
// eager_input_streaming, defer_loading, input_examples, citations.
func decodeAnthropic(body []byte) (*chat.Request, error) {
	d := anthropicDecoder{scanner: scanner{b: body}, q: new(chat.Request)}
	d.space()
	if d.peek() != '{' {
		d.fail()
	}
	for first := true; d.member(first); first = false {
		d.field()
	}
	if !d.end() {
		return nil, d.fault()
	}
	if !d.listed {
		d.refuse("messages", "a list of messages is missing")
	}
	if d.err != nil {
		return nil, d.err
	}
	return d.finish(), nil
}

type anthropicDecoder struct {
	scanner
	q      *chat.Request
	system []chat.Part
	listed bool // there are messages
	deep   int  // how many contents the one at hand lies in
	err    *chat.Error
}

// finish puts together what the walk has found.
func (d *anthropicDecoder) finish() *chat.Request {
	q := d.q
	if len(d.system) > 0 {
		q.Messages = slices.Insert(q.Messages, 0, chat.Message{Role: chat.System, Parts: d.system})
	}
	offered := slices.ContainsFunc(q.Tools, func(t chat.Tool) bool { return t.Name == q.Choice.Name })
	if q.Choice.Mode == chat.ChooseOne && !offered {
		q.Choice = chat.Choice{}
		d.drop("tool_choice of a tool that is not offered")
	}
	return q
}

// drop notes down what the hub has no word for.
func (d *anthropicDecoder) drop(what string) { drop(d.q, what) }

// refuse notes down the first thing that is wrong.
func (d *anthropicDecoder) refuse(param, what string) {
	if d.err == nil {
		d.err = &chat.Error{
			Status: http.StatusBadRequest, Type: "invalid_request_error", Code: "invalid_messages", Param: param,
			Message: param + ": " + what,
		}
	}
}

// field takes a member of the body. Of one that is given twice the last counts.
func (d *anthropicDecoder) field() {
	switch string(d.key) {
	case "model":
		d.q.Model = d.text()
	case "stream":
		d.q.Stream = isTrue(d.value())
	case "system":
		d.system = splitBilling(d.parts())
	case "messages":
		d.q.Messages, d.listed = nil, d.peek() == '['
		d.list(d.message)
	case "tools":
		d.q.Tools = nil
		d.list(d.tool)
	case "tool_choice":
		d.choice()
	case "max_tokens":
		d.q.MaxOutput = positive(d.value())
	default:
		d.option()
	}
}

// splitBilling makes the billing line a part of its own, so that nothing else is
// dropped with it.
func splitBilling(parts []chat.Part) []chat.Part {
	for i := range parts {
		if rest := withoutBilling(parts[i].Text); rest != "" && rest != parts[i].Text {
			parts[i].Text = strings.TrimSuffix(parts[i].Text, "\n"+rest)
			parts = slices.Insert(parts, i+1, chat.Part{Kind: chat.Text, Text: rest})
			break
		}
	}
	return parts
}

func (d *anthropicDecoder) message() {
	m := chat.Message{}
	var role []byte
	d.object(func() {
		switch string(d.key) {
		case "role":
			role = d.value()
		case "content":
			m.Parts = d.parts()
		default:
			d.skip()
		}
	})
	switch m.Role = chat.Role(str(role)); m.Role {
	case chat.System, chat.User, chat.Assistant:
	default:
		d.refuse(fmt.Sprintf("messages.%d.role", len(d.q.Messages)), `it must be "user", "assistant" or "system"`)
	}
	d.q.Messages = append(d.q.Messages, m)
}

func (d *anthropicDecoder) tool() {
	t := d.anthropicTool()
	if t.server() {
		name := str(t.name)
		if len(name) == 0 {
			name = str(t.kind)
		}
		d.drop("tools[] " + string(name))
		return
	}
	tool := chat.Tool{Name: string(str(t.name)), Description: string(str(t.description)), Strict: isTrue(t.strict)}
	if len(t.schema) > 0 && t.schema[0] == '{' {
		tool.Schema = string(t.schema)
	}
	d.q.Tools = append(d.q.Tools, tool)
}

func (d *anthropicDecoder) choice() {
	var c chat.Choice
	kind := d.typed(func() {
		switch string(d.key) {
		case "name":
			c.Name = d.text()
		case "disable_parallel_tool_use":
			c.Single = isTrue(d.value())
		default:
			d.skip()
		}
	})
	switch kind {
	case "auto":
		c.Mode = chat.ChooseAuto
	case "any":
		c.Mode = chat.ChooseAny
	case "tool":
		c.Mode = chat.ChooseOne
	case "none":
		c.Mode = chat.ChooseNone
	}
	if c.Mode != chat.ChooseOne {
		c.Name = ""
	}
	d.q.Choice = c
}

// typed walks over an object that says of what type it is: it gives that, and
// calls member at the value of each other member.
func (d *anthropicDecoder) typed(member func()) (kind string) {
	d.object(func() {
		if d.is("type") {
			kind = d.text()
		} else {
			member()
		}
	})
	return kind
}

// text walks over a value and gives it as text; "" if it is no string.
func (d *anthropicDecoder) text() string { return string(str(d.value())) }

// number gives a number as it is written; "" for anything else.
func (d *anthropicDecoder) number() string {
	if beginsNumber(d.peek()) {
		return string(d.value())
	}
	d.skip()
	return ""
}
