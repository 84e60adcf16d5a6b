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
	Passes   bool          // another provider can serve: no wait for this one while it fails
	Avoid    []string      // names of keys to use only if nothing else is ready
	Cost     Cost          // what it may use of the account
	Session  string        // of the conversation it belongs to; "": of none
}

// wish is an Ask with all that is worked out once.
type wish struct {
	Ask
	cost    amounts
	session uint64
	since   time.Time
}

// waiter is one Acquire that waits. Ring's mutex guards it; lease and err may
// be read without it once ready is closed.
type waiter struct {
	wish
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
	w := wish{Ask: a, cost: a.Cost.amounts(), session: sessionID(a.Session)}
	r.mu.Lock()
	now := time.Now()
	w.since = now
	if len(r.waiters) > 0 {
		r.serve(now) // a key may have returned that the timer is yet to tell of: those who wait go first
	}
	if !r.queued(a.Model) {
		if k := r.pick(&w, now); k != nil {
			l := r.lease(k, &w, now)
			if len(r.waiters) > 0 {
				r.serve(now) // there is less for those who wait
			}
			r.mu.Unlock()
			return l, nil
		}
	}
	o := r.look(a.Model, &w.cost, now)
	until := now.Add(max(a.Wait, 0))
	if a.Wait <= 0 || r.passed(&a) || !o.worth(until) {
		err := r.refuse(&o, &w.cost, now)
		r.mu.Unlock()
		return nil, err
	}
	x := &waiter{wish: w, deadline: until, ready: make(chan struct{})}
	r.waiters = append(r.waiters, x)
	r.serve(now) // sets the timer
	r.mu.Unlock()
	return r.wait(ctx, x)
}

// passed reports whether a request goes to somebody else rather than wait until a
// provider is tried again, or until the one request that tries it is answered.
func (r *ring) passed(a *Ask) bool { return a.Passes && r.circuit.half() }

// queued reports whether somebody waits already for what a model's requests
// want: then a smaller request does not go first, or a large one would never.
func (r *ring) queued(model string) bool {
	return slices.ContainsFunc(r.waiters, func(w *waiter) bool { return w.Model == model })
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
	r.settle() // whoever waited behind it may want less
	return nil, ctx.Err()
}

// serve goes through those who wait, in order: a key for whom there is one, a
// refusal for whom waiting cannot help any more, and the timer for the rest.
func (r *ring) serve(now time.Time) {
	for r.round(now) {
	}
}

// round reports whether somebody was served after others had been told to wait:
// there is less for them now.
func (r *ring) round(now time.Time) (again bool) {
	var none []outlook // models for which this round found no key; usually one
	var next time.Time
	left := r.waiters[:0]
	for _, w := range r.waiters {
		i := slices.IndexFunc(none, func(o outlook) bool { return o.model == w.Model && !o.gives(&w.cost) })
		if i < 0 {
			if k := r.pick(&w.wish, now); k != nil {
				w.hand(r.lease(k, &w.wish, now), nil)
				again = again || len(none) > 0
				continue
			}
			i = len(none)
			none = append(none, r.look(w.Model, &w.cost, now))
		}
		o := &none[i]
		if !now.Before(w.deadline) || r.passed(&w.Ask) || !o.worth(w.deadline) {
			w.hand(nil, r.refuse(o, &w.cost, now))
			o.left = true
			continue
		}
		left = append(left, w)
		next = earlier(next, earlier(o.until, w.deadline))
	}
	clear(r.waiters[len(left):])
	r.waiters = left
	r.arm(next.Sub(now))
	return again
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

func (r *ring) refuse(o *outlook, cost *amounts, now time.Time) *Unavailable {
	if o.states == nil {
		o.states = r.statesLocked(now)
		for _, k := range r.keys[:min(len(r.keys), maxNamed)] {
			o.verdicts = append(o.verdicts, r.admit(k, o.model, cost, now))
		}
	}
	return &Unavailable{
		Provider: r.id, Model: o.model, verdicts: o.verdicts,
		Until: o.until, Cooling: o.cooling, Busy: o.busy, Down: o.down, Keys: o.states,
	}
}
