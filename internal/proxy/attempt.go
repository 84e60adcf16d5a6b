package proxy

import (
	"context"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// send makes one try with one key. It starts from the client's own bytes.
func (s *Server) send(ctx context.Context, c *call, t *try, lease *keypool.Lease) *upstream.Reply {
	endpoint := t.provider.Endpoint(lease.Endpoint)
	body, changed, held := c.fit(t)
	out := upstream.Call{
		Provider: t.provider, Endpoint: endpoint, Method: c.in.Method, Path: c.path, Query: c.query,
		Header: c.in.Header, Body: body, Secret: lease.Secret, Model: t.step.Model,
		Stream: c.chat && c.facts.Stream, Plain: !c.chat, RequestID: c.id,
		Patience: patience(c, t), Done: held.release,
	}
	began := time.Now()
	reply := s.opt.Sender.Send(ctx, &out)
	c.check(reply)
	s.noteAttempt(c, t, lease, reply, time.Since(began), body)
	if reply.Class == upstream.OK {
		c.changed = append(c.changed, changed...)
	}
	return reply
}

// giveBack ends the request's own use of its body. From here on nothing of the
// call may look at it.
func (c *call) giveBack() {
	if c.loan != nil {
		c.loan.release()
	}
}

// fit gives the body for one provider, and the use of the buffer that it is in.
func (c *call) fit(t *try) (body []byte, changed []string, held *loan) {
	body, held = c.body, c.loan
	if c.chat {
		spare := lend(len(c.body)+spareRoom, !c.keep)
		body, changed = c.request.For(fitFor(t), spare.buf)
		if !same(body, c.body) {
			return body, changed, spare
		}
		spare.release()
	}
	if held == nil { // there is no body
		held = lend(0, false)
	}
	return body, changed, held.share()
}

// spareRoom is what a body may grow by when it is made to fit.
const spareRoom = 512

// same reports whether two slices are one.
func same(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// check finds out whether a whole answer can be told as the stream that the
// client wants, while another provider may still be asked.
func (c *call) check(reply *upstream.Reply) {
	if reply.Class != upstream.OK || !reply.Whole || !c.chat || !c.facts.Stream {
		return
	}
	if _, err := dialect.StreamOf(reply.Head); err != nil {
		reply.Class, reply.Reason, reply.Err = upstream.Malformed, "an answer that is no chat completion", err
	}
}

// fitFor says how a body is made to fit a provider.
func fitFor(t *try) dialect.Fit {
	limit := "max_completion_tokens"
	if other, ok := t.provider.Refuses.Rename[limit]; ok {
		limit = other
	}
	return dialect.Fit{
		Model: t.step.Model, MaxOutput: t.provider.Limits.MaxOutput, MaxOutputField: limit,
		Refuses: dialect.Refuses(t.provider.Refuses),
	}
}

// patience is longest at the last target: there is nobody left to ask.
func patience(c *call, t *try) time.Duration {
	if !c.facts.Stream || !t.last {
		return 0 // the provider's own
	}
	return max(t.provider.Limits.FirstEvent, c.world.settings.LastPatience)
}

// noteAttempt writes the try down and shows it.
func (s *Server) noteAttempt(c *call, t *try, lease *keypool.Lease, reply *upstream.Reply, took time.Duration, body []byte) {
	t.used = append(t.used, lease.Key)
	a := attempt{
		Provider: t.provider.ID, Model: t.step.Model, Key: lease.Key, Status: reply.Status,
		Class: reply.Class, Reason: reply.Reason, Took: took,
	}
	if c.keep && !same(body, c.original) {
		a.Body = body
	}
	c.attempts = append(c.attempts, a)
	s.limits.note(t.provider.ID, accountOf(lease), reply.Limits)
	if s.opt.Bus.Watched() {
		s.opt.Bus.Publish(event.Attempted{
			ID: c.id, Time: time.Now(), N: len(c.attempts), Provider: a.Provider, Model: a.Model, Key: a.Key,
			Status: a.Status, Class: a.Class.String(), Reason: a.Reason, Took: took,
		})
	}
}

// judge looks the reply up in Verdicts, tells the key, and says what is next.
func (s *Server) judge(c *call, t *try, a *answer) then {
	v, reply, lease := Verdicts[a.reply.Class], a.reply, a.lease
	if !c.chat {
		v = c.plainVerdict(t, reply)
	}
	switch v.key {
	case keyKeep:
		if reply.Class == upstream.OK {
			lease.OK()
		}
	case keyCool, keyUntil:
		lease.Cool(reply.Until, reply.Reason)
	case keySlow:
		lease.Slow(reply.Until, reply.Reason)
	case keySecond:
		lease.Fail(reply.Reason)
	case keyBar:
		lease.Bar(t.step.Model, reply.Reason, reply.Until)
	case keyPark:
		lease.Park(reply.Reason)
	}
	if v.then == thenRole {
		return s.modelGone(c, t, reply)
	}
	return v.then
}

// goneFor is how long a model that a provider no longer has is not asked for.
const goneFor = 24 * time.Hour

// modelGone remembers that a provider has not got a model and takes the role's
// in its place. The key is not to blame, so it is used again.
func (s *Server) modelGone(c *call, t *try, reply *upstream.Reply) then {
	if s.opt.Roster.Gone(t.provider.ID, t.step.Model, time.Now().Add(goneFor), reply.Reason) {
		s.log.Warn("model gone", "provider", t.provider.ID, "model", t.step.Model, "said", reply.Reason)
		s.opt.Bus.Publish(event.ServerChanged{
			Time: time.Now(), State: "models", Detail: t.provider.ID + " no longer has " + t.step.Model,
		})
	}
	role, ok := t.step.Target.Role()
	if !ok {
		role = config.Large
	}
	if c.facts.Images {
		role = config.Vision // a large model may see nothing
	}
	id, ok := s.opt.Roster.Role(t.provider, role)
	if !ok || id == t.step.Model {
		return thenNext
	}
	t.used = nil
	t.step.Model, t.step.Why = id, "it stands in for a model that "+t.provider.ID+" no longer has"
	return thenSame
}

// accountOf names what a limit belongs to.
func accountOf(l *keypool.Lease) string {
	if l.Account != "" {
		return l.Account
	}
	return l.Key
}
