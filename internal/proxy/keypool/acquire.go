package keypool

import (
	"context"
	"slices"
	"time"
)

// Ask is what a request wants of a provider.
type Ask struct {
	Provider string
	Model    string        // as it will be sent; keys barred for it are passed over
	Wait     time.Duration // longest wait; 0: none
	Avoid    []string      // names of keys to use only if nothing else is ready
}

// waiter is one Acquire that waits. Ring's mutex guards it; lease and err may
// be read without it once ready is closed.
type waiter struct {
	ask      Ask
	deadline time.Time
	ready    chan struct{}
	done     bool
	lease    *Lease
	err      error
}

func (w *waiter) hand(l *Lease, err error) {
	w.lease, w.err, w.done = l, err, true
	close(w.ready)
}

// Acquire gives the right to use one key once. The caller must Release it.
//
// If no key is ready it waits as the package says. The error is *Unavailable,
// or ctx's if that ended first; then no key is held.
func (p *Pool) Acquire(ctx context.Context, a Ask) (*Lease, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := p.ring(a.Provider)
	if r == nil {
		return nil, &Unavailable{Provider: a.Provider, Model: a.Model}
	}
	r.mu.Lock()
	now := time.Now()
	if len(r.waiters) > 0 {
		r.admit(now) // a key may have returned that the timer is yet to tell of: those who wait go first
	}
	if k := r.pick(&a, now); k != nil {
		l := r.lease(k, now)
		r.mu.Unlock()
		return l, nil
	}
	o := r.look(a.Model, now)
	until := now.Add(max(a.Wait, 0))
	if a.Wait <= 0 || !o.worth(until) {
		err := r.refuse(&o, now)
		r.mu.Unlock()
		return nil, err
	}
	w := &waiter{ask: a, deadline: until, ready: make(chan struct{})}
	r.waiters = append(r.waiters, w)
	r.admit(now) // sets the timer
	r.mu.Unlock()
	return r.wait(ctx, w)
}

func (r *ring) wait(ctx context.Context, w *waiter) (*Lease, error) {
	select {
	case <-w.ready:
		return w.lease, w.err
	case <-ctx.Done():
	}
	r.mu.Lock()
	if w.done { // handed something at the same moment
		r.mu.Unlock()
		if w.lease != nil {
			w.lease.Release()
		}
		return nil, ctx.Err()
	}
	if i := slices.Index(r.waiters, w); i >= 0 {
		r.waiters = slices.Delete(r.waiters, i, i+1)
	}
	if len(r.waiters) == 0 && r.timer != nil {
		r.timer.Stop()
	}
	r.mu.Unlock()
	return nil, ctx.Err()
}

// admit goes through those who wait, in order: a key for whom there is one, a
// refusal for whom waiting cannot help any more, and the timer for the rest.
func (r *ring) admit(now time.Time) {
	var none []outlook // models for which this round found no key; usually one
	var next time.Time
	left := r.waiters[:0]
	for _, w := range r.waiters {
		i := slices.IndexFunc(none, func(o outlook) bool { return o.model == w.ask.Model })
		if i < 0 {
			if k := r.pick(&w.ask, now); k != nil {
				w.hand(r.lease(k, now), nil)
				continue
			}
			i = len(none)
			none = append(none, r.look(w.ask.Model, now))
		}
		o := &none[i]
		if !now.Before(w.deadline) || !o.worth(w.deadline) {
			w.hand(nil, r.refuse(o, now))
			continue
		}
		left = append(left, w)
		next = earlier(next, earlier(o.until, w.deadline))
	}
	clear(r.waiters[len(left):])
	r.waiters = left
	r.arm(next.Sub(now))
}

// earlier ignores zero times.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// arm sets the one timer of the ring, or stops it when nobody waits.
func (r *ring) arm(d time.Duration) {
	switch {
	case len(r.waiters) == 0 && r.timer == nil:
	case len(r.waiters) == 0:
		r.timer.Stop()
	case r.timer == nil:
		r.timer = time.AfterFunc(d, r.wake)
	default:
		r.timer.Reset(d)
	}
}

func (r *ring) wake() {
	r.mu.Lock()
	r.settle()
}

func (r *ring) refuse(o *outlook, now time.Time) *Unavailable {
	if o.states == nil {
		o.states = r.statesLocked(now)
	}
	return &Unavailable{
		Provider: r.id, Model: o.model,
		Until: o.until, Cooling: o.cooling, Busy: o.busy, Keys: o.states,
	}
}
