package state

import (
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// Running reports whether a request has not ended yet.
func (d *Decision) Running() bool { return d.Outcome == "" && d.Status == 0 }

// open finds a request that runs, or begins one. It gives nil for one that has
// ended: an event from before the snapshot may come after it.
func (s *State) open(id string, at time.Time) *Decision {
	if d := s.running[id]; d != nil {
		return d
	}
	if s.known[id] != nil {
		return nil
	}
	d := &Decision{ID: id, Time: at}
	s.running[id], s.known[id] = d, d
	s.decisions = append(s.decisions, d)
	s.trim()
	return d
}

func (s *State) routed(e event.Routed) {
	d := s.open(e.ID, e.Time)
	if d == nil {
		return
	}
	d.Client, d.Asked, d.Rule, d.Reason = e.Client, e.Model, e.Rule, e.Reason
	d.Estimate, d.Stream = e.Tokens, e.Stream
	if len(e.Chain) > 0 && d.Provider == "" {
		d.Provider, d.Model, _ = strings.Cut(e.Chain[0], "/")
	}
}

func (s *State) attempted(e event.Attempted) {
	if k := s.key(e.Provider, e.Key); k != nil {
		k.Uses++
		k.LastUsed = e.Time
	}
	d := s.open(e.ID, e.Time)
	if d == nil {
		return
	}
	d.Provider, d.Model, d.Key = e.Provider, e.Model, e.Key
	d.Attempts = max(d.Attempts, e.N)
}

func (s *State) finished(e event.Finished) {
	s.counts.Requests++
	if e.Outcome != "ok" && e.Status != 499 {
		s.counts.Failed++
	}
	s.log.finished(e)
	if s.known[e.ID] == nil || s.running[e.ID] != nil {
		s.today.Add(&e) // a snapshot that brought its end has counted it
	}
	if e.Rule == "" && s.running[e.ID] == nil {
		return // refused before anything was decided: a line of the log, no decision
	}
	d := s.open(e.ID, e.Time)
	if d == nil {
		return // a snapshot brought its end
	}
	delete(s.running, e.ID)
	if e.Outcome == "" {
		e.Outcome = "ok"
	}
	if e.Provider == "" { // nobody answered: who was tried last says more than nobody
		e.Provider, e.Model, e.Key = d.Provider, d.Model, d.Key
	}
	*d = Decision{
		ID: e.ID, Time: e.Time, Client: e.Client, Asked: e.Asked, Provider: e.Provider, Model: e.Model, Key: e.Key,
		Rule: e.Rule, Reason: e.Reason, Status: e.Status, Outcome: e.Outcome, Attempts: e.Attempts, Took: e.Took,
		Tokens: e.Tokens.Completion, Estimate: d.Estimate, Stream: e.Stream, Demo: e.Demo,
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
