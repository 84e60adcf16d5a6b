package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"
)

// errTimeUp is why the one timer of an exchange cancels it: before the commit
// point that means Silent, after it ErrIdle.
var errTimeUp = errors.New("time is up")

// exchange is one request on its way, and the Body of its Reply.
type exchange struct {
	s      *Sender
	call   *Call
	parent context.Context
	ctx    context.Context
	cancel context.CancelCauseFunc
	watch  watchdog
	pool   *http.Transport

	connected atomic.Bool // a connection was had, so something may have been sent
	use       bodyUse
	trace     httptrace.ClientTrace

	heard bool  // an event came since the last Read
	since int64 // when the last Read began that followed an event, as the watchdog counts

	raw io.ReadCloser // the response body as it comes
	src io.Reader     // raw, decoded
	end error         // what src ended with
}

// Send makes one try and says what came back. It blocks until the commit point
// (see the package's text). It never returns nil.
func (s *Sender) Send(ctx context.Context, c *Call) *Reply {
	x := &exchange{s: s, call: c, parent: ctx, use: bodyUse{done: c.Done}}
	defer x.use.returned()
	s.awake()
	t, err := s.target(c.Address.URL, c.connect())
	if err != nil {
		return &Reply{Header: http.Header{}, Class: Refused, Reason: s.say(err.Error()), Err: err}
	}
	header, ok := c.header(s.opt.UserAgent)
	if !ok {
		err := errors.New("the key holds characters that no header can carry")
		return &Reply{Header: http.Header{}, Class: KeyRejected, Reason: err.Error(), Err: err}
	}
	x.ctx, x.cancel = context.WithCancelCause(ctx)
	x.trace.GotConn, x.trace.WroteRequest = x.gotConn, x.use.wrote
	traced := httptrace.WithClientTrace(x.ctx, &x.trace)
	x.pool = t.pool
	x.watch.start(c.patience(), x.timeUp)
	resp, err := t.pool.RoundTrip(c.request(traced, t.base, header)) //nolint:bodyclose // x.raw is the body, and close closes it
	if err != nil {
		x.close()
		return x.failed(err)
	}
	x.raw = resp.Body
	return x.answered(resp)
}

func (x *exchange) gotConn(httptrace.GotConnInfo) {
	x.connected.Store(true)
	x.use.begun()
}

// close ends the exchange, whatever it is doing.
func (x *exchange) close() {
	x.watch.end()
	x.cancel(context.Canceled)
	if x.raw != nil {
		_ = x.raw.Close() // nothing is lost by a failure to leave
	}
}

// timeUp ends the exchange. What was silent for so long may be a network that has
// gone, and then other connections lead nowhere either.
func (x *exchange) timeUp() {
	x.cancel(errTimeUp)
	x.pool.CloseIdleConnections()
}

// timedOut reports whether our own timer ended the exchange.
func (x *exchange) timedOut() bool { return errors.Is(context.Cause(x.ctx), errTimeUp) }

// failed is the reply if no answer came.
func (x *exchange) failed(err error) *Reply {
	r := &Reply{Header: http.Header{}, Sent: x.connected.Load(), Err: fmt.Errorf("sending to %s: %w", x.call.Provider.ID, err)}
	patience := x.call.patience().String()
	switch {
	case x.parent.Err() != nil:
		r.Class, r.Reason, r.Err = Cancelled, "the caller went away", x.parent.Err()
	case x.timedOut() && r.Sent:
		r.Class, r.Reason = Silent, "no answer within "+patience
	case x.timedOut():
		r.Class, r.Reason = Refused, "no connection within "+patience
	case !r.Sent:
		r.Class, r.Reason = Refused, x.s.say(refusal(err))
	case noHTTP(err):
		r.Class, r.Reason = Malformed, x.s.say("an answer that is not HTTP: "+err.Error())
	default:
		r.Class, r.Reason = Reset, x.s.say("the connection broke"+because(err))
	}
	return r
}

// noHTTP tells an answer that net/http could not read from a connection that
// broke. net/http has no types for these errors.
func noHTTP(err error) bool {
	text := err.Error()
	for _, part := range [...]string{"malformed", "response headers exceeded", "too many 1xx", "unsupported transfer encoding", "bad Content-Length", "multiple Content-Length"} {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// cut is the reply if an answer's body ended before it should have, or could
// not be decoded. However it ended, the provider had begun to answer, and may ask
// its price: it is not asked again, so this is never a Reset.
func (x *exchange) cut(r *Reply, err error) *Reply {
	r.Err = fmt.Errorf("reading the answer of %s: %w", x.call.Provider.ID, err)
	switch {
	case x.parent.Err() != nil:
		r.Class, r.Reason, r.Err = Cancelled, "the caller went away", x.parent.Err()
	case x.timedOut():
		r.Class, r.Reason = Silent, "no complete answer within "+x.call.patience().String()
		if x.call.Stream {
			r.Reason = "no first word within " + x.call.patience().String()
		}
	case errors.Is(err, errTooLarge), errors.Is(err, errTooMuch):
		r.Class, r.Reason = Malformed, err.Error()
	case errors.Is(err, errDecode):
		r.Class, r.Reason = Malformed, "an answer that cannot be decompressed"
	case errors.Is(err, io.EOF):
		r.Class, r.Reason = Malformed, "the stream ended without an answer"
	case errors.Is(err, io.ErrUnexpectedEOF):
		r.Class, r.Reason = Malformed, "the answer was cut off"
	default:
		r.Class, r.Reason = Malformed, x.s.say("the connection broke in the answer"+because(err))
	}
	return r
}

// Read reads the rest of the answer. The watchdog runs only while it waits.
func (x *exchange) Read(p []byte) (int, error) {
	if x.end != nil {
		return 0, x.end
	}
	now, limit := x.watch.now(), x.call.idle()
	if x.heard || x.call.Plain {
		x.heard, x.since = false, now
	} else {
		limit = min(limit, max(x.call.eventless()-time.Duration(now-x.since), 0))
	}
	x.watch.set(limit)
	n, err := x.src.Read(p)
	x.watch.rest()
	if err != nil {
		x.end = x.why(err)
	}
	return n, x.end
}

// why says what a failed read of the body means to whoever relays it.
func (x *exchange) why(err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return io.EOF
	case x.parent.Err() != nil:
		return x.parent.Err()
	case x.timedOut():
		return ErrIdle
	}
	return fmt.Errorf("reading the answer of %s: %w", x.call.Provider.ID, err)
}

// Close gives up the rest of the answer and wakes a Read that waits for it.
func (x *exchange) Close() error {
	x.close()
	return nil
}
