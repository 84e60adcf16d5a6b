package dialect

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// anthropicPass passes a Messages stream on, event by event and byte for byte,
// but for what clients need otherwise: the model that was asked for, a prompt's
// size that Z.ai leaves at 0, usage where there is none, signatures that tell
// whose they are, tool ids that occur once, reasons that they know, the event's
// name in front of its data, and the strict form, see anthropicOrder (what breaks
// whom: Claude Code 2.1.197, SDK 1.11.0, measured 2026-11-20).
type anthropicPass struct {
	anthropicOrder
	ask  Ask
	ids  *callIDs
	mark string // see signatureLead

	out     []byte // what is passed on, if it is not what came
	instead []byte // of the event at hand
	edits   splices
	lead    []byte // members that the event at hand begins with
	marked  int    // the index of the block whose signature has its mark; see unmarked
	calls   int

	figures  anthropicFigures
	model    string
	events   int
	dropped  int
	finished bool // a reason was told
	over     bool // nothing more is passed on
	fault    *chat.Error
}

// unmarked is no block's index.
const unmarked = -2

func newAnthropicPass(ask Ask) Stream {
	return &anthropicPass{ask: ask, ids: newCallIDs(ask), mark: signatureLead(ask.Provider), marked: unmarked}
}

func (s *anthropicPass) Next(p []byte) (emit []byte, rest int) {
	s.out = s.out[:0]
	read, kept := 0, 0 // from kept to read all is as it came
	for {
		ev, n, ok := NextEvent(p[read:])
		if !ok {
			break
		}
		if !s.take(ev) {
			s.out = append(append(s.out, p[kept:read]...), s.instead...)
			kept = read + n
		}
		read += n
	}
	if kept == 0 {
		return p[:read], len(p) - read
	}
	s.out = append(s.out, p[kept:read]...)
	return s.out, len(p) - read
}

// take looks at an event and reports whether it is passed on as it is. If not,
// instead is what takes its place, perhaps nothing.
func (s *anthropicPass) take(ev Event) (asItIs bool) {
	s.instead = s.instead[:0]
	switch {
	case s.over:
		return false
	case ev.Data == nil:
		return true
	}
	e, ok := readAnthropicEvent(ev)
	switch {
	case !ok && !isError(ev):
		s.dropped++
		return false
	case !ok || e.failed:
		return s.fails(ev)
	}
	s.events++
	if reason := e.raw(e.piece.stop); string(e.kind) == "message_delta" && brokenOff(reason) {
		s.figures.add(e.raw(e.usage))
		s.ends(brokenAnswer(str(reason)))
		return false
	}
	return s.pass(ev, &e)
}

// pass looks at an event that is none of an end, and reports whether it is passed
// on as it is.
func (s *anthropicPass) pass(ev Event, e *anthropicEvent) (asItIs bool) {
	s.edits.edits, s.lead = s.edits.edits[:0], s.lead[:0]
	if !s.order(e) {
		if !s.over {
			s.dropped++
		}
		return false
	}
	s.look(e)
	if len(s.edits.edits)+len(s.lead)+len(s.instead) == 0 && (!e.known() || bytes.Equal(ev.Name, e.kind)) {
		return true
	}
	s.rewrite(e)
	return false
}

// look notes what an event says, and what is to be changed in it.
func (s *anthropicPass) look(e *anthropicEvent) {
	switch string(e.kind) {
	case "message_start":
		s.start(e)
	case "content_block_start":
		s.block(e)
	case "content_block_delta":
		if string(e.piece.kind) == "signature_delta" {
			s.sign(e, e.piece.signature)
		}
	case "message_delta":
		s.finish(e)
	case "message_stop":
		s.finished, s.over = true, true
	}
}

// rewrite puts the changed event together.
func (s *anthropicPass) rewrite(e *anthropicEvent) {
	if len(s.lead) > 0 {
		if e.filled {
			s.lead = append(s.lead, ',')
		}
		s.edits.splice(e.opened, e.opened, string(s.lead))
	}
	slices.SortStableFunc(s.edits.edits, func(a, b splice) int { return a.from - b.from })
	s.instead = append(append(s.instead, "event: "...), e.kind...)
	s.instead = append(s.instead, "\ndata: "...)
	at := len(s.instead)
	s.instead = append(s.instead, s.edits.apply(e.data, nil)...)
	oneLine(s.instead[at:])
	s.instead = append(s.instead, "\n\n"...)
}

// front puts a member in front of those that the event's data has.
func (s *anthropicPass) front(member string) { s.lead = append(sep(s.lead), member...) }

// fails passes an error on and ends the stream. One that the client could not
// read is written anew: Z.ai puts its codes where the type belongs.
func (s *anthropicPass) fails(ev Event) (asItIs bool) {
	s.events++
	e := providerFault(ev.Data)
	if s.fault, s.over = e, true; isError(ev) && gjson.GetBytes(ev.Data, "type").Str == "error" && gjson.GetBytes(ev.Data, "error.type").Str == anthropicType(e) {
		return true
	}
	s.ends(e)
	return false
}

// ends puts an error in the event's place, which is the last.
func (s *anthropicPass) ends(e *chat.Error) {
	s.fault, s.over = e, true
	s.instead = append(s.instead, anthropicErrorEvent(e, s.ask.ID)...)
}

func (s *anthropicPass) start(e *anthropicEvent) {
	m := &e.message
	if s.model == "" {
		s.model = string(str(e.raw(m.model)))
	}
	s.figures.add(e.raw(m.usage))
	if m.opened == 0 || e.data[m.opened-1] != '{' {
		return
	}
	s.edits.model(e.data, m, s.ask.Request.Facts.Model)
	var missing []byte
	if m.content == (span{}) {
		missing = append(missing, `"content":[],`...)
	}
	switch usage := s.figures.usage(); {
	case m.usage == (span{}):
		missing = append(appendAnthropicUsage(append(missing, `"usage":`...), chat.Usage{}, s.ask.Tokens), ',')
	case !m.counted:
		s.edits.splice(m.usage.from, m.usage.to, string(appendAnthropicUsage(nil, chat.Usage{}, s.ask.Tokens)))
	case usage.Prompt == 0 && s.ask.Tokens > 0:
		s.estimate(e)
	}
	if !m.filled {
		missing = bytes.TrimSuffix(missing, []byte(","))
	}
	if len(missing) > 0 {
		s.edits.splice(m.opened, m.opened, string(missing))
	}
}

// estimate puts a size of the prompt into a usage object that has none.
func (s *anthropicPass) estimate(e *anthropicEvent) {
	u := scanner{b: e.data, i: e.message.usage.from}
	opened, filled, at := u.i+1, false, span{}
	u.object(func() {
		filled = true
		if u.is("input_tokens") {
			at = u.span()
		} else {
			u.skip()
		}
	})
	tokens := strconv.Itoa(s.ask.Tokens)
	switch {
	case at != (span{}):
		s.edits.splice(at.from, at.to, tokens)
	case filled:
		s.edits.splice(opened, opened, `"input_tokens":`+tokens+`,`)
	default:
		s.edits.splice(opened, opened, `"input_tokens":`+tokens)
	}
}

func (s *anthropicPass) block(e *anthropicEvent) {
	if s.marked == e.index {
		s.marked = unmarked
	}
	switch p := &e.piece; string(p.kind) {
	case "tool_use":
		s.edits.id(e.data, p, s.ids, s.calls)
		s.calls++
	case "thinking":
		s.sign(e, p.signature)
	case "redacted_thinking":
		s.edits.mark(e.data, p.data, s.mark)
	}
}

// sign marks a signature, of which only the first piece is marked.
func (s *anthropicPass) sign(e *anthropicEvent, at span) {
	if s.marked != e.index && len(e.in(at)) > 0 {
		s.edits.mark(e.data, at, s.mark)
		s.marked = e.index
	}
}

func (s *anthropicPass) finish(e *anthropicEvent) {
	s.figures.add(e.raw(e.usage))
	s.finished = s.finished || says(e.raw(e.piece.stop))
	s.edits.stop(e.data, e.piece.stop, s.calls > 0)
	raw := e.raw(e.usage)
	if len(raw) > 0 && raw[0] == '{' {
		return
	}
	usage := `{"output_tokens":` + strconv.Itoa(s.figures.output) + `}`
	if len(raw) > 0 {
		s.edits.splice(e.usage.from, e.usage.to, usage)
	} else {
		s.front(`"usage":` + usage)
	}
}

// End closes the client's stream: a message's end that is missing is supplied,
// and a stream without a finish ends with an error.
func (s *anthropicPass) End(rest []byte) []byte {
	var out []byte
	if ev, raw := lastEvent(rest); ev.Data != nil {
		emit, _ := s.Next(raw)
		out = append(out, emit...)
	}
	switch {
	case s.over:
		return out
	case s.finished:
		out = append(out, messageStop...)
	default:
		out = append(out, anthropicErrorEvent(streamCut(), s.ask.ID)...)
	}
	s.over = true
	return out
}

func (s *anthropicPass) Usage() chat.Usage  { return s.figures.usage() }
func (s *anthropicPass) Model() string      { return s.model }
func (s *anthropicPass) Events() int        { return s.events }
func (s *anthropicPass) Dropped() int       { return s.dropped }
func (s *anthropicPass) Finished() bool     { return s.finished }
func (s *anthropicPass) Fault() *chat.Error { return s.fault }
func (s *anthropicPass) Over() bool         { return s.over }
