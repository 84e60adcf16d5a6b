package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/secret"
)

func TestARequestsLineIsTheOneThatSlogWrites(t *testing.T) {
	times := []time.Time{
		{},
		time.Unix(0, 0).UTC(), time.Date(2026, 11, 29, 7, 0, 0, 999_999_999, time.UTC),
		time.Date(2026, 11, 29, 7, 0, 0, 10_000_000, time.FixedZone("", -5*3600-1800)), time.Now(),
	}
	for _, text := range []string{
		"", "plain", "two words", "a=b", `"`, `back\slash`, "tab\t", "\x00", "\x7f", "ü", "中文", "\u00a0", "\u200b", "\ufffd", "\xff", "a\xc3", "😀 x", "<&>",
	} {
		for _, at := range times {
			for _, f := range []float64{0, 0.1, -1e300, 1e-7, math.Inf(1)} {
				r := slog.NewRecord(at, slog.LevelInfo, proxy.CanonicalLine, 0)
				r.AddAttrs(slog.String("text", text), slog.String(text, "x"), slog.Int("n", -7), slog.Float64("usd", f), slog.Bool("plan", true))
				var want, got bytes.Buffer
				if err := slog.NewTextHandler(&want, nil).Handle(context.Background(), r); err != nil {
					t.Fatal(err)
				}
				l := &lineWriter{w: &got}
				written, err := l.request(&r)
				l.close()
				if !written || err != nil || got.String() != want.String() {
					t.Errorf("got  %q (%v, %v)\nwant %q", got.String(), written, err, want.String())
				}
			}
		}
	}
}

// heldBy is a writer that several goroutines may ask.
type heldBy struct {
	mu sync.Mutex
	b  strings.Builder
}

func (h *heldBy) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.Write(p)
}

func (h *heldBy) lines() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Count(h.b.String(), "\n")
}

func TestRequestsLinesWaitForEachOtherAndNothingElseDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out heldBy
		lines := &lineWriter{w: &out, scrub: new(secret.Scrubber)}
		log := newLogger(lines, slog.LevelInfo, new(event.Bus))
		expect := func(when string, n int) {
			t.Helper()
			if got := out.lines(); got != n {
				t.Errorf("%s there are %d lines, not %d", when, got, n)
			}
		}
		for range 3 {
			log.Info(proxy.CanonicalLine, "id", "1")
		}
		expect("at once", 0)
		time.Sleep(lineDelay)
		synctest.Wait()
		expect("after the delay", 3)
		log.Info(proxy.CanonicalLine, "id", "2")
		log.Info("something else")
		expect("after another line", 5)
		log.Info(proxy.CanonicalLine, "id", "3")
		log.Warn(proxy.CanonicalLine, "id", "4")
		expect("after a request that failed", 7)
		log.With("a", "b").Info(proxy.CanonicalLine, "id", "5")
		log.Info(proxy.CanonicalLine, "took", time.Second)
		expect("of lines in another form", 9)
		for range maxLines/len("time=2026-11-29T07:00:00.000Z level=INFO msg=request id=6\n") + 1 {
			log.Info(proxy.CanonicalLine, "id", "6")
		}
		if out.lines() == 9 {
			t.Error("a full buffer waits")
		}
		log.Info(proxy.CanonicalLine, "id", "7")
		before := out.lines()
		lines.close()
		expect("at the end", before+1)
		log.Info(proxy.CanonicalLine, "id", "8")
		expect("after the end", before+2)
		got := out.b.String()
		at := -1
		for _, id := range []string{"id=1", "id=2", "something else", "id=3", "id=4", "id=5", "took=1s", "id=6", "id=7", "id=8"} {
			next := strings.Index(got, id)
			if next <= at {
				t.Errorf("%s has changed its place", id)
			}
			at = next
		}
	})
}

func TestNoKeyStandsInARequestsLine(t *testing.T) {
	var out bytes.Buffer
	scrub := new(secret.Scrubber)
	scrub.Add(secret.New("a-known-key-of-somebody"))
	lines := &lineWriter{w: &out, scrub: scrub}
	log := newLogger(lines, slog.LevelInfo, new(event.Bus))
	log.Info(proxy.CanonicalLine, "asked", "a-known-key-of-somebody", "model", "sk-ant-0123456789abcdef0123", "reason", "bearer")
	log.Info(proxy.CanonicalLine, "id", "2")
	lines.close()
	if got := out.String(); strings.Contains(got, "a-known") || strings.Contains(got, "0123456789") || strings.Count(got, secret.Mark) != 2 || strings.Count(got, "\n") != 2 {
		t.Errorf("got %q", got)
	}
}

func BenchmarkLogLine(b *testing.B) {
	scrub := new(secret.Scrubber)
	for _, key := range []string{"bench-key-number-one", "bench-key-number-two", "bench-key-number-three", "sk-bench-client-0123456789"} {
		scrub.Add(secret.New(key))
	}
	lines := &lineWriter{w: io.Discard, scrub: scrub}
	h := newLogger(lines, slog.LevelInfo, new(event.Bus)).Handler()
	b.ReportAllocs()
	for b.Loop() {
		r := slog.NewRecord(time.Now(), slog.LevelInfo, proxy.CanonicalLine, 0)
		r.AddAttrs(
			slog.String("id", "0a1b2c3d4e5f6071"), slog.String("path", "/v1/chat/completions"), slog.Int("status", 200),
			slog.String("outcome", "ok"), slog.String("asked", "gpt-oss-120b"), slog.String("provider", "cerebras"),
			slog.String("model", "gpt-oss-120b"), slog.String("key", "one"), slog.String("rule", "everything"),
			slog.String("reason", "every request"), slog.Int("attempts", 1), slog.Int64("ms", 3), slog.Int64("first_ms", 3),
			slog.Int64("in", 1024), slog.Int64("out", 1024), slog.String("client", "master"), slog.Int("prompt", 300), slog.Int("completion", 200),
		)
		_ = h.Handle(b.Context(), r)
	}
}
