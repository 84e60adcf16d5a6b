package keypool

import (
	"time"

	"github.com/glmtray/glmtray/internal/secret"
)

// Lease is the right to use one key once. Its fields are for reading. Report
// what came of it with one or two of the verbs at most, and Release it whatever
// came; after Release every verb does nothing. A verb's why is for people and
// must have been scrubbed.
type Lease struct {
	Key      string // the key's name
	Account  string
	Endpoint string
	Secret   secret.Value
	Waited   time.Duration // for the key

	ring     *ring
	key      *key
	born     uint64 // ring.tick when it was taken
	seq      uint64 // ring.seq then
	session  uint64
	cost     amounts
	mark     amounts // account.taken then, this request in it
	holds    bool    // cost is reserved
	tight    bool    // the pace let nobody else in at that moment
	served   bool    // OK was called
	broke    bool    // Broke was called: whatever else is reported proves nothing of the provider
	released bool
}

// OK reports that a clean answer has begun: errors are forgotten, an account that
// had cooled is open to all again, and so is a provider whose circuit was half
// open; a learned limit may rise. It never lifts a cooldown, and counts for nothing
// if the account has been cooled since the lease was taken. How the answer ends is
// for [Lease.Answered] and [Lease.Broke] to tell.
func (l *Lease) OK() {
	r, a := l.lock()
	if a == nil {
		r.mu.Unlock()
		return
	}
	now := time.Now()
	l.served = true
	halves := l.begins(now) || a.half
	risen := a.pace.ok(l.tight, r.pool.rates.Load(), now)
	if l.born < a.cooledAt {
		r.settle()
		return
	}
	if l.session != 0 {
		r.served.keep(l.session, l.key)
	}
	a.half, a.probe = false, nil
	grown := a.grow()
	if a.errors > 0 || a.strikes > 0 || a.fails > 0 || risen {
		a.errors, a.strikes, a.fails, a.reason = 0, 0, 0, ""
		r.noteAll(a, now)
	}
	if grown || halves || risen {
		r.settle()
		return
	}
	r.unlock()
}

// Cool keeps the account from use until then. A zero until means that the
// provider did not say: the configured cooldown, doubled for each such time
// without an OK between, up to 15 minutes, ±10 %. A time that has passed counts
// as one second, one beyond 8 days as 8 days.
func (l *Lease) Cool(until time.Time, why string) { l.coolDown(until, why, false) }

// Throttle is Cool for a refusal that says "too fast", and not "used up". If no
// told limit explains it, the account's pace falls to half of what truly went
// through since the last such refusal, and rises again as answers come.
func (l *Lease) Throttle(until time.Time, why string) { l.coolDown(until, why, true) }

func (l *Lease) coolDown(until time.Time, why string, tooFast bool) {
	r, a := l.lock()
	if a == nil {
		r.mu.Unlock()
		return
	}
	now := time.Now()
	explained := !tooFast || a.short(&l.cost, l.seq, now)
	if l.refused(a, until, why, now) {
		return
	}
	if !explained {
		a.pace.refused(r.pool.rates.Load(), now)
	}
	a.half = true
	if until.IsZero() {
		until = now.Add(backoff(r.pool.base(), a.strikes, maxBackoff))
		a.strikes++
	} else {
		until = deadline(until, now)
	}
	l.cool(a, until, why, now)
}

// Slow reports a refusal for too many requests at once: the account gets half
// the slots that were in use, at least one, and a pause until then, or of 2 to
// 10 s if until is zero. Each 10 OKs give a slot back (40 the last that was
// refused, and more if it is refused again), up to what is configured;
// where nothing is, the limit is dropped once it exceeds twice the load that was
// refused. Vendors count per account and model; the pool does so per account.
func (l *Lease) Slow(until time.Time, why string) {
	r, a := l.lock()
	if a == nil {
		r.mu.Unlock()
		return
	}
	now := time.Now()
	if l.refused(a, until, why, now) {
		return
	}
	a.halve()
	if until.IsZero() {
		until = now.Add(between(slowMin, slowMax))
	} else {
		until = deadline(until, now)
	}
	l.cool(a, until, why, now)
}

// Fail reports a server error. One costs nothing; from the second in a row on
// (failures of requests that ran side by side are one) the account cools for 10
// s or the configured cooldown if that is less, doubled each time up to a
// minute.
func (l *Lease) Fail(why string) {
	r, a := l.lock()
	if a == nil || l.born < a.cooledAt || l.born < a.failedAt {
		r.mu.Unlock()
		return
	}
	now := time.Now()
	l.refund(a, now)
	r.tick++
	a.failedAt = r.tick
	a.fails++
	if a.fails < failsToCool {
		a.errors++
		a.reason = why
		r.noteAll(a, now)
		r.settle()
		return
	}
	d := backoff(min(r.pool.base(), failBase), a.strikes, maxFail)
	a.strikes++
	a.half = true
	l.cool(a, now.Add(d), why, now)
}

// Park reports that the key itself was rejected or its account stopped: it is
// set aside until Pool.Enable, or until Set brings another secret. Other names
// with the same secret are set aside with it.
func (l *Lease) Park(why string) {
	r, a := l.lock()
	if a == nil || l.key.gone {
		r.mu.Unlock()
		return
	}
	now := time.Now()
	l.alive(now)
	l.refund(a, now)
	for _, k := range l.key.twins() {
		if l.born >= k.parkedAt { // else somebody has enabled it since
			r.park(k, why, now)
		}
	}
	r.settle()
}

// Bar keeps one model from the account until then; zero: for 24 hours, and at
// most 8 days.
func (l *Lease) Bar(model, why string, until time.Time) {
	r, a := l.lock()
	if a == nil {
		r.mu.Unlock()
		return
	}
	now := time.Now()
	l.alive(now)
	l.refund(a, now)
	told := !until.IsZero()
	if told {
		until = deadline(until, now)
	} else {
		until = now.Add(defaultBar)
	}
	// Without a told time the first of parallel reports stands.
	if (!told && !a.barredUntil(model, now).IsZero()) || !a.bar(model, bar{until: until, why: why}) {
		r.settle()
		return
	}
	r.noteAll(a, now)
	r.settle()
}

// Valid reports whether the key may still be used: not cooled, parked or
// removed since. It is worth asking when there was work between Acquire and
// sending.
func (l *Lease) Valid() bool {
	r, a := l.lock()
	defer r.mu.Unlock()
	return a != nil && !l.key.gone && l.key.fit(time.Now())
}

// Release gives the slot back. It may be called more than once.
func (l *Lease) Release() {
	r, a := l.lock()
	if a == nil {
		r.mu.Unlock()
		return
	}
	l.released = true
	if !l.served {
		l.refund(a, time.Now())
	}
	l.yield(a)
	a.inflight--
	l.key.inflight--
	r.settle()
}

// lock locks the ring. The account is nil if the lease was released.
func (l *Lease) lock() (*ring, *account) {
	l.ring.mu.Lock()
	if l.released {
		return l.ring, nil
	}
	return l.ring, l.key.acct
}

// refused is what every refusal of the provider means: it is there, and the
// request has used up nothing. It reports whether that was all.
func (l *Lease) refused(a *account, until time.Time, why string, now time.Time) (done bool) {
	l.refund(a, now)
	l.alive(now)
	return l.late(a, until, why, now)
}

// late deals with a refusal of a request that began before the account's last
// cooldown, and unlocks. It is the same refusal seen once more and counts for
// nothing, unless the provider told a later time.
func (l *Lease) late(a *account, until time.Time, why string, now time.Time) bool {
	if l.born >= a.cooledAt {
		return false
	}
	r := l.ring
	if !until.After(now) || !deadline(until, now).After(a.coolUntil) {
		r.settle()
		return true
	}
	until = deadline(until, now)
	later := until.Sub(a.coolUntil)
	if a.cooling(now) {
		a.coolUntil = until
	} else {
		r.cool(a, until, now) // it had returned: a new cooldown, but no new error
	}
	if later >= minTold { // twenty answers that say "in 60 s" differ by milliseconds: not worth telling
		a.reason = why
		r.noteAll(a, now)
	}
	r.settle()
	return true
}

func (l *Lease) cool(a *account, until time.Time, why string, now time.Time) {
	a.errors++
	a.reason = why
	l.ring.cool(a, until, now)
	l.ring.noteAll(a, now)
	l.ring.settle()
}

// base is the configured cooldown.
func (p *Pool) base() time.Duration { return time.Duration(p.cooldown.Load()) }
