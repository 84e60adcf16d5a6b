package keypool

import (
	"math/rand/v2"
	"slices"
	"time"
)

const (
	maxTold     = 8 * 24 * time.Hour // longest deadline believed: a week's quota and a day
	minTold     = time.Second        // for a deadline that has passed already
	maxBackoff  = 15 * time.Minute   // longest cooldown of our own making
	failBase    = 10 * time.Second   // first cooldown for server errors: they pass sooner than quotas
	maxFail     = time.Minute
	slowMin     = 2 * time.Second // pause after a concurrency refusal (Z.ai 1302: 2–10 s, clients' experience, 2026-11-20)
	slowMax     = 10 * time.Second
	defaultBar  = 24 * time.Hour
	cleanToGrow = 10 // clean answers that earn one more slot
	mostAgain   = 3  // times that this is made fourfold for a number of slots that was refused
	failsToCool = 2  // consecutive server errors that cool a key
)

// account is what keys of one account share. The ring's mutex guards it.
type account struct {
	keys      []*key // its members now
	inflight  int    // leases out, those of removed members too
	coolUntil time.Time
	reason    string // of the last error
	errors    int    // since the last OK
	strikes   int    // consecutive cooldowns of our own making
	fails     int    // consecutive server errors
	cooledAt  uint64 // the ring's tick at the last cooldown
	failedAt  uint64 // and at the last server error
	bars      map[string]bar

	windows []window // told limits
	taken   amounts  // by all requests so far, corrected by what they truly used
	fresh   uint64   // answers to leases before this one speak of other accounts
	mates   []mate   // accounts that may be the same one
	pace    pace

	half  bool   // cooled, and nobody was served since
	probe *Lease // the one request that may try; nil: the next

	limit   int // configured slots; 0: none
	learned int // slots learned from refusals; 0: none
	refused int // requests in flight when it was learned
	clean   int // OKs since the last change of learned
	again   int // times in a row that no more than refused was refused
}

// bar keeps one model from an account.
type bar struct {
	until time.Time
	why   string
}

func (a *account) cooling(now time.Time) bool { return now.Before(a.coolUntil) }

// slots is how many requests may run at once; 0: no limit.
func (a *account) slots() int {
	if a.learned > 0 && (a.limit == 0 || a.learned < a.limit) {
		return a.learned
	}
	return a.limit
}

func (a *account) full() bool {
	n := a.slots()
	return n > 0 && a.inflight >= n
}

// barredUntil is zero if the model is not barred now.
func (a *account) barredUntil(model string, now time.Time) time.Time {
	if len(a.bars) == 0 {
		return time.Time{}
	}
	if b, ok := a.bars[model]; ok && now.Before(b.until) {
		return b.until
	}
	return time.Time{}
}

// halve learns a limit from a refusal for concurrency.
func (a *account) halve() {
	if a.refused > 0 && a.inflight <= a.refused {
		a.again = min(a.again+1, mostAgain)
	} else {
		a.again = 0
	}
	a.refused = a.inflight
	a.learned = max(1, a.inflight/2)
	a.clean = 0
}

// grow counts a clean answer and reports whether that earned a slot, which takes
// four times as many where that number was refused, each time that it was. A learned
// limit is forgotten when it reaches the configured one or, without such, when
// it has passed twice the load that was refused.
func (a *account) grow() bool {
	if a.learned == 0 {
		return false
	}
	again := a.again
	if a.learned+1 == a.refused {
		again++
	}
	if a.clean++; a.clean < cleanToGrow<<(2*min(again, mostAgain)) {
		return false
	}
	a.clean = 0
	a.learned++
	if (a.limit > 0 && a.learned >= a.limit) || (a.limit == 0 && a.learned > 2*a.refused) {
		a.learned = 0
	}
	return true
}

func (a *account) reset() {
	a.coolUntil, a.reason, a.bars = time.Time{}, "", nil
	a.errors, a.strikes, a.fails = 0, 0, 0
	a.learned, a.refused, a.clean, a.again = 0, 0, 0, 0
	a.half, a.probe, a.windows, a.pace = false, nil, nil, pace{}
}

// add makes k a member; the smallest configured limit counts.
func (a *account) add(k *key) {
	a.keys = append(a.keys, k)
	a.inflight += k.inflight
	if k.Concurrency > 0 && (a.limit == 0 || k.Concurrency < a.limit) {
		a.limit = k.Concurrency
	}
}

// merge takes over the state of an account that members came from.
func (a *account) merge(old *account) {
	if old.coolUntil.After(a.coolUntil) {
		a.coolUntil, a.reason = old.coolUntil, old.reason
	}
	if a.reason == "" {
		a.reason = old.reason
	}
	a.errors, a.strikes, a.fails = max(a.errors, old.errors), max(a.strikes, old.strikes), max(a.fails, old.fails)
	a.cooledAt, a.failedAt = max(a.cooledAt, old.cooledAt), max(a.failedAt, old.failedAt)
	for model, b := range old.bars {
		a.bar(model, b)
	}
	if old.learned > 0 && (a.learned == 0 || old.learned < a.learned) {
		a.learned, a.refused, a.clean, a.again = old.learned, old.refused, old.clean, old.again
	}
	a.half = a.half || old.half
	if a.probe == nil {
		a.probe = old.probe
	}
	if old.pace.rate > 0 && (a.pace.rate == 0 || old.pace.rate < a.pace.rate) {
		a.pace = old.pace
	}
}

// inherit comes once all keys are where they belong. It takes over the told
// limits of the account that a's keys come from, if
// they come from one alone. What two accounts were told says nothing of one.
func (a *account) inherit(from []*account, seq uint64) {
	if a.probe != nil && a.probe.key.acct != a {
		a.probe = nil // it went to the account that this one was parted from
	}
	if len(from) != 1 {
		a.fresh = seq + 1
		return
	}
	old := from[0]
	a.windows, a.taken, a.fresh = slices.Clone(old.windows), old.taken, old.fresh
}

// bar reports whether b lasts longer than what was there.
func (a *account) bar(model string, b bar) bool {
	if !b.until.After(a.bars[model].until) {
		return false
	}
	if a.bars == nil {
		a.bars = map[string]bar{}
	}
	a.bars[model] = b
	return true
}

// deadline bounds a time that somebody told and gives it a monotonic reading.
func deadline(until, now time.Time) time.Time {
	d := until.Sub(now)
	if d <= 0 {
		d = minTold
	}
	return now.Add(min(d, maxTold))
}

// backoff doubles base per strike up to limit, with 10 % of jitter either way.
func backoff(base time.Duration, strikes int, limit time.Duration) time.Duration {
	limit = max(limit, base)
	d := base
	for range strikes {
		if d >= limit {
			break
		}
		d *= 2
	}
	return min(between(d-d/10, d+d/10), limit)
}

// between draws from [from, to).
func between(from, to time.Duration) time.Duration {
	if to <= from {
		return from
	}
	return from + rand.N(to-from) //nolint:gosec // jitter, not a secret
}
