package dialect

import (
	"bytes"
	"errors"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

func newOpenAIAnswers() answerReader { return new(openAIAnswers) }

// openAIAnswers takes a chat completion apart, streamed or whole. Of several
// choices the one with index 0 counts: the hub asks for no more.
//
// An event is walked over twice: what is handed on must be known to be whole, so
// the first walk checks it all.
type openAIAnswers struct {
	d       chat.Delta // each that is handed on, so that none costs an allocation
	to      func(*chat.Delta)
	begun   bool
	entire  bool // the answer came in one piece: each call is one of its own
	chosen  bool // the choice was there
	refused bool // the model refuses in words
	thought bool // thinking came under a plain name: its details repeat it
	stopped bool
	ended   []byte // the event's finish reason
	calls   []openAICall
}

// openAIPiece is what a delta, or a whole message, says; raw.
type openAIPiece struct{ content, reasoning, reasoning2, details, refusal, calls, function []byte }

func (a *openAIAnswers) event(ev Event, to func(*chat.Delta)) bool {
	a.to = to
	if bytes.Equal(ev.Data, done) {
		if a.refused && !a.stopped {
			a.tell(chat.Delta{Kind: chat.Stops, Stop: chat.Refusal})
		}
		a.tell(chat.Delta{Kind: chat.End})
		return true
	}
	c, ok := readChunk(ev.Data)
	if isError(ev) || ok && c.fault {
		a.begin(&c)
		a.tell(chat.Delta{Kind: chat.Fails, Err: providerFault(ev.Data)})
		return true
	}
	if ok {
		a.chunk(&c)
	}
	return ok
}

// whole reads a completion that came in one piece. A failure inside it is the
// error, and nothing is handed on.
func (a *openAIAnswers) whole(body []byte, to func(*chat.Delta)) error {
	a.to, a.entire = to, true
	c, ok := readChunk(body)
	switch {
	case !ok:
		return errors.New("reading the answer: it is not one JSON object")
	case c.fault:
		return providerFault(body)
	case c.broken:
		return brokenAnswer(str(c.reason))
	case !hasElements(c.list):
		return errors.New("reading the answer: it has no choices")
	}
	a.chunk(&c)
	if !a.chosen {
		return errors.New("reading the answer: its first choice is missing")
	}
	if !a.stopped {
		a.stop(nil)
	}
	a.tell(chat.Delta{Kind: chat.End})
	return nil
}

// hasElements reports whether a raw value is an array with something in it.
func hasElements(list []byte) bool { return len(list) > 0 && list[0] == '[' && says(list) }

// chunk hands on what a chunk, or a completion, says: first the answer, then
// what it has cost, then why it ends.
func (a *openAIAnswers) chunk(c *chunk) {
	if !a.begun && len(c.id)+len(c.model) == 0 && !hasElements(c.list) {
		return // Azure's first chunk speaks of the prompt only
	}
	a.begin(c)
	a.ended = nil
	s, at := scanner{b: c.list}, 0
	s.list(func() {
		a.choice(&s, at)
		at++
	})
	if c.usage != nil {
		if u := usageOf(c.usage); u.Known() {
			a.tell(chat.Delta{Kind: chat.Uses, Used: u})
		}
	}
	if says(a.ended) {
		a.stop(a.ended)
	}
}

func (a *openAIAnswers) tell(d chat.Delta) {
	a.d = d
	a.to(&a.d)
}

func (a *openAIAnswers) begin(c *chunk) {
	if !a.begun {
		a.begun = true
		a.tell(chat.Delta{Kind: chat.Begin, ID: string(c.id), Name: string(c.model)})
	}
}

// choice reads one choice, which is known to be valid. Some gateways send a
// message in place of the delta.
func (a *openAIAnswers) choice(s *scanner, at int) {
	var p, message openAIPiece
	var ended []byte
	index, delta := at, false
	s.object(func() {
		switch string(s.key) {
		case "index":
			index = openAIIndex(s.value(), at)
		case "delta":
			delta = s.peek() == '{'
			p = openAIPiece{}
			s.object(func() { p.member(s) })
		case "message":
			message = openAIPiece{}
			s.object(func() { message.member(s) })
		case "finish_reason":
			ended = s.value()
		default:
			s.skip()
		}
	})
	if index != 0 {
		return
	}
	a.chosen = true
	if !delta {
		p = message
	}
	a.say(&p)
	if ended != nil {
		a.ended = ended
	}
}

func (p *openAIPiece) member(s *scanner) {
	switch string(s.key) {
	case "content":
		p.content = s.value()
	case "reasoning_content":
		p.reasoning = s.value()
	case "reasoning":
		p.reasoning2 = s.value()
	case "reasoning_details":
		p.details = s.value()
	case "refusal":
		p.refusal = s.value()
	case "tool_calls":
		p.calls = s.value()
	case "function_call":
		p.function = s.value()
	default:
		s.skip()
	}
}

// openAIIndex reads an index; a missing or odd one is instead.
func openAIIndex(value []byte, instead int) int {
	n := 0
	for _, c := range value {
		if c-'0' > 9 || n > 1<<20 {
			return instead
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// say hands on a piece in the order in which clients show it.
func (a *openAIAnswers) say(p *openAIPiece) {
	first, second := openAIPieceOf(p.reasoning), openAIPieceOf(p.reasoning2)
	if bytes.Equal(first, second) {
		second = nil // Cerebras' name and Z.ai's beside each other
	}
	a.text(chat.Thinks, first)
	a.text(chat.Thinks, second)
	if len(first)+len(second) > 0 {
		a.thought = true
	} else if !a.thought && p.details != nil {
		a.details(p.details)
	}
	if len(p.content) > 0 && p.content[0] == '[' {
		a.parts(p.content)
	} else {
		a.text(chat.Says, openAIPieceOf(p.content))
	}
	if refusal := openAIPieceOf(p.refusal); len(refusal) > 0 {
		a.refused = true
		a.text(chat.Says, refusal)
	}
	if p.calls != nil {
		a.readCalls(p.calls)
	}
	if len(p.function) > 0 && p.function[0] == '{' {
		s := scanner{b: p.function}
		a.function(&s, openAIFragment{index: legacyCall})
	}
}

// openAIPieceOf is the text of a raw string between the quotes; nothing if it is none,
// or if it is one of Cerebras' stray NULs (seen in 2026).
func openAIPieceOf(value []byte) []byte {
	if len(value) < 3 || value[0] != '"' {
		return nil
	}
	return unstray(value[1 : len(value)-1])
}

func (a *openAIAnswers) text(kind chat.Step, raw []byte) {
	if len(raw) > 0 {
		a.tell(chat.Delta{Kind: kind, Raw: raw})
	}
}

// details reads OpenRouter's form of thinking, whose encrypted pieces only their
// author could read.
func (a *openAIAnswers) details(list []byte) {
	s := scanner{b: list}
	s.list(func() {
		s.object(func() {
			if s.is("text") || s.is("summary") {
				a.text(chat.Thinks, openAIPieceOf(s.value()))
			} else {
				s.skip()
			}
		})
	})
}

// parts reads content that is a list, as Mistral has it, with thinking among
// the text.
func (a *openAIAnswers) parts(list []byte) {
	s := scanner{b: list}
	s.list(func() {
		s.object(func() {
			switch string(s.key) {
			case "text":
				a.text(chat.Says, openAIPieceOf(s.value()))
			case "thinking":
				if s.peek() != '[' {
					a.text(chat.Thinks, openAIPieceOf(s.value()))
					return
				}
				s.list(func() {
					s.object(func() {
						if s.is("text") {
							a.text(chat.Thinks, openAIPieceOf(s.value()))
						} else {
							s.skip()
						}
					})
				})
			default:
				s.skip()
			}
		})
	})
}

// stop hands on why the answer ends, by the raw finish reason. Reasons as in the docs of OpenAI, Cerebras
// and Z.ai (2026); one that is none of them is the end of the turn.
func (a *openAIAnswers) stop(reason []byte) {
	if brokenOff(reason) {
		a.tell(chat.Delta{Kind: chat.Fails, Err: brokenAnswer(str(reason))})
		return
	}
	stop := chat.EndTurn
	switch string(str(reason)) {
	case "length", "max_tokens":
		stop = chat.MaxOutput
	case "tool_calls", "function_call", "tool_use":
		stop = chat.ToolUse
	case "content_filter", "sensitive":
		stop = chat.Refusal
	case "model_context_window_exceeded":
		stop = chat.ContextWindow
	case "":
		if len(a.calls) > 0 {
			stop = chat.ToolUse
		}
	}
	if a.refused && stop == chat.EndTurn {
		stop = chat.Refusal
	}
	a.stopped = true
	a.tell(chat.Delta{Kind: chat.Stops, Stop: stop})
}
