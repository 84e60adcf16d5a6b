package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/store"
)

type usageCmd struct {
	By       string `name:"by" enum:"provider,model,key,client,day,hour" default:"provider" help:"A row for each provider, model, key, client, day or hour (provider)."`
	Since    string `name:"since" default:"7d" placeholder:"WHEN" help:"Since then: 1h, 7d, 15:04, 2026-11-22; from the beginning of that hour (7d)."`
	Until    string `name:"until" placeholder:"WHEN" help:"Until then, in the same words; to the end of that hour (now)."`
	Provider string `name:"provider" placeholder:"ID" help:"Only what was used at this provider."`
	Client   string `name:"client" placeholder:"NAME" help:"Only what this client has used."`
	JSON     bool   `name:"json" help:"As JSON."`
}

// Help defines what is shown.
func (*usageCmd) Help() string {
	return `A "–" stands for what is not known; a cost with a "+" lacks requests whose model has no price. What keys of a plan or
subscription cost is only an equivalent: the price of the same tokens without one. Each request was priced when it was
made, by the model that answered; the prices of today are those of the table named below, and of your settings. Usage is
kept by the hour, and days are those of this machine's clock.

"429s" counts refusals by the provider, also those that another key or provider made good. First content and tokens per
second are those of streams that ended well (half of them, and 95 of 100, were as fast or faster); tokens per second are
completion tokens by the time from the first to the last byte.

Time saved: for each such stream of a faster provider, its completion tokens divided by the measured tokens per second of
the slowest provider that has at least 20 measured streams, less the time that it took.`
}

// usageRow is one group as JSON has it. What is not known is null.
type usageRow struct {
	store.UsageGroup
	Cost     *float64  `json:"cost_usd"`
	CostPlan *float64  `json:"cost_equivalent_usd"`
	First    *measured `json:"first_ms"`
	Speed    *measured `json:"tokens_per_second"`
}

// measured is how streams went. Percentiles are within a tenth.
type measured struct {
	Streams int64   `json:"streams"`
	Mean    float64 `json:"mean"`
	Half    float64 `json:"p50"`
	Slow    float64 `json:"p95"` // 95 of 100 were as good or better
}

type usageReport struct {
	By     string       `json:"by"`
	Since  time.Time    `json:"since"`
	Until  time.Time    `json:"until,omitzero"` // zero: now
	Prices string       `json:"prices"`         // where today's are from, and of which day
	Rows   []usageRow   `json:"rows"`
	Total  usageRow     `json:"total"`
	Saved  *store.Saved `json:"saved"`
}

// Run shows the usage.
func (c *usageCmd) Run(e *env) error {
	q, err := c.query(time.Now())
	if err != nil {
		return err
	}
	r := usageReport{By: c.By, Since: q.Since, Until: q.Until, Prices: config.CatalogSource(), Rows: []usageRow{}}
	err = e.withStore(func(s *store.Store) error {
		list, err := s.Usage(e.ctx, q)
		if err != nil {
			return err
		}
		providers := list
		if q.By != store.ByProvider {
			q.By = store.ByProvider
			if providers, err = s.Usage(e.ctx, q); err != nil {
				return err
			}
		}
		var total store.UsageGroup
		for i := range list {
			total.Add(&list[i].Usage)
			r.Rows = append(r.Rows, usageRowOf(&list[i]))
		}
		r.Total = usageRowOf(&total)
		if saved, ok := store.SavedBy(providers); ok {
			r.Saved = &saved
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case c.JSON:
		return printJSON(e.stdout, &r)
	case len(r.Rows) == 0:
		e.note("no request fits, %s", r.period())
		return nil
	}
	return r.print(e.stdout)
}

// query turns the flags into a query, of whole hours.
func (c *usageCmd) query(now time.Time) (q store.UsageQuery, err error) {
	q = store.UsageQuery{By: store.UsageBy(c.By), Provider: c.Provider, Client: c.Client}
	since, err := parseWhen("--since", c.Since, now)
	if err != nil {
		return q, err
	}
	q.Since = since.Truncate(time.Hour)
	if c.Until == "" {
		return q, nil
	}
	until, err := parseWhen("--until", c.Until, now)
	if err != nil {
		return q, err
	}
	if q.Until = until.Truncate(time.Hour); q.Until.Before(until) {
		q.Until = q.Until.Add(time.Hour)
	}
	if !q.Since.Before(q.Until) {
		return q, fmt.Errorf("--until %s is not after --since %s", short(c.Until), short(c.Since))
	}
	return q, nil
}

// period says of which time the report is.
func (r *usageReport) period() string {
	const minute = "2006-01-02 15:04"
	text := "since " + r.Since.Local().Format(minute)
	if !r.Until.IsZero() {
		text += " until " + r.Until.Local().Format(minute)
	}
	return text
}

func usageRowOf(g *store.UsageGroup) usageRow {
	row, total := usageRow{UsageGroup: *g}, &g.Usage
	if g.Priced > 0 {
		cost := store.USD(total.Cost)
		row.Cost = &cost
	}
	if g.PricedPlan > 0 {
		cost := store.USD(total.CostPlan)
		row.CostPlan = &cost
	}
	if half, ok := total.First.Quantile(0.5); ok {
		slow, _ := total.First.Quantile(0.95)
		row.First = &measured{g.Firsts, float64(g.FirstSum) / float64(time.Millisecond) / float64(max(1, g.Firsts)), half, slow}
	}
	if half, ok := total.Speed.Quantile(0.5); ok {
		slow, _ := total.Speed.Quantile(0.05)
		row.Speed = &measured{g.Speeds, g.SpeedSum / float64(max(1, g.Speeds)), half, slow}
	}
	return row
}

// unknown stands for a figure that is not known.
const unknown = "–"

// usd writes an amount so that a single request's can be told from nothing.
func usd(x float64) string {
	switch {
	case x == 0:
		return "$0"
	case x < 0.1:
		digits := 2 - int(math.Floor(math.Log10(math.Abs(x)))) // three that tell something
		return "$" + strings.TrimRight(strings.TrimRight(strconv.FormatFloat(x, 'f', min(digits, 12), 64), "0"), ".")
	}
	return "$" + strconv.FormatFloat(x, 'f', 2, 64)
}

func (r *usageReport) print(w io.Writer) error {
	err := table(w, func(row func(...string)) {
		row(r.By, "requests", "failed", "429s", "prompt", "cached", "completion", "cost", "plan", "first p50/p95", "tok/s p50/p95")
		for i := range r.Rows {
			if u := &r.Rows[i]; u.Requests+u.Failed+u.Limited > 0 { // else it was tried, and another one answered
				row(u.cells(u.name(r.By))...)
			}
		}
		if len(r.Rows) > 1 {
			row(r.Total.cells("all")...)
		}
	})
	if err != nil {
		return err
	}
	text := fmt.Sprintf("\n%s; prices: %s\n", r.period(), r.Prices)
	if n := r.Total.Counted; n > 0 {
		text += fmt.Sprintf("the tokens of %s were counted here: their providers did not tell all\n", plural(int(n), "request"))
	}
	if s := r.Saved; s != nil {
		text += fmt.Sprintf("%s saved against %s at its measured %.0f tokens per second\n", roughly(s.Time), plain(s.Against), s.Pace)
	}
	_, err = io.WriteString(w, text)
	return err
}

func (r *usageRow) name(by string) string {
	switch by {
	case "hour":
		return r.Start.Local().Format("2006-01-02 15:00")
	case "day":
		return r.Start.Format("2006-01-02")
	case "client":
		return dash(plain(r.Client))
	}
	if r.Provider == "" {
		return "nobody"
	}
	switch by {
	case "model":
		return plain(r.Provider + "/" + r.Model)
	case "key":
		return plain(r.Provider + " " + r.Key)
	}
	return plain(r.Provider)
}

func (r *usageRow) cells(name string) []string {
	cost := func(x *float64) string {
		if x == nil {
			return unknown
		}
		if r.Unpriced > 0 {
			return usd(*x) + "+"
		}
		return usd(*x)
	}
	first, speed := unknown, unknown
	if m := r.First; m != nil {
		first = roughly(time.Duration(m.Half*1e6)) + "/" + roughly(time.Duration(m.Slow*1e6))
	}
	if m := r.Speed; m != nil {
		speed = fmt.Sprintf("%.0f/%.0f", m.Half, m.Slow)
	}
	tokens := func(n int64) string {
		if r.Prompt+r.Completion == 0 {
			return unknown
		}
		return thousands(n)
	}
	return []string{
		name, thousands(r.Requests), thousands(r.Failed), thousands(r.Limited), tokens(r.Prompt), tokens(r.Cached), tokens(r.Completion),
		cost(r.Cost), cost(r.CostPlan), first, speed,
	}
}
