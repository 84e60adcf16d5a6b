package upstream

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/lazy"
)

// A vendor's word on how long to stay away is followed up to maxUntil. Beyond
// nonsense (the longest real window is a month) it is taken for none.
const (
	maxUntil = 8 * 24 * time.Hour
	nonsense = 40 * 24 * time.Hour
)

// china is the zone of Z.ai's times, which name none (measured by clients,
// measured by clients, 2026-09). China has no summer time; the system's zone table, which may
// be missing, is not asked.
var china = time.FixedZone("UTC+8", 8*60*60)

// clock judges a provider's times by the provider's own clock, so that neither
// side has to be right: the wait is what counts.
type clock struct{ there time.Time }

func clockOf(h http.Header, now time.Time) clock {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		return clock{date}
	}
	return clock{now}
}

// until is the wait until a point in the provider's time.
func (c clock) until(t time.Time) (time.Duration, bool) { return bounded(t.Sub(c.there)) }

// bounded caps a wait, and refuses one that is none.
func bounded(wait time.Duration) (time.Duration, bool) {
	if wait <= 0 || wait > nonsense {
		return 0, false
	}
	return min(wait, maxUntil), true
}

// Figures from here on are points in time (Unix seconds, milliseconds), not
// waits: a wait of 30 years is no answer.
const (
	unixSeconds = 1e9
	unixMillis  = 1e12
)

// wait reads what headers say: seconds ("56", "11.38"), a duration ("6m0s"), a
// date (RFC 3339 or HTTP's), or Unix time.
func (c clock) wait(text string) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		switch {
		case math.IsNaN(f) || f > 1e15:
			return 0, false
		case f >= unixMillis:
			return c.until(time.UnixMilli(int64(f)))
		case f >= unixSeconds:
			return c.until(time.Unix(int64(f), 0))
		}
		return seconds(f)
	}
	if d, err := time.ParseDuration(text); err == nil {
		return bounded(d)
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return c.until(t)
	}
	if t, err := http.ParseTime(text); err == nil {
		return c.until(t)
	}
	return 0, false
}

func seconds(f float64) (time.Duration, bool) {
	if math.IsNaN(f) || f <= 0 || f > nonsense.Seconds() {
		return 0, false
	}
	return bounded(time.Duration(f * float64(time.Second)))
}

// retryAfter reads retry-after-ms and Retry-After.
func retryAfter(h http.Header, c clock) (time.Duration, bool) {
	if f, err := strconv.ParseFloat(strings.TrimSpace(h.Get("Retry-After-Ms")), 64); err == nil {
		if wait, ok := seconds(f / 1000); ok {
			return wait, true
		}
	}
	if text := h.Get("Retry-After"); text != "" {
		return c.wait(text)
	}
	return 0, false
}

// untilOf says when a key may be used again: Retry-After, then, of a limit in
// time, the reset of the window that is empty, then a time in the message, then
// nothing.
func untilOf(v verdict, t *told) time.Time {
	switch v.class {
	case RateLimited, Concurrency, QuotaUntil, ServerError, Overloaded:
	default:
		return time.Time{}
	}
	c := clockOf(t.header, t.now)
	if wait, ok := retryAfter(t.header, c); ok {
		return t.now.Add(wait)
	}
	if v.class != RateLimited && v.class != QuotaUntil {
		return time.Time{} // the windows say nothing about how many at once, or of failures
	}
	if reset := emptyWindow(t); !reset.IsZero() {
		return reset
	}
	if wait, ok := inMessage(t.fault.message, c); ok {
		return t.now.Add(wait)
	}
	if v.midnight {
		there := c.there.In(china)
		next := time.Date(there.Year(), there.Month(), there.Day()+1, 0, 0, 0, 0, china)
		if wait, ok := c.until(next); ok {
			return t.now.Add(wait)
		}
	}
	return time.Time{}
}

// emptyWindow gives the latest reset among the windows with nothing left, else
// that of the window which the message names (a request may ask for more than
// is left), else Synthetic's next tick, when some of its five hours returns.
func emptyWindow(t *told) time.Time {
	var last time.Time
	for _, l := range t.limits {
		if l.Empty() && l.Reset.After(last) {
			last = l.Reset
		}
	}
	if !last.IsZero() {
		return last
	}
	kind, span := "", "5 hours"
	if m := window().FindStringSubmatch(t.fault.message); m != nil {
		kind, span = m[1], m[2]
	}
	for _, l := range t.limits {
		if strings.EqualFold(l.Window, span) && (kind == "" || strings.EqualFold(l.Kind, kind)) {
			return l.Reset
		}
	}
	return time.Time{}
}

// stamp is Z.ai's "Your limit will reset at 2026-09-09 05:38:28", in whatever
// language it stands.
var stamp = lazy.Regexp(`(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?`)

// inMessage finds a time in a message. Without a zone it is China's.
func inMessage(text string, c clock) (time.Duration, bool) {
	for _, m := range stamp().FindAllStringSubmatch(text, 8) {
		layout, value := "2006-01-02 15:04:05", m[1]+" "+m[2]
		if m[3] != "" {
			layout, value = layout+"Z0700", value+strings.ReplaceAll(m[3], ":", "")
		}
		if t, err := time.ParseInLocation(layout, value, china); err == nil {
			if wait, ok := c.until(t); ok {
				return wait, true
			}
		}
	}
	return 0, false
}
