package proxy

import (
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
)

// wire is a connection that remembers what is written.
type wire struct {
	net.Conn
	writes []string
	err    error
}

func (w *wire) Write(p []byte) (int, error) {
	w.writes = append(w.writes, string(p))
	return len(p), w.err
}

func TestWhatOneFlushIsGoesOutInOneWrite(t *testing.T) {
	piece := strings.Repeat("x", 5000)
	large := strings.Repeat("y", heldRoom)
	for _, c := range []struct {
		name   string
		size   int // that is announced
		writes []string
		want   []string
	}{
		{"a piece, as net/http cuts it", len(piece), []string{"1388\r\n" + piece[:4090], piece[4090:], "\r\n"}, []string{"1388\r\n" + piece + "\r\n"}},
		{"a piece that fits into net/http's room", 100, []string{"a", "b"}, []string{"a", "b"}},
		{"a piece that is larger than ours", heldRoom, []string{"a", "b"}, []string{"a", "b"}},
		{"a header that is larger than ours", heldLeast, []string{"a", large, "b"}, []string{"a", large, "b"}},
		{"nothing", heldLeast, nil, nil},
	} {
		under := new(wire)
		conn := &clientConn{Conn: under}
		for range 2 {
			under.writes = nil
			conn.hold(c.size)
			for _, text := range c.writes {
				if n, err := conn.Write([]byte(text)); n != len(text) || err != nil {
					t.Errorf("%s: wrote %d, %v", c.name, n, err)
				}
			}
			if err := conn.release(); err != nil || !slices.Equal(under.writes, c.want) {
				t.Errorf("%s: %d writes, %v", c.name, len(under.writes), err)
			}
		}
		if _, err := conn.Write([]byte("later")); err != nil || under.writes[len(under.writes)-1] != "later" {
			t.Errorf("%s: it is still held back", c.name)
		}
	}
}

func TestAHeldWriteThatFailsIsTold(t *testing.T) {
	conn := &clientConn{Conn: &wire{err: net.ErrClosed}}
	conn.hold(heldLeast)
	_, _ = conn.Write([]byte("x"))
	if err := conn.release(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	var none *clientConn
	none.hold(heldLeast)
	if err := none.release(); err != nil {
		t.Error(err)
	}
}
