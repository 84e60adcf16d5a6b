package state

import (
	"strconv"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// Today is what was used on one day. What is not known has its flag off.
type Today struct {
	Day       string // "2026-11-28", by this machine's clock; "" as long as nothing is known
	Requests  int    // whatever became of them
	Tokens    int64
	HasTokens bool
	Cost      float64 // USD
	HasCost   bool
}

// DayOf is the day of a moment.
func DayOf(t time.Time) string { return t.Local().Format(time.DateOnly) }

// Add counts a request.
func (d *Today) Add(e *event.Finished) {
	day := DayOf(e.Time.Add(e.Took))
	if d.Day > day {
		return // of yesterday
	}
	if d.Day != day {
		*d = Today{Day: day}
	}
	d.Requests++
	if n := e.Tokens.Prompt + e.Tokens.Completion; n > 0 {
		d.Tokens += int64(n)
		d.HasTokens = true
	}
	if e.Cost != nil && !e.CostEquivalent { // a plan's request cost nothing more
		d.Cost += *e.Cost
		d.HasCost = true
	}
}

// line is the tray's: "Today: 12 requests · 131k tokens · $0.42".
func (d Today) line() string {
	tokens, cost := none, none
	if d.HasTokens {
		tokens = Tokens(int(d.Tokens))
	}
	if d.HasCost {
		cost = Money(d.Cost)
	}
	return TrN(d.Requests, "Today: {{.Count}} request · {{.Tokens}} tokens · {{.Cost}}", "Today: {{.Count}} requests · {{.Tokens}} tokens · {{.Cost}}",
		"Tokens", tokens, "Cost", cost)
}

// shortly writes a large number in short: 812, "9.4k", "131k", "2.1M".
func shortly(n int64) string {
	switch {
	case n < 1000:
		return strconv.FormatInt(n, 10)
	case n < 9950:
		return strconv.FormatFloat(float64(n)/1000, 'f', 1, 64) + "k"
	case n < 999_500:
		return strconv.FormatInt((n+500)/1000, 10) + "k"
	case n < 9_950_000:
		return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + "M"
	}
	return strconv.FormatInt((n+500_000)/1_000_000, 10) + "M"
}
