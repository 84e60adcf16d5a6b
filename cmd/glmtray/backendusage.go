//go:build !headless

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/glmtray/glmtray/internal/store"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// Usage implements ui.Backend.
func (d *desktop) Usage(ctx context.Context, period string) (state.Usage, error) {
	a := d.app.Load()
	if a == nil {
		return state.Usage{}, errNotServing
	}
	out, err := usagePeriod(period, time.Now())
	if err != nil {
		return state.Usage{}, err
	}
	if err := addTimes(ctx, a.store, &out); err != nil {
		return state.Usage{}, err
	}
	for _, g := range []struct {
		by   store.UsageBy
		into *[]state.Used
	}{{store.ByProvider, &out.Providers}, {store.ByModel, &out.Models}, {store.ByClient, &out.Clients}} {
		list, err := a.store.Usage(ctx, store.UsageQuery{By: g.by, Since: out.From})
		if err != nil {
			return state.Usage{}, err
		}
		for i := range list {
			*g.into = append(*g.into, usedBy(g.by, &list[i]))
		}
		if g.by != store.ByProvider {
			continue
		}
		if saved, ok := store.SavedBy(list); ok {
			out.Saved, out.Against = saved.Time, saved.Against
		}
	}
	return out, nil
}

// usagePeriod is a period up to now, with its hours or days and nothing in them.
func usagePeriod(period string, now time.Time) (state.Usage, error) {
	year, month, day := now.Date()
	midnight := time.Date(year, month, day, 0, 0, 0, 0, now.Location())
	out := state.Usage{Period: period, From: midnight}
	switch period {
	case state.PeriodToday:
		out.Hourly = true
		for h := range 24 {
			out.Times = append(out.Times, state.Used{Start: midnight.Add(time.Duration(h) * time.Hour)})
		}
		return out, nil
	case state.PeriodWeek:
		out.From = midnight.AddDate(0, 0, -6)
	case state.PeriodMonth:
		out.From = midnight.AddDate(0, 0, -29)
	default:
		return state.Usage{}, fmt.Errorf("usage is told of today, a week or a month: %q", period)
	}
	for t := out.From; !t.After(midnight); t = t.AddDate(0, 0, 1) {
		out.Times = append(out.Times, state.Used{Start: t})
	}
	return out, nil
}

// addTimes fills the hours or days, and adds them up.
func addTimes(ctx context.Context, s *store.Store, out *state.Usage) error {
	by := store.ByDay
	if out.Hourly {
		by = store.ByHour
	}
	list, err := s.Usage(ctx, store.UsageQuery{By: by, Since: out.From})
	if err != nil {
		return err
	}
	for i := range list {
		used := usedOf(&list[i].Usage)
		out.Total.Add(&used)
		at, found := slices.BinarySearchFunc(out.Times, list[i].Start, func(t state.Used, start time.Time) int { return t.Start.Compare(start) })
		if !found {
			at-- // within the one before
		}
		if at >= 0 {
			out.Times[at].Add(&used)
		}
	}
	return nil
}

// usedBy is a group under the name that the window shows.
func usedBy(by store.UsageBy, g *store.UsageGroup) state.Used {
	used := usedOf(&g.Usage)
	switch used.Name = g.Provider; {
	case by == store.ByClient:
		used.Name = g.Client
	case by == store.ByModel && g.Model != "":
		used.Name += "/" + g.Model
	}
	return used
}

// usedOf is what was used as the window has it.
func usedOf(u *store.Usage) state.Used {
	return state.Used{
		Requests: int(u.Requests), Failed: int(u.Failed),
		Prompt: u.Prompt, Cached: u.Cached, Completion: u.Completion, Reasoning: u.Reasoning,
		Cost: store.USD(u.Cost), Plan: store.USD(u.CostPlan),
		Priced: int(u.Priced), PlanPriced: int(u.PricedPlan), Unpriced: int(u.Unpriced),
	}
}
