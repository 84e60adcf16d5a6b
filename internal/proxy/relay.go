package proxy

import (
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
	c.answered = served{a.step.Target.Provider, c.servedModel(a), a.lease.Key}
	c.out.status, c.out.word, c.out.header = a.reply.Status, "ok", a.reply.Header
	if a.reply.Class != upstream.OK {
		c.out.word, c.out.err = a.reply.Class.String(), a.reply.Reason
	}
	out := &sink{w: w, c: c, keep: c.keep}
	c.answerHeaders(w.Header(), a)

	switch {
	case a.reply.Whole && c.chat && c.facts.Stream && a.reply.Class == upstream.OK:
		s.relayAsStream(out, c, a)
	case a.reply.Whole:
		s.relayWhole(out, c, a)
	case a.reply.EventStream && c.chat:
		s.relayStream(out, c, a)
	default:
		s.relayBytes(out, c, a)
	}
	if c.out.usage.Known() && c.chat {
		s.opt.Tokens.Learn(c.answered.provider, c.answered.model, c.facts, c.out.usage)
	}
}

// relayWhole sends an answer that is in hand, byte for byte.
func (s *Server) relayWhole(out *sink, c *call, a *answer) {
	if a.reply.Class != upstream.OK {
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

// relayAsStream serves a client that wants events from a provider that
// answered whole.
func (s *Server) relayAsStream(out *sink, c *call, a *answer) {
	c.out.usage = a.reply.Usage
	events, err := dialect.StreamOf(a.reply.Head)
	if err != nil {
		panic(err) // call.check has seen that it can be done
	}
	out.w.Header()["Content-Type"] = []string{"text/event-stream"}
	out.begin(a.reply.Status)
	out.write(events)
	out.flush()
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

// relayStream passes events on as they come: complete ones only, each of them
// valid, one write and one flush per read.
func (s *Server) relayStream(out *sink, c *call, a *answer) {
	pooled := relayBuffers.Get().(*[]byte)
	defer relayBuffers.Put(pooled)
	buf := *pooled
	if len(a.reply.Head) >= len(buf) {
		buf = make([]byte, 2*len(a.reply.Head))
	}
	var stream dialect.Stream
	fill := copy(buf, a.reply.Head)
	if h := out.w.Header(); !strings.HasPrefix(h.Get("Content-Type"), "text/event-stream") {
		h["Content-Type"] = []string{"text/event-stream"} // whatever the provider calls it
	}
	out.begin(a.reply.Status)
	var broken error
	for {
		emit, rest := stream.Next(buf[:fill])
		if len(emit) > 0 {
			if stream.Failed() { // vendors echo keys in their errors
				emit = s.opt.Scrub.Known(emit)
			}
			out.write(emit)
			out.flush()
		}
		copy(buf, buf[fill-rest:fill])
		fill = rest
		if out.err != nil || broken != nil {
			break
		}
		if fill == len(buf) {
			if fill >= maxEvent {
				broken = errEventTooLarge
				break
			}
			buf = append(buf, make([]byte, len(buf))...)
		}
		var n int
		n, broken = a.reply.Body.Read(buf[fill:])
		fill += n
	}
	if out.err == nil && c.in.Context().Err() == nil {
		out.write(stream.End(buf[:fill]))
		out.flush()
	}
	c.endOfStream(out, &stream, broken)
}

var errEventTooLarge = errors.New("a single event is larger than 16 MiB")

// endOfStream writes down how a stream went.
func (c *call) endOfStream(out *sink, stream *dialect.Stream, broken error) {
	c.out.usage = stream.Usage()
	if model := stream.Model(); model != "" {
		c.answered.model = model
	}
	if n := stream.Dropped(); n > 0 {
		c.changed = append(c.changed, "dropped "+strconv.Itoa(n)+" broken events")
	}
	switch {
	case out.err != nil || c.in.Context().Err() != nil:
		c.out.word = "client left"
	case stream.Failed():
		c.out.word, c.out.err = "failed in mid-stream", "the provider sent an error event"
	case !stream.Finished():
		c.out.word = "cut"
		switch {
		case errors.Is(broken, upstream.ErrIdle):
			c.out.word, c.out.err = "stalled", broken.Error()
		case broken != nil && !errors.Is(broken, io.EOF):
			c.out.err = broken.Error()
		}
	}
}

// sink counts and keeps what goes to the client.
type sink struct {
	w    http.ResponseWriter
	c    *call
	keep bool
	err  error
}

func (k *sink) begin(status int) {
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
		if unwanted[name] || name == "X-Request-Id" {
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
	h["X-Glmtray-Provider"] = []string{a.step.Target.Provider}
	h["X-Glmtray-Model"] = []string{c.servedModel(a)}
	h["X-Glmtray-Key"] = []string{headerText(a.lease.Key)}
	h["X-Glmtray-Attempts"] = []string{strconv.Itoa(len(c.attempts))}
	h["X-Glmtray-Route"] = []string{headerText(c.decision.Rule + ": " + c.decision.Reason)}
}

// servedModel is the model that the answer itself names: a provider may map
// one id to another (Z.ai's plans do since September 2026).
func (c *call) servedModel(a *answer) string {
	model := a.reply.Model
	if a.reply.EventStream && c.chat {
		model = dialect.ModelOf(a.reply.Head)
	}
	if model != "" {
		return headerText(model)
	}
	return headerText(a.step.Model)
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
