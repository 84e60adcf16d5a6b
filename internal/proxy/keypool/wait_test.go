package keypool

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/glmtray/glmtray/internal/secret"
)

// result is what a waiting Acquire came back with.
type result struct {
	n     int
	after time.Duration
	lease *Lease
	err   error
}

// queue lets n requests wait, one after the other, and gives their results in
// the order in which they end.
func queue(ctx context.Context, p *Pool, n int, a Ask) chan result {
	a.Provider = prov
	out := make(chan result, n)
	start := time.Now()
	for i := range n {
		go func() {
			l, err := p.Acquire(ctx, a)
			out <- result{i, time.Since(start), l, err}
		}()
		synctest.Wait()
	}
	return out
}

func cool(t *testing.T, p *Pool, key string, d time.Duration) {
	t.Helper()
	var avoid []string
	for _, s := range p.Provider(prov) {
		if s.Name != key {
			avoid = append(avoid, s.Name)
		}
	}
	l := take(t, p, Ask{Avoid: avoid})
	if l.Key != key {
		t.Fatalf("got key %s, want %s", l.Key, key)
	}
	l.Cool(in(d), "429")
	l.Release()
}

// idle checks that nobody waits, nothing runs and no timer is set.
func idle(t *testing.T, p *Pool) {
	t.Helper()
	synctest.Wait()
	r := p.ring(prov)
	r.mu.Lock()
	defer r.mu.Unlock()
	want(t, "waiters", len(r.waiters), 0)
	if r.timer != nil && r.timer.Stop() {
		t.Error("a timer was still set")
	}
	for _, k := range r.keys {
		want(t, k.Name+" in flight", k.inflight, 0)
		want(t, k.Name+"'s account in flight", k.acct.inflight, 0)
	}
}

func TestAWaitEndsAtTheFirstKeyThatReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a", "b", "c")
		cool(t, p, "a", 60*time.Second)
		cool(t, p, "b", 7*time.Second)
		cool(t, p, "c", 30*time.Second)
		out := queue(t.Context(), p, 3, Ask{Wait: 90 * time.Second})
		for range 3 { // no limit on concurrency: all go at once, in order
			got := <-out
			if got.err != nil {
				t.Fatal(got.err)
			}
			want(t, "waited", got.after, 7*time.Second)
			want(t, "key", got.lease.Key, "b")
			got.lease.Release()
		}
		want(t, "current", p.Current(prov), "b")
		idle(t, p)
	})
}

func TestBeyondTheLongestWaitTheAnswerIsImmediate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a", "b")
		cool(t, p, "a", 91*time.Second)
		cool(t, p, "b", 95*time.Second)
		start := time.Now()
		u := refused(t, p, Ask{Model: "m", Wait: 90 * time.Second})
		want(t, "time taken", time.Since(start), 0)
		want(t, "earliest return", u.Until.Sub(start), 91*time.Second)
		want(t, "cooling", u.Cooling, true)
		want(t, "keys named", len(u.Keys), 2)
		want(t, "exactly in time is waited for", serve(t, p, Ask{Wait: 91 * time.Second}), "a")
		idle(t, p)
	})
}

func TestWaitersAreAdmittedInOrderAsSlotsPermit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{})
		ks := keys("a")
		ks[0].Concurrency = 2
		p.Set(ks, 0)
		x, y := take(t, p, Ask{}), take(t, p, Ask{})
		out := queue(t.Context(), p, 6, Ask{Wait: time.Minute})
		var order []int
		next := func(l *Lease) *Lease {
			l.Release()
			synctest.Wait()
			want(t, "admitted per slot", len(out), 1)
			got := <-out
			order = append(order, got.n)
			return got.lease
		}
		for range 3 {
			x, y = next(x), next(y)
		}
		want(t, "order", fmt.Sprint(order), "[0 1 2 3 4 5]")
		x.Release()
		y.Release()
		idle(t, p)
	})
}

func TestANewcomerDoesNotOvertake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{})
		ks := keys("a")
		ks[0].Concurrency = 1
		p.Set(ks, 0)
		cool(t, p, "a", 5*time.Second)
		out := queue(t.Context(), p, 1, Ask{Wait: time.Minute})
		time.Sleep(5 * time.Second) // the newcomer comes at the very moment of the return
		u := refused(t, p, Ask{})
		want(t, "busy with the one who waited", u.Busy, true)
		(<-out).lease.Release()
		idle(t, p)
	})
}

func TestABarredModelHoldsUpNobodyBehindIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		l := take(t, p, Ask{})
		l.Bar("m", "", in(20*time.Second))
		l.Cool(in(5*time.Second), "")
		l.Release()
		barred := queue(t.Context(), p, 1, Ask{Model: "m", Wait: time.Minute})
		others := queue(t.Context(), p, 2, Ask{Model: "n", Wait: time.Minute})
		for range 2 {
			got := <-others
			want(t, "others", got.after, 5*time.Second)
			got.lease.Release()
		}
		got := <-barred
		want(t, "barred", got.after, 20*time.Second)
		got.lease.Release()
		idle(t, p)
	})
}

func TestCancellingLeavesNoWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		cool(t, p, "a", 30*time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		gone := queue(ctx, p, 5, Ask{Wait: time.Minute})
		stay, leave := context.WithCancel(t.Context())
		stays := queue(stay, p, 2, Ask{Wait: time.Minute})
		time.Sleep(time.Second)
		cancel()
		for range 5 {
			got := <-gone
			if !errors.Is(got.err, context.Canceled) || got.lease != nil || got.after != time.Second {
				t.Errorf("got %+v", got)
			}
		}
		for range 2 {
			got := <-stays
			want(t, "the others still get it", got.after, 30*time.Second)
			got.lease.Release()
		}
		cool(t, p, "a", 30*time.Second)
		last := queue(stay, p, 1, Ask{Wait: time.Minute})
		leave()
		want(t, "the last one leaves", errors.Is((<-last).err, context.Canceled), true)
		idle(t, p)
	})
}

func TestCancellingAtTheMomentOfAdmissionLosesNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{})
		ks := keys("a")
		ks[0].Concurrency = 1
		p.Set(ks, 0)
		for range 200 {
			l := take(t, p, Ask{})
			ctx, cancel := context.WithCancel(t.Context())
			out := queue(ctx, p, 1, Ask{Wait: time.Minute})
			cancel()
			l.Release() // hands the slot to the one who is just leaving
			if got := <-out; got.lease != nil {
				got.lease.Release()
			}
			idle(t, p)
		}
	})
}

func TestABusySlotIsWaitedForNoLongerThanAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{})
		ks := keys("a")
		ks[0].Concurrency = 1
		p.Set(ks, 0)
		l := take(t, p, Ask{})
		got := <-queue(t.Context(), p, 1, Ask{Wait: 10 * time.Second})
		want(t, "waited", got.after, 10*time.Second)
		var u *Unavailable
		if !errors.As(got.err, &u) || !u.Busy {
			t.Errorf("got %v", got.err)
		}
		l.Release()
		idle(t, p)
	})
}

func TestAWorseOutlookEndsAWaitAtOnce(t *testing.T) {
	for name, worsen := range map[string]func(*Pool, *Lease){
		"extended":        func(_ *Pool, l *Lease) { l.Cool(in(time.Hour), "quota") },
		"parked":          func(_ *Pool, l *Lease) { l.Park("401") },
		"barred":          func(_ *Pool, l *Lease) { l.Bar("m", "", time.Time{}) },
		"parked by hand":  func(p *Pool, _ *Lease) { _ = p.Park(prov, "a", "") },
		"removed":         func(p *Pool, _ *Lease) { p.Set(nil, 0) },
		"learned by file": func(p *Pool, _ *Lease) { s := p.Export(); s[0].CoolUntil = in(time.Hour); p.Restore(s) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := poolOf("a")
				late := take(t, p, Ask{})
				cool(t, p, "a", 10*time.Second)
				out := queue(t.Context(), p, 2, Ask{Model: "m", Wait: 30 * time.Second})
				time.Sleep(time.Second)
				worsen(p, late)
				for range 2 {
					got := <-out
					want(t, "ended", got.after, time.Second)
					var u *Unavailable
					want(t, "refused", errors.As(got.err, &u), true)
				}
				late.Release()
				idle(t, p)
			})
		})
	}
}

func TestABetterOutlookEndsAWaitAtOnce(t *testing.T) {
	for name, better := range map[string]func(*Pool){
		"clear":      func(p *Pool) { _ = p.Clear(prov, "a") },
		"enable":     func(p *Pool) { _ = p.Enable(prov, "b") },
		"new key":    func(p *Pool) { p.Set(keys("a", "b", "c"), 0) },
		"new secret": func(p *Pool) { ks := keys("a", "b"); ks[1].Secret = secret.New("z"); p.Set(ks, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := poolOf("a", "b")
				_ = p.Park(prov, "b", "by hand")
				cool(t, p, "a", 10*time.Second)
				out := queue(t.Context(), p, 2, Ask{Wait: 30 * time.Second})
				time.Sleep(time.Second)
				better(p)
				for range 2 {
					got := <-out
					if got.err != nil {
						t.Fatal(got.err)
					}
					want(t, "served", got.after, time.Second)
					got.lease.Release()
				}
				idle(t, p)
			})
		})
	}
}

func TestSnapshotsDoNotWaitForThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		cool(t, p, "a", 60*time.Second)
		out := queue(t.Context(), p, 20, Ask{Wait: 90 * time.Second})
		start := time.Now()
		_ = p.Snapshot()
		_ = p.Ready(prov, "")
		_ = p.Export()
		_ = p.Current(prov)
		want(t, "time", time.Since(start), 0)
		for range 20 {
			(<-out).lease.Release()
		}
		idle(t, p)
	})
}

// spans keeps when which key was known to cool.
type spans struct {
	mu   sync.Mutex
	from map[string][]time.Time
	to   map[string][]time.Time
}

func (s *spans) add(key string, from, to time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.from[key] = append(s.from[key], from)
	s.to[key] = append(s.to[key], to)
}

// inside reports whether at lies strictly within a cooldown: within one instant
// of the fake clock the order is not told.
func (s *spans) inside(key string, at time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, from := range s.from[key] {
		if at.After(from) && at.Before(s.to[key][i]) {
			return true
		}
	}
	return false
}

func TestTwoHundredRequestsOverThreeKeysThatRunDryAllCompleteAndNoneMeetsACoolingKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a", "b", "c")
		sp := &spans{from: map[string][]time.Time{}, to: map[string][]time.Time{}}
		var mu sync.Mutex
		budget := map[string]int{"a": 25, "b": 25, "c": 25}
		refusals, done := 0, 0
		request := func(i int) {
			time.Sleep(time.Duration(i) * 3 * time.Millisecond)
			for try := 0; ; try++ {
				l, err := p.Acquire(t.Context(), Ask{Provider: prov, Wait: 90 * time.Second})
				if err != nil {
					t.Errorf("request %d, try %d: %v", i, try, err)
					return
				}
				if sp.inside(l.Key, time.Now()) {
					t.Errorf("request %d got cooling key %s", i, l.Key)
				}
				time.Sleep(50 * time.Millisecond) // on the wire
				mu.Lock()
				budget[l.Key]--
				ok := budget[l.Key] >= 0
				if ok {
					done++
				} else {
					refusals++
					budget[l.Key] = 25
				}
				mu.Unlock()
				if ok {
					l.OK()
					l.Release()
					return
				}
				until := in(10 * time.Second)
				l.Cool(until, "429")
				sp.add(l.Key, time.Now(), until)
				l.Release()
			}
		}
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() { request(i) })
		}
		wg.Wait()
		want(t, "completed", done, 200)
		if refusals < 3 {
			t.Errorf("only %d refusals: the keys did not run dry", refusals)
		}
		idle(t, p)
	})
}
