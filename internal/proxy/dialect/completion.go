package dialect

import (
	"bytes"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// Completion is what one walk over a whole answer finds.
type Completion struct {
	Valid bool   // it is one JSON value
	Sound bool   // it is a chat completion with a choice, and nothing in it looks like an error; if false somebody has to look closer
	Model string // that it names
	Usage chat.Usage

	// Broken is the reason that it gives for its end, if that is a failure: the
	// provider gave up, or the model's context was full before anything was said.
	// It is "" otherwise.
	Broken string
}

// fullContext is a finish reason that is a failure if nothing was said before it
// (Z.ai's docs of 2026-08, and Anthropic's).
const fullContext = "model_context_window_exceeded"

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
	c.Model, c.Usage = string(r.model), usageOf(r.usage)
	c.Sound = r.choices > 0 && !r.odd
	if c.Broken = string(str(r.broken)); c.Broken == fullContext && r.said {
		c.Broken = ""
	}
	return c
}

type completionReader struct {
	scanner
	model, usage []byte
	choices      int
	odd          bool   // something that an error may look like
	broken       []byte // a finish reason that may be a failure
	said         bool   // there is text, or a call
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
		if brokenOff(reason) || r.broken == nil && string(str(reason)) == fullContext {
			r.broken = reason
		}
	}
}

func (r *completionReader) message() {
	switch string(r.key) {
	case "content":
		v := r.value()
		r.said = r.said || says(v)
		if len(v) > 2 && v[0] == '"' && mayEmbed(v[1:]) {
			r.odd = true
		}
	case "tool_calls":
		r.said = says(r.value()) || r.said
	default:
		r.skip()
	}
}

// mayEmbed reports whether a raw string begins as an embedded error would; what
// begins with an escape may be anything.
func mayEmbed(raw []byte) bool {
	raw = bytes.TrimLeft(raw, " ")
	return len(raw) > 0 && raw[0] == '\\' || bytes.HasPrefix(raw, []byte("API Error:"))
}
