package keypool

import (
	"math/bits"
	"time"
)

const (
	breakAt     = 5  // failures that open the circuit
	breakOf     = 10 // among so many requests that ended last
	firstBreak  = time.Second
	longestOpen = 5 * time.Second // so that traffic is back within seconds of a recovery
)

// circuit keeps requests from a provider that answers nobody, or breaks off
// what it answers. The ring's mutex guards it.
type circuit struct {
	ended     uint // how the last requests ended, the newest in the lowest bit; 1: the provider failed
	opened    int  // times in a row
	openUntil time.Time
	openedAt  uint64 // the ring's tick then
	probe     *Lease // the one request that tries, until it ends
	begun     bool   // its answer has begun: others may go as well
	why       string // of the last failure
	told      *key   // whose state tells of it
}

// half: it was open, and no answer has begun since.
func (c *circuit) half() bool { return c.opened > 0 && !c.begun }

// note shifts in how a request ended.
func (c *circuit) note(failed uint) { c.ended = (c.ended<<1 | failed) & (1<<breakOf - 1) }

// Broke reports that the provider failed in a way that is not the key's fault
// and no refusal: it could not be reached, said nothing, answered with a fault of
// its own, or broke off or stalled in the middle of an answer. At five of the last
// ten requests its circuit opens: it is not asked for a second (twice as long each
// time, at most 5), then by one request, by others as soon as that one's answer
// begins ([Lease.OK]), and all is forgotten once an answer has come to its end
// ([Lease.Answered]). If the request that tries fails, early or late, the circuit
// is open again. Unless it was answered first, nothing was used up.
func (l *Lease) Broke(why string) {
	r, a := l.lock()
	if a == nil {
		r.mu.Unlock()
		return
	}
	now := time.Now()
	l.broke = true
	if !l.served {
		l.refund(a, now)
	}
	c := &r.circuit
	tried := c.probe == l
	l.yield(a)
	if l.born < c.openedAt { // it began before what is known by now
		r.settle()
		return
	}
	c.why = why
	if c.note(1); !tried && bits.OnesCount(c.ended) < breakAt {
		r.settle()
		return
	}
	r.tick++
	c.openedAt = r.tick
	c.openUntil = now.Add(min(firstBreak<<min(c.opened, 8), longestOpen))
	c.opened++
	c.ended, c.probe, c.begun = 0, nil, false
	if c.told == nil && len(r.keys) > 0 {
		c.told = r.keys[r.cur]
		r.note(c.told, now)
	}
	r.settle()
}

// Answered reports that the provider has said all there is to say: a good answer
// came to its end, or the request was refused for what is in it. It closes the
// circuit. The refusals that the other verbs report do the same.
func (l *Lease) Answered() {
	r, a := l.lock()
	if a == nil || !l.alive(time.Now()) {
		r.mu.Unlock()
		return
	}
	r.settle()
}

// begins lets others go, too, when the answer to the request that tries has begun,
// and reports whether it has done so.
func (l *Lease) begins(now time.Time) bool {
	c := &l.ring.circuit
	if !c.half() || l.born < c.openedAt {
		return false
	}
	c.begun = true
	l.ring.untold(now)
	return true
}

// alive counts an end that was none of the provider's failures and reports
// whether that has closed the circuit. What began before it opened counts no more,
// or a provider that still brings old answers to their end would be asked for new
// ones.
func (l *Lease) alive(now time.Time) bool {
	c := &l.ring.circuit
	if l.broke || l.born < c.openedAt {
		return false
	}
	c.note(0)
	if c.opened == 0 {
		return false
	}
	l.ring.mend(now)
	return true
}

// mend closes the circuit and lets the count begin anew.
func (r *ring) mend(now time.Time) {
	r.untold(now)
	r.circuit = circuit{openedAt: r.circuit.openedAt}
}

// untold tells that the circuit keeps nobody any more, if it was told that it does.
func (r *ring) untold(now time.Time) {
	c := &r.circuit
	if c.told != nil && !c.told.gone {
		r.note(c.told, now)
	}
	c.told = nil
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
