package keypool

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/glmtray/glmtray/internal/secret"
)

// world drives a pool with random acts and holds its own, independent view of
// what must never happen.
type world struct {
	t     *testing.T
	p     *Pool
	limit map[string]int // account → configured slots

	mu       sync.Mutex
	running  map[string]int    // account → leases out
	told     map[string][]told // key → all that was told of it
	taken    map[string][]time.Time
	disabled map[string]time.Time // key → since when
	served   int
}

type told struct {
	Saved
	at time.Time
}

const worldKeys = 8

func newWorld(t *testing.T) *world {
	w := &world{
		t: t, limit: map[string]int{"acct1": 2, "acct2": 3}, running: map[string]int{},
		told: map[string][]told{}, taken: map[string][]time.Time{}, disabled: map[string]time.Time{},
	}
	w.p = New(Options{Cooldown: 2 * time.Second, OnChange: func(s Saved) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.told[s.Name] = append(w.told[s.Name], told{s, time.Now()})
	}})
	w.p.Set(w.keys(-1), 0)
	return w
}

// keys are k0 to k7: four in two accounts with limits, four on their own, of
// which k7 has one slot. The one at off is disabled.
func (w *world) keys(off int) []Key {
	out := make([]Key, worldKeys)
	for i := range out {
		name := fmt.Sprintf("k%d", i)
		out[i] = Key{Provider: prov, Name: name, Secret: secret.New("secret-" + name), Disabled: i == off}
		if i < 4 {
			out[i].Account = fmt.Sprintf("acct%d", 1+i/2)
			out[i].Concurrency = w.limit[out[i].Account]
		}
	}
	out[7].Concurrency = 1
	return out
}

func (w *world) account(l *Lease) (string, int) {
	switch {
	case l.Account != "":
		return l.Account, w.limit[l.Account]
	case l.Key == "k7":
		return l.Key, 1
	}
	return l.Key, 0
}

// took checks a lease at the moment it was given.
func (w *world) took(l *Lease) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.taken[l.Key] = append(w.taken[l.Key], now)
	if at, off := w.disabled[l.Key]; off && at.Before(now) {
		w.t.Errorf("lease on disabled %s", l.Key)
	}
	acct, limit := w.account(l)
	w.running[acct]++
	if limit > 0 && w.running[acct] > limit {
		w.t.Errorf("%d at once on %s, at most %d", w.running[acct], acct, limit)
	}
	w.served++
}

// judge holds every lease against what had been told of its key. What was told
// in the same instant of the fake clock may have come before or after it.
func (w *world) judge() {
	for name, times := range w.taken {
		for _, at := range times {
			var last told
			for _, s := range w.told[name] {
				if !s.at.After(at) {
					last = s
				}
			}
			if last.at.Before(at) && (last.Parked || at.Before(last.CoolUntil)) {
				w.t.Errorf("lease on %s at %v, of which was told %+v", name, at, last)
			}
		}
	}
}

func (w *world) release(l *Lease) {
	acct, _ := w.account(l)
	w.mu.Lock()
	w.running[acct]-- // before the slot is free, or the next would be counted twice
	w.mu.Unlock()
	l.Release()
}

func (w *world) request(r *rand.Rand) {
	ctx := context.Background()
	if r.IntN(5) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(r.IntN(3000))*time.Millisecond)
		defer cancel()
	}
	a := Ask{Provider: prov, Model: fmt.Sprintf("m%d", r.IntN(3)), Wait: time.Duration(r.IntN(6000)) * time.Millisecond}
	if r.IntN(4) == 0 {
		a.Avoid = []string{fmt.Sprintf("k%d", r.IntN(worldKeys))}
	}
	a.Session = fmt.Sprintf("s%d", r.IntN(10))
	a.Cost = Cost{Tokens: r.IntN(3_000), Output: r.IntN(1_000)}
	start := time.Now()
	l, err := w.p.Acquire(ctx, a)
	if took := time.Since(start); took > a.Wait {
		w.t.Errorf("waited %v of %v", took, a.Wait)
	}
	if err != nil {
		var u *Unavailable
		if !errors.As(err, &u) && !errors.Is(err, ctx.Err()) {
			w.t.Errorf("unexpected error %v", err)
		}
		return
	}
	w.took(l)
	time.Sleep(time.Duration(r.IntN(400)) * time.Millisecond)
	w.report(l, a.Model, r)
	w.release(l)
	if r.IntN(10) == 0 {
		l.Cool(time.Time{}, "after release")
		l.Release()
	}
}

func (w *world) report(l *Lease, model string, r *rand.Rand) {
	until := func() time.Time {
		if r.IntN(2) == 0 {
			return time.Time{}
		}
		return in(time.Duration(r.IntN(5000)-500) * time.Millisecond)
	}
	if r.IntN(2) == 0 {
		left := r.Int64N(10_000)
		l.Told([]Limit{
			{Kind: "tokens", Window: "second", Limit: 10_000, Remaining: left, Source: "x"},
			{Kind: "requests", Window: "minute", Limit: 600, Remaining: left/20 + 1, Reset: in(time.Second), Source: "x"},
		})
	}
	switch r.IntN(26) {
	case 24:
		l.Broke("reset")
	case 25:
		l.Throttle(until(), "429")
	case 0, 1:
		l.Cool(until(), "429")
	case 2:
		l.Slow(until(), "1302")
	case 3, 4:
		l.Fail("500")
	case 5:
		l.Bar(model, "not in the plan", in(time.Duration(r.IntN(4000))*time.Millisecond))
	case 6:
		if r.IntN(4) == 0 {
			l.Park("401")
		}
	default:
		l.OK()
		l.Used(r.IntN(3_000))
	}
}

// meddle does what people do, and checks the pool's inside.
func (w *world) meddle(r *rand.Rand) {
	name := fmt.Sprintf("k%d", r.IntN(worldKeys))
	switch r.IntN(6) {
	case 0:
		_ = w.p.Clear(prov, name)
	case 1, 2:
		_ = w.p.Enable(prov, name)
	case 3:
		off := r.IntN(2*worldKeys) - 1
		w.mu.Lock()
		clear(w.disabled)
		if off >= 0 && off < worldKeys {
			w.disabled[fmt.Sprintf("k%d", off)] = time.Now()
		}
		w.mu.Unlock()
		ks := w.keys(off)
		// The accounts stay as they are, the order does not.
		r.Shuffle(len(ks), func(i, j int) { ks[i], ks[j] = ks[j], ks[i] })
		w.p.Set(ks, 0)
	case 4:
		w.p.Restore(w.p.Export())
	case 5:
		_ = w.p.Ready(prov, "m0")
		_ = w.p.Snapshot()
	}
}

// check looks at the pool while everybody else is asleep. What becomes ready at
// this very instant is given out by a timer a few microseconds later.
func (w *world) check() {
	r := w.p.ring(prov)
	ready := w.look(r)
	for range 4 { // and something else may become ready at the next instant
		if len(ready) == 0 {
			return
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		r.mu.Lock()
		ready = slices.DeleteFunc(ready, func(x *waiter) bool { return x.done || r.pick(&x.wish, time.Now()) == nil })
		r.mu.Unlock()
	}
	for _, x := range ready {
		w.t.Errorf("somebody waits for %s although a key is ready", x.Model)
	}
}

// look gives those who wait although there seems to be a key.
func (w *world) look(r *ring) (ready []*waiter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	sums := map[*account]int{}
	for _, k := range append(r.keys[:len(r.keys):len(r.keys)], r.leaving...) {
		sums[k.acct] += k.inflight
	}
	for a, n := range sums {
		want(w.t, "in flight on an account", a.inflight, n)
	}
	now := time.Now()
	heads := map[string]bool{}
	for _, x := range r.waiters {
		if heads[x.Model] {
			continue // whoever asks for less waits behind whoever asks for more
		}
		heads[x.Model] = true
		if r.pick(&x.wish, now) != nil {
			ready = append(ready, x)
		} else if o := r.look(x.Model, &x.cost, now); !o.worth(x.deadline) {
			w.t.Errorf("somebody waits for what cannot come: %+v", o)
		}
	}
	for _, k := range r.keys {
		if p := k.acct.probe; p != nil && p.released {
			w.t.Errorf("%s waits for a request that is over", k.Name)
		}
		for _, x := range k.acct.windows {
			if x.level > x.full {
				w.t.Errorf("%s has %v of %v", k.Name, x.level, x.full)
			}
		}
	}
	if p := r.circuit.probe; p != nil && p.released {
		w.t.Error("the provider waits for a request that is over")
	}
	want(w.t, "changes untold", len(r.tells), 0)
	return ready
}

func TestRandomActsNeverBreakTheRules(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				var wg sync.WaitGroup
				for i := range uint64(40) {
					wg.Go(func() {
						r := rand.New(rand.NewPCG(seed, i))
						for range 60 {
							time.Sleep(time.Duration(r.IntN(300)) * time.Millisecond)
							w.request(r)
						}
					})
				}
				stop := make(chan struct{})
				go func() { wg.Wait(); close(stop) }()
				r := rand.New(rand.NewPCG(seed, 1000))
				for done := false; !done; {
					time.Sleep(time.Duration(10+r.IntN(100)) * time.Millisecond)
					w.meddle(r)
					synctest.Wait()
					w.check()
					select {
					case <-stop:
						done = true
					default:
					}
				}
				if w.served < 500 {
					t.Errorf("only %d leases: the test tests nothing", w.served)
				}
				w.judge()
				idle(t, w.p)
			})
		})
	}
}

func TestParallelUseUnderTheRealClock(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	for i := range uint64(8) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(7, i))
			for range 500 {
				l, err := w.p.Acquire(t.Context(), Ask{Provider: prov, Model: "m", Wait: time.Duration(r.IntN(2)) * time.Millisecond})
				if err == nil {
					w.report(l, "m", r)
					l.Release()
				}
				w.meddle(r)
			}
		})
	}
	wg.Wait()
	r := w.p.ring(prov)
	r.mu.Lock()
	defer r.mu.Unlock()
	want(t, "waiters", len(r.waiters), 0)
	for _, k := range r.keys {
		want(t, k.Name, k.inflight+k.acct.inflight, 0)
	}
}
