package metrics

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/glmtray/glmtray/internal/event"
)

// request is a stream that went well: 100 tokens in of which 40 cached, 51 out,
// the first after a second, the rest within another.
func request(change ...func(*Request)) *Request {
	r := &Request{
		Finished: event.Finished{
			Time: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC), Method: "POST", Asked: "glm-4.6", Provider: "zai", Model: "glm-5.3",
			Status: 200, Outcome: "ok", Stream: true, In: 1000, Out: 5000, Variant: "production",
			Tokens:    event.Tokens{Prompt: 100, Cached: 40, CacheWrite: 10, Completion: 51, Reasoning: 11},
			FirstByte: time.Second, Took: 2 * time.Second, Waited: 20 * time.Millisecond,
		},
		Route: "/v1/messages", Chat: true, InFlight: 3,
	}
	for _, c := range change {
		c(r)
	}
	return r
}

// costs gives a request a price.
func costs(usd float64, plan bool) func(*Request) {
	return func(r *Request) { r.Cost, r.CostEquivalent = &usd, plan }
}

// metricsOf gathers the values of one family, by their labels.
func metricsOf(t *testing.T, b *Book, name string) map[string]float64 {
	t.Helper()
	families, err := b.Registry(func() State { return State{Variant: "production", Workers: 4} }).Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetValue())
			}
			v := m.GetCounter().GetValue() + m.GetGauge().GetValue()
			if h := m.GetHistogram(); h != nil {
				v = float64(h.GetSampleCount())
			}
			out[strings.Join(labels, " ")] = v
		}
	}
	return out
}

func wantMetrics(t *testing.T, b *Book, name string, want map[string]float64) {
	t.Helper()
	got := metricsOf(t, b, name)
	for labels, v := range want {
		if math.Abs(got[labels]-v) > 1e-9 {
			t.Errorf("%s{%s} is %v, want %v", name, labels, got[labels], v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: got %v, want %v", name, got, want)
	}
}

func TestARequestIsCountedUnderEveryName(t *testing.T) {
	b := New()
	b.Request(request())
	b.Request(request(costs(0.25, false)))
	b.Request(request(func(r *Request) {
		r.Status, r.Outcome, r.Provider, r.Model, r.Tokens = 429, "all_keys_cooling", "", "", event.Tokens{}
	}))
	// Labels are in the order of their names.
	wantMetrics(t, b, "zai_proxy_requests_total", map[string]float64{
		"POST /v1/messages 200 production": 2, "POST /v1/messages 429 production": 1,
	})
	wantMetrics(t, b, "zai_proxy_request_duration_seconds", map[string]float64{
		"POST /v1/messages 200 production": 2, "POST /v1/messages 429 production": 1,
	})
	wantMetrics(t, b, "zai_proxy_request_size_bytes", map[string]float64{"POST /v1/messages production": 3})
	wantMetrics(t, b, "zai_proxy_rate_limit_rejections_total", map[string]float64{"production": 1})
	wantMetrics(t, b, "zai_proxy_tokens_total", map[string]float64{
		"input glm-5.3 off_peak production": 100, "cache_read glm-5.3 off_peak production": 80,
		"cache_write glm-5.3 off_peak production": 20, "output glm-5.3 off_peak production": 102,
	})
	wantMetrics(t, b, "zai_proxy_token_rate", map[string]float64{"output glm-5.3 production": 2})
	wantMetrics(t, b, "zai_proxy_estimated_cost_usd_total", map[string]float64{"glm-5.3 off_peak production": 0.25})
	wantMetrics(t, b, "glmtray_cost_usd_total", map[string]float64{"use glm-5.3 zai production": 0.25})
	wantMetrics(t, b, "glmtray_unpriced_requests_total", map[string]float64{"glm-5.3 zai production": 1})
	wantMetrics(t, b, "glmtray_reasoning_tokens_total", map[string]float64{"glm-5.3 zai production": 22})
	wantMetrics(t, b, "glmtray_requests_total", map[string]float64{"glm-5.3 ok zai production": 2, " all_keys_cooling  production": 1})
	wantMetrics(t, b, "gen_ai_client_token_usage", map[string]float64{
		"chat z_ai glm-4.6 glm-5.3 input": 2, "chat z_ai glm-4.6 glm-5.3 output": 2,
	})
	wantMetrics(t, b, "gen_ai_client_operation_duration_seconds", map[string]float64{
		" chat z_ai glm-4.6 glm-5.3": 2, "all_keys_cooling chat  glm-4.6 ": 1,
	})
	wantMetrics(t, b, "gen_ai_client_operation_time_to_first_chunk_seconds", map[string]float64{"chat z_ai glm-4.6 glm-5.3": 2})
}

func TestThePriceThatAPlanSparesIsToldApart(t *testing.T) {
	b := New()
	b.Request(request(costs(0.25, false)))
	b.Request(request(costs(0.5, true)))
	wantMetrics(t, b, "glmtray_cost_usd_total", map[string]float64{"use glm-5.3 zai production": 0.25, "plan glm-5.3 zai production": 0.5})
	wantMetrics(t, b, "zai_proxy_estimated_cost_usd_total", map[string]float64{"glm-5.3 off_peak production": 0.75})
	if v := b.View(time.Now(), time.Hour, All).Totals; v.Cost == nil || *v.Cost != 0.75 || v.Plan != 0.5 {
		t.Errorf("the page has %+v", v)
	}
}

func TestTheSameModelOfTwoProvidersIsOneSeriesWhereTheyAreNotToldApart(t *testing.T) {
	b := New()
	b.Request(request())
	b.Request(request(func(r *Request) { r.Provider, r.Time = "synthetic", r.Time.Add(-5*time.Hour) }))
	b.Request(request(func(r *Request) { r.Provider = "acme" }))
	wantMetrics(t, b, "zai_proxy_token_rate", map[string]float64{"output glm-5.3 production": 3})
	if n := metricsOf(t, b, "zai_proxy_tokens_total")["output glm-5.3  production"]; n != 102 {
		t.Errorf("tokens of providers without tiers: %v", n)
	}
}

func TestZaisPeakIsFourHoursFromSixUTC(t *testing.T) {
	for hour, want := range map[int]string{5: "off_peak", 6: "peak", 9: "peak", 10: "off_peak"} {
		if got := tier("zai", time.Date(2026, 11, 28, hour, 59, 0, 0, time.FixedZone("", 0))); got != want {
			t.Errorf("%d:59 is %s", hour, got)
		}
	}
}

func TestTriesTellWhatFailedAndWhoHelped(t *testing.T) {
	b := New()
	for _, a := range []Attempt{
		{"production", "cerebras", "rate limited", 429, "", ""},
		{"production", "cerebras", "ok", 200, "rate limited", "cerebras"},
		{"production", "zai", "no connection", 0, "rate limited", "cerebras"},
		{"production", "zai", "ok", 200, Refused, "cerebras"},
		{"canary", "zai", "cancelled", 0, "", "zai"},
	} {
		b.Attempt(&a)
	}
	wantMetrics(t, b, "glmtray_attempts_total", map[string]float64{
		"rate limited cerebras production": 1, "ok cerebras production": 1, "no connection zai production": 1, "ok zai production": 1,
		"cancelled zai canary": 1,
	})
	wantMetrics(t, b, "glmtray_failovers_total", map[string]float64{"cerebras rate limited zai": 1, "cerebras no key zai": 1})
	wantMetrics(t, b, "zai_proxy_upstream_errors_total", map[string]float64{"429 production": 1, "upstream_connection production": 1})
	wantMetrics(t, b, "zai_proxy_retry_attempts_total", map[string]float64{"429 production": 2})
}

func TestClientsCannotMakeSeriesWithoutEnd(t *testing.T) {
	b := New()
	for i := range 5000 {
		b.Request(request(func(r *Request) {
			r.Asked, r.Model, r.Method, r.Status = fmt.Sprint("model ", i), fmt.Sprint("answer ", i), fmt.Sprint("M", i), i
		}))
	}
	b.Request(request(func(r *Request) { r.Asked = "not UTF-8: \xff" }))
	b.Request(request(func(r *Request) { r.Asked = strings.Repeat("long", 1000) }))
	total := 0
	for _, name := range []string{"zai_proxy_requests_total", "zai_proxy_tokens_total", "glmtray_requests_total", "gen_ai_client_token_usage"} {
		n := len(metricsOf(t, b, name))
		total += n
		if n > maxSeries+1 {
			t.Errorf("%s has %d series", name, n)
		}
	}
	var sum float64
	for _, v := range metricsOf(t, b, "zai_proxy_requests_total") {
		sum += v
	}
	if sum != 5002 || total < 100 {
		t.Errorf("%v requests in %d series", sum, total)
	}
}

func TestStateIsAskedForWhenItIsRead(t *testing.T) {
	r := New().Registry(func() State {
		return State{
			Variant: "blue", Version: "1.2.3", InFlight: 3, Waiting: 2, Workers: 12, Paused: true,
			Keys: []Key{
				{Provider: "zai", Name: "desk", State: "cooling", CoolUntil: time.Now().Add(time.Hour), Errors: 2, Uses: 9, Rate: 0.5},
				{Provider: "zai", Name: "home", State: "ready", InFlight: 1},
			},
			Limits: []Limit{{Provider: "zai", Account: "work", Kind: "tokens", Window: "minute", Limit: 100, Remaining: 7}, {Provider: "zai", Account: "x", Limit: -1, Remaining: -1}},
		}
	})
	err := testutil.GatherAndCompare(r, strings.NewReader(`
# HELP glmtray_key_rate_limit_requests_per_second The pace that was learned for a key's account; none where there is none.
# TYPE glmtray_key_rate_limit_requests_per_second gauge
glmtray_key_rate_limit_requests_per_second{key="desk",provider="zai"} 0.5
# HELP glmtray_key_state 1 for the state that a key is in.
# TYPE glmtray_key_state gauge
glmtray_key_state{key="desk",provider="zai",state="cooling"} 1
glmtray_key_state{key="home",provider="zai",state="ready"} 1
# HELP glmtray_upstream_ratelimit_remaining What a provider has left for an account, as it last told.
# TYPE glmtray_upstream_ratelimit_remaining gauge
glmtray_upstream_ratelimit_remaining{account="work",kind="tokens",provider="zai",window="minute"} 7
# HELP zai_proxy_worker_utilization_ratio Requests under way over max_workers.
# TYPE zai_proxy_worker_utilization_ratio gauge
zai_proxy_worker_utilization_ratio{variant="blue"} 0.25
`), "glmtray_key_state", "glmtray_key_rate_limit_requests_per_second", "glmtray_upstream_ratelimit_remaining", "zai_proxy_worker_utilization_ratio")
	if err != nil {
		t.Error(err)
	}
	if problems, err := testutil.GatherAndLint(r, "glmtray_key_state", "glmtray_key_cooldown_seconds"); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

// name finds a metric's name in its description; Prometheus gives it in no other way.
var name = regexp.MustCompile(`fqName: "([^"]+)"`)

func TestTheDocumentNamesEveryMetricAndNoOther(t *testing.T) {
	text, err := os.ReadFile("../../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented, exported []string
	for _, m := range regexp.MustCompile("(?m)^\\| `((?:zai_proxy|glmtray|gen_ai)_\\w+)` \\|").FindAllStringSubmatch(string(text), -1) {
		documented = append(documented, m[1])
	}
	out := make(chan *prometheus.Desc, len(everything))
	(&collector{}).Describe(out)
	close(out)
	for d := range out {
		exported = append(exported, name.FindStringSubmatch(d.String())[1])
	}
	if !slices.Equal(documented, exported) {
		t.Errorf("documented %q\nexported   %q", documented, exported)
	}
}

func TestManyMayCountAtOnce(t *testing.T) {
	b := New()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 500 {
				b.Request(request(func(r *Request) { r.Model = fmt.Sprint("m", (n+i)%60) }))
				b.Attempt(&Attempt{Variant: "production", Provider: "zai", Class: "ok", Status: 200})
				if n%100 == 0 {
					b.View(time.Now(), time.Hour, All)
					_, _ = b.Registry(func() State { return State{} }).Gather()
				}
			}
		})
	}
	wg.Wait()
	wantMetrics(t, b, "glmtray_attempts_total", map[string]float64{"ok zai production": 4000})
	if v := b.View(time.Now(), time.Hour, All); v.Totals.OK != 4000 || v.Totals.Prompt != 400_000 || v.Totals.Tries != 4000 {
		t.Errorf("totals %+v", v.Totals)
	}
}

func BenchmarkRequestAndItsTry(b *testing.B) {
	book, r := New(), request()
	a := &Attempt{Variant: "production", Provider: "zai", Class: "ok", Status: 200}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			book.Attempt(a)
			book.Request(r)
		}
	})
}
