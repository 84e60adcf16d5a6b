package state

import (
	"strings"
	"time"
)

// The periods of the usage page.
const (
	PeriodToday = "today"
	PeriodWeek  = "week"
	PeriodMonth = "month"
)

// Used is what some requests have used.
type Used struct {
	Name                                  string    // of the provider, model or client
	Start                                 time.Time // of the hour or day
	Requests, Failed                      int
	Prompt, Cached, Completion, Reasoning int64   // tokens; Cached are of Prompt, Reasoning of Completion
	Cost, Plan                            float64 // USD: known, and an equivalent that a plan covers
	Priced, PlanPriced, Unpriced          int     // requests in Cost, in Plan, and at a cost that is not known
}

// Add adds what others have used.
func (u *Used) Add(o *Used) {
	u.Requests, u.Failed = u.Requests+o.Requests, u.Failed+o.Failed
	u.Prompt, u.Cached = u.Prompt+o.Prompt, u.Cached+o.Cached
	u.Completion, u.Reasoning = u.Completion+o.Completion, u.Reasoning+o.Reasoning
	u.Cost, u.Plan = u.Cost+o.Cost, u.Plan+o.Plan
	u.Priced, u.PlanPriced, u.Unpriced = u.Priced+o.Priced, u.PlanPriced+o.PlanPriced, u.Unpriced+o.Unpriced
}

// Tokens is all of them.
func (u *Used) Tokens() int64 { return u.Prompt + u.Completion }

// Usage is what was used in a period.
type Usage struct {
	Period                     string
	From                       time.Time
	Hourly                     bool // Times are hours, not days
	Total                      Used
	Times                      []Used // every hour or day of the period, those without requests too
	Providers, Models, Clients []Used // those with the most requests first
	Saved                      time.Duration
	Against                    string // the provider whose speed Saved is measured against; "": it is not known
}

// CostWords says what something cost: "$0.42 · $1.10 covered by plans · 12
// requests at a price that is not known".
func (u *Used) CostWords() string {
	var parts []string
	if u.Priced > 0 {
		parts = append(parts, Money(u.Cost))
	}
	if u.PlanPriced > 0 {
		parts = append(parts, Tr("{{.Cost}} covered by plans", "Cost", Money(u.Plan)))
	}
	if u.Unpriced > 0 {
		parts = append(parts, TrN(u.Unpriced, "{{.Count}} request at a price that is not known", "{{.Count}} requests at a price that is not known"))
	}
	return orNone(strings.Join(parts, " · "))
}

// UsedRow is a group as a line of a table.
type UsedRow struct{ Name, Requests, Failed, Prompt, Cached, Completion, Cost, Plan string }

// Row is the line.
func (u *Used) Row() UsedRow {
	r := UsedRow{
		Name: orNone(u.Name), Requests: Thousands(u.Requests), Failed: none, Prompt: Tokens(int(u.Prompt)), Cached: Tokens(int(u.Cached)),
		Completion: Tokens(int(u.Completion)), Cost: none, Plan: none,
	}
	if u.Failed > 0 {
		r.Failed = Thousands(u.Failed)
	}
	if u.Priced > 0 {
		r.Cost = Money(u.Cost)
	}
	if u.PlanPriced > 0 {
		r.Plan = Money(u.Plan)
	}
	return r
}
