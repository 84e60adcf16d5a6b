//go:build headless || !windows

package main

// attachConsole is for Windows, where a program with a window has no console of
// its own.
func attachConsole() {}
