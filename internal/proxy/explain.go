package proxy

import (
	"net/http"
	"slices"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/route"
)

// Explanation says which way a request would go, and why. Nothing is sent.
type Explanation struct {
	At        time.Time       `json:"at"`      // the moment it speaks of
	Dialect   string          `json:"dialect"` // of the request, as far as its body shows
	Model     string          `json:"model"`
	Stream    bool            `json:"stream"`
	Images    int             `json:"images"`
	TextBytes int             `json:"text_bytes"`
	Tokens    int             `json:"tokens"` // estimated, exact near a threshold
	Changes   []string        `json:"changes,omitempty"`
	Rule      string          `json:"rule"`
	Variant   string          `json:"variant,omitempty"` // main or canary, where the rule has one
	Reason    string          `json:"reason"`
	Trace     []route.Tried   `json:"trace"`
	Steps     []ExplainedStep `json:"steps"`
	Refused   string          `json:"refused,omitempty"`
}

// ExplainedStep is one target of the chain with the state of its keys.
type ExplainedStep struct {
	Target  string          `json:"target"`
	Model   string          `json:"model"`
	Why     string          `json:"why"`
	Key     string          `json:"key,omitempty"` // that would be used now
	Returns time.Time       `json:"returns,omitzero"`
	Keys    []keypool.State `json:"keys"`
	Dialect string          `json:"dialect"`           // that the provider is spoken to in
	Changes []string        `json:"changes,omitempty"` // what would be changed in the body
	Refused string          `json:"refused,omitempty"` // why the request cannot be said there
	Verdict string          `json:"verdict"`
}

// Explain goes the way of a request up to the point where it would be sent, now
// or after a while: then as the deadlines that are known now leave the keys.
func (s *Server) Explain(body []byte, in time.Duration) (*Explanation, *chat.Error) {
	c := &call{world: s.world.Load(), in: new(http.Request), original: body, chat: true, front: dialect.Guess(body)}
	if e := c.look(); e != nil {
		return nil, e
	}
	s.estimate(c)
	d := s.decide(c.world, c.facts, diceOf(c.facts.Session), "")
	x := &Explanation{
		At: time.Now().Add(max(in, 0)), Dialect: string(c.front), Model: c.facts.Model, Stream: c.facts.Stream, Images: c.facts.Pictures, TextBytes: c.facts.TextBytes,
		Tokens: c.facts.Tokens, Changes: c.changed, Rule: d.Rule, Variant: d.Variant, Reason: d.Reason, Trace: d.Trace(),
		Steps: []ExplainedStep{},
	}
	if d.Refused != nil {
		x.Refused = d.Refused.Error()
		return x, nil
	}
	if s.pause.Load() != nil {
		x.Refused = paused().Error()
	}
	c.decision = d
	taken := false
	for i, step := range d.Chain {
		p := c.world.settings.Provider(step.Target.Provider)
		if p == nil {
			continue
		}
		t := &try{step: step, at: i, provider: p}
		e := ExplainedStep{
			Target: step.Target.String(), Model: step.Model, Why: step.Why, Keys: s.opt.Pool.At(p.ID, x.At),
		}
		s.explainBody(c, t, &e)
		s.explainKeys(c, t, &e, &taken, x.At)
		x.Steps = append(x.Steps, e)
	}
	return x, nil
}

// explainBody says what would be changed in the body on its way to the first key
// of a target.
func (s *Server) explainBody(c *call, t *try, e *ExplainedStep) {
	endpoint := ""
	if len(t.provider.Keys) > 0 {
		endpoint = t.provider.Keys[0].Endpoint
	}
	behind := dialect.Name(t.provider.Endpoint(endpoint).Address(behindOf(c.front)...).Dialect)
	sent, refused := c.request.For(s.fitFor(c, t, behind), nil)
	e.Dialect, e.Changes = string(behind), sent.Changed
	if refused != nil {
		e.Refused = refused.Error()
	}
}

// explainKeys says what the pool would answer for one target.
func (s *Server) explainKeys(c *call, t *try, e *ExplainedStep, taken *bool, at time.Time) {
	set := c.world.settings
	ask := s.wish(c, t.step, t.provider)
	ready := s.opt.Pool.Outlook(&ask, at)
	wait := waitAt(set, s.isLast(c, t, at))
	returns := ready.Until.Sub(at)
	switch {
	case *taken:
		e.Verdict = "only if the targets before it fail"
	case ready.Ready > 0:
		e.Verdict, *taken = "taken", true
		e.Key = s.opt.Pool.Next(&ask, at)
	case ready.Busy:
		e.Verdict, *taken = "waited for up to "+spell(wait)+": all its keys are busy", true
	case ready.Until.IsZero():
		e.Verdict = "passed over: no key of it can serve"
	case returns <= wait:
		e.Verdict, *taken, e.Returns = "waited for: a key returns in "+spell(returns), true, ready.Until
	case !set.FallbackOnCooldown && slices.ContainsFunc(e.Keys, cools(t.step.Model)):
		e.Verdict, *taken, e.Returns = "refused here: its first key returns in "+spell(returns)+
			", and fallback_on_cooldown is off", true, ready.Until
	default:
		e.Verdict, e.Returns = "passed over: its first key returns in "+spell(returns), ready.Until
	}
}

// cools tells the keys that would serve a model again if they did not cool.
func cools(model string) func(keypool.State) bool {
	return func(k keypool.State) bool { return k.State == keypool.Cooling && k.Barred[model] == "" }
}
