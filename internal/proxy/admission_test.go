package proxy_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// perMinute gives each Cerebras key so many tokens a minute.
func perMinute(n int64) simulator.Script {
	s := script(simulator.Cerebras)
	s.Accounts = map[string]simulator.Limits{"*": {Rates: []simulator.Rate{{Of: "tokens", Per: "minute", Max: n}}}}
	return s
}

func limited(max int) string {
	return fmt.Sprintf(`{"model":"gpt-oss-120b","max_tokens":%d,"messages":[{"role":"user","content":"hello"}]}`, max)
}

func TestAKeyIsLeftBeforeItRefuses(t *testing.T) {
	r := newRig(t, setup{})
	if err := r.cerebras.SetScript(perMinute(10_000)); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for range 3 {
		got := r.do(http.MethodPost, "/v1/chat/completions", []byte(limited(9_000)))
		keys = append(keys, got.Header.Get("X-Glmtray-Provider")+"/"+got.Header.Get("X-Glmtray-Key"))
	}
	// What was not used comes back, so one key serves them all.
	if got := strings.Join(keys, " "); got != "cerebras/a cerebras/a cerebras/a" {
		t.Errorf("one after the other: %s", got)
	}
	for _, c := range r.cerebras.Calls() {
		if c.Status != http.StatusOK {
			t.Errorf("call %d by %s was refused", c.N, c.Key)
		}
	}
}

func TestRequestsSideBySideAreReservedFor(t *testing.T) {
	r := newRig(t, setup{})
	s := perMinute(10_000)
	s.Answer.FirstDelay = simulator.Duration(200 * time.Millisecond)
	if err := r.cerebras.SetScript(s); err != nil {
		t.Fatal(err)
	}
	for range 3 { // so that each key is known
		r.do(http.MethodPost, "/v1/chat/completions", []byte(limited(10)))
		_ = r.pool.Park("cerebras", r.pool.Current("cerebras"), "so that the next is asked")
	}
	for _, k := range []string{"a", "b", "c"} {
		_ = r.pool.Enable("cerebras", k)
	}
	done := make(chan string)
	for range 3 {
		go func() {
			got := r.do(http.MethodPost, "/v1/chat/completions", []byte(limited(9_000)))
			done <- got.Header.Get("X-Glmtray-Key")
		}()
	}
	seen := map[string]int{}
	for range 3 {
		seen[<-done]++
	}
	if len(seen) != 3 {
		t.Errorf("served by %v, want each key once", seen)
	}
	for _, c := range r.cerebras.Calls() {
		if c.Status != http.StatusOK {
			t.Errorf("call %d by %s was refused", c.N, c.Key)
		}
	}
}

func TestAWaitForAKeyIsOnTheRecord(t *testing.T) {
	r := newRig(t, setup{drop: []string{"SYNTHETIC_API_KEY", "ZAI_API_KEY"}, tune: func(s *config.Settings) {
		s.Provider("cerebras").Keys = s.Provider("cerebras").Keys[:1]
	}})
	if err := r.cerebras.SetFaults(simulator.Fault{What: "cerebras/rpm", Wait: simulator.Duration(time.Second), When: simulator.When{Times: 1}}); err != nil {
		t.Fatal(err)
	}
	if got := r.do(http.MethodPost, "/v1/chat/completions", []byte(limited(10))); got.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", got.StatusCode, got.body)
	}
	if w := r.records.last(t, 1).Waited; w < 500*time.Millisecond || w > 30*time.Second {
		t.Errorf("waited %v", w)
	}
}

func TestAProviderThatFailsIsLeftAloneAndFoundAgain(t *testing.T) {
	r := newRig(t, setup{})
	if err := r.cerebras.SetFaults(simulator.Fault{What: "reset"}); err != nil {
		t.Fatal(err)
	}
	ask := func() *reply { return r.do(http.MethodPost, "/v1/chat/completions", []byte(limited(10))) }
	for range 4 {
		if got := ask(); got.Header.Get("X-Glmtray-Provider") != "synthetic" {
			t.Fatalf("%d by %s", got.StatusCode, got.Header.Get("X-Glmtray-Provider"))
		}
	}
	calls := len(r.cerebras.Calls())
	if got := ask(); got.Header.Get("X-Glmtray-Provider") != "synthetic" {
		t.Errorf("by %s", got.Header.Get("X-Glmtray-Provider"))
	}
	if n := len(r.cerebras.Calls()); n > calls+2 {
		t.Errorf("asked %d times more", n-calls)
	}
	if err := r.cerebras.SetFaults(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for ask().Header.Get("X-Glmtray-Provider") != "cerebras" {
		if time.Now().After(deadline) {
			t.Fatal("the primary was not found again")
		}
	}
}

func TestQuotasAreAskedForOnlyIfWished(t *testing.T) {
	var asked atomic.Int32
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write([]byte(`{"code":200,"data":{"limits":[{"type":"TOKENS_LIMIT","unit":3,"number":5,"percentage":100}]}}`))
	}))
	defer page.Close()
	for _, c := range []struct {
		name   string
		wish   []string
		origin config.Origin
		times  int32
	}{
		{"by default", nil, "ZAI_API_KEY", 0},
		{"wished", []string{"zai"}, "ZAI_API_KEY", 1},
		{"a key of the keychain goes to its own host", []string{"zai"}, config.FromKeychain, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked.Store(0)
			r := newRig(t, setup{tune: func(s *config.Settings) {
				s.Quotas.Poll, s.Quotas.ZAIURL = c.wish, page.URL
				s.Provider("zai").Keys[0].Origin = c.origin
			}})
			ctx, stop := context.WithTimeout(t.Context(), time.Second)
			defer stop()
			r.server.PollQuotas(ctx)
			if n := asked.Load(); n != c.times {
				t.Errorf("asked %d times, want %d", n, c.times)
			}
			want := "ready"
			if c.times > 0 {
				want = "busy"
			}
			if got := r.pool.Provider("zai")[0]; got.State != want {
				t.Errorf("the key is %s (%s), want %s", got.State, got.Reason, want)
			}
		})
	}
}
