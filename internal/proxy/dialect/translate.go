package dialect

import (
	"net/http"
	"strconv"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// translation turns one dialect's stream into another's, delta by delta.
type translation struct {
	reader answerReader
	writer answerWriter
	ask    Ask
	take   func(*chat.Delta) // t.delta, bound once

	out      []byte
	usage    chat.Usage
	model    string
	events   int
	dropped  int
	finished bool // a finish reason was seen
	over     bool // the provider said that it is over, or failed, or broke off
	fault    *chat.Error
}

func newTranslation(behind, front *adapter, ask Ask) *translation {
	t := &translation{reader: behind.answers(), writer: front.stream(ask), ask: ask}
	t.take = t.delta
	return t
}

// delta notes what a step means for the record and writes it.
func (t *translation) delta(d *chat.Delta) {
	switch d.Kind {
	case chat.Begin:
		t.model = d.Name
		t.note(d.Used)
	case chat.Uses:
		t.note(d.Used)
	case chat.Stops:
		t.finished = true
	case chat.Fails:
		t.fault, t.over = d.Err, true
	case chat.End:
		t.over = true
		if !t.finished {
			return // told by End, as an error
		}
	}
	t.out = t.writer.delta(t.out, t.ask.own(d))
	if !t.over && t.writer.held() > MaxAnswer {
		t.delta(&chat.Delta{Kind: chat.Fails, Err: answerTooLarge()})
	}
}

func (t *translation) note(u chat.Usage) {
	if u.Known() {
		t.usage = u
	}
}

// Next translates the complete events of p. What follows the end is dropped.
func (t *translation) Next(p []byte) (emit []byte, rest int) {
	t.out = t.out[:0]
	read := 0
	for {
		ev, n, ok := NextEvent(p[read:])
		if !ok {
			return t.out, len(p) - read
		}
		read += n
		t.event(ev)
	}
}

func (t *translation) event(ev Event) {
	if t.over || ev.Data == nil {
		return
	}
	if !t.reader.event(ev, t.take) {
		t.dropped++
		return
	}
	t.events++
}

// End closes the client's stream: as whole, if the provider named a finish, and
// else with an error.
func (t *translation) End(rest []byte) []byte {
	t.out = t.out[:0]
	ev, _ := lastEvent(rest)
	t.event(ev)
	switch {
	case t.fault != nil:
	case !t.finished: // told to the client as a failure; in the record it is a stream that broke off
		t.over = true
		t.out = t.writer.delta(t.out, &chat.Delta{Kind: chat.Fails, Err: streamCut()})
	case !t.over:
		t.delta(&chat.Delta{Kind: chat.End})
	}
	return t.out
}

func (t *translation) Usage() chat.Usage  { return t.usage }
func (t *translation) Model() string      { return t.model }
func (t *translation) Events() int        { return t.events }
func (t *translation) Dropped() int       { return t.dropped }
func (t *translation) Finished() bool     { return t.finished }
func (t *translation) Fault() *chat.Error { return t.fault }
func (t *translation) Over() bool         { return t.over }

// streamCut is what a client is told if the provider stopped in mid-answer.
func streamCut() *chat.Error {
	return &chat.Error{
		Type: "upstream_error", Code: "stream_cut",
		Message: "the provider's stream broke off before it was finished",
	}
}

// answerTooLarge is what a client is told if there is more to be kept of an answer
// than may be.
func answerTooLarge() *chat.Error {
	return &chat.Error{
		Status: http.StatusBadGateway, Type: "upstream_error", Code: "answer_too_large",
		Message: "the provider's answer holds more than " + strconv.Itoa(MaxAnswer>>20) + " MiB that would have to wait for its end",
		Hint:    "ask for a shorter answer, or for fewer tool calls at once",
	}
}

// collect puts a whole answer together in the hub's words.
func collect(behind *adapter, ask Ask, body []byte) (*chat.Answer, error) {
	var g gathering
	err := behind.answers().whole(body, func(d *chat.Delta) { g.delta(ask.own(d)) })
	return &g.Answer, err
}

// gathering is an answer that is being put together.
type gathering struct {
	chat.Answer
	calls map[int]int // by the provider's index: which part
}

func (g *gathering) delta(d *chat.Delta) {
	switch d.Kind {
	case chat.Begin:
		g.ID, g.Model, g.Used = d.ID, d.Name, d.Used
	case chat.Says:
		g.part(chat.Text).Text += string(decoded(d.Raw))
	case chat.Thinks:
		g.part(chat.Thought).Text += string(decoded(d.Raw))
	case chat.Signed:
		g.signed().Signature += string(decoded(d.Raw))
	case chat.Sealed:
		g.Parts = append(g.Parts, chat.Part{Kind: chat.Redacted, Signature: string(decoded(d.Raw))})
	case chat.Called:
		if g.calls == nil {
			g.calls = map[int]int{}
		}
		g.calls[d.Call] = len(g.Parts)
		g.Parts = append(g.Parts, chat.Part{Kind: chat.Call, ID: d.ID, Name: d.Name})
	case chat.Args:
		if i, known := g.calls[d.Call]; known {
			g.Parts[i].Args += string(decoded(d.Raw))
		}
	case chat.Stops:
		g.Stop, g.Match = d.Stop, d.Match
	case chat.Uses:
		g.Used = d.Used
	}
}

// part gives the last part, if it is of that kind and goes on, or a new one. What
// was signed is over.
func (g *gathering) part(kind chat.Kind) *chat.Part {
	if n := len(g.Parts); n > 0 && g.Parts[n-1].Kind == kind && g.Parts[n-1].Signature == "" {
		return &g.Parts[n-1]
	}
	g.Parts = append(g.Parts, chat.Part{Kind: kind})
	return &g.Parts[len(g.Parts)-1]
}

// signed gives the thinking that a piece of a signature belongs to.
func (g *gathering) signed() *chat.Part {
	if n := len(g.Parts); n > 0 && g.Parts[n-1].Kind == chat.Thought {
		return &g.Parts[n-1]
	}
	return g.part(chat.Thought)
}
