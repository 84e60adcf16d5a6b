//go:build !headless

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

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
	d := newDesktop(&inner, opt)
	app := driver.NewWithID(appID)
	// The toolkit ends itself at a signal, which leaves nobody time to stop drawing.
	app.Lifecycle().SetOnStarted(takeSignals)
	var window *ui.UI
	quit := sync.OnceFunc(func() {
		window.Close()
		app.Quit()
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
	})
	d.raise = window.Raise
	close(built)
	var serving sync.WaitGroup
	serving.Go(d.run)
	unhook := context.AfterFunc(ctx, func() { fyne.Do(quit) }) // a signal is a person's Quit
	app.Run()
	unhook() // what fyne.Do is given from now on runs at once and not on this goroutine
	window.Close()
	stop()
	serving.Wait() // requests under way are finished, as serve does
	return nil
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
