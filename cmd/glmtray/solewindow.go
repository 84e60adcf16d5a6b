//go:build !headless

package main

// soleWindow makes this process the only one with a window on its data folder. If
// another has it, that one is shown instead: raised is true, and there is nothing
// left to do.
func soleWindow(e *env) (release func(), raised bool, err error) { return sole(e, raiseOther) }
