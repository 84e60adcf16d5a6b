package dialect

import (
	"errors"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// anthropicAnswers reads a provider's Messages. It takes what providers send and
// what Claude Code gets along with (measured 2026-11-20): blocks with wrong
// indexes or none, input that stands in a block's start, unknown events, blocks
// and deltas.
type anthropicAnswers struct {
	begun, stopped bool
	figures        anthropicFigures
	inputs         []anthropicInput // of the calls that are not closed
	kept           int              // bytes of them
	calls          int
	last           chat.Step
	fresh          bool       // a block of thinking has begun, and no signature came since
	d              chat.Delta // the one that is handed on: it costs no allocation here
}

// anthropicInput is a tool's input that may go on.
type anthropicInput struct {
	index int    // of its block; -1 if it has none
	call  int    // -1: the provider's own tool, which is not for the client
	held  []byte // what the block's start gave, raw; pieces take its place
}

// size is what it takes, in bytes.
func (in *anthropicInput) size() int {
	const frame = 40 // of itself
	return frame + len(in.held)
}

func newAnthropicAnswers() answerReader { return new(anthropicAnswers) }

func (r *anthropicAnswers) event(ev Event, to func(*chat.Delta)) bool {
	e, ok := readAnthropicEvent(ev)
	switch {
	case !ok && !isError(ev):
		return false
	case !ok || e.failed:
		r.tell(to, chat.Delta{Kind: chat.Fails, Err: providerFault(ev.Data)})
		return true
	}
	switch string(e.kind) {
	case "message_start":
		r.begin(&e, to)
	case "content_block_start":
		r.block(&e, to, nil)
	case "content_block_delta":
		r.piece(&e, to)
	case "content_block_stop":
		r.settle(to, r.input(e.index))
	case "message_delta":
		r.finish(to, &e, e.usage, e.piece.stop, e.piece.match)
	case "message_stop":
		r.end(to)
	}
	return true
}

// whole reads an answer in one piece. A failure inside it is the error, and
// nothing is handed on.
func (r *anthropicAnswers) whole(body []byte, to func(*chat.Delta)) error {
	e := anthropicEvent{data: body, index: -1}
	s := scanner{b: body}
	s.space()
	e.message.read(&s)
	switch m := &e.message; {
	case !s.end() || !m.filled:
		return errors.New("reading the answer: it is not a JSON object")
	case string(m.kind) == "error" || says(e.raw(m.fault)):
		return providerFault(body)
	case brokenOff(e.raw(m.stop)):
		return brokenAnswer(str(e.raw(m.stop)))
	case !m.listed:
		return errors.New("reading the answer: it has no content")
	}
	r.begin(&e, to)
	blocks := scanner{b: body, i: e.message.content.from}
	blocks.list(func() {
		e.piece.read(&blocks)
		r.block(&e, to, []byte("{}"))
		r.settle(to, len(r.inputs)-1)
	})
	r.finish(to, &e, span{}, e.message.stop, e.message.match)
	r.end(to)
	return nil
}

// tell hands a delta on. The first one is a Begin.
func (r *anthropicAnswers) tell(to func(*chat.Delta), d chat.Delta) {
	if !r.begun && d.Kind != chat.Fails {
		r.begun = true
		if d.Kind != chat.Begin {
			r.tell(to, chat.Delta{Kind: chat.Begin})
		}
	}
	r.last, r.d = d.Kind, d
	to(&r.d)
}

// say hands a piece of a string on, if there is something in it.
func (r *anthropicAnswers) say(to func(*chat.Delta), kind chat.Step, raw []byte) {
	if len(raw) > 0 {
		r.tell(to, chat.Delta{Kind: kind, Raw: raw})
	}
}

// begin reads the beginning of a message, once.
func (r *anthropicAnswers) begin(e *anthropicEvent, to func(*chat.Delta)) {
	r.figures.add(e.raw(e.message.usage))
	if r.begun {
		return
	}
	r.tell(to, chat.Delta{
		Kind: chat.Begin, Used: r.figures.usage(),
		ID: string(str(e.raw(e.message.id))), Name: string(str(e.raw(e.message.model))),
	})
}

// block reads the beginning of a block, or a whole one. Text of a block that is
// not known is text all the same. input stands for a call that gives none.
func (r *anthropicAnswers) block(e *anthropicEvent, to func(*chat.Delta), input []byte) {
	p := &e.piece
	switch string(p.kind) {
	case "tool_use":
		if v := e.raw(p.input); len(v) > 0 && v[0] == '{' {
			input = slices.Clone(v) // the event is gone when it is wanted
		}
		if !r.keep(to, anthropicInput{e.index, r.calls, input}) {
			return
		}
		r.tell(to, chat.Delta{Kind: chat.Called, Call: r.calls, ID: string(str(e.raw(p.id))), Name: string(str(e.raw(p.name)))})
		r.calls++
	case "thinking":
		r.fresh = true
		r.say(to, chat.Thinks, e.in(p.thinking))
		r.sign(to, e.in(p.signature))
	case "redacted_thinking":
		r.say(to, chat.Sealed, e.in(p.data))
	case "text":
		r.say(to, chat.Says, e.in(p.text))
	default:
		if r.keep(to, anthropicInput{e.index, -1, nil}) {
			r.say(to, chat.Says, e.in(p.text))
		}
	}
}

// keep opens a call. It reports whether there is room for another one.
func (r *anthropicAnswers) keep(to func(*chat.Delta), in anthropicInput) bool {
	if r.kept += in.size(); r.kept > MaxAnswer {
		r.kept -= in.size()
		r.tell(to, chat.Delta{Kind: chat.Fails, Err: answerTooLarge()})
		return false
	}
	r.inputs = append(r.inputs, in)
	return true
}

// sign hands a signature on. Thinking may be signed without having a text, and
// where the block before it was signed too, an empty piece of thinking tells the
// two apart.
func (r *anthropicAnswers) sign(to func(*chat.Delta), raw []byte) {
	if len(raw) > 0 && r.fresh && r.last == chat.Signed {
		r.tell(to, chat.Delta{Kind: chat.Thinks})
	}
	r.fresh = r.fresh && len(raw) == 0
	r.say(to, chat.Signed, raw)
}

// piece reads a delta of a block. What kind it is, it says itself; whether there
// was a block for it is asked only where that matters.
func (r *anthropicAnswers) piece(e *anthropicEvent, to func(*chat.Delta)) {
	p := &e.piece
	switch string(p.kind) {
	case "text_delta":
		r.say(to, chat.Says, e.in(p.text))
	case "thinking_delta":
		r.say(to, chat.Thinks, e.in(p.thinking))
	case "signature_delta":
		r.sign(to, e.in(p.signature))
	case "input_json_delta":
		at, raw := r.input(e.index), e.in(p.partial)
		if at < 0 || r.inputs[at].call < 0 || len(raw) == 0 {
			return
		}
		r.kept -= len(r.inputs[at].held)
		r.inputs[at].held = nil
		r.tell(to, chat.Delta{Kind: chat.Args, Call: r.inputs[at].call, Raw: raw})
	}
}

// input finds the open call of a block: the latest one with that index; where
// one of the two has none the order of events decides. -1: there is none.
func (r *anthropicAnswers) input(index int) int {
	for i := len(r.inputs) - 1; i >= 0; i-- {
		if at := r.inputs[i].index; at == index || at < 0 || index < 0 {
			return i
		}
	}
	return -1
}

// settle closes a call: what its start gave counts, if nothing followed.
func (r *anthropicAnswers) settle(to func(*chat.Delta), at int) {
	if at < 0 {
		return
	}
	in := r.inputs[at]
	r.kept -= in.size()
	r.inputs = slices.Delete(r.inputs, at, at+1)
	if in.call < 0 || in.held == nil {
		return
	}
	r.tell(to, chat.Delta{Kind: chat.Args, Call: in.call, Raw: inner(string(in.held))})
}

func (r *anthropicAnswers) settleAll(to func(*chat.Delta)) {
	for len(r.inputs) > 0 {
		r.settle(to, 0)
	}
}

// finish reads why the answer ends, and what it has cost.
func (r *anthropicAnswers) finish(to func(*chat.Delta), e *anthropicEvent, usage, stop, match span) {
	r.settleAll(to)
	r.figures.add(e.raw(usage))
	if used := r.figures.usage(); used.Known() {
		r.tell(to, chat.Delta{Kind: chat.Uses, Used: used})
	}
	reason := e.raw(stop)
	if brokenOff(reason) {
		r.tell(to, chat.Delta{Kind: chat.Fails, Err: brokenAnswer(str(reason))})
		return
	}
	if !says(reason) {
		return
	}
	r.stopped = true
	r.tell(to, chat.Delta{Kind: chat.Stops, Stop: finishOf(string(str(reason))), Match: string(str(e.raw(match)))})
}

// end closes the answer. If no reason was told it is over all the same: the
// provider says so.
func (r *anthropicAnswers) end(to func(*chat.Delta)) {
	r.settleAll(to)
	if !r.stopped {
		stop := chat.EndTurn
		if r.calls > 0 {
			stop = chat.ToolUse
		}
		r.stopped = true
		r.tell(to, chat.Delta{Kind: chat.Stops, Stop: stop})
	}
	r.tell(to, chat.Delta{Kind: chat.End})
}

// finishOf reads a stop_reason. Words of OpenAI's were seen in Messages of
// gateways; a word that nobody knows is an end like any other.
func finishOf(reason string) chat.Finish {
	for _, s := range stopReasons {
		if s.word == reason {
			return s.finish
		}
	}
	return chat.EndTurn
}

// stopReasons are the words for why an answer ends: Anthropic's own
// (anthropic-sdk-go v1.60.0), and foreign ones.
var stopReasons = []struct {
	finish  chat.Finish
	word    string
	foreign bool
}{
	{chat.EndTurn, "end_turn", false},
	{chat.MaxOutput, "max_tokens", false},
	{chat.ToolUse, "tool_use", false},
	{chat.StopSequence, "stop_sequence", false},
	{chat.Refusal, "refusal", false},
	{chat.ContextWindow, fullContext, false},
	{chat.Paused, "pause_turn", false},
	{chat.EndTurn, "stop", true},
	{chat.MaxOutput, "length", true},
	{chat.ToolUse, "tool_calls", true},
	{chat.Refusal, "content_filter", true},
	{chat.Refusal, "sensitive", true},
}

// stopWord gives Anthropic's word for why an answer ended. Tools are to be called
// if and only if there is a call, whatever the provider says: Claude Code repeats
// the whole turn otherwise (2.1.197, measured 2026-11-20).
func stopWord(stop chat.Finish, calls bool) string {
	if calls {
		return "tool_use"
	}
	for _, s := range stopReasons {
		if s.finish == stop && stop != chat.ToolUse {
			return s.word
		}
	}
	return "end_turn"
}

// anthropicFigures are the tokens of an answer as Anthropic counts them: input
// is what was neither read from the cache nor written to it.
type anthropicFigures struct{ input, cached, written, output int }

// add takes a usage object over. What comes later wins: Z.ai begins with zeros
// and tells the truth at the end (recorded 2026-09-01). An object without any
// figure of the prompt leaves the prompt as it was.
func (f *anthropicFigures) add(raw []byte) {
	if len(raw) < 3 || raw[0] != '{' {
		return
	}
	usage := gjson.ParseBytes(raw)
	input, cached, written := usage.Get("input_tokens"), usage.Get("cache_read_input_tokens"), usage.Get("cache_creation_input_tokens")
	if count(input)+count(cached)+count(written) > 0 {
		for _, x := range []struct {
			to *int
			v  gjson.Result
		}{{&f.input, input}, {&f.cached, cached}, {&f.written, written}} {
			if x.v.Type == gjson.Number {
				*x.to = count(x.v)
			}
		}
	}
	if n := count(usage.Get("output_tokens")); n > 0 {
		f.output = n
	}
}

// usage gives them as the hub counts.
func (f *anthropicFigures) usage() chat.Usage {
	return chat.Usage{Prompt: f.input + f.cached + f.written, Cached: f.cached, CacheWrite: f.written, Completion: f.output}
}
