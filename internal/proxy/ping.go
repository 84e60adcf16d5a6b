package proxy

import (
	"sync"
	"time"
)

// pingAfter is how long a stream may be silent towards the client before it is
// told that nobody has gone: proxies and clients give up on a line that is still
// for minutes (Claude Code 2.1.197 after 5).
const pingAfter = 10 * time.Second

// pinger writes a ping into a stream that has begun and fallen silent. Only whole
// events are written to a stream, so a ping may stand between any two writes.
type pinger struct {
	mu    sync.Mutex // held by whoever writes
	last  time.Time  // of the last write
	timer *time.Timer
	ended bool
}

// start begins to watch. write is called with the lock held.
func (p *pinger) start(write func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = time.Now()
	p.timer = time.AfterFunc(pingAfter, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.ended {
			return
		}
		left := pingAfter - time.Since(p.last)
		if left <= 0 {
			write()
			p.last, left = time.Now(), pingAfter
		}
		p.timer.Reset(left)
	})
}

// write does one write of the stream's own.
func (p *pinger) write(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
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
