//go:build linux && !headless

package desktop

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"testing"
	"time"
)

// pinger asks windows whether they have seen to all that was sent to them before,
// as a window manager does with one that seems to hang (_NET_WM_PING of the
// Extended Window Manager Hints, 1.5). The toolkit takes its events in order and
// answers in their midst, and it draws before it takes the next ones: after a
// second answer what came before the first is drawn.
type pinger struct {
	t     *testing.T
	conn  net.Conn
	in    *bufio.Reader
	root  uint32
	atoms [2]uint32 // WM_PROTOCOLS, _NET_WM_PING
	last  uint32    // number of the last ping
}

// What of the X protocol is spoken here (X Window System Protocol, X11R7.7).
const (
	xChangeWindow, xInternAtom, xSendEvent = 2, 16, 25
	xClientMessage                         = 33
	xEventMask                             = 1 << 11 // a window's attribute
	xSubstructureNotify                    = 1 << 19 // an event mask
)

// newPinger connects to a display, which asks for no key.
func newPinger(t *testing.T, display string) *pinger {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "unix", "/tmp/.X11-unix/X"+display)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	p := &pinger{t: t, conn: conn, in: bufio.NewReader(conn)}
	if err := p.greet(); err != nil {
		t.Fatalf("greeting the display: %v", err)
	}
	for i, name := range []string{"WM_PROTOCOLS", "_NET_WM_PING"} {
		if p.atoms[i], err = p.atom(name); err != nil {
			t.Fatalf("asking for %s: %v", name, err)
		}
	}
	// Answers go to whoever listens at the root window.
	if err := p.send([]byte{xChangeWindow, 0, 4, 0}, p.root, xEventMask, xSubstructureNotify); err != nil {
		t.Fatal(err)
	}
	return p
}

// send sends a request: its head, and numbers.
func (p *pinger) send(head []byte, numbers ...uint32) error {
	for _, n := range numbers {
		head = binary.LittleEndian.AppendUint32(head, n)
	}
	_, err := p.conn.Write(head)
	return err
}

func (p *pinger) read(n int) ([]byte, error) {
	data := make([]byte, n)
	_, err := io.ReadFull(p.in, data)
	return data, err
}

// greet learns the root window.
func (p *pinger) greet() error {
	if err := p.send([]byte{'l', 0, 11, 0}, 0, 0); err != nil {
		return err
	}
	head, err := p.read(8)
	if err != nil {
		return err
	}
	body, err := p.read(4 * int(binary.LittleEndian.Uint16(head[6:])))
	if err != nil || head[0] != 1 {
		return errors.Join(err, fmt.Errorf("the server answers %d: %q", head[0], body))
	}
	vendor, formats := int(binary.LittleEndian.Uint16(body[16:])), int(body[21])
	p.root = binary.LittleEndian.Uint32(body[32+(vendor+3)/4*4+8*formats:])
	return nil
}

func (p *pinger) atom(name string) (uint32, error) {
	padded := append([]byte(name), make([]byte, -len(name)&3)...)
	head := []byte{xInternAtom, 0, byte(2 + len(padded)/4), 0, byte(len(name)), 0, 0, 0}
	if err := p.send(append(head, padded...)); err != nil {
		return 0, err
	}
	reply, err := p.read(32)
	if err != nil || reply[0] != 1 {
		return 0, errors.Join(err, fmt.Errorf("the server answers %d", reply[0]))
	}
	return binary.LittleEndian.Uint32(reply[8:]), nil
}

// ping waits until a window has answered. It does not while it is hung; one that
// is gone has nothing to answer.
func (p *pinger) ping(window uint32) {
	p.t.Helper()
	p.last++
	head := []byte{xSendEvent, 0, 11, 0}
	err := p.send(head, window, 0, xClientMessage|32<<8, window, p.atoms[0], p.atoms[1], p.last, window, 0, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = p.conn.SetReadDeadline(time.Now().Add(pollLimit))
	for {
		event, err := p.read(32)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			p.t.Fatal("the window does not answer: its loop stands still")
		case err != nil:
			p.t.Fatalf("reading from the display: %v", err)
		case event[0] == 0: // the window is gone
			return
		}
		message := event[0]&0x7F == xClientMessage
		if message && binary.LittleEndian.Uint32(event[12:]) == p.atoms[1] && binary.LittleEndian.Uint32(event[16:]) == p.last {
			return
		}
	}
}

// settle waits until the window has seen to what was done to it, and has drawn
// that. A window that is hidden or gone has nothing to draw.
func (p *program) settle() {
	p.t.Helper()
	id, err := strconv.ParseUint(p.window(), 10, 32)
	if err != nil {
		return
	}
	for range 2 {
		p.s.pinger.ping(uint32(id))
	}
}
