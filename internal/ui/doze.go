package ui

import "time"

// How long the toolkit's loop stands still at a time, and for how long it takes the
// shorter time after somebody had to do with the program.
const (
	nap      = time.Second
	shortNap = 100 * time.Millisecond
	choosing = time.Minute      // in the tray's menu
	pasting  = 10 * time.Minute // what was copied here
)

// doze lets the toolkit's loop stand still while the window is hidden: it looks for
// input sixty times a second even where nothing can have any, which is all that an
// idle program in the tray does (Fyne 2.8; 1.3 % of a core, measured 2026-11-29). It
// still looks once a second, and ten times while somebody may choose from the tray's
// menu or paste what was copied here: these wait for the loop. What is asked for by
// do wakes it at once.
type doze struct {
	do    func(func()) // on the window's goroutine
	still func() bool  // nothing can be seen; on the window's goroutine
	woken chan struct{}
	begin chan struct{}
	over  <-chan struct{}
	span  time.Duration
	light time.Time // until when naps are short; the window's goroutine's
}

func newDoze(over <-chan struct{}, do func(func()), still func() bool) *doze {
	return &doze{do: do, still: still, woken: make(chan struct{}, 1), begin: make(chan struct{}, 1), over: over, span: nap}
}

// lightly makes naps short for a time. nil does nothing.
func (d *doze) lightly(t time.Duration) {
	if d == nil {
		return
	}
	if until := time.Now().Add(t); until.After(d.light) {
		d.light = until
	}
}

// hidden says that nothing can be seen any more. nil does nothing.
func (d *doze) hidden() {
	if d != nil {
		signal(d.begin)
	}
}

// wake ends a nap: something waits behind it. nil does nothing.
func (d *doze) wake() {
	if d != nil {
		signal(d.woken)
	}
}

func signal(to chan struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// run naps, again and again, for as long as nothing can be seen.
func (d *doze) run() {
	for {
		select {
		case <-d.begin:
		case <-d.over:
			return
		}
		for d.nap() {
		}
	}
}

// nap stands still once, and reports whether to do so again.
func (d *doze) nap() (again bool) {
	ended := make(chan bool, 1)
	d.do(func() {
		if !d.still() {
			ended <- false
			return
		}
		span := d.span
		if time.Now().Before(d.light) {
			span = min(span, shortNap)
		}
		t := time.NewTimer(span)
		defer t.Stop()
		select {
		case <-t.C:
			ended <- true
		case <-d.woken:
			ended <- true
		case <-d.over:
			ended <- false
		}
	})
	select {
	case again = <-ended:
	case <-d.over:
	}
	return again
}
