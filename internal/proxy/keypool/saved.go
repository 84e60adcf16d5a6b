package keypool

import (
	"maps"
	"time"
)

// Saved is what is kept of a key over a restart. Its times are wall clock.
type Saved struct {
	Provider, Name string
	Fingerprint    string    // of the secret that the rest is about
	CoolUntil      time.Time // zero if it does not cool
	Reason         string    // of the park, else of the cooldown or the last error
	Parked         bool
	Errors         int
	Barred         map[string]time.Time // model → until
	Rate           float64              // learned requests per second of its account; 0: none
	Ceiling        float64              // where refusals came
	RateAt         time.Time            // when it was learned
}

// Restore brings back what Export or OnChange gave, before or after Set. Of
// each entry only that is taken which is still in force for the same secret:
// deadlines in the future (no more than 8 days of it, should the clock have
// been wrong), a park, and a learned pace up to Rates.MaxAge. Nothing that the pool has learned since is shortened.
// An entry for a key that is not there yet waits until Set brings it. The
// doubling of cooldowns begins anew.
func (p *Pool) Restore(saved []Saved) {
	p.mu.Lock()
	var touched []*ring
	for _, s := range saved {
		r := p.ring(s.Provider)
		if r == nil || !r.restore(s) {
			s.Barred = maps.Clone(s.Barred)
			p.pending[[2]string{s.Provider, s.Name}] = s
			continue
		}
		touched = append(touched, r)
	}
	p.mu.Unlock()
	for _, r := range touched {
		r.mu.Lock()
		r.settle() // whoever waits may have less to wait for
	}
}

// restore reports whether the ring has a key of that name.
func (r *ring) restore(s Saved) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.find(s.Name)
	if k == nil {
		return false
	}
	now := time.Now()
	if k.restore(s, r.pool.rates.Load(), now) {
		r.advance(now)
	}
	return true
}

// restore reports whether anything was taken.
func (k *key) restore(s Saved, rates *Rates, now time.Time) bool {
	if s.Fingerprint == "" || s.Fingerprint != k.print {
		return false
	}
	a, taken := k.acct, false
	if until := fromWall(s.CoolUntil, now); until.After(a.coolUntil) {
		a.coolUntil, a.half, taken = until, true, true
		if !s.Parked {
			a.reason = s.Reason
		}
	}
	if s.Parked && !k.parked {
		k.parked, k.parkWhy, taken = true, s.Reason, true
	}
	for model, t := range s.Barred {
		if until := fromWall(t, now); !until.IsZero() {
			taken = a.bar(model, bar{until: until, why: "since before the restart"}) || taken
		}
	}
	a.pace.restore(s.Rate, s.Ceiling, s.RateAt, rates, now)
	if taken {
		a.errors = max(a.errors, s.Errors)
	}
	return taken
}

// fromWall gives a wall-clock deadline a monotonic reading; zero if it has
// passed.
func fromWall(t, now time.Time) time.Time {
	d := t.Round(0).Sub(now.Round(0)) // Round(0) takes the monotonic reading off
	if t.IsZero() || d <= 0 {
		return time.Time{}
	}
	return now.Add(min(d, maxTold))
}

// Export gives what is to be kept of every key that has a secret.
func (p *Pool) Export() []Saved {
	var out []Saved
	for _, r := range p.rings.Load().order {
		now := time.Now()
		r.mu.Lock()
		for _, k := range r.keys {
			if !k.Secret.Empty() {
				out = append(out, k.saved(now))
			}
		}
		r.mu.Unlock()
	}
	return out
}

func (k *key) saved(now time.Time) Saved {
	a := k.acct
	s := Saved{
		Provider: k.Provider, Name: k.Name, Fingerprint: k.print,
		Parked: k.parked, Errors: a.errors, Reason: a.reason,
	}
	if k.parked {
		s.Reason = k.parkWhy
	}
	if a.cooling(now) {
		s.CoolUntil = a.coolUntil.Round(0)
	}
	if a.pace.rate > 0 && !a.pace.changed.IsZero() {
		s.Rate, s.Ceiling, s.RateAt = a.pace.rate, a.pace.ceiling, a.pace.changed.Round(0)
	}
	for model, b := range a.bars {
		if now.Before(b.until) {
			if s.Barred == nil {
				s.Barred = map[string]time.Time{}
			}
			s.Barred[model] = b.until.Round(0)
		}
	}
	return s
}
