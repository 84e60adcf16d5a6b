package upstream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/secret"
)

const (
	answerJSON = `{"id":"1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}]}`
	roleEvent  = `data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}` + "\n\n"
	textEvent  = `data: {"choices":[{"index":0,"delta":{"content":"hello"}}]}` + "\n\n"
	thinkEvent = `data: {"choices":[{"index":0,"delta":{"reasoning":"hm"}}]}` + "\n\n"
	stopEvent  = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	doneEvent  = "data: [DONE]\n\n"
)

func newSender(t testing.TB) *Sender {
	t.Helper()
	s, err := New(Options{UserAgent: "glmtray/test", Scrub: &secret.Scrubber{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.CloseIdle)
	return s
}

// counting dials as always, and counts.
func counting(n *atomic.Int32) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		n.Add(1)
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
}

func serve(t testing.TB, h http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func chatCall(base string, stream bool) *Call {
	p := &config.Provider{ID: "test", Endpoints: []config.Endpoint{{URL: base + "/v1"}}}
	body := `{"model":"m","messages":[]}`
	if stream {
		body = `{"model":"m","stream":true,"messages":[]}`
	}
	return &Call{
		Provider: p, Address: p.Endpoints[0].Address(), Path: "/chat/completions", Body: []byte(body),
		Secret: secret.New("csk-test-0123456789abcdef"), Stream: stream, Patience: 20 * time.Second,
	}
}

// write sends bytes to the client at once.
func write(w http.ResponseWriter, text string) {
	_, _ = io.WriteString(w, text)
	w.(http.Flusher).Flush()
}

// called gives an answer the name of a Content-Type, whatever it is.
func called(kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{kind}
		write(w, body)
	}
}

func asStream(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/event-stream") }
func asJSON(w http.ResponseWriter)   { w.Header().Set("Content-Type", "application/json") }

// wait holds a handler back until the test says go, or has failed.
func wait(r *http.Request, next <-chan struct{}) {
	select {
	case <-next:
	case <-r.Context().Done():
	}
}

// breakOff closes the connection with a reset.
func breakOff(t testing.TB, w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// all reads a reply to its end.
func all(t testing.TB, r *Reply) string {
	t.Helper()
	defer r.Close()
	if r.Body == nil {
		return string(r.Head)
	}
	rest, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatalf("reading the rest: %v", err)
	}
	return string(r.Head) + string(rest)
}

func wantClass(t testing.TB, r *Reply, want Class) {
	t.Helper()
	if r.Class != want {
		t.Fatalf("class %q, want %q (reason %q, error %v)", r.Class, want, r.Reason, r.Err)
	}
	if r.Header == nil {
		t.Error("a reply without a header map")
	}
	if (want == OK) != (r.Reason == "") {
		t.Errorf("class %q with the reason %q", r.Class, r.Reason)
	}
	if want != OK && r.Body != nil {
		t.Error("a failed reply holds a body open")
	}
}

// pipes is a network without a network, so that time in a test can be false.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.done:
		return nil, errors.New("closed")
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// fake serves h to a sender within a synctest bubble. The caller ends it.
func fake(t testing.TB, h http.HandlerFunc) (s *Sender, end func()) {
	p := newPipes()
	srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Hour}
	go func() { _ = srv.Serve(p) }()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.opt.Dial = p.dial
	return s, func() {
		s.CloseIdle()
		_ = srv.Close()
		time.Sleep(time.Hour) // the bubble's time: handlers that sleep come to their end
	}
}
