package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

func TestARequestIsServedByTheFirstKeyOfThePrimary(t *testing.T) {
	r := newRig(t, setup{})
	for _, stream := range []bool{false, true} {
		p := r.ask("gpt-oss-120b", stream).want(t, 200, "cerebras")
		if got := p.text(t); got != "The quick brown fox jumps over the lazy dog." {
			t.Errorf("stream %v: text %q", stream, got)
		}
		if stream != strings.HasSuffix(string(p.body), "data: [DONE]\n\n") {
			t.Errorf("stream %v: ends in %.50q", stream, p.body[max(0, len(p.body)-50):])
		}
		for name, want := range map[string]string{"Key": "a", "Model": "gpt-oss-120b", "Attempts": "1", "Route": "everything: "} {
			if got := p.Header.Get("X-Glmtray-" + name); !strings.HasPrefix(got, want) {
				t.Errorf("stream %v: %s is %q, want %q", stream, name, got, want)
			}
		}
		if p.Header.Get("X-Request-Id") == "" {
			t.Error("no request id")
		}
	}
	rec := r.records.last(t, 2)
	if rec.Outcome != "ok" || rec.Tokens.Prompt == 0 || rec.Tokens.Completion == 0 || rec.Attempts != 1 {
		t.Errorf("record %+v", rec.Finished)
	}
	if line := r.log.String(); !strings.Contains(line, "msg=request") || !strings.Contains(line, "rule=everything") {
		t.Errorf("no canonical line: %s", line)
	}
}

func TestStreamingReachesTheClientWhileTheProviderIsStillWriting(t *testing.T) {
	r := newRig(t, setup{})
	faults(t, r.cerebras, simulator.Fault{What: "nginx-503"}) // so that it is a fallback that streams
	s := script(simulator.Synthetic)
	s.Answer.Pace = simulator.Duration(20 * time.Millisecond)
	if err := r.synthetic.SetScript(s); err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/chat/completions", bytes.NewReader(chatBody("m", true, "hi")))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if line, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil || !strings.HasPrefix(line, "data: ") {
		t.Fatalf("first line %q, %v", line, err)
	}
	calls := r.synthetic.Calls()
	if last := calls[len(calls)-1]; last.Done {
		t.Error("the first byte came only when the provider had finished")
	}
}

func TestAKeyServesUntilItFailsThenTheNext(t *testing.T) {
	r := newRig(t, setup{})
	for range 3 {
		r.ask("gpt-oss-120b", false).want(t, 200, "cerebras")
	}
	faults(t, r.cerebras, simulator.Fault{When: simulator.When{Key: "a", Times: 1}, What: "cerebras/rpm"})
	for range 3 {
		if p := r.ask("gpt-oss-120b", true).want(t, 200, "cerebras"); p.Header.Get("X-Glmtray-Key") != "b" {
			t.Errorf("key %s, want b", p.Header.Get("X-Glmtray-Key"))
		}
	}
	if n := r.cerebras.Count(); n["a"] != 4 || n["b"] != 3 || n["c"] != 0 {
		t.Errorf("calls per key %v", n)
	}
	var st proxy.Status
	if err := json.Unmarshal(r.do(http.MethodGet, "/_status", nil).body, &st); err != nil {
		t.Fatal(err)
	}
	if st.Current != "b" || len(st.Keys) != 3 || st.Keys[0].Available || st.Keys[0].LimitedFor <= 0 || !st.Keys[1].Available {
		t.Errorf("status %+v", st.Keys)
	}
}

func TestTwoHundredStreamsOverThreeKeysThatRunDryAllComplete(t *testing.T) {
	r := newRig(t, setup{drop: []string{"SYNTHETIC", "ZAI"}, environ: []string{"MAX_WORKERS=200"}})
	s := script(simulator.Cerebras)
	s.Answer.Pace = simulator.Duration(time.Millisecond)
	s.Accounts = map[string]simulator.Limits{"*": {Rates: []simulator.Rate{
		{Of: "requests", Per: "minute", Max: 60, Refill: simulator.Duration(2 * time.Second), Window: true},
	}}}
	if err := r.cerebras.SetScript(s); err != nil {
		t.Fatal(err)
	}
	watch := r.bus.Subscribe(1 << 16)
	defer watch.Close()
	var wg sync.WaitGroup
	problems := make(chan string, 200)
	for i := range 200 {
		wg.Go(func() {
			p := r.ask("gpt-oss-120b", true)
			if p.StatusCode != 200 || !strings.HasSuffix(string(p.body), "data: [DONE]\n\n") {
				problems <- fmt.Sprintf("%d: %d %.300s", i, p.StatusCode, p.body)
			}
		})
	}
	wg.Wait()
	close(problems)
	for p := range problems {
		t.Error(p)
	}
	used := map[string]bool{}
	for _, c := range r.cerebras.Calls() {
		used[c.Key] = used[c.Key] || c.Status == 200
	}
	noneSentToACoolingKey(t, watch)
	if len(used) != 3 {
		t.Errorf("keys used: %v", used)
	}
	if n := strings.Count(r.log.String(), "msg=request"); n != 200 {
		t.Errorf("%d lines in the log, want 200", n)
	}
}

// noneSentToACoolingKey compares when the proxy came to know that a key cools
// with when it sent requests with it. Those that were on their way could not
// know, however long the way was.
func noneSentToACoolingKey(t *testing.T, watch *event.Subscription) {
	t.Helper()
	events, err := watch.Next(t.Context(), nil)
	if err != nil || watch.Dropped() > 0 {
		t.Fatalf("%v, %d events dropped", err, watch.Dropped())
	}
	cooled := map[string][]event.KeyChanged{}
	for _, e := range events {
		if k, ok := e.(event.KeyChanged); ok && k.State == keypool.Cooling {
			cooled[k.Key] = append(cooled[k.Key], k)
		}
	}
	const apart = 500 * time.Millisecond // what may lie between looking at the key and at the clock, on a busy machine
	for _, e := range events {
		a, ok := e.(event.Attempted)
		if !ok {
			continue
		}
		sent := a.Time.Add(-a.Took)
		for _, k := range cooled[a.Key] {
			if sent.After(k.Time.Add(apart)) && sent.Before(k.CoolUntil) {
				t.Errorf("request %s was sent with %s, which had been known to cool for %v", a.ID, a.Key, sent.Sub(k.Time))
			}
		}
	}
	if len(cooled) != 3 {
		t.Errorf("keys that cooled: %v", slices.Collect(maps.Keys(cooled)))
	}
}

func TestEveryOtherRefusalReachesTheClientOnceByteForByte(t *testing.T) {
	r := newRig(t, setup{})
	faults(t, r.cerebras, simulator.Fault{What: "cerebras/param"})
	p := r.ask("gpt-oss-120b", false).want(t, 400, "cerebras")
	if asked(r.cerebras) != 1 || asked(r.synthetic) != 0 {
		t.Errorf("asked %d and %d times", asked(r.cerebras), asked(r.synthetic))
	}
	direct := *r
	direct.url = r.cerebras.URL
	if d := direct.ask("gpt-oss-120b", false, "Authorization", "Bearer "+keyA); !bytes.Equal(p.body, d.body) || p.Header.Get("Content-Type") != d.Header.Get("Content-Type") {
		t.Errorf("got %s\nwant %s", p.body, d.body)
	}
	if p.Header.Get("Set-Cookie") != "" || p.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("headers of the provider's front end came through")
	}
}

func TestExhaustionSaysWhenTheFirstKeyReturns(t *testing.T) {
	r := newRig(t, setup{drop: []string{"SYNTHETIC", "ZAI"}, tune: func(s *config.Settings) { s.MaxWait = time.Second }})
	faults(t, r.cerebras, simulator.Fault{What: "cerebras/rpm", Wait: simulator.Duration(100 * time.Second)})
	p := r.ask("gpt-oss-120b", true)
	code, message := p.errorOf(t)
	if p.StatusCode != 429 || code != "all_keys_cooling" || !strings.Contains(message, "a ") {
		t.Fatalf("got %d %s", p.StatusCode, p.body)
	}
	if after, err := strconv.Atoi(p.Header.Get("Retry-After")); err != nil || after < 90 || after > 100 || p.Header.Get("X-Should-Retry") != "false" {
		t.Errorf("Retry-After %q, X-Should-Retry %q", p.Header.Get("Retry-After"), p.Header.Get("X-Should-Retry"))
	}
	var detail struct {
		Glmtray struct {
			Keys []struct{ Name, State string }
		}
	}
	if err := json.Unmarshal(p.body, &detail); err != nil || len(detail.Glmtray.Keys) != 3 {
		t.Errorf("keys are not named: %s", p.body)
	}
	before := asked(r.cerebras)
	r.ask("gpt-oss-120b", true).want(t, 429, "")
	if asked(r.cerebras) != before {
		t.Error("a cooling key was asked")
	}
}

func TestACoolingPrimaryIsWaitedForWhereFallbackIsOff(t *testing.T) {
	for _, fallback := range []string{"true", "false"} {
		r := newRig(t, setup{environ: []string{"FALLBACK_ON_COOLDOWN=" + fallback}, tune: func(s *config.Settings) { s.ShortWait = time.Millisecond }})
		faults(t, r.cerebras, simulator.Fault{When: simulator.When{Times: 3}, What: "cerebras/rpm", Wait: simulator.Duration(time.Second)})
		want := map[string]string{"true": "synthetic", "false": "cerebras"}[fallback]
		r.ask("gpt-oss-120b", false).want(t, 200, want)
	}
}

func TestImagesGoToVisionAndNeverToAText(t *testing.T) {
	r := newRig(t, setup{})
	p := r.do(http.MethodPost, "/v1/chat/completions", imageBody("gpt-oss-120b")).want(t, 200, "synthetic")
	if p.Header.Get("X-Glmtray-Model") != "syn:large:vision" {
		t.Errorf("model %s", p.Header.Get("X-Glmtray-Model"))
	}
	faults(t, r.synthetic, simulator.Fault{What: "nginx-503"})
	r.do(http.MethodPost, "/v1/chat/completions", imageBody("gpt-oss-120b")).want(t, 200, "zai")
	for _, c := range append(r.cerebras.Calls(), r.zai.Calls()...) {
		if c.Images > 0 && (c.Model == "glm-4.6" || strings.HasPrefix(c.Path, "/v1")) {
			t.Errorf("a picture reached %s", c.Model)
		}
	}
	r = newRig(t, setup{drop: []string{"SYNTHETIC", "ZAI"}})
	code, message := r.do(http.MethodPost, "/v1/chat/completions", imageBody("m")).want(t, 400, "").errorOf(t)
	if code != "no_vision_provider" || !strings.Contains(strings.ToLower(message), "synthetic") || asked(r.cerebras) != 0 {
		t.Errorf("%s: %s", code, message)
	}
}

func TestLongPromptsGoToALargeContextAlsoWithoutContentLength(t *testing.T) {
	r := newRig(t, setup{})
	body := chatBody("gpt-oss-120b", false, strings.Repeat("the quick brown fox ", 50_000))
	r.do(http.MethodPost, "/v1/chat/completions", body).want(t, 200, "synthetic")
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/v1/chat/completions", io.MultiReader(bytes.NewReader(body)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got := resp.Header.Get("X-Glmtray-Provider"); got != "synthetic" || !strings.HasPrefix(resp.Header.Get("X-Glmtray-Route"), "long context") {
		t.Errorf("chunked: %s, %s", got, resp.Header.Get("X-Glmtray-Route"))
	}
}

func TestAGoneModelIsReplacedByItsRoleAndRemembered(t *testing.T) {
	r := newRig(t, setup{})
	for i := range 3 {
		p := r.ask("zai-glm-4.6", false).want(t, 200, "cerebras")
		if p.Header.Get("X-Glmtray-Model") != "gpt-oss-120b" {
			t.Errorf("request %d: model %s", i, p.Header.Get("X-Glmtray-Model"))
		}
	}
	if n := asked(r.cerebras); n != 4 {
		t.Errorf("%d calls, want 4: the gone model is asked for once", n)
	}
	if n := strings.Count(r.log.String(), `msg="model gone"`); n != 1 {
		t.Errorf("said %d times", n)
	}
}

func TestAliasesStandForARole(t *testing.T) {
	r := newRig(t, setup{})
	for model, want := range map[string]string{"claude-sonnet-5": "cerebras", "gpt-5": "cerebras", "claude-haiku-4-5-20251001": "zai"} {
		p := r.ask(model, false).want(t, 200, want)
		if strings.HasPrefix(p.Header.Get("X-Glmtray-Model"), "claude") {
			t.Errorf("%s went out as it was", model)
		}
	}
}

func TestAClientThatLeavesCancelsTheProviderAndBlamesNoKey(t *testing.T) {
	r := newRig(t, setup{})
	faults(t, r.cerebras, simulator.Fault{What: "silent"})
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
	eventually(t, "the provider is asked", func() bool { return asked(r.cerebras) == 1 })
	cancel()
	<-gone
	eventually(t, "the provider sees the client leave", func() bool { return r.cerebras.Calls()[0].Cancelled })
	rec := r.records.last(t, 1)
	if rec.Status != 499 || rec.Attempts != 1 || asked(r.synthetic) != 0 {
		t.Errorf("record %+v", rec.Finished)
	}
	for _, k := range r.pool.Provider("cerebras") {
		if k.State != "ready" || k.Errors != 0 || k.InFlight != 0 {
			t.Errorf("key %+v", k)
		}
	}
}

func TestABrokenStreamEndsInAnErrorEvent(t *testing.T) {
	for _, fault := range []string{"cut", "cut-event", "short-content-length", "stall"} {
		t.Run(fault, func(t *testing.T) {
			r := newRig(t, setup{tune: func(s *config.Settings) { s.Provider("cerebras").Limits.Idle = 200 * time.Millisecond }})
			faults(t, r.cerebras, simulator.Fault{What: fault})
			p := r.ask("gpt-oss-120b", true).want(t, 200, "cerebras")
			if p.err != nil || !strings.Contains(string(p.body), `data: {"error":`) || strings.Contains(string(p.body), "[DONE]") {
				t.Errorf("%v: %s", p.err, p.body)
			}
			p.text(t) // every event is valid JSON
			if rec := r.records.last(t, 1); rec.Outcome == "ok" {
				t.Errorf("recorded as %s", rec.Outcome)
			}
			if asked(r.synthetic) != 0 {
				t.Error("tried again after the first byte")
			}
		})
	}
}

func TestStreamsAreMendedWhereThatIsSafe(t *testing.T) {
	for _, fault := range []string{"no-done", "malformed-line", "json-for-sse"} {
		t.Run(fault, func(t *testing.T) {
			r := newRig(t, setup{})
			faults(t, r.cerebras, simulator.Fault{What: fault})
			p := r.ask("gpt-oss-120b", true).want(t, 200, "cerebras")
			if !strings.HasSuffix(string(p.body), "data: [DONE]\n\n") || p.text(t) == "" {
				t.Errorf("%s", p.body)
			}
		})
	}
}
