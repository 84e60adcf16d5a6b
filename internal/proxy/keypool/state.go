package keypool

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// What State.State says.
const (
	Ready    = "ready"
	Cooling  = "cooling"  // until CoolUntil
	Busy     = "busy"     // all slots of its account are in use
	Parked   = "parked"   // until a person enables it or its secret changes
	Disabled = "disabled" // switched off in the settings
	Missing  = "missing"  // the settings name it, but there is no secret
)

// State is one key as people and pages are told of it. Cooldown, Errors, Slots
// and Barred are those of its account.
type State struct {
	Provider    string            `json:"provider"`
	Name        string            `json:"name"`
	Account     string            `json:"account,omitempty"`
	Endpoint    string            `json:"endpoint,omitempty"`
	Origin      string            `json:"origin,omitempty"`
	Fingerprint string            `json:"fingerprint,omitempty"`
	State       string            `json:"state"`
	CoolUntil   time.Time         `json:"cool_until,omitzero"` // set only while it cools
	Reason      string            `json:"reason,omitempty"`    // why it is in this state, or its last error
	Errors      int               `json:"errors"`              // since the last OK
	InFlight    int               `json:"in_flight"`           // requests that use this name now
	Slots       int               `json:"slots,omitempty"`     // how many the account may have at once; 0: no limit
	Current     bool              `json:"current"`
	LastUsed    time.Time         `json:"last_used,omitzero"`
	Barred      map[string]string `json:"barred,omitempty"` // model → why
	Uses        uint64            `json:"uses"`             // leases given since the program started
}

// Unavailable says that no key of a provider can serve a request in the time it
// may wait.
type Unavailable struct {
	Provider, Model string
	Until           time.Time // earliest return; zero: nothing returns by itself
	Cooling         bool      // a key cools that would otherwise do
	Busy            bool      // a key waits for nothing but a free slot
	Keys            []State   // all of the provider's keys; to be read only
}

// maxNamed bounds how many keys an error text names; Keys has them all.
const maxNamed = 12

// Error names each key's state and, as of now, its return: "cerebras: desk back
// in 11 s (tokens per minute used up); home parked: key rejected".
func (u *Unavailable) Error() string {
	if len(u.Keys) == 0 {
		return u.Provider + ": no key"
	}
	var b strings.Builder
	b.WriteString(u.Provider)
	b.WriteString(": ")
	for i, s := range u.Keys {
		if i == maxNamed {
			fmt.Fprintf(&b, "; and %d more", len(u.Keys)-i)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(s.Name)
		b.WriteByte(' ')
		b.WriteString(s.words(u.Model))
	}
	return b.String()
}

// words says in what way a key cannot serve model now.
func (s *State) words(model string) string {
	switch s.State {
	case Cooling:
		words := "back in " + span(time.Until(s.CoolUntil))
		if s.Reason != "" {
			words += " (" + s.Reason + ")"
		}
		return words
	case Busy:
		return fmt.Sprintf("busy (%d at once)", s.Slots)
	case Ready:
		if why, ok := s.Barred[model]; ok {
			return "not for " + model + colon(why)
		}
		return Ready
	}
	return s.State + colon(s.Reason)
}

func colon(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// span is a duration for people, rounded up: "11 s", "4 min", "3 h 12 min",
// "2 days".
func span(d time.Duration) string {
	up := func(unit time.Duration) int { return int((d + unit - 1) / unit) }
	switch {
	case d <= time.Second:
		return "1 s"
	case d <= 90*time.Second:
		return fmt.Sprintf("%d s", up(time.Second))
	case d <= time.Hour:
		return fmt.Sprintf("%d min", up(time.Minute))
	case d <= 48*time.Hour:
		m := up(time.Minute)
		return fmt.Sprintf("%d h %d min", m/60, m%60)
	}
	return fmt.Sprintf("%d days", up(24*time.Hour))
}

func (r *ring) states() []State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.statesLocked(time.Now())
}

func (r *ring) statesLocked(now time.Time) []State {
	out := make([]State, len(r.keys))
	for i, k := range r.keys {
		out[i] = k.state(now)
		out[i].Current = i == r.cur
	}
	return out
}

func (k *key) state(now time.Time) State {
	a := k.acct
	s := State{
		Provider: k.Provider, Name: k.Name, Account: k.Account, Endpoint: k.Endpoint, Origin: k.Origin,
		Fingerprint: k.print, Errors: a.errors, InFlight: k.inflight, Slots: a.slots(),
		LastUsed: k.lastUsed, Uses: k.uses, State: Ready,
	}
	if a.errors > 0 {
		s.Reason = a.reason
	}
	if a.cooling(now) {
		s.CoolUntil = a.coolUntil
	}
	switch {
	case k.Disabled:
		s.State, s.Reason = Disabled, k.Problem
	case k.off:
		s.State, s.Reason = Missing, k.Problem
	case k.parked:
		s.State, s.Reason = Parked, k.parkWhy
	case a.cooling(now):
		s.State, s.Reason = Cooling, a.reason
	case a.full():
		s.State = Busy
	}
	for model, b := range a.bars {
		if now.Before(b.until) {
			if s.Barred == nil {
				s.Barred = map[string]string{}
			}
			s.Barred[model] = b.why
		}
	}
	return s
}

// barText names the barred models for a log line.
func (s *State) barText() string {
	var parts []string
	for _, model := range slices.Sorted(maps.Keys(s.Barred)) {
		parts = append(parts, "not for "+model+colon(s.Barred[model]))
	}
	return strings.Join(parts, "; ")
}
