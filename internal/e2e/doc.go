// Package e2e holds the tests of glmtray as it is shipped: the static headless
// binary, run as a process of its own, between real clients and simulated
// providers, over real HTTP on loopback.
//
// Contract. The binary is built as a release is (CGO_ENABLED=0, -tags headless,
// -trimpath) and started with an environment that holds nothing of the
// machine's: no keychain, no home, no proxy. GLMTRAY_RACE=1 builds it with the
// race detector instead, GLMTRAY_BIN names one that was built elsewhere. The
// provider is proxy/simulator, in this process where a test looks into its call
// log, and as `glmtray simulate` where nothing may be shared at all. The
// simulator's call log, not the proxy's word, says what was sent.
//
// Agents. Claude Code, Codex and OpenCode are the real ones, pinned and fetched
// by npm into the user's cache, each in a home of its own without anything
// configured. The short set runs with all others; the rest runs with
// GLMTRAY_E2E_FULL=1, where a client that cannot be had is a failure. Else a
// registry that cannot be reached skips these tests, and says so; a missing npm
// does as well, unless GLMTRAY_TEST_REQUIRE=1.
//
// Concurrency. Every test has a program, a data folder and providers of its own
// and runs beside the others. Nothing sleeps to wait for something: what has no
// event to wait for is polled.
//
// What does not belong here: the commands of the program, its ports and the
// keychain, which cmd/glmtray tests by scripts; and whatever one room can show
// by itself.
package e2e
