package state

import (
	"slices"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// keep is how many decisions are shown at most; the records hold the rest.
const keep = 200

// State is what window and tray show. It starts from a [Snapshot] and is
// carried on by events.
type State struct {
	version   string
	server    Server
	keys      []Key
	decisions []*Decision          // in the order in which they came, finished or not
	running   map[string]*Decision // by ID: routed, and not finished yet
	known     map[string]*Decision // by ID: those of decisions
	counts    Counts
	limits    []Limit
	providers []Provider
	today     Today
	atLogin   Switch
	agents    []Agent
	log       *Log
	requests  *Requests
	meters    map[string]*meter // by provider
	moves     uint64            // counts events of requests
	worn      bool              // of the figures that only a snapshot has, some have changed
	stale     bool
}

// Counts are what this window has seen since it was built.
type Counts struct {
	Requests int // finished
	Failed   int // of those, with anything but "ok"; one that its client left counts as neither
	Running  int
}

// New makes a State that shows s.
func New(s Snapshot) *State {
	st := &State{
		running: map[string]*Decision{}, known: map[string]*Decision{}, log: NewLog(LogSize), meters: map[string]*meter{},
	}
	st.requests = newRequests(st)
	st.Load(s)
	return st
}

// Load is Update after events were lost: a request that was thought to run and
// that the snapshot does not list as running is let go, for its end may be among
// them. Should it still run, its next event brings it back.
func (s *State) Load(n Snapshot) {
	before := s.running
	s.running = map[string]*Decision{}
	s.Update(n)
	for id := range before {
		if s.running[id] == nil {
			s.forget(id)
		}
	}
	s.requests.Reload()
}

// Update replaces server and keys by those of a snapshot and takes over its
// decisions. The log stays, and so do requests that the snapshot does not list:
// it may be a moment older than the last event.
func (s *State) Update(n Snapshot) {
	s.version, s.server = n.Version, n.Server
	s.keys = slices.Clone(n.Keys)
	s.limits, s.providers, s.atLogin = n.Limits, n.Providers, n.AtLogin
	if n.Today.Day != "" {
		s.today = n.Today
	}
	s.stale, s.worn = false, false
	s.moves++
	for i := range n.Decisions {
		s.merge(n.Decisions[i])
	}
	slices.SortStableFunc(s.decisions, func(a, b *Decision) int { return a.Time.Compare(b.Time) })
	s.trim()
}

// merge takes one decision of a snapshot. One that is known as finished stays.
func (s *State) merge(d Decision) {
	old := s.known[d.ID]
	switch {
	case old == nil:
		old = &d
		s.decisions = append(s.decisions, old)
		s.known[d.ID] = old
	case !old.Running():
		return
	default:
		*old = d
	}
	if old.Running() {
		s.running[d.ID] = old
	} else {
		delete(s.running, d.ID) // its event is still to come
	}
}

// forget takes a running request off the list.
func (s *State) forget(id string) {
	d := s.known[id]
	if d == nil || !d.Running() {
		return
	}
	delete(s.known, id)
	s.decisions = slices.DeleteFunc(s.decisions, func(have *Decision) bool { return have == d })
}

// trim lets the oldest decisions go. Those that still run are known on.
func (s *State) trim() {
	if over := len(s.decisions) - keep; over > 0 {
		for _, d := range s.decisions[:over] {
			delete(s.known, d.ID)
		}
		s.decisions = slices.Delete(s.decisions, 0, over)
	}
}

// Apply carries the state on by one event.
func (s *State) Apply(e event.Event) {
	switch e := e.(type) {
	case event.Routed:
		s.moved()
		s.routed(e)
	case event.Attempted:
		s.moved()
		s.attempted(e)
	case event.Finished:
		s.moved()
		s.finished(e)
		s.requests.finished(&e)
		if e.Provider != "" {
			s.meter(e.Provider).add(&e)
		}
	case event.KeyChanged:
		s.keyChanged(e)
	case event.ServerChanged:
		s.serverChanged(e)
	case event.Logged:
		s.log.logged(e)
	}
}

// Providers are those that have a key.
func (s *State) Providers() []Provider { return s.providers }

// AtLogin is whether the system starts the program at login.
func (s *State) AtLogin() Switch { return s.atLogin }

// Stale reports that something happened which an event tells in part only
// (a reload, a key that is not known, another key's turn): whoever draws reads
// a snapshot and calls Update.
func (s *State) Stale() bool { return s.stale }

func (s *State) moved() { s.moves, s.worn = s.moves+1, true }

// Worn reports that requests have come or ended since the last snapshot: what is
// in flight and what is left of limits is no longer quite true.
func (s *State) Worn() bool { return s.worn }

// Version is the program's.
func (s *State) Version() string { return s.version }

// Server is how the proxy stands.
func (s *State) Server() Server { return s.server }

// Log is the ring of lines.
func (s *State) Log() *Log { return s.log }

// Counts tells how many requests were seen.
func (s *State) Counts() Counts {
	c := s.counts
	c.Running = len(s.running)
	return c
}

// Running lists the requests that run, the oldest first.
func (s *State) Running() []Decision {
	out := make([]Decision, 0, len(s.running))
	for _, d := range s.running {
		out = append(out, *d)
	}
	slices.SortFunc(out, func(a, b Decision) int { return a.Time.Compare(b.Time) })
	return out
}

// Tick tells in how long a countdown of the window shows another figure; 0 if
// nothing runs down.
func (s *State) Tick(now time.Time) time.Duration { return s.next(now, fine) }

// TrayTick is Tick for the tray, which shows coarser figures.
func (s *State) TrayTick(now time.Time) time.Duration { return s.next(now, coarse) }

func (s *State) next(now time.Time, step func(time.Duration) time.Duration) time.Duration {
	var soonest time.Duration
	for i := range s.keys {
		left := s.keys[i].left(now)
		if left <= 0 {
			continue
		}
		unit := step(left)
		wait := left % unit
		if wait == 0 {
			wait = unit
		}
		if soonest == 0 || wait < soonest {
			soonest = wait
		}
	}
	return soonest
}
