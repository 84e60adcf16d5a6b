// Package keypool answers one question: which key of a provider may serve this
// request now, until when not, and how many at once.
//
// # Contract
//
// Sticky. One key is current and serves until it fails; then the next in order
// is current. A cooled key returns at its deadline, but the pointer does not
// jump back to it: a provider's prompt cache lies with the key that served
// last. A key that is merely busy, barred for one model or avoided by one
// request stays current; that request goes to the next in order. A session
// ([Ask].Session; 4096 are remembered) keeps to the key that served it last for as
// long as that key can serve now, wherever the pointer is.
//
// One decision. Whatever may keep a request from a key is asked in one place, in
// admit, and answered with "now", "not before" or "not until something happens",
// and why, in words. Every verb only writes what it reads:
//
//	           Acquire · Ready · Outlook · Next · Standing · Snapshot
//	                                        │
//	           a request and its Cost ──▶ admit ──▶ now / not before / when it happens / never
//	                                        │
//	of the key      off ── parked ──────────┤ never, until a person acts
//	of the account  cooling ── barred ──────┤ not before its deadline
//	of the provider circuit open ───────────┤ not before it half-opens
//	of the account  pace ── told limits ────┤ not before enough has come back
//	of both         a probe is out ─────────┤ when it is answered, refused or lost
//	of the account  all slots in use ───────┘ when one is free
//
//	Cool  Throttle  Fail ─▶ cooling, then a probe     OK ─▶ open to all, slots and pace may rise
//	Throttle ─▶ pace (where no told limit explains it) Slow ─▶ cooling, slots
//	Told  Used ─▶ told limits                         Park ─▶ parked   Bar ─▶ barred
//	Broke ─▶ circuit open                             Answered ─▶ circuit closed
//
// Of several the one that lasts longest is named.
//
// Told limits. What answers tell of an account's windows is kept as a bucket per
// window: the remainder as told, plus what comes back (all the time in windows up
// to a minute, at their reset or tick in longer ones), less the cost of the
// requests that were taken since the one whose answer told it. A request that is
// refused has used nothing, one that ends has used what [Lease.Used] says. A key
// that would exceed a window is passed over before it refuses, and the pointer
// goes on as from one that cools. By how much predictions were too high is kept
// back as a margin. With Options.Reactive told limits are shown and keep nobody.
//
// Learned limits. An account that is told nothing is halved in slots where it
// refuses for concurrency ([Lease.Slow]), and paced where it refuses for speed
// ([Lease.Throttle], [Rates]). Both fall at a refusal and rise by clean answers,
// the pace only by those to requests that it held back.
//
// One tries first. After a cooldown, and while the circuit is half open, one
// request goes and the others wait until it is answered. After a refusal for
// concurrency the slots that are left are trial enough.
//
// Circuit. Where five of the last ten requests ended in a failure that the caller
// lays to the provider ([Lease.Broke]), all are kept from it for one to five
// seconds; a request that another provider can serve ([Ask.Passes]) does not wait for
// that, nor for the one that tries. Five in a row would never meet a provider that fails every other
// request. A request counts when it ends, so that a stream which is cut off or
// stalls is no success for having begun: only a whole answer ([Lease.Answered]) or
// a refusal (Cool, Throttle, Slow, Park, Bar) is one, and closes the circuit. One
// that is released without a verb is neither.
//
//	closed ──Broke, the fifth of ten──▶ open ──1 to 5 s──▶ half open: one tries ──OK──▶ others go, too
//	   ▲                                 ▲                      │                             │
//	   │                                 └─ Broke, of the one that tries or, once they go, of five in ten
//	   └─ Answered, or a refusal: of any ────────────────────┴─────────────────────────────┘
//
// The first event of the one that tries lets the others go, since a stream may last
// for minutes; yet it proves little, so that the circuit is closed, and its times
// begin anew, only with the first answer that comes to its end. Until then one
// failure of the one that tried opens it again, for longer; those of the others
// count as ever. What began before it opened counts for neither.
//
// Suspects. Accounts whose told limits are the same and fall together are pointed
// out ([Pool.Suspects]); nothing else is done about them.
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
// extend a cooldown if the provider told a later time. [Lease.Broke] alone counts
// each failure, and [Lease.Answered] each answer, until the circuit opens.
//
// Waiting. [Pool.Acquire] waits at most Ask.Wait, and only while a key can
// return within it; otherwise it is refused at once with [*Unavailable], also
// when the outlook worsens while it waits. Waiters of one provider are admitted
// first come, first served, each as soon as a key that may serve it returns, a
// slot is freed, enough has come back, or a person clears, enables or adds a key.
// Nobody overtakes, except a request for another model for which there is a key.
// [Lease].Waited and [State].Queue show the wait.
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
