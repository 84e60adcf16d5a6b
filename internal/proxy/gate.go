package proxy

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// gate admits a bounded number of requests at once and lets a bounded number
// wait for a bounded time.
type gate struct {
	slots   chan struct{}
	waiting atomic.Int64
	queue   int64
}

func newGate(workers, queue int) *gate {
	return &gate{slots: make(chan struct{}, max(workers, 1)), queue: int64(queue)}
}

// full is the error of a request for which there is no place now. It may be asked
// before the body is read, which would be read in vain.
func (g *gate) full() *chat.Error {
	if len(g.slots) < cap(g.slots) || g.waiting.Load() < g.queue {
		return nil
	}
	return atCapacity(cap(g.slots))
}

// place is one request's stay at the gate, in the queue or inside. It belongs
// to one goroutine.
type place struct {
	gate   *gate
	inside bool
}

// enter gives a place at once: inside if there is room, else in the queue. The
// place must be left. The error says that the queue is full.
func (g *gate) enter() (*place, *chat.Error) {
	select {
	case g.slots <- struct{}{}:
		return &place{g, true}, nil
	default:
	}
	if g.waiting.Add(1) > g.queue {
		g.waiting.Add(-1)
		return nil, atCapacity(cap(g.slots))
	}
	return &place{g, false}, nil
}

// wait lets a place in the queue come inside. It ends with the context, or when
// the patience is over.
func (p *place) wait(ctx context.Context, patience time.Duration) *chat.Error {
	if p.inside {
		return nil
	}
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case p.gate.slots <- struct{}{}:
		p.gate.waiting.Add(-1)
		p.inside = true
		return nil
	case <-t.C:
		return atCapacity(cap(p.gate.slots))
	case <-ctx.Done():
		return clientGone()
	}
}

// leave gives the place to the next.
func (p *place) leave() {
	if p.inside {
		<-p.gate.slots
		return
	}
	p.gate.waiting.Add(-1)
}
