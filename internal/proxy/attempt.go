package proxy

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// send makes one try with one key. It starts from the client's own bytes.
func (s *Server) send(ctx context.Context, c *call, t *try, a *answer) *upstream.Reply {
	lease := a.lease
	address := t.provider.Endpoint(lease.Endpoint).Address(behindOf(c.front)...)
	a.behind = dialect.Name(address.Dialect)
	fit := s.fitFor(c, t, a.behind)
	a.context = fit.Context
	sent, held, e := c.fit(fit)
	if e != nil { // the request itself cannot be said there
		return &upstream.Reply{
			Status: e.Status, Header: http.Header{}, Class: upstream.CallerFault, Reason: e.Error(), Told: e, Whole: true,
		}
	}
	a.names = sent.Names
	out := upstream.Call{
		Provider: t.provider, Address: address, Method: c.in.Method, Path: c.path, Query: c.query,
		Header: c.in.Header, Body: sent.Body, Secret: lease.Secret, Model: t.step.Model,
		Stream: c.chat && c.facts.Stream, Plain: !c.chat, RequestID: c.id,
		Patience: patience(c, t), Done: held.release,
	}
	if c.chat {
		out.Path = dialect.Path(a.behind)
	} else if a.behind == dialect.Anthropic {
		out.Path = "/v1" + out.Path // its base URLs end before the version
	}
	if c.chat && a.behind != c.front {
		out.Query = "" // it is in the client's dialect
	}
	began := time.Now()
	reply := s.opt.Sender.Send(ctx, &out)
	a.reply = reply
	c.check(a)
	s.noteAttempt(c, t, lease, reply, time.Since(began), sent.Body)
	if reply.Class == upstream.OK {
		c.changed = append(c.changed, sent.Changed...)
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
func (c *call) fit(fit dialect.Fit) (sent dialect.Sent, held *loan, e *chat.Error) {
	sent, held = dialect.Sent{Body: c.body}, c.loan
	if c.chat {
		room := len(c.body) + spareRoom
		if fit.Dialect != c.front {
			room += len(c.body) / 8 // written anew, with other escapes
		}
		spare := lend(room, !c.keep)
		sent, e = c.request.For(fit, spare.buf)
		if e != nil || !same(sent.Body, c.body) {
			return sent, spare, e
		}
		spare.release()
	}
	if held == nil { // there is no body
		held = lend(0, false)
	}
	return sent, held.share(), nil
}

// spareRoom is what a body may grow by when it is made to fit.
const spareRoom = 512

// same reports whether two slices are one.
func same(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// check says a whole answer in the client's words, as a stream if it wants one,
// while another provider may still be asked if that cannot be done.
func (c *call) check(a *answer) {
	reply := a.reply
	if reply.Class != upstream.OK || !reply.Whole || !c.chat {
		return
	}
	err := c.gather(a)
	switch {
	case err != nil:
	case c.facts.Stream:
		a.body, err = dialect.WholeAsStream(a.behind, c.ask(a), reply.Head)
	default:
		a.body, err = dialect.Whole(a.behind, c.ask(a), reply.Head)
	}
	a.body = text(a.body)
	if err != nil {
		reply.Class, reply.Reason, reply.Err = upstream.Malformed, "an answer that is none: "+err.Error(), err
	}
}

// gather makes one body of a stream that came in place of a whole answer.
func (c *call) gather(a *answer) (err error) {
	reply := a.reply
	if !reply.EventStream {
		return nil
	}
	if reply.Head, err = dialect.StreamAsWhole(a.behind, c.ask(a), reply.Head); err != nil {
		return err
	}
	found := dialect.ReadCompletion(a.behind, reply.Head)
	reply.EventStream, reply.Model, reply.Usage = false, found.Model, found.Usage
	return nil
}

// ask is what an answer is put together with.
func (c *call) ask(a *answer) dialect.Ask {
	return dialect.Ask{
		Request: c.request, Provider: a.step.Target.Provider, Model: a.step.Model, ID: c.id,
		Tokens: c.facts.Tokens, Names: a.names, Created: c.start.Unix(),
	}
}

// fitFor says how a body is made to fit a provider.
func (s *Server) fitFor(c *call, t *try, behind dialect.Name) dialect.Fit {
	limit := "max_completion_tokens"
	if other, ok := t.provider.Refuses.Rename[limit]; ok {
		limit = other
	}
	info := s.opt.Roster.Info(t.provider, t.step.Model)
	return dialect.Fit{
		Dialect: behind, Provider: t.provider.ID, Model: t.step.Model, Author: t.provider.ID == config.AnthropicID,
		NoImages: blind(t, info), Context: info.Context, MaxModel: info.MaxOutput, Prompt: atLeast(c.facts.Tokens, info.Context),
		MaxOutput: t.provider.Limits.MaxOutput, MaxOutputField: limit, Efforts: info.EffortList(),
		Refuses: dialect.Refuses(t.provider.Refuses), Traits: dialect.Traits(t.provider.Traits),
	}
}

// atLeast is what the prompt surely takes of a model's context, in tokens, for the
// bound of an output limit: the estimate's low side, and never so much that no
// answer is left. A prompt that does not fit is the provider's to refuse.
func atLeast(tokens, context int) int {
	const answer = 1024 // tokens
	tokens -= tokens / 10
	if context > answer {
		tokens = min(tokens, context-answer)
	}
	return tokens
}

// blind reports whether the model of a try is known to take no pictures, by the
// same knowledge that routing goes by: a vision model is never doubted, and of an
// id that a person wrote into a rule only the catalogue and the settings count.
func blind(t *try, info config.ModelInfo) bool {
	role, isRole := t.step.Target.Role()
	switch {
	case info.Vision || (isRole && role == config.Vision):
		return false
	case isRole:
		return info != (config.ModelInfo{})
	}
	_, known := t.provider.Models[t.step.Model]
	return known
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
	s.countTry(c, &a)
	c.attempts = append(c.attempts, a)
	s.limits.note(t.provider.ID, accountOf(lease), reply.Limits)
	c.learn(lease, reply)
	if s.opt.Bus.Watched() {
		s.opt.Bus.Publish(event.Attempted{
			ID: c.id, Time: time.Now(), N: len(c.attempts), Provider: a.Provider, Model: a.Model, Key: a.Key,
			Status: a.Status, Class: a.Class.String(), Reason: a.Reason, Took: took,
		})
	}
}

// judge looks the reply up in Verdicts, tells the key, and says what is next.
func (s *Server) judge(c *call, t *try, a *answer) then {
	v, reply := Verdicts[a.reply.Class], a.reply
	if !c.chat {
		v = c.plainVerdict(t, reply)
	}
	t.tell(a, v.key)
	if v.then == thenRole {
		return s.modelGone(c, t, reply)
	}
	return v.then
}

// tell tells the key what a reply means for it.
func (t *try) tell(a *answer, act keyAct) {
	reply, lease := a.reply, a.lease
	switch act {
	case keyKeep:
		if reply.Class == upstream.OK {
			lease.OK()
		}
	case keyCool:
		lease.Throttle(reply.Until, reply.Reason)
	case keyUntil:
		lease.Cool(reply.Until, reply.Reason)
	case keySlow:
		lease.Slow(reply.Until, reply.Reason)
	case keyTold, keySecond:
		switch {
		case !reply.Until.IsZero():
			lease.Cool(reply.Until, reply.Reason)
		case act == keySecond:
			lease.Fail(reply.Reason)
		}
	case keyBar:
		lease.Bar(t.step.Model, reply.Reason, reply.Until)
	case keyPark:
		lease.Park(reply.Reason)
	}
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
func accountOf(l *keypool.Lease) string { return cmp.Or(l.Account, l.Key) }
