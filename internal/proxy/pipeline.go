package proxy

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/route"
	"github.com/glmtray/glmtray/internal/proxy/tokens"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// proxied serves one request that goes to a provider, from its admission to
// its record.
func (s *Server) proxied(w http.ResponseWriter, r *http.Request, world *world, id routeID, path, client string) {
	c := &call{
		id: s.nextID.next(), start: time.Now(), world: world, in: r, client: client,
		path: path, chat: id == routeChat,
	}
	s.count.requests.Add(1)
	s.count.inFlight.Add(1)
	defer s.count.inFlight.Add(-1)
	defer s.finish(c)
	w.Header()["X-Request-Id"] = []string{c.id}

	if s.pause.Load() != nil {
		s.fail(w, c, paused())
		return
	}
	if e := world.gate.enter(r.Context(), world.settings.QueueWait); e != nil {
		s.fail(w, c, e)
		return
	}
	defer world.gate.leave()

	if e := s.prepare(c); e != nil {
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

// prepare reads the request and decides where it should go.
func (s *Server) prepare(c *call) *chat.Error {
	var e *chat.Error
	if c.original, e = readBody(c.in, c.world.settings.MaxBody); e != nil {
		return e
	}
	c.query = s.cleanQuery(c.in.URL)
	if !c.chat {
		c.body = c.original
		return s.decideForward(c)
	}
	if e = c.look(); e != nil {
		return e
	}
	s.estimate(c)
	c.decision = s.decide(c.world, c.facts)
	if c.decision.Refused != nil {
		return c.decision.Refused
	}
	if s.opt.Bus.Watched() {
		s.opt.Bus.Publish(c.routed())
	}
	return nil
}

// decide asks route, which knows no clock and no lock.
func (s *Server) decide(w *world, facts chat.Facts) route.Decision {
	in := route.Input{Facts: facts, Settings: w.settings, Roster: s.opt.Roster, Usable: usableIn(w.settings)}
	if p := s.pinned(); p != nil {
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
		if exact, err := tokens.CountBody(c.original); err == nil {
			c.facts.Tokens = exact
		}
		return
	}
}

// decideForward sends any other path to the primary as it is.
func (s *Server) decideForward(c *call) *chat.Error {
	if strings.Contains(c.path, "..") || strings.Contains(c.path, "//") || c.path == "*" {
		return &chat.Error{
			Status: http.StatusBadRequest, Type: "invalid_request_error", Code: "bad_path",
			Message: "this path is not forwarded: " + strconv.Quote(c.path),
		}
	}
	p := c.world.primary
	if pin := s.pinned(); pin != nil {
		p = c.world.settings.Provider(pin.provider)
	}
	if p == nil || p.Usable() == 0 {
		return noProvider(c.world.settings)
	}
	c.decision = route.Decision{
		Rule: "forward", Reason: "not chat completions: to " + p.ID + " as it is",
		Chain: []route.Step{{Target: config.Target{Provider: p.ID, Model: "-"}}},
	}
	return nil
}

// noProvider answers where nothing at all is configured.
func noProvider(settings *config.Settings) *chat.Error {
	e := route.Decide(route.Input{
		Settings: &config.Settings{Providers: settings.Providers},
		Usable:   func(string) int { return 0 },
	}).Refused
	if e != nil {
		return e
	}
	return &chat.Error{
		Status: http.StatusServiceUnavailable, Type: "server_error", Code: "no_provider_key",
		Message: "no provider has a usable key", Hint: "add one with: glmtray keys add cerebras",
	}
}

// secretQuery are query values that are a client's credential.
var secretQuery = []string{"key", "api_key", "token", "access_token"}

// cleanQuery keeps the query but for credentials.
func (s *Server) cleanQuery(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	kept := make([]string, 0, 4)
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil || slices.Contains(secretQuery, strings.ToLower(plain)) {
			continue
		}
		if text, err := url.QueryUnescape(value); err != nil || s.isClientKey(text) {
			continue
		}
		kept = append(kept, pair)
	}
	return strings.Join(kept, "&")
}

func (s *Server) isClientKey(text string) bool {
	if s.opt.Clients == nil || text == "" {
		return false
	}
	_, ok := s.opt.Clients.Who(text)
	return ok
}

// answer is a reply that is ready for the client, with the key that is in use
// until the last byte.
type answer struct {
	reply *upstream.Reply
	lease *keypool.Lease
	step  route.Step
}

// forward walks the chain. It returns either an answer or the error that the
// client is told.
func (s *Server) forward(ctx context.Context, c *call) (*answer, *chat.Error) {
	var h hunt
	for i, step := range c.decision.Chain {
		p := c.world.settings.Provider(step.Target.Provider)
		if p == nil {
			continue // the settings were checked; a pin may name what a reload took away
		}
		t := &try{step: step, provider: p, last: i == len(c.decision.Chain)-1}
		a, next := s.visit(ctx, c, t, &h)
		switch next {
		case thenRelay:
			h.drop()
			return a, nil
		case thenStop:
			h.drop()
			return nil, s.final(c, &h)
		}
	}
	if h.kept != nil {
		kept := h.kept
		h.kept = nil
		return kept, nil
	}
	return nil, s.final(c, &h)
}

// try is the stay at one target of the chain.
type try struct {
	step     route.Step
	provider *config.Provider
	last     bool
	count    int      // tries at this provider
	once     bool     // a 500 or reset was already tried again
	used     []string // keys already tried, to be used again only if no other is ready
}

// hunt is what a request has met so far.
type hunt struct {
	errs    []error
	kept    *answer // a provider's own refusal (too long, model gone) to show if nobody answers
	failure *chat.Error
	leave   *chat.Error // set where the hunt ends at once
}

func (h *hunt) drop() {
	if h.kept != nil {
		h.kept.reply.Close()
		h.kept = nil
	}
}

// visit tries one target until it answers or is to be left.
func (s *Server) visit(ctx context.Context, c *call, t *try, h *hunt) (*answer, then) {
	for {
		lease, err := s.acquire(ctx, c, t)
		if err != nil {
			return nil, s.noKey(ctx, c, t, h, err)
		}
		if !lease.Valid() { // cooled by another request a moment ago
			lease.Release()
			continue
		}
		t.count++
		reply := s.send(ctx, c, t, lease)
		next := s.judge(c, t, lease, reply)
		switch next {
		case thenRelay:
			return &answer{reply: reply, lease: lease, step: t.step}, thenRelay
		case thenStop:
			lease.Release()
			reply.Close()
			h.leave = clientGone()
			return nil, thenStop
		}
		h.note(t, lease, reply)
		lease.Release()
		if next == thenNext || !s.again(ctx, c, t, next) {
			if ctx.Err() != nil {
				h.leave = clientGone()
				return nil, thenStop
			}
			return nil, thenNext
		}
	}
}

// acquire asks for a key. Only at the last target is it worth waiting long.
func (s *Server) acquire(ctx context.Context, c *call, t *try) (*keypool.Lease, error) {
	set := c.world.settings
	wait := set.ShortWait
	if t.last || !set.FallbackOnCooldown {
		wait = set.MaxWait
	}
	return s.opt.Pool.Acquire(ctx, keypool.Ask{
		Provider: t.provider.ID, Model: t.step.Model, Wait: wait, Avoid: t.used,
	})
}

// noKey says what follows when a target has no key to give.
func (s *Server) noKey(ctx context.Context, c *call, t *try, h *hunt, err error) then {
	var u *keypool.Unavailable
	if !errors.As(err, &u) {
		if ctx.Err() != nil {
			h.leave = clientGone()
		} else {
			h.failure = &chat.Error{Status: http.StatusInternalServerError, Type: "server_error", Code: "key_pool", Message: err.Error()}
		}
		return thenStop
	}
	h.errs = append(h.errs, err)
	c.skipped = append(c.skipped, err.Error())
	if u.Cooling && !c.world.settings.FallbackOnCooldown {
		return thenStop // wished so: a cooling primary is waited for, never passed by
	}
	return thenNext
}

// again decides whether the same provider is asked once more, and makes the
// short pause where the same key would be used at once.
func (s *Server) again(ctx context.Context, c *call, t *try, next then) bool {
	if t.count >= c.maxTries(t.provider) {
		return false
	}
	if next != thenSameOnce {
		return true
	}
	if t.once {
		return false
	}
	t.once = true
	if s.opt.Pool.Ready(t.provider.ID, t.step.Model).Ready > 1 {
		return true // another key is ready and Avoid makes it be taken
	}
	pause := time.NewTimer(samePause)
	defer pause.Stop()
	select {
	case <-pause.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// samePause is how long one waits before the same key is tried again after a
// lone 500 or reset: long enough for a connection or worker to be replaced.
const samePause = 250 * time.Millisecond

// maxTries is MAX_RETRIES, by default twice the provider's keys.
func (c *call) maxTries(p *config.Provider) int {
	if n := c.world.settings.MaxRetries; n > 0 {
		return n
	}
	return max(2, 2*p.Usable())
}

// note remembers a failure for the error that may have to be told.
func (h *hunt) note(t *try, lease *keypool.Lease, reply *upstream.Reply) {
	h.errs = append(h.errs, &attemptError{
		provider: t.provider.ID, key: lease.Key, class: class(reply.Class), reason: reply.Reason,
	})
	switch reply.Class {
	case upstream.ContextExceeded, upstream.ModelGone:
		h.drop()
		if reply.Whole {
			h.kept = &answer{reply: reply, step: t.step, lease: lease}
			return
		}
	}
	reply.Close()
}

// attemptError is one failed try in words.
type attemptError struct {
	provider, key string
	class         class
	reason        string
}

func (e *attemptError) Error() string {
	text := e.provider + "/" + e.key + ": " + upstream.Class(e.class).String()
	if e.reason != "" {
		text += ": " + e.reason
	}
	return text
}

// final is what the client is told when nobody answered.
func (s *Server) final(c *call, h *hunt) *chat.Error {
	if h.leave != nil {
		return h.leave
	}
	if h.failure != nil {
		return h.failure
	}
	told := make([]string, 0, len(h.errs))
	waiting := false // something will be had again by waiting for a key
	var last *attemptError
	for _, err := range h.errs {
		told = append(told, err.Error())
		var a *attemptError
		var u *keypool.Unavailable
		switch {
		case errors.As(err, &a):
			last = a
			waiting = waiting || a.class.limited()
		case errors.As(err, &u):
			waiting = waiting || !u.Until.IsZero() || u.Busy
		}
	}
	// A provider that is down may be up in a second: then waiting for another
	// one's key is not what the client should be told.
	if waiting && (last == nil || last.class.limited() || last.class.ofKey()) {
		until, keys := s.earliest(c)
		return exhausted(until, keys, told)
	}
	return failed(last, told)
}

// earliest finds out when the first key of the chain returns, and every key's
// state for those who ask.
func (s *Server) earliest(c *call) (time.Time, []keyReport) {
	var until time.Time
	var keys []keyReport
	for _, step := range c.decision.Chain {
		ready := s.opt.Pool.Ready(step.Target.Provider, step.Model)
		if ready.Ready > 0 {
			ready.Until = time.Now()
		}
		if !ready.Until.IsZero() && (until.IsZero() || ready.Until.Before(until)) {
			until = ready.Until
		}
		for _, k := range s.opt.Pool.Provider(step.Target.Provider) {
			keys = append(keys, reportOf(k))
		}
	}
	if until.IsZero() { // keys that are merely busy return at any moment
		until = time.Now().Add(busyReturn)
	}
	return until, keys
}

// busyReturn is what a client is told where keys wait for nothing but running
// requests to end.
const busyReturn = 5 * time.Second

// failed tells a failure that no waiting for a key mends.
func failed(last *attemptError, told []string) *chat.Error {
	e := &chat.Error{
		Status: http.StatusBadGateway, Type: "server_error", Code: "all_providers_failed",
		Message: "no provider answered this request: " + strings.Join(told, "; "),
	}
	switch {
	case last == nil || last.class.ofKey():
		e.Status, e.Code, e.Hint = http.StatusServiceUnavailable, "no_usable_key", "see: glmtray keys list"
		e.Header = http.Header{"X-Should-Retry": {"false"}}
	case last.class == class(upstream.Silent):
		e.Status = http.StatusGatewayTimeout
	case last.class == class(upstream.Overloaded):
		e.Status = http.StatusServiceUnavailable
	}
	return e
}

// class is an upstream.Class that knows what kind of failure it is.
type class upstream.Class

// limited: the account has used up what it may for now.
func (c class) limited() bool {
	switch upstream.Class(c) {
	case upstream.RateLimited, upstream.Concurrency, upstream.QuotaUntil:
		return true
	}
	return false
}

// ofKey: a person has to see to the key.
func (c class) ofKey() bool {
	switch upstream.Class(c) {
	case upstream.KeyRejected, upstream.AccountStopped, upstream.NotEntitled:
		return true
	}
	return false
}

func reportOf(k keypool.State) keyReport {
	r := keyReport{Provider: k.Provider, Name: k.Name, State: k.State, Reason: k.Reason}
	if !k.CoolUntil.IsZero() {
		r.Returns = max(0, time.Until(k.CoolUntil).Seconds())
	}
	return r
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
