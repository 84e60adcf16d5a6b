// Package desktop holds the tests of glmtray's window and tray as they are
// shipped: the desktop binary, run as a process of its own on a display of its
// own.
//
// Contract. Each test has an X server (Xvfb), a window manager (openbox), a
// session bus with an unlocked Secret Service, and is itself the host that shows
// tray icons. It acts as a person would: by keys and clicks that X11 carries,
// and by the tray's menu, which D-Bus carries. What came of it is read where it
// counts: in the simulator's call log, in the keychain, in files, in the exit
// code, in the lines of the tray's menu, and in the clipboard, into which the
// window's copy marks put its own words. Nothing of the person's own session
// is used or seen.
//
// Where a tool is missing the tests are skipped and say so; with
// GLMTRAY_TEST_REQUIRE=1 they fail. GLMTRAY_DESKTOP_BIN names a binary that was
// built elsewhere, GLMTRAY_RACE=1 builds one with the race detector, and
// GLMTRAY_SCREENSHOTS=DIR has pictures of every page written there, dark and
// light, at 100 and 200 per cent, and one of what a failed test left behind;
// GLMTRAY_SCREENSHOTS_LOOK=dark2 has them in that look alone.
// GLMTRAY_MEASURE=10s measures what each page costs, for that long each.
//
// Concurrency. The tests run one after the other: each takes a display, and
// software drawing takes the processor. Nothing sleeps to wait for something:
// what has no event to wait for is polled.
//
// What does not belong here: what one page shows, which internal/ui tests
// without a display.
package desktop
