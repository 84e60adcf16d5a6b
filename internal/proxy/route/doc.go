// Package route decides where a request goes, and says why in words.
//
// Contract. [Decide] walks the routing table: the first rule whose conditions
// hold and that has a target left gives the chain of steps to try in order.
//
//   - A target whose provider has no usable key is no target.
//   - A target whose known context cannot hold the request is passed over. If
//     none of any rule can, the largest is kept: the figure of tokens is an
//     estimate, and the provider's own answer is better than a guess of ours.
//   - A rule left with no target does not match, and the next is tried. Only a
//     rule for images never falls through: the request is refused and the
//     refusal names the missing key.
//   - A request with images never goes to a model that is known to take none,
//     whatever rule has matched.
//
// The model of a step is the id that the client asked for where that id is at
// home, and otherwise the one that fills the target's role; model.go has the
// order of the questions.
//
// Every branch leaves a reason: Decision.Reason for the log and the
// x-glmtray-route header, Step.Why for each model, Decision.Trace() for every
// rule and every target that was left out.
//
// Concurrency. Decide is a function of its input: no clock, no I/O, nothing
// kept. The roster it asks may change between two calls, never during a lookup.
//
// What does not belong here: which key is used and whether it cools (keypool),
// what happens after a failure (the proxy walks the chain), and how tokens are
// counted (tokens).
package route
