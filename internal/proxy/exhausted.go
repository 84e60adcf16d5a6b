package proxy

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/route"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// hunt is what a request has met so far.
type hunt struct {
	told    []string      // each failed try and passed-over target, in words
	waits   []route.Step  // where a key will return, or become free, by itself
	limited bool          // the last try ended in a limit
	down    *attemptError // the last failure of a provider
	soon    bool          // one of those may pass at any moment: it was not told when
	kept    *answer       // a provider's own refusal (too long, model gone), to show if nobody answers
	refusal *chat.Error   // the same where the provider's own answer cannot be shown
	context int           // of the model that refused so, in tokens; 0: not known
	leave   *chat.Error   // set where the hunt ends at once
}

// attemptError is one failed try in words.
type attemptError struct {
	provider, key string
	class         upstream.Class
	reason        string
}

func (e *attemptError) Error() string {
	return e.provider + "/" + e.key + ": " + e.class.String() + colonWords(e.reason)
}

// note remembers a failed try for the error that may have to be told.
func (h *hunt) note(t *try, a *answer) {
	e := &attemptError{provider: t.provider.ID, key: a.lease.Key, class: a.reply.Class, reason: a.reply.Reason}
	h.told = append(h.told, e.Error())
	h.limited = false
	switch e.class {
	case upstream.RateLimited, upstream.Concurrency, upstream.QuotaUntil:
		h.limited = true
		h.waits = append(h.waits, a.step)
	case upstream.ContextExceeded, upstream.ModelGone:
		h.keep(a, e)
	case upstream.KeyRejected, upstream.AccountStopped, upstream.NotEntitled:
		// A person has to see to the key.
	default:
		h.down = e
		if a.reply.Until.IsZero() {
			h.soon = true
		} else {
			h.waits = append(h.waits, a.step)
		}
	}
}

// keep holds on to a provider's refusal. That a prompt is too long counts for
// more than that a model is gone, and of two the later target's.
func (h *hunt) keep(a *answer, e *attemptError) {
	tooLong := e.class == upstream.ContextExceeded
	if !tooLong && (h.refusal != nil || (h.kept != nil && h.kept.reply.Class == upstream.ContextExceeded)) {
		return
	}
	if a.reply.Whole && a.reply.Status >= http.StatusBadRequest {
		h.kept, h.refusal = a, nil
		return
	}
	if !tooLong {
		return // said inside of a 200: nobody's model list is that wrong but for a moment
	}
	h.context = a.context
	h.kept, h.refusal = nil, &chat.Error{
		Status: http.StatusBadRequest, Type: "invalid_request_error", Code: "context_length_exceeded", Param: "messages",
		Message: e.Error(),
	}
}

// refused remembers a target that had no key to give.
func (h *hunt) refused(t *try, u *keypool.Unavailable) {
	h.told = append(h.told, u.Error())
	if u.Down && !u.Busy && !u.Cooling {
		h.down, h.soon = &attemptError{provider: t.provider.ID, class: upstream.Refused, reason: u.Error()}, true
		return
	}
	if u.Busy || u.Cooling { // else all that would end is a bar, which a person has to see to
		h.waits = append(h.waits, t.step)
	}
}

// final is what the client gets when nobody answered. A prompt that is too long
// comes first: making it shorter helps at once. Then a provider that is down,
// which may be up in a second, so that waiting for another one's key is not what
// the client should be told, unless all that are down have told how long; then the
// keys that return; then the rest.
func (s *Server) final(c *call, h *hunt) (*answer, *chat.Error) {
	switch {
	case h.leave != nil:
		return nil, h.leave
	case h.refusal != nil:
		c.tooLong(h.refusal, h.context)
		return nil, h.refusal
	case h.kept != nil && (h.kept.reply.Class == upstream.ContextExceeded || (h.down == nil && len(h.waits) == 0)):
		return h.kept, nil
	case h.down != nil:
		e := h.failed()
		if !h.soon {
			e.Header = retryIn(retryAfter(s.earliest(c, h.waits)))
		}
		return nil, e
	case len(h.waits) > 0:
		until := s.earliest(c, h.waits)
		return nil, exhausted(c.front, until, s.reports(c), h.told)
	}
	return nil, h.noUsableKey()
}

// failed tells of providers that are down.
func (h *hunt) failed() *chat.Error {
	e := &chat.Error{
		Status: http.StatusBadGateway, Type: "server_error", Code: "all_providers_failed",
		Message: "no provider answered this request: " + strings.Join(h.told, "; "),
	}
	switch h.down.class {
	case upstream.Silent:
		e.Status = http.StatusGatewayTimeout
	case upstream.Overloaded:
		e.Status = http.StatusServiceUnavailable
	}
	return e
}

// noUsableKey tells of keys that only a person can help.
func (h *hunt) noUsableKey() *chat.Error {
	return &chat.Error{
		Status: http.StatusServiceUnavailable, Type: "server_error", Code: "no_usable_key",
		Message: "no provider has a key that can serve this request: " + strings.Join(h.told, "; "),
		Hint:    "see: glmtray keys list",
		Header:  http.Header{"X-Should-Retry": {"false"}},
	}
}

// busyReturn is what a client is told where keys wait for nothing but running
// requests to end.
const busyReturn = 5 * time.Second

// earliest finds out when the first key returns to where one was missing.
func (s *Server) earliest(c *call, steps []route.Step) time.Time {
	now := time.Now()
	var first time.Time
	for _, step := range steps {
		ask := s.wishAt(c, step)
		r := s.opt.Pool.Outlook(&ask, now)
		until := r.Until
		switch {
		case r.Ready > 0:
			until = now // it has returned meanwhile
		case r.Busy:
			until = now.Add(busyReturn)
		case until.IsZero():
			continue // parked since
		}
		if first.IsZero() || until.Before(first) {
			first = until
		}
	}
	if first.IsZero() {
		return now.Add(busyReturn)
	}
	return first
}

// keyReport is one key's state in an error body.
type keyReport struct {
	Provider string  `json:"provider"`
	Name     string  `json:"name"`
	State    string  `json:"state"`
	Returns  float64 `json:"returns_in,omitempty"` // seconds
	Reason   string  `json:"reason,omitempty"`
}

// reports gives the state of every key of the chain.
func (s *Server) reports(c *call) []keyReport {
	var seen []string
	var keys []keyReport
	for _, step := range c.decision.Chain {
		provider := step.Target.Provider
		if slices.Contains(seen, provider) {
			continue
		}
		seen = append(seen, provider)
		for _, k := range s.opt.Pool.Provider(provider) {
			keys = append(keys, keyReport{
				Provider: k.Provider, Name: k.Name, State: k.State, Reason: k.Reason, Returns: secondsUntil(k.CoolUntil),
			})
		}
	}
	return keys
}
