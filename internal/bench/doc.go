// Command bench measures what glmtray adds to a call, as ratios to a bare tuned
// httputil.ReverseProxy in the same run (make bench).
//
// Five processes share the machine: a provider (glmtray simulate --fast), the
// floor (this program as a bare reverse proxy), nginx, glmtray serve with
// everything on, and the load (this program). Rounds are interleaved, so that a
// noisy neighbour hits all alike; medians of rounds are shown. Absolute figures
// say more of the machine than of the program and are given for orientation
// only.
package main
