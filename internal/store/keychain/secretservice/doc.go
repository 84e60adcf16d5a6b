// Package secretservice runs a real Secret Service for tests: gnome-keyring on
// a D-Bus of its own, unlocked, in folders of its own.
//
// It is for tests alone; no program imports it. The D-Bus library connects
// once per process, so the program under test is another process, started with
// [Service.Env] (a test binary may start itself again).
//
// Contract. The bus starts no service by itself, nothing of the user's session
// is used or seen, and only the two processes that were started here are ended.
// Where dbus-daemon or gnome-keyring-daemon is missing the test is skipped; with
// GLMTRAY_TEST_REQUIRE=1 it fails.
//
// Concurrency. A Service may be used by several goroutines.
package secretservice
