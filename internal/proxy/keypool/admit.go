package keypool

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// gate is one way in which a key may be passed over or made to wait.
type gate uint8

const (
	open        gate = iota // nothing is in the way
	gateOff                 // disabled, or without a secret
	gateParked              // set aside until a person acts
	gateCooling             // refused; back at a time
	gateBarred              // not for this model
	gateDown                // the provider's circuit is open
	gatePace                // the learned pace has no place yet
	gateTold                // a told limit would be exceeded
	gateProbe               // one request tries it first
	gateSlots               // all slots are in use
)

// verdict is what admit says of a key and a request.
type verdict struct {
	by      gate      // what stands in the way; of several what lasts longest
	until   time.Time // when that passes by itself; zero: not by time
	cooling bool      // the account itself is what has to recover

	left, of, need float64 // gateTold: amounts
	what           string  // gateTold: "tokens per minute", taken apart in words
	window         string
}

// never reports whether only a person can help.
func (v *verdict) never() bool { return v.by == gateOff || v.by == gateParked }

// leaves reports whether the pointer goes on to the next key, as from one that
// cools.
func (v *verdict) leaves() bool { return v.never() || v.by == gatePace || v.by == gateTold }

// wait notes something that passes at a time.
func (v *verdict) wait(by gate, until, now time.Time) bool {
	if !until.After(now) || !until.After(v.until) {
		return false
	}
	v.by, v.until = by, until
	return true
}

// admit is the one decision on whether a key may serve a request now. What it
// reads, every verb of the pool writes; see the package's picture.
func (r *ring) admit(k *key, model string, cost *amounts, now time.Time) (v verdict) {
	switch {
	case k.off:
		return verdict{by: gateOff}
	case k.parked:
		return verdict{by: gateParked}
	}
	a := k.acct
	v.cooling = v.wait(gateCooling, a.coolUntil, now)
	v.wait(gateBarred, a.barredUntil(model, now), now)
	v.wait(gateDown, r.circuit.openUntil, now)
	v.cooling = v.wait(gatePace, a.pace.next(now), now) || v.cooling
	if len(a.windows) > 0 && !r.pool.opt.Reactive {
		v.cooling = v.told(a, cost, now) || v.cooling
	}
	if v.by != open {
		return v
	}
	switch {
	case a.half && a.probe != nil, r.circuit.half() && r.circuit.probe != nil:
		v.by = gateProbe
	case a.full():
		v.by = gateSlots
	}
	return v
}

// told looks for the window that keeps the request waiting for longest.
func (v *verdict) told(a *account, cost *amounts, now time.Time) (waits bool) {
	for i := range a.windows {
		w := &a.windows[i]
		w.step(now)
		if v.wait(gateTold, w.enough(cost, now), now) {
			v.left, v.of, v.need = w.level, w.full, min(max(cost[w.kind], 1), w.full)
			v.what, v.window, waits = w.Kind, w.Window, true
		}
	}
	return waits
}

// words says in what way a key cannot serve a request, as of now. s is its
// state.
func (v *verdict) words(s *State, model string) string {
	wait := span(time.Until(v.until))
	switch v.by {
	case open:
		return Ready
	case gateCooling:
		if s.Reason != "" {
			wait += " (" + s.Reason + ")"
		}
		return "back in " + wait
	case gateBarred:
		return "not for " + model + colon(s.Barred[model])
	case gatePace:
		return fmt.Sprintf("paced at %s requests per second; next in %s", perSecond(s.Rate), wait)
	case gateTold:
		return v.amounts() + "; enough in " + wait
	case gateSlots:
		return fmt.Sprintf("busy (%d at once)", s.Slots)
	case gateProbe:
		return "waits for the one request that tries it first"
	case gateDown:
		return "not asked while the provider fails; again in " + wait
	}
	return s.State + colon(s.Reason)
}

// amounts writes "tokens per minute: 1,200 of 30,000 left, this needs 18,000".
func (v *verdict) amounts() string {
	of := ""
	if !math.IsInf(v.of, 0) {
		of = " of " + count(v.of)
	}
	return fmt.Sprintf("%s: %s%s left, this needs %s", limitWords(v.what, v.window), count(max(v.left, 0)), of, count(v.need))
}

// limitWords names a window: "tokens per minute".
func limitWords(kind, window string) string {
	if window != "" {
		return strings.ReplaceAll(kind, "-", " ") + " per " + window
	}
	return strings.ReplaceAll(kind, "-", " ")
}

// perSecond writes a rate to two digits: 12, 0.13.
func perSecond(f float64) string {
	if f >= 100 {
		return count(f)
	}
	return strconv.FormatFloat(f, 'g', 2, 64)
}

// count writes 18000.4 as 18,000.
func count(f float64) string {
	text := strconv.FormatFloat(math.Trunc(f), 'f', 0, 64)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
