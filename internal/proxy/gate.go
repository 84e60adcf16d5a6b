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

// enter waits for a place. Every nil error is followed by one leave.
func (g *gate) enter(ctx context.Context, wait time.Duration) *chat.Error {
	select {
	case g.slots <- struct{}{}:
		return nil
	default:
	}
	if g.waiting.Add(1) > g.queue {
		g.waiting.Add(-1)
		return atCapacity(cap(g.slots))
	}
	defer g.waiting.Add(-1)
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-t.C:
		return atCapacity(cap(g.slots))
	case <-ctx.Done():
		return clientGone()
	}
}

func (g *gate) leave() { <-g.slots }
