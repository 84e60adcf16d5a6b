package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/store"
)

// loadedApp is a program in this process, put together as `serve` does it.
type loadedApp struct {
	*app
	url    string
	client *http.Client
}

const loadParallel = 64

func newLoadedApp(t *testing.T, provider string) *loadedApp {
	t.Helper()
	return newLoadedAppAs(t, provider, appOptions{}, "LOG_REQUESTS=false")
}

func newLoadedAppAs(t testing.TB, provider string, opt appOptions, environ ...string) *loadedApp {
	t.Helper()
	dir := t.TempDir()
	e := &env{ctx: t.Context(), cli: &cli{DataDir: dir}, stdout: io.Discard, stderr: io.Discard, stdin: strings.NewReader(""), environ: append([]string{
		"HOME=" + filepath.Join(dir, "home"), "CEREBRAS_BASE_URL=" + provider + "/v1", "CEREBRAS_API_KEY=csk-desk-0123456789abcdef",
	}, environ...)}
	opt.noDemo = true
	a, err := newApp(e, opt)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(a.server)
	t.Cleanup(func() {
		front.Close()
		a.close()
	})
	return &loadedApp{a, front.URL, &http.Client{Transport: &http.Transport{Proxy: nil, MaxIdleConnsPerHost: loadParallel}}}
}

// load sends n requests and gives what they took: by the clock, and of the
// processors (all of this process: client, proxy, provider and database).
func (l *loadedApp) load(t *testing.T, n int) (clock, busy time.Duration) {
	t.Helper()
	const body = `{"model":"gpt-oss-120b","messages":[{"role":"user","content":"hello"}]}`
	next := make(chan struct{}, n)
	for range n {
		next <- struct{}{}
	}
	close(next)
	begin, used := time.Now(), processorTime(t)
	var wg sync.WaitGroup
	for range loadParallel {
		wg.Go(func() {
			for range next {
				resp, err := l.client.Post(l.url+"/v1/chat/completions", "application/json", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, resp.Body)
				if _ = resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
					t.Errorf("%s, %v", resp.Status, err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(begin), processorTime(t) - used
}

func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// What the records cost is told, not judged: the machine may be busy. With -v
// and without -race it is a measurement.
func TestTenThousandRequestsAtOnceAreAllInTheTable(t *testing.T) {
	const rounds, each = 10, 1000
	provider, err := simulator.Start(t.Context(), "", simulator.Script{Vendor: "cerebras", Fast: &simulator.Fast{Bytes: 1024}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = provider.Close() }()
	on, off := newLoadedApp(t, provider.URL), newLoadedApp(t, provider.URL)
	if err := off.rec.requests.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	off.rec.requests = nil
	on.load(t, 500) // connections, caches, the estimator's table
	off.load(t, 500)
	var clock, busy [2]time.Duration
	apps := [2]*loadedApp{off, on}
	for round := range rounds {
		for turn := range apps {
			i := (round + turn) % 2 // neither is always the first
			c, b := apps[i].load(t, each)
			clock[i] += c
			busy[i] += b
		}
	}
	begin := time.Now()
	if err := on.rec.requests.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	drain := time.Since(begin)
	n, err := on.store.LastRequest(t.Context())
	if err != nil || n != rounds*each+500 || on.rec.requests.Dropped() != 0 {
		t.Errorf("%d records, %d lost, %v", n, on.rec.requests.Dropped(), err)
	}
	failed, err := on.store.Requests(t.Context(), store.RequestQuery{Status: "error"})
	if err != nil || len(failed) != 0 {
		t.Errorf("%d failed, %v", len(failed), err)
	}
	t.Logf("%d requests at %d: store off %v, on %v: %s; processors %v, %v: %s; %v after the end all was written", rounds*each, loadParallel,
		clock[0].Round(time.Millisecond), clock[1].Round(time.Millisecond), more(clock), busy[0].Round(time.Millisecond), busy[1].Round(time.Millisecond), more(busy), drain.Round(time.Millisecond))
}

// What a request pays for its record before it goes on.
func BenchmarkRecord(b *testing.B) {
	s, err := store.Open(b.Context(), b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	r := &recorder{requests: store.NewRequestWriter(s, store.RequestOptions{QueueBytes: 1 << 20})}
	defer r.close(b.Context())
	p := proxy.Record{
		Finished: event.Finished{ID: "0123456789abcdef", Time: time.Now(), Asked: "glm-4.6", Provider: "cerebras", Status: 200, Outcome: "ok"},
		Tries:    make([]proxy.Attempt, 1),
	}
	b.ReportAllocs()
	for b.Loop() {
		r.Record(p)
	}
}

func more(d [2]time.Duration) string {
	return fmt.Sprintf("%+.1f %%", 100*(d[1].Seconds()/d[0].Seconds()-1))
}

// What is kept for nobody costs every request its pooled buffers.
func TestBodiesAreKeptOnlyWhereSomebodyLooksAtThem(t *testing.T) {
	for _, tt := range []struct {
		name    string
		opt     appOptions
		environ string
		want    bool
	}{
		{"no files, no window", appOptions{}, "LOG_REQUESTS=false", false},
		{"files", appOptions{}, "LOG_REQUESTS=true", true},
		{"a window", appOptions{window: true, recent: store.NewRecent(store.RecentOptions{})}, "LOG_REQUESTS=false", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newLoadedAppAs(t, "http://127.0.0.1:1", tt.opt, tt.environ)
			if got := a.rec.Bodies(); got != tt.want {
				t.Errorf("they are kept: %v", got)
			}
		})
	}
}
