package dialect

import (
	"bytes"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

// Completion is what one walk over a whole answer finds.
type Completion struct {
	Valid bool   // it is one JSON value
	Sound bool   // it is a chat completion with a choice, and nothing in it looks like an error; if false somebody has to look closer
	Model string // that it names
	Usage chat.Usage
}

// completionOpenAI looks at a whole answer. It accepts what encoding/json does,
// and like that it bounds how deep values nest.
func completionOpenAI(body []byte) Completion {
	r := completionReader{scanner: scanner{b: body}}
	r.space()
	r.object(r.field)
	c := Completion{Valid: r.end()}
	if !c.Valid {
		return c
	}
	c.Model, c.Usage = string(r.model), usageOf(gjson.ParseBytes(r.usage))
	c.Sound = r.choices > 0 && !r.odd
	return c
}

type completionReader struct {
	scanner
	model, usage []byte
	choices      int
	odd          bool // something that an error may look like
}

func (r *completionReader) field() {
	switch string(r.key) {
	case "model":
		r.model = str(r.value())
	case "usage":
		if r.peek() == '{' { // a null gives way to a choice's
			r.usage = r.value()
		} else {
			r.skip()
		}
	case "error":
		if string(r.value()) != "null" {
			r.odd = true
		}
	case "choices":
		r.list(r.choice)
	default:
		r.skip()
	}
}

func (r *completionReader) choice() {
	r.choices++
	r.object(func() {
		switch string(r.key) {
		case "finish_reason":
			r.finish(r.value())
		case "message":
			r.object(r.message)
		case "usage":
			if v := r.value(); r.usage == nil {
				r.usage = v
			}
		default:
			r.skip()
		}
	})
}

// finish notes a reason that OpenAI's form does not know: some are failures.
func (r *completionReader) finish(reason []byte) {
	switch string(reason) {
	case `"stop"`, `"length"`, `"tool_calls"`, `"content_filter"`, `"function_call"`, "null":
	default:
		r.odd = true
	}
}

func (r *completionReader) message() {
	if !r.is("content") {
		r.skip()
		return
	}
	v := r.value()
	if len(v) > 2 && v[0] == '"' && mayEmbed(v[1:]) {
		r.odd = true
	}
}

// mayEmbed reports whether a raw string begins as an embedded error would; what
// begins with an escape may be anything.
func mayEmbed(raw []byte) bool {
	raw = bytes.TrimLeft(raw, " ")
	return len(raw) > 0 && raw[0] == '\\' || bytes.HasPrefix(raw, []byte("API Error:"))
}
