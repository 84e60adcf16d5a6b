package proxy

import (
	"sync"
	"sync/atomic"
	"time"
)

// pingAfter is how long a stream may be silent towards the client before it is
// told that nobody has gone: proxies and clients give up on a line that is still
// for minutes (Claude Code 2.1.197 after 5).
const pingAfter = 10 * time.Second

// pinger writes a ping into a stream that has begun and fallen silent, and ends one
// whose client takes nothing any more. Only whole events are written to a stream,
// so a ping may stand between any two writes.
type pinger struct {
	mu    sync.Mutex // held by whoever writes
	last  time.Time  // of the last write
	ended bool

	timer    *time.Timer
	ping     func()
	deadline func(time.Time) // of writes to the client; zero: none
	patience time.Duration   // how long a write may take
	writes   atomic.Int64    // that have begun
	seen     int64           // the write that was under way at the last look; the timer's own, like:
	since    time.Time       // ... and when it was seen first
}

// start begins to watch. ping is called with the lock held.
func (p *pinger) start(ping func(), deadline func(time.Time), patience time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last, p.ping, p.deadline, p.patience = time.Now(), ping, deadline, patience
	p.timer = time.AfterFunc(time.Hour, p.look)
	p.timer.Reset(p.next(pingAfter))
}

// next is when to look again, if nothing has to be done before d is over.
func (p *pinger) next(d time.Duration) time.Duration {
	return min(d, max(p.patience, time.Millisecond))
}

func (p *pinger) look() {
	if !p.mu.TryLock() {
		p.suspect()
		return
	}
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	left := pingAfter - time.Since(p.last)
	if left <= 0 {
		p.deadline(time.Now().Add(p.patience))
		p.ping()
		p.deadline(time.Time{})
		p.last, left = time.Now(), pingAfter
	}
	p.timer.Reset(p.next(left))
}

// suspect looks at a write that is under way. One that takes too long is ended:
// the client has stopped reading, and holds a worker and a provider's key.
func (p *pinger) suspect() {
	switch n := p.writes.Load(); {
	case n != p.seen:
		p.seen, p.since = n, time.Now()
	case time.Since(p.since) >= p.patience:
		p.deadline(time.Now())
		return
	}
	p.timer.Reset(p.next(pingAfter))
}

// write does one write of the stream's own.
func (p *pinger) write(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writes.Add(1)
	do()
	p.last = time.Now()
}

// stop ends the watch; no ping comes after it.
func (p *pinger) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	if p.timer != nil {
		p.timer.Stop()
	}
}
