package simulator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The kinds of stream events.
const (
	kindRole      = iota // what a stream opens with
	kindReasoning        //
	kindContent          //
	kindTool             //
	kindFinish           // why it ended; Messages: message_delta
	kindUsage            //
	kindDone             // [DONE], message_stop
	kindOther            //
)

// event is one stream event as it goes over the wire.
type event struct {
	kind  int
	data  []byte
	block int // Messages: the content block it belongs to
}

// content reports whether the event carries something of the answer.
func (e event) content() bool {
	return e.kind == kindReasoning || e.kind == kindContent || e.kind == kindTool
}

// form is an answer in a dialect.
type form interface {
	whole() []byte
	events() []event
	opening() event                       // the first event
	more(behind event, text string) event // a piece of text that fits behind an event
	broken() []byte                       // an event that breaks off, up to its end
	failure(body []byte) []byte           // an error event
}

// completion is an answer before it has a form.
type completion struct {
	play       *vendor
	vendor     string
	n          int // the call's number
	turn       int // of Answer.Turns, from 1
	id         string
	created    time.Time
	model      string
	reasoning  []string // pieces
	text       []string
	calls      []call
	finish     string // in OpenAI's words
	spent      spent
	split      bool   // tool calls come in fragments
	interleave bool   // ... by turns
	separate   bool   // usage in a chunk of its own
	noUsage    bool   // a stream tells none
	late       bool   // Messages: message_start tells none
	thinking   string // Answer.Thinking
	signature  string // of the thinking, or the redacted thinking itself
	stopped    string // Messages: the sequence that ended it
}

// call is a tool call as it is made.
type call struct{ id, name, arguments string }

// spent are tokens. Prompt includes cached and written, output includes thinking.
type spent struct{ prompt, cached, written, output, thinking int }

// compose makes the answer a script gives to a request. All of it is decided
// here, so that the tokens are known before the first byte goes out.
func compose(s *Script, q *request, c *Call, now time.Time) *completion {
	a, play := s.answer(q.model), vendors[s.vendor()]
	t, number := a.turn(q)
	asIs, inside := filler(q, c, strings.Clone), filler(q, c, inJSON)
	r := &completion{
		play: play, vendor: s.vendor(), n: c.N, turn: number, id: answerID(s.vendor(), q.dialect, c.N, now), created: now,
		model: cmp.Or(a.Model, q.model), finish: "stop", interleave: a.Interleave, thinking: a.Thinking,
		split: !a.WholeCalls && (q.dialect == Messages || !play.wholeCalls || q.toolStream),
	}
	r.tellUsage(a, q)
	if t.Reasoning != "" {
		text := asIs.Replace(t.Reasoning)
		r.reasoning = pieces(text, a.Chunk)
		r.sign(s.Seed, text)
	}
	for i, c := range t.ToolCalls {
		r.calls = append(r.calls, r.call(q.dialect, i, c, inside))
		r.finish = "tool_calls"
	}
	if text := asIs.Replace(t.Text); text != "" || number == 0 && len(r.calls) == 0 {
		r.text = a.say(q, text, r)
	}
	if r.finish = cmp.Or(t.Finish, r.finish); r.finish == "stop_sequence" {
		r.stopped = q.json.Get("stop_sequences.0").String()
	}
	r.count(a, q)
	return r
}

// form gives the answer a dialect's form.
func (r *completion) form(dialect string) form {
	if dialect == Messages {
		return messages{r}
	}
	return chat{r}
}

// tellUsage decides where a stream tells its usage.
func (r *completion) tellUsage(a *Answer, q *request) {
	if q.dialect == Messages {
		r.noUsage = a.Usage == "none"
		r.late = r.noUsage || a.Usage == "finish" || a.Usage == "" && r.play.lateUsage
		return
	}
	r.separate = a.Usage == "extra" || a.Usage == "" && r.play.extraUsage
	r.noUsage = a.Usage == "none" || r.separate && !q.wantsUsage
}

// say puts the answer's text into pieces.
func (a *Answer) say(q *request, text string, r *completion) []string {
	if text == "" && a.Tokens > 0 {
		return slices.Repeat([]string{"tok "}, a.Tokens)
	}
	text = cmp.Or(text, "This is the simulator, answering as "+q.model+".")
	if q.wantsJSON && len(r.calls) == 0 {
		text = fitting(q.schema, text)
	}
	return pieces(text, a.Chunk)
}

// call settles a call's id and arguments.
func (r *completion) call(dialect string, i int, c ToolCall, fill *strings.Replacer) call {
	made := call{id: c.ID, name: c.Name, arguments: fill.Replace(c.Arguments)}
	switch {
	case c.ID == "-":
		made.id = ""
	case c.ID != "":
	case dialect == Messages:
		made.id = fmt.Sprintf("toolu_01%016d%06d", r.n, i)
	default:
		made.id = fmt.Sprintf("%06x%03d", r.n, i) // nine characters, as Cerebras' are
	}
	return made
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

// fragments are the parts in which a call's arguments are streamed.
func (r *completion) fragments(c call) []string {
	if !r.split {
		return []string{c.arguments}
	}
	return pieces(c.arguments, 8)
}

// byTurns orders the events of several calls: one call after the other, or an
// event of each by turns.
func (r *completion) byTurns(calls [][]event) (all []event) {
	if !r.interleave {
		return slices.Concat(calls...)
	}
	for i := 0; ; i++ {
		n := len(all)
		for _, c := range calls {
			if i < len(c) {
				all = append(all, c[i])
			}
		}
		if len(all) == n {
			return all
		}
	}
}

// count works out the usage, and cuts the text short where the request's output
// limit does.
func (r *completion) count(a *Answer, q *request) {
	r.spent.thinking = tokensOf(total(r.reasoning))
	n := r.spent.thinking
	for _, c := range r.calls {
		n += tokensOf(len(c.name) + len(c.arguments))
	}
	for i, p := range r.text {
		t := tokensOf(len(p))
		if q.output > 0 && n+t > q.output {
			r.text, r.finish = r.text[:i], "length"
			break
		}
		n += t
	}
	r.spent.output = n
	r.spent.prompt = int(float64(q.input)*cmp.Or(a.UsageFactor, 1) + 0.5)
	r.spent.cached = min(a.Cached, r.spent.prompt)
	r.spent.written = min(a.CacheWritten, r.spent.prompt-r.spent.cached)
}

func total(all []string) (n int) {
	for _, p := range all {
		n += len(p)
	}
	return n
}

// answerID looks like the vendor's, and is the same in every run.
func answerID(vendor, dialect string, n int, now time.Time) string {
	id := fmt.Sprintf("chatcmpl-%08x-0000-4000-8000-%012x", n, n)
	switch {
	case vendor == ZAI:
		id = now.In(china).Format("20060102150405") + fmt.Sprintf("%016x", n)
	case dialect == Messages:
		id = fmt.Sprintf("01Sim%019d", n)
	}
	if dialect == Messages {
		return "msg_" + id
	}
	return id
}

// requestID is what a refusal or an answer may be traced by at the vendor.
func requestID(vendor string, n int, now time.Time) string {
	if vendor == Anthropic {
		return fmt.Sprintf("req_011CSim%017d", n)
	}
	return answerID(ZAI, Chat, n, now)
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
