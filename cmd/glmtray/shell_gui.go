//go:build !headless

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	driver "fyne.io/fyne/v2/app"
	"fyne.io/systray"

	"github.com/glmtray/glmtray/internal/ui"
)

// noWindow says why there can be no window.
func noWindow(e *env) string { return noDisplay(e) }

// appID names the program to the desktop; FyneApp.toml has the same.
const appID = "org.glmtray.glmtray"

// openWindow runs the desktop program until a person quits it or the context
// ends. This is the one place that knows the toolkit's driver, which wants the
// main goroutine.
func openWindow(e *env, opt appOptions, hidden bool) error {
	release, raised, err := soleWindow(e)
	if raised || err != nil {
		return err
	}
	defer release()
	inner := *e
	ctx, stop := context.WithCancel(e.ctx)
	defer stop()
	inner.ctx = ctx
	keepDrawing()
	d := newDesktop(&inner, opt)
	app := driver.NewWithID(appID)
	// The toolkit ends itself at a signal, which leaves nobody time to stop drawing.
	app.Lifecycle().SetOnStarted(takeSignals)
	var window *ui.UI
	var serving sync.WaitGroup
	finish := sync.OnceFunc(func() { // requests under way are finished, as serve does
		stop()
		serving.Wait()
	})
	over := make(chan struct{})
	quit := sync.OnceFunc(func() {
		window.Close()
		app.Quit()
		go unlessOver(over, loopLimit, func() {
			finish()
			release()
			os.Exit(0)
		})
	})
	built := make(chan struct{})
	host, ever := watchTrayHost(ctx, func(there bool) {
		<-built
		window.SetTrayHost(there)
	})
	if !ever {
		app = trayless{app}
	}
	hidden = hidden || d.startInTray()
	if hidden && !host {
		d.log.Warn("nothing here shows tray icons, so the window is shown")
	}
	window = ui.Run(app, backend{d}, ui.Options{
		TrayHost: host, StartHidden: hidden, CloseToTray: d.closeToTray, Notify: d.notifies, Quit: quit, TrayTap: systray.SetOnTapped,
		Doze:       runtime.GOOS == "linux", // where the tray speaks D-Bus
		TrayOpened: systray.TrayOpenedCh,
	})
	d.raise = window.Raise
	close(built)
	serving.Go(d.run)
	unhook := context.AfterFunc(ctx, func() { fyne.Do(quit) }) // a signal is a person's Quit
	app.Run()
	close(over)
	unhook() // what fyne.Do is given from now on runs at once and not on this goroutine
	window.Close()
	finish()
	return nil
}

// loopLimit is how long the toolkit's loop may take to end once it was asked to.
const loopLimit = 2 * time.Second

// unlessOver does something if a channel is not closed within a time. The
// toolkit's loop may never return: its last callback is queued beside a loop that
// empties the queue for good, and waits for ever if it comes between the last look
// and the word that there are no more (runGL of Fyne 2.8; seen once in some
// hundred ends on a machine with thirty others to serve).
func unlessOver(over <-chan struct{}, limit time.Duration, do func()) {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-over:
	case <-t.C:
		do()
	}
}

// trayless is an app that has no tray: without a session bus the toolkit's own
// ends in a panic.
type trayless struct{ fyne.App }

// raiseOther shows the window of a glmtray that runs already; done reports that
// there was one.
func raiseOther(e *env) (done bool, err error) {
	run, err := e.proxy()
	if errors.Is(err, errNotRunning) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !run.Window {
		return false, hint(
			fmt.Errorf("glmtray serves already, without a window (%s, process %d)", run.URL, run.PID),
			"see it with: glmtray status; end it to open the window",
		)
	}
	return true, run.control(e.ctx, "raise", nil, nil)
}
