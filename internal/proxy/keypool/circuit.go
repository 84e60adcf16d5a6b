package keypool

import "time"

const (
	breakAfter  = 5 // failures in a row that open the circuit; gobreaker's default, too
	firstBreak  = time.Second
	longestOpen = 5 * time.Second // so that traffic is back within seconds of a recovery
)

// circuit keeps requests from a provider that answers nobody. The ring's mutex
// guards it.
type circuit struct {
	fails     int // in a row
	opened    int // times in a row
	openUntil time.Time
	openedAt  uint64 // the ring's tick then
	probe     *Lease // the one request that may try
	why       string // of the last failure
	told      *key   // whose state tells of it
}

// half: it was open and nothing has come through yet.
func (c *circuit) half() bool { return c.opened > 0 }

// Broke reports that the provider failed in a way that is not the key's fault
// and no refusal: it could not be reached, said nothing, or answered with a fault
// of its own. From the fifth in a row on the provider's circuit opens: it is not
// asked for a second (twice as long each time, at most 5), then by one request,
// and by all once that was answered. Nothing was used up.
func (l *Lease) Broke(why string) {
	r, a := l.lock()
	if a == nil {
		r.mu.Unlock()
		return
	}
	now := time.Now()
	l.refund(a, now)
	l.yield(a)
	c := &r.circuit
	if l.born < c.openedAt { // it began before what is known by now
		r.settle()
		return
	}
	c.why = why
	if c.fails++; !c.half() && c.fails < breakAfter {
		r.settle()
		return
	}
	r.tick++
	c.openedAt = r.tick
	c.openUntil = now.Add(min(firstBreak<<min(c.opened, 8), longestOpen))
	c.opened++
	c.probe = nil
	if c.told == nil && len(r.keys) > 0 {
		c.told = r.keys[r.cur]
		r.note(c.told, now)
	}
	r.settle()
}

// alive closes the circuit: the provider has answered, be it with a refusal.
func (r *ring) alive(now time.Time) {
	c := &r.circuit
	if c.fails == 0 && c.opened == 0 {
		return
	}
	told := c.told
	*c = circuit{openedAt: c.openedAt}
	if told != nil && !told.gone {
		r.note(told, now)
	}
}

// yield gives up the place of the one request that tries an account or a
// provider, so that the next may.
func (l *Lease) yield(a *account) {
	if a.probe == l {
		a.probe = nil
	}
	if l.ring.circuit.probe == l {
		l.ring.circuit.probe = nil
	}
}
