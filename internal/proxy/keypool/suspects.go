package keypool

import (
	"slices"
	"time"
)

// mate is what speaks for another account being the same one. Vendors count per
// account; two keys of one, labelled as two, rotate to no purpose.
type mate struct {
	*account
	seen amounts // what it had taken when this account was told its limits last
	hits int     // times that this account's remainder fell by what the other took
	miss int     // times that it did not
}

const (
	enoughHits = 3    // of evidence, with no more than a third against it
	nearly     = 0.35 // how well a fall must agree with what the other took
	notable    = 0.01 // of a window that refills all the time: what is less says nothing
	maxMates   = 32   // accounts compared with each other
)

// Suspect is a pair of keys that seem to share an account.
type Suspect struct {
	Provider string `json:"provider"`
	A        string `json:"a"`
	B        string `json:"b"`
	Text     string `json:"text"` // for people
}

// Suspects lists keys with accounts of their own that behave as one: the same
// limits, and what the one uses is missing from the other. Nothing is done about
// it; a person may label them with one account.
func (p *Pool) Suspects() []Suspect {
	var out []Suspect
	for _, r := range p.rings.Load().order {
		r.mu.Lock()
		for i, k := range r.keys {
			for _, other := range r.keys[i+1:] {
				if k.acct.shares(other.acct) || other.acct.shares(k.acct) {
					out = append(out, Suspect{
						Provider: r.id, A: k.Name, B: other.Name,
						Text: k.Name + " and " + other.Name + " seem to share one account: rotation gains nothing",
					})
				}
			}
		}
		r.mu.Unlock()
	}
	return out
}

// shares reports whether the evidence is enough.
func (a *account) shares(b *account) bool {
	for i := range a.mates {
		if m := &a.mates[i]; m.account == b {
			return m.hits >= enoughHits && m.hits > 2*m.miss
		}
	}
	return false
}

// compare holds what an account is told against what the others have taken
// since it was told last. It is called before the answer is taken in.
func (r *ring) compare(a *account, l *Lease, limits []Limit, now time.Time) {
	if len(r.keys) < 2 || len(r.keys) > maxMates || l.seq < a.newest() {
		return
	}
	for _, k := range r.keys {
		b := k.acct
		if b == a || k != b.keys[0] || len(b.windows) == 0 {
			continue
		}
		m := a.mate(b)
		for _, t := range limits {
			if hit, known := a.falls(b, m, t, l, now); known {
				if hit {
					m.hits++
				} else {
					m.miss++
				}
				break // one word per answer
			}
		}
		m.seen = b.taken
	}
}

// newest is the youngest lease whose answer told a limit.
func (a *account) newest() (seq uint64) {
	for i := range a.windows {
		seq = max(seq, a.windows[i].seq)
	}
	return seq
}

func (a *account) mate(b *account) *mate {
	for i := range a.mates {
		if a.mates[i].account == b {
			return &a.mates[i]
		}
	}
	a.mates = append(a.mates, mate{account: b, seen: b.taken})
	return &a.mates[len(a.mates)-1]
}

// falls reports whether a window of a has lost what b took. known is false
// where the two do not have the same limits or nothing can be said.
func (a *account) falls(b *account, m *mate, t Limit, l *Lease, now time.Time) (hit, known bool) {
	w, other := a.same(&t), b.same(&t)
	if w == nil || other == nil || t.Limit <= 0 || t.Remaining < 0 {
		return false, false
	}
	w.step(now)
	others := b.taken[w.kind] - m.seen[w.kind]
	if least := notable * w.full; others < 1 || w.rate > 0 && others < least {
		return false, false
	}
	fell := w.level + (a.taken[w.kind] - l.mark[w.kind]) - float64(t.Remaining)
	return fell >= others*(1-nearly) && fell <= others*(1+nearly)+1, true
}

// same finds the account's window of a limit with the very same figure.
func (a *account) same(t *Limit) *window {
	i := slices.IndexFunc(a.windows, func(w window) bool {
		return w.Kind == t.Kind && w.Window == t.Window && w.Source == t.Source && w.Limit.Limit == t.Limit
	})
	if i < 0 {
		return nil
	}
	return &a.windows[i]
}
