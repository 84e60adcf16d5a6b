package dialect

// Guess tells in which dialect a client's request is written, by what only one of
// them has. It is for a body without the path that it was sent to.
func Guess(body []byte) Name {
	g := guess{scanner: scanner{b: body}}
	g.space()
	g.object(g.top)
	switch {
	case g.input && !g.messages:
		return Responses
	case g.anthropic:
		return Anthropic
	}
	return OpenAI
}

type guess struct {
	scanner
	input, messages, anthropic bool
}

func (g *guess) top() {
	switch string(g.key) {
	case "input":
		g.input = true
		g.skip()
	case "messages":
		g.messages = true
		g.list(func() { g.object(g.message) })
	case "system", "stop_sequences", "context_management", "output_config":
		g.anthropic = true
		g.skip()
	case "tools":
		g.list(func() {
			g.object(func() {
				g.anthropic = g.anthropic || g.is("input_schema")
				g.skip()
			})
		})
	default:
		g.skip()
	}
}

// message looks for the blocks that Anthropic's messages are made of.
func (g *guess) message() {
	if !g.is("content") {
		g.skip()
		return
	}
	g.list(func() {
		g.object(func() {
			if !g.is("type") {
				g.skip()
				return
			}
			switch string(str(g.value())) {
			case "tool_use", "tool_result", "thinking", "redacted_thinking", "image", "document":
				g.anthropic = true
			}
		})
	})
}
