package proxy_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/secret"
)

// samples are the lines of /metrics.
type samples []string

func (r *rig) scrape(header ...string) samples {
	r.t.Helper()
	var lines samples
	s := bufio.NewScanner(bytes.NewReader(r.do(http.MethodGet, "/metrics", nil, header...).want(r.t, 200, "-").body))
	for s.Scan() {
		lines = append(lines, s.Text())
	}
	return lines
}

// sum adds up a metric over all labels but those given as `name="value"`.
func (s samples) sum(name string, labels ...string) (total float64) {
	for _, line := range s {
		rest, is := strings.CutPrefix(line, name)
		if !is || rest == "" || rest[0] != '{' && rest[0] != ' ' {
			continue
		}
		if slices.ContainsFunc(labels, func(l string) bool { return !strings.Contains(rest, l) }) {
			continue
		}
		v, _ := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
		total += v
	}
	return total
}

func (r *rig) figures(query string, header ...string) proxy.Figures {
	r.t.Helper()
	var f proxy.Figures
	if err := json.Unmarshal(r.do(http.MethodGet, "/_ui/data"+query, nil, header...).want(r.t, 200, "-").body, &f); err != nil {
		r.t.Fatal(err)
	}
	return f
}

// usage is what an answer, whole or a stream, tells of its tokens.
func (p *reply) usage() (prompt, completion int) {
	var m struct {
		Usage struct {
			Prompt     int `json:"prompt_tokens"`
			Completion int `json:"completion_tokens"`
		}
	}
	for line := range bytes.Lines(p.body) {
		line = bytes.TrimPrefix(line, []byte("data: "))
		if bytes.Contains(line, []byte(`"prompt_tokens"`)) && json.Unmarshal(line, &m) == nil {
			return m.Usage.Prompt, m.Usage.Completion
		}
	}
	return 0, 0
}

func TestMetricsPageAndRecordsSayWhatTheProvidersAndClientsSaw(t *testing.T) {
	r := newRig(t, setup{})
	s := script(simulator.Cerebras)
	s.Answer = simulator.Answer{
		Tokens: 12, FirstDelay: simulator.Duration(15 * time.Millisecond), Pace: simulator.Duration(3 * time.Millisecond), Cached: 3,
	}
	if err := r.cerebras.SetScript(s); err != nil {
		t.Fatal(err)
	}
	limit := simulator.Duration(time.Millisecond) // the key is back at once
	faults(t, r.cerebras,
		simulator.Fault{When: simulator.When{Every: 7, Times: 5}, What: "cerebras/rpm", Wait: limit},
		simulator.Fault{When: simulator.When{Every: 9, Times: 3}, What: "refuse"},
		simulator.Fault{When: simulator.When{Nth: 30}, What: "cerebras/context"},
	)
	const workers, each = 4, 15
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		prompt int
		out    int
		ok     int
	)
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				body := chatBody("gpt-oss-120b", i%2 == 0, "hello")
				if i%2 == 0 {
					body = bytes.Replace(body, []byte("{"), []byte(`{"stream_options":{"include_usage":true},`), 1)
				}
				p := r.do(http.MethodPost, "/v1/chat/completions", body, "Session-Id", fmt.Sprint(w))
				a, b := p.usage()
				mu.Lock()
				if p.StatusCode == 200 {
					ok++
				}
				prompt, out = prompt+a, out+b
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	r.records.last(t, workers*each)

	// What the providers saw.
	tries, status := 0, map[int]int{}
	for _, p := range []*simulator.Running{r.cerebras, r.synthetic, r.zai} {
		for _, c := range p.Calls() {
			if c.Dialect != "" {
				tries++
				status[c.Status]++
			}
		}
	}
	m, all := r.scrape(), r.figures("?range=5m")
	totals := all.View.Totals
	var recorded struct{ prompt, out, tries int }
	for _, rec := range r.records.all {
		recorded.prompt += rec.Tokens.Prompt
		recorded.out += rec.Tokens.Completion
		recorded.tries += len(rec.Tries)
	}
	for _, c := range []struct {
		what string
		want int
		got  []float64
	}{
		{"answers", ok, []float64{m.sum("zai_proxy_requests_total", `status_code="200"`), m.sum("glmtray_requests_total", `outcome="ok"`), float64(totals.OK)}},
		{"requests", workers * each, []float64{m.sum("zai_proxy_requests_total", `method="POST"`, `path="/v1/chat/completions"`, `variant="production"`), float64(totals.Requests), float64(r.records.count())}},
		{"tries", tries, []float64{m.sum("glmtray_attempts_total"), float64(totals.Tries), float64(recorded.tries)}},
		{"429 at providers", status[429], []float64{m.sum("zai_proxy_upstream_errors_total", `error_type="429"`), float64(totals.Throttle)}},
		{"tries that failed", tries - ok, []float64{float64(totals.Missed), m.sum("glmtray_attempts_total") - m.sum("glmtray_attempts_total", `class="ok"`)}},
		{"prompt tokens", prompt, []float64{m.sum("zai_proxy_tokens_total", `direction="input"`) + m.sum("zai_proxy_tokens_total", `direction="cache_read"`), float64(totals.Prompt), m.sum("gen_ai_client_token_usage_sum", `gen_ai_token_type="input"`), float64(recorded.prompt)}},
		{"output tokens", out, []float64{m.sum("zai_proxy_tokens_total", `direction="output"`), float64(totals.Completion), m.sum("gen_ai_client_token_usage_sum", `gen_ai_token_type="output"`), float64(recorded.out)}},
	} {
		for _, got := range c.got {
			if got != float64(c.want) || c.want == 0 {
				t.Errorf("%s: want %d, got %v", c.what, c.want, c.got)
				break
			}
		}
	}
	if n := m.sum("glmtray_failovers_total", `from="cerebras"`); n == 0 || n != float64(totals.Moved) {
		t.Errorf("%v failovers, the page has %d", n, totals.Moved)
	}
	r.wantTimes(all)
}

// wantTimes holds the page's percentiles against those of the records.
func (r *rig) wantTimes(f proxy.Figures) {
	r.t.Helper()
	var took, first []float64
	for _, rec := range r.records.all {
		if rec.Outcome == "ok" {
			took = append(took, rec.Took.Seconds())
			if rec.Stream {
				first = append(first, rec.FirstByte.Seconds())
			}
		}
	}
	for name, c := range map[string]struct {
		values []float64
		page   *float64
		at     float64
	}{
		"took p50": {took, f.View.Totals.Took.P50, 0.5}, "took p99": {took, f.View.Totals.Took.P99, 0.99},
		"first token p50": {first, f.View.Totals.First.P50, 0.5}, "first token p95": {first, f.View.Totals.First.P95, 0.95},
	} {
		slices.Sort(c.values)
		want := c.values[int(math.Ceil(c.at*float64(len(c.values))))-1]
		if c.page == nil || math.Abs(*c.page-want) > 0.021*want || want < 0.015 {
			r.t.Errorf("%s: the page has %v, the records %v", name, c.page, want)
		}
	}
	if len(f.Latest) == 0 || f.Latest[0].Reason == "" || f.Latest[0].ID == "" {
		r.t.Errorf("latest requests: %+v", f.Latest)
	}
}

func TestAConversationStaysOnItsSideOfACanary(t *testing.T) {
	r := newRig(t, setup{environ: []string{"DEPLOYMENT_VARIANT=blue"}, tune: func(s *config.Settings) {
		last := &s.Rules[len(s.Rules)-1]
		last.Canary = config.Canary{Share: 40, Use: []config.Target{{Provider: "zai", Model: "large"}}}
	}})
	sides := map[string]int{}
	for i := range 30 {
		session := fmt.Sprint("conversation ", i)
		variant := ""
		for range 2 {
			p := r.ask("claude-sonnet", false, "Session-Id", session)
			v := p.Header.Get("X-Glmtray-Variant")
			p.want(t, 200, map[string]string{"canary": "zai", "blue": "cerebras"}[v])
			if variant != "" && v != variant {
				t.Errorf("%s was %s and is %s", session, variant, v)
			}
			if words := map[string]string{"canary": "; one of the 40 %", "blue": "; not of the 40 %"}[v]; !strings.Contains(p.Header.Get("X-Glmtray-Route"), words) {
				t.Errorf("%s because %s", v, p.Header.Get("X-Glmtray-Route"))
			}
			variant = v
			sides[v]++
		}
	}
	r.records.last(t, 60)
	for _, rec := range r.records.all {
		if (rec.Variant == "canary") != (rec.Provider == "zai") {
			t.Errorf("recorded as %s, answered by %s", rec.Variant, rec.Provider)
		}
	}
	m, f := r.scrape(), r.figures("?variant=canary")
	if sides["canary"] < 12 || sides["blue"] < 20 {
		t.Errorf("of 60 requests %v", sides)
	}
	if n := m.sum("zai_proxy_requests_total", `variant="canary"`); int(n) != sides["canary"] {
		t.Errorf("%v requests of the canary, want %d", n, sides["canary"])
	}
	if a, b := f.View.Sides["canary"], f.View.Sides["blue"]; a == nil || b == nil || int(a.OK) != sides["canary"] || int(b.OK) != sides["blue"] || f.View.Totals.OK != a.OK || f.Main != "blue" {
		t.Errorf("the page has %+v and %+v of %v", a, b, sides)
	}
}

func TestACanaryThatFailsCostsNobodyAnAnswer(t *testing.T) {
	r := newRig(t, setup{tune: func(s *config.Settings) {
		last := &s.Rules[len(s.Rules)-1]
		last.Canary = config.Canary{Share: 100, Use: []config.Target{{Provider: "zai", Model: "large"}}}
	}})
	faults(t, r.zai, simulator.Fault{What: "refuse"})
	p := r.ask("claude-sonnet", false).want(t, 200, "cerebras")
	if p.Header.Get("X-Glmtray-Variant") != "canary" {
		t.Errorf("variant %q", p.Header.Get("X-Glmtray-Variant"))
	}
	if m := r.scrape(); m.sum("glmtray_failovers_total", `from="zai"`, `to="cerebras"`, `reason="connection reset"`) != 1 || m.sum("glmtray_attempts_total", `variant="canary"`) != 3 {
		t.Errorf("%v failovers, %v tries", m.sum("glmtray_failovers_total"), m.sum("glmtray_attempts_total"))
	}
}

func TestAResetEndsCooldownsAndNoPageMayAskForIt(t *testing.T) {
	r := newRig(t, setup{tune: func(s *config.Settings) { s.AllowedOrigins = []string{"http://localhost:3000"} }})
	faults(t, r.cerebras, simulator.Fault{When: simulator.When{Times: 1}, What: "cerebras/rpm"})
	r.ask("gpt-oss-120b", false).want(t, 200, "cerebras")
	cooling := func() (n int) {
		for _, k := range r.pool.Snapshot() {
			if k.State == "cooling" {
				n++
			}
		}
		return n
	}
	if m := r.scrape(); cooling() != 1 || m.sum("glmtray_key_state", `state="cooling"`, `key="a"`) != 1 || m.sum("glmtray_key_cooldown_seconds", `key="a"`) <= 0 {
		t.Fatalf("%d keys cool", cooling())
	}
	const path = "/admin/reset-rate-limit"
	own := strings.TrimPrefix(r.url, "http://")
	for _, header := range [][]string{
		{"Origin", "http://localhost:3000"},
		{"Origin", r.url, "Sec-Fetch-Site", "same-origin"},
		{"Sec-Fetch-Site", "same-origin"},
		{"Sec-Fetch-Site", "none"},
		{"Sec-Fetch-Site", "cross-site"},
		{"Host", "evil.example"},
	} {
		if p := r.do(http.MethodPost, path, nil, header...); p.StatusCode != http.StatusForbidden {
			t.Errorf("%q at %s: %d", header, own, p.StatusCode)
		}
	}
	if p := r.do(http.MethodGet, path, nil); p.StatusCode != http.StatusMethodNotAllowed || p.Header.Get("Allow") != "POST" {
		t.Errorf("GET: %d", p.StatusCode)
	}
	if cooling() != 1 {
		t.Error("refused, and yet nothing cools")
	}
	p := r.do(http.MethodPost, path, nil).want(t, 200, "-")
	var answer map[string]any
	if err := json.Unmarshal(p.body, &answer); err != nil || answer["status"] != "reset" || answer["current_rate"] != 0. || len(answer) != 2 {
		t.Errorf("answered %s", p.body)
	}
	if cooling() != 0 {
		t.Error("a key still cools")
	}
}

func TestThePageIsThereForAllAndItsFiguresForThoseWithAKey(t *testing.T) {
	const key = "client-key-0123456789"
	r := newRig(t, setup{tune: func(s *config.Settings) { s.RequireClientKey, s.ClientKey = true, secret.New(key) }})
	for _, c := range []struct {
		method, path string
		header       []string
		want         int
	}{
		{"GET", "/_ui/", nil, 200},
		{"HEAD", "/_ui/", nil, 200},
		{"GET", "/_ui/static/app.js", []string{"Origin", r.url, "Sec-Fetch-Site", "same-origin"}, 200},
		{"GET", "/_ui/static/uplot/LICENSE", nil, 200},
		{"GET", "/_ui/static/nothing.js", nil, 404},
		{"GET", "/_ui/static/../page.go", nil, 404},
		{"GET", "/_ui/static/", nil, 404},
		{"POST", "/_ui/", nil, 405},
		{"GET", "/_ui/", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"GET", "/_ui/", []string{"Host", "evil.example"}, 403},
		{"GET", "/_ui/static/app.js", []string{"Origin", r.url}, 403},
		{"GET", "/_ui/static/app.js", []string{"Origin", "http://127.0.0.1:1", "Sec-Fetch-Site", "same-origin"}, 403},
		{"POST", "/v1/chat/completions", []string{"Origin", r.url, "Sec-Fetch-Site", "same-origin"}, 403},
		{"GET", "/_ui/data", nil, 401},
		{"GET", "/metrics", nil, 401},
		{"POST", "/admin/reset-rate-limit", nil, 401},
		{"GET", "/_ui/data?key=" + key, nil, 401},
		{"GET", "/_ui/data", []string{"Authorization", "Bearer " + key, "Sec-Fetch-Site", "same-origin"}, 200},
		{"GET", "/_ui/data", []string{"Authorization", "Bearer " + key, "Sec-Fetch-Site", "cross-site"}, 403},
		{"GET", "/metrics", []string{"Authorization", "Bearer " + key}, 200},
		{"POST", "/admin/reset-rate-limit", []string{"Authorization", "Bearer " + key}, 200},
	} {
		p := r.do(c.method, c.path, nil, c.header...)
		if p.StatusCode != c.want {
			t.Errorf("%s %s with %q: %d, want %d", c.method, c.path, c.header, p.StatusCode, c.want)
		}
		for name := range p.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s %s has %s", c.method, c.path, name)
			}
		}
	}
	p := r.do("GET", "/_ui", nil)
	if p.StatusCode != http.StatusMovedPermanently || p.Header.Get("Location") != "/_ui/" {
		t.Errorf("%d to %s", p.StatusCode, p.Header.Get("Location"))
	}
	p = r.do("GET", "/_ui/", nil)
	if csp := p.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	if bytes.Contains(p.body, []byte("<script>")) || bytes.Contains(p.body, []byte("http:")) || bytes.Contains(p.body, []byte("https:")) {
		t.Error("the page has a script of its own or an address beyond it")
	}
	if q := r.do("GET", "/_ui/", nil, "If-None-Match", p.Header.Get("Etag")); q.StatusCode != http.StatusNotModified {
		t.Errorf("an unchanged page: %d", q.StatusCode)
	}
}

func TestAStretchOfTimeThatIsNoneIsRefused(t *testing.T) {
	r := newRig(t, setup{})
	for query, want := range map[string]int{
		"?range=15m": 200, "?range=7d": 200, "?range=9000h": 200, "?range=1h&until=1": 200, "?range=90s&until=99999999999": 200,
		"?range=soon": 400, "?range=-5m": 400, "?range=d": 400, "?until=yesterday": 400, "?until=1.5": 400,
	} {
		if p := r.do(http.MethodGet, "/_ui/data"+query, nil); p.StatusCode != want {
			t.Errorf("%s: %d, want %d: %s", query, p.StatusCode, want, p.body)
		}
	}
	if p := r.do(http.MethodPost, "/_ui/data", nil); p.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", p.StatusCode)
	}
}
