package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// load is what one round sends.
type load struct {
	name      string
	body      []byte
	stream    bool
	events    int  // per stream
	paced     bool // the provider says in each event when it was sent
	anthropic bool // glmtray is spoken to in Anthropic's dialect, and translates
	parallel  int
}

// clientKey is what the load shows to glmtray, which lets nobody in without.
const clientKey = "sk-bench-client-0123456789"

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
	lag       time.Duration // median of how long an event was under way; only where it is paced
	perSecond float64
	cpu       time.Duration // of the server, per request
	mallocs   float64       // objects that the server allocated, per request; 0: not known
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
	if _, err := once(ctx, client, url, l, make([]byte, 64<<10)); err != nil { // opens the way
		return sample{}, err
	}
	var mu sync.Mutex
	var whole, first, lags []time.Duration
	var broken atomic.Int64
	var wg sync.WaitGroup
	objects := server.mallocs(ctx)
	before, began := server.cpu(), time.Now()
	for range l.parallel {
		wg.Go(func() {
			buf := make([]byte, 64<<10)
			var mine, starts, behind []time.Duration
			for time.Since(began) < each && ctx.Err() == nil {
				start := time.Now()
				got, err := once(ctx, client, url, l, buf)
				if err != nil {
					broken.Add(1)
					continue
				}
				mine = append(mine, time.Since(start))
				starts = append(starts, got.first)
				behind = append(behind, got.lags...)
			}
			mu.Lock()
			defer mu.Unlock()
			whole, first, lags = append(whole, mine...), append(first, starts...), append(lags, behind...)
		})
	}
	wg.Wait()
	took, used := time.Since(began), server.cpu()-before
	objects = server.mallocs(ctx) - objects
	if len(whole) == 0 {
		return sample{}, fmt.Errorf("%s: no call succeeded", l.name)
	}
	slices.Sort(whole)
	slices.Sort(first)
	slices.Sort(lags)
	return sample{
		p50: quantile(whole, 0.5), p99: quantile(whole, 0.99), first: quantile(first, 0.5), lag: quantile(lags, 0.5),
		perSecond: float64(len(whole)) / took.Seconds(), cpu: used / time.Duration(len(whole)),
		mallocs: objects / float64(len(whole)), n: len(whole), broken: int(broken.Load()),
	}, nil
}

// once makes one call and reads its answer to the end. A stream must end as its
// dialect wants it and have all its events.
func once(ctx context.Context, client http.RoundTripper, url string, l load, buf []byte) (taken, error) {
	path, _ := l.path()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+path, bytes.NewReader(l.body))
	if err != nil {
		return taken{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+clientKey)
	got := taken{start: time.Now()}
	resp, err := client.RoundTrip(req)
	if err != nil {
		return taken{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return taken{}, fmt.Errorf("answered %s: %s", resp.Status, said)
	}
	for err == nil {
		var n int
		n, err = resp.Body.Read(buf)
		got.take(buf[:n], l)
	}
	if !errors.Is(err, io.EOF) {
		return taken{}, err
	}
	return got, got.whole(l)
}

// taken is what was read of an answer.
type taken struct {
	start         time.Time
	first         time.Duration   // until the first byte of the body
	lags          []time.Duration // of each event that says when it was sent
	total, events int
	tail          [64]byte
}

func (t *taken) take(p []byte, l load) {
	if len(p) == 0 {
		return
	}
	if t.total == 0 {
		t.first = time.Since(t.start)
	}
	t.total += len(p)
	if l.stream {
		t.events += bytes.Count(p, []byte("data: "))
	}
	if l.paced {
		t.stamps(p)
	}
	keepTail(&t.tail, p)
}

// stamps reads how long each event of a piece was under way. One that is torn
// apart by the read is left out.
func (t *taken) stamps(p []byte) {
	const digits = 19
	for now := time.Now().UnixNano(); ; {
		_, rest, found := bytes.Cut(p, []byte(simulator.FastStamp))
		if !found || len(rest) < digits {
			return
		}
		if sent, err := strconv.ParseInt(string(rest[:digits]), 10, 64); err == nil {
			t.lags = append(t.lags, time.Duration(now-sent))
		}
		p = rest
	}
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

// quantile of sorted values; of none it is 0.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// medians of each figure over the rounds; what broke is the sum.
func medians(rounds []sample) sample {
	out := sample{
		p50: median(rounds, func(s sample) time.Duration { return s.p50 }), p99: median(rounds, func(s sample) time.Duration { return s.p99 }),
		first: median(rounds, func(s sample) time.Duration { return s.first }), lag: median(rounds, func(s sample) time.Duration { return s.lag }),
		perSecond: median(rounds, func(s sample) float64 { return s.perSecond }), cpu: median(rounds, func(s sample) time.Duration { return s.cpu }),
		mallocs: median(rounds, func(s sample) float64 { return s.mallocs }),
	}
	for _, s := range rounds {
		out.n, out.broken = out.n+s.n, out.broken+s.broken
	}
	return out
}

func median[T cmp.Ordered](rounds []sample, figure func(sample) T) T {
	all := make([]T, len(rounds))
	for i, s := range rounds {
		all[i] = figure(s)
	}
	slices.Sort(all)
	return all[len(all)/2]
}
