package keypool

import (
	"context"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// minute is a told window of tokens per minute.
func minute(limit, remaining int64) Limit {
	reset := time.Duration(float64(limit-remaining) / float64(limit) * float64(time.Minute))
	l := Limit{Kind: "tokens", Window: "minute", Limit: limit, Remaining: remaining, Source: "x-ratelimit"}
	if reset > 0 {
		l.Reset = in(reset)
	}
	return l
}

func perDay(limit, remaining int64, reset time.Duration) Limit {
	return Limit{Kind: "requests", Window: "day", Limit: limit, Remaining: remaining, Reset: in(reset), Source: "x-ratelimit"}
}

func costs(tokens int) Ask { return Ask{Cost: Cost{Tokens: tokens, Output: tokens}} }

// tell serves a request that costs nothing and whose answer tells limits.
func tell(t *testing.T, p *Pool, avoid []string, limits ...Limit) {
	t.Helper()
	l := take(t, p, Ask{Avoid: avoid})
	l.Told(limits)
	l.OK()
	l.Used(0)
	l.Release()
}

func left(t *testing.T, p *Pool, name string) int64 {
	t.Helper()
	s := stateOf(t, p, name)
	if len(s.Limits) == 0 {
		t.Fatalf("%s has no limits", name)
	}
	return s.Limits[0].Remaining
}

func TestAKeyIsLeftBeforeItWouldRefuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("desk", "home")
		tell(t, p, nil, minute(30_000, 20_000))
		want(t, "enough is left", serve(t, p, costs(19_000)), "desk")
		// The answer told nothing new: 19,000 are gone until it says otherwise.
		want(t, "the next does not fit", serve(t, p, costs(5_000)), "home")
		want(t, "the pointer", p.Current(prov), "home")
		want(t, "no error was counted", stateOf(t, p, "desk").Errors, 0)
	})
}

func TestIfNoKeyHasEnoughTheWaitIsUntilOneHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("desk")
		tell(t, p, nil, minute(30_000, 12_000))
		a := costs(18_000)
		u := refused(t, p, a)
		text := "cerebras: desk tokens per minute: 12,000 of 30,000 left, this needs 18,000; enough in 13 s"
		want(t, "text", u.Error(), text)
		want(t, "returns by itself", u.Cooling && !u.Busy, true)
		start := time.Now()
		a.Wait = time.Minute
		l := take(t, p, a)
		// 500 tokens return per second.
		want(t, "waited", time.Since(start).Round(10*time.Millisecond), 12*time.Second)
		want(t, "told of the wait", l.Waited.Round(10*time.Millisecond), 12*time.Second)
		a.Wait = 10 * time.Second
		if u := refused(t, p, a); !strings.Contains(u.Error(), "0 of 30,000 left") {
			t.Errorf("beyond the longest wait: %v", u)
		}
		idle := stateOf(t, p, "desk")
		want(t, "in flight", idle.InFlight, 1)
	})
}

func TestReservationsAreCorrectedByTheTrueUsage(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(*Lease)
		left int64
	}{
		{"under way", func(*Lease) {}, 12_000},
		{"used less", func(l *Lease) { l.OK(); l.Used(2_000); l.Release() }, 28_000},
		{"used more", func(l *Lease) { l.OK(); l.Used(20_000); l.Release() }, 10_000},
		{"usage not told", func(l *Lease) { l.OK(); l.Release() }, 12_000},
		{"used twice counts once", func(l *Lease) { l.OK(); l.Used(2_000); l.Used(0); l.Release() }, 28_000},
		{"refused", func(l *Lease) { l.Cool(in(time.Second), ""); l.Release() }, 30_000},
		{"too many at once", func(l *Lease) { l.Slow(in(time.Second), ""); l.Release() }, 30_000},
		{"the provider failed", func(l *Lease) { l.Broke("500"); l.Fail("500"); l.Release() }, 30_000},
		{"given back unused", func(l *Lease) { l.Release() }, 30_000},
		{
			"refused, and told so by that very answer",
			func(l *Lease) { l.Told([]Limit{minute(30_000, 9_000)}); l.Cool(in(time.Second), ""); l.Release() },
			9_000,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := poolOf("a")
				tell(t, p, nil, minute(30_000, 30_000))
				c.end(take(t, p, costs(18_000)))
				want(t, "left", left(t, p, "a"), c.left)
			})
		})
	}
}

func TestWhatAnAnswerCountsIsNotCountedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		tell(t, p, nil, minute(100_000, 100_000))
		first, second, third := take(t, p, costs(10_000)), take(t, p, costs(20_000)), take(t, p, costs(30_000))
		want(t, "three under way", left(t, p, "a"), 40_000)
		// The second's answer counts itself and the first, not the third.
		second.Told([]Limit{minute(100_000, 71_000)})
		want(t, "told by the second", left(t, p, "a"), 41_000)
		first.Told([]Limit{minute(100_000, 90_000)})
		want(t, "an older answer says nothing new", left(t, p, "a"), 41_000)
		third.Told([]Limit{minute(100_000, 45_000)})
		want(t, "told by the third", left(t, p, "a"), 45_000)
		for _, l := range []*Lease{first, second, third} {
			l.OK()
			l.Used(1_000)
			l.Release()
		}
		want(t, "all ended", left(t, p, "a"), 100_000)
	})
}

func TestARequestLargerThanTheWholeWindowGoesWhenItIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		tell(t, p, nil, minute(30_000, 30_000))
		take(t, p, costs(50_000)).Release()
		take(t, p, costs(1_000))
		u := refused(t, p, costs(50_000))
		if d := time.Until(u.Until); d < time.Second || d > 3*time.Second {
			t.Errorf("full again in %v, want 2 s", d)
		}
	})
}

func TestAPercentageBlocksOnlyAtNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		week := Limit{Kind: "percent", Window: "week", Limit: 100, Remaining: 1, Reset: in(time.Hour), Source: "x-synthetic-quotas"}
		tell(t, p, nil, week)
		want(t, "one percent", serve(t, p, costs(1_000_000)), "a")
		l := take(t, p, Ask{})
		week.Remaining = 0
		l.Told([]Limit{week})
		l.OK()
		u := refused(t, p, costs(1))
		want(t, "until it grows", time.Until(u.Until), time.Hour)
	})
}

func TestPredictionsThatWereTooHighLeaveAMargin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		tell(t, p, nil, minute(100_000, 100_000))
		l := take(t, p, costs(20_000))
		l.Told([]Limit{minute(100_000, 72_000)}) // the provider took it for 28,000
		l.OK()
		_ = refused(t, p, costs(70_000))
		want(t, "with the margin it fits", serve(t, p, costs(60_000)), "a")
	})
}

func TestAProvidersPriceOfPromptsIsLearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		// The provider charges a prompt with 5,000 that it counts as 7,000 in the
		// end. How many are under way when it tells differs, so that it shows.
		level := 1_000_000.0
		hour := func() []Limit {
			return []Limit{{Kind: "tokens", Window: "hour", Limit: 1_000_000, Remaining: int64(level), Reset: in(time.Hour), Source: "x"}}
		}
		tell(t, p, nil, hour()...)
		var off []float64
		for i := range 40 {
			off = append(off, p.ring(prov).keys[0].acct.windows[0].level-level)
			var out []*Lease
			for range 1 + i%2*4 {
				out = append(out, take(t, p, Ask{Cost: Cost{Tokens: 8_000, Output: 1_000}}))
				level -= 6_000
			}
			out[len(out)-1].Told(hour())
			for _, l := range out {
				l.OK()
				l.Used(7_500)
				l.Release()
				level -= 7_500 - 6_000
			}
		}
		if first, last := math.Abs(off[2]), math.Abs(off[len(off)-2]); last > 500 || first < 2_000 {
			t.Errorf("predictions are off by %.0f", off)
		}
	})
}

func TestALaterAnswerCanEndAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		tell(t, p, nil, minute(30_000, 30_000))
		l := take(t, p, costs(25_000))
		a := costs(20_000)
		a.Wait = time.Minute
		out := queue(t.Context(), p, 1, a)
		time.Sleep(time.Second)
		want(t, "one waits", stateOf(t, p, "a").Queue, 1)
		l.OK()
		l.Used(500)
		l.Release()
		got := <-out
		want(t, "served when the first had used less", got.after, time.Second)
		got.lease.Release()
	})
}

func TestASmallRequestDoesNotOvertakeALargeOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		tell(t, p, nil, minute(30_000, 10_000))
		large := costs(20_000)
		large.Wait = time.Minute
		out := queue(t.Context(), p, 1, large)
		_ = refused(t, p, costs(100))
		small := costs(100)
		small.Wait = time.Minute
		behind := queue(t.Context(), p, 1, small)
		(<-out).lease.Release()
		got := <-behind
		want(t, "right behind", got.after.Round(100*time.Millisecond), 20*time.Second)
		got.lease.Release()
		idle(t, p)
	})
}

func TestWhoeverLeavesLetsTheNextGo(t *testing.T) {
	for name, wait := range map[string]time.Duration{"cancelled": time.Minute, "not worth waiting any more": 15 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := poolOf("a")
				tell(t, p, nil, minute(60_000, 10_000))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				large, small := costs(20_000), costs(5_000)
				large.Wait, small.Wait = wait, time.Minute
				head := queue(ctx, p, 1, large)
				next := queue(t.Context(), p, 1, small)
				time.Sleep(time.Second)
				if name == "cancelled" {
					cancel()
				} else { // somebody else uses the account, so that it takes too long
					if err := p.Told(prov, "a", []Limit{minute(60_000, 5_000)}); err != nil {
						t.Fatal(err)
					}
				}
				if got := <-head; got.err == nil {
					t.Error("the large request was served")
				}
				got := <-next
				want(t, "before the large one would have been", got.after < 8*time.Second, true)
				got.lease.Release()
				idle(t, p)
			})
		})
	}
}

func TestReactivePoolsOnlyShowWhatIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{Reactive: true})
		p.Set(keys("a"), 0)
		tell(t, p, nil, minute(30_000, 0))
		want(t, "goes anyway", serve(t, p, costs(20_000)), "a")
		want(t, "limits shown", len(stateOf(t, p, "a").Limits), 1)
	})
}

func TestToldLimitsSurviveAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a", "b")
		tell(t, p, nil, minute(30_000, 5_000))
		l := take(t, p, costs(1_000))
		p.Set(keys("b", "a"), 0)
		want(t, "left", left(t, p, "a"), 4_000)
		l.OK()
		l.Used(500)
		want(t, "corrected", left(t, p, "a"), 4_500)
		ks := keys("a", "b")
		ks[0].Account, ks[1].Account = "one", "one"
		p.Set(ks, 0)
		want(t, "of two accounts joined nothing is known", len(stateOf(t, p, "a").Limits), 0)
		l.Told([]Limit{minute(30_000, 1_000)})
		want(t, "nor by an answer from before", len(stateOf(t, p, "a").Limits), 0)
		tell(t, p, nil, minute(30_000, 7_000))
		want(t, "but by the next", left(t, p, "b"), 7_000)
	})
}

func TestLimitsFromElsewhereCountAsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a", "b")
		if err := p.Told(prov, "a", []Limit{perDay(100, 0, time.Hour), {Kind: "nonsense", Limit: 1}}); err != nil {
			t.Fatal(err)
		}
		want(t, "left", serve(t, p, Ask{}), "b")
		want(t, "state", stateOf(t, p, "a").State, Busy)
		want(t, "reason", stateOf(t, p, "a").Reason, "requests per day: 0 of 100 left, this needs 1")
		if err := p.Told(prov, "zz", nil); err == nil {
			t.Error("an unknown key was taken")
		}
	})
}
