package store

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// fillRequests writes n requests in a way that is quick. One in a hundred has an
// error of its own, as vendors' texts with times and numbers are.
func fillRequests(b testing.TB, s *Store, n int) {
	b.Helper()
	fillFrom(b, s, 0, n)
}

// fillFrom writes those with the numbers from first to before n.
func fillFrom(b testing.TB, s *Store, first, n int) {
	b.Helper()
	w := idleWriter(s)
	rows := make([]queuedRequest, 0, requestChunk)
	for i := first; i < n; i++ {
		rows = append(rows, queuedRequest{Request: requestNo(i)})
		if r := &rows[len(rows)-1]; i%100 == 9 {
			r.Error = fmt.Sprint("try again in ", i, " ms")
		}
		if len(rows) == cap(rows) || i == n-1 {
			if err := w.write(rows); err != nil {
				b.Fatal(err)
			}
			rows = rows[:0]
		}
	}
	w.finalize()
}

func BenchmarkRequestPages(b *testing.B) {
	n := 50_000 // GLMTRAY_BENCH_ROWS=1000000 is what the aim of 50 ms is for
	if text := os.Getenv("GLMTRAY_BENCH_ROWS"); text != "" {
		if _, err := fmt.Sscan(text, &n); err != nil {
			b.Fatal(err)
		}
	}
	s, err := Open(b.Context(), b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	fillRequests(b, s, n)
	for _, c := range []struct {
		name string
		q    RequestQuery
	}{
		{"newest", RequestQuery{}},
		{"deep", RequestQuery{Before: int64(n / 2)}},
		{"provider", RequestQuery{Provider: "zai"}},
		{"error", RequestQuery{Status: "error"}},
		{"nothing fits", RequestQuery{Provider: "nobody", Status: "5xx"}},
		{"since, few", RequestQuery{Since: requestNo(n - 20).Time}},
		{"since, a provider's", RequestQuery{Since: requestNo(n / 2).Time, Provider: "zai"}},
		{"client", RequestQuery{Client: "client-3"}},
		{"grep, one old request", RequestQuery{Grep: "in 109 ms"}},
		{"grep", RequestQuery{Grep: "cools"}},
		{"grep, nothing fits", RequestQuery{Grep: "nothing of that"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Requests(b.Context(), c.q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, by := range []UsageBy{ByProvider, ByHour} {
		b.Run("usage by "+string(by), func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Usage(b.Context(), UsageQuery{By: by}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("by id", func(b *testing.B) {
		id := requestNo(n / 3).ID
		for b.Loop() {
			if _, err := s.FindRequest(b.Context(), id); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkPut(b *testing.B) {
	s, err := Open(b.Context(), b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	b.Run("on the path", func(b *testing.B) {
		// A writer that never writes: what is measured is the request's share.
		w := idleWriter(s)
		r := requestNo(0)
		b.ReportAllocs()
		for b.Loop() {
			w.Put(r)
			if len(w.queue) == requestChunk {
				w.queue = w.queue[:0]
			}
		}
	})
	for _, c := range []struct {
		name string
		no   func(i int) Request
	}{
		{"off the path, for a row of many kinds", requestNo},
		{"off the path, for a row of one kind", func(i int) Request {
			r := requestNo(0)
			r.ID = requestNo(i).ID
			return r
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := idleWriter(s)
			rows := make([]queuedRequest, requestBatch)
			for i := range rows {
				rows[i].Request = c.no(i)
			}
			b.ReportAllocs()
			n, from := 0, requestNo(0).Time
			for b.Loop() {
				rows[n%requestBatch].Time = from.Add(time.Duration(n) * time.Millisecond)
				if n++; n%requestBatch == 0 {
					if err := w.write(rows); err != nil {
						b.Fatal(err)
					}
				}
			}
			w.finalize()
		})
	}
}

// BenchmarkGrowth writes and reads beside rows that are there already.
func BenchmarkGrowth(b *testing.B) {
	s, err := Open(b.Context(), b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	const chunk = 256
	there := 0
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		fillFrom(b, s, there, n)
		there = n
		b.Run(fmt.Sprintf("rows in the store, %d more/%d", chunk, n), func(b *testing.B) {
			for b.Loop() {
				fillFrom(b, s, there, there+chunk)
				there += chunk
			}
		})
		b.Run(fmt.Sprintf("rows in the store, the newest page/%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Requests(b.Context(), RequestQuery{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
