package upstream

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// Limit is one window of an account's limits, as the headers of an answer or a
// quota page told.
type Limit struct {
	Kind      string    // "requests", "tokens", "input-tokens", "output-tokens", "percent"
	Window    string    // "second", "minute", "hour", "day", "5 hours", "week", "subscription"; "" if not told
	Limit     int64     // -1: not told
	Remaining int64     // -1: not told; never below that
	Reset     time.Time // when the window is full again, or grows next; zero: not told
	Source    string    // the family of headers: "x-ratelimit", "anthropic-ratelimit", "x-synthetic-quotas"; of Z.ai's quota page "quota"
}

// Empty reports whether nothing is left in the window.
func (l Limit) Empty() bool { return l.Remaining == 0 }

// The headers that tell limits. Cerebras: x-ratelimit-remaining-tokens-minute
// with the reset as float seconds; OpenAI: without window, the reset as "6m0s";
// Anthropic: anthropic-ratelimit-tokens-remaining with an RFC 3339 reset;
// Synthetic: one header of JSON. Sources: the vendors' rate-limit pages, 2026-11-20.
const (
	xRateLimit   = "x-ratelimit"
	anthropic    = "anthropic-ratelimit"
	quotasHeader = "X-Synthetic-Quotas"
)

// limitsOf reads all limits out of a header, in a fixed order. What it does not
// understand it leaves out.
func limitsOf(h http.Header, now time.Time) []Limit {
	if !tellsLimits(h) {
		return nil
	}
	var out []Limit
	clock := clockOf(h, now)
	for name, values := range h {
		if len(values) == 0 {
			continue
		}
		if source, kind, window, field, ok := limitName(name); ok {
			l := limitIn(&out, source, kind, window)
			switch field {
			case "limit":
				l.Limit = amount(values[0])
			case "remaining":
				l.Remaining = amount(values[0])
			case "reset":
				if wait, ok := clock.wait(values[0]); ok {
					l.Reset = now.Add(wait)
				}
			}
		}
	}
	out = slices.DeleteFunc(out, func(l Limit) bool { return l.Limit < 0 && l.Remaining < 0 && l.Reset.IsZero() })
	out = append(out, syntheticQuotas(h.Get(quotasHeader), clock, now)...)
	slices.SortFunc(out, func(a, b Limit) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Window, b.Window))
	})
	return out
}

// tellsLimits spares the answers that tell none: the date alone takes as long to
// read as all else in them.
func tellsLimits(h http.Header) bool {
	for name := range h {
		if of(xRateLimit, name) || of(anthropic, name) || name == quotasHeader {
			return true
		}
	}
	return false
}

// of reports whether a header is one of a family.
func of(family, name string) bool {
	n := len(family)
	return len(name) > n+1 && name[n] == '-' && strings.EqualFold(name[:n], family)
}

// limitName takes a header's name apart.
func limitName(name string) (source, kind, window, field string, ok bool) {
	switch {
	case of(xRateLimit, name):
		parts := strings.Split(strings.ToLower(name[len(xRateLimit)+1:]), "-")
		source, field, kind = xRateLimit, parts[0], "requests"
		if len(parts) > 1 {
			kind = parts[1]
		}
		if len(parts) > 2 {
			window = parts[2]
		}
		ok = len(parts) <= 3 && oneOf(kind, "requests", "tokens") && oneOf(window, "", "second", "minute", "hour", "day")
	case of(anthropic, name):
		rest := strings.ToLower(name[len(anthropic)+1:])
		at := strings.LastIndexByte(rest, '-')
		if at < 0 {
			return "", "", "", "", false
		}
		source, kind, field = anthropic, rest[:at], rest[at+1:]
		ok = oneOf(kind, "requests", "tokens", "input-tokens", "output-tokens")
	}
	return source, kind, window, field, ok && oneOf(field, "limit", "remaining", "reset")
}

// limitIn finds or makes a window's entry.
func limitIn(out *[]Limit, source, kind, window string) *Limit {
	for i := range *out {
		if l := &(*out)[i]; l.Source == source && l.Kind == kind && l.Window == window {
			return l
		}
	}
	*out = append(*out, Limit{Kind: kind, Window: window, Limit: -1, Remaining: -1, Source: source})
	return &(*out)[len(*out)-1]
}

// amount reads a count; -1 if it is none. Below zero nothing is left.
func amount(text string) int64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return amountOf(f, err == nil)
}

func amountOf(f float64, known bool) int64 {
	if !known || math.IsNaN(f) || math.IsInf(f, 0) || f > 1<<53 {
		return -1
	}
	return int64(max(f, 0))
}

// syntheticQuotas reads x-synthetic-quotas. The windows for searches and free
// tool calls are left out: they stop no chat completion.
func syntheticQuotas(text string, clock clock, now time.Time) []Limit {
	root := gjson.Parse(text)
	if !root.IsObject() {
		return nil
	}
	var out []Limit
	add := func(kind, window string, limit, remaining int64, reset gjson.Result) {
		l := Limit{Kind: kind, Window: window, Limit: limit, Remaining: remaining, Source: "x-synthetic-quotas"}
		if wait, ok := clock.wait(reset.String()); ok {
			l.Reset = now.Add(wait)
		}
		if limit >= 0 || remaining >= 0 {
			out = append(out, l)
		}
	}
	five, sub, week := root.Get("rollingFiveHourLimit"), root.Get("subscription"), root.Get("weeklyTokenLimit")
	switch {
	case five.IsObject():
		left := figure(five.Get("remaining"))
		if five.Get("limited").Bool() {
			left = 0
		}
		add("requests", "5 hours", figure(five.Get("max")), left, five.Get("nextTickAt"))
	case sub.IsObject(): // the older form: limit, and requests made
		limit, left := figure(sub.Get("limit")), int64(-1)
		if used := figure(sub.Get("requests")); limit >= 0 && used >= 0 {
			left = max(limit-used, 0)
		}
		add("requests", "subscription", limit, left, sub.Get("renewsAt"))
	}
	if week.IsObject() {
		add("percent", "week", 100, figure(week.Get("percentRemaining")), week.Get("nextRegenAt"))
	}
	return out
}

// figure reads a JSON number. What is left of a whole, but less than one of it,
// is nothing; a fraction of a percent still is something.
func figure(v gjson.Result) int64 {
	if v.Type == gjson.Number && v.Num > 0 && v.Num < 1 {
		return 1
	}
	return amountOf(v.Num, v.Type == gjson.Number)
}
