package dialect

import (
	"bytes"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// maxSaid bounds what a Reading keeps of an answer, in bytes: two million tokens.
const maxSaid = 8 << 20

// Reading gathers what an answer says, for whoever counts it: its text, its
// thinking, and its calls of tools. Not safe for concurrent use.
type Reading struct {
	Text, Thought, Calls []byte

	reader answerReader
	rest   []byte // the beginning of an event
	take   func(*chat.Delta)
}

// NewReading begins to read a provider's answer.
func NewReading(behind Name) *Reading {
	r := &Reading{reader: adapterOf(behind).answers()}
	r.take = r.delta
	return r
}

// Stream reads on in a stream, whose bytes come in any pieces.
func (r *Reading) Stream(p []byte) {
	if len(r.rest) > 0 {
		p = append(r.rest, p...)
	}
	for {
		ev, n, ok := NextEvent(p)
		if !ok {
			break
		}
		p = p[n:]
		if ev.Data != nil {
			r.reader.event(ev, r.take) // a broken one says nothing
		}
	}
	r.rest = bytes.Clone(p)
}

// Whole reads an answer that came in one piece. An error says that it is none.
func (r *Reading) Whole(body []byte) error { return r.reader.whole(body, r.take) }

func (r *Reading) delta(d *chat.Delta) {
	switch d.Kind {
	case chat.Says:
		r.add(&r.Text, decoded(d.Raw))
	case chat.Thinks:
		r.add(&r.Thought, decoded(d.Raw))
	case chat.Called:
		r.add(&r.Calls, []byte("\n"+d.Name+"\n"))
	case chat.Args:
		r.add(&r.Calls, decoded(d.Raw))
	}
}

func (r *Reading) add(to *[]byte, piece []byte) {
	if len(r.Text)+len(r.Thought)+len(r.Calls)+len(piece) <= maxSaid {
		*to = append(*to, piece...)
	}
}
