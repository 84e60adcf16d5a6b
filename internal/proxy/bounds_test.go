package proxy_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// post sends a body in the background; its answer comes out of the channel.
func (r *rig) post(ctx context.Context, body io.Reader) chan *http.Response {
	answer := make(chan *http.Response, 1)
	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, r.url+"/v1/chat/completions", body)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			resp = &http.Response{Header: http.Header{}}
		} else {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
		answer <- resp
	}()
	return answer
}

func TestNoMoreThanMaxWorkersRunAndTheQueueIsBounded(t *testing.T) {
	r := newRig(t, setup{tune: func(s *config.Settings) { s.MaxWorkers, s.MaxQueue = 1, 1 }})
	faults(t, r.cerebras, simulator.Fault{What: "silent", When: simulator.When{Times: 1}})
	hello := chatBody("gpt-oss-120b", false, "x")
	ctx, leave := context.WithCancel(t.Context())
	first := r.post(ctx, bytes.NewReader(hello))
	eventually(t, "the first is at the provider", func() bool { return asked(r.cerebras) == 1 })

	gone, cancel := context.WithCancel(t.Context())
	second := r.post(gone, bytes.NewReader(hello))
	waits := func() bool { return r.server.Snapshot().Requests.Waiting == 1 }
	eventually(t, "the second waits", waits)
	p := r.ask("gpt-oss-120b", true)
	if code, _ := p.errorOf(t); p.StatusCode != 503 || code != "at_capacity" || p.Header.Get("Retry-After") == "" {
		t.Errorf("third: %d %s", p.StatusCode, p.body)
	}
	r.status() // and health, are not held up
	r.do(http.MethodGet, "/healthz", nil).want(t, 200, "")

	cancel() // one who waits may leave
	<-second
	eventually(t, "its place is free", func() bool { return r.server.Snapshot().Requests.InFlight == 1 })
	if rec := r.records.last(t, 2); rec.Status != 499 || rec.Attempts != 0 {
		t.Errorf("record %+v", rec.Finished)
	}
	third := r.post(t.Context(), bytes.NewReader(hello))
	eventually(t, "another waits", waits)
	leave()
	<-first
	if resp := <-third; resp.StatusCode != 200 || asked(r.cerebras) != 2 {
		t.Errorf("the one who waited got %d", resp.StatusCode)
	}
	r.settled()
}

func TestTheQueueIsLeftWhenItTakesTooLong(t *testing.T) {
	r := newRig(t, setup{tune: func(s *config.Settings) { s.MaxWorkers, s.QueueWait = 1, 1 }})
	faults(t, r.cerebras, simulator.Fault{What: "silent", When: simulator.When{Times: 1}})
	ctx, leave := context.WithCancel(t.Context())
	first := r.post(ctx, bytes.NewReader(chatBody("gpt-oss-120b", false, "x")))
	eventually(t, "the first is at the provider", func() bool { return asked(r.cerebras) == 1 })
	if code, _ := r.ask("gpt-oss-120b", false).want(t, 503, "").errorOf(t); code != "at_capacity" {
		t.Errorf("code %s", code)
	}
	leave()
	<-first
	r.settled()
}

func TestABodyOverTheLimitIsRefusedAlsoWithoutContentLength(t *testing.T) {
	const limit = 1 << 20
	r := newRig(t, setup{tune: func(s *config.Settings) { s.MaxBody = limit }})
	at := `{"model":"gpt-oss-120b","messages":[{"role":"user","content":"` + strings.Repeat("x", limit)
	at = at[:limit-4] + `"}]}`
	for name, c := range map[string]struct {
		body   io.Reader
		status int
	}{
		"at the limit":            {strings.NewReader(at), 200},
		"over it":                 {strings.NewReader(at + " "), 413},
		"far over it":             {bytes.NewReader(make([]byte, 4*limit)), 413},
		"at the limit, chunked":   {io.MultiReader(strings.NewReader(at)), 200},
		"over it, chunked":        {io.MultiReader(strings.NewReader(at + " ")), 413},
		"far over it, chunked":    {io.MultiReader(bytes.NewReader(make([]byte, 4*limit))), 413},
		"empty":                   {nil, 400},
		"nonsense":                {strings.NewReader("hello"), 400},
		"a list":                  {strings.NewReader("[]"), 400},
		"cut off":                 {strings.NewReader(at[:limit/2]), 400},
		"two objects":             {strings.NewReader(`{"messages":[]}{}`), 400},
		"something after the end": {strings.NewReader(`{"messages":[]} x`), 400},
	} {
		if resp := <-r.post(t.Context(), c.body); resp.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", name, resp.StatusCode, c.status)
		}
	}
	if n := asked(r.cerebras) + asked(r.synthetic) + asked(r.zai); n != 2 {
		t.Errorf("%d requests reached a provider", n)
	}
	p := r.do(http.MethodPost, "/v1/chat/completions", []byte("hello"))
	if code, message := p.errorOf(t); code != "invalid_json" || strings.Count(message, "JSON object") != 2 {
		t.Errorf("%s: %s", code, message) // once what is wrong, once what to do
	}
	p = r.do(http.MethodPost, "/v1/chat/completions", []byte("\x1f\x8b"), "Content-Encoding", "gzip")
	if code, _ := p.errorOf(t); p.StatusCode != 415 || code != "content_encoding" {
		t.Errorf("compressed: %d %s", p.StatusCode, p.body)
	}
	r.settled()
}

// TestWhoSendsNoBodyTakesNoPlace announces more bodies than there are workers and
// places in the queue, and sends none of them.
func TestWhoSendsNoBodyTakesNoPlace(t *testing.T) {
	r := newRig(t, setup{tune: func(s *config.Settings) { s.MaxWorkers, s.MaxQueue = 2, 2 }})
	const n = 20
	for range n {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if _, err = io.WriteString(c, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30000000\r\n\r\n{"); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all are being read", func() bool { return r.server.Snapshot().Requests.InFlight == n })
	for range 5 {
		r.ask("gpt-oss-120b", false).want(t, 200, "cerebras")
	}
}

// TestAClientThatNeverReadsIsLetGo has a client ask for more than the network
// between holds, as a stream and whole, and read nothing of it. What is large is
// no text: the record would wait until the tokens of it are counted.
func TestAClientThatNeverReadsIsLetGo(t *testing.T) {
	large := strings.Repeat("0123456789", 2<<20)
	whole := `{"id":"c1","object":"chat.completion","model":"m","large":"` + large + `","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}]}`
	stream := strings.Repeat(`data: {"id":"c1","object":"chat.completion.chunk","model":"m","large":"`+large[:1<<16]+`","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}`+"\n\n", 300)
	for _, answer := range []string{whole, stream} {
		r := newRig(t, setup{tune: func(s *config.Settings) { s.ClientPatience = 200 * time.Millisecond }})
		faults(t, r.cerebras, simulator.Fault{What: "raw", Raw: []byte("HTTP/1.1 200 OK\r\n\r\n" + answer)})
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		body := chatBody("gpt-oss-120b", answer == stream, "x")
		if _, err = fmt.Fprintf(c, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
			t.Fatal(err)
		}
		rec := r.records.last(t, 1)
		if rec.Status != 499 || rec.Outcome != "client left" || rec.Out < 1000 || !strings.Contains(rec.Error, "took nothing") {
			t.Errorf("stream %v: %d %s (%s), %d bytes", answer == stream, rec.Status, rec.Outcome, rec.Error, rec.Out)
		}
		r.settled()
	}
}
