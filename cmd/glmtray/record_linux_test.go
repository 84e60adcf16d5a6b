package main

import (
	"context"
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
	front  *httptest.Server
	client *http.Client
}

const loadParallel = 64

func newLoadedApp(t *testing.T, provider string) *loadedApp {
	t.Helper()
	return newLoadedAppAs(t, provider, appOptions{}, "LOG_REQUESTS=false")
}

func newLoadedAppAs(t testing.TB, provider string, opt appOptions, environ ...string) *loadedApp {
	t.Helper()
	opt.noDemo = true
	a, err := newApp(loadEnv(t.Context(), t.TempDir(), provider, io.Discard, environ...), opt)
	if err != nil {
		t.Fatal(err)
	}
	return newLoadedFront(t, a)
}

func newLoadedFront(t testing.TB, a *app) *loadedApp {
	t.Helper()
	front := httptest.NewServer(a.server)
	t.Cleanup(func() {
		front.Close()
		a.close()
	})
	return &loadedApp{a, front, &http.Client{Transport: &http.Transport{Proxy: nil, MaxIdleConnsPerHost: loadParallel}}}
}

// loadEnv is a command's surroundings with one key at that provider.
func loadEnv(ctx context.Context, dir, provider string, stderr io.Writer, environ ...string) *env {
	return &env{ctx: ctx, cli: &folders{DataDir: dir}, stdout: io.Discard, stderr: stderr, stdin: strings.NewReader(""), environ: append([]string{
		"HOME=" + filepath.Join(dir, "home"), "CEREBRAS_BASE_URL=" + provider + "/v1", "CEREBRAS_API_KEY=csk-desk-0123456789abcdef",
	}, environ...)}
}

// load sends n requests whose text has that size, and gives what they took.
func load(t testing.TB, client *http.Client, url string, n, size int) time.Duration {
	t.Helper()
	body := `{"model":"gpt-oss-120b","messages":[{"role":"user","content":"` + strings.Repeat("hello ", size/6+1) + `"}]}`
	next := make(chan struct{}, n)
	for range n {
		next <- struct{}{}
	}
	close(next)
	begin := time.Now()
	var wg sync.WaitGroup
	for range loadParallel {
		wg.Go(func() {
			for range next {
				resp, err := client.Post(url+"/v1/chat/completions", "application/json", strings.NewReader(body))
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
	return time.Since(begin)
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// What the records cost is BenchmarkRecordsOnAgainstOff's.
func TestTenThousandRequestsAtOnceAreAllInTheTable(t *testing.T) {
	const all = 10_000
	provider, err := simulator.Start(t.Context(), "", simulator.Script{Vendor: "cerebras", Fast: &simulator.Fast{Bytes: 1024}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = provider.Close() }()
	on := newLoadedApp(t, provider.URL)
	load(t, on.client, on.front.URL, all, 40)
	on.front.Close() // a client has its answer a moment before it is recorded
	if err := on.rec.requests.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	n, err := on.store.LastRequest(t.Context())
	if err != nil || n != all || on.rec.requests.Dropped() != 0 {
		t.Errorf("%d records, %d lost, %v", n, on.rec.requests.Dropped(), err)
	}
	failed, err := on.store.Requests(t.Context(), store.RequestQuery{Status: "error"})
	if err != nil || len(failed) != 0 {
		t.Errorf("%d failed, %v", len(failed), err)
	}
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
