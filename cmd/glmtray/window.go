package main

import "fmt"

type appCmd struct {
	serveCmd `embed:""`
	Hidden   bool `name:"hidden" help:"Start in the tray, without showing the window."`
}

// Help is the rest of --help.
func (c *appCmd) Help() string {
	return `A second start shows the window of the first. Where there is no display, or this glmtray was built without a
window, it serves as "glmtray serve" does.`
}

// Run opens the window where there can be one.
func (c *appCmd) Run(e *env) error {
	if why := noWindow(e); why != "" {
		_, _ = fmt.Fprintf(e.stderr, "note: %s: serving without a window; glmtray --help shows the commands\n", why)
		return serve(e, c.options())
	}
	return openWindow(e, c.options(), c.Hidden)
}
