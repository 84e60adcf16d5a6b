// Package metrics counts what the proxy does: for GET /metrics, in Prometheus'
// words, and for the page under /_ui/, interval by interval.
//
// Contract. [Book.Request] is told of each request once, when it is over, and
// [Book.Attempt] of each try. Neither waits for anybody, neither fails, and
// neither keeps what it was given.
//
//   - Counters and histograms with labels are atomics behind a table that is only
//     copied when a new combination of labels comes; the number of combinations
//     is bounded, and what is over the bound is counted as "other".
//   - Intervals of 5 seconds (a day of them) and of a minute (a week) hold sums
//     and the distribution of times in buckets 4 % wide, so that two intervals
//     make a larger one by addition: percentiles of an hour are those of its
//     requests, not a mean of percentiles. An interval without traffic takes no
//     room.
//
// What is a state rather than a count (keys, limits, requests in flight) is not
// kept here: [Book.Registry] asks for it when somebody reads /metrics.
//
// Names and their meaning stand in docs/metrics.md, and a test holds the two
// together. Labels hold names of keys, never keys.
//
// Concurrency. Everything here is safe for concurrent use.
//
// What does not belong here: files (whoever keeps the minutes over a restart asks
// for [Book.Minutes]), HTTP, and what a request means for a key.
package metrics
