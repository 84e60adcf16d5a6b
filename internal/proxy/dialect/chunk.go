package dialect

import "bytes"

// chunk is what one walk over an OpenAI chunk, or over an error in its place,
// finds. Values are raw and point into the data.
type chunk struct {
	id, model, usage []byte
	list             []byte // the choices
	said, reason     []byte // the first text among them, and the first finish reason

	content bool // a piece of the answer
	finish  bool // a finish reason
	broken  bool // which is none: the provider gave up
	quota   bool // its text is an embedded error
	fault   bool // it is an error object
	told    bool // the error stands in "error", as OpenAI has it

	choices, object, message, kind bool // which members it has
}

// readChunk walks over data, which is one JSON object if ok; nothing is found in what
// is none.
func readChunk(data []byte) (c chunk, ok bool) {
	s := scanner{b: data}
	if s.space(); s.peek() != '{' {
		return c, false
	}
	for first := true; s.member(first); first = false {
		c.member(&s)
	}
	// Cerebras' error objects are flat (docs of 2026-08).
	c.fault = c.fault || (c.message && c.kind && !c.choices && !c.object)
	if !s.end() {
		return chunk{}, false
	}
	return c, true
}

// speaks reports whether a chunk brings a piece of the answer, or its end.
func (c *chunk) speaks() bool { return c.content || c.finish }

func (c *chunk) member(s *scanner) {
	switch string(s.key) {
	case "choices":
		from := s.i
		s.list(func() { c.choice(s) })
		c.choices, c.list = true, s.b[from:s.i]
	case "id":
		c.id = str(s.value())
	case "model":
		c.model = str(s.value())
	case "usage":
		c.keepUsage(s.value())
	case "error":
		v := s.value()
		c.told = says(v)
		c.fault = c.fault || c.told || string(v) == "true"
	case "object":
		c.object = true
		s.skip()
	case "message":
		c.message = len(str(s.value())) > 0
	case "type", "code":
		c.kind = true
		s.skip()
	default:
		s.skip()
	}
}

// choice reads one choice. Moonshot puts the usage there (docs of 2025).
func (c *chunk) choice(s *scanner) {
	s.object(func() {
		switch string(s.key) {
		case "delta", "message":
			s.object(func() { c.delta(s) })
		case "finish_reason":
			if reason := s.value(); says(reason) {
				if c.finish = true; c.reason == nil {
					c.reason = reason
				}
				c.broken = c.broken || brokenOff(reason)
			}
		case "text":
			c.content = says(s.value()) || c.content
		case "usage":
			c.keepUsage(s.value())
		default:
			s.skip()
		}
	})
}

// delta looks for anything of an answer.
func (c *chunk) delta(s *scanner) {
	switch string(s.key) {
	case "content":
		v := s.value()
		if says(v) {
			if c.content = true; c.said == nil {
				c.said = v
			}
		}
		if bytes.Contains(v, apiError) {
			c.quota = c.quota || embedded(string(str(v)))
		}
	case "reasoning_content", "reasoning", "reasoning_details", "tool_calls",
		"function_call", "refusal", "audio":
		c.content = says(s.value()) || c.content
	default:
		s.skip()
	}
}

func (c *chunk) keepUsage(v []byte) {
	if len(v) > 2 && v[0] == '{' {
		c.usage = v
	}
}

// brokenOff tells the finish reasons that are no finish: Z.ai's (docs of
// 2026-08), and that of gateways in front of others.
func brokenOff(reason []byte) bool {
	return string(reason) == `"network_error"` || string(reason) == `"error"`
}

// says reports whether a raw value says anything: a text that is not empty, an
// object or array with something in it. The stray "\u0000" pieces of Cerebras
// (seen in 2026) say nothing.
func says(v []byte) bool {
	if len(v) < 3 {
		return false
	}
	switch v[0] {
	case '"':
		return len(unstray(v[1:len(v)-1])) > 0
	case '{', '[':
		return len(bytes.TrimSpace(v[1:len(v)-1])) > 0
	}
	return false
}

// unstray cuts off the stray NULs that a piece of text begins with.
func unstray(raw []byte) []byte {
	for bytes.HasPrefix(raw, nul) {
		raw = raw[len(nul):]
	}
	return raw
}

var (
	nul      = []byte(`\u0000`)
	apiError = []byte(`API Error:`)
)
