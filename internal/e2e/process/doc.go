// Package process runs glmtray as it is shipped, for tests that see it from
// outside only.
//
// Contract. [Binary.Build] makes the program as a release is made. A [Process]
// has an environment that holds nothing of the machine's: no keychain, no home,
// no proxy. What it writes is kept whole. Nothing here fails a test by itself:
// errors are for the caller to tell.
//
// Concurrency. Everything may be used by any number of goroutines, but Stop, Kill
// and Wait of one Process by one at a time.
//
// What does not belong here: HTTP, what a test wants of the program, providers.
package process
