package keypool

import (
	"slices"
	"strconv"
	"time"
)

// Next names the key that would serve a request at a moment, "" if none would. It
// changes nothing, the pointer included. Of a moment to come it says what the
// deadlines and limits that are known now leave: what runs now is taken to run
// then.
func (p *Pool) Next(a *Ask, at time.Time) (name string) {
	p.peek(a.Provider, at, func(r *ring) {
		cur := r.cur
		if k := r.pick(&wish{Ask: *a, cost: a.Cost.amounts()}, at); k != nil {
			name = k.Name
		}
		r.cur = cur
	})
	return name
}

// At gives the states of one provider's keys at a moment, in order; see Next.
func (p *Pool) At(provider string, at time.Time) (states []State) {
	p.peek(provider, at, func(r *ring) { states = r.statesLocked(at) })
	return states
}

// Standing is how one key stands to one request.
type Standing struct {
	Key   string
	State string    // as State.State
	Open  bool      // it could serve
	Until time.Time // when what is in the way passes by itself; zero: not by time
	Words string    // what is in the way: "back in 11 s (tokens per minute used up)"
	Cause string    // of a key that cools, why: "tokens per minute used up"; "" if nobody said
}

// Standing tells how each key of a provider stands to a request, in order; see
// Next.
func (p *Pool) Standing(a *Ask, at time.Time) (list []Standing) {
	cost := a.Cost.amounts()
	p.peek(a.Provider, at, func(r *ring) {
		for _, s := range r.statesLocked(at) {
			v := r.admit(r.find(s.Name), a.Model, &cost, at)
			k := Standing{Key: s.Name, State: s.State, Open: v.by == open, Until: v.until, Words: v.words(&s, a.Model)}
			if v.by == gateCooling {
				k.Cause = s.Reason
			}
			list = append(list, k)
		}
	})
	return list
}

// peek has a look at a provider's ring as it is at a moment, and leaves no trace.
func (p *Pool) peek(provider string, at time.Time, look func(*ring)) {
	r := p.ring(provider)
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ahead(at, func() { look(r) })
}

// ahead does something as if a moment to come were there. What fills up with time
// is brought up to that moment for it, and then put back.
func (r *ring) ahead(at time.Time, do func()) {
	if !at.After(time.Now()) {
		do()
		return
	}
	type level struct {
		windows []window
		pace    pace
	}
	now := map[*account]level{}
	for _, k := range r.keys {
		if _, kept := now[k.acct]; !kept {
			now[k.acct] = level{slices.Clone(k.acct.windows), k.acct.pace}
		}
	}
	do()
	for a, l := range now {
		copy(a.windows, l.windows)
		a.pace = l.pace
	}
}

// Words says in a few words what a state means for a model: "cooling: tokens per
// minute used up", "busy (1 at once)", "not for glm-5.3"; "ready" if nothing is
// in the way. It has no times in it.
func (s *State) Words(model string) string {
	switch why, barred := s.Barred[model]; {
	case s.State == Ready && barred:
		return "not for " + model + colon(why)
	case s.State == Busy && s.Reason == "":
		return "busy (" + strconv.Itoa(s.Slots) + " at once)"
	case s.State == Ready:
		return Ready
	}
	return s.State + colon(s.Reason)
}
