package proxy

import (
	"cmp"
	"errors"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/proxy/route"
	"github.com/glmtray/glmtray/internal/proxy/tokens"
)

// proxied serves one request that goes to a provider, from its admission to
// its record.
func (s *Server) proxied(w http.ResponseWriter, r *http.Request, world *world, to aim, client string) {
	c := &call{
		id: s.nextID.next(), start: time.Now(), world: world, in: r, client: client,
		path: to.path, front: to.front, chat: to.route == routeChat, variant: world.settings.Variant, keep: s.opt.Recorder != nil && s.opt.Recorder.Bodies(),
	}
	s.count.requests.Add(1)
	s.count.inFlight.Add(1)
	defer s.count.inFlight.Add(-1)
	defer c.giveBack()
	defer s.finish(c)
	defer s.rescue(w, c)
	c.named(w.Header())

	if s.pause.Load() != nil {
		s.fail(w, c, paused())
		return
	}
	place, e := c.admit()
	if e != nil {
		s.fail(w, c, e)
		return
	}
	defer place.leave()
	if e = s.prepare(c); e != nil {
		s.fail(w, c, e)
		return
	}
	answer, e := s.forward(r.Context(), c)
	if e != nil {
		s.fail(w, c, e)
		return
	}
	s.relay(w, c, answer)
}

// admit reads the body and waits for a worker. Only once the body is read does
// net/http notice that a client leaves, so it is read before the wait; and whoever
// announces a body and does not send it takes no place from others.
func (c *call) admit() (*place, *chat.Error) {
	gate := c.world.gate
	if e := gate.full(); e != nil {
		return nil, e
	}
	if e := c.read(); e != nil {
		return nil, e
	}
	p, e := gate.enter()
	if e != nil {
		return nil, e
	}
	defer c.waitedFor(time.Now())
	if e = p.wait(c.in.Context(), c.world.settings.QueueWait); e != nil {
		p.leave()
		return nil, e
	}
	return p, nil
}

// refuse answers a request that is not let in. One that was meant for a provider
// is recorded like any other, but for its body, which nobody reads.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, world *world, to aim, e *chat.Error) {
	if to.route != routeChat && to.route != routeForward {
		writeError(w, to.front, "", e)
		return
	}
	c := &call{id: s.nextID.next(), start: time.Now(), world: world, in: r, path: to.path, front: to.front, variant: world.settings.Variant}
	s.count.requests.Add(1)
	defer s.finish(c)
	c.named(w.Header())
	s.fail(w, c, e)
}

// named tells the request's id where clients look for it: Anthropic's show it in
// their errors.
func (c *call) named(h http.Header) {
	h["X-Request-Id"] = []string{c.id}
	if c.front == dialect.Anthropic {
		h["Request-Id"] = []string{c.id}
	}
}

// rescue tells of a panic of our own making, which net/http would only mention,
// and answers if nothing was sent. An answer that was broken off on purpose
// goes on its way.
func (s *Server) rescue(w http.ResponseWriter, c *call) {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	s.log.Error("panic", "id", c.id, "panic", v, "stack", string(debug.Stack()))
	if c.out.begun {
		c.out.word, c.out.err = "broken off", "a fault in glmtray; the log has its trace"
		panic(http.ErrAbortHandler)
	}
	s.fail(w, c, &chat.Error{
		Status: http.StatusInternalServerError, Type: "server_error", Code: "internal_error",
		Message: "glmtray itself failed at this request; its log has the trace",
	})
}

// prepare decides where the request should go.
func (s *Server) prepare(c *call) *chat.Error {
	c.query = s.cleanQuery(c.world, c.in.URL)
	if c.chat {
		if e := c.look(); e != nil {
			return e
		}
		s.estimate(c)
		c.decision = s.decide(c.world, c.facts, diceOf(cmp.Or(c.facts.Session, c.id)), s.wished(c.in))
		c.variant = variantOf(c.world.settings, &c.decision)
		if c.decision.Refused != nil {
			return c.decision.Refused
		}
		s.noteStray(c.decision.Astray)
	} else {
		c.body = c.original
		if e := s.decidePlain(c); e != nil {
			return e
		}
	}
	if s.opt.Bus.Watched() {
		s.opt.Bus.Publish(c.routed())
	}
	return nil
}

// wished is the provider that a person wants this one request sent to; "" if
// nobody does.
func (s *Server) wished(r *http.Request) string {
	if provider := r.Header.Get(ProviderHeader); provider != "" && s.controls(r) {
		return provider
	}
	return ""
}

// decide asks route, which knows no clock, no lock and no chance. A provider that is wished
// for comes before the one that is pinned.
func (s *Server) decide(w *world, facts chat.Facts, dice float64, wished string) route.Decision {
	in := route.Input{Facts: facts, Settings: w.settings, Roster: s.opt.Roster, Usable: usableIn(w.settings), Dice: dice, Pin: wished}
	if p := s.pinned(); p != nil && wished == "" {
		in.Pin = p.provider
	}
	return route.Decide(in)
}

// usableIn counts a provider's keys that could serve at all. A parked key
// counts: parking is the pool's business and may end by itself.
func usableIn(settings *config.Settings) func(string) int {
	return func(id string) int {
		if p := settings.Provider(id); p != nil {
			return p.Usable()
		}
		return 0
	}
}

// nearLine is how close an estimate must come to a rule's threshold before the
// prompt is counted exactly: the ratio of bytes to tokens varies by about that
// much between prompts of one kind.
const nearLine = 0.2

// estimate fills in the prompt's tokens, exactly where it could decide the way.
func (s *Server) estimate(c *call) {
	provider, model := "", c.facts.Model
	if c.world.primary != nil {
		provider = c.world.primary.ID
	}
	c.facts.Tokens = s.opt.Tokens.Estimate(provider, model, c.facts)
	for _, rule := range c.world.settings.Rules {
		line := float64(rule.When.TokensOver)
		if line == 0 || float64(c.facts.Tokens) < line*(1-nearLine) || float64(c.facts.Tokens) > line*(1+nearLine) {
			continue
		}
		if q, e := c.request.Hub(); e == nil {
			if exact, err := tokens.CountRequest(q); err == nil {
				c.facts.Tokens = exact
			}
		}
		return
	}
}

func (c *call) routed() event.Routed {
	chain := make([]string, len(c.decision.Chain))
	for i, step := range c.decision.Chain {
		chain[i] = step.Target.Provider + "/" + step.Model
	}
	return event.Routed{
		ID: c.id, Time: time.Now(), Client: c.client, Path: c.path, Model: c.facts.Model, Stream: c.facts.Stream,
		Tokens: c.facts.Tokens, Rule: c.decision.Rule, Reason: c.decision.Reason, Chain: chain,
	}
}
