package state

import (
	"strconv"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// Tokens writes a count of tokens: "812", "1.2k", "131k", "2.4M"; none as "–".
func Tokens(n int) string {
	if n <= 0 {
		return none
	}
	return shortly(int64(n))
}

// Money writes US dollars: "$0.42", "$0.0042", "$1,240"; what is less than a
// hundredth of a cent as "<$0.0001".
func Money(usd float64) string {
	switch {
	case usd == 0:
		return "$0.00"
	case usd < 0.0001:
		return "<$0.0001"
	case usd < 0.01:
		return "$" + strconv.FormatFloat(usd, 'f', 4, 64)
	case usd < 1000:
		return "$" + strconv.FormatFloat(usd, 'f', 2, 64)
	}
	return "$" + Thousands(int(usd+0.5))
}

// Cost is what a request cost.
type Cost struct {
	USD   float64
	Known bool
	Plan  bool // it belongs to a plan: USD is what it would have cost without
}

// costOf is what a request cost.
func costOf(e *event.Finished) Cost {
	if e.Cost == nil {
		return Cost{}
	}
	return Cost{USD: *e.Cost, Known: true, Plan: e.CostEquivalent}
}

// String writes a cost: "$0.42", "(0.42)" for what a plan covers, "–" if it is
// not known.
func (c Cost) String() string {
	switch {
	case !c.Known:
		return none
	case c.Plan && c.USD > 0 && c.USD < 0.0001:
		return "(<0.001)"
	case c.Plan:
		return "(" + strings.Replace(Money(c.USD), "$", "", 1) + ")"
	}
	return Money(c.USD)
}

// PerSecond writes a speed in tokens per second: "1,040", "8.4".
func PerSecond(v float64) string {
	switch {
	case v <= 0:
		return none
	case v < 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return Thousands(int(v + 0.5))
}

// First writes the time to the first token, which needs no more than hundredths
// of a second: "0.21 s"; "–" if it is not known.
func First(d time.Duration) string {
	switch {
	case d <= 0:
		return none
	case d < 10*time.Millisecond:
		return "<0.01 s"
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
	}
	return Took(d)
}

// Seconds writes how long something lasted in seconds, for a column whose name
// has the unit: "0.21", "12.4", "125"; "–" if it is not known.
func Seconds(d time.Duration) string {
	switch s := d.Seconds(); {
	case d <= 0:
		return none
	case d < 10*time.Millisecond:
		return "<0.01"
	case d < 10*time.Second:
		return strconv.FormatFloat(s, 'f', 2, 64)
	case d < 100*time.Second:
		return strconv.FormatFloat(s, 'f', 1, 64)
	default:
		return Thousands(int(s + 0.5))
	}
}

// Runs writes how long something runs already, in whole seconds: "0:03".
func Runs(d time.Duration) string { return left(max(d, 0).Truncate(time.Second), time.Second) }

// Ago says how long ago something was: "now", "12 s ago", "2 min ago", "3 h
// ago", "2026-11-20".
func Ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return none
	case d < time.Second:
		return Tr("now")
	case d < time.Minute:
		return Tr("{{.Time}} s ago", "Time", int(d.Seconds()))
	case d < time.Hour:
		return Tr("{{.Time}} min ago", "Time", int(d.Minutes()))
	case d < 24*time.Hour:
		return Tr("{{.Time}} h ago", "Time", int(d.Hours()))
	}
	return t.Local().Format(time.DateOnly)
}

// Percent writes a share of 1: "71 %".
func Percent(share float64) string {
	return strconv.Itoa(int(100*min(max(share, 0), 1)+0.5)) + " %"
}
