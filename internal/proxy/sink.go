package proxy

import (
	"net/http"
	"time"
)

// maxKept bounds the answer that is kept for a body file, in bytes.
const maxKept = 4 << 20

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
