// Command marks draws the icons of glmtray: the application's, and the tray's
// by state. It writes PNG files into the current directory, which is that of
// package assets if "go generate" runs it.
//
// The application's mark is a road that forks: what comes in from the left
// leaves by one of two ways. The tray, which has 16 pixels and one second of a
// look, shows the state's sign alone, with a dark and a white rim: one of the two
// stands out from any ground.
//
// Everything is a distance to a few segments and circles, sampled 8 × 8 times
// a pixel: no library, and the same bytes on every machine.
package main
