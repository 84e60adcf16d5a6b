//go:build !headless && !linux

package main

// noDisplay says why no window can be opened, "" if one can: here the system
// itself is the display.
func noDisplay(*env) string { return "" }
