// Package ui is the window and the tray. It looks and never decides: what it
// shows comes from a [Backend] and the event bus, what a person wants goes back
// through the Backend.
//
// Threads. Every callback of Fyne runs on one goroutine. fyne.Do stands in
// pump.go alone, which applies events to state.State and redraws at most ten
// times a second (twice at most where nothing but events asks for it), and only what
// is visible. Whatever may be slow runs on a goroutine of its own with a time limit.
//
// This package imports Fyne but not its driver, so that it is tested without
// cgo or a display; the driver is imported by cmd/glmtray alone. What does not
// belong here: anything that is true without a window.
package ui
