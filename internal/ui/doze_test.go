package ui

import (
	"testing"
	"time"
)

// loop is a window's goroutine of its own: what it is given runs in order.
func loop(t *testing.T) func(func()) {
	t.Helper()
	queue := make(chan func(), 100)
	go func() {
		for f := range queue {
			f()
		}
	}()
	return func(f func()) { queue <- f }
}

// wants waits for something that must happen.
func wants(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(30 * time.Second):
		t.Fatal("never: " + what)
	}
}

func TestAHiddenWindowsLoopStandsStillUntilItIsAsked(t *testing.T) {
	do, over, naps := loop(t), make(chan struct{}), make(chan struct{}, 100)
	shown := true // the loop's own
	d := newDoze(over, do, func() bool {
		if !shown {
			naps <- struct{}{}
		}
		return !shown
	})
	d.span = time.Hour // only who is woken goes on
	ended := make(chan struct{})
	go func() {
		d.run()
		close(ended)
	}()
	ask := func(f func()) <-chan struct{} {
		done := make(chan struct{})
		do(func() {
			f()
			close(done)
		})
		d.wake()
		return done
	}
	wants(t, "a window that is seen has its loop", ask(func() {}))
	if len(naps) > 0 {
		t.Error("it naps while the window is seen")
	}
	for range 3 {
		wants(t, "it hides", ask(func() { shown = false; d.hidden() }))
		wants(t, "it naps", naps)
		wants(t, "what is asked for meanwhile is done", ask(func() {}))
		wants(t, "it naps again", naps)
		wants(t, "it is seen", ask(func() { shown = true }))
		for len(naps) > 0 {
			<-naps
		}
	}
	wants(t, "it hides", ask(func() { shown = false; d.hidden() }))
	wants(t, "it naps", naps)
	wants(t, "somebody copies", ask(func() { d.lightly(time.Hour); d.lightly(time.Second) }))
	for range 3 {
		wants(t, "it looks again by itself", naps)
	}
	wants(t, "that is over", ask(func() { d.light = time.Time{} }))
	wants(t, "it naps", naps)
	close(over)
	wants(t, "it ends", ended)
	wants(t, "and so does the nap", ask(func() {}))
	var none *doze
	none.hidden()
	none.wake()
	none.lightly(time.Hour)
}

func TestNapsAreShortForWhoeverChoosesOrPastes(t *testing.T) {
	opened := make(chan struct{})
	r := newRig(t, &program{snap: serving(desktopKey("desk"))}, Options{Doze: true, TrayOpened: opened})
	for _, c := range []struct {
		what  string
		begin func()
		span  time.Duration
	}{
		{"the tray's menu opens", func() { opened <- struct{}{} }, choosing},
		{"something is copied", func() { r.u.copy("http://127.0.0.1:18080") }, pasting},
	} {
		least := time.Now().Add(c.span)
		c.begin()
		r.until(c.what, func() bool { return !r.u.doze.light.Before(least) })
	}
}
