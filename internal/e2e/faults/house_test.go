package faults

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// house is a provider in the street: a simulator, and the threshold before it
// on which connections are lost and broken.
type house struct {
	plot plot
	addr string // stays the same over close and open
	sim  *simulator.Provider
	tls  *tls.Config
	ca   string

	mu       sync.Mutex
	wires    [][]wire
	listener net.Listener // nil while it is closed
	server   *http.Server
	lanes    map[*lane]bool
	accepted int
}

func newHouse(p plot) (*house, error) {
	if err := p.Script.Check(); err != nil {
		return nil, err
	}
	h := &house{plot: p, sim: simulator.New(p.Script), lanes: map[*lane]bool{}}
	if err := h.rewire(p.Wires); err != nil {
		return nil, err
	}
	if p.TLS != "" {
		var err error
		if h.tls, h.ca, err = certificate(p.TLS); err != nil {
			return nil, err
		}
	}
	for {
		// One of our own, so that nobody else gets it while this one is closed: Linux
		// gives away those from 32768 on by itself.
		port := nextPort.Add(1)
		if port >= 18080 && port < 18100 {
			continue // where the program looks for one
		}
		h.addr = fmt.Sprint("127.0.0.1:", port)
		err := h.open()
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		return h, err
	}
}

// nextPort is where the last provider was built.
var nextPort = func() *atomic.Int32 {
	n := new(atomic.Int32)
	n.Store(int32(5000 + os.Getpid()%100*150)) //nolint:gosec // below 20,000
	return n
}()

func (h *house) url() string {
	if h.tls != nil {
		return "https://" + h.addr
	}
	return "http://" + h.addr
}

func (h *house) rewire(scripts [][]string) error {
	wires, err := parseWires(scripts)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wires, h.accepted = wires, 0
	return nil
}

// open begins to listen, again at the same address.
func (h *house) open() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.listener != nil {
		return nil
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", h.addr)
	if err != nil {
		return err
	}
	door := &door{house: h, addr: l.Addr(), through: make(chan net.Conn), shut: make(chan struct{})}
	h.listener = l
	h.server = &http.Server{Handler: h.sim, ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	go h.accept(l, door)
	go func() { _ = h.server.Serve(door) }() // ends with close
	return nil
}

// close takes the provider off the network, with all its connections.
func (h *house) close() error {
	h.mu.Lock()
	l, server := h.listener, h.server
	h.listener = nil
	h.mu.Unlock()
	if l == nil {
		return nil
	}
	err := errors.Join(l.Close(), server.Close())
	h.hangUp()
	return err
}

// lose makes every connection mute, as a network does that has gone: what is
// sent vanishes, nothing comes, and nobody is told. New connections are sound.
func (h *house) lose() {
	for _, l := range h.every() {
		l.lose()
	}
}

// hangUp closes every connection.
func (h *house) hangUp() {
	for _, l := range h.every() {
		_ = l.Close()
	}
}

func (h *house) every() (all []*lane) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for l := range h.lanes {
		all = append(all, l)
	}
	return all
}

func (h *house) traffic() traffic {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := traffic{Connections: h.accepted, Open: len(h.lanes)}
	for l := range h.lanes {
		if l.isLost() {
			n.Mute++
		}
	}
	return n
}

func (h *house) accept(l net.Listener, d *door) {
	defer close(d.shut)
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		way := &lane{Conn: c, house: h, lost: make(chan struct{}), gone: make(chan struct{})}
		h.mu.Lock()
		script := served
		if n := len(h.wires); n > 0 {
			script = h.wires[min(h.accepted, n-1)]
		}
		h.accepted++
		h.lanes[way] = true
		h.mu.Unlock()
		go way.run(script, d)
	}
}

// door is the listener of the house's HTTP server: what a wire lets through.
type door struct {
	house   *house
	addr    net.Addr
	through chan net.Conn
	shut    chan struct{}
}

func (d *door) Accept() (net.Conn, error) {
	select {
	case c := <-d.through:
		if d.house.tls != nil {
			return tls.Server(c, d.house.tls), nil
		}
		return c, nil
	case <-d.shut:
		return nil, net.ErrClosed
	}
}

func (d *door) Addr() net.Addr { return d.addr }
func (d *door) Close() error   { return nil } // the house closes the true one

// lane is one connection.
type lane struct {
	net.Conn
	house *house
	once  sync.Once
	lost  chan struct{} // closed when it went mute
	fade  sync.Once
	gone  chan struct{} // closed with the connection
}

func (l *lane) lose() { l.fade.Do(func() { close(l.lost) }) }

func (l *lane) isLost() bool {
	select {
	case <-l.lost:
		return true
	default:
		return false
	}
}

func (l *lane) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	for l.isLost() && err == nil { // what comes is lost, but the other side's end is noticed
		n, err = l.Conn.Read(p)
	}
	if l.isLost() {
		_ = l.Close()
		return 0, io.EOF
	}
	return n, err
}

func (l *lane) Write(p []byte) (int, error) {
	if l.isLost() {
		return len(p), nil
	}
	return l.Conn.Write(p)
}

// SetLinger lets a fault of the simulator reset the connection.
func (l *lane) SetLinger(sec int) error { return l.Conn.(*net.TCPConn).SetLinger(sec) }

func (l *lane) Close() error {
	err := net.ErrClosed
	l.once.Do(func() {
		close(l.gone)
		l.house.mu.Lock()
		delete(l.house.lanes, l)
		l.house.mu.Unlock()
		err = l.Conn.Close()
	})
	return err
}
