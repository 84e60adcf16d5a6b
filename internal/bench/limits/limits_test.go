package limits

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"
)

var (
	script = flag.Duration("script", 10*time.Minute, "simulated `time` the agents work for; make bench-limits: 1h")
	agents = flag.Int("agents", 36, "`number` of agents; make bench-limits: 18, which the providers can bear for an hour")
)

// result is what one run came to.
type result struct {
	mode      mode
	asked     int
	failed    int
	refused   int // 429s that providers gave
	calls     int
	fallbacks int // answered by another provider than the first
	first     []time.Duration
	waited    time.Duration // longest wait for a key
}

// agent is one person's coding agent: bursts of work with a growing prompt, and
// pauses in which its answers are read.
func (w *world) agent(n uint64, until time.Time, out *result, mu *sync.Mutex) {
	r := rand.New(rand.NewPCG(7, n)) //nolint:gosec // a script, no secret
	time.Sleep(time.Duration(n) * 3 * time.Second)
	for time.Now().Before(until) {
		size := 2_000 + r.IntN(3_000)
		for range 2 + r.IntN(6) {
			limit := []int{1024, 2048, 4096}[r.IntN(3)]
			first, status, text := w.ask(fmt.Sprintf("session-%d", n), size, limit)
			mu.Lock()
			out.asked++
			if status != http.StatusOK {
				out.failed++
				w.t.Logf("%v: %d %s", time.Now().Format(time.TimeOnly), status, text)
			} else {
				out.first = append(out.first, first)
			}
			mu.Unlock()
			size += 200 + r.IntN(600)
			time.Sleep(time.Duration(1+r.IntN(4)) * time.Second)
		}
		time.Sleep(time.Duration(20+r.IntN(100)) * time.Second)
	}
}

// ask sends one streamed turn of about size tokens and reads the answer.
func (w *world) ask(session string, size, limit int) (first time.Duration, status int, text string) {
	body := fmt.Sprintf(`{"model":"gpt-oss-120b","stream":true,"max_tokens":%d,"messages":[{"role":"user","content":%q}]}`,
		limit, strings.Repeat("let x = foo(bar);\n", size/6))
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, "/v1/chat/completions", strings.NewReader(body))
	r.Host = "127.0.0.1"
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Session-Id", session)
	a := &answer{header: http.Header{}, began: time.Now()}
	w.server.ServeHTTP(a, r)
	if !bytes.Contains(a.last, []byte("[DONE]")) && a.status == http.StatusOK {
		return 0, http.StatusBadGateway, "cut"
	}
	return a.first, a.status, string(a.last)
}

// answer keeps when an answer began and how it ended.
type answer struct {
	header http.Header
	status int
	began  time.Time
	first  time.Duration
	last   []byte
}

func (a *answer) Header() http.Header { return a.header }
func (a *answer) Flush()              {}
func (a *answer) WriteHeader(status int) {
	a.status = status
}

func (a *answer) Write(p []byte) (int, error) {
	if a.first == 0 {
		a.first = time.Since(a.began)
	}
	a.last = append(a.last[:0], p...)
	return len(p), nil
}

// run lets the agents work for d.
func run(t *testing.T, m mode, d time.Duration) (out result) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, m)
		out.mode = m
		var mu sync.Mutex
		var all sync.WaitGroup
		until := time.Now().Add(d)
		for n := range uint64(*agents) { //nolint:gosec // a few
			all.Go(func() { w.agent(n, until, &out, &mu) })
		}
		all.Wait()
		for _, p := range w.providers {
			for _, c := range p.Calls() {
				out.calls++
				if c.Status == http.StatusTooManyRequests {
					out.refused++
				}
			}
		}
		for _, r := range w.records.all {
			if r.Provider != "cerebras" {
				out.fallbacks++
			}
			out.waited = max(out.waited, r.Waited)
		}
		slices.Sort(out.first)
	})
	return out
}

func (r *result) percentile(p int) time.Duration {
	if len(r.first) == 0 {
		return 0
	}
	return r.first[min(len(r.first)*p/100, len(r.first)-1)]
}

// table writes the runs side by side.
func table(to io.Writer, d time.Duration, runs []result) {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(w, "%v of %d agents\trequests\tfailed\t429s\tcalls\tfallbacks\tfirst token p50\tp95\tlongest wait for a key\t\n", d, *agents)
	for i := range runs {
		r := &runs[i]
		_, _ = fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%.1f s\t%.1f s\t%.1f s\t\n", r.mode.name, r.asked, r.failed, r.refused, r.calls,
			r.fallbacks, r.percentile(50).Seconds(), r.percentile(95).Seconds(), r.waited.Seconds())
	}
	_ = w.Flush()
}

func TestKnownLimitsKeepRequestsFromBeingRefused(t *testing.T) {
	runs := []result{
		run(t, mode{name: "when refused", reactive: true, labelled: true}, *script),
		run(t, mode{name: "in advance", labelled: true}, *script),
	}
	whole := *script >= time.Hour
	if whole { // a row of the table, of which nothing is asked
		runs = append(runs, run(t, mode{name: "in advance, accounts not labelled"}, *script))
	}
	var text strings.Builder
	table(&text, *script, runs)
	t.Log("\n" + text.String())
	before, after := &runs[0], &runs[1]
	if before.refused < 40 {
		t.Errorf("only %d refusals without prediction: the script tests nothing", before.refused)
	}
	least := 95 // per cent
	if !whole {
		least = 90 // what is learnt at the start costs a few refusals, however long the rest is
	}
	if after.refused*100 > before.refused*(100-least) {
		t.Errorf("%d refusals in advance, %d when refused: less than %d %% saved", after.refused, before.refused, least)
	}
	if after.failed > 0 {
		t.Errorf("%d of %d requests failed", after.failed, after.asked)
	}
}
