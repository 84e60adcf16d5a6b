// Package limits measures what it is worth to know a provider's limits before
// it says no (make bench-limits). It holds tests only: the clock is
// testing/synctest's, so that an hour passes in seconds.
//
// Agents work through the proxy, three times with the same script: keys are left
// only when they refuse, told limits are acted upon, and the same where nobody
// has said which keys share an account. The providers are the simulator's, with
// limits as the vendors have them and not as the key pool believes: output limits
// are reserved before the answer and given back after it, there is a limit per
// second beside that per minute, one answer in five tells nothing, the clock is
// 2 s off, and the true usage differs from the estimate by up to 40 %.
package limits
