package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/secret"
)

// verb carries out one of /_control's.
func (r *rig) verb(path string) *reply {
	r.t.Helper()
	return r.do(http.MethodPost, "/_control/"+path, nil, proxy.ControlHeader, "control-token").want(r.t, 200, "")
}

// listener reads /_events.
type listener struct {
	t      *testing.T
	events chan [2]string // name and data
}

func (r *rig) listen() *listener {
	r.t.Helper()
	req, _ := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.url+"/_events", nil)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		r.t.Errorf("Content-Type %s", got)
	}
	l := &listener{r.t, make(chan [2]string, 1000)}
	go func() {
		defer close(l.events)
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, 1<<20)
		var name string
		for lines.Scan() {
			if n, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				name = n
			} else if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				l.events <- [2]string{name, data}
			}
		}
	}()
	return l
}

// next waits for an event of that name with those words in it, and passes over
// others.
func (l *listener) next(name string, words ...string) string {
	l.t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case e, more := <-l.events:
			if !more {
				l.t.Fatalf("the events ended before %s %v", name, words)
			}
			fits := e[0] == name
			for _, w := range words {
				fits = fits && strings.Contains(e[1], w)
			}
			if fits {
				return e[1]
			}
		case <-deadline:
			l.t.Fatalf("never: %s %v", name, words)
		}
	}
}

func TestEventsBeginWithASnapshotAndTellEverything(t *testing.T) {
	r := newRig(t, setup{})
	r.server.SetAddr("127.0.0.1:18080")
	l := r.listen()
	first := <-l.events
	var st proxy.Status
	if err := json.Unmarshal([]byte(first[1]), &st); err != nil || first[0] != "snapshot" || len(st.Keys) != 3 || st.Addr != "127.0.0.1:18080" {
		t.Fatalf("first event %v", first)
	}
	faults(t, r.cerebras, simulator.Fault{What: "cerebras/rpm", When: simulator.When{Times: 1}})
	id := r.ask("gpt-oss-120b", false).want(t, 200, "cerebras").Header.Get("X-Request-Id")
	l.next("routed", id, `"rule":"everything"`, `"cerebras/gpt-oss-120b"`)
	l.next("attempted", id, `"n":1`, `"class":"rate limited"`, `"key":"a"`)
	l.next("key", `"key":"a"`, `"state":"cooling"`, `"cool_until":`)
	l.next("attempted", id, `"n":2`, `"class":"ok"`, `"key":"b"`)
	l.next("finished", id, `"outcome":"ok"`, `"attempts":2`)
	r.server.Apply(r.settings)
	l.next("server", `"reloaded"`)

	r.server.Drain()
	l.next("server", `"stopping"`)
	for range l.events { // ends by itself
	}
	r.do(http.MethodHead, "/_events", nil).want(t, 200, "")
	r.settled()
}

func TestTheVerbsOfControl(t *testing.T) {
	const odd = "work/my laptop"
	r := newRig(t, setup{tune: func(s *config.Settings) {
		p := s.Provider("cerebras")
		p.Keys = append(p.Keys, config.Key{Name: odd, Secret: secret.New("csk-another-key-0123456789")})
	}})
	l := r.listen()

	r.verb("pause")
	l.next("server", `"paused"`)
	p := r.ask("gpt-oss-120b", true)
	if code, _ := p.errorOf(t); p.StatusCode != 503 || code != "paused" || p.Header.Get("Retry-After") == "" || asked(r.cerebras) != 0 {
		t.Errorf("paused: %d %s", p.StatusCode, p.body)
	}
	if st := r.status(); st.State != "paused" {
		t.Errorf("state %s", st.State)
	}
	r.verb("resume")
	l.next("server", `"serving"`)
	r.ask("gpt-oss-120b", true).want(t, 200, "cerebras")

	r.verb("pin?provider=zai&for=15m")
	l.next("server", `"pinned"`, `"zai"`, `"until":`)
	r.ask("gpt-oss-120b", false).want(t, 200, "zai")
	r.do(http.MethodGet, "/v1/batches", nil).want(t, 200, "zai")
	if st := r.status(); st.Pinned == nil || st.Pinned.Provider != "zai" {
		t.Errorf("pin %+v", st.Pinned)
	}
	r.verb("unpin")
	l.next("server", `"unpinned"`)
	r.ask("gpt-oss-120b", false).want(t, 200, "cerebras")

	for _, name := range []string{"a", odd} {
		r.verb("keys/cerebras/" + url.PathEscape(name) + "/park")
		l.next("key", `"`+name+`"`, `"parked"`)
	}
	if p := r.ask("gpt-oss-120b", false).want(t, 200, "cerebras"); p.Header.Get("X-Glmtray-Key") != "b" {
		t.Errorf("key %s", p.Header.Get("X-Glmtray-Key"))
	}
	r.verb("keys/cerebras/a/enable")
	l.next("key", `"a"`, `"ready"`)

	faults(t, r.cerebras, simulator.Fault{What: "cerebras/rpm", When: simulator.When{Key: "b", Times: 1}})
	r.ask("gpt-oss-120b", false).want(t, 200, "cerebras")
	l.next("key", `"b"`, `"cooling"`)
	r.verb("keys/cerebras/b/clear")
	l.next("key", `"b"`, `"ready"`)

	r.verb("keys/cerebras/a/park")
	r.verb("keys/cerebras/a/probe") // the list came: it works
	l.next("key", `"a"`, `"ready"`)
	faults(t, r.cerebras, simulator.Fault{What: "cerebras/wrong-key", When: simulator.When{Path: "/models"}})
	if p := r.do(http.MethodPost, "/_control/keys/cerebras/a/probe", nil, proxy.ControlHeader, "control-token"); p.StatusCode != 400 || !strings.Contains(string(p.body), "key is wrong") {
		t.Errorf("probe: %d %s", p.StatusCode, p.body)
	}
	l.next("key", `"a"`, `"parked"`)
}

func TestReloadIsDoneByWhoGaveIt(t *testing.T) {
	failing := false
	r := newRig(t, setup{options: func(o *proxy.Options) {
		o.Reload = func(context.Context) error {
			if failing {
				return fmt.Errorf("settings.toml:3: the key %s is odd", keyA)
			}
			return nil
		}
	}})
	r.verb("reload")
	failing = true
	p := r.do(http.MethodPost, "/_control/reload", nil, proxy.ControlHeader, "control-token").want(t, 400, "")
	if _, message := p.errorOf(t); !strings.Contains(message, "settings.toml:3") || strings.Contains(message, keyA) {
		t.Errorf("message %q", message)
	}
}

func TestTheClientsKeysAreReadAgain(t *testing.T) {
	read := 0
	r := newRig(t, setup{options: func(o *proxy.Options) {
		o.Renew = func(context.Context) error { read++; return nil }
	}})
	r.verb("clients")
	if read != 1 {
		t.Errorf("read %d times", read)
	}
	r = newRig(t, setup{})
	r.do(http.MethodPost, "/_control/clients", nil, proxy.ControlHeader, "control-token").want(t, 404, "")
}

// explain asks which way a body would go.
func (r *rig) explain(body []byte) proxy.Explanation {
	r.t.Helper()
	p := r.do(http.MethodPost, "/_control/explain", body, proxy.ControlHeader, "control-token").want(r.t, 200, "")
	var x proxy.Explanation
	if err := json.Unmarshal(p.body, &x); err != nil {
		r.t.Fatal(err)
	}
	return x
}

func TestExplainTellsTheWayThatTheRequestThenGoes(t *testing.T) {
	hello := chatBody("gpt-oss-120b", false, "hello")
	for name, c := range map[string]struct {
		set     setup
		before  func(*rig)
		body    []byte
		verdict string // of the step that is taken
	}{
		"plain":         {body: hello, verdict: "taken"},
		"an alias":      {body: chatBody("claude-haiku-4", false, "x"), verdict: "taken"},
		"an image":      {body: imageBody("gpt-5"), verdict: "taken"},
		"a long prompt": {body: chatBody("gpt-oss-120b", false, strings.Repeat("the quick brown fox ", 50_000)), verdict: "taken"},
		"no key sees":   {set: setup{drop: []string{"SYNTHETIC", "ZAI"}}, body: imageBody("m")},
		"pinned":        {body: hello, verdict: "taken", before: func(r *rig) { r.verb("pin?provider=zai&for=1h") }},
		"a key parked":  {body: hello, verdict: "taken", before: func(r *rig) { r.verb("keys/cerebras/a/park") }},
		"all cool for long": {body: hello, verdict: "taken", before: func(r *rig) {
			faults(r.t, r.cerebras, simulator.Fault{What: "cerebras/rpm", Wait: seconds(500), When: simulator.When{Times: 3}})
			r.ask("gpt-oss-120b", false)
		}},
		"all cool for a moment": {body: hello, verdict: "waited for: a key returns in 1 s", before: func(r *rig) {
			faults(r.t, r.cerebras, simulator.Fault{What: "cerebras/rpm", Wait: seconds(1), When: simulator.When{Times: 3}})
			r.ask("gpt-oss-120b", false)
		}, set: setup{environ: []string{"MAX_RETRIES=3"}}},
		"all cool for long, fallback off": {body: hello, verdict: "refused here", set: setup{environ: []string{"FALLBACK_ON_COOLDOWN=false"}}, before: func(r *rig) {
			faults(r.t, r.cerebras, simulator.Fault{What: "cerebras/rpm", Wait: seconds(500), When: simulator.When{Times: 3}})
			r.ask("gpt-oss-120b", false)
		}},
		"parked, fallback off": {body: hello, verdict: "taken", set: setup{environ: []string{"FALLBACK_ON_COOLDOWN=false"}}, before: func(r *rig) {
			for _, k := range []string{"a", "b", "c"} {
				r.verb("keys/cerebras/" + k + "/park")
			}
		}},
		"paused": {body: hello, before: func(r *rig) { r.verb("pause") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, c.set)
			if c.before != nil {
				c.before(r)
			}
			sent := asked(r.cerebras) + asked(r.synthetic) + asked(r.zai)
			x := r.explain(c.body)
			if n := asked(r.cerebras) + asked(r.synthetic) + asked(r.zai); n != sent {
				t.Errorf("%d requests were sent", n-sent)
			}
			p := r.do(http.MethodPost, "/v1/chat/completions", c.body)
			if x.Refused != "" || c.verdict == "" {
				_, message := p.errorOf(t)
				if c.verdict != "" || p.StatusCode == 200 || !strings.HasPrefix(x.Refused, message[:20]) {
					t.Errorf("explained %q, got %d %s", x.Refused, p.StatusCode, p.body)
				}
				return
			}
			if got := p.Header.Get("X-Glmtray-Route"); got != x.Rule+": "+x.Reason {
				t.Errorf("explained %s: %s, went %s", x.Rule, x.Reason, got)
			}
			for _, s := range x.Steps {
				if strings.HasPrefix(s.Verdict, "passed over") {
					continue
				}
				if !strings.HasPrefix(s.Verdict, c.verdict) {
					t.Errorf("verdict %q, want %q", s.Verdict, c.verdict)
				}
				if c.verdict == "refused here" {
					p.want(t, 429, "")
				} else if provider, _, _ := strings.Cut(s.Target, "/"); p.StatusCode != 200 || p.Header.Get("X-Glmtray-Provider") != provider ||
					p.Header.Get("X-Glmtray-Model") != s.Model || (s.Key != "" && p.Header.Get("X-Glmtray-Key") != s.Key) {
					t.Errorf("explained %+v, went %d %v", s, p.StatusCode, p.Header)
				}
				return
			}
			t.Errorf("no step was taken: %+v", x.Steps)
		})
	}
}

func TestExplainRefusesWhatIsNoRequest(t *testing.T) {
	r := newRig(t, setup{tune: func(s *config.Settings) { s.MaxBody = 1 << 10 }})
	for body, want := range map[string]int{"nonsense": 400, "": 400, "[]": 400, `{"x":"` + strings.Repeat("x", 2<<10) + `"}`: 413} {
		p := r.do(http.MethodPost, "/_control/explain", []byte(body), proxy.ControlHeader, "control-token")
		if p.StatusCode != want {
			t.Errorf("%.20q: %d, want %d", body, p.StatusCode, want)
		}
	}
}

func TestASlowReaderOfEventsIsToldTheWholeStateAnew(t *testing.T) {
	r := newRig(t, setup{})
	out, in := io.Pipe()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/_events", nil)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.server.ServeHTTP(&piped{in, http.Header{}}, req)
	}()
	lines := bufio.NewReader(out)
	if line, _ := lines.ReadString('\n'); line != "event: snapshot\n" {
		t.Fatalf("first line %q", line)
	}
	for range 3000 { // the reader holds the pipe
		r.bus.Publish(event.ServerChanged{State: "paused"})
	}
	snapshots := 0
	for snapshots == 0 {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		if bytes.HasPrefix(line, []byte("event: snapshot")) {
			snapshots++
		}
	}
	_ = out.Close() // the reader leaves
	r.bus.Publish(event.ServerChanged{State: "paused"})
	<-ended
}

// piped is a response whose reader sets the pace.
type piped struct {
	*io.PipeWriter
	header http.Header
}

func (p *piped) Header() http.Header { return p.header }
func (p *piped) WriteHeader(int)     {}
func (p *piped) Flush()              {}
