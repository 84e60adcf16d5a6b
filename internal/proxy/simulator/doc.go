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
// Two dialects are spoken, each in the variants of the vendors that have it and
// under any base path: OpenAI's chat completions (Cerebras, Z.ai, Synthetic, and
// OpenAI itself as "demo") and Anthropic's Messages (Z.ai, Synthetic, "demo" and
// Anthropic itself). Script.Dialects makes a provider that has one only. What is
// scripted holds for both: the answer, the limits and the faults take the form of
// the dialect in which a request came, and so does a fixture that is another
// API's error. Refusals are the vendor's, not the dialect's: Anthropic knows its
// own signatures of thinking again and refuses all others, Z.ai takes any.
//
// An agent's task is scripted as [Answer].Turns. Which turn is due follows from
// the request alone, so that requests may be repeated and sessions may overlap;
// a call names the tools of several clients ([Shell]) and goes to the one that is
// offered, and a text that quotes {{result}} proves that the tool has run.
//
// Contract. Nothing is random: a fault that fires by chance does so by a hash of
// Script.Seed, and ids count the calls. Time passes through package time only and
// the handler needs no TCP, so that it runs inside a testing/synctest bubble over
// net.Pipe. What a vendor is not known to refuse is refused with Script.Strict
// only, and wordings that are not known are marked so where they stand.
//
// Concurrency. A [Provider] may be used by any number of goroutines. A Script
// must not be changed after it was handed over.
//
// What does not belong here: anything shared with the code under test. The
// simulator is the independent truth, so it imports no other package of glmtray
// and estimates, parses and limits by its own code.
package simulator
