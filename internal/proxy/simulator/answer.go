package simulator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The kinds of stream events.
const (
	kindRole = iota
	kindReasoning
	kindContent
	kindTool
	kindFinish
	kindUsage
	kindDone
	kindOther
)

// event is one stream event as it goes over the wire.
type event struct {
	kind int
	data []byte
}

// content reports whether the event carries something of the answer.
func (e event) content() bool {
	return e.kind == kindReasoning || e.kind == kindContent || e.kind == kindTool
}

// completion is an answer before it has a form.
type completion struct {
	play      *vendor
	vendor    string
	n         int // the call's number
	id        string
	created   time.Time
	model     string
	reasoning []string // pieces
	text      []string
	calls     []ToolCall
	finish    string
	usage     usage
	split     bool // tool calls come in fragments
	separate  bool // usage in a chunk of its own
	noUsage   bool // a stream tells none
}

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

// compose makes the answer a script gives to a request. All of it is decided
// here, so that the tokens are known before the first byte goes out.
func compose(s *Script, q *request, c *Call, now time.Time) *completion {
	a, play := s.answer(q.model), vendors[s.vendor()]
	fill := strings.NewReplacer("{{model}}", q.model, "{{key}}", c.Key, "{{account}}", c.Account, "{{n}}", strconv.Itoa(c.N))
	r := &completion{
		play: play, vendor: s.vendor(), n: c.N, id: answerID(s.vendor(), c.N, now), created: now,
		model: cmp.Or(a.Model, q.model), finish: "stop",
		split: !a.WholeCalls && (!play.wholeCalls || q.toolStream),
	}
	r.tellUsage(a, q)
	if a.Reasoning != "" {
		r.reasoning = pieces(fill.Replace(a.Reasoning), a.Chunk)
	}
	if len(a.ToolCalls) > 0 && q.tools && !q.hasResult {
		r.calls, r.finish = a.ToolCalls, "tool_calls"
	} else {
		r.text = a.pieces(fill)
	}
	r.finish = cmp.Or(a.Finish, r.finish)
	r.count(a, q)
	return r
}

// tellUsage decides where a stream tells its usage.
func (r *completion) tellUsage(a *Answer, q *request) {
	r.separate = a.Usage == "extra" || a.Usage == "" && r.play.extraUsage
	r.noUsage = a.Usage == "none" || r.separate && !q.wantsUsage
}

func (a *Answer) pieces(fill *strings.Replacer) []string {
	if a.Text == "" && a.Tokens > 0 {
		all := make([]string, a.Tokens)
		for i := range all {
			all[i] = "tok "
		}
		return all
	}
	text := a.Text
	if text == "" {
		text = "This is the simulator, answering as {{model}}."
	}
	return pieces(fill.Replace(text), a.Chunk)
}

// pieces cuts text into words, or into pieces of so many bytes without cutting
// a character in two.
func pieces(text string, size int) []string {
	if size <= 0 {
		return strings.SplitAfter(text, " ")
	}
	var all []string
	for len(text) > size {
		n := size
		for n < len(text) && !utf8.RuneStart(text[n]) {
			n++
		}
		all, text = append(all, text[:n]), text[n:]
	}
	return append(all, text)
}

// count works out the usage, and cuts the text short where the request's output
// limit does.
func (r *completion) count(a *Answer, q *request) {
	thinking := tokensOf(total(r.reasoning))
	n := thinking
	for _, c := range r.calls {
		n += tokensOf(len(c.Name) + len(c.Arguments))
	}
	for i, p := range r.text {
		t := tokensOf(len(p))
		if q.output > 0 && n+t > q.output {
			r.text, r.finish = r.text[:i], "length"
			break
		}
		n += t
	}
	prompt := int(float64(q.input)*cmp.Or(a.UsageFactor, 1) + 0.5)
	r.usage = usage{
		Prompt: prompt, Completion: n, Total: prompt + n,
		PromptDetails: map[string]int{"cached_tokens": min(a.Cached, prompt)},
	}
	if thinking > 0 {
		r.usage.CompletionDetails = map[string]int{"reasoning_tokens": thinking}
	}
}

func total(all []string) (n int) {
	for _, p := range all {
		n += len(p)
	}
	return n
}

// answerID looks like the vendor's, and is the same in every run.
func answerID(vendor string, n int, now time.Time) string {
	if vendor == ZAI {
		return now.In(china).Format("20060102150405") + fmt.Sprintf("%016x", n)
	}
	return fmt.Sprintf("chatcmpl-%08x-0000-4000-8000-%012x", n, n)
}

// callID is nine characters, as Cerebras' are.
func (r *completion) callID(i int) string { return fmt.Sprintf("%06x%03d", r.n, i) }

func (r *completion) envelope(object string) *envelope {
	e := &envelope{ID: r.id, Created: r.created.Unix(), Model: r.model, Object: object, Choices: []choice{}}
	if r.vendor == Cerebras {
		e.Print = "fp_8a5ba7bcdcb7ff2ac0a5"
	}
	return e
}

func (r *completion) timeInfo() *timeInfo {
	if r.vendor != Cerebras {
		return nil
	}
	spent := float64(r.usage.Completion) / 1850 // tokens a second of qwen-3.8-27b
	return &timeInfo{Queue: 0.0001, Prompt: 0.002, Completion: spent, Total: 0.0021 + spent, Created: r.created.Unix()}
}

// whole is the answer in one piece.
func (r *completion) whole() []byte {
	e := r.envelope("chat.completion")
	m := &message{Role: "assistant"}
	if text := strings.Join(r.text, ""); text != "" || len(r.calls) == 0 {
		m.Content = &text
	}
	r.reason(m, strings.Join(r.reasoning, ""))
	for i, c := range r.calls {
		m.ToolCalls = append(m.ToolCalls, toolCall{ID: r.callID(i), Type: "function", Function: function(c)})
	}
	e.Choices = []choice{{Message: m, Finish: &r.finish}}
	e.Usage, e.TimeInfo = &r.usage, r.timeInfo()
	if r.vendor == ZAI {
		e.RequestID = r.id
	}
	return encode(e)
}

func (r *completion) reason(m *message, text string) {
	if r.play.reasoning == "reasoning" {
		m.Reasoning = text
	} else {
		m.ReasoningContent = text
	}
}

// events is the answer as a stream.
func (r *completion) events() []event {
	var all []event
	role := "assistant"
	if r.play.roleChunk {
		all, role = append(all, r.roleEvent()), ""
	}
	for _, p := range r.reasoning {
		m := &message{Role: role}
		r.reason(m, p)
		all = append(all, r.chunk(kindReasoning, m))
	}
	for _, p := range r.text {
		all = append(all, r.chunk(kindContent, &message{Role: role, Content: &p}))
	}
	for i, c := range r.calls {
		all = append(all, r.call(i, c, role)...)
	}
	return append(all, r.ending(role)...)
}

func (r *completion) roleEvent() event {
	empty := ""
	return r.chunk(kindRole, &message{Role: "assistant", Content: &empty})
}

// call is one tool call: whole, or name first and the arguments in fragments
// that carry index and type but neither id nor name, as Cerebras sends them.
func (r *completion) call(i int, c ToolCall, role string) []event {
	first := toolCall{Index: &i, ID: r.callID(i), Type: "function", Function: function{Name: c.Name}}
	if !r.split {
		first.Function.Arguments = c.Arguments
		return []event{r.chunk(kindTool, &message{Role: role, ToolCalls: []toolCall{first}})}
	}
	all := []event{r.chunk(kindTool, &message{Role: role, ToolCalls: []toolCall{first}})}
	for _, p := range pieces(c.Arguments, 8) {
		t := toolCall{Index: &i, Type: "function", Function: function{Arguments: p}}
		all = append(all, r.chunk(kindTool, &message{Role: role, ToolCalls: []toolCall{t}}))
	}
	return all
}

// ending is the finish, the usage in or after it, and [DONE].
func (r *completion) ending(role string) []event {
	m := &message{Role: role}
	if r.vendor == ZAI {
		empty := ""
		m.Content = &empty
	}
	e := r.envelope("chat.completion.chunk")
	e.Choices = []choice{{Delta: m, Finish: &r.finish}}
	e.TimeInfo = r.timeInfo()
	if !r.noUsage && !r.separate {
		e.Usage = &r.usage
	}
	all := []event{{kindFinish, line(encode(e))}}
	if !r.noUsage && r.separate {
		u := r.envelope("chat.completion.chunk")
		u.Usage = &r.usage
		all = append(all, event{kindUsage, line(encode(u))})
	}
	return append(all, event{kindDone, line([]byte("[DONE]"))})
}

func (r *completion) chunk(kind int, m *message) event {
	e := r.envelope("chat.completion.chunk")
	e.Choices = []choice{{Delta: m}}
	return event{kind, line(encode(e))}
}

func line(data []byte) []byte {
	return append(append([]byte("data: "), data...), "\n\n"...)
}

// encode writes JSON as the vendors do, with < and > as they are.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // our own structs of strings and numbers: cannot fail
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

func quote(text string) string { return string(encode(text)) }
