// Package keypool answers one question: which key of a provider may serve this
// request now, until when not, and how many at once.
//
// # Contract
//
// Sticky. One key is current and serves until it fails; then the next in order
// is current. A cooled key returns at its deadline, but the pointer does not
// jump back to it: a provider's prompt cache lies with the key that served
// last. A key that is merely busy, barred for one model or avoided by one
// request stays current; that request goes to the next in order.
//
// Accounts. Vendors count per account, not per key (Cerebras' rate-limit pages
// and Z.ai's plan quotas, 2026-11-20), so keys with the same provider and
// account label, and names with the same secret, share cooldowns, bars and
// slots. A park is per key: a rejected key says nothing of its sisters. Names
// with one secret are one key and park together.
//
// Once. Whatever a lease reports counts only if nothing of its kind was
// reported since the lease was taken: twenty requests that meet one refusal
// cool the key once, count one error and advance once. A late report may still
// extend a cooldown if the provider told a later time.
//
// Waiting. [Pool.Acquire] waits at most Ask.Wait, and only while a key can
// return within it; otherwise it is refused at once with [*Unavailable], also
// when the outlook worsens while it waits. Waiters of one provider are admitted
// first come, first served, each as soon as a key that may serve it returns, a
// slot is freed, or a person clears, enables or adds a key. Nobody overtakes,
// except a request for a model that the one ahead may not use.
//
// Deadlines are monotonic while the program runs (a stepped clock neither frees
// nor holds a key; on systems whose monotonic clock stands still in sleep, so do
// the deadlines) and are kept over a restart by wall clock: see [Saved].
//
// # Concurrency
//
// Everything is safe for concurrent use. Each provider has one short mutex and
// no lock is shared between providers on a request's path; nothing is locked
// while somebody waits. Options.OnChange and the bus are called outside of all
// locks, in order per provider, by whichever goroutine gets there first: a
// change may be told a moment after the verb that caused it has returned.
//
// # What does not belong here
//
// What an answer means (upstream), which provider to use (route), where keys
// and their states are kept (store). A key's text passes through in its
// secret.Value and is never revealed.
package keypool
