package keypool

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

func TestWindowsReturnInTheirOwnWay(t *testing.T) {
	reset := func(l Limit, d time.Duration) Limit { l.Reset = in(d); return l }
	for _, c := range []struct {
		name  string
		limit func() Limit
		after []time.Duration
		left  []int64
	}{
		{
			"a minute's refills all the time", func() Limit { return minute(60_000, 0) },
			[]time.Duration{0, 30 * time.Second, 61 * time.Second},
			[]int64{0, 30_000, 60_000},
		},
		{
			"a day's returns at its reset", func() Limit { return perDay(1000, 4, 2*time.Hour) },
			[]time.Duration{0, time.Hour, 2 * time.Hour},
			[]int64{4, 4, 1000},
		},
		{
			"an hour's without a reset returns after an hour",
			func() Limit {
				return Limit{Kind: "tokens", Window: "hour", Limit: 100, Remaining: 1, Source: "x-ratelimit"}
			},
			[]time.Duration{59 * time.Minute, time.Hour},
			[]int64{1, 100},
		},
		{
			"Synthetic's five hours return at ticks",
			func() Limit {
				l := Limit{Kind: "requests", Window: "5 hours", Limit: 400, Remaining: 0, Source: "x-synthetic-quotas"}
				return reset(l, 5*time.Minute)
			},
			[]time.Duration{4 * time.Minute, 5 * time.Minute, 19 * time.Minute, 20 * time.Minute, 10 * time.Hour},
			[]int64{0, 20, 20, 40, 400},
		},
		{
			"one without a name and with a reset is full then",
			func() Limit {
				return reset(Limit{Kind: "requests", Limit: 60, Remaining: 30, Source: "x-ratelimit"}, 30*time.Second)
			},
			[]time.Duration{15 * time.Second, 30 * time.Second},
			[]int64{45, 60},
		},
		{
			"one whose limit is not told is unknown after its reset",
			func() Limit {
				return reset(Limit{Kind: "requests", Window: "day", Limit: -1, Remaining: 3, Source: "x"}, time.Hour)
			},
			[]time.Duration{0, time.Hour},
			[]int64{3, -1},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := poolOf("a")
				start := time.Now()
				tell(t, p, nil, c.limit())
				for i, d := range c.after {
					time.Sleep(time.Until(start.Add(d)))
					if got := left(t, p, "a"); math.Abs(float64(got-c.left[i])) > 1 {
						t.Errorf("after %v: %d left, want %d", d, got, c.left[i])
					}
				}
			})
		})
	}
}

func FuzzAToldLimitNeverBlocksForEver(f *testing.F) {
	f.Add("tokens", "minute", int64(30_000), int64(0), int64(1), 5_000)
	f.Add("requests", "day", int64(-1), int64(0), int64(0), 0)
	f.Add("requests", "5 hours", int64(1), int64(math.MaxInt64), int64(math.MaxInt64), math.MaxInt)
	f.Fuzz(func(t *testing.T, kind, name string, limit, remaining, reset int64, cost int) {
		now := time.Now()
		a := &account{}
		c := Cost{Tokens: cost, Output: cost / 2}.amounts()
		mark := a.take(&c, now)
		l := Limit{Kind: kind, Window: name, Limit: limit, Remaining: remaining}
		if reset != 0 {
			l.Reset = now.Add(time.Duration(reset))
		}
		a.told(l, &mark, 1, now)
		for range 5 {
			for i := range a.windows {
				w := &a.windows[i]
				w.step(now)
				if math.IsNaN(w.level) || w.level > w.full {
					t.Fatalf("level %v of %v", w.level, w.full)
				}
				at := w.enough(&c, now)
				if at.IsZero() {
					continue
				}
				if !at.After(now) {
					t.Fatalf("waits until %v, which is %v ago: %+v", at, now.Sub(at), w)
				}
				now = at
			}
		}
		month := now.Add(30 * 24 * time.Hour)
		for i := range a.windows {
			w := &a.windows[i]
			w.step(month)
			if time.Duration(reset) < maxTold && !w.enough(&c, month).IsZero() {
				t.Fatalf("after a month still shut: %+v for %v", w, c)
			}
		}
	})
}
