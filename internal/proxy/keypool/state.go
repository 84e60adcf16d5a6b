package keypool

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// What State.State says.
const (
	Ready    = "ready"
	Cooling  = "cooling"  // until CoolUntil
	Busy     = "busy"     // it waits for a slot, another request's outcome, its pace or a refill; Reason says which
	Parked   = "parked"   // until a person enables it or its secret changes
	Disabled = "disabled" // switched off in the settings
	Missing  = "missing"  // the settings name it, but there is no secret
)

// State is one key as people and pages are told of it. Cooldown, Errors, Slots,
// Rate, Limits and Barred are those of its account.
type State struct {
	Provider    string            `json:"provider"`
	Name        string            `json:"name"`
	Account     string            `json:"account,omitempty"`
	Endpoint    string            `json:"endpoint,omitempty"`
	Origin      string            `json:"origin,omitempty"`
	Fingerprint string            `json:"fingerprint,omitempty"`
	State       string            `json:"state"`
	CoolUntil   time.Time         `json:"cool_until,omitzero"` // set only while it cools
	ParkedOn    time.Time         `json:"-"`                   // zero: not parked, or since before this run
	Reason      string            `json:"reason,omitempty"`    // why it is in this state, or its last error
	Errors      int               `json:"errors"`              // since the last OK
	InFlight    int               `json:"in_flight"`           // requests that use this name now
	Slots       int               `json:"slots,omitempty"`     // how many the account may have at once; 0: no limit
	Current     bool              `json:"current"`
	LastUsed    time.Time         `json:"last_used,omitzero"`
	Barred      map[string]string `json:"barred,omitempty"` // model → why
	Uses        uint64            `json:"uses"`             // leases given since the program started
	Rate        float64           `json:"rate,omitempty"`   // learned or configured pace in requests per second; 0: none
	Queue       int               `json:"queue,omitempty"`  // requests that wait for a key of this provider
	Limits      []Left            `json:"limits,omitempty"` // what is told and predicted of its limits
	SharesWith  []string          `json:"shares_with,omitempty"`
}

// Left is one window of an account's limits.
type Left struct {
	Kind      string    `json:"kind"`
	Window    string    `json:"window"`
	Limit     int64     `json:"limit"`           // -1: not told
	Told      int64     `json:"told"`            // remaining, as told last; -1: not told
	Remaining int64     `json:"remaining"`       // predicted now, requests under way taken off; -1: not known
	Reset     time.Time `json:"reset,omitzero"`  // as told last, or the next time it grows
	Source    string    `json:"source,omitzero"` // "x-ratelimit", ...
}

// Unavailable says that no key of a provider can serve a request in the time it
// may wait.
type Unavailable struct {
	Provider, Model string
	Until           time.Time // earliest return; zero: nothing returns by itself
	Cooling         bool      // a key returns by itself that would otherwise do
	Busy            bool      // a key waits for nothing but a free slot or another request's outcome
	Down            bool      // the provider fails, and is not asked for a moment
	Keys            []State   // all of the provider's keys; to be read only

	verdicts []verdict // of the keys that are named
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
		if i < len(u.verdicts) {
			b.WriteString(u.verdicts[i].words(&u.Keys[i], u.Model))
			continue
		}
		b.WriteString(s.State + colon(s.Reason))
	}
	return b.String()
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
		out[i] = r.state(k, now)
		out[i].Current = i == r.cur
	}
	return out
}

// hardly is what the cheapest request costs, which states are told by.
var hardly = Cost{}.amounts()

func (r *ring) state(k *key, now time.Time) State {
	a := k.acct
	s := State{
		Provider: k.Provider, Name: k.Name, Account: k.Account, Endpoint: k.Endpoint, Origin: k.Origin,
		Fingerprint: k.print, Errors: a.errors, InFlight: k.inflight, Slots: a.slots(),
		LastUsed: k.lastUsed, Uses: k.uses, State: Ready, Rate: a.pace.rate, Queue: len(r.waiters),
		Limits: a.left(now), SharesWith: r.sharing(k),
	}
	if a.errors > 0 {
		s.Reason = a.reason
	}
	if a.cooling(now) {
		s.CoolUntil = a.coolUntil
	}
	v := r.admit(k, "", &hardly, now)
	switch v.by {
	case gateOff:
		if s.State, s.Reason = Missing, k.Problem; k.Disabled {
			s.State = Disabled
		}
	case gateParked:
		s.State, s.Reason, s.ParkedOn = Parked, k.parkWhy, k.parkedOn
	case open, gateBarred:
	case gateSlots:
		s.State, s.Reason = Busy, ""
	default:
		if a.cooling(now) {
			s.State, s.Reason = Cooling, a.reason
			break
		}
		s.State = Busy
		s.Reason = v.stands(&s, &r.circuit)
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

// stands says why a key that does not cool waits, without a countdown.
func (v *verdict) stands(s *State, c *circuit) string {
	switch v.by {
	case gateDown:
		return "the provider fails" + colon(c.why)
	case gatePace:
		return "paced at " + perSecond(s.Rate) + " requests per second"
	case gateTold:
		return v.amounts()
	}
	return "one request tries it first"
}

// left gives the told limits with what is predicted of them.
func (a *account) left(now time.Time) []Left {
	if len(a.windows) == 0 {
		return nil
	}
	out := make([]Left, len(a.windows))
	for i := range a.windows {
		w := &a.windows[i]
		w.step(now)
		out[i] = Left{
			Kind: w.Kind, Window: w.Window, Limit: w.Limit.Limit, Told: w.Remaining, Remaining: -1, Reset: w.Reset, Source: w.Source,
		}
		if !math.IsInf(w.level, 0) {
			out[i].Remaining = int64(max(w.level, 0))
		}
	}
	return out
}

// sharing names the keys that seem to be of the same account as k.
func (r *ring) sharing(k *key) (names []string) {
	if len(k.acct.windows) == 0 {
		return nil // nobody compares it
	}
	for _, other := range r.keys {
		if other.acct != k.acct && (k.acct.shares(other.acct) || other.acct.shares(k.acct)) {
			names = append(names, other.Name)
		}
	}
	return names
}

// barText names the barred models for a log line.
func (s *State) barText() string {
	var parts []string
	for _, model := range slices.Sorted(maps.Keys(s.Barred)) {
		parts = append(parts, "not for "+model+colon(s.Barred[model]))
	}
	return strings.Join(parts, "; ")
}
