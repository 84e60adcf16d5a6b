//go:build !headless

package main

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/secret"
	"github.com/glmtray/glmtray/internal/store"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// desktop is the program behind a window. It keeps an app running; whatever
// fails (the port, the keychain, the settings, the database) is shown, and
// tried again, while the window stays.
type desktop struct {
	e      *env // its ctx ends when the program is to end
	opt    appOptions
	bus    *event.Bus
	recent *store.Recent // outlives an app that has to be put together again
	log    *slog.Logger
	app    atomic.Pointer[app]
	begun  chan struct{} // closed once the first try has an app, or has failed
	once   sync.Once
	again  chan struct{} // somebody wishes another try now
	raise  func()        // shows the window; set before run

	counted bool // what was used today before the start; run's own

	mu     sync.Mutex
	failed error         // why it does not serve; nil: it does, or nothing was tried yet
	seen   *state.Course // what went over the bus

	login      state.Switch // whether the system starts the program at login, as of a moment ago
	loginUntil time.Time    // when it is asked again
}

// Between two tries.
const (
	firstPause = 2 * time.Second
	lastPause  = time.Minute
)

// eyeRing is how many events the window may lag behind.
const eyeRing = 4096

func newDesktop(e *env, opt appOptions) *desktop {
	bus, recent := new(event.Bus), store.NewRecent(store.RecentOptions{})
	opt.window, opt.bus, opt.recent = true, bus, recent
	return &desktop{
		e: e, opt: opt, bus: bus, recent: recent,
		log:   newLogger(&lineWriter{w: e.stderr, scrub: new(secret.Scrubber)}, slog.LevelInfo, bus),
		begun: make(chan struct{}), again: make(chan struct{}, 1), seen: state.NewCourse(),
	}
}

// run serves until the context ends.
func (d *desktop) run() {
	var eyes sync.WaitGroup
	sub := d.bus.Subscribe(eyeRing)
	eyes.Go(func() { d.watch(sub) })
	defer eyes.Wait()
	defer sub.Close()
	pause := firstPause
	for {
		start := time.Now()
		err := d.try()
		if d.e.ctx.Err() != nil {
			return
		}
		if time.Since(start) > lastPause {
			pause = firstPause
		}
		d.fail(err)
		d.wait(pause)
		if d.e.ctx.Err() != nil {
			return
		}
		pause = min(2*pause, lastPause)
	}
}

// try puts an app together and serves with it.
func (d *desktop) try() error {
	a, err := newApp(d.e, d.opt)
	if err != nil {
		return err
	}
	defer a.close()
	if n, err := a.store.LastRequest(d.e.ctx); err == nil && !d.counted {
		d.counted = true
		var counting sync.WaitGroup
		counting.Go(func() { d.countToday(d.e.ctx, a.store, n) })
		defer counting.Wait() // before the database is closed
	}
	d.app.Store(a)
	defer d.app.Store(nil)
	d.once.Do(func() { close(d.begun) })
	return a.serve(d.e.ctx, d.e.stdout)
}

// fail shows why there is no proxy now.
func (d *desktop) fail(err error) {
	if err == nil {
		err = state.Error("the proxy ended")
	}
	d.mu.Lock()
	known := d.failed != nil && d.failed.Error() == err.Error()
	d.failed = err
	d.mu.Unlock()
	d.once.Do(func() { close(d.begun) })
	if known {
		return
	}
	d.log.Error("not serving", "error", err)
	d.bus.Publish(event.ServerChanged{Time: time.Now(), State: state.Failed, Detail: problemWords(err)})
}

// wait waits before the next try: for a time, for a person, for a change of the
// settings, or for the end. Meanwhile a second start still finds the window.
func (d *desktop) wait(pause time.Duration) {
	ctx, cancel := context.WithTimeout(d.e.ctx, pause)
	defer cancel()
	defer d.openDoor(ctx)()
	changed := make(chan struct{}, 1)
	done, err := config.Watch(ctx, d.e.loadOptions(d.opt), func(*config.Settings, error) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	if err == nil {
		defer func() { <-done }()
	}
	defer cancel() // before done is waited for
	select {
	case <-ctx.Done():
	case <-changed:
	case <-d.again:
	}
}

// retry wishes another try now.
func (d *desktop) retry() {
	select {
	case d.again <- struct{}{}:
	default:
	}
}

// watch keeps what the window would otherwise lose when it reads a snapshot.
func (d *desktop) watch(sub *event.Subscription) {
	dropped := uint64(0)
	for {
		batch, err := sub.Next(context.Background(), nil)
		if err != nil {
			return
		}
		d.mu.Lock()
		for _, e := range batch {
			d.seen.Apply(e)
			if s, ok := e.(event.ServerChanged); ok && s.State == proxy.Raise && d.raise != nil {
				d.raise()
			}
		}
		if n := sub.Dropped(); n != dropped {
			dropped = n
			d.seen.Lost(nil) // what ended unseen is not shown as running for ever
		}
		d.mu.Unlock()
	}
}
