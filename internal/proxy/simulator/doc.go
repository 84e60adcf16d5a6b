// Package simulator is one scriptable LLM provider that answers over real HTTP.
// It serves the demo, is the upstream of every test that needs one, and stands
// behind the benchmarks.
//
// A [Script] says which vendor it plays, which keys, accounts and limits there
// are, what it answers and what goes wrong. Everything a vendor is known to
// refuse with is a named fixture under fixtures/, word for word where the words
// are known; [Fixtures] lists them. Whatever breaks below HTTP (resets, cuts,
// silence, malformed streams) is a named fault; [Faults] lists those. Every
// request is recorded, see [Provider.Calls].
//
// Contract. The OpenAI chat-completions dialect is spoken, in the variants of
// Cerebras, Z.ai, Synthetic and OpenAI itself ("demo"). Nothing is random: a
// fault that fires by chance does so by a hash of Script.Seed. Time passes
// through package time only and the handler needs no TCP, so that it runs inside
// a testing/synctest bubble over net.Pipe.
//
// Concurrency. A [Provider] may be used by any number of goroutines. A Script
// must not be changed after it was handed over.
//
// What does not belong here: anything shared with the code under test. The
// simulator is the independent truth, so it imports no other package of glmtray
// and estimates, parses and limits by its own code.
package simulator
