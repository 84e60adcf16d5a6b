package proxy

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"

	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// relaySize is one read of a stream. At a real pace every read holds one
// event; at full speed one holds a hundred, with one flush for all of them.
const relaySize = 32 << 10

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
