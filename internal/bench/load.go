package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// load is what one round sends.
type load struct {
	name      string
	body      []byte
	stream    bool
	events    int  // per stream
	anthropic bool // glmtray is spoken to in Anthropic's dialect, and translates
	parallel  int
}

// plainly is the load for servers that translate nothing.
func (l load) plainly() load {
	l.anthropic = false
	return l
}

// path is where a request goes, and end what stands at the end of a stream.
func (l load) path() (path, end string) {
	if l.anthropic {
		return "/v1/messages", "message_stop"
	}
	return "/v1/chat/completions", "[DONE]"
}

// sample is what one round of one target showed.
type sample struct {
	p50, p99  time.Duration // of a whole call
	first     time.Duration // median time to the first byte of the body
	perSecond float64
	cpu       time.Duration // of the server, per 1,000 requests
	n         int
	broken    int
}

// drive loads one URL from `parallel` connections for as long as told.
func drive(ctx context.Context, url string, l load, each time.Duration, server *process) (sample, error) {
	client := &http.Transport{
		MaxIdleConnsPerHost: l.parallel, MaxConnsPerHost: l.parallel, DisableCompression: true,
		ReadBufferSize: 64 << 10, WriteBufferSize: 64 << 10,
	}
	defer client.CloseIdleConnections()
	if _, _, err := once(ctx, client, url, l, make([]byte, 64<<10)); err != nil { // opens the way
		return sample{}, err
	}
	var mu sync.Mutex
	var whole, first []time.Duration
	var broken atomic.Int64
	var wg sync.WaitGroup
	before, began := server.cpu(), time.Now()
	for range l.parallel {
		wg.Go(func() {
			buf := make([]byte, 64<<10)
			var mine, starts []time.Duration
			for time.Since(began) < each && ctx.Err() == nil {
				start := time.Now()
				ttfb, _, err := once(ctx, client, url, l, buf)
				if err != nil {
					broken.Add(1)
					continue
				}
				mine = append(mine, time.Since(start))
				starts = append(starts, ttfb)
			}
			mu.Lock()
			defer mu.Unlock()
			whole, first = append(whole, mine...), append(first, starts...)
		})
	}
	wg.Wait()
	took, used := time.Since(began), server.cpu()-before
	if len(whole) == 0 {
		return sample{}, fmt.Errorf("%s: no call succeeded", l.name)
	}
	slices.Sort(whole)
	slices.Sort(first)
	return sample{
		p50: quantile(whole, 0.5), p99: quantile(whole, 0.99), first: quantile(first, 0.5),
		perSecond: float64(len(whole)) / took.Seconds(), cpu: used * 1000 / time.Duration(len(whole)),
		n: len(whole), broken: int(broken.Load()),
	}, nil
}

// once makes one call and reads its answer to the end. A stream must end as its
// dialect wants it and have all its events.
func once(ctx context.Context, client http.RoundTripper, url string, l load, buf []byte) (time.Duration, int, error) {
	path, _ := l.path()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+path, bytes.NewReader(l.body))
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer bench")
	start := time.Now()
	resp, err := client.RoundTrip(req)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return 0, 0, fmt.Errorf("answered %s", resp.Status)
	}
	got := taken{start: start}
	for err == nil {
		var n int
		n, err = resp.Body.Read(buf)
		got.take(buf[:n], l.stream)
	}
	if !errors.Is(err, io.EOF) {
		return 0, 0, err
	}
	return got.first, got.total, got.whole(l)
}

// taken is what was read of an answer.
type taken struct {
	start         time.Time
	first         time.Duration // until the first byte of the body
	total, events int
	tail          [64]byte
}

func (t *taken) take(p []byte, stream bool) {
	if len(p) == 0 {
		return
	}
	if t.total == 0 {
		t.first = time.Since(t.start)
	}
	t.total += len(p)
	if stream {
		t.events += bytes.Count(p, []byte("data: "))
	}
	keepTail(&t.tail, p)
}

// whole reports a stream that is not all there.
func (t *taken) whole(l load) error {
	_, end := l.path()
	switch {
	case !l.stream:
		return nil
	case !strings.Contains(string(t.tail[:]), end):
		return fmt.Errorf("a stream of %d bytes broke off", t.total)
	case t.events < l.events:
		return fmt.Errorf("a stream had %d events of %d", t.events, l.events)
	}
	return nil
}

func keepTail(tail *[64]byte, p []byte) {
	if len(p) >= len(tail) {
		copy(tail[:], p[len(p)-len(tail):])
		return
	}
	copy(tail[:], tail[len(p):])
	copy(tail[len(tail)-len(p):], p)
}

func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// median of one figure over the rounds.
func median(samples []sample, figure func(sample) float64) float64 {
	all := make([]float64, len(samples))
	for i, s := range samples {
		all[i] = figure(s)
	}
	slices.Sort(all)
	return all[len(all)/2]
}
