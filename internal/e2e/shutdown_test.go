package e2e

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// begin opens a stream and reads its first event.
func (p *program) begin() (*http.Response, *bufio.Reader) {
	p.t.Helper()
	resp := p.open(http.MethodPost, path, chatBody(true, "hello"))
	r := bufio.NewReader(resp.Body)
	if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "data: ") {
		p.t.Fatalf("the stream begins with %q, %v", line, err)
	}
	return resp, r
}

// closed reports whether nobody accepts connections any more.
func (p *program) closed() bool {
	c, err := new(net.Dialer).DialContext(context.Background(), "tcp", strings.TrimPrefix(p.url, "http://"))
	if err == nil {
		_ = c.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// endless is a provider that writes for longer than any test waits.
func endless() simulator.Script {
	s := script(simulator.Cerebras)
	s.Answer = simulator.Answer{Tokens: 1_000_000, Pace: simulator.Duration(20 * time.Millisecond)}
	return s
}

func TestWhatRunsIsFinishedAfterSIGTERM(t *testing.T) {
	t.Parallel()
	s := script(simulator.Cerebras)
	s.Answer.Pace = simulator.Duration(150 * time.Millisecond)
	cerebras := provider(t, s)
	p := start(t, launch{environ: cerebrasAt(cerebras.URL)})
	events := p.open(http.MethodGet, "/_events", nil) // never ends by itself
	_, r := p.begin()
	p.signal(syscall.SIGTERM)
	eventually(t, "it accepts nothing more", p.closed)
	if chats(cerebras.Calls())[0].Done {
		t.Error("the provider had finished before anything was shown")
	}
	rest, err := io.ReadAll(r)
	if err != nil || !strings.HasSuffix(string(rest), "data: [DONE]\n\n") || strings.Count(string(rest), `"content"`) < 8 {
		t.Errorf("the stream ends in %.200q, %v", rest[max(0, len(rest)-200):], err)
	}
	p.wait(0)
	if told, err := io.ReadAll(events.Body); err != nil || !strings.Contains(string(told), `"state":"stopping"`) {
		t.Errorf("the event stream ends in %v: %s", err, told)
	}
	if lines := p.stderr.Requests(); len(lines) != 1 || !strings.Contains(lines[0], "outcome=ok") {
		t.Errorf("requests in the log: %q", lines)
	}
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	p := start(t, launch{environ: append(cerebrasAt(provider(t, endless()).URL), "GLMTRAY_SHUTDOWN=1h")})
	_, r := p.begin()
	p.signal(syscall.SIGTERM)
	eventually(t, "it accepts nothing more", p.closed)
	p.signal(syscall.SIGINT)
	p.wait(1) // long before the hour is over
	if rest, err := io.ReadAll(r); err == nil {
		t.Errorf("the broken stream ends tidily: %.200q", rest[max(0, len(rest)-200):])
	}
}

func TestNobodyIsWaitedForLongerThanTheSettingsSay(t *testing.T) {
	t.Parallel()
	cerebras := provider(t, endless())
	p := start(t, launch{environ: append(cerebrasAt(cerebras.URL), "GLMTRAY_SHUTDOWN=300ms")})
	_, r := p.begin()
	p.signal(syscall.SIGTERM)
	p.wait(0)
	rest, err := io.ReadAll(r)
	if err == nil && !strings.Contains(string(rest), `"error"`) {
		t.Errorf("the broken stream ends tidily: %.200q", rest[max(0, len(rest)-200):])
	}
	eventually(t, "the provider sees that nobody listens", func() bool { return chats(cerebras.Calls())[0].Cancelled })
	if !strings.Contains(p.stderr.String(), "still running") {
		t.Error("the log does not say that requests were ended")
	}
}
