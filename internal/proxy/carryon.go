package proxy

import (
	"net/http"
	"strconv"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/proxy/route"
	"github.com/glmtray/glmtray/internal/proxy/tokens"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// Where continue_streams is on, the commit point is no end of the hunt: an answer
// that breaks off after it is handed to the next provider, text and all, and the
// client gets one answer. What joins the two texts is in dialect.Joint.

// maxSeams bounds how many providers may take part in one answer after its first.
const maxSeams = 3

// continuedTrailer names who carried an answer on, and after how many bytes of its
// text, for each seam: "synthetic/hf:zai-org/GLM-5.2 after 1234". Its place is
// behind the body, since a stream's headers have gone long before.
const continuedTrailer = "X-Glmtray-Continued"

// carryOn gives the answer that goes on where this one has broken off, its first
// events in hand; nil if there is nothing to carry on or nobody to do it.
func (s *Server) carryOn(p *pump, out *sink, c *call, a *answer, joint *dialect.Joint, broken error) *answer {
	if joint == nil || !joint.Open() {
		return nil
	}
	end := c.fateOf(out, a, joint, broken)
	if end.failure == "" {
		return nil
	}
	from := a.step.Target.Provider
	if emit, whole := joint.Settle(); whole {
		p.send(out, emit)
		c.changed = append(c.changed, "ended with the tool calls that were complete: "+end.failure+" at "+from)
		a.ended(end.failure)
		return nil
	}
	if c.seams >= maxSeams {
		return nil
	}
	said := joint.Said()
	spent, _ := tokens.Count([]byte(said)) // an estimate will do where it cannot be counted
	ways := dialect.Ways(a.behind)
	if said == "" {
		ways = ways[:1] // there is nothing to hand over
	}
	for i, way := range ways {
		body, ok := c.request.Continue(said, way, spent)
		if !ok {
			return nil
		}
		if i == 0 { // only now: if nobody can go on, the end is told as ever
			a.ended(end.failure)
			a.close()
		}
		next, refused := s.anotherAnswer(c, a, body)
		if next != nil {
			joint.Resume(next.behind, c.ask(next), way, spent)
			c.joined(out.w.Header(), next, len(said), end.failure+" at "+from)
			c.spent = spent
			return next
		}
		if !refused {
			return nil
		}
	}
	return nil
}

// anotherAnswer goes through the other targets of the chain, and at last to the one
// that broke off, with a body of ours. refused is true if somebody did not take the
// request as it was said.
func (s *Server) anotherAnswer(c *call, a *answer, body []byte) (next *answer, refused bool) {
	request, err := dialect.Read(c.front, body)
	if err != nil {
		return nil, false
	}
	other := *c
	other.loan, other.original, other.body, other.request = nil, body, body, request
	other.decision.Chain = after(c.decision.Chain, a.step.Target)
	next, e := s.forward(c.in.Context(), &other)
	c.attempts, c.skipped, c.passed, c.waited, c.changed = other.attempts, other.skipped, other.passed, other.waited, other.changed
	switch {
	case e != nil:
		return nil, false
	case next.reply.Class == upstream.OK && !next.reply.Whole:
		return next, false
	}
	refused = next.reply.Class == upstream.CallerFault
	next.close()
	return nil, refused
}

// after turns a chain so that a target is its last.
func after(chain []route.Step, target config.Target) []route.Step {
	for i := range chain {
		if chain[i].Target == target {
			return append(append([]route.Step(nil), chain[i+1:]...), chain[:i+1]...)
		}
	}
	return chain
}

// joined writes a seam down: in the record, and in a trailer for the client.
func (c *call) joined(h http.Header, next *answer, said int, why string) {
	c.seams++
	c.answered = servedBy(next)
	who := next.step.Target.Provider + "/" + next.step.Model
	c.changed = append(c.changed, "carried on by "+who+" after "+strconv.Itoa(said)+" bytes: "+why)
	h.Add(http.TrailerPrefix+continuedTrailer, headerText(who+" after "+strconv.Itoa(said)))
}
