package proxy

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// maxEvent is the largest single event that is passed on, in bytes.
const maxEvent = 16 << 20

// afterEnd is how long a provider has to close a stream that it has ended. A key and
// a client that waits for the end of the body are held for no longer.
const afterEnd = time.Second

// maxTranslated is how much of a stream is read to be translated, in bytes: some
// dialects repeat at the end what was said, so it is held until then. An answer
// of 128,000 tokens, each in an event of its own, has about 40 MB.
const maxTranslated = 256 << 20

// relayStream passes events on as they come, in the client's dialect: complete
// ones only, each of them valid, one write and one flush per read. It gives the
// answer that was the last: another one's, where the first broke off.
func (s *Server) relayStream(out *sink, c *call, a *answer) *answer {
	pooled := relayBuffers.Get().(*[]byte)
	defer relayBuffers.Put(pooled)
	p := pump{buf: *pooled, left: maxTranslated}
	defer p.pings.stop()
	stream, joint := s.newStream(c, a)
	out.w.Header()["Content-Type"] = []string{"text/event-stream"} // whatever the provider calls it, and however often
	for {
		c.tape.begin(&s.counter, c, a)
		p.take(a.reply.Head)
		broken := s.pump(&p, out, c, a, stream, joint)
		next := s.carryOn(&p, out, c, a, joint, broken)
		if next != nil {
			a = next
			defer a.close()
			continue
		}
		p.pings.stop()
		if out.err == nil && c.in.Context().Err() == nil {
			out.send(s.shown(stream, stream.End(p.rest())))
		}
		c.endOfStream(out, a, stream, broken)
		c.out.err = brief(s.opt.Scrub.Text(c.out.err))
		return a
	}
}

// newStream gives the way from the provider's stream to the client's, and the same
// as one that can be carried on; nil where that is not wished or not possible.
func (s *Server) newStream(c *call, a *answer) (dialect.Stream, *dialect.Joint) {
	if !c.world.settings.ContinueStreams || !c.request.Continuable() {
		return dialect.NewStream(a.behind, c.ask(a)), nil
	}
	joint := dialect.NewJoint(a.behind, c.ask(a))
	return joint, joint
}

// pump is the state of a stream that is being relayed: what was read and not yet
// passed on, which is the beginning of an event.
type pump struct {
	buf   []byte
	fill  int
	left  int // bytes that are still read to be translated
	pings pinger
}

func (p *pump) take(head []byte) {
	if len(head) >= len(p.buf) {
		p.buf = make([]byte, 2*len(head))
	}
	p.fill = copy(p.buf, head)
}

func (p *pump) rest() []byte { return p.buf[:p.fill] }

// pump passes one provider's events on until there are no more, and says what
// broke them off; io.EOF if nothing did.
func (s *Server) pump(p *pump, out *sink, c *call, a *answer, stream dialect.Stream, joint *dialect.Joint) (broken error) {
	for events := stream.Events(); ; events = stream.Events() {
		emit, rest := stream.Next(p.rest())
		if stream.Events() > events {
			a.reply.Heard()
		}
		if !out.begun {
			c.trueModel(out.w.Header(), stream.Model())
			out.begin(a.reply.Status)
			p.pings.start(func() { out.send(dialect.Ping(c.front)) }, out.deadline, c.world.settings.ClientPatience)
		}
		a.heard(stream, p.buf[:p.fill-rest])
		lost := p.send(out, s.shown(stream, emit))
		copy(p.buf, p.buf[p.fill-rest:p.fill])
		p.fill = rest
		if lost || broken != nil || joint != nil && joint.Fault() != nil {
			return broken
		}
		if p.buf, broken = roomFor(p.buf, p.fill); broken != nil {
			return broken
		}
		if p.left <= 0 && (joint != nil || a.behind != c.front) {
			return errStreamTooLarge
		}
		var n int
		n, broken = a.reply.Body.Read(p.buf[p.fill:])
		c.tape.add(p.buf[p.fill : p.fill+n])
		p.fill += n
		p.left -= n
	}
}

// send passes whole events on. It reports whether the client is gone.
func (p *pump) send(out *sink, emit []byte) (lost bool) {
	p.pings.write(func() {
		if len(emit) > 0 {
			out.send(emit)
		}
		lost = out.err != nil
	})
	return lost
}

// heard notes what the error is that raw has brought to a stream, and sees to it
// that one which has ended is closed.
func (a *answer) heard(stream dialect.Stream, raw []byte) {
	failed := stream.Fault() != nil
	if failed && a.failure == upstream.OK {
		a.failure = upstream.ErrorIn(a.behind, raw)
	}
	if a.closing == nil && (failed || stream.Over()) {
		a.closing = time.AfterFunc(afterEnd, a.reply.Close)
	}
}

// brief gives foreign words as one short line.
func brief(text string) string {
	const most = 240 // bytes
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// shown gives bytes of a stream as a client may see them: vendors echo keys in
// their errors.
func (s *Server) shown(stream dialect.Stream, p []byte) []byte {
	if stream.Fault() != nil {
		p = s.opt.Scrub.Known(p)
	}
	return text(p)
}

// text makes bytes the text that JSON is: some clients end themselves over one byte
// that is none. p is a number of whole events, or a whole answer.
func text(p []byte) []byte {
	if utf8.Valid(p) {
		return p
	}
	return bytes.ToValidUTF8(p, []byte("\uFFFD"))
}

// roomFor gives a buffer with room behind its first fill bytes, which are the
// beginning of one event.
func roomFor(buf []byte, fill int) ([]byte, error) {
	switch {
	case fill < len(buf):
		return buf, nil
	case fill >= maxEvent:
		return buf, errEventTooLarge
	}
	return append(buf, make([]byte, len(buf))...), nil
}

var (
	errEventTooLarge  = errors.New("a single event is larger than 16 MiB")
	errStreamTooLarge = errors.New("the stream is larger than 256 MiB")
)

// Ways in which a stream goes, beside "ok".
const (
	clientLeft = "client left"
	failedMid  = "failed in mid-stream"
)

// endOfStream writes down how a stream went, and tells the pool unless it was the
// client who ended it.
func (c *call) endOfStream(out *sink, a *answer, stream dialect.Stream, broken error) {
	c.out.usage, c.out.streamed = stream.Usage(), time.Since(c.start)-c.out.firstByte
	c.answered.model = headerText(cmp.Or(stream.Model(), c.answered.model)) // some name it behind their first words
	if n := stream.Dropped(); n > 0 {
		c.changed = append(c.changed, "dropped "+strconv.Itoa(n)+" broken events")
	}
	end := c.fateOf(out, a, stream, broken)
	if end.word != "ok" {
		c.out.word, c.out.err = end.word, end.err
	}
	if end.word != clientLeft {
		a.ended(end.failure)
	}
}

// fate is how a stream ended.
type fate struct {
	word, err string // for the record
	failure   string // of the provider, in words; "" if it did not fail
}

func (c *call) fateOf(out *sink, a *answer, stream dialect.Stream, broken error) fate {
	f := fate{word: "ok"}
	switch {
	// Codex closes the connection as soon as it has the last event, which may be
	// before the provider's own end is seen (0.169, measured 2026-11-28).
	case out.err != nil || c.in.Context().Err() != nil && !stream.Over():
		f.word = clientLeft
		return f
	case stream.Fault() != nil:
		f.word, f.err = failedMid, stream.Fault().Message
		if a.failure != upstream.OK && !blamed(a.failure, a.reply.Status) {
			return f
		}
	case stream.Finished():
		return f
	case errors.Is(broken, upstream.ErrIdle):
		f.word, f.err = "stalled", broken.Error()
	default:
		if f.word = "cut"; broken != nil && !errors.Is(broken, io.EOF) {
			f.err = broken.Error()
		}
	}
	f.failure = "stream " + f.word
	return f
}
