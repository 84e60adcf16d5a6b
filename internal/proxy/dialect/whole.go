package dialect

import (
	"errors"
	"strconv"
)

// StreamOf writes a whole chat completion as the event stream it might have
// been, "[DONE]" included, for a client that asked for one. Values are taken
// over as they stand. The usage stands in the last chunk that has a choice, as
// Cerebras and Z.ai send it, so that clients which did not ask for it are not
// met with a chunk without choices.
func StreamOf(body []byte) ([]byte, error) {
	w := whole{scanner: scanner{b: body}}
	w.space()
	w.read()
	if !w.end() {
		return nil, errors.New("turning the answer into a stream: it is not one JSON object")
	}
	if len(w.choices) == 0 {
		return nil, errors.New("turning the answer into a stream: it has no choices")
	}
	w.out = make([]byte, 0, len(body)+512*len(w.choices))
	for i := range w.choices {
		w.choice(&w.choices[i], i == len(w.choices)-1)
	}
	return append(w.out, "data: [DONE]\n\n"...), nil
}

type whole struct {
	scanner
	head, tail []byte // members of every chunk, and of the last: `"id":"x",`
	choices    []choice
	out        []byte
}

// choice is one choice, by its raw values.
type choice struct {
	index, role, content, calls, finish []byte
	reasoning, other                    []byte // further members of the message
	extra                               []byte // further members of the choice
}

func (w *whole) read() {
	w.object(func() {
		from := w.keyAt
		switch string(w.key) {
		case "choices":
			w.choices = nil
			w.list(w.readChoice)
		case "object":
			w.skip()
		case "id", "created", "model", "system_fingerprint", "service_tier":
			w.skip()
			w.head = append(append(w.head, w.b[from:w.i]...), ',')
		default:
			w.skip()
			w.tail = append(append(w.tail, ','), w.b[from:w.i]...)
		}
	})
}

func (w *whole) readChoice() {
	var c choice
	w.object(func() {
		from := w.keyAt
		switch string(w.key) {
		case "index":
			c.index = w.value()
		case "finish_reason":
			c.finish = given(w.value())
		case "message":
			w.readMessage(&c)
		default:
			w.skip()
			c.extra = append(append(c.extra, ','), w.b[from:w.i]...)
		}
	})
	if c.index == nil {
		c.index = strconv.AppendInt(nil, int64(len(w.choices)), 10)
	}
	w.choices = append(w.choices, c)
}

func (w *whole) readMessage(c *choice) {
	w.object(func() {
		from, key := w.keyAt, string(w.key)
		switch key {
		case "role":
			c.role = given(w.value())
			return
		case "content":
			c.content = given(w.value())
			return
		case "tool_calls":
			c.calls = w.indexed()
			return
		}
		if given(w.value()) == nil {
			return
		}
		into := &c.other
		if key == "reasoning_content" || key == "reasoning" || key == "reasoning_details" {
			into = &c.reasoning
		}
		if len(*into) > 0 {
			*into = append(*into, ',')
		}
		*into = append(*into, w.b[from:w.i]...)
	})
}

// given is a value that says something; nil for null and "".
func given(value []byte) []byte {
	if string(value) == "null" || string(value) == `""` {
		return nil
	}
	return value
}

// indexed writes tool_calls with the index that each has in a stream; nil if
// there are none.
func (w *whole) indexed() (out []byte) {
	n := 0
	w.list(func() {
		from, has := w.i, false
		w.object(func() {
			has = has || w.is("index")
			w.skip()
		})
		if w.bad || w.b[from] != '{' {
			return
		}
		if out = append(out, ','); n == 0 {
			out[0] = '['
		}
		if call := w.b[from:w.i]; has {
			out = append(out, call...)
		} else {
			out = strconv.AppendInt(append(out, `{"index":`...), int64(n), 10)
			if !emptyObject(call) {
				out = append(out, ',')
			}
			out = append(out, call[1:]...)
		}
		n++
	})
	if n > 0 {
		out = append(out, ']')
	}
	return out
}

func emptyObject(text []byte) bool {
	s := scanner{b: text}
	return !s.member(true)
}

// choice writes the chunks of one choice.
func (w *whole) choice(c *choice, last bool) {
	role, finish := c.role, c.finish
	if role == nil {
		role = []byte(`"assistant"`)
	}
	w.chunk(c, `"role":`+string(role)+`,"content":""`)
	w.chunk(c, string(c.reasoning))
	if c.content != nil {
		w.chunk(c, `"content":`+string(c.content))
	}
	w.chunk(c, string(c.other))
	if c.calls != nil {
		w.chunk(c, `"tool_calls":`+string(c.calls))
	}
	if finish == nil {
		finish = []byte(`"stop"`)
		if c.calls != nil {
			finish = []byte(`"tool_calls"`)
		}
	}
	w.event(c, "", finish, c.extra, last)
}

// chunk writes one piece of an answer, if there is one.
func (w *whole) chunk(c *choice, delta string) {
	if delta != "" {
		w.event(c, delta, []byte("null"), nil, false)
	}
}

func (w *whole) event(c *choice, delta string, finish, extra []byte, last bool) {
	w.out = append(w.out, "data: "...)
	at := len(w.out)
	w.out = append(append(append(w.out, '{'), w.head...), `"object":"chat.completion.chunk","choices":[{"index":`...)
	w.out = append(append(append(append(w.out, c.index...), `,"delta":{`...), delta...), `},"finish_reason":`...)
	w.out = append(append(append(w.out, finish...), extra...), `}]`...)
	if last {
		w.out = append(w.out, w.tail...)
	}
	w.out = append(w.out, '}')
	oneLine(w.out[at:])
	w.out = append(w.out, "\n\n"...)
}
