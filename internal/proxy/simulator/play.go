package simulator

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// conn is what becomes of a connection.
type conn int

const (
	goOn      conn = iota // answered; a tidy end
	closeConn             // closed, without the end of the body
	resetConn             // reset (RST)
	stayConn              // held until the client goes
)

// reply is an answer as it will be played.
type reply struct {
	status   int
	header   http.Header
	stream   bool
	events   []event // stream
	body     []byte  // otherwise
	open     bool    // headers are sent before there is a body, and no Content-Length
	announce int     // a Content-Length that is not the body's
	encoding string
	first    time.Duration // before the headers
	late     time.Duration // between the headers and the first event
	pace     time.Duration // between events
	together int           // events per write
	step     int           // bytes per write; 0: all that belong together
	gap      time.Duration // between such writes
	before   conn          // instead of any answer
	raw      []byte        // ... and what is written before that
	end      conn          // after what there is of it
	fault    string
	made     form // what it was made of; nil: nothing was made
}

func (r *reply) contentType() {
	if r.stream {
		r.header.Set("Content-Type", "text/event-stream; charset=utf-8")
		r.header.Set("Cache-Control", "no-cache")
		return
	}
	r.header.Set("Content-Type", "application/json")
}

// wire is the stream in the pieces that are written at once.
func (r *reply) wire() [][]byte {
	n := max(1, r.together)
	all := make([][]byte, 0, len(r.events)/n+1)
	for i := 0; i < len(r.events); i += n {
		var piece []byte
		for _, e := range r.events[i:min(i+n, len(r.events))] {
			piece = append(piece, e.data...)
		}
		all = append(all, piece)
	}
	return all
}

// play sends the answer. It returns when all is sent or the client is gone; an
// answer that must not end tidily ends the handler by panic, as net/http has it.
func (r *reply) play(w http.ResponseWriter, req *http.Request) {
	ctx := req.Context()
	if !sleep(ctx, r.first) {
		panic(http.ErrAbortHandler)
	}
	if r.before != goOn {
		drop(ctx, w, r.before, r.raw)
		return
	}
	for name, values := range r.header {
		w.Header()[name] = values
	}
	out, done := r.encoder(w)
	switch {
	case r.announce > 0:
		w.Header().Set("Content-Length", strconv.Itoa(r.announce))
	case !r.stream && !r.open && r.encoding == "":
		w.Header().Set("Content-Length", strconv.Itoa(len(r.body)))
	}
	w.WriteHeader(r.status)
	if !r.send(ctx, w, out) {
		panic(http.ErrAbortHandler) // no tidy end, should it be us who closes
	}
	if r.end != goOn {
		drop(ctx, w, r.end, nil)
		return
	}
	done()
}

// send writes the body; false: the client is gone.
func (r *reply) send(ctx context.Context, w http.ResponseWriter, out flusher) bool {
	if r.stream || r.open {
		_ = http.NewResponseController(w).Flush() // a recorder without Flush has nothing to wait for
	}
	if !sleep(ctx, r.late) {
		return false
	}
	if r.step > 0 {
		out = dripping{out, ctx, r.step, r.gap}
	}
	if !r.stream {
		_, err := out.Write(r.body)
		return err == nil && (!r.open || out.Flush() == nil)
	}
	return r.sendEvents(ctx, out)
}

// sendEvents writes the body's events at their pace; false: the client is gone.
func (r *reply) sendEvents(ctx context.Context, out flusher) bool {
	for i, piece := range r.wire() {
		if i > 0 && !sleep(ctx, r.pace) {
			return false
		}
		if _, err := out.Write(piece); err != nil || out.Flush() != nil {
			return false
		}
	}
	return true
}

// drop ends an exchange untidily, after the raw bytes if there are any.
func drop(ctx context.Context, w http.ResponseWriter, how conn, raw []byte) {
	control := http.NewResponseController(w)
	if how == stayConn && raw == nil {
		<-ctx.Done()
		panic(http.ErrAbortHandler)
	}
	c, _, err := control.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 or a recorder: the nearest there is
	}
	if raw != nil {
		_, _ = c.Write(raw) // the client may have gone
	}
	if how == stayConn {
		_, _ = io.Copy(io.Discard, c) // until it goes: net/http no longer looks after the connection
	}
	if tcp, ok := c.(interface{ SetLinger(sec int) error }); ok && how == resetConn {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// sleep waits; false: the client is gone.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// flusher is a body that can be pushed out as far as it is written.
type flusher interface {
	io.Writer
	Flush() error
}

// dripping passes a body on a few bytes at a time.
type dripping struct {
	flusher
	ctx  context.Context
	step int
	gap  time.Duration
}

func (d dripping) Write(b []byte) (n int, err error) {
	for piece := range slices.Chunk(b, d.step) {
		if n > 0 && !sleep(d.ctx, d.gap) {
			return n, d.ctx.Err()
		}
		if _, err = d.flusher.Write(piece); err == nil {
			err = d.Flush()
		}
		if err != nil {
			return n, err
		}
		n += len(piece)
	}
	return n, nil
}

type plain struct{ w http.ResponseWriter }

func (p plain) Write(b []byte) (int, error) { return p.w.Write(b) }
func (p plain) Flush() error                { return http.NewResponseController(p.w).Flush() }

// packed compresses and flushes through.
type packed struct {
	pack flusher
	w    http.ResponseWriter
}

func (p packed) Write(b []byte) (int, error) { return p.pack.Write(b) }
func (p packed) Flush() error {
	if err := p.pack.Flush(); err != nil {
		return err
	}
	return http.NewResponseController(p.w).Flush()
}

// encoder gives the body's writer, and what ends it.
func (r *reply) encoder(w http.ResponseWriter) (flusher, func()) {
	var pack interface {
		flusher
		io.Closer
	}
	switch r.encoding {
	case "gzip":
		pack = gzip.NewWriter(w)
	case "br":
		pack = brotli.NewWriter(w)
	case "zstd":
		z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		if err != nil {
			panic(err) // fixed options: cannot fail
		}
		pack = z
	default:
		return plain{w}, func() {}
	}
	w.Header().Set("Content-Encoding", r.encoding)
	return packed{pack, w}, func() { _ = pack.Close() } // a client that is gone
}
