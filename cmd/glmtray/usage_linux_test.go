package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/store"
)

// Streams and whole answers, of both dialects, at once: what the simulator says
// that it took, what the table has, what the hours have, and what the command
// tells are the same; and so are the metrics and the page's figures.
func TestTheTokensOfTenThousandRequestsAreTheSameWhereverTheyAreAdded(t *testing.T) {
	const all = 10_000
	provider, err := simulator.Start(t.Context(), "", simulator.Script{Vendor: simulator.Cerebras, Answer: simulator.Answer{
		Text: "A few words as an answer.", Reasoning: "Let me think.", Chunk: 9, Cached: 7,
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = provider.Close() }()
	dir := t.TempDir()
	a, err := newApp(loadEnv(t.Context(), dir, provider.URL, io.Discard, "LOG_REQUESTS=false"), appOptions{noDemo: true})
	if err != nil {
		t.Fatal(err)
	}
	l := newLoadedFront(t, a)
	mixedLoad(t, l, all)
	l.front.Close() // a client has its answer a moment before it is recorded
	if err := a.server.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.rec.requests.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	var truth, table event.Tokens
	for _, c := range provider.Calls() {
		truth.Prompt += c.Tokens.Prompt
		truth.Cached += c.Tokens.Cached
		truth.Completion += c.Tokens.Output
		truth.Reasoning += c.Tokens.Thinking
	}
	rows := 0
	err = a.store.EachRequest(t.Context(), store.RequestQuery{}, func(r *store.Request) error {
		rows++
		table.Prompt += r.Tokens.Prompt
		table.Cached += r.Tokens.Cached
		table.Completion += r.Tokens.Completion
		table.Reasoning += r.Tokens.Reasoning
		if r.Counted || r.Cost == nil || *r.Cost <= 0 {
			t.Errorf("%s: counted %v, cost %v", r.ID, r.Counted, r.Cost)
		}
		return nil
	})
	if err != nil || rows != all || table != truth || truth.Prompt < 20*all || truth.Completion < all || truth.Cached < all {
		t.Errorf("%d rows, %v: %+v; the simulator took %+v", rows, err, table, truth)
	}
	total, err := a.store.Usage(t.Context(), store.UsageQuery{})
	if err != nil || len(total) != 1 || total[0].Requests != all || total[0].Failed != 0 || total[0].Attempts != all || tokensOf(&total[0].Usage) != truth {
		t.Errorf("the hours have %+v, %v", total, err)
	}
	if got := metricTokens(t, a); got != truth {
		t.Errorf("the metrics have %+v", got)
	}
	var page struct {
		View struct {
			Totals struct{ Requests, Prompt, Cached, Completion, Reasoning int }
		}
	}
	if err := json.Unmarshal(ask(t, a, "/_ui/data?range=1h"), &page); err != nil {
		t.Fatal(err)
	}
	if got := page.View.Totals; got.Requests != all || got.Prompt != truth.Prompt || got.Cached != truth.Cached ||
		got.Completion != truth.Completion || got.Reasoning != truth.Reasoning {
		t.Errorf("the page has %+v", got)
	}
	for _, by := range []string{"provider", "client", "hour"} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), []string{"usage", "--json", "--by", by, "--data-dir", dir}, nil, strings.NewReader(""), &out, &errs); code != 0 {
			t.Fatal(errs.String())
		}
		var told usageReport
		if err := json.Unmarshal(out.Bytes(), &told); err != nil {
			t.Fatal(err)
		}
		if tokensOf(&told.Total.Usage) != truth || told.Total.Requests != all || told.Total.Cost == nil || told.Total.First == nil || told.Total.First.Streams != all/2 {
			t.Errorf("by %s: usage tells %s", by, out.String())
		}
	}
}

// ask gives what the server answers to a GET.
func ask(t *testing.T, a *app, path string) []byte {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+path, http.NoBody)
	a.server.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d: %s", path, w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// metricTokens adds up zai_proxy_tokens_total, whose input leaves out what was
// read from a cache, and the reasoning that glmtray tells apart.
func metricTokens(t *testing.T, a *app) event.Tokens {
	t.Helper()
	sums := map[string]float64{}
	for line := range strings.Lines(string(ask(t, a, "/metrics"))) {
		name, rest, ok := strings.Cut(line, "{")
		if !ok {
			continue
		}
		labels, value, _ := strings.Cut(rest, "} ")
		n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil {
			continue
		}
		if _, direction, ok := strings.Cut(labels, `direction="`); ok {
			direction, _, _ = strings.Cut(direction, `"`)
			name += " " + direction
		}
		sums[name] += n
	}
	sum := func(name string) int { return int(sums[name]) }
	cached := sum("zai_proxy_tokens_total cache_read")
	return event.Tokens{
		Prompt: sum("zai_proxy_tokens_total input") + cached, Cached: cached,
		Completion: sum("zai_proxy_tokens_total output"), Reasoning: sum("glmtray_reasoning_tokens_total"),
	}
}

func tokensOf(u *store.Usage) event.Tokens {
	return event.Tokens{Prompt: int(u.Prompt), Cached: int(u.Cached), CacheWrite: int(u.CacheWrite), Completion: int(u.Completion), Reasoning: int(u.Reasoning)}
}

// mixedLoad sends n requests in turns: whole and streamed, of OpenAI's dialect and
// of Anthropic's.
func mixedLoad(t *testing.T, l *loadedApp, n int) {
	t.Helper()
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	var wg sync.WaitGroup
	for range loadParallel {
		wg.Go(func() {
			for i := range next {
				path, body := "/v1/chat/completions", `{"model":"gpt-oss-120b","max_tokens":500,"messages":[{"role":"user","content":"`+strings.Repeat("hello ", 1+i%50)+`"}]`
				if i%4 >= 2 {
					path = "/v1/messages"
				}
				if i%2 == 0 {
					body += `,"stream":true`
				}
				resp, err := l.client.Post(l.front.URL+path, "application/json", strings.NewReader(body+"}"))
				if err != nil {
					t.Error(err)
					return
				}
				text, err := io.ReadAll(resp.Body)
				if _ = resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
					t.Errorf("%s, %v: %s", resp.Status, err, text)
					return
				}
			}
		})
	}
	wg.Wait()
}
