package simulator

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// messages is an answer in Anthropic's form (docs.claude.com/en/api, and
// anthropic-sdk-go 1.60.0 of 2026-07-23).
type messages struct{ *completion }

// spentTokens is usage as Anthropic tells it: input excludes what the caches
// read and took, output includes thinking.
type spentTokens struct {
	Input   int `json:"input_tokens"`
	Written int `json:"cache_creation_input_tokens"`
	Cached  int `json:"cache_read_input_tokens"`
	Output  int `json:"output_tokens"`
}

// messageBody is the message around an answer's blocks.
type messageBody struct {
	ID        string       `json:"id"`
	Type      string       `json:"type"`
	Role      string       `json:"role"`
	Model     string       `json:"model"`
	Content   []block      `json:"content"`
	Stop      *string      `json:"stop_reason"`
	StoppedBy *string      `json:"stop_sequence"`
	Usage     *spentTokens `json:"usage"`
}

// block is a content block; which members stand in it depends on its type.
type block struct {
	Type      string          `json:"type"`
	Text      *string         `json:"text,omitempty"`
	Thinking  *string         `json:"thinking,omitempty"`
	Signature *string         `json:"signature,omitempty"`
	Data      string          `json:"data,omitempty"`
	ID        *string         `json:"id,omitempty"`
	Name      string          `json:"name,omitempty"`
	Input     json.RawMessage `json:"input,omitempty"`
}

// delta is what a block's, or the message's, further event brings.
type delta struct {
	Type      string  `json:"type,omitempty"`
	Text      *string `json:"text,omitempty"`
	Thinking  *string `json:"thinking,omitempty"`
	Signature *string `json:"signature,omitempty"`
	JSON      *string `json:"partial_json,omitempty"`
}

// ending is what closes a message.
type ending struct {
	Stop      string  `json:"stop_reason"`
	StoppedBy *string `json:"stop_sequence"`
}

// named is a stream event; its type is its name.
type named struct {
	Type    string       `json:"type"`
	Index   *int         `json:"index,omitempty"`
	Message *messageBody `json:"message,omitempty"`
	Block   *block       `json:"content_block,omitempty"`
	Delta   any          `json:"delta,omitempty"`
	Usage   *spentTokens `json:"usage,omitempty"`
}

func (e named) event(kind int) event {
	data := append([]byte("event: "+e.Type+"\n"), line(encode(e))...)
	out := event{kind: kind, data: data}
	if e.Index != nil {
		out.block = *e.Index
	}
	return out
}

// stopReasons are Anthropic's words for OpenAI's; any other is taken as it is.
var stopReasons = map[string]string{
	"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal", "sensitive": "refusal",
}

func (r messages) stop() *string {
	reason := cmp.Or(stopReasons[r.finish], r.finish)
	return &reason
}

func (r messages) stoppedBy() *string {
	if r.stopped == "" {
		return nil
	}
	return &r.stopped
}

func (r messages) usage() *spentTokens {
	s := r.spent
	return &spentTokens{Input: s.prompt - s.cached - s.written, Written: s.written, Cached: s.cached, Output: s.output}
}

func (r messages) body() *messageBody {
	return &messageBody{ID: r.id, Type: "message", Role: "assistant", Model: r.model, Content: []block{}}
}

// whole is the answer in one piece.
func (r messages) whole() []byte {
	b := r.body()
	if len(r.reasoning) > 0 {
		b.Content = append(b.Content, r.thought(r.thoughts()))
	}
	if text := strings.Join(r.text, ""); text != "" {
		b.Content = append(b.Content, block{Type: "text", Text: &text})
	}
	for _, c := range r.calls {
		b.Content = append(b.Content, block{Type: "tool_use", ID: &c.id, Name: c.name, Input: input(c.arguments)})
	}
	b.Stop, b.StoppedBy, b.Usage = r.stop(), r.stoppedBy(), r.usage()
	return encode(b)
}

// input is a call's arguments as an object, or as text if they are no JSON.
func input(arguments string) json.RawMessage {
	switch {
	case arguments == "":
		return json.RawMessage("{}")
	case !json.Valid([]byte(arguments)):
		return json.RawMessage(quote(arguments))
	}
	return json.RawMessage(arguments)
}

// thoughts is the thinking's text as far as it is shown.
func (r messages) thoughts() string {
	if r.thinking == "hidden" {
		return ""
	}
	return strings.Join(r.reasoning, "")
}

func (r messages) thought(text string) block {
	if r.thinking == "redacted" {
		return block{Type: "redacted_thinking", Data: r.signature}
	}
	return block{Type: "thinking", Thinking: &text, Signature: &r.signature}
}

// events is the answer as a stream.
func (r messages) events() []event {
	all := []event{r.opening()}
	if r.vendor == Anthropic {
		all = append(all, named{Type: "ping"}.event(kindOther))
	}
	at := 0
	if len(r.reasoning) > 0 {
		all = append(all, r.thinkingEvents(at)...)
		at++
	}
	if total(r.text) > 0 {
		all = append(all, r.textEvents(at)...)
		at++
	}
	calls := make([][]event, len(r.calls))
	for i, c := range r.calls {
		calls[i] = r.toolEvents(at+i, c)
	}
	return slices.Concat(all, r.byTurns(calls), r.ending())
}

// opening is message_start. Z.ai's tells no usage (zai-org/GLM-5#139,
// 2026-09-01); elsewhere it knows the input and one token of output.
func (r messages) opening() event {
	b := r.body()
	b.Usage = r.usage()
	b.Usage.Output = min(1, b.Usage.Output)
	if r.late {
		b.Usage = &spentTokens{}
	}
	return named{Type: "message_start", Message: b}.event(kindRole)
}

func (r messages) ending() []event {
	e := named{Type: "message_delta", Delta: ending{*r.stop(), r.stoppedBy()}, Usage: r.usage()}
	if r.noUsage {
		e.Usage = nil
	}
	return []event{e.event(kindFinish), named{Type: "message_stop"}.event(kindDone)}
}

func starts(at int, b block, kind int) event {
	return named{Type: "content_block_start", Index: &at, Block: &b}.event(kind)
}

func goesOn(at int, d delta, kind int) event {
	return named{Type: "content_block_delta", Index: &at, Delta: d}.event(kind)
}

func stops(at int) event { return named{Type: "content_block_stop", Index: &at}.event(kindOther) }

func (r messages) thinkingEvents(at int) []event {
	empty := ""
	if r.thinking == "redacted" {
		return []event{starts(at, r.thought(""), kindReasoning), stops(at)}
	}
	all := []event{starts(at, block{Type: "thinking", Thinking: &empty, Signature: &empty}, kindOther)}
	for _, p := range r.reasoning {
		if r.thinking != "hidden" {
			all = append(all, goesOn(at, delta{Type: "thinking_delta", Thinking: &p}, kindReasoning))
		}
	}
	if r.signature != "" {
		all = append(all, goesOn(at, delta{Type: "signature_delta", Signature: &r.signature}, kindOther))
	}
	return append(all, stops(at))
}

func (r messages) textEvents(at int) []event {
	empty := ""
	all := []event{starts(at, block{Type: "text", Text: &empty}, kindOther)}
	for _, p := range r.text {
		all = append(all, goesOn(at, delta{Type: "text_delta", Text: &p}, kindContent))
	}
	return append(all, stops(at))
}

func (r messages) toolEvents(at int, c call) []event {
	all := []event{starts(at, block{Type: "tool_use", ID: &c.id, Name: c.name, Input: input("")}, kindTool)}
	for _, p := range r.fragments(c) {
		if p != "" {
			all = append(all, goesOn(at, delta{Type: "input_json_delta", JSON: &p}, kindTool))
		}
	}
	return append(all, stops(at))
}

// more goes on with the open block if that has text; elsewhere it is a ping.
func (r messages) more(behind event, text string) event {
	switch behind.kind {
	case kindContent:
		return goesOn(behind.block, delta{Type: "text_delta", Text: &text}, kindContent)
	case kindReasoning:
		return goesOn(behind.block, delta{Type: "thinking_delta", Thinking: &text}, kindReasoning)
	}
	return event{kind: kindOther, data: []byte("event: ping\ndata: " + `{"type":"ping","padding":` + quote(text) + "}\n\n")}
}

func (r messages) broken() []byte {
	return []byte("event: content_block_delta\ndata: " +
		`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"bro` + "\n\n")
}

func (r messages) failure(body []byte) []byte {
	return append([]byte("event: error\n"), line(oneLine(body))...)
}

// sign gives thinking the mark by which the simulator knows its own again.
func (r *completion) sign(seed uint64, text string) {
	switch r.thinking {
	case "unsigned":
	case "hidden":
		r.signature = signature(seed, "")
	case "redacted":
		r.signature = redact(seed, text)
	default:
		r.signature = signature(seed, text)
	}
}

func signature(seed uint64, text string) string {
	sum := sha256.Sum256([]byte("thinking\x00" + strconv.FormatUint(seed, 10) + "\x00" + text))
	return "EsIm" + base64.StdEncoding.EncodeToString(sum[:])
}

// redact hides thinking in what only the simulator reads.
func redact(seed uint64, text string) string {
	return base64.StdEncoding.EncodeToString([]byte(signature(seed, text) + text))
}

// redactedHere reports whether redact made it.
func redactedHere(seed uint64, data string) bool {
	plain, err := base64.StdEncoding.DecodeString(data)
	n := len(signature(seed, ""))
	return err == nil && len(plain) >= n && string(plain[:n]) == signature(seed, string(plain[n:]))
}
