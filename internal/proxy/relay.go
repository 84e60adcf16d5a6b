package proxy

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// relaySize is one read of a stream. At a real pace every read holds one
// event; at full speed one holds a hundred, with one flush for all of them.
const relaySize = 32 << 10

// maxEvent is the largest single event that is passed on, in bytes.
const maxEvent = 16 << 20

// afterEnd is how long a provider has to close a stream that it has ended. A key and
// a client that waits for the end of the body are held for no longer.
const afterEnd = time.Second

// maxTranslated is how much of a stream is read to be translated, in bytes: some
// dialects repeat at the end what was said, so it is held until then. An answer
// of 128,000 tokens, each in an event of its own, has about 40 MB.
const maxTranslated = 256 << 20

// maxKept bounds the answer that is kept for a body file, in bytes.
const maxKept = 4 << 20

var relayBuffers = sync.Pool{New: func() any { b := make([]byte, relaySize); return &b }}

// relay writes a provider's answer to the client. It is the only place that
// does, errors of our own aside.
func (s *Server) relay(w http.ResponseWriter, c *call, a *answer) {
	defer a.close()
	c.answered = servedBy(a)
	c.out.status, c.out.word, c.out.header = a.reply.Status, "ok", a.reply.Header
	if a.reply.Class != upstream.OK {
		c.out.word, c.out.err = a.reply.Class.String(), a.reply.Reason
	}
	out := &sink{w: w, c: c, keep: c.keep}
	out.conn, _ = c.in.Context().Value(connKey{}).(*clientConn)
	c.answerHeaders(w.Header(), a)

	switch {
	case a.reply.Whole && c.chat && a.reply.Class == upstream.OK:
		s.relayAnswer(out, c, a)
	case a.reply.Whole:
		s.relayWhole(out, c, a)
	case a.reply.EventStream && c.chat:
		a = s.relayStream(out, c, a)
	default:
		s.relayBytes(out, c, a)
	}
	if out.err != nil {
		c.out.word = clientLeft
		if errors.Is(out.err, os.ErrDeadlineExceeded) {
			c.out.err = "the client took nothing of its answer for " + spell(c.world.settings.ClientPatience)
		}
	}
	c.settleCost(a.lease)
	if c.out.usage.Known() && c.chat {
		s.opt.Tokens.Learn(c.answered.provider, c.answered.model, c.facts, c.out.usage)
	}
}

func servedBy(a *answer) served {
	return served{a.step.Target.Provider, headerText(cmp.Or(a.reply.Model, a.step.Model)), a.lease.Key, a.step.Model, a.lease.Endpoint}
}

// relayAnswer sends a whole answer as check has put it.
func (s *Server) relayAnswer(out *sink, c *call, a *answer) {
	c.out.usage = a.reply.Usage
	c.tape.whole(c, a)
	// Whatever the provider calls it, and however often.
	if h := out.w.Header(); c.facts.Stream {
		h["Content-Type"] = []string{"text/event-stream"}
	} else {
		h["Content-Type"] = []string{"application/json"}
		h["Content-Length"] = []string{strconv.Itoa(len(a.body))}
	}
	out.begin(a.reply.Status)
	out.whole(a.body)
}

// relayWhole sends a refusal, or the answer of a forwarded path, that is in hand:
// byte for byte, unless the client would not understand it.
func (s *Server) relayWhole(out *sink, c *call, a *answer) {
	if a.reply.Class != upstream.OK {
		if e := c.foreign(a); e != nil {
			s.fail(out.w, c, e)
			c.out.word, c.out.err = a.reply.Class.String(), a.reply.Reason
			return
		}
		// Vendors echo keys in their errors.
		a.reply.Head = s.opt.Scrub.Known(a.reply.Head)
		if a.reply.Status < http.StatusBadRequest && !a.reply.EventStream {
			c.out.status = http.StatusBadRequest // a refusal dressed as an answer, which a client would take for one
		}
	}
	length := []string{strconv.Itoa(len(a.reply.Head))}
	if c.in.Method == http.MethodHead {
		length = a.reply.Header["Content-Length"] // of what a GET would bring
	}
	if len(length) > 0 {
		out.w.Header()["Content-Length"] = length
	}
	c.out.usage = a.reply.Usage
	out.begin(c.out.status)
	if c.in.Method == http.MethodHead {
		a.reply.Head = nil
	}
	out.whole(a.reply.Head)
}

// relayBytes passes anything else through as it comes.
func (s *Server) relayBytes(out *sink, c *call, a *answer) {
	if n := a.reply.Header.Get("Content-Length"); n != "" {
		out.w.Header().Set("Content-Length", n)
	}
	out.begin(a.reply.Status)
	out.whole(a.reply.Head)
	buf := relayBuffers.Get().(*[]byte)
	defer relayBuffers.Put(buf)
	for out.err == nil {
		n, err := a.reply.Body.Read(*buf)
		if n > 0 {
			out.whole((*buf)[:n])
		}
		if err != nil {
			c.endOfBytes(err)
			return
		}
	}
}

func (c *call) endOfBytes(err error) {
	switch {
	case errors.Is(err, io.EOF):
	case c.in.Context().Err() != nil:
		c.out.word = clientLeft
	default:
		// The length or chunk coding that the client sees is broken off as
		// well, so that it cannot take half for the whole.
		c.out.word, c.out.err = "cut", err.Error()
		panic(http.ErrAbortHandler)
	}
}

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

// sink counts and keeps what goes to the client.
type sink struct {
	w     http.ResponseWriter
	conn  *clientConn // nil: it cannot be held back
	c     *call
	keep  bool
	begun bool
	err   error
}

func (k *sink) begin(status int) {
	k.begun = true
	k.c.out.begun, k.c.out.firstByte = true, time.Since(k.c.start)
	k.w.WriteHeader(status)
}

func (k *sink) write(p []byte) {
	if len(p) == 0 || k.err != nil {
		return
	}
	var n int
	n, k.err = k.w.Write(p)
	k.c.out.sent += int64(n)
	if !k.keep {
		return
	}
	if room := maxKept - len(k.c.out.response); len(p) > room {
		p, k.c.out.cut = p[:max(room, 0)], true
	}
	k.c.out.response = append(k.c.out.response, p...)
}

// writeSize is how much is written before a client has to have taken it.
const writeSize = 256 << 10

// whole writes all of p and flushes. A client that takes nothing for too long has
// left.
func (k *sink) whole(p []byte) {
	patience := k.c.world.settings.ClientPatience
	for first := true; (len(p) > 0 || first) && k.err == nil; first = false {
		n := min(len(p), writeSize)
		k.deadline(time.Now().Add(patience))
		k.send(p[:n])
		p = p[n:]
	}
	k.deadline(time.Time{}) // the connection may carry more
}

// deadline bounds the writes that follow; zero: it does not.
func (k *sink) deadline(t time.Time) {
	_ = http.NewResponseController(k.w).SetWriteDeadline(t) // a recorder has none
}

// send writes and flushes.
func (k *sink) send(p []byte) {
	if k.err != nil {
		return
	}
	k.conn.hold(len(p))
	defer k.release()
	k.write(p)
	k.flush()
}

func (k *sink) release() {
	if err := k.conn.release(); k.err == nil {
		k.err = err
	}
}

func (k *sink) flush() {
	if k.err == nil {
		if f, ok := k.w.(http.Flusher); ok {
			f.Flush()
		}
	}
}

// unwanted are headers of a provider that mean nothing, or the wrong thing,
// behind this proxy: those of the connection, those that the decoded body
// outdates, its front end's cookies and promises about its own host, and what
// it would have a browser do here. See also unwantedPrefixes.
var unwanted = map[string]bool{
	"Connection": true, "Keep-Alive": true, "Proxy-Authenticate": true, "Proxy-Authorization": true,
	"Proxy-Connection": true, "Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
	"Content-Length": true, "Set-Cookie": true, "Alt-Svc": true, "Strict-Transport-Security": true,
	"Nel": true, "Report-To": true, "Reporting-Endpoints": true,
	"Timing-Allow-Origin": true, "Clear-Site-Data": true, "Service-Worker-Allowed": true, "Refresh": true,
}

// unwantedPrefixes are a provider's word on which web pages may read the answer,
// and words that only this proxy has.
var unwantedPrefixes = [...]string{"Access-Control-", "X-Glmtray-"}

// wanted reports whether a client gets to see a provider's header.
func wanted(name string) bool {
	for _, prefix := range unwantedPrefixes {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	return !unwanted[name]
}

// noPage keeps a browser from taking a forwarded answer for a page: it would
// run with the rights of the one under /_ui/, whose origin is the same.
const noPage = "default-src 'none'; sandbox"

// answerHeaders copies the provider's headers and adds ours.
func (c *call) answerHeaders(h http.Header, a *answer) {
	for name, values := range a.reply.Header {
		if !wanted(name) || h[name] != nil && (name == "X-Request-Id" || name == "Request-Id") {
			continue
		}
		h[name] = values
	}
	dropNamed(h, a.reply.Header["Connection"])
	if !c.chat {
		h["Content-Security-Policy"], h["X-Content-Type-Options"] = []string{noPage}, []string{"nosniff"}
	}
	if c.chat && c.world.settings.TokenCounting {
		h["X-Token-Input"] = []string{strconv.Itoa(c.facts.Tokens)} // as zai-proxy sends it: an estimate
	}
	// One piece of memory for all the values.
	own := [...]string{
		a.step.Target.Provider, c.answered.model, headerText(a.lease.Key), strconv.Itoa(len(c.attempts)),
		headerText(c.decision.Rule + ": " + c.decision.Reason),
	}
	values := own[:]
	for i, name := range [...]string{"X-Glmtray-Provider", "X-Glmtray-Model", "X-Glmtray-Key", "X-Glmtray-Attempts", "X-Glmtray-Route"} {
		h[name] = values[i : i+1 : i+1]
	}
	if c.decision.Variant != "" { // the rule has a canary
		h["X-Glmtray-Variant"] = []string{c.variant}
	}
}

// dropNamed takes out what a provider's Connection header names: it belongs to
// that connection. The request's id is ours.
func dropNamed(h http.Header, connection []string) {
	for _, list := range connection {
		for name := range strings.SplitSeq(list, ",") {
			if name = http.CanonicalHeaderKey(strings.TrimSpace(name)); name != "X-Request-Id" {
				delete(h, name)
			}
		}
	}
}

// trueModel tells the model that the answer itself names: a provider may map one
// id to another (Z.ai's plans do since September 2026).
func (c *call) trueModel(h http.Header, model string) {
	if model == "" {
		return
	}
	c.answered.model = headerText(model)
	h["X-Glmtray-Model"] = []string{c.answered.model}
}

// headerText keeps what a header may hold; a client's own words (a model's
// name) stand in it.
func headerText(text string) string {
	for i := 0; i < len(text); i++ {
		if text[i] < ' ' || text[i] > '~' {
			return strconv.QuoteToASCII(text)
		}
	}
	return text
}
