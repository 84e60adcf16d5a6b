package simulator

import (
	"bytes"
	"slices"
	"strings"
)

// chat is an answer in OpenAI's form.
type chat struct{ *completion }

type usage struct {
	Prompt            int `json:"prompt_tokens"`
	Completion        int `json:"completion_tokens"`
	Total             int `json:"total_tokens"`
	PromptDetails     any `json:"prompt_tokens_details,omitempty"`
	CompletionDetails any `json:"completion_tokens_details,omitempty"`
}

type envelope struct {
	ID        string    `json:"id"`
	RequestID string    `json:"request_id,omitempty"` // Z.ai's whole answers
	Choices   []choice  `json:"choices"`
	Created   int64     `json:"created"`
	Model     string    `json:"model"`
	Print     string    `json:"system_fingerprint,omitempty"`
	Object    string    `json:"object"`
	Usage     *usage    `json:"usage,omitempty"`
	TimeInfo  *timeInfo `json:"time_info,omitempty"` // Cerebras
}

type choice struct {
	Index   int      `json:"index"`
	Delta   *message `json:"delta,omitempty"`
	Message *message `json:"message,omitempty"`
	Finish  *string  `json:"finish_reason"`
}

type message struct {
	Role             string     `json:"role,omitempty"`
	Content          *string    `json:"content,omitempty"`
	Reasoning        string     `json:"reasoning,omitempty"`
	ReasoningContent string     `json:"reasoning_content,omitempty"`
	ToolCalls        []toolCall `json:"tool_calls,omitempty"`
}

type toolCall struct {
	Index    *int     `json:"index,omitempty"`
	ID       string   `json:"id,omitempty"`
	Type     string   `json:"type,omitempty"`
	Function function `json:"function"`
}

type function struct {
	Name      string `json:"name,omitempty"`
	Arguments string `json:"arguments"`
}

type timeInfo struct {
	Queue      float64 `json:"queue_time"`
	Prompt     float64 `json:"prompt_time"`
	Completion float64 `json:"completion_time"`
	Total      float64 `json:"total_time"`
	Created    int64   `json:"created"`
}

func (r chat) usage() *usage {
	s := r.spent
	u := &usage{
		Prompt: s.prompt, Completion: s.output, Total: s.prompt + s.output,
		PromptDetails: map[string]int{"cached_tokens": s.cached},
	}
	if s.thinking > 0 {
		u.CompletionDetails = map[string]int{"reasoning_tokens": s.thinking}
	}
	return u
}

func (r chat) envelope(object string) *envelope {
	e := &envelope{ID: r.id, Created: r.created.Unix(), Model: r.model, Object: object, Choices: []choice{}}
	if r.vendor == Cerebras {
		e.Print = "fp_8a5ba7bcdcb7ff2ac0a5"
	}
	return e
}

func (r chat) timeInfo() *timeInfo {
	if r.vendor != Cerebras {
		return nil
	}
	spent := float64(r.spent.output) / 1850 // tokens a second of qwen-3.8-27b
	return &timeInfo{Queue: 0.0001, Prompt: 0.002, Completion: spent, Total: 0.0021 + spent, Created: r.created.Unix()}
}

// whole is the answer in one piece.
func (r chat) whole() []byte {
	e := r.envelope("chat.completion")
	m := &message{Role: "assistant"}
	if text := strings.Join(r.text, ""); text != "" || len(r.calls) == 0 {
		m.Content = &text
	}
	r.reason(m, strings.Join(r.reasoning, ""))
	for _, c := range r.calls {
		m.ToolCalls = append(m.ToolCalls, toolCall{ID: c.id, Type: "function", Function: function{c.name, c.arguments}})
	}
	e.Choices = []choice{{Message: m, Finish: &r.finish}}
	e.Usage, e.TimeInfo = r.usage(), r.timeInfo()
	if r.vendor == ZAI {
		e.RequestID = r.id
	}
	return encode(e)
}

func (r chat) reason(m *message, text string) {
	if r.play.reasoning == "reasoning" {
		m.Reasoning = text
	} else {
		m.ReasoningContent = text
	}
}

// events is the answer as a stream.
func (r chat) events() []event {
	var all []event
	role := "assistant"
	if r.play.roleChunk {
		all, role = append(all, r.opening()), ""
	}
	for _, p := range r.reasoning {
		m := &message{Role: role}
		r.reason(m, p)
		all = append(all, r.chunk(kindReasoning, m))
	}
	for _, p := range r.text {
		all = append(all, r.chunk(kindContent, &message{Role: role, Content: &p}))
	}
	calls := make([][]event, len(r.calls))
	for i, c := range r.calls {
		calls[i] = r.toolEvents(i, c, role)
	}
	return slices.Concat(all, r.byTurns(calls), r.ending(role))
}

func (r chat) opening() event {
	empty := ""
	return r.chunk(kindRole, &message{Role: "assistant", Content: &empty})
}

func (r chat) more(_ event, text string) event {
	return r.chunk(kindContent, &message{Content: &text})
}

func (r chat) broken() []byte {
	return []byte(`data: {"id":"chatcmpl-0","choices":[{"delta":{"content":"bro` + "\n\n")
}

func (r chat) failure(body []byte) []byte { return line(oneLine(body)) }

// oneLine is JSON as it may stand in an event's data.
func oneLine(body []byte) []byte { return bytes.ReplaceAll(body, []byte("\n"), []byte(" ")) }

// toolEvents are one tool call: whole, or name first and the arguments in
// fragments that carry index and type but neither id nor name, as Cerebras
// sends them.
func (r chat) toolEvents(i int, c call, role string) []event {
	tool := func(t toolCall) event {
		t.Index, t.Type = &i, "function"
		return r.chunk(kindTool, &message{Role: role, ToolCalls: []toolCall{t}})
	}
	if !r.split {
		return []event{tool(toolCall{ID: c.id, Function: function{c.name, c.arguments}})}
	}
	all := []event{tool(toolCall{ID: c.id, Function: function{Name: c.name}})}
	for _, p := range r.fragments(c) {
		all = append(all, tool(toolCall{Function: function{Arguments: p}}))
	}
	return all
}

// ending is the finish, the usage in or after it, and [DONE].
func (r chat) ending(role string) []event {
	m := &message{Role: role}
	if r.vendor == ZAI {
		empty := ""
		m.Content = &empty
	}
	e := r.envelope("chat.completion.chunk")
	e.Choices = []choice{{Delta: m, Finish: &r.finish}}
	e.TimeInfo = r.timeInfo()
	if !r.noUsage && !r.separate {
		e.Usage = r.usage()
	}
	all := []event{{kind: kindFinish, data: line(encode(e))}}
	if !r.noUsage && r.separate {
		u := r.envelope("chat.completion.chunk")
		u.Usage = r.usage()
		all = append(all, event{kind: kindUsage, data: line(encode(u))})
	}
	return append(all, event{kind: kindDone, data: line([]byte("[DONE]"))})
}

func (r chat) chunk(kind int, m *message) event {
	e := r.envelope("chat.completion.chunk")
	e.Choices = []choice{{Delta: m}}
	return event{kind: kind, data: line(encode(e))}
}
