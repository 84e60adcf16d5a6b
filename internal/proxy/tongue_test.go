package proxy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/glmtray/glmtray/internal/proxy/dialect"
)

// wish is a request in no dialect.
type wish struct {
	model   string
	stream  bool
	system  string
	turns   []turn
	tools   []string // their names
	think   bool
	schema  string // that the answer must fit
	limit   int    // tokens; 0: 2000
	further string // members of the body, in the client's own dialect: `"top_k":3`
}

// turn is what one side says.
type turn struct {
	text    string // of the user
	picture bool   // ... and a picture beside it
	pdf     bool   // ... and a document
	late    string // a system message in the midst
	echo    []any  // of the assistant, as its client keeps it
	results []result
}

type result struct{ id, text string }

// heard is an answer in no dialect.
type heard struct {
	status         int
	text, thinking string
	signature      string
	calls          []heardCall
	stop           string // "end", "tools", "length", or the dialect's own word
	model          string // that the answer names
	prompt, cached int    // tokens
	output         int
	kind, said     string // of an error
	midway         bool   // the error came within a stream
	ended          bool   // the stream was closed as its dialect demands
	echo           []any
}

type heardCall struct{ id, name, arguments string }

// tongue is a client of one dialect: small, strict, and nothing of it shared with
// what it tests.
type tongue struct {
	name   dialect.Name
	path   string
	header []string
	body   func(w *wish) map[string]any
	whole  func(t *testing.T, m gjson.Result, h *heard)
	stream func(t *testing.T, all []sse, h *heard)
}

var tongues = []tongue{
	{
		name: dialect.OpenAI, path: "/v1/chat/completions",
		body: openAIBody, whole: openAIWhole, stream: openAIStream,
	},
	{
		name: dialect.Anthropic, path: "/v1/messages?beta=true", header: []string{"Anthropic-Version", "2023-06-01"},
		body: anthropicBody, whole: anthropicWhole, stream: anthropicStream,
	},
	{
		name: dialect.Responses, path: "/v1/responses",
		body: responsesBody, whole: responsesWhole, stream: responsesStream,
	},
}

func tongueOf(name dialect.Name) *tongue {
	for i := range tongues {
		if tongues[i].name == name {
			return &tongues[i]
		}
	}
	return nil
}

// says is a conversation that has only begun.
func says(text string) []turn { return []turn{{text: text}} }

// ask sends a request and reads the answer to its end.
func (k *tongue) ask(t *testing.T, r *rig, w wish) *heard {
	t.Helper()
	p := r.do("POST", k.path, k.request(t, w), k.header...)
	h := &heard{status: p.StatusCode}
	events := strings.HasPrefix(p.Header.Get("Content-Type"), "text/event-stream")
	switch {
	case p.err != nil:
		t.Fatalf("reading the answer: %v", p.err)
	case p.StatusCode != 200 || !w.stream:
		m := gjson.ParseBytes(p.body)
		if events || !gjson.ValidBytes(p.body) {
			t.Fatalf("no JSON: %s", p.body)
		}
		if p.StatusCode != 200 {
			h.fault(m)
			return h
		}
		k.whole(t, m, h)
	case !events:
		t.Fatalf("no stream: %v %s", p.Header, p.body)
	default:
		k.stream(t, readSSE(t, p.body), h)
	}
	if t.Failed() {
		t.Logf("the answer: %s", p.body)
	}
	return h
}

func (k *tongue) request(t *testing.T, w wish) []byte {
	t.Helper()
	if w.model == "" {
		w.model = "claude-fable-5" // as Claude Code asks; whoever serves it has it not
	}
	if w.limit == 0 {
		w.limit = 2000
	}
	raw, err := json.Marshal(k.body(&w))
	if err != nil {
		t.Fatal(err)
	}
	if w.further != "" {
		raw = append(append(append(raw[:len(raw)-1], ','), w.further...), '}')
	}
	return raw
}

// fault reads an error's object; OpenAI's and Anthropic's are alike enough.
func (h *heard) fault(m gjson.Result) {
	h.kind, h.said = m.Get("error.type").String(), m.Get("error.message").String()
}

// sse is one event of a stream.
type sse struct {
	name string
	data gjson.Result
	raw  string
}

// readSSE takes a stream apart; comments are left out.
func readSSE(t *testing.T, body []byte) (all []sse) {
	t.Helper()
	if len(body) > 0 && !bytes.HasSuffix(body, []byte("\n\n")) {
		t.Errorf("the last event is not closed: %q", body[max(0, len(body)-80):])
	}
	for block := range strings.SplitSeq(string(body), "\n\n") {
		var e sse
		for line := range strings.SplitSeq(block, "\n") {
			if name, ok := strings.CutPrefix(line, "event: "); ok {
				e.name = name
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				e.raw += data
			}
		}
		if e.raw == "" {
			continue
		}
		if e.data = gjson.Parse(e.raw); e.raw != "[DONE]" && !gjson.Valid(e.raw) {
			t.Errorf("a broken event: %q", e.raw)
		}
		all = append(all, e)
	}
	return all
}

// object is the parameters of a tool with one text.
func object(field string) map[string]any {
	return map[string]any{
		"type": "object", "properties": map[string]any{field: map[string]any{"type": "string"}}, "required": []string{field},
	}
}

const picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// pdf is a document of no pages.
const pdf = "JVBERi0xLjQKJSVFT0YK"

// openAIBody says a wish in chat completions.
func openAIBody(w *wish) map[string]any {
	var messages []any
	if w.system != "" {
		messages = append(messages, map[string]any{"role": "system", "content": w.system})
	}
	for _, turn := range w.turns {
		messages = append(messages, openAIMessages(turn)...)
	}
	m := map[string]any{"model": w.model, "messages": messages, "max_completion_tokens": w.limit}
	if w.stream {
		m["stream"], m["stream_options"] = true, map[string]any{"include_usage": true}
	}
	if w.think {
		m["reasoning_effort"] = "high"
	}
	if w.schema != "" {
		m["response_format"] = map[string]any{
			"type": "json_schema", "json_schema": map[string]any{"name": "form", "schema": json.RawMessage(w.schema)},
		}
	}
	var tools []any
	for _, name := range w.tools {
		tools = append(tools, map[string]any{"type": "function", "function": map[string]any{
			"name": name, "description": "does " + name, "parameters": object("city"),
		}})
	}
	if tools != nil {
		m["tools"] = tools
	}
	return m
}

func openAIMessages(turn turn) (all []any) {
	all = append(all, turn.echo...)
	for _, r := range turn.results {
		all = append(all, map[string]any{"role": "tool", "tool_call_id": r.id, "content": r.text})
	}
	if turn.late != "" {
		all = append(all, map[string]any{"role": "system", "content": turn.late})
	}
	if turn.text == "" {
		return all
	}
	parts := []any{map[string]any{"type": "text", "text": turn.text}}
	if turn.picture {
		parts = append(parts, map[string]any{"type": "image_url", "image_url": map[string]any{"url": "data:image/png;base64," + picture}})
	}
	if turn.pdf {
		parts = append(parts, map[string]any{"type": "file", "file": map[string]any{
			"filename": "paper.pdf", "file_data": "data:application/pdf;base64," + pdf,
		}})
	}
	return append(all, map[string]any{"role": "user", "content": parts})
}

func openAIWhole(t *testing.T, m gjson.Result, h *heard) {
	t.Helper()
	message := m.Get("choices.0.message")
	h.text = message.Get("content").String()
	h.thinking = message.Get("reasoning_content").String() + message.Get("reasoning").String()
	h.model, h.stop = m.Get("model").String(), openAIStops(m.Get("choices.0.finish_reason").String())
	for _, c := range message.Get("tool_calls").Array() {
		h.calls = append(h.calls, heardCall{c.Get("id").String(), c.Get("function.name").String(), c.Get("function.arguments").String()})
	}
	h.openAIUsage(m.Get("usage"))
	h.ended = true
	h.echo = []any{json.RawMessage(message.Raw)}
}

func openAIStops(word string) string {
	switch word {
	case "stop":
		return "end"
	case "tool_calls":
		return "tools"
	}
	return word
}

func (h *heard) openAIUsage(u gjson.Result) {
	if u.IsObject() {
		h.prompt, h.output = int(u.Get("prompt_tokens").Int()), int(u.Get("completion_tokens").Int())
		h.cached = int(u.Get("prompt_tokens_details.cached_tokens").Int())
	}
}

func openAIStream(t *testing.T, all []sse, h *heard) {
	t.Helper()
	for i, e := range all {
		switch {
		case e.raw == "[DONE]":
			h.ended = i == len(all)-1
		case e.data.Get("error").Exists():
			h.fault(e.data)
			h.midway = true
		default:
			h.chunk(t, e.data)
		}
	}
	message := map[string]any{"role": "assistant", "content": h.text}
	if h.thinking != "" {
		message["reasoning_content"] = h.thinking
	}
	var calls []any
	for _, c := range h.calls {
		calls = append(calls, map[string]any{
			"id": c.id, "type": "function", "function": map[string]any{"name": c.name, "arguments": c.arguments},
		})
	}
	if calls != nil {
		message["tool_calls"] = calls
	}
	h.echo = []any{message}
}

func (h *heard) chunk(t *testing.T, m gjson.Result) {
	t.Helper()
	if m.Get("object").String() != "chat.completion.chunk" || m.Get("id").String() == "" || !m.Get("choices").IsArray() {
		t.Errorf("no chunk: %s", m.Raw)
	}
	h.model = m.Get("model").String()
	h.openAIUsage(m.Get("usage"))
	d := m.Get("choices.0.delta")
	h.text += d.Get("content").String()
	h.thinking += d.Get("reasoning_content").String() + d.Get("reasoning").String()
	if word := m.Get("choices.0.finish_reason").String(); word != "" {
		h.stop = openAIStops(word)
	}
	for _, c := range d.Get("tool_calls").Array() {
		at := int(c.Get("index").Int())
		if !c.Get("index").Exists() || at > len(h.calls) {
			t.Errorf("a call without its place: %s", c.Raw)
			continue
		}
		if at == len(h.calls) {
			h.calls = append(h.calls, heardCall{id: c.Get("id").String(), name: c.Get("function.name").String()})
		}
		h.calls[at].arguments += c.Get("function.arguments").String()
	}
}

// String is what a failed test shows.
func (h *heard) String() string {
	return fmt.Sprintf("%d text %q, thinking %q, calls %q, stop %q, model %q, %d+%d tokens, error %q %q (midway %t), ended %t",
		h.status, h.text, h.thinking, h.calls, h.stop, h.model, h.prompt, h.output, h.kind, h.said, h.midway, h.ended)
}
