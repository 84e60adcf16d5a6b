//go:build !headless && !linux

package main

// keepDrawing has nothing to do: the systems draw windows outside of this program's
// memory.
func keepDrawing() {}

// letGoOfDrawing has nothing to do.
func letGoOfDrawing() {}
