package proxy

import (
	"context"
	"runtime/debug"
	"sync"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/proxy/tokens"
)

const (
	// taped is how much of a stream is kept as it came. What is more is read by
	// the counter meanwhile, which leaves the text: a tenth of it. Most answers of
	// agents (2,000 tokens) end before.
	taped = 512 << 10
	// tapeBegins is the room that a tape begins with.
	tapeBegins = 16 << 10
	// maxUncounted bounds what waits to be counted, in bytes. A tokenizer does some
	// 10 MB in a second, so what is more would never be caught up with.
	maxUncounted = 64 << 20
)

// tape keeps what a provider says, as it came, until it is known whether it has
// told its usage: that stands at the end of a stream, and some tell nothing, and
// none does whose stream is cut. To copy a stream is lost in the noise of relaying
// it (BenchmarkServe); to read each event costs half a microsecond. The zero tape
// keeps nothing.
type tape struct {
	on      bool
	counter *counter
	behind  dialect.Name
	reading *dialect.Reading // of what was handed over; the counter's
	raw     *loan
	answer  []byte // that came in one piece
	full    bool   // the counter does not keep up
}

// begin tapes a stream from its first bytes on.
func (t *tape) begin(k *counter, c *call, a *answer) {
	t.drop()
	if !c.world.settings.TokenCounting {
		return
	}
	*t = tape{on: true, counter: k, behind: a.behind, raw: lend(max(tapeBegins, len(a.reply.Head)), true)}
	t.add(a.reply.Head)
}

// whole remembers an answer that came in one piece and tells no usage.
func (t *tape) whole(c *call, a *answer) {
	if u := a.reply.Usage; c.world.settings.TokenCounting && (u.Prompt == 0 || u.Completion == 0) {
		*t = tape{on: true, behind: a.behind, answer: a.reply.Head}
	}
}

func (t *tape) add(p []byte) {
	if !t.on || t.full {
		return
	}
	if cap(t.raw.buf)-len(t.raw.buf) < len(p) {
		t.grow(len(p))
	}
	t.raw.buf = append(t.raw.buf, p...)
}

// grow makes room for n bytes more: in a larger buffer, or by handing over what
// there is.
func (t *tape) grow(n int) {
	old := t.raw
	if len(old.buf)+n <= taped {
		t.raw = lend(max(2*cap(old.buf), len(old.buf)+n), true)
		t.raw.buf = append(t.raw.buf, old.buf...)
		old.release()
		return
	}
	if t.reading == nil {
		t.reading = dialect.NewReading(t.behind)
	}
	reading := t.reading
	t.full = !t.counter.put(count{size: int64(cap(old.buf)), do: func() {
		reading.Stream(old.buf)
		old.release()
	}})
	if t.full {
		old.release()
	}
	t.raw = lend(max(n, taped), true)
}

// drop forgets everything.
func (t *tape) drop() {
	if t.raw != nil {
		t.raw.release()
	}
	*t = tape{}
}

// size is what the rest of a tape takes, in bytes.
func (t *tape) size() int64 {
	n := len(t.answer)
	if t.raw != nil {
		n += cap(t.raw.buf)
	}
	return int64(n)
}

// said counts the answer: all of it, and the thinking in it.
func (t *tape) said() (completion, thought int) {
	if t.reading == nil {
		t.reading = dialect.NewReading(t.behind)
	}
	if t.raw != nil {
		t.reading.Stream(append(t.raw.buf, "\n\n"...)) // a last event may lack its blank line
	}
	if t.answer != nil && t.reading.Whole(t.answer) != nil {
		return 0, 0
	}
	for _, text := range [][]byte{t.reading.Text, t.reading.Calls} {
		n, _ := tokens.Count(text) // an estimate will do where it cannot be counted
		completion += n
	}
	thought, _ = tokens.Count(t.reading.Thought)
	return completion + thought, thought
}

// counter counts beside the requests, one thing after the other.
type counter struct {
	mu    sync.Mutex
	queue []count
	bytes int64
	idle  chan struct{} // closed when nobody counts; nil: nobody does
}

// count is one thing to do. It must not fail.
type count struct {
	size int64
	do   func()
}

// put queues a thing; false if too much waits.
func (k *counter) put(c count) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.bytes+c.size > maxUncounted {
		return false
	}
	k.bytes += c.size
	k.queue = append(k.queue, c)
	if k.idle == nil {
		k.idle = make(chan struct{})
		go k.run()
	}
	return true
}

// run ends when there is nothing left, so that an idle program has no worker.
func (k *counter) run() {
	for {
		k.mu.Lock()
		if len(k.queue) == 0 {
			k.queue = nil
			close(k.idle)
			k.idle = nil
			k.mu.Unlock()
			return
		}
		c := k.queue[0]
		k.queue = k.queue[1:]
		k.mu.Unlock()
		c.do()
		k.mu.Lock()
		k.bytes -= c.size
		k.mu.Unlock()
	}
}

func (k *counter) settle(ctx context.Context) error {
	k.mu.Lock()
	idle := k.idle
	k.mu.Unlock()
	if idle == nil {
		return nil
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// complete publishes a request with its usage: as the provider told it, or where
// something is missing once that was counted. What cannot be counted stays
// unknown.
func (k *counter) complete(s *Server, c *call, f event.Finished) {
	told := c.out.usage
	// A stream that was cut may have told of its beginning only.
	whole := f.Outcome == "ok" && told.Prompt > 0 && told.Completion > 0
	if c.tape.on && !c.tape.full && !whole {
		k.later(s, c, f)
		return
	}
	c.tape.drop()
	s.publish(c, c.used(f, told))
}

// later publishes a request once its usage was counted.
func (k *counter) later(s *Server, c *call, f event.Finished) {
	held := c.loan
	if held != nil {
		held.share()
	}
	told := c.out.usage
	end := func(u chat.Usage) {
		c.tape.drop()
		if held != nil {
			held.release()
		}
		f.Counted = u != told
		s.publish(c, c.used(f, u))
	}
	if !k.put(count{size: c.tape.size() + int64(len(c.original)), do: func() { end(s.measure(c, told)) }}) {
		end(told)
	}
}

// measure counts what was not told.
func (s *Server) measure(c *call, told chat.Usage) (u chat.Usage) {
	defer func() {
		if v := recover(); v != nil { // foreign bytes; the request itself went well
			s.log.Error("counting failed", "id", c.id, "panic", v, "stack", string(debug.Stack()))
			u = told
		}
	}()
	u = told
	if u.Prompt == 0 {
		if q, e := c.request.Hub(); e == nil {
			u.Prompt, _ = tokens.CountRequest(q) // an estimate will do where it cannot be counted
		}
	}
	if completion, thought := c.tape.said(); completion+c.spent > u.Completion {
		u.Completion, u.Reasoning = completion+c.spent, max(u.Reasoning, thought)
	}
	return u
}

// used fills in what a request has used, and what follows from that.
func (c *call) used(f event.Finished, u chat.Usage) event.Finished {
	f.Tokens = event.Tokens{
		Prompt: u.Prompt, Cached: u.Cached, CacheWrite: u.CacheWrite, Completion: u.Completion, Reasoning: u.Reasoning,
	}
	f.TPS = event.Rate(u.Completion, f.Streamed)
	price(&f, c.world.settings.Provider(f.Provider), c.answered.sent, c.answered.endpoint, u)
	return f
}
