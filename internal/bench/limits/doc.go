// Package limits measures what it is worth to know a provider's limits before
// it says no (make bench-limits). It holds tests only: the clock is
// testing/synctest's, so that an hour passes in seconds.
//
// A dozen agents work through the proxy for an hour, twice with the same script:
// once told limits are acted upon, once keys are left only when they refuse. The
// providers are the simulator's, with limits as the vendors have them and not as
// the key pool believes: output limits are reserved before the answer and given
// back after it, there is a limit per second beside that per minute, one answer
// in five tells nothing, the clock is 2 s off, and the true usage differs from
// the estimate by 40 %.
package limits
