package proxy

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// Record is everything that is known of one request once it is over.
type Record struct {
	event.Finished
	Header   http.Header // the client's; whoever keeps it picks from an allow-list
	Request  []byte      // the body as the client sent it
	Answer   []byte      // what the client got, up to 4 MiB
	Cut      bool        // Answer is not all of it
	Answered http.Header // the provider's, or that of an error of our own
	Tries    []Attempt
	Why      event.Why // only where bodies are kept
}

// Attempt is one try, as a record keeps it.
type Attempt struct {
	Provider, Model, Key string
	Status               int
	Class, Reason        string
	Took                 time.Duration
	Body                 []byte // what was sent, nil if it was the client's body as it came
}

// fail answers with an error of our own.
func (s *Server) fail(w http.ResponseWriter, c *call, e *chat.Error) {
	c.out.status, c.out.word, c.out.err = e.Status, e.Code, e.Error()
	h := w.Header()
	if len(c.attempts) > 0 {
		last := c.attempts[len(c.attempts)-1]
		h.Set("X-Glmtray-Provider", last.Provider)
		h.Set("X-Glmtray-Key", headerText(last.Key))
		h.Set("X-Glmtray-Model", headerText(last.Model))
	}
	if c.decision.Rule != "" {
		h.Set("X-Glmtray-Route", headerText(c.decision.Rule+": "+c.decision.Reason))
	}
	h.Set("X-Glmtray-Attempts", itoa(len(c.attempts)))
	if c.decision.Variant != "" {
		h.Set("X-Glmtray-Variant", c.variant)
	}
	if e.Status == statusClientGone {
		panic(http.ErrAbortHandler) // whoever may still be there must not take silence for an empty answer
	}
	c.out.begun, c.out.firstByte = true, time.Since(c.start)
	body := writeError(w, c.front, c.id, e)
	c.out.sent = int64(len(body))
	if c.keep {
		c.out.response, c.out.header = body, h.Clone() // failures are recorded as answers are
	}
}

// finish leaves one record, one event and one line in the log, whatever
// happened. A panic (a broken off answer) passes through after it. Where tokens
// are to be counted first that happens beside the request, a moment later.
func (s *Server) finish(c *call) {
	f := c.finished()
	if f.Outcome != "ok" && f.Status != statusClientGone {
		s.count.failed.Add(1)
	}
	s.counter.complete(s, c, f)
}

// publish is what finish leaves.
func (s *Server) publish(c *call, f event.Finished) {
	s.countRequest(c, &f)
	s.opt.Bus.Publish(f)
	s.logLine(c, &f)
	if s.opt.Recorder == nil {
		return
	}
	r := Record{Finished: f, Tries: make([]Attempt, len(c.attempts))}
	for i, a := range c.attempts {
		r.Tries[i] = Attempt{
			Provider: a.Provider, Model: a.Model, Key: a.Key, Status: a.Status,
			Class: a.Class.String(), Reason: a.Reason, Took: a.Took, Body: a.Body,
		}
	}
	if c.keep {
		r.Header, r.Request, r.Answer = c.in.Header, c.original, c.out.response
		r.Cut, r.Answered, r.Why = c.out.cut, c.out.header, c.why()
	}
	s.opt.Recorder.Record(r)
}

func (c *call) finished() event.Finished {
	f := event.Finished{
		ID: c.id, Time: c.start, Client: c.client, Method: c.in.Method, Path: c.in.URL.Path,
		Asked: c.facts.Model, Provider: c.answered.provider, Model: c.answered.model, Key: c.answered.key,
		Rule: c.decision.Rule, Reason: c.decision.Reason, Attempts: len(c.attempts), Status: c.out.status,
		Stream: c.facts.Stream, Outcome: c.out.word, Error: c.out.err,
		In: int64(len(c.original)), Out: c.out.sent,
		FirstByte: c.out.firstByte, Streamed: c.out.streamed, Took: time.Since(c.start), Waited: c.waited,
		Changed: c.changed, Variant: c.variant,
	}
	if p := c.world.settings.Provider(f.Provider); p != nil {
		f.Demo = p.Demo
	}
	if f.Outcome == "" {
		f.Outcome = "broken off"
	}
	if f.Outcome == clientLeft || f.Outcome == "client_gone" {
		f.Status = statusClientGone
	}
	return f
}

// CanonicalLine is the message of the one line that each request leaves in the log.
const CanonicalLine = "request"

// logLine writes the one canonical line of a request.
func (s *Server) logLine(c *call, f *event.Finished) {
	level := slog.LevelInfo
	if f.Status >= 500 || f.Error != "" {
		level = slog.LevelWarn
	}
	ctx := context.Background()
	if !s.log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 24)
	attrs = append(
		attrs,
		slog.String("id", f.ID), slog.String("path", f.Path), slog.Int("status", f.Status),
		slog.String("outcome", f.Outcome), slog.String("asked", f.Asked), slog.String("provider", f.Provider),
		slog.String("model", f.Model), slog.String("key", f.Key), slog.String("rule", f.Rule),
		slog.String("reason", f.Reason), slog.Int("attempts", f.Attempts),
		slog.Int64("ms", f.Took.Milliseconds()), slog.Int64("first_ms", f.FirstByte.Milliseconds()),
		slog.Int64("in", f.In), slog.Int64("out", f.Out),
	)
	if f.Client != "" {
		attrs = append(attrs, slog.String("client", f.Client))
	}
	if ms := f.Waited.Milliseconds(); ms > 0 {
		attrs = append(attrs, slog.Int64("waited_ms", ms))
	}
	if f.Tokens.Prompt+f.Tokens.Completion > 0 {
		attrs = append(attrs, slog.Int("prompt", f.Tokens.Prompt), slog.Int("completion", f.Tokens.Completion))
	}
	if f.Counted {
		attrs = append(attrs, slog.String("counted_as", c.world.settings.TokenizerModel))
	}
	if f.Cost != nil {
		attrs = append(attrs, slog.Float64("usd", *f.Cost), slog.Bool("plan", f.CostEquivalent))
	}
	if tried := c.trail(); tried != "" {
		attrs = append(attrs, slog.String("tried", tried))
	}
	if len(f.Changed) > 0 {
		attrs = append(attrs, slog.String("changed", strings.Join(f.Changed, ", ")))
	}
	if f.Error != "" {
		attrs = append(attrs, slog.String("error", f.Error))
	}
	r := slog.NewRecord(time.Now(), level, CanonicalLine, 0) // a Logger would look for the caller, which no line names
	r.AddAttrs(attrs...)
	_ = s.log.Handler().Handle(ctx, r) // as in slog itself
}

// trail tells the failed tries and passed-over targets in words.
func (c *call) trail() string {
	var words []string
	for _, a := range c.attempts {
		if a.Class != upstream.OK {
			words = append(words, a.Provider+"/"+a.Key+" "+a.Class.String())
		}
	}
	return strings.Join(append(words, c.skipped...), "; ")
}
