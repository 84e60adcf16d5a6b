package simulator

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// pipes is a listener without a network, for synctest bubbles.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// client talks to one provider.
type client struct {
	t    *testing.T
	http *http.Client
	url  string
	key  string
	*Running
}

// overTCP starts a provider on loopback.
func overTCP(t *testing.T, s Script) *client {
	t.Helper()
	r, err := Start(t.Context(), "", s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t: t, http: &http.Client{Transport: transport}, url: r.URL, key: "k", Running: r}
}

// inMemory starts a provider that a synctest bubble can hold.
func inMemory(t *testing.T, s Script) *client {
	t.Helper()
	l := newPipes()
	r := serve(t.Context(), l, New(s))
	transport := &http.Transport{DisableCompression: true, DialContext: l.dial}
	t.Cleanup(func() { transport.CloseIdleConnections(); _ = r.Close() })
	return &client{t: t, http: &http.Client{Transport: transport}, url: r.URL, key: "k", Running: r}
}

type answered struct {
	status int
	header http.Header
	body   string
	err    error // of reading the body
	first  time.Duration
}

func (a answered) get(path string) string { return gjson.Get(a.body, path).String() }

func (c *client) do(method, path, key, body string, header ...string) answered {
	c.t.Helper()
	a, err := c.try(c.t.Context(), method, path, key, body, header...)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (c *client) try(ctx context.Context, method, path, key, body string, header ...string) (answered, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.url+path, strings.NewReader(body))
	if err != nil {
		return answered{}, err
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	start := time.Now()
	reply, err := c.http.Do(r)
	if err != nil {
		return answered{}, err
	}
	defer func() { _ = reply.Body.Close() }()
	a := answered{status: reply.StatusCode, header: reply.Header, first: time.Since(start)}
	text, err := io.ReadAll(reply.Body)
	a.body, a.err = string(text), err
	return a, nil
}

func (c *client) chat(body string) answered {
	c.t.Helper()
	return c.do(http.MethodPost, "/v1/chat/completions", c.key, body)
}

// ask is a chat body with one user message.
func ask(model string, more ...string) string {
	return `{"model":"` + model + `","messages":[{"role":"user","content":"hello"}]` + strings.Join(more, "") + `}`
}

const streamed = `,"stream":true`

// events gives the data of a stream's events.
func events(body string) (all []string) {
	lines := bufio.NewScanner(strings.NewReader(body))
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data:"); ok {
			all = append(all, strings.TrimSpace(data))
		}
	}
	return all
}
