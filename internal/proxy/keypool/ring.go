package keypool

import (
	"slices"
	"sync"
	"time"
)

// ring is one provider's keys in order, and who waits for them.
type ring struct {
	id   string
	pool *Pool

	mu      sync.Mutex
	keys    []*key
	leaving []*key // removed by Set while leases of them were out
	cur     int    // index of the current key; 0 without keys
	tick    uint64 // counts cooldowns, failures and parks; tells older leases from newer
	seq     uint64 // counts leases
	circuit circuit
	served  sessions
	waiters []*waiter
	timer   *time.Timer // runs only while somebody waits
	tells   []change    // not yet told
	telling bool        // somebody is telling
}

// key is one name of a provider. The ring's mutex guards it.
type key struct {
	Key
	print    string // fingerprint
	off      bool   // disabled or without a secret
	acct     *account
	parked   bool
	parkWhy  string
	parkedAt uint64
	parkedOn time.Time // zero: before this run of the program
	gone     bool      // removed by Set; leases of it may still be out
	inflight int
	uses     uint64
	lastUsed time.Time
}

// usable: may serve once it neither cools nor is full.
func (k *key) usable() bool { return !k.off && !k.parked }

// fit: usable and not cooling.
func (k *key) fit(now time.Time) bool { return k.usable() && !k.acct.cooling(now) }

func (r *ring) find(name string) *key {
	for _, k := range r.keys {
		if k.Name == name {
			return k
		}
	}
	return nil
}

// pick finds the key that may serve now, nil if none may: the one that served
// the session last, else the first from the current one on. It moves the pointer
// if the current key can serve nobody, or not this request without a refusal.
func (r *ring) pick(a *wish, now time.Time) *key {
	if k := r.served.key(a.session); k != nil && !k.gone && !slices.Contains(a.Avoid, k.Name) &&
		r.admit(k, a.Model, &a.cost, now).by == open {
		return k
	}
	var avoided *key
	settled := false
	start := r.cur
	for i := range r.keys {
		at := (start + i) % len(r.keys)
		k := r.keys[at]
		v := r.admit(k, a.Model, &a.cost, now)
		if v.leaves() || !k.fit(now) {
			continue
		}
		if !settled {
			r.cur, settled = at, true
		}
		switch {
		case v.by != open:
		case !slices.Contains(a.Avoid, k.Name):
			return k
		case avoided == nil:
			avoided = k
		}
	}
	return avoided
}

// advance moves the pointer on if the current key has just failed: to the next
// that could serve now, or else to the next that will.
func (r *ring) advance(now time.Time) {
	if len(r.keys) == 0 || r.keys[r.cur].fit(now) {
		return
	}
	later := -1
	for i := 1; i < len(r.keys); i++ {
		at := (r.cur + i) % len(r.keys)
		k := r.keys[at]
		if k.fit(now) {
			r.cur = at
			return
		}
		if later < 0 && k.usable() && k.acct != r.keys[r.cur].acct {
			later = at
		}
	}
	if later >= 0 {
		r.cur = later
	}
}

// outlook says when a model could be served that cannot be now.
type outlook struct {
	model    string
	until    time.Time // earliest return by itself; zero: none
	cooling  bool      // a key returns that would otherwise do
	busy     bool      // a key waits for nothing but a slot or somebody's outcome
	down     bool      // the provider's circuit is open
	tokens   float64   // that whoever it was looked for costs
	left     bool      // whoever that was does not wait any more
	states   []State   // made once when somebody has to be refused
	verdicts []verdict // of the keys that are named then
}

// worth reports whether waiting until then can help.
func (o *outlook) worth(then time.Time) bool {
	return o.busy || (!o.until.IsZero() && !o.until.After(then))
}

// gives reports whether a request that costs less may have better luck: the one
// ahead of it is gone.
func (o *outlook) gives(cost *amounts) bool { return o.left && cost[tokens] < o.tokens }

func (r *ring) look(model string, cost *amounts, now time.Time) outlook {
	o := outlook{model: model, tokens: cost[tokens], down: now.Before(r.circuit.openUntil)}
	for _, k := range r.keys {
		v := r.admit(k, model, cost, now)
		switch {
		case v.never():
		case v.until.IsZero():
			o.busy = true
		default:
			o.cooling = o.cooling || v.cooling && k.acct.barredUntil(model, now).IsZero()
			if o.until.IsZero() || v.until.Before(o.until) {
				o.until = v.until
			}
		}
	}
	return o
}

// lease takes a slot of k and reserves what the request may cost. The caller has
// made sure that it may.
func (r *ring) lease(k *key, w *wish, now time.Time) *Lease {
	a := k.acct
	a.inflight++
	k.inflight++
	k.uses++
	k.lastUsed = now
	r.seq++
	l := &Lease{
		Key: k.Name, Account: k.Account, Endpoint: k.Endpoint, Secret: k.Secret, Waited: now.Sub(w.since),
		ring: r, key: k, born: r.tick, seq: r.seq, session: w.session, cost: w.cost, holds: true,
	}
	l.mark = a.take(&l.cost, now)
	l.tight = a.pace.take(now, a.coolUntil)
	if a.half {
		a.probe = l
	}
	if r.circuit.half() {
		r.circuit.probe = l
	}
	return l
}

// cool starts a cooldown, or a later one.
func (r *ring) cool(a *account, until time.Time, now time.Time) {
	r.tick++
	a.cooledAt = r.tick
	a.coolUntil = until
	a.probe = nil
	r.advance(now)
}

// park sets one name aside.
func (r *ring) park(k *key, why string, now time.Time) {
	if k.parked {
		return
	}
	r.tick++
	k.parked, k.parkWhy, k.parkedAt, k.parkedOn = true, why, r.tick, now
	r.advance(now)
	r.note(k, now)
}

// twins are the live names with k's secret, k among them.
func (k *key) twins() []*key {
	var out []*key
	for _, other := range k.acct.keys {
		if other == k || (other.print == k.print && other.Secret.Equal(k.Secret)) {
			out = append(out, other)
		}
	}
	return out
}

// settle serves whoever can be after a change, unlocks and tells.
func (r *ring) settle() {
	if len(r.waiters) > 0 {
		r.serve(time.Now())
	}
	r.unlock()
}
