package proxy_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/secret"
)

// touchy is a log that panics at a word: a fault of our own in the middle of
// a request.
type touchy struct {
	slog.Handler
	word string
}

func (h touchy) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == h.word {
		panic("the log is out of order")
	}
	return h.Handler.Handle(ctx, r)
}

func TestAPanicGivesEverythingBackAndIsAnswered(t *testing.T) {
	r := newRig(t, setup{options: func(o *proxy.Options) { o.Log = slog.New(touchy{o.Log.Handler(), "model gone"}) }})
	faults(t, r.cerebras, fault("cerebras/model", 0))
	p := r.ask("gpt-oss-120b", false)
	if code, _ := p.errorOf(t); p.StatusCode != 500 || code != "internal_error" {
		t.Errorf("%d %s", p.StatusCode, p.body)
	}
	r.settled()
	if rec := r.records.last(t, 1); rec.Status != 500 || rec.Outcome != "internal_error" || rec.Attempts != 1 {
		t.Errorf("record %+v", rec.Finished)
	}
	if log := r.log.String(); !strings.Contains(log, "msg=panic") || !strings.Contains(log, "modelGone") {
		t.Error("the panic is not in the log")
	}
}

// lost is a response that nobody receives.
type lost struct{ *httptest.ResponseRecorder }

func (lost) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestAClientThatStopsReadingEndsTheStreamAndFreesTheKey(t *testing.T) {
	r := newRig(t, setup{})
	s := script(simulator.Cerebras)
	s.Answer.Tokens, s.Answer.Text, s.Answer.Pace = 10_000, "", simulator.Duration(5*time.Millisecond)
	if err := r.cerebras.SetScript(s); err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/v1/chat/completions", bytes.NewReader(chatBody("gpt-oss-120b", true, "x")))
	r.server.ServeHTTP(lost{httptest.NewRecorder()}, req)
	r.settled()
	eventually(t, "the provider is told", func() bool { return r.cerebras.Calls()[0].Cancelled })
	if rec := r.records.last(t, 1); rec.Outcome != "client left" || rec.Status != 499 {
		t.Errorf("record %+v", rec.Finished)
	}
}

func TestAClientThatLeavesGetsNoEmptyAnswer(t *testing.T) {
	r := newRig(t, setup{})
	faults(t, r.cerebras, fault("silent", 0))
	ctx, cancel := context.WithCancel(t.Context())
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://localhost/v1/chat/completions", bytes.NewReader(chatBody("gpt-oss-120b", false, "x")))
	out := httptest.NewRecorder()
	aborted := make(chan any, 1)
	go func() {
		defer func() { aborted <- recover() }()
		r.server.ServeHTTP(out, req)
	}()
	eventually(t, "the provider is asked", func() bool { return asked(r.cerebras) == 1 })
	cancel()
	if v := <-aborted; v != http.ErrAbortHandler || out.Body.Len() > 0 { //nolint:errorlint // the very value that net/http looks for
		t.Errorf("the handler returned with %v, body %q", v, out.Body)
	}
	r.settled()
}

func TestWaitingForAKeyEndsWhenTheClientLeaves(t *testing.T) {
	r := newRig(t, setup{drop: []string{"SYNTHETIC", "ZAI"}, tune: func(s *config.Settings) { s.MaxWait = time.Hour }})
	faults(t, r.cerebras, fault("cerebras/rpm", 600))
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, r.url+"/v1/chat/completions", bytes.NewReader(chatBody("gpt-oss-120b", true, "x")))
	gone := make(chan error, 1)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		gone <- err
	}()
	eventually(t, "every key cools", func() bool {
		return asked(r.cerebras) == 3 && r.pool.Ready("cerebras", "gpt-oss-120b").Ready == 0
	})
	if st := r.status(); st.Requests.InFlight != 1 || len(st.Keys) != 3 { // and is not held up by the one who waits
		t.Errorf("status %+v", st)
	}
	r.do(http.MethodGet, "/v1/models", nil).want(t, 200, "")
	cancel()
	<-gone
	r.settled()
	if rec := r.records.last(t, 1); rec.Status != 499 || rec.Attempts != 3 {
		t.Errorf("record %+v", rec.Finished)
	}
}

func TestAGoneModelNeverSendsAnImageToATextModel(t *testing.T) {
	r := newRig(t, setup{tune: func(s *config.Settings) {
		s.Rules = []config.Rule{{Name: "everything", Use: []config.Target{
			{Provider: "cerebras", Model: "large"}, {Provider: "zai", Model: "glm-4.6v"},
		}}}
	}})
	faults(t, r.cerebras, simulator.Fault{What: "cerebras/model", When: simulator.When{Model: "qwen-3.8-27b"}})
	faults(t, r.zai, simulator.Fault{What: "zai/1211", When: simulator.When{Model: "glm-4.6v"}})
	p := r.do(http.MethodPost, "/v1/chat/completions", imageBody("qwen-3.8-27b")).want(t, 200, "zai")
	if p.Header.Get("X-Glmtray-Model") != "glm-5.3-flash" {
		t.Errorf("model %s", p.Header.Get("X-Glmtray-Model"))
	}
	for _, c := range append(r.cerebras.Calls(), r.zai.Calls()...) {
		if c.Model == "gpt-oss-120b" || c.Model == "glm-5.3" {
			t.Errorf("an image went to %s", c.Model)
		}
	}
	r.settled()
}

func TestAModelThatARuleNamesIsReplacedWhenItIsGone(t *testing.T) {
	r := newRig(t, setup{tune: func(s *config.Settings) {
		s.Rules = []config.Rule{{Name: "everything", Use: []config.Target{{Provider: "zai", Model: "glm-4"}}}}
	}})
	p := r.ask("m", false).want(t, 200, "zai")
	if p.Header.Get("X-Glmtray-Model") != "glm-5.3" || p.Header.Get("X-Glmtray-Attempts") != "2" {
		t.Errorf("header %v", p.Header)
	}
}

func TestAGoneModelBlamesNoKey(t *testing.T) {
	r := newRig(t, setup{})
	r.ask("zai-glm-4.6", false).want(t, 200, "cerebras")
	if n := r.cerebras.Count(); n["a"] != 2 || n["b"] != 0 {
		t.Errorf("calls per key %v", n)
	}
	r.settled()
}

// TestAKeyNeverGoesToTheAddressOfOlderSettings swaps provider, address and key
// while a request waits: the key it is then handed belongs to the new address.
func TestAKeyNeverGoesToTheAddressOfOlderSettings(t *testing.T) {
	r := newRig(t, setup{drop: []string{"SYNTHETIC", "ZAI"}, tune: func(s *config.Settings) { s.MaxWait = time.Minute }})
	faults(t, r.cerebras, fault("cerebras/rpm", 50))
	done := make(chan *reply, 1)
	go func() { done <- r.ask("gpt-oss-120b", false) }()
	eventually(t, "the request waits", func() bool {
		return asked(r.cerebras) == 3 && r.pool.Ready("cerebras", "gpt-oss-120b").Ready == 0
	})
	other := r.provider(simulator.Cerebras)
	const moved = "csk-rig-key-for-another-address"
	s := script(simulator.Cerebras)
	s.Keys = map[string]simulator.KeyScript{moved: {Name: "moved"}}
	if err := other.SetScript(s); err != nil {
		t.Fatal(err)
	}
	next := *r.settings
	next.Providers = append([]config.Provider(nil), r.settings.Providers...)
	p := next.Provider("cerebras")
	p.Endpoints = []config.Endpoint{{Dialect: config.OpenAI, URL: other.URL + "/v1"}}
	p.Keys = []config.Key{{Name: "a", Secret: secret.New(moved)}}
	r.server.Apply(&next)
	(<-done).want(t, 200, "cerebras")
	if asked(r.cerebras) != 3 || asked(other) != 1 || r.cerebras.Count()["unknown"] > 0 {
		t.Errorf("calls: %v and %v", r.cerebras.Count(), other.Count())
	}
	r.settled()
}

func TestExplainSaysThatABusyKeyIsWaitedFor(t *testing.T) {
	r := newRig(t, setup{drop: []string{"CEREBRAS", "SYNTHETIC"}}) // a plan key serves one at a time
	faults(t, r.zai, simulator.Fault{What: "silent", When: simulator.When{Times: 1}})
	hello := chatBody("glm-5.3", false, "x")
	ctx, leave := context.WithCancel(t.Context())
	first := r.post(ctx, bytes.NewReader(hello))
	eventually(t, "the key is busy", func() bool { return asked(r.zai) == 1 })
	if x := r.explain(hello); len(x.Steps) != 1 || !strings.HasPrefix(x.Steps[0].Verdict, "waited for up to 1 min 30 s") {
		t.Errorf("explained %+v", x.Steps)
	}
	second := r.post(t.Context(), bytes.NewReader(hello))
	eventually(t, "the second waits", func() bool { return r.server.Snapshot().Requests.InFlight == 2 })
	leave()
	<-first
	if resp := <-second; resp.StatusCode != 200 {
		t.Errorf("status %d", resp.StatusCode)
	}
	r.settled()
}
