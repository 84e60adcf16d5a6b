//go:build headless

package main

import "errors"

// noWindow says why there can be no window.
func noWindow(*env) string { return "this glmtray was built without a window" }

func openWindow(*env, appOptions, bool) error {
	return errors.New("there is no window in this glmtray")
}

// letGoOfDrawing has nothing to do: nothing is drawn.
func letGoOfDrawing() {}
