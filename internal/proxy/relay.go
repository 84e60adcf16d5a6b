package proxy

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// relaySize is one read of a stream. At a real pace every read holds one
// event; at full speed one holds a hundred, with one flush for all of them.
const relaySize = 32 << 10

// maxEvent is the largest single event that is passed on, in bytes.
const maxEvent = 16 << 20

// maxKept bounds the answer that is kept for a body file, in bytes.
const maxKept = 4 << 20

var relayBuffers = sync.Pool{New: func() any { b := make([]byte, relaySize); return &b }}

// relay writes a provider's answer to the client. It is the only place that
// does, errors of our own aside.
func (s *Server) relay(w http.ResponseWriter, c *call, a *answer) {
	defer a.close()
	c.answered = served{a.step.Target.Provider, headerText(cmp.Or(a.reply.Model, a.step.Model)), a.lease.Key, a.step.Model, a.lease.Endpoint}
	c.out.status, c.out.word, c.out.header = a.reply.Status, "ok", a.reply.Header
	if a.reply.Class != upstream.OK {
		c.out.word, c.out.err = a.reply.Class.String(), a.reply.Reason
	}
	out := &sink{w: w, c: c, keep: c.keep}
	c.answerHeaders(w.Header(), a)

	switch {
	case a.reply.Whole && c.chat && a.reply.Class == upstream.OK:
		s.relayAnswer(out, c, a)
	case a.reply.Whole:
		s.relayWhole(out, c, a)
	case a.reply.EventStream && c.chat:
		s.relayStream(out, c, a)
	default:
		s.relayBytes(out, c, a)
	}
	c.settleCost(a.lease)
	if c.out.usage.Known() && c.chat {
		s.opt.Tokens.Learn(c.answered.provider, c.answered.model, c.facts, c.out.usage)
	}
}

// relayAnswer sends a whole answer as check has put it.
func (s *Server) relayAnswer(out *sink, c *call, a *answer) {
	c.out.usage = a.reply.Usage
	c.tape.whole(c, a)
	if h := out.w.Header(); c.facts.Stream {
		h["Content-Type"] = []string{"text/event-stream"}
	} else {
		h["Content-Length"] = []string{strconv.Itoa(len(a.body))}
	}
	out.begin(a.reply.Status)
	out.write(a.body)
	out.flush() // the client does not wait for our records
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
	if c.in.Method != http.MethodHead {
		out.write(a.reply.Head)
	}
	out.flush() // the client does not wait for our records
}

// relayBytes passes anything else through as it comes.
func (s *Server) relayBytes(out *sink, c *call, a *answer) {
	if n := a.reply.Header.Get("Content-Length"); n != "" {
		out.w.Header().Set("Content-Length", n)
	}
	out.begin(a.reply.Status)
	out.write(a.reply.Head)
	buf := relayBuffers.Get().(*[]byte)
	defer relayBuffers.Put(buf)
	for out.err == nil {
		n, err := a.reply.Body.Read(*buf)
		if n > 0 {
			out.write((*buf)[:n])
			out.flush()
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
		c.out.word = "client left"
	default:
		// The length or chunk coding that the client sees is broken off as
		// well, so that it cannot take half for the whole.
		c.out.word, c.out.err = "cut", err.Error()
		panic(http.ErrAbortHandler)
	}
}

// relayStream passes events on as they come, in the client's dialect: complete
// ones only, each of them valid, one write and one flush per read.
func (s *Server) relayStream(out *sink, c *call, a *answer) {
	pooled := relayBuffers.Get().(*[]byte)
	defer relayBuffers.Put(pooled)
	buf := *pooled
	if len(a.reply.Head) >= len(buf) {
		buf = make([]byte, 2*len(a.reply.Head))
	}
	stream := dialect.NewStream(a.behind, c.ask(a))
	fill := copy(buf, a.reply.Head)
	c.tape.begin(&s.counter, c, a)
	if h := out.w.Header(); !strings.HasPrefix(h.Get("Content-Type"), "text/event-stream") {
		h["Content-Type"] = []string{"text/event-stream"} // whatever the provider calls it
	}
	var pings pinger
	defer pings.stop()
	var broken error
	for {
		emit, rest := stream.Next(buf[:fill])
		if !out.begun {
			c.trueModel(out.w.Header(), stream.Model())
			out.begin(a.reply.Status)
			pings.start(func() { out.send(dialect.Ping(c.front)) })
		}
		emit = s.shown(stream, emit)
		if stream.Failed() {
			a.fails(buf[:fill-rest])
		}
		lost := false
		pings.write(func() {
			if len(emit) > 0 {
				out.send(emit)
			}
			lost = out.err != nil
		})
		copy(buf, buf[fill-rest:fill])
		fill = rest
		if lost || broken != nil {
			break
		}
		if buf, broken = roomFor(buf, fill); broken != nil {
			break
		}
		var n int
		n, broken = a.reply.Body.Read(buf[fill:])
		c.tape.add(buf[fill : fill+n])
		fill += n
	}
	pings.stop()
	if out.err == nil && c.in.Context().Err() == nil {
		out.send(s.shown(stream, stream.End(buf[:fill])))
	}
	c.endOfStream(out, a, stream, broken)
}

// fails notes what the error is that a stream has brought.
func (a *answer) fails(raw []byte) {
	if a.failure == upstream.OK {
		a.failure = upstream.ErrorIn(a.behind, raw)
	}
}

// shown gives bytes of a stream as a client may see them: vendors echo keys in
// their errors.
func (s *Server) shown(stream dialect.Stream, p []byte) []byte {
	if stream.Failed() {
		return s.opt.Scrub.Known(p)
	}
	return p
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

var errEventTooLarge = errors.New("a single event is larger than 16 MiB")

// endOfStream writes down how a stream went, and tells the pool unless it was the
// client who ended it.
func (c *call) endOfStream(out *sink, a *answer, stream dialect.Stream, broken error) {
	c.out.usage, c.out.streamed = stream.Usage(), time.Since(c.start)-c.out.firstByte
	if n := stream.Dropped(); n > 0 {
		c.changed = append(c.changed, "dropped "+strconv.Itoa(n)+" broken events")
	}
	failure := "" // of the provider
	switch {
	// Codex closes the connection as soon as it has the last event, which may be
	// before the provider's own end is seen (0.169, measured 2026-11-28).
	case out.err != nil || c.in.Context().Err() != nil && !stream.Over():
		c.out.word = "client left"
		return
	case stream.Failed():
		c.out.word, c.out.err = "failed in mid-stream", "the provider sent an error event"
		if a.failure == upstream.OK || blamed(a.failure, a.reply.Status) {
			failure = "an error in mid-stream"
		}
	case !stream.Finished():
		c.out.word, failure = "cut", "a stream was cut"
		switch {
		case errors.Is(broken, upstream.ErrIdle):
			c.out.word, c.out.err, failure = "stalled", broken.Error(), "a stream stalled"
		case broken != nil && !errors.Is(broken, io.EOF):
			c.out.err = broken.Error()
		}
	}
	if failure == "" {
		a.lease.Answered()
		return
	}
	a.lease.Broke(failure)
}

// sink counts and keeps what goes to the client.
type sink struct {
	w     http.ResponseWriter
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

// send writes and flushes.
func (k *sink) send(p []byte) {
	k.write(p)
	k.flush()
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
// outdates, its front end's cookies and promises about its own host, and its
// word on which web pages may read the answer.
var unwanted = map[string]bool{
	"Connection": true, "Keep-Alive": true, "Proxy-Authenticate": true, "Proxy-Authorization": true,
	"Proxy-Connection": true, "Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
	"Content-Length": true, "Set-Cookie": true, "Alt-Svc": true, "Strict-Transport-Security": true,
	"Nel": true, "Report-To": true, "Reporting-Endpoints": true,
	"Access-Control-Allow-Origin": true, "Access-Control-Allow-Credentials": true,
	"Access-Control-Allow-Methods": true, "Access-Control-Allow-Headers": true,
	"Access-Control-Expose-Headers": true, "Access-Control-Max-Age": true,
}

// answerHeaders copies the provider's headers and adds ours.
func (c *call) answerHeaders(h http.Header, a *answer) {
	for name, values := range a.reply.Header {
		if unwanted[name] || h[name] != nil && (name == "X-Request-Id" || name == "Request-Id") {
			continue
		}
		h[name] = values
	}
	for _, list := range a.reply.Header["Connection"] { // what it names belongs to that connection
		for name := range strings.SplitSeq(list, ",") {
			if name = http.CanonicalHeaderKey(strings.TrimSpace(name)); name != "X-Request-Id" {
				delete(h, name)
			}
		}
	}
	if c.chat && c.world.settings.TokenCounting {
		h["X-Token-Input"] = []string{strconv.Itoa(c.facts.Tokens)} // as zai-proxy sends it: an estimate
	}
	h["X-Glmtray-Provider"] = []string{a.step.Target.Provider}
	h["X-Glmtray-Model"] = []string{c.answered.model}
	h["X-Glmtray-Key"] = []string{headerText(a.lease.Key)}
	h["X-Glmtray-Attempts"] = []string{strconv.Itoa(len(c.attempts))}
	h["X-Glmtray-Route"] = []string{headerText(c.decision.Rule + ": " + c.decision.Reason)}
	if c.decision.Variant != "" { // the rule has a canary
		h["X-Glmtray-Variant"] = []string{c.variant}
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
