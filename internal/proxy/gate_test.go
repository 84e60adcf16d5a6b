package proxy

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheGateBoundsWhoRunsAndWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, 1)
		first, e := g.enter()
		if e != nil || !first.inside || g.full() != nil {
			t.Fatalf("first: %v, full: %v", e, g.full())
		}
		second, e := g.enter()
		if e != nil || second.inside {
			t.Fatalf("second: %v", e)
		}
		if e = g.full(); e == nil || e.Status != 503 {
			t.Fatalf("full: %+v", e)
		}
		if _, e = g.enter(); e == nil || e.Status != 503 || e.Header.Get("Retry-After") == "" {
			t.Fatalf("third: %+v", e)
		}
		begin := time.Now()
		if e = second.wait(t.Context(), 30*time.Second); e == nil || e.Status != 503 || time.Since(begin) != 30*time.Second {
			t.Fatalf("after %v: %+v", time.Since(begin), e)
		}
		second.leave()

		second, _ = g.enter()
		done := make(chan struct{})
		go func() {
			defer close(done)
			if e := second.wait(t.Context(), time.Minute); e != nil {
				t.Errorf("waited: %+v", e)
			}
		}()
		synctest.Wait()
		first.leave()
		<-done
		second.leave()
		if len(g.slots) != 0 || g.waiting.Load() != 0 {
			t.Errorf("%d inside, %d waiting", len(g.slots), g.waiting.Load())
		}
	})
}

func TestWaitingAtTheGateEndsWithTheClientAndIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, 3)
		inside, _ := g.enter()
		gone, cancel := context.WithCancel(t.Context())
		order := make(chan int, 3)
		for i := range 3 {
			ctx := t.Context()
			if i == 1 {
				ctx = gone
			}
			p, e := g.enter()
			if e != nil {
				t.Fatal(e)
			}
			go func() {
				defer p.leave()
				if e := p.wait(ctx, time.Minute); e == nil {
					order <- i
				} else if e.Status != statusClientGone {
					t.Errorf("%d: %+v", i, e)
				}
			}()
			synctest.Wait()
		}
		cancel()
		synctest.Wait()
		inside.leave()
		if a, b := <-order, <-order; a != 0 || b != 2 {
			t.Errorf("served %d, then %d", a, b)
		}
		synctest.Wait()
		if len(g.slots) != 0 || g.waiting.Load() != 0 {
			t.Errorf("%d inside, %d waiting", len(g.slots), g.waiting.Load())
		}
	})
}

func TestRequestIDsDiffer(t *testing.T) {
	var ids idSource
	ids.init()
	seen := map[string]bool{}
	for range 10_000 {
		id := ids.next()
		if len(id) != 16 || seen[id] {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
}
