package keypool

import (
	"math"
	"time"
)

// Limit is one window of an account's limits as a provider told it.
type Limit struct {
	Kind      string    // "requests", "tokens", "input-tokens", "output-tokens" or "percent"; others are ignored
	Window    string    // "second", "minute", "hour", "day", "5 hours", "week", ...; "": not told
	Limit     int64     // what a full window holds; -1: not told
	Remaining int64     // -1: not told
	Reset     time.Time // when it is full again, or grows next; zero: not told
	Source    string    // who tells it; windows of different sources are kept apart
}

// Cost is what a request may use of an account. One request is implied.
type Cost struct {
	Tokens int // prompt estimate and output limit together
	Output int // the output limit alone
}

// The kinds of amounts.
const (
	requests = iota
	tokens
	inputTokens
	outputTokens
	percent // what is left of something else: it blocks at 0 and has no price
	kinds
)

var kindNames = [kinds]string{"requests", "tokens", "input-tokens", "output-tokens", "percent"}

func kindOf(name string) (kind int, ok bool) {
	for kind, n := range kindNames {
		if n == name {
			return kind, true
		}
	}
	return 0, false
}

// amounts are what a request, or all of them so far, took of each kind.
type amounts [kinds]float64

func (c Cost) amounts() (a amounts) {
	a[requests], a[tokens] = 1, float64(max(c.Tokens, 0))
	a[outputTokens] = min(float64(max(c.Output, 0)), a[tokens])
	a[inputTokens] = a[tokens] - a[outputTokens]
	return a
}

// window is a told limit and what is predicted to be left of it. It is a
// bucket: what is taken goes at once, what a request did not use comes back when
// it ends, and every answer sets the level anew.
type window struct {
	Limit
	kind   int
	full   float64 // infinite: not told
	level  float64 // predicted, true at `at`; below 0: overdrawn
	at     time.Time
	rate   float64       // what returns per second; 0: nothing before Reset
	gain   float64       // what returns at Reset, where rate is 0
	every  time.Duration // between two Resets
	margin float64       // by how much predictions were too high lately
	seq    uint64        // of the lease whose answer told it
	prompt price         // of a prompt token
}

// price is what a provider charges a prompt token with before it answers, as a
// share of what it counts in the end: its estimate is not ours. It shows in how
// far predictions are off by when more prompts were given back than charged.
type price struct {
	share float64
	ended float64 // prompt tokens of requests that ended since the window was told
	mark  float64 // prompt tokens ever taken when it was told
}

// learn holds an error against the prompts that it is of.
func (p *price) learn(off, charged, notable float64) {
	given := p.ended - (charged - p.mark)
	p.ended, p.mark = 0, charged
	if given > notable || given < -notable {
		p.share = min(max(p.share-priceGain*off/given, leastPrice), mostPrice)
	}
}

// charge is what a request is charged with here before it is answered.
func (w *window) charge(cost *amounts) float64 {
	switch w.kind {
	case tokens:
		return cost[tokens] - cost[inputTokens]*(1-w.prompt.share)
	case inputTokens:
		return cost[inputTokens] * w.prompt.share
	}
	return cost[w.kind]
}

// The windows' lengths. A name that is not here has none that is known. That of
// Synthetic's older "subscription" was five hours (dev.synthetic.new, 2026).
var periods = map[string]time.Duration{
	"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour,
	"5 hours": 5 * time.Hour, "week": 7 * 24 * time.Hour, "subscription": 5 * time.Hour,
}

// Synthetic gives back a share of its windows at ticks: 5 % of the five hours'
// each 15 minutes, 2 % of the week's each 3.36 hours (its /v2/quotas, autumn
// 2026). What is told next corrects it.
const syntheticSource = "x-synthetic-quotas"

var ticks = map[string]struct {
	share float64
	every time.Duration
}{
	"5 hours": {0.05, 15 * time.Minute},
	"week":    {0.02, 202 * time.Minute},
}

const (
	unnamed     = time.Minute // a window without name and reset: OpenAI's are minutes (platform.openai.com, 2026)
	continuous  = time.Minute // longest window that is refilled all the time
	maxMargin   = 0.25        // of a full window
	marginDecay = 0.9         // per telling
	priceGain   = 0.3         // how much of an error is believed at once
	leastPrice  = 0.3
	mostPrice   = 3
)

// set takes in what an answer told. since is what leases younger than the one
// that told it have taken.
func (w *window) set(l Limit, since *amounts, mark *amounts, seq uint64, now time.Time) {
	w.step(now)
	younger := w.charge(since)
	was := w.level + younger
	w.Limit, w.at, w.seq = l, now, seq
	w.full = math.Inf(1)
	if l.Limit >= 0 {
		w.full = float64(l.Limit)
	}
	w.level = w.full - younger
	if l.Remaining >= 0 {
		w.level = float64(l.Remaining) - younger
		// How far off the prediction was: prices that the provider estimates
		// higher than we do, or somebody else who uses the account.
		if off := was - float64(l.Remaining); !math.IsInf(off, 0) && !math.IsNaN(off) {
			w.margin = min(max(off, w.margin*marginDecay, 0), w.full*maxMargin)
			w.prompt.learn(off, mark[inputTokens], w.full*notable)
		}
	}
	w.level = min(w.level, w.full) // older requests may have given back more than younger ones took
	w.returns(now)
}

// returns works out what comes back, and when.
func (w *window) returns(now time.Time) {
	period, named := periods[w.Window]
	left := w.Reset.Sub(now)
	if !named {
		period = unnamed
		if !w.Reset.IsZero() && left > 0 {
			period = left
		}
	}
	w.rate, w.gain, w.every = 0, w.full, period
	if period <= continuous && !math.IsInf(w.full, 0) {
		w.rate = w.flow(period, left)
		return
	}
	if t, ok := ticks[w.Window]; ok && w.Source == syntheticSource {
		w.gain, w.every = max(w.full*t.share, 1), t.every
	}
	if w.Reset.IsZero() || left <= 0 {
		w.Reset = now.Add(w.every)
	}
}

// flow is what returns per second to a window that is full again in so long.
func (w *window) flow(period, left time.Duration) float64 {
	rate := w.full / period.Seconds()
	missing := w.full - float64(w.Remaining)
	if w.Remaining < 0 || left <= 0 || missing <= w.full*notable {
		return rate
	}
	return min(max(missing/left.Seconds(), rate/2), rate*2) // within reason: some tell whole seconds
}

// step brings the level up to now.
func (w *window) step(now time.Time) {
	d := now.Sub(w.at)
	if d <= 0 {
		return
	}
	w.at = now
	if w.rate > 0 {
		w.level = min(w.full, w.level+w.rate*d.Seconds())
		return
	}
	if w.every > 0 && !now.Before(w.Reset) {
		n := now.Sub(w.Reset)/w.every + 1
		w.level = min(w.full, w.level+w.gain*float64(n))
		w.Reset = w.Reset.Add(n * w.every)
	}
}

// price is what a request needs here before it is let in. One that costs more
// than the whole window goes when the window is full.
func (w *window) price(cost *amounts) float64 {
	n := w.charge(cost)
	if n == 0 {
		return 1 // nobody can use a window that has run dry
	}
	return min(n+w.margin, w.full)
}

// enough tells when a request can be let in; zero: now. step has been called.
func (w *window) enough(cost *amounts, now time.Time) time.Time {
	short := w.price(cost) - w.level
	if short <= 0 || short <= 1e-6*w.full {
		return time.Time{}
	}
	if w.rate > 0 {
		return now.Add(time.Duration(short/w.rate*float64(time.Second)) + time.Microsecond)
	}
	n := time.Duration(0)
	if w.gain > 0 && !math.IsInf(w.gain, 0) {
		n = time.Duration(max(math.Ceil(short/w.gain)-1, 0))
	}
	return w.Reset.Add(min(n*w.every, maxTold))
}

// told takes in one limit. Answers overtake each other: one to a request that is
// older than what is known says nothing new.
func (a *account) told(t Limit, mark *amounts, seq uint64, now time.Time) {
	kind, ok := kindOf(t.Kind)
	if !ok || seq < a.fresh || (t.Limit < 0 && t.Remaining < 0) || t.Limit == 0 {
		return
	}
	w := a.window(&t, kind, mark, now)
	if w == nil || seq < w.seq {
		return
	}
	var since amounts
	for kind, n := range a.taken {
		since[kind] = n - mark[kind]
	}
	w.set(t, &since, mark, seq, now)
}

// window finds or makes a limit's window; nil if there are too many.
func (a *account) window(t *Limit, kind int, mark *amounts, now time.Time) *window {
	for i := range a.windows {
		w := &a.windows[i]
		if w.kind == kind && w.Window == t.Window && w.Source == t.Source {
			return w
		}
	}
	if len(a.windows) == maxWindows {
		return nil
	}
	a.windows = append(a.windows, window{
		kind: kind, level: math.Inf(1), full: math.Inf(1), at: now, prompt: price{share: 1, mark: mark[inputTokens]},
	})
	return &a.windows[len(a.windows)-1]
}

// maxWindows bounds what a provider can make us keep per account.
const maxWindows = 16

// take reserves what a request may cost, and gives the mark of it: all that was
// ever taken, up to and with this request.
func (a *account) take(cost *amounts, now time.Time) (mark amounts) {
	for kind, n := range cost {
		a.taken[kind] += n
	}
	for i := range a.windows {
		w := &a.windows[i]
		w.step(now)
		w.level -= w.charge(cost)
	}
	return a.taken
}

// refuse returns what a refused request has reserved. The provider itself has
// never counted it, so a window that was told since is right already.
func (a *account) refuse(cost *amounts, seq uint64, now time.Time) {
	for i := range a.windows {
		w := &a.windows[i]
		if w.seq < seq {
			w.step(now)
			w.level = min(w.level+w.charge(cost), w.full)
		}
	}
}

// end replaces what a request has reserved by what it used.
func (a *account) end(cost, used *amounts, now time.Time) {
	for i := range a.windows {
		w := &a.windows[i]
		w.step(now)
		w.level = min(w.level+w.charge(cost)-used[w.kind], w.full)
		w.prompt.ended += cost[inputTokens]
	}
	for kind := range used {
		a.taken[kind] += used[kind] - cost[kind]
	}
}

// short reports whether a told window explains that a request was refused.
func (a *account) short(cost *amounts, seq uint64, now time.Time) bool {
	for i := range a.windows {
		w := &a.windows[i]
		w.step(now)
		if w.Remaining == 0 && w.seq == seq || !w.enough(cost, now).IsZero() {
			return true
		}
	}
	return false
}

// Told takes in what an answer told of the account's limits. Call it before the
// verb that says what the answer was.
func (l *Lease) Told(limits []Limit) {
	if len(limits) == 0 {
		return
	}
	r, a := l.lock()
	if a == nil {
		r.mu.Unlock()
		return
	}
	now := time.Now()
	r.compare(a, l, limits, now)
	for _, t := range limits {
		a.told(t, &l.mark, l.seq, now)
	}
	r.settle()
}

// Used corrects what was reserved by the tokens that the request has truly used,
// prompt and answer together. Call it before Release, once.
func (l *Lease) Used(total int) {
	r, a := l.lock()
	if a == nil || !l.holds || total < 0 {
		r.mu.Unlock()
		return
	}
	l.holds = false
	used := Cost{Tokens: total, Output: max(total-int(l.cost[inputTokens]), 0)}.amounts()
	a.end(&l.cost, &used, time.Now())
	r.settle()
}

// refund returns what a refused request has reserved.
func (l *Lease) refund(a *account, now time.Time) {
	if l.holds {
		l.holds = false
		a.refuse(&l.cost, l.seq, now)
	}
}

// Told takes in what is known of an account's limits from elsewhere, such as a
// provider's quota page; the key is one of the account's.
func (p *Pool) Told(provider, name string, limits []Limit) error {
	return p.change(provider, name, func(r *ring, k *key, now time.Time) {
		r.seq++
		for _, t := range limits {
			k.acct.told(t, &k.acct.taken, r.seq, now)
		}
	})
}
