package proxy_test

import (
	"encoding/json"
	"testing"

	"github.com/tidwall/gjson"
)

// anthropicBody says a wish in Messages.
func anthropicBody(w *wish) map[string]any {
	var messages []any
	for _, turn := range w.turns {
		messages = append(messages, anthropicMessages(turn)...)
	}
	m := map[string]any{"model": w.model, "messages": messages, "max_tokens": w.limit}
	if w.system != "" {
		m["system"] = []any{map[string]any{"type": "text", "text": w.system, "cache_control": map[string]any{"type": "ephemeral"}}}
	}
	if w.stream {
		m["stream"] = true
	}
	output := map[string]any{}
	if w.think {
		m["thinking"] = map[string]any{"type": "adaptive"}
		output["effort"] = "high"
	}
	if w.schema != "" {
		output["format"] = map[string]any{"type": "json_schema", "schema": json.RawMessage(w.schema)}
	}
	if len(output) > 0 {
		m["output_config"] = output
	}
	var tools []any
	for _, name := range w.tools {
		tools = append(tools, map[string]any{"name": name, "description": "does " + name, "input_schema": object("city")})
	}
	if tools != nil {
		m["tools"] = tools
	}
	return m
}

func anthropicMessages(turn turn) (all []any) {
	if turn.echo != nil {
		all = append(all, map[string]any{"role": "assistant", "content": turn.echo})
	}
	var blocks []any
	for _, r := range turn.results {
		blocks = append(blocks, map[string]any{"type": "tool_result", "tool_use_id": r.id, "content": r.text})
	}
	if turn.text != "" {
		blocks = append(blocks, map[string]any{"type": "text", "text": turn.text})
	}
	if turn.picture {
		blocks = append(blocks, map[string]any{"type": "image", "source": map[string]any{"type": "base64", "media_type": "image/png", "data": picture}})
	}
	if turn.pdf {
		blocks = append(blocks, map[string]any{"type": "document", "source": map[string]any{"type": "base64", "media_type": "application/pdf", "data": pdf}})
	}
	if blocks != nil {
		all = append(all, map[string]any{"role": "user", "content": blocks})
	}
	if turn.late != "" { // as Claude Code sends it: behind the user's message
		all = append(all, map[string]any{"role": "system", "content": turn.late})
	}
	return all
}

func anthropicStops(word string) string {
	switch word {
	case "end_turn":
		return "end"
	case "tool_use":
		return "tools"
	case "max_tokens":
		return "length"
	}
	return word
}

func (h *heard) anthropicUsage(u gjson.Result) {
	if in := u.Get("input_tokens"); in.Exists() {
		h.cached = int(u.Get("cache_read_input_tokens").Int())
		h.prompt = int(in.Int()+u.Get("cache_creation_input_tokens").Int()) + h.cached
	}
	h.output = int(u.Get("output_tokens").Int())
}

func anthropicWhole(t *testing.T, m gjson.Result, h *heard) {
	t.Helper()
	if m.Get("type").String() != "message" || m.Get("role").String() != "assistant" || m.Get("id").String() == "" || !m.Get("usage").IsObject() {
		t.Errorf("no message: %s", m.Raw)
	}
	for _, b := range m.Get("content").Array() {
		h.block(t, b)
		h.echo = append(h.echo, json.RawMessage(b.Raw))
	}
	h.model, h.stop = m.Get("model").String(), anthropicStops(m.Get("stop_reason").String())
	h.anthropicUsage(m.Get("usage"))
	h.ended = true
}

// block takes a block in that is complete.
func (h *heard) block(t *testing.T, b gjson.Result) {
	t.Helper()
	switch b.Get("type").String() {
	case "text":
		if h.text += b.Get("text").String(); b.Get("text").String() == "" {
			t.Errorf("an empty text, which the client would send back")
		}
	case "thinking":
		h.thinking += b.Get("thinking").String()
		h.signature = b.Get("signature").String()
	case "redacted_thinking":
		h.signature = b.Get("data").String()
	case "tool_use":
		h.calls = append(h.calls, heardCall{b.Get("id").String(), b.Get("name").String(), b.Get("input").Raw})
	default:
		t.Errorf("an unknown block: %s", b.Raw)
	}
}

// strict reads a stream of Messages as the strictest client does: every event
// under its name, one block after the other, each begun and ended.
type strict struct {
	t     *testing.T
	h     *heard
	at    int    // the block that comes next, or is open
	open  bool   //
	block []byte // of the open one, as it stands
	json  string // input so far
	phase string // the event before, but for blocks
}

func anthropicStream(t *testing.T, all []sse, h *heard) {
	t.Helper()
	s := strict{t: t, h: h}
	for _, e := range all {
		if e.name != e.data.Get("type").String() {
			t.Errorf("event %q is of type %s", e.name, e.data.Get("type"))
		}
		s.event(e)
	}
	h.ended = s.phase == "message_stop"
	if !h.ended && h.kind == "" {
		t.Errorf("it ends behind %q and no error says so", s.phase)
	}
}

func (s *strict) event(e sse) {
	s.t.Helper()
	if s.phase == "message_stop" || s.phase == "error" {
		s.t.Errorf("%s behind %s", e.name, s.phase)
	}
	switch e.name {
	case "ping":
	case "message_start":
		s.follows(e, "")
		if m := e.data.Get("message"); !m.Get("content").IsArray() || !m.Get("usage.input_tokens").Exists() || !m.Get("usage.output_tokens").Exists() {
			s.t.Errorf("it opens with %s", e.raw)
		}
		s.h.model = e.data.Get("message.model").String()
		s.h.anthropicUsage(e.data.Get("message.usage"))
	case "content_block_start", "content_block_delta", "content_block_stop":
		s.part(e)
	case "message_delta":
		s.follows(e, "message_start")
		s.h.stop = anthropicStops(e.data.Get("delta.stop_reason").String())
		if !e.data.Get("usage.output_tokens").Exists() {
			s.t.Errorf("no usage: %s", e.raw)
		}
		s.h.anthropicUsage(e.data.Get("usage"))
	case "message_stop":
		s.follows(e, "message_delta")
	case "error":
		s.h.fault(e.data)
		s.h.midway, s.phase = true, "error"
		if s.open { // as far as it came
			s.h.text += gjson.GetBytes(s.block, "text").String()
		}
	default:
		s.t.Errorf("an unknown event: %s", e.raw)
	}
}

func (s *strict) follows(e sse, before string) {
	s.t.Helper()
	if s.phase != before || s.open {
		s.t.Errorf("%s behind %q, a block open: %t", e.name, s.phase, s.open)
	}
	s.phase = e.name
}

func (s *strict) part(e sse) {
	s.t.Helper()
	begins := e.name == "content_block_start"
	if s.phase != "message_start" || s.open == begins || !e.data.Get("index").Exists() || int(e.data.Get("index").Int()) != s.at {
		s.t.Errorf("block %d is due, open %t, and there comes %s", s.at, s.open, e.raw)
	}
	switch {
	case begins:
		s.open, s.block, s.json = true, []byte(e.data.Get("content_block").Raw), ""
	case e.name == "content_block_stop":
		s.open = false
		s.at++
		if s.json != "" {
			s.set("input", json.RawMessage(s.json))
		}
		s.h.block(s.t, gjson.ParseBytes(s.block))
		s.h.echo = append(s.h.echo, json.RawMessage(s.block))
	default:
		s.delta(e.data.Get("delta"))
	}
}

func (s *strict) delta(d gjson.Result) {
	s.t.Helper()
	kind := gjson.GetBytes(s.block, "type").String()
	switch d.Get("type").String() + " in " + kind {
	case "text_delta in text":
		s.set("text", gjson.GetBytes(s.block, "text").String()+d.Get("text").String())
	case "thinking_delta in thinking":
		s.set("thinking", gjson.GetBytes(s.block, "thinking").String()+d.Get("thinking").String())
	case "signature_delta in thinking":
		s.set("signature", gjson.GetBytes(s.block, "signature").String()+d.Get("signature").String())
	case "input_json_delta in tool_use":
		s.json += d.Get("partial_json").String()
	default:
		s.t.Errorf("in a block %s: %s", kind, d.Raw)
	}
}

// set changes one member of the open block.
func (s *strict) set(name string, value any) {
	var m map[string]any
	if err := json.Unmarshal(s.block, &m); err != nil {
		s.t.Fatal(err)
	}
	m[name] = value
	raw, err := json.Marshal(m)
	if err != nil {
		s.t.Fatalf("block %s with %s %v: %v", s.block, name, value, err)
	}
	s.block = raw
}
