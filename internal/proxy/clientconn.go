package proxy

import (
	"context"
	"net"
	"sync"
)

// A clientConn gathers what one flush of an answer is. net/http has 4 KB for what
// goes to a client; a larger piece of a stream left it in three packets: what fits
// in, the rest, and the two bytes that end the chunk. The client was woken for each,
// and each cost more than to copy the piece.
//
// Only the sink holds a connection back, and for no longer than it takes to hand a
// piece to net/http. It belongs to whoever may write to the client.
type clientConn struct {
	net.Conn
	held *[]byte // nil: what is written goes on its way at once
}

const (
	heldRoom  = 40 << 10 // a read of a stream with its chunk's framing, and a header
	heldLeast = 2 << 10  // a smaller piece fits into net/http's own room
)

var heldBuffers = sync.Pool{New: func() any { b := make([]byte, 0, heldRoom); return &b }}

// Gathering gives a listener whose connections can be held back. The http.Server
// on it needs [ConnContext].
func Gathering(l net.Listener) net.Listener { return gathering{l} }

type gathering struct{ net.Listener }

func (g gathering) Accept() (net.Conn, error) {
	c, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &clientConn{Conn: c}, nil
}

type connKey struct{}

// ConnContext is for http.Server: it lets requests find their connection.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	if mine, ok := c.(*clientConn); ok {
		return context.WithValue(ctx, connKey{}, mine)
	}
	return ctx
}

// hold keeps back what is written until release, if a piece of that size is worth
// it. It may be called on nil.
func (c *clientConn) hold(size int) {
	if c != nil && size >= heldLeast && size <= heldRoom-headerSpace {
		c.held = heldBuffers.Get().(*[]byte)
	}
}

// headerSpace is what an answer's header and a chunk's framing take, nearly always.
const headerSpace = 4 << 10

// release lets it go in one write.
func (c *clientConn) release() error {
	if c == nil || c.held == nil {
		return nil
	}
	held := c.held
	c.held = nil
	var err error
	if len(*held) > 0 {
		_, err = c.Conn.Write(*held)
	}
	*held = (*held)[:0]
	heldBuffers.Put(held)
	return err
}

// Write writes, or keeps what there is room for.
func (c *clientConn) Write(p []byte) (int, error) {
	if c.held == nil {
		return c.Conn.Write(p)
	}
	if len(*c.held)+len(p) <= cap(*c.held) {
		*c.held = append(*c.held, p...)
		return len(p), nil
	}
	if err := c.release(); err != nil { // a header of unusual size
		return 0, err
	}
	return c.Conn.Write(p)
}
