package simulator

import (
	"math"
	"time"
)

// account is one account's state. Provider.mu guards it.
type account struct {
	name      string
	limits    Limits
	buckets   []*bucket
	running   map[string]int // by model, or all under ""
	coolSince time.Time      // when it was first told to wait, of the wait still in force
	coolUntil time.Time
}

func newAccount(name string, l Limits, now time.Time) *account {
	a := &account{name: name, limits: l, running: map[string]int{}}
	for _, r := range l.Rates {
		a.buckets = append(a.buckets, &bucket{Rate: r, level: float64(r.Max), at: now})
	}
	return a
}

// cool notes that whoever uses the account was told to wait until a time.
func (a *account) cool(now time.Time, wait time.Duration) {
	if !now.Before(a.coolUntil) {
		a.coolSince = now
	}
	if until := now.Add(wait); until.After(a.coolUntil) {
		a.coolUntil = until
	}
}

// slot is what a running request counts under.
func (a *account) slot(model string) string {
	if a.limits.PerModel {
		return model
	}
	return ""
}

func (a *account) full(model string) bool {
	return a.limits.Concurrency > 0 && a.running[a.slot(model)] >= a.limits.Concurrency
}

// admit takes one request and its tokens from every bucket, or says which one
// is short and for how long; then nothing is taken.
func (a *account) admit(tokens int, now time.Time) (short *bucket, wait time.Duration) {
	for _, b := range a.buckets {
		b.refill(now)
		if w := b.wait(b.need(tokens), now); w > wait {
			short, wait = b, w
		}
	}
	if short != nil {
		return short, wait
	}
	for _, b := range a.buckets {
		b.take(b.need(tokens), now)
	}
	return nil, 0
}

// refund gives back what was reserved and not used.
func (a *account) refund(tokens int, now time.Time) {
	for _, b := range a.buckets {
		if b.Of == "tokens" {
			b.refill(now)
			b.level = math.Min(b.level+float64(tokens), float64(b.Max))
		}
	}
}

// bucket is one Rate with what is left of it. A refund of less than nothing
// (true usage above the estimate) may leave it below zero.
type bucket struct {
	Rate
	level float64
	at    time.Time // when level was true
	ends  time.Time // Window: when all of it returns; zero: not opened
}

// period is the time from empty to full.
func (r Rate) period() time.Duration {
	if r.Refill > 0 {
		return time.Duration(r.Refill)
	}
	return map[string]time.Duration{
		"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour,
		"5 hour": 5 * time.Hour, "week": 7 * 24 * time.Hour,
	}[r.Per]
}

func (b *bucket) need(tokens int) float64 {
	if b.Of == "requests" {
		return 1
	}
	return float64(tokens)
}

func (b *bucket) refill(now time.Time) {
	if b.Window {
		if !b.ends.IsZero() && !now.Before(b.ends) {
			b.level, b.ends = float64(b.Max), time.Time{}
		}
		return
	}
	gained := float64(b.Max) * now.Sub(b.at).Seconds() / b.period().Seconds()
	b.level = math.Min(b.level+gained, float64(b.Max))
	b.at = now
}

// wait is how long until n can be taken; 0: now. More than the bucket can ever
// hold waits for a full one, and in vain.
func (b *bucket) wait(n float64, now time.Time) time.Duration {
	// a refill is computed in floating point: a millionth short is not short
	if b.level+1e-6 >= n {
		return 0
	}
	if b.Window {
		if b.ends.IsZero() {
			return b.period()
		}
		return b.ends.Sub(now)
	}
	missing := math.Min(n, float64(b.Max)) - b.level
	if missing <= 0 {
		return b.period()
	}
	return max(1, time.Duration(missing/float64(b.Max)*float64(b.period())))
}

func (b *bucket) take(n float64, now time.Time) {
	if b.Window && b.ends.IsZero() {
		b.ends = now.Add(b.period())
	}
	b.level -= n
}

func (b *bucket) remaining() int64 { return max(0, int64(b.level+1e-6)) }

// reset is how long until the bucket is full again.
func (b *bucket) reset(now time.Time) time.Duration {
	if b.Window {
		return max(0, b.ends.Sub(now))
	}
	return time.Duration((float64(b.Max) - b.level) / float64(b.Max) * float64(b.period()))
}
