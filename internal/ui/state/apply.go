package state

import (
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// Apply carries the state on by one event.
func (s *State) Apply(e event.Event) {
	switch e := e.(type) {
	case event.Routed:
		s.moved()
	case event.Attempted:
		s.moved()
		if k := s.key(e.Provider, e.Key); k != nil {
			k.Uses++
			k.LastUsed = e.Time
		}
	case event.Finished:
		s.moved()
		s.finished(&e)
	case event.KeyChanged:
		s.keyChanged(e)
	case event.ServerChanged:
		s.serverChanged(e)
	case event.Logged:
		s.log.logged(e)
	}
	s.Course.Apply(e)
}

func (s *State) finished(e *event.Finished) {
	s.counts.Requests++
	if e.Outcome != "ok" && e.Status != 499 {
		s.counts.Failed++
	}
	s.log.finished(*e)
	s.requests.finished(e)
	if e.Provider != "" {
		s.meter(e.Provider).add(e)
	}
}

func (s *State) key(provider, name string) *Key {
	for i := range s.keys {
		if s.keys[i].Provider == provider && s.keys[i].Name == name {
			return &s.keys[i]
		}
	}
	return nil
}

func (s *State) keyChanged(e event.KeyChanged) {
	s.stale = true // whose turn it is, and how many errors, only a snapshot tells
	k := s.key(e.Provider, e.Key)
	if k == nil {
		return
	}
	k.State, k.CoolUntil, k.Reason = e.State, e.CoolUntil, e.Reason
}

func (s *State) serverChanged(e event.ServerChanged) {
	s.stale = true
	v := &s.server
	switch e.State {
	case Serving:
		v.State, v.Problem, v.WayOut = Serving, "", ""
		if e.Addr != "" {
			v.URL = "http://" + e.Addr
		}
	case Paused, Stopping, Starting:
		v.State = e.State
	case Failed:
		v.State, v.Problem = Failed, e.Detail
	case "pinned":
		v.Pinned, v.PinUntil = e.Detail, e.Until
	case "unpinned":
		v.Pinned, v.PinUntil = "", time.Time{}
	}
}
