package upstream

import (
	"math"
	"sync/atomic"
	"time"
)

// watchdog bites when a time is up that was set, unless it was laid to rest
// before. A timer that fires far too late does not count: the machine has slept,
// or the process was stopped, and what came meanwhile is there to be read. It then
// looks once more, a moment later.
type watchdog struct {
	bite  func() // called at most once for each set, on a goroutine of its own
	began time.Time
	due   atomic.Int64 // nanoseconds after began; or one of the two below
	timer *time.Timer
}

const (
	atRest = math.MaxInt64
	bitten = math.MinInt64

	overslept = 500 * time.Millisecond // so late no timer is by itself
	oneLook   = 5 * time.Second
)

// newWatchdog gives one that is set.
func newWatchdog(d time.Duration, bite func()) *watchdog {
	w := &watchdog{bite: bite, began: time.Now()}
	w.due.Store(atRest)
	w.timer = time.AfterFunc(time.Hour, w.fire)
	w.set(d)
	return w
}

func (w *watchdog) now() int64 { return int64(time.Since(w.began)) }

// set starts the time anew.
func (w *watchdog) set(d time.Duration) {
	w.due.Store(w.now() + int64(d))
	w.timer.Reset(d)
}

// rest ends the watch. It is false if it has bitten already.
func (w *watchdog) rest() bool {
	was := w.due.Swap(atRest)
	w.timer.Stop()
	return was != bitten
}

func (w *watchdog) fire() {
	now, due := w.now(), w.due.Load()
	late := time.Duration(now - due)
	switch {
	case due == atRest || due == bitten:
	case late < 0: // it was set anew in this very moment
		w.timer.Reset(-late)
	case late > overslept:
		if w.due.CompareAndSwap(due, now+int64(oneLook)) {
			w.timer.Reset(oneLook)
		}
	case w.due.CompareAndSwap(due, bitten):
		w.bite()
	}
}
