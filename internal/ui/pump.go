package ui

import (
	"context"
	"errors"
	"fmt"
	"time"

	"fyne.io/fyne/v2"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// interval is the shortest time between two frames; calm is that where nothing
// but events asks for one, calmer where nobody looks, and calmest where more comes at
// a time than a person can read. At 50 requests a second it is these that cost: each
// frame draws the whole window anew, and of a list every word.
const (
	interval = 100 * time.Millisecond
	calm     = 500 * time.Millisecond
	calmer   = time.Second
	calmest  = 1500 * time.Millisecond
)

// onThread runs f on Fyne's goroutine. This is the only fyne.Do there is.
func onThread(f func()) { fyne.Do(f) }

// news is what a frame is to show beyond what is known.
type news struct {
	events []event.Event
	snap   *state.Snapshot // never nil if lost is not 0
	lost   uint64          // events that were dropped before these
}

// outcome is what a frame wishes.
type outcome struct {
	next  time.Duration // until a figure changes by itself; 0: nothing runs down
	stale bool          // a snapshot is needed at once
	worn  bool          // and with the next frame, whatever that is for
	rest  time.Duration // how long events alone ask for no further frame
}

// pump carries events to the window: at most ten frames a second, one at a
// time, and no timer while nothing happens and nothing runs down.
type pump struct {
	sub   *event.Subscription
	snap  func() state.Snapshot
	do    func(func())
	frame func(news) outcome // on the window's goroutine
	kick  chan struct{}
}

// wake asks for a frame with a fresh snapshot. It never blocks.
func (p *pump) wake() {
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// read hands on what the bus brings. While a frame is drawn the bus's own ring
// collects.
func (p *pump) read(ctx context.Context) <-chan []event.Event {
	out := make(chan []event.Event)
	go func() {
		defer close(out)
		for {
			batch, err := p.sub.Next(ctx, nil)
			if err != nil {
				return
			}
			select {
			case out <- batch:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// run pumps until ctx ends or the bus does.
func (p *pump) run(ctx context.Context) {
	in := p.read(ctx)
	n, fresh := news{}, true // the first frame waits for nothing
	var lost uint64
	for {
		if all := p.sub.Dropped(); all != lost {
			n.lost, lost, fresh = all-lost, all, true
		}
		if fresh {
			s := p.snap()
			n.snap = &s
		}
		drawn := time.Now()
		o, ok := p.show(ctx, n)
		if !ok || !pause(ctx, interval) {
			return
		}
		if n.events != nil && o.next > 0 {
			o.next = max(o.next, o.rest) // more will come, and what runs down is drawn with it
		}
		n, fresh = news{}, o.stale
		if fresh {
			continue
		}
		var asked bool
		if n.events, asked, ok = p.wait(ctx, in, o.next); !ok {
			return
		}
		if n.events != nil {
			asked = p.hold(ctx, o.rest-time.Since(drawn))
		}
		fresh = asked || o.worn
	}
}

// wait waits for something to show: events, somebody who asks for a snapshot,
// or a figure that changes by itself after next. Without one there is no timer.
func (p *pump) wait(ctx context.Context, in <-chan []event.Event, next time.Duration) (events []event.Event, asked, ok bool) {
	var tick <-chan time.Time
	if next > 0 {
		t := time.NewTimer(max(next-interval, 0)) // one interval has passed since it was asked for
		defer t.Stop()
		tick = t.C
	}
	select {
	case events, ok = <-in:
		return events, false, ok
	case <-p.kick:
		return nil, true, true
	case <-tick:
		return nil, false, true
	case <-ctx.Done():
		return nil, false, false
	}
}

// hold waits, but not for longer than until somebody asks for a snapshot.
func (p *pump) hold(ctx context.Context, d time.Duration) (asked bool) {
	t := time.NewTimer(max(d, 0))
	defer t.Stop()
	select {
	case <-t.C:
	case <-p.kick:
		return true
	case <-ctx.Done():
	}
	return false
}

// show draws one frame and waits for it, so that a window that is slow is not
// sent a queue of them.
func (p *pump) show(ctx context.Context, n news) (outcome, bool) {
	done := make(chan outcome, 1)
	p.do(func() { done <- p.frame(n) })
	select {
	case o := <-done:
		return o, true
	case <-ctx.Done():
		return outcome{}, false
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// How long a person waits for a verb before being told that nothing came back.
const (
	forDisk    = 20 * time.Second // settings, a small file
	forKeys    = 60 * time.Second // the keychain may ask for a password
	forNetwork = 90 * time.Second
)

// work does what may be slow on a goroutine of its own and then, on the
// window's, done with what came of it. What outlasts the limit is given up on,
// even if it does not listen to its context: a keychain that is locked asks
// somewhere and waits for ever.
func work[T any](u *UI, limit time.Duration, slow func(context.Context) (T, error), done func(T, error)) {
	type result struct {
		v   T
		err error
	}
	go func() {
		ctx, cancel := context.WithTimeout(u.ctx, limit)
		defer cancel()
		end := make(chan result, 1)
		go func() {
			v, err := slow(ctx)
			end <- result{v, err}
		}()
		var r result
		select {
		case r = <-end:
			if errors.Is(r.err, context.DeadlineExceeded) {
				r.err = tooLate(limit)
			}
		case <-ctx.Done():
			r.err = tooLate(limit)
		}
		if u.ctx.Err() != nil {
			return
		}
		u.do(func() {
			if u.ctx.Err() == nil {
				done(r.v, r.err)
			}
		})
		u.pump.wake()
	}()
}

func tooLate(limit time.Duration) error {
	return fmt.Errorf("no answer within %d s: look whether the system asks for a password somewhere, then try again", int(limit.Seconds()))
}

// act is work without a result.
func act(u *UI, limit time.Duration, slow func(context.Context) error, done func(error)) {
	work(u, limit, func(ctx context.Context) (struct{}, error) { return struct{}{}, slow(ctx) },
		func(_ struct{}, err error) { done(err) })
}
