package proxy

import (
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// passed writes down which keys of a target could not serve, up to the one that
// does; taken "" means that none did.
func (s *Server) passed(c *call, t *try, taken string) {
	now := time.Now()
	ask := s.wish(c, t.step, t.provider)
	for _, k := range s.opt.Pool.Standing(&ask, now) {
		if k.Key == taken || k.Open {
			continue
		}
		p := event.Passed{Provider: t.provider.ID, Key: k.Key, State: k.State, Reason: k.Words}
		if !k.Until.IsZero() {
			p.Wait = k.Until.Sub(now)
		}
		if k.Cause != "" { // whoever shows it has the wait
			p.Reason = k.Cause
		}
		c.passed = append(c.passed, p)
	}
}

// why is what is known of a request's way.
func (c *call) why() event.Why {
	w := event.Why{Estimate: c.facts.Tokens, Passed: c.passed}
	for _, t := range c.decision.Trace() {
		tried := event.Tried{Rule: t.Rule, Matched: t.Matched, Reason: t.Reason}
		for _, l := range t.Left {
			tried.Left = append(tried.Left, l.Target+": "+l.Why)
		}
		w.Rules = append(w.Rules, tried)
	}
	for _, step := range c.decision.Chain {
		w.Chain = append(w.Chain, step.Target.Provider+"/"+step.Model)
	}
	return w
}
