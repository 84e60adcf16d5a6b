package ui

import "time"

// nap is how long the toolkit's loop stands still at a time.
const nap = 100 * time.Millisecond

// doze lets the toolkit's loop stand still while the window is hidden: it looks for
// input sixty times a second even where nothing can have any, which is all that an
// idle program in the tray does (Fyne 2.8; 1.3 % of a core, measured 2026-11-29). It
// still looks ten times a second, for whoever pastes what was copied here. What is
// asked for by do wakes it at once.
type doze struct {
	do    func(func()) // on the window's goroutine
	still func() bool  // nothing can be seen; on the window's goroutine
	woken chan struct{}
	begin chan struct{}
	over  <-chan struct{}
	span  time.Duration
}

func newDoze(over <-chan struct{}, do func(func()), still func() bool) *doze {
	return &doze{do: do, still: still, woken: make(chan struct{}, 1), begin: make(chan struct{}, 1), over: over, span: nap}
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
		t := time.NewTimer(d.span)
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
