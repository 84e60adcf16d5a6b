package dialect

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

func newOpenAIStream(ask Ask) answerWriter {
	return &openAIStream{ask: ask, ids: newCallIDs(ask)}
}

// openAIStream writes an answer as chat completion chunks.
//
// The chunk with the finish reason waits for the end, since only then is it
// known whether a tool was called. A signature has no field there and is left
// out: such a client's provider must do without the thinking of earlier turns.
type openAIStream struct {
	ask   Ask
	ids   *callIDs
	head  []byte // of every chunk, up to its choices; nil before the first
	calls []openAICalled
	stop  chat.Finish
	used  chat.Usage
	kept  int // bytes of calls that are written at the end
	over  bool
}

// openAICalled is a call that was written.
type openAICalled struct {
	call     int // the provider's index; ours is its place
	args     bool
	freeform bool
	id, name string // the rest for freeform only, which is written at the end
	raw      []byte
}

func (w *openAIStream) delta(out []byte, d *chat.Delta) []byte {
	if w.over {
		return out
	}
	if w.head == nil && d.Kind != chat.Fails {
		out = w.begin(out, d)
	}
	if d.Used.Known() { // Begin, Uses
		w.used = d.Used
	}
	switch d.Kind {
	case chat.Says:
		return w.text(out, `"content":"`, d.Raw)
	case chat.Thinks:
		return w.text(out, `"reasoning_content":"`, d.Raw)
	case chat.Called:
		return w.called(out, d)
	case chat.Args:
		return w.args(out, d)
	case chat.Stops:
		w.stop = d.Stop
	case chat.Fails:
		w.over = true
		return append(out, openAIErrorEvent(d.Err, w.ask.ID)...)
	case chat.End:
		w.over = true
		return w.end(out)
	}
	return out
}

func (w *openAIStream) held() int { return w.kept }

// begin writes the first chunk. The model is the one that truly answers.
func (w *openAIStream) begin(out []byte, d *chat.Delta) []byte {
	model := w.ask.Model
	if d.Kind == chat.Begin {
		model = cmp.Or(d.Name, model)
	}
	w.head = openAIHead(append(w.head, "data: "...), w.ask, "chat.completion.chunk", model)
	return w.close(append(w.open(out), `"role":"assistant","content":""`...))
}

// openAIHead writes what a chunk and a whole completion begin with.
func openAIHead(out []byte, ask Ask, object, model string) []byte {
	out = appendQuoted(append(out, `{"id":`...), "chatcmpl-"+ask.ID)
	out = append(append(out, `,"object":"`...), object...)
	out = strconv.AppendInt(append(out, `","created":`...), ask.Created, 10)
	out = appendQuoted(append(out, `,"model":`...), model)
	return append(out, `,"choices":[`...)
}

func (w *openAIStream) open(out []byte) []byte {
	return append(append(out, w.head...), `{"index":0,"delta":{`...)
}

func (w *openAIStream) close(out []byte) []byte {
	return append(out, "},\"finish_reason\":null}]}\n\n"...)
}

func (w *openAIStream) text(out []byte, field string, raw []byte) []byte {
	if len(raw) == 0 {
		return out
	}
	out = append(append(w.open(out), field...), raw...)
	return w.close(append(out, '"'))
}

// called writes a call's beginning.
func (w *openAIStream) called(out []byte, d *chat.Delta) []byte {
	c := openAICalled{call: d.Call, id: w.ids.use(d.ID, len(w.calls)), name: d.Name}
	c.freeform = openAIFreeform(w.ask, d.Name)
	w.calls = append(w.calls, c)
	if c.freeform {
		return out
	}
	out = w.openCall(out, len(w.calls)-1)
	out = appendQuoted(append(out, `,"id":`...), c.id)
	out = appendQuoted(append(out, `,"type":"function","function":{"name":`...), c.name)
	return w.close(append(out, `,"arguments":""}}]`...))
}

func (w *openAIStream) openCall(out []byte, i int) []byte {
	return strconv.AppendInt(append(w.open(out), `"tool_calls":[{"index":`...), int64(i), 10)
}

// openAIFreeform reports whether the client offered a tool that takes plain
// text: OpenAI calls that a custom one.
func openAIFreeform(ask Ask, name string) bool {
	q, err := ask.Request.Hub()
	return err == nil && slices.ContainsFunc(q.Tools, func(t chat.Tool) bool { return t.Freeform && t.Name == name })
}

// args writes a piece of a call's arguments.
func (w *openAIStream) args(out []byte, d *chat.Delta) []byte {
	for i := len(w.calls) - 1; i >= 0; i-- {
		c := &w.calls[i]
		if c.call != d.Call {
			continue
		}
		if len(d.Raw) == 0 {
			return out
		}
		if c.args = true; c.freeform {
			c.raw = append(c.raw, d.Raw...)
			w.kept += len(d.Raw)
			return out
		}
		return w.piece(out, i, d.Raw)
	}
	return out // of no call
}

func (w *openAIStream) piece(out []byte, i int, raw []byte) []byte {
	out = append(w.openCall(out, i), `,"function":{"arguments":"`...)
	return w.close(append(append(out, raw...), `"}}]`...))
}

// end writes what was waiting: arguments for calls without any, which clients
// parse as JSON; calls of plain text; the finish; the usage, in a chunk of its
// own and only if the client asked for it, as OpenAI does.
func (w *openAIStream) end(out []byte) []byte {
	for i := range w.calls {
		switch c := &w.calls[i]; {
		case c.freeform:
			out = append(openAICustom(append(w.openCall(out, i), ','), c.id, c.name, string(decoded(c.raw))), ']')
			out = w.close(out)
		case !c.args:
			out = w.piece(out, i, []byte("{}"))
		}
	}
	out = append(append(w.open(out), `},"finish_reason":"`...), openAIFinish(w.stop, len(w.calls) > 0)...)
	out = append(out, "\"}]}\n\n"...)
	if w.ask.Request.Facts.Usage && w.used.Known() {
		out = append(append(out, w.head...), `],"usage":`...)
		out = append(openAIUsage(out, w.used), "}\n\n"...)
	}
	return append(out, "data: [DONE]\n\n"...)
}

// openAICustom writes a call of a tool that takes plain text, less its "{".
func openAICustom(out []byte, id, name, args string) []byte {
	input := args
	if v := gjson.Get(args, "input"); v.Type == gjson.String {
		input = v.Str
	}
	out = appendQuoted(append(out, `"id":`...), id)
	out = appendQuoted(append(out, `,"type":"custom","custom":{"name":`...), name)
	out = appendQuoted(append(out, `,"input":`...), input)
	return append(out, "}}"...)
}

// openAIFinish gives the word for why an answer ended. A client that is told of
// tool calls must find some, and the other way round.
func openAIFinish(stop chat.Finish, called bool) string {
	switch {
	case called:
		return "tool_calls"
	case stop == chat.MaxOutput, stop == chat.ContextWindow:
		return "length"
	case stop == chat.Refusal:
		return "content_filter"
	}
	return "stop"
}

func openAIUsage(out []byte, u chat.Usage) []byte {
	for _, field := range [...]struct {
		before string
		n      int
	}{
		{`{"prompt_tokens":`, u.Prompt},
		{`,"completion_tokens":`, u.Completion},
		{`,"total_tokens":`, u.Prompt + u.Completion},
		{`,"prompt_tokens_details":{"cached_tokens":`, u.Cached},
		{`},"completion_tokens_details":{"reasoning_tokens":`, u.Reasoning},
	} {
		out = strconv.AppendInt(append(out, field.before...), int64(field.n), 10)
	}
	return append(out, "}}"...)
}
