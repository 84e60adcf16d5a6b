package upstream

import (
	"math"
	"sync"
	"time"
)

// watchdog bites when a time is up that was set, unless it was laid to rest
// before. A timer that fires far too late does not count: the machine has slept,
// or the process was stopped, and what came meanwhile is there to be read. It then
// looks once more, a moment later.
//
// A stream sets a new time and rests for each of its reads. The timer is left
// alone then: it fires when the first of these times would have been up, and sees
// what is to be done.
type watchdog struct {
	bite  func() // called at most once for each set, on a goroutine of its own
	began time.Time

	mu    sync.Mutex
	due   int64 // nanoseconds after began; or one of the two below
	armed int64 // when the timer fires, in the same; atRest: it does not
	timer *time.Timer
}

const (
	atRest = math.MaxInt64
	bitten = math.MinInt64

	overslept = 500 * time.Millisecond // so late no timer is by itself
	oneLook   = 5 * time.Second
)

// start sets a new watchdog.
func (w *watchdog) start(d time.Duration, bite func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bite, w.began, w.due, w.armed = bite, time.Now(), int64(d), int64(d)
	w.timer = time.AfterFunc(d, w.fire)
}

func (w *watchdog) now() int64 { return int64(time.Since(w.began)) }

// set starts the time anew.
func (w *watchdog) set(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due = w.now() + int64(d)
	if w.due < w.armed {
		w.arm(w.due, d)
	}
}

// arm lets the timer fire in d, which is at a time. The lock is held.
func (w *watchdog) arm(at int64, d time.Duration) {
	w.armed = at
	w.timer.Reset(d)
}

// rest ends the watch until it is set again. It is false if it has bitten already.
func (w *watchdog) rest() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	was := w.due
	w.due = atRest
	return was != bitten
}

// end ends it for good.
func (w *watchdog) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due, w.armed = atRest, atRest
	w.timer.Stop()
}

func (w *watchdog) fire() {
	if w.look() {
		w.bite()
	}
}

// look reports whether the time is up.
func (w *watchdog) look() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed = atRest
	if w.due == atRest || w.due == bitten {
		return false
	}
	now := w.now()
	switch late := time.Duration(now - w.due); {
	case late < 0: // it was set anew
		w.arm(w.due, -late)
	case late > overslept:
		w.due = now + int64(oneLook)
		w.arm(w.due, oneLook)
	default:
		w.due = bitten
		return true
	}
	return false
}
