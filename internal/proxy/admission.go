package proxy

import (
	"net/http"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/route"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// Between the pipeline and the key pool: what a request asks of a key, and what
// an answer tells of it. The pool knows nothing of HTTP or of classes.

// wish is what a request wants of a target.
func (s *Server) wish(c *call, step route.Step, p *config.Provider) keypool.Ask {
	a := keypool.Ask{Provider: p.ID, Model: step.Model}
	if c.chat {
		a.Session = c.facts.Session
		a.Cost = s.cost(c.facts, p, step.Model)
	}
	return a
}

// wishAt is wish where the provider may be gone from the settings.
func (s *Server) wishAt(c *call, step route.Step) keypool.Ask {
	if p := c.world.settings.Provider(step.Target.Provider); p != nil {
		return s.wish(c, step, p)
	}
	return keypool.Ask{Provider: step.Target.Provider, Model: step.Model}
}

// cost is what a provider will charge a request with before it answers: the
// prompt, and the most that the answer may be. Vendors reserve the output limit,
// and a large one where there is none (inference-docs.cerebras.ai
// support/rate-limits, 2026-11-20).
func (s *Server) cost(f chat.Facts, p *config.Provider, model string) keypool.Cost {
	info := s.opt.Roster.Info(p, model)
	output := f.MaxOutput
	if output == 0 {
		output = p.Limits.MaxOutput
	}
	if output == 0 {
		output = info.MaxOutput
	}
	if info.MaxOutput > 0 {
		output = min(output, info.MaxOutput)
	}
	if info.Context > 0 {
		output = min(output, max(info.Context-f.Tokens, 0))
	}
	return keypool.Cost{Tokens: f.Tokens + output, Output: output}
}

// learn tells the pool what a reply said of its account's limits, and of the
// provider's circuit how the request ended; of a stream, endOfStream tells that. It
// comes before the verdict on the key, which tells it of refusals.
func (c *call) learn(lease *keypool.Lease, reply *upstream.Reply) {
	lease.Told(poolLimits(reply.Limits))
	switch {
	case !c.chat: // of other paths nobody knows what a failure means
	case blamed(reply.Class, reply.Status):
		lease.Broke(reply.Class.String() + colonWords(reply.Reason))
	case reply.Class == upstream.OK && !reply.Whole:
	case reply.Class == upstream.OK, reply.Class == upstream.CallerFault, reply.Class == upstream.ContextExceeded, reply.Class == upstream.ModelGone:
		lease.Answered()
	}
}

// blamed reports whether a failure counts for the provider's circuit: it could not
// be reached, fell silent, broke off, or answered with a fault of its own. A 4xx
// never does, whatever it says: it may be about this request or this key.
func blamed(class upstream.Class, status int) bool {
	switch class {
	case upstream.ServerError, upstream.Overloaded, upstream.Reset, upstream.Refused, upstream.Silent, upstream.Malformed:
		return status < http.StatusBadRequest || status >= http.StatusInternalServerError
	}
	return false
}

func colonWords(words string) string {
	if words == "" {
		return ""
	}
	return ": " + words
}

// poolLimits says limits in the pool's words.
func poolLimits(limits []upstream.Limit) []keypool.Limit {
	if len(limits) == 0 {
		return nil
	}
	out := make([]keypool.Limit, len(limits))
	for i, l := range limits {
		out[i] = keypool.Limit(l)
	}
	return out
}

// settleCost corrects what was reserved for a request by what it has cost.
func (c *call) settleCost(lease *keypool.Lease) {
	if u := c.out.usage; u.Known() {
		lease.Used(u.Prompt + u.Completion)
	}
}

// waitedFor adds up how long a request has waited, for a worker and for keys.
func (c *call) waitedFor(since time.Time) { c.waited += time.Since(since) }

// rates are the pool's from the settings.
func rates(set *config.Settings) keypool.Rates {
	r := set.Rates
	return keypool.Rates{
		Initial: r.Initial, Min: r.Min, Max: r.Max, Alpha: r.CeilingAlpha, Hold: r.HoldMargin, Probe: r.ProbeInterval, MaxAge: r.MaxAge,
	}
}

// moreRounds bounds how often a chain is gone through again.
const moreRounds = 2

// onceMore decides whether a chain whose last target has just refused is gone
// through again: a key that was missing before returns in a moment, and the
// client would only ask again then.
func (s *Server) onceMore(c *call, h *hunt, round int) bool {
	if round > moreRounds || c.world.settings.MaxRetries > 0 || h.down != nil || h.kept != nil || h.refusal != nil || !h.limited || len(h.waits) == 0 {
		return false
	}
	if set := c.world.settings; time.Since(c.start) > set.MaxWait || time.Until(s.earliest(c, h.waits)) > set.ShortWait {
		return false
	}
	*h = hunt{told: h.told}
	return true
}
