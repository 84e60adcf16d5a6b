package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/roster"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/proxy/tokens"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
	"github.com/glmtray/glmtray/internal/secret"
)

// rig is the proxy in front of three simulated providers, over real HTTP.
type rig struct {
	t                        *testing.T
	url                      string
	server                   *proxy.Server
	pool                     *keypool.Pool
	bus                      *event.Bus
	log                      *lockedBuffer
	records                  *recorder
	cerebras, synthetic, zai *simulator.Running
	settings                 *config.Settings
	scrub                    *secret.Scrubber
}

// Keys of the rig: three at Cerebras in accounts of their own, one each at the
// others.
const (
	keyA, keyB, keyC = "csk-rig-key-a-0123456789abcdef", "csk-rig-key-b-0123456789abcdef", "csk-rig-key-c-0123456789abcdef"
	keyS, keyZ       = "syn_rig_key_s_0123456789abcdef", "0123456789abcdef0123456789abcdef.RigKeyRigKeyRigK"
)

// setup changes what a rig is made of.
type setup struct {
	environ []string // further variables, or the same to override
	drop    []string // variables left out: "ZAI_API_KEY"
	options func(*proxy.Options)
	tune    func(*config.Settings)
}

// script answers as a vendor does, with its keys named.
func script(vendor string) simulator.Script {
	s := simulator.Script{Vendor: vendor, Answer: simulator.Answer{Text: "The quick brown fox jumps over the lazy dog."}}
	switch vendor {
	case simulator.Cerebras:
		s.Keys = map[string]simulator.KeyScript{keyA: {Name: "a"}, keyB: {Name: "b"}, keyC: {Name: "c"}}
	case simulator.Synthetic:
		s.Keys = map[string]simulator.KeyScript{keyS: {Name: "s"}}
	case simulator.ZAI:
		s.Keys = map[string]simulator.KeyScript{keyZ: {Name: "z"}}
	}
	return s
}

func newRig(t *testing.T, set setup) *rig {
	t.Helper()
	r := &rig{t: t, bus: new(event.Bus), log: new(lockedBuffer), records: new(recorder)}
	r.cerebras, r.synthetic, r.zai = r.provider(simulator.Cerebras), r.provider(simulator.Synthetic), r.provider(simulator.ZAI)
	environ := []string{
		fmt.Sprintf(`CEREBRAS_API_KEYS={"a":%q,"b":%q,"c":%q}`, keyA, keyB, keyC), "CEREBRAS_BASE_URL=" + r.cerebras.URL + "/v1",
		"SYNTHETIC_API_KEY=" + keyS, "SYNTHETIC_BASE_URL=" + r.synthetic.URL + "/openai/v1",
		"ZAI_API_KEY=" + keyZ, "ZAI_BASE_URL=" + r.zai.URL + "/api/coding/paas/v4",
		"HOME=" + t.TempDir(),
	}
	environ = append(without(environ, set.drop), set.environ...)
	settings, err := config.Load(t.Context(), config.Options{DataDir: t.TempDir(), Environ: environ})
	if err != nil {
		t.Fatal(err)
	}
	if set.tune != nil {
		set.tune(settings)
	}
	r.settings = settings
	scrub := new(secret.Scrubber)
	r.scrub = scrub
	logger := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	sender, err := upstream.New(upstream.Options{UserAgent: "glmtray/test", Scrub: scrub, Log: logger})
	if err != nil {
		t.Fatal(err)
	}
	r.pool = keypool.New(keypool.Options{Bus: r.bus, Log: logger})
	options := proxy.Options{
		Settings: settings, Pool: r.pool, Sender: sender, Roster: roster.New(), Tokens: tokens.NewEstimator(),
		Bus: r.bus, Recorder: r.records, Scrub: scrub, Log: logger, Version: "test", Control: "control-token",
	}
	if set.options != nil {
		set.options(&options)
	}
	r.server = proxy.New(options)
	front := httptest.NewUnstartedServer(r.server)
	front.Listener, front.Config.ConnContext = proxy.Gathering(front.Listener), proxy.ConnContext
	front.Start()
	t.Cleanup(front.Close)
	t.Cleanup(r.server.Drain)
	r.url = front.URL
	return r
}

func (r *rig) provider(vendor string) *simulator.Running {
	r.t.Helper()
	p, err := simulator.Start(context.WithoutCancel(r.t.Context()), "", script(vendor))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = p.Close() })
	return p
}

func without(environ, names []string) []string {
	var out []string
	for _, pair := range environ {
		keep := true
		for _, n := range names {
			keep = keep && !strings.HasPrefix(pair, n)
		}
		if keep {
			out = append(out, pair)
		}
	}
	return out
}

// reply is an answer read to its end.
type reply struct {
	*http.Response
	body []byte
	err  error // of reading the body
}

func (r *rig) do(method, path string, body []byte, header ...string) *reply {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	return &reply{resp, raw, err}
}

// ask sends a chat completion; model "" leaves the model out.
func (r *rig) ask(model string, stream bool, header ...string) *reply {
	r.t.Helper()
	return r.do(http.MethodPost, "/v1/chat/completions", chatBody(model, stream, "hello"), header...)
}

func chatBody(model string, stream bool, text string) []byte {
	m := map[string]any{"messages": []any{map[string]any{"role": "user", "content": text}}, "stream": stream}
	if model != "" {
		m["model"] = model
	}
	raw, _ := json.Marshal(m)
	return raw
}

func imageBody(model string) []byte {
	return []byte(`{"model":"` + model + `","messages":[{"role":"user","content":[{"type":"text","text":"what is this?"},` +
		`{"type":"image_url","image_url":{"url":"data:image/png;base64,` + strings.Repeat("QUJD", 200_000) + `"}}]}]}`)
}

// want checks status and provider.
func (p *reply) want(t *testing.T, status int, provider string) *reply {
	t.Helper()
	if p.StatusCode != status || (provider != "-" && p.Header.Get("X-Glmtray-Provider") != provider) {
		t.Fatalf("got %d from %q, want %d from %q: %.400s\nroute %s",
			p.StatusCode, p.Header.Get("X-Glmtray-Provider"), status, provider, p.body, p.Header.Get("X-Glmtray-Route"))
	}
	return p
}

// text is the answer's text, of a stream or whole.
func (p *reply) text(t *testing.T) string {
	t.Helper()
	if !strings.HasPrefix(p.Header.Get("Content-Type"), "text/event-stream") {
		var m struct {
			Choices []struct{ Message struct{ Content string } }
		}
		if err := json.Unmarshal(p.body, &m); err != nil || len(m.Choices) == 0 {
			t.Fatalf("no completion: %v: %.300s", err, p.body)
		}
		return m.Choices[0].Message.Content
	}
	var text strings.Builder
	lines := bufio.NewScanner(bytes.NewReader(p.body))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		var m struct {
			Choices []struct{ Delta struct{ Content string } }
		}
		if err := json.Unmarshal([]byte(data), &m); err != nil {
			t.Fatalf("a broken event reached the client: %q", data)
		}
		if len(m.Choices) > 0 {
			text.WriteString(m.Choices[0].Delta.Content)
		}
	}
	return text.String()
}

// errorOf is the error object of an answer.
func (p *reply) errorOf(t *testing.T) (code, message string) {
	t.Helper()
	var m struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal(p.body, &m); err != nil {
		t.Fatalf("no JSON error: %s", p.body)
	}
	return m.Error.Code, m.Error.Message
}

func faults(t *testing.T, p *simulator.Running, f ...simulator.Fault) {
	t.Helper()
	if err := p.SetFaults(f...); err != nil {
		t.Fatal(err)
	}
}

// asked counts the chat calls that reached a provider.
func asked(p *simulator.Running) int {
	n := 0
	for _, c := range p.Calls() {
		if strings.HasSuffix(c.Path, "/chat/completions") {
			n++
		}
	}
	return n
}

// eventually polls until ok, for what has no event to wait for.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

type recorder struct {
	mu  sync.Mutex
	all []proxy.Record
}

func (r *recorder) Bodies() bool { return true }

func (r *recorder) Record(p proxy.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, p)
}

func (r *recorder) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all)
}

// last waits for n records and gives the newest.
func (r *recorder) last(t *testing.T, n int) proxy.Record {
	t.Helper()
	var rec proxy.Record
	eventually(t, fmt.Sprintf("%d records", n), func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.all) < n {
			return false
		}
		rec = r.all[n-1]
		return true
	})
	return rec
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// status is /_status as a client sees it.
func (r *rig) status() proxy.Status {
	r.t.Helper()
	var st proxy.Status
	if err := json.Unmarshal(r.do(http.MethodGet, "/_status", nil).body, &st); err != nil {
		r.t.Fatal(err)
	}
	return st
}
