package event

import (
	"context"
	"sync"
	"sync/atomic"
)

// Bus hands each published event to every subscriber. The zero Bus is ready.
type Bus struct {
	mu   sync.RWMutex
	subs map[*Subscription]struct{}
	n    atomic.Int32 // subscribers, read without the lock on the request's path
}

// Watched reports whether anybody listens, so that a publisher can spare
// itself the making of an event nobody reads.
func (b *Bus) Watched() bool { return b != nil && b.n.Load() > 0 }

// Publish hands e to every subscriber and returns at once.
func (b *Bus) Publish(e Event) {
	if !b.Watched() {
		return
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	for s := range b.subs {
		s.put(e)
	}
}

// Subscribe opens a ring of size events (at least 1). Close ends it.
func (b *Bus) Subscribe(size int) *Subscription {
	s := &Subscription{bus: b, ring: make([]Event, max(size, 1)), wake: make(chan struct{}, 1)}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subs == nil {
		b.subs = map[*Subscription]struct{}{}
	}
	b.subs[s] = struct{}{}
	b.n.Store(int32(len(b.subs))) //nolint:gosec // subscribers are windows and pages: a handful
	return s
}

// Subscription is one listener's ring.
type Subscription struct {
	bus     *Bus
	wake    chan struct{}
	mu      sync.Mutex
	ring    []Event
	head, n int
	dropped uint64
	closed  bool
}

func (s *Subscription) put(e Event) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	if s.n == len(s.ring) {
		s.head = (s.head + 1) % len(s.ring)
		s.n--
		s.dropped++
	}
	s.ring[(s.head+s.n)%len(s.ring)] = e
	s.n++
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Next waits for events and appends all there are to dst[:0]. It returns
// ctx's error, or context.Canceled once the subscription is closed.
func (s *Subscription) Next(ctx context.Context, dst []Event) ([]Event, error) {
	for {
		s.mu.Lock()
		dst = dst[:0]
		for s.n > 0 {
			dst = append(dst, s.ring[s.head])
			s.ring[s.head] = nil
			s.head = (s.head + 1) % len(s.ring)
			s.n--
		}
		closed := s.closed
		s.mu.Unlock()
		if len(dst) > 0 {
			return dst, nil
		}
		if closed {
			return nil, context.Canceled
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Dropped is how many events this subscriber missed so far.
func (s *Subscription) Dropped() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped
}

// Close ends the subscription and wakes a waiting Next.
func (s *Subscription) Close() {
	s.bus.mu.Lock()
	delete(s.bus.subs, s)
	s.bus.n.Store(int32(len(s.bus.subs))) //nolint:gosec // a handful
	s.bus.mu.Unlock()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
