// Package roster knows which model ids each provider has now: what its
// /v1/models told, which id fills a role, and which ids it has answered "model
// gone" about.
//
// Ids change monthly and lists are incomplete (Z.ai's leaves out vision models
// that it serves), so a list informs a choice and never forbids one: a role
// whose preferences are all unlisted still gives the first of them, and the
// provider's own answer decides.
//
// Contract. A [Roster] that was told nothing is of use at once: every role is
// its first preference. Gone ids are forgotten at their deadline by the wall
// clock, since that has to survive a restart.
//
// Concurrency. Everything here is safe for concurrent use. Readers take one
// atomic load and no lock; writers copy what they change.
//
// What does not belong here: asking a provider for its list (upstream), when to
// ask (the proxy), which provider a request goes to (route), and what a model
// costs or holds by the catalogue (config); the roster only lays the provider's
// own word over it.
package roster
