package proxy_test

import (
	"encoding/json"
	"testing"

	"github.com/tidwall/gjson"
)

// responsesBody says a wish in Responses.
func responsesBody(w *wish) map[string]any {
	var input []any
	for _, turn := range w.turns {
		input = append(input, responsesItems(turn)...)
	}
	m := map[string]any{
		"model": w.model, "input": input, "max_output_tokens": w.limit, "store": false,
		"include": []string{"reasoning.encrypted_content"},
	}
	if w.system != "" {
		m["instructions"] = w.system
	}
	if w.stream {
		m["stream"] = true
	}
	if w.think {
		m["reasoning"] = map[string]any{"effort": "high", "summary": "auto"}
	}
	if w.schema != "" {
		m["text"] = map[string]any{"format": map[string]any{"type": "json_schema", "name": "form", "schema": json.RawMessage(w.schema)}}
	}
	var tools []any
	for _, name := range w.tools {
		tools = append(tools, map[string]any{
			"type": "function", "name": name, "description": "does " + name, "parameters": object("city"), "strict": false,
		})
	}
	if tools != nil {
		m["tools"] = tools
	}
	return m
}

func responsesItems(turn turn) (all []any) {
	all = append(all, turn.echo...)
	for _, r := range turn.results {
		all = append(all, map[string]any{"type": "function_call_output", "call_id": r.id, "output": r.text})
	}
	if turn.late != "" {
		all = append(all, map[string]any{"type": "message", "role": "developer", "content": []any{
			map[string]any{"type": "input_text", "text": turn.late},
		}})
	}
	if turn.text == "" {
		return all
	}
	parts := []any{map[string]any{"type": "input_text", "text": turn.text}}
	if turn.picture {
		parts = append(parts, map[string]any{"type": "input_image", "image_url": "data:image/png;base64," + picture})
	}
	if turn.pdf {
		parts = append(parts, map[string]any{"type": "input_file", "filename": "paper.pdf", "file_data": "data:application/pdf;base64," + pdf})
	}
	return append(all, map[string]any{"type": "message", "role": "user", "content": parts})
}

func responsesWhole(t *testing.T, m gjson.Result, h *heard) {
	t.Helper()
	if m.Get("object").String() != "response" || m.Get("id").String() == "" || !m.Get("output").IsArray() {
		t.Errorf("no response: %s", m.Raw)
	}
	h.model = m.Get("model").String()
	for _, item := range m.Get("output").Array() {
		h.item(t, item)
		h.echo = append(h.echo, json.RawMessage(item.Raw))
	}
	switch status := m.Get("status").String(); {
	case status == "incomplete" && m.Get("incomplete_details.reason").String() == "max_output_tokens":
		h.stop = "length"
	case status != "completed":
		h.stop = status
	case len(h.calls) > 0:
		h.stop = "tools"
	default:
		h.stop = "end"
	}
	if u := m.Get("usage"); u.IsObject() {
		h.prompt, h.output = int(u.Get("input_tokens").Int()), int(u.Get("output_tokens").Int())
		h.cached = int(u.Get("input_tokens_details.cached_tokens").Int())
	}
	h.ended = true
}

func (h *heard) item(t *testing.T, item gjson.Result) {
	t.Helper()
	switch item.Get("type").String() {
	case "message":
		for _, part := range item.Get("content").Array() {
			h.text += part.Get("text").String()
		}
	case "reasoning":
		for _, part := range item.Get("summary").Array() {
			h.thinking += part.Get("text").String()
		}
		h.signature = item.Get("encrypted_content").String()
	case "function_call":
		h.calls = append(h.calls, heardCall{item.Get("call_id").String(), item.Get("name").String(), item.Get("arguments").String()})
	default:
		t.Errorf("an unknown item: %s", item.Raw)
	}
}

// responsesStream reads a stream, whose pieces must add up to the response that
// closes it.
func responsesStream(t *testing.T, all []sse, h *heard) {
	t.Helper()
	text, arguments, items := "", map[string]string{}, 0
	for i, e := range all {
		kind := e.data.Get("type").String()
		if e.name != kind {
			t.Errorf("event %q is of type %s", e.name, kind)
		}
		if n := e.data.Get("sequence_number"); !n.Exists() || int(n.Int()) != i {
			t.Errorf("event %d has the number %s", i, n.Raw)
		}
		switch kind {
		case "response.created":
			h.model = e.data.Get("response.model").String()
		case "response.output_text.delta":
			text += e.data.Get("delta").String()
		case "response.function_call_arguments.delta":
			arguments[e.data.Get("item_id").String()] += e.data.Get("delta").String()
		case "response.output_item.done":
			items++
		case "response.completed", "response.incomplete":
			responsesWhole(t, e.data.Get("response"), h)
			h.ended = i == len(all)-1
		case "response.failed":
			h.midway, h.kind, h.said = true, e.data.Get("response.error.code").String(), e.data.Get("response.error.message").String()
		}
	}
	if !h.ended {
		h.text = text
		return
	}
	if text != h.text || items != len(h.echo) {
		t.Errorf("pieces of text %q and %d items, and the response has %q and %d", text, items, h.text, len(h.echo))
	}
	sum := 0
	for _, a := range arguments {
		sum += len(a)
	}
	for _, c := range h.calls {
		sum -= len(c.arguments)
	}
	if sum != 0 {
		t.Errorf("pieces of arguments %q, calls %q", arguments, h.calls)
	}
}
