package proxy

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/route"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// answer is a reply that is ready for the client, with the key that is in use
// until the last byte.
type answer struct {
	reply   *upstream.Reply
	lease   *keypool.Lease
	step    route.Step        // as it was sent
	behind  dialect.Name      // that the provider was spoken to in
	names   map[string]string // tools by other names, see dialect.Sent
	context int               // tokens that the model holds; 0: not known
	body    []byte            // of a whole answer: what the client gets
	failure upstream.Class    // of an error in mid-stream; OK: none was read
	closing *time.Timer       // closes a stream that has ended
	told    bool              // the pool knows how it ended
}

// ended tells the pool once how a stream ended; failure "" means well.
func (a *answer) ended(failure string) {
	switch {
	case a.told:
	case failure == "":
		a.lease.Answered()
	default:
		a.lease.Broke(failure)
	}
	a.told = true
}

// close gives back what the answer holds. It may be called more than once.
func (a *answer) close() {
	a.lease.Release()
	if a.closing != nil {
		a.closing.Stop()
	}
	if a.reply != nil {
		a.reply.Close()
	}
}

// try is the stay at one target of the chain.
type try struct {
	step     route.Step
	at       int // in the chain
	provider *config.Provider
	last     bool     // nobody after it could serve sooner
	count    int      // tries at this provider
	once     bool     // a 500 or reset was already tried again
	used     []string // keys already tried, to be used again only if no other is ready
}

// forward walks the chain. It returns either an answer or the error that the
// client is told.
func (s *Server) forward(ctx context.Context, c *call) (*answer, *chat.Error) {
	var h hunt
	for round := 0; round == 0 || s.onceMore(c, &h, round); round++ {
		if a, next := s.walk(ctx, c, &h); next == thenRelay {
			return a, nil
		} else if next == thenStop {
			break
		}
	}
	return s.final(c, &h)
}

// walk goes through the chain once.
func (s *Server) walk(ctx context.Context, c *call, h *hunt) (*answer, then) {
	for i, step := range c.decision.Chain {
		p := c.world.settings.Provider(step.Target.Provider)
		if p == nil {
			continue // the settings were checked; a pin may name what a reload took away
		}
		if a, next := s.visit(ctx, c, &try{step: step, at: i, provider: p}, h); next != thenNext {
			return a, next
		}
	}
	return nil, thenNext
}

// visit tries one target until it answers or is to be left.
func (s *Server) visit(ctx context.Context, c *call, t *try, h *hunt) (*answer, then) {
	for {
		a, next := s.attempt(ctx, c, t, h)
		switch {
		case next == thenRelay || next == thenStop:
			return a, next
		case ctx.Err() != nil:
			h.leave = clientGone()
			return nil, thenStop
		case next == thenNext:
			return nil, next
		case s.again(ctx, c, t, next):
			continue
		case ctx.Err() != nil:
			h.leave = clientGone()
			return nil, thenStop
		case h.limited && !c.world.settings.FallbackOnCooldown:
			return nil, thenStop // as in noKey
		}
		return nil, thenNext
	}
}

// attempt makes one try with one key. What it holds is given back on every way
// out but one, a panic among them: an answer to relay keeps it.
func (s *Server) attempt(ctx context.Context, c *call, t *try, h *hunt) (a *answer, next then) {
	lease, err := s.acquire(ctx, c, t)
	if err != nil {
		return nil, s.noKey(ctx, c, t, h, err)
	}
	if c.keep && t.count == 0 {
		s.passed(c, t, lease.Key)
	}
	held := &answer{lease: lease, step: t.step}
	defer func() {
		if next != thenRelay {
			held.close()
		}
	}()
	t.count++
	held.reply = s.send(ctx, c, t, held)
	switch verdict := s.judge(c, t, held); verdict {
	case thenRelay:
		return held, thenRelay
	case thenStop:
		h.leave = clientGone()
		return nil, thenStop
	default:
		h.note(t, held)
		return nil, verdict
	}
}

// keyChanges bounds how often a request takes another key because the settings
// were swapped under it.
const keyChanges = 8

// acquire asks for a key. Only where nobody else could serve sooner is it worth
// waiting long. A key that another request has cooled a moment ago is given
// back unused.
func (s *Server) acquire(ctx context.Context, c *call, t *try) (*keypool.Lease, error) {
	now := time.Now()
	t.last = s.isLast(c, t, now)
	defer c.waitedFor(now)
	ask := s.wish(c, t.step, t.provider)
	ask.Wait, ask.Avoid = waitAt(c.world.settings, t.last), t.used
	ask.Passes = !t.last && c.world.settings.FallbackOnCooldown
	until := now.Add(ask.Wait)
	for strange := 0; strange < keyChanges; ask.Wait = time.Until(until) {
		lease, err := s.opt.Pool.Acquire(ctx, ask)
		if err != nil {
			return nil, err
		}
		valid := lease.Valid()
		if valid && s.belongs(t, lease) {
			return lease, nil
		}
		if valid {
			strange++
		}
		lease.Release()
	}
	return nil, &keypool.Unavailable{Provider: ask.Provider, Model: ask.Model, Busy: true}
}

// waitAt is how long a key is waited for.
func waitAt(set *config.Settings, last bool) time.Duration {
	if last || !set.FallbackOnCooldown {
		return set.MaxWait
	}
	return set.ShortWait
}

// isLast reports whether there is nobody behind a target who could serve, or
// will within the longest wait and before a key of this target returns: then it
// is here that one waits.
func (s *Server) isLast(c *call, t *try, now time.Time) bool {
	behind := c.decision.Chain[t.at+1:]
	if len(behind) == 0 {
		return true
	}
	var first time.Time // return of a key behind
	for _, step := range behind {
		ask := s.wishAt(c, step)
		r := s.opt.Pool.Outlook(&ask, now)
		if r.Ready > 0 || r.Busy {
			return false
		}
		if !r.Until.IsZero() && (first.IsZero() || r.Until.Before(first)) {
			first = r.Until
		}
	}
	if first.IsZero() || first.Sub(now) > c.world.settings.MaxWait {
		return true
	}
	ask := s.wish(c, t.step, t.provider)
	mine := s.opt.Pool.Outlook(&ask, now)
	return !mine.Until.IsZero() && !first.Before(mine.Until)
}

// belongs makes sure that a key goes nowhere but to the address it is bound to.
// The settings may have been swapped while the request waited; then the pool
// gives keys that the old settings' address must never see, and the provider is
// taken from the new ones.
func (s *Server) belongs(t *try, lease *keypool.Lease) bool {
	if names(t.provider, lease) {
		return true
	}
	s.apply.Lock() // an Apply that has told the pool is about to change the world
	p := s.Settings().Provider(t.provider.ID)
	s.apply.Unlock()
	if p == nil || !names(p, lease) {
		return false
	}
	t.provider = p
	return true
}

// names reports whether a provider's settings have that very key.
func names(p *config.Provider, lease *keypool.Lease) bool {
	for i := range p.Keys {
		if k := &p.Keys[i]; k.Name == lease.Key {
			return k.Secret.Equal(lease.Secret) && p.Endpoint(k.Endpoint).ID == lease.Endpoint
		}
	}
	return false
}

// noKey says what follows when a target has no key to give.
func (s *Server) noKey(ctx context.Context, c *call, t *try, h *hunt, err error) then {
	var u *keypool.Unavailable
	if !errors.As(err, &u) {
		if ctx.Err() != nil {
			h.leave = clientGone()
		} else {
			h.leave = &chat.Error{Status: http.StatusInternalServerError, Type: "server_error", Code: "key_pool", Message: err.Error()}
		}
		return thenStop
	}
	h.refused(t, u)
	c.skipped = append(c.skipped, err.Error())
	if c.keep {
		s.passed(c, t, "")
	}
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
