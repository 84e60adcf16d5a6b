package proxy_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/secret"
)

func TestTwentyRequestsThatMeetOneRefusalCoolTheKeyOnce(t *testing.T) {
	r := newRig(t, setup{drop: []string{"SYNTHETIC", "ZAI"}})
	// All twenty are at the provider with the first key before any is refused.
	var arrived sync.WaitGroup
	arrived.Add(20)
	gate := func(w http.ResponseWriter, q *http.Request) {
		if strings.HasSuffix(q.Header.Get("Authorization"), keyA) {
			arrived.Done()
			arrived.Wait()
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		r.cerebras.ServeHTTP(w, q)
	}
	far := newRig(t, vendor(t, gate))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if p := far.ask("gpt-oss-120b", false); p.StatusCode != 200 || p.Header.Get("X-Glmtray-Key") != "b" || p.Header.Get("X-Glmtray-Attempts") != "2" {
				t.Errorf("%d by key %s after %s attempts", p.StatusCode, p.Header.Get("X-Glmtray-Key"), p.Header.Get("X-Glmtray-Attempts"))
			}
		})
	}
	wg.Wait()
	keys := far.pool.Provider("cerebras")
	if keys[0].Errors != 1 || keys[0].State != keypool.Cooling || keys[1].State != keypool.Ready || keys[2].Uses != 0 || !keys[1].Current {
		t.Errorf("keys %+v", keys)
	}
	if n := strings.Count(far.log.String(), `msg="key cooling"`); n != 1 {
		t.Errorf("said %d times", n)
	}
	far.settled()
}

func TestThoseWhoWaitAreServedWhenTheKeyReturns(t *testing.T) {
	r := newRig(t, setup{drop: []string{"SYNTHETIC", "ZAI"}, environ: []string{`CEREBRAS_API_KEYS={"a":"` + keyA + `"}`}})
	faults(t, r.cerebras, simulator.Fault{What: "cerebras/rpm", Wait: seconds(2), When: simulator.When{Times: 1}})
	var wg sync.WaitGroup
	wg.Go(func() { r.ask("gpt-oss-120b", true).want(t, 200, "cerebras") })
	eventually(t, "the key cools", func() bool { return r.pool.Ready("cerebras", "gpt-oss-120b").Ready == 0 })
	for range 9 {
		wg.Go(func() { r.ask("gpt-oss-120b", true).want(t, 200, "cerebras") })
	}
	eventually(t, "all of them wait, and the status tells it", func() bool {
		st := r.status()
		return st.Requests.InFlight == 10 && !st.Keys[0].Available && st.Keys[0].LimitedFor > 0
	})
	wg.Wait()
	for _, c := range r.cerebras.Calls()[1:] { // none before the key had returned
		if c.Cooling {
			t.Errorf("call %d went to a key that cooled", c.N)
		}
	}
	r.settled()
}

func TestNoRequestIsLostWhenSettingsAreReloaded(t *testing.T) {
	r := newRig(t, setup{})
	s := script(simulator.Cerebras)
	s.Answer.Pace = simulator.Duration(time.Millisecond)
	if err := r.cerebras.SetScript(s); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var served atomic.Int64
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for ctx.Err() == nil {
				p := r.ask("gpt-oss-120b", i%2 == 0)
				if p.StatusCode != 200 || p.err != nil || !strings.Contains(string(p.body), "fox") && i%2 == 1 {
					t.Errorf("%d %v %s", p.StatusCode, p.err, p.body)
					return
				}
				served.Add(1)
			}
		})
	}
	for i := range 40 {
		next := *r.settings
		next.MaxWorkers = 100 + i%3
		next.Providers = slices.Clone(r.settings.Providers)
		p := next.Provider("cerebras")
		p.Keys = slices.Clone(p.Keys)
		slices.Reverse(p.Keys)
		if i%4 == 3 { // a key goes, and comes back
			p.Keys = p.Keys[1:]
		}
		if i%4 == 2 {
			p.Keys[0].Name = "renamed"
		}
		before := served.Load()
		r.server.Apply(&next)
		eventually(t, "requests go on", func() bool { return served.Load() > before })
	}
	stop()
	wg.Wait()
	if served.Load() < 40 || r.cerebras.Count()["unknown"] > 0 {
		t.Errorf("%d served, %v", served.Load(), r.cerebras.Count())
	}
	r.settled()
}

func TestLimitsAndModelsAreShownAsTheProvidersTellThem(t *testing.T) {
	r := newRig(t, setup{})
	s := script(simulator.Cerebras)
	s.Accounts = map[string]simulator.Limits{"*": {Rates: []simulator.Rate{
		{Of: "requests", Per: "minute", Max: 30}, {Of: "tokens", Per: "day", Max: 1_000_000},
	}}}
	if err := r.cerebras.SetScript(s); err != nil {
		t.Fatal(err)
	}
	r.ask("gpt-oss-120b", false).want(t, 200, "cerebras")
	st := r.status()
	if len(st.Providers) != 3 || len(st.Providers[0].Limits) != 2 || len(st.Routes) != 4 || st.Uptime <= 0 || st.Primary != "cerebras" {
		t.Fatalf("status %+v", st)
	}
	l := st.Providers[0].Limits[0]
	if l.Account != "a" || l.Kind != "requests" || l.Window != "minute" || l.Limit != 30 || l.Remaining != 29 || l.Reset.IsZero() {
		t.Errorf("limit %+v", l)
	}
	var list struct {
		Object string
		Data   []struct {
			ID, Object string
			OwnedBy    string `json:"owned_by"`
		}
	}
	for _, path := range []string{"/v1/models", "/models"} {
		if err := json.Unmarshal(r.do(http.MethodGet, path, nil).body, &list); err != nil || list.Object != "list" || list.Data[0].OwnedBy != "cerebras" {
			t.Fatalf("%s: %+v, %v", path, list, err)
		}
	}
	seen := map[string]int{}
	for _, m := range list.Data {
		seen[m.ID]++
	}
	if seen["gpt-oss-120b"] != 1 || seen["syn:large:text"] != 1 || seen["glm-5.3"] != 1 {
		t.Errorf("models %v", seen)
	}
	none := newRig(t, setup{drop: []string{"CEREBRAS_API_KEYS", "SYNTHETIC_API_KEY", "ZAI_API_KEY"}, environ: []string{"CEREBRAS_API_KEYS={}"}})
	if body := string(none.do(http.MethodGet, "/v1/models", nil).body); !strings.Contains(body, `"data": []`) {
		t.Errorf("without keys: %s", body)
	}
	for _, field := range []string{`"keys": [`, `"providers": []`, `"routes": [`} {
		if body := string(none.do(http.MethodGet, "/_status", nil).body); !strings.Contains(body, field) {
			t.Errorf("without keys: no %s in %s", field, body)
		}
	}
}

func TestDiscoveryFillsRolesLiftsParkedKeysAndLeavesPolicyAlone(t *testing.T) {
	r := newRig(t, setup{tune: func(s *config.Settings) {
		p := s.Provider("cerebras")
		p.Roles[config.Large] = []string{"not-there-yet", "qwen-3.8-27b", "gpt-oss-120b"}
		p.Keys = append(p.Keys, config.Key{Name: "off", Secret: secret.New("csk-switched-off-0123456789"), Disabled: true}, config.Key{Name: "none"})
		z := s.Provider("zai")
		z.Keys = append(z.Keys, config.Key{Name: "payg", Endpoint: "payg", Secret: secret.New(keyZ)})
		z.Endpoint("payg").URL = strings.Replace(z.Endpoint("plan").URL, "/coding", "", 1)
	}})
	var before []keypool.Saved
	for _, k := range r.pool.Provider("cerebras")[:2] {
		before = append(before, keypool.Saved{Provider: "cerebras", Name: k.Name, Fingerprint: k.Fingerprint, Parked: true, Reason: "rejected before"})
	}
	r.pool.Restore(before)
	if err := r.pool.Park("cerebras", "c", "rejected just now"); err != nil {
		t.Fatal(err)
	}
	faults(t, r.cerebras, simulator.Fault{What: "cerebras/wrong-key", When: simulator.When{Path: "/models", Key: "b"}})
	ctx, stop := context.WithCancel(t.Context())
	wake, ended := make(chan struct{}), make(chan struct{})
	go func() { defer close(ended); r.server.Discover(ctx, wake) }()
	wake <- struct{}{} // is taken when the first round is over
	stop()
	<-ended

	states := map[string]string{}
	for _, k := range r.pool.Provider("cerebras") {
		states[k.Name] = k.State
	}
	if states["a"] != keypool.Ready || states["b"] != keypool.Parked || states["c"] != keypool.Parked {
		t.Errorf("keys %v", states)
	}
	if n := r.cerebras.Count(); n["a"] == 0 || n["b"] == 0 || n["c"] != 0 || n["unknown"] != 0 || n["none"] != 0 {
		t.Errorf("calls %v", n)
	}
	for _, c := range r.zai.Calls() {
		if strings.Contains(c.Path, "/coding/") {
			t.Errorf("a plan key was used for %s", c.Path)
		}
	}
	if len(r.zai.Calls()) == 0 || len(r.synthetic.Calls()) == 0 {
		t.Error("not everybody was asked")
	}
	if p := r.ask("claude-x", false).want(t, 200, "cerebras"); p.Header.Get("X-Glmtray-Model") != "qwen-3.8-27b" {
		t.Errorf("the large model is %s", p.Header.Get("X-Glmtray-Model"))
	}
	if !r.status().Models["cerebras"].Known {
		t.Error("the status does not know the models")
	}
}
