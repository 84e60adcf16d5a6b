package state

import (
	"slices"
	"time"
)

// State is what window and tray show. It starts from a [Snapshot] and is
// carried on by events.
type State struct {
	Course

	version   string
	server    Server
	keys      []Key
	counts    Counts
	limits    []Limit
	providers []Provider
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
	st := &State{Course: *NewCourse(), log: NewLog(LogSize), meters: map[string]*meter{}}
	st.requests = newRequests(st)
	st.Load(s)
	return st
}

// Load is Update after events were lost; see Course.Lost.
func (s *State) Load(n Snapshot) {
	s.Lost(n.Decisions)
	s.Update(n)
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
	s.update(n.Decisions)
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
