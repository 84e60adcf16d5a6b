package dialect

import (
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// Joint is a stream that another provider can carry on where one has broken off.
// It goes through the hub even where both sides speak one dialect.
//
// Tool calls are held until the provider has named its finish, so that none is
// ever half sent: of one that broke off the client has seen nothing, and one that
// was complete is worth more than a second provider's guess, see [Joint.Settle].
type Joint struct {
	translation
	said    []byte // the text that was passed on, as it stands in a JSON string
	thought bool   // thinking was passed on
	calls   []heldCall
	held    int         // bytes of their arguments
	called  bool        // calls were passed on
	begun   bool        // some provider's answer began
	lost    *chat.Error // what the provider told when it gave up, and the client does not know yet
	seam    *seam       // nil: text is passed on as it comes
	before  int         // output tokens of those that broke off
}

// heldCall is a tool call that waits for its end.
type heldCall struct {
	call     int // the provider's index
	id, name string
	args     []byte // as they stand in a JSON string
	end      argsEnd
}

// NewJoint begins with the first provider's answer.
func NewJoint(behind Name, ask Ask) *Joint {
	j := &Joint{translation: *newTranslation(adapterOf(behind), adapterOf(ask.front()), ask)}
	j.take = j.delta
	return j
}

// Said is the text that the client has of the answer.
func (j *Joint) Said() string { return string(decoded(j.said)) }

// Open reports whether the client may still get more: it was told of no error, and
// the text is not too long to be handed over.
func (j *Joint) Open() bool { return (j.fault == nil || j.lost != nil) && len(j.said) < maxSaid }

// delta passes on what may be, and keeps the rest.
func (j *Joint) delta(d *chat.Delta) {
	switch d.Kind {
	case chat.Begin:
		if j.begun { // the client has one answer
			j.model = d.Name
			return
		}
		j.begun = true
	case chat.Says:
		j.says(d)
		return
	case chat.Thinks, chat.Signed, chat.Sealed:
		if len(j.said) > 0 && j.seam != nil {
			return // the text was begun by somebody who had thought already
		}
		j.thought = true
	case chat.Called:
		j.calls = append(j.calls, heldCall{call: d.Call, id: d.ID, name: d.Name})
		return
	case chat.Args:
		j.args(d)
		return
	case chat.Stops:
		j.release()
	case chat.Uses:
		j.uses(d)
		return
	case chat.Fails:
		j.lost, j.fault, j.over = d.Err, d.Err, true
		return // told by End, if nobody carries on
	}
	j.translation.delta(d)
}

func (j *Joint) says(d *chat.Delta) {
	if len(j.calls) > 0 { // the model has gone on, so they are complete
		j.flush(len(j.calls))
	}
	raw := d.Raw
	if j.seam != nil && !j.seam.closed {
		if raw = j.seam.join(raw); len(raw) == 0 {
			return
		}
	}
	j.text(raw)
}

func (j *Joint) text(raw []byte) {
	j.said = append(j.said, raw...)
	j.translation.delta(&chat.Delta{Kind: chat.Says, Raw: raw})
}

func (j *Joint) args(d *chat.Delta) {
	for i := len(j.calls) - 1; i >= 0; i-- {
		if c := &j.calls[i]; c.call == d.Call {
			c.args = append(c.args, d.Raw...)
			c.end.feed(d.Raw)
			if j.held += len(d.Raw); j.held > MaxAnswer {
				j.translation.delta(&chat.Delta{Kind: chat.Fails, Err: answerTooLarge()})
			}
			return
		}
	}
}

// uses tells the tokens of the whole answer: what was handed over is prompt to
// one provider and answer to the other.
func (j *Joint) uses(d *chat.Delta) {
	sum := *d
	if sum.Used.Known() && j.before > 0 {
		sum.Used.Prompt = max(sum.Used.Prompt-j.before, 0)
		sum.Used.Cached = min(sum.Used.Cached, sum.Used.Prompt)
		sum.Used.Completion += j.before
	}
	j.translation.delta(&sum)
}

// release passes on all that waited for the finish.
func (j *Joint) release() {
	if j.seam != nil && !j.seam.closed {
		if raw := j.seam.close(); len(raw) > 0 {
			j.text(raw)
		}
	}
	j.flush(len(j.calls))
}

// flush passes the first n calls on.
func (j *Joint) flush(n int) {
	for i := range j.calls[:n] {
		c := &j.calls[i]
		j.called = true
		j.translation.delta(&chat.Delta{Kind: chat.Called, Call: c.call, ID: c.id, Name: c.name})
		if len(c.args) > 0 {
			j.translation.delta(&chat.Delta{Kind: chat.Args, Call: c.call, Raw: c.args})
		}
	}
	j.calls, j.held = append(j.calls[:0], j.calls[n:]...), 0
}

// Settle ends an answer that has broken off by what there is of it, where that is
// a whole turn: tool calls that are complete. ok is false if there is none.
func (j *Joint) Settle() (emit []byte, ok bool) {
	j.out = j.out[:0]
	whole := j.calls[:0]
	for _, c := range j.calls {
		if c.end.over {
			whole = append(whole, c)
		}
	}
	if j.calls = whole; len(whole) == 0 && !j.called {
		return nil, false
	}
	j.fault, j.lost, j.over = nil, nil, false
	j.release()
	j.translation.delta(&chat.Delta{Kind: chat.Stops, Stop: chat.ToolUse})
	j.translation.delta(&chat.Delta{Kind: chat.End})
	return j.out, true
}

// Resume takes the answer of another provider, to which the text was handed over
// by [Request.Continue]. tokens is how many the client has of the answer so far.
func (j *Joint) Resume(behind Name, ask Ask, way Way, tokens int) {
	j.reader, j.ask.Names, j.ask.Provider = adapterOf(behind).answers(), ask.Names, ask.Provider
	j.fault, j.lost, j.over = nil, nil, false
	j.calls, j.held = nil, 0
	j.before = tokens
	j.seam = nil
	if len(j.said) > 0 {
		j.seam = newSeam(j.Said(), way)
	}
}

// End closes the client's stream; with the error that the provider told, if it
// told one.
func (j *Joint) End(rest []byte) []byte {
	if j.lost == nil {
		out := j.translation.End(rest)
		if j.lost == nil {
			return out
		}
	}
	j.out = j.out[:0]
	j.translation.delta(&chat.Delta{Kind: chat.Fails, Err: j.lost})
	return j.out
}

// seam joins a text with what another model goes on with. A model that starts
// anew or repeats the last words is expected to: what the client has is not sent
// again.
type seam struct {
	before  string // what the client has
	way     Way
	pending []byte // as it stands in a JSON string
	closed  bool   // it is joined
}

const (
	// leastRepeat is how long a text must be, in bytes, to be taken for one that
	// is repeated: a shorter one may be meant.
	leastRepeat = 24
	// overlap is how much is looked at for words that are repeated.
	overlap = 256
)

func newSeam(before string, way Way) *seam { return &seam{before: before, way: way} }

// join takes the next piece of the second text, and gives what is to be passed
// on: nothing while it may be a repetition.
func (s *seam) join(raw []byte) []byte {
	s.pending = append(s.pending, raw...)
	text := string(decoded(s.pending))
	if len(s.before) >= leastRepeat && len(text) < len(s.before) && strings.HasPrefix(s.before, text) {
		return nil // it may be starting anew
	}
	if s.way == Nudge && len(text) < overlap && !strings.HasPrefix(text, s.before) {
		return nil
	}
	return s.close()
}

// close decides on what there is.
func (s *seam) close() []byte {
	s.closed = true
	text := string(decoded(s.pending))
	rest := text
	switch {
	case len(s.before) >= leastRepeat && strings.HasPrefix(text, s.before):
		rest = text[len(s.before):]
	case s.way == Nudge:
		rest = text[s.repeated(text):]
	}
	if len(rest) == len(text) {
		rest = strings.TrimPrefix(text, s.before[len(handed(s.before)):])
	}
	if len(rest) == len(text) {
		return s.pending
	}
	return inner(rest)
}

// repeated is how many bytes of a text are the last words of what was said. Words
// that were there before as well are no repetition but a pattern.
func (s *seam) repeated(text string) int {
	for n := min(len(text), len(s.before), overlap); n >= leastRepeat; n-- {
		if strings.HasSuffix(s.before, text[:n]) {
			if strings.Contains(s.before[:len(s.before)-1], text[:n]) {
				return 0
			}
			return n
		}
	}
	return 0
}

// handed is the part of a text that is handed over: Anthropic refuses a turn that
// ends in blanks.
func handed(said string) string { return strings.TrimRight(said, " \t\r\n") }
