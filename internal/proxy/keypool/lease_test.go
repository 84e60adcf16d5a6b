package keypool

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/glmtray/glmtray/internal/secret"
)

func TestTwentyParallelRefusalsCoolOnceAndAdvanceOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var told []Saved
		p := New(Options{OnChange: func(s Saved) { mu.Lock(); told = append(told, s); mu.Unlock() }})
		p.Set(keys("a", "b", "c"), 0)
		leases := make([]*Lease, 20)
		for i := range leases {
			leases[i] = take(t, p, Ask{})
			want(t, "key", leases[i].Key, "a")
		}
		until := in(30 * time.Second)
		var wg sync.WaitGroup
		for i, l := range leases {
			wg.Go(func() {
				l.Cool(until.Add(time.Duration(i)*time.Millisecond), "429")
				l.Release()
			})
		}
		wg.Wait()
		s := stateOf(t, p, "a")
		want(t, "errors", s.Errors, 1)
		want(t, "in flight", s.InFlight, 0)
		want(t, "latest told time", s.CoolUntil.Equal(until.Add(19*time.Millisecond)), true)
		want(t, "current", p.Current(prov), "b")
		want(t, "changes told", len(told), 1)
		want(t, "b untouched", stateOf(t, p, "b").Errors, 0)
	})
}

func TestALateReportOnlyExtends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a", "b")
		early, late, ok := take(t, p, Ask{}), take(t, p, Ask{}), take(t, p, Ask{})
		early.Cool(in(10*time.Second), "first")
		ok.OK()
		want(t, "an older OK lifts nothing", stateOf(t, p, "a").State, Cooling)
		want(t, "nor forgets the error", stateOf(t, p, "a").Errors, 1)
		late.Cool(time.Time{}, "untold")
		late.Cool(in(5*time.Second), "sooner")
		late.Slow(time.Time{}, "slow")
		late.Fail("500")
		want(t, "deadline", stateOf(t, p, "a").CoolUntil.Equal(in(10*time.Second)), true)
		want(t, "slots", stateOf(t, p, "a").Slots, 0)
		late.Cool(in(20*time.Second), "told later")
		want(t, "extended", stateOf(t, p, "a").CoolUntil.Equal(in(20*time.Second)), true)
		want(t, "errors", stateOf(t, p, "a").Errors, 1)
		time.Sleep(21 * time.Second)
		late.Cool(in(-time.Second), "in the past")
		want(t, "stale news of the past", stateOf(t, p, "a").State, Ready)
		late.Cool(in(5*time.Second), "still refused")
		want(t, "a true later deadline counts after the return", stateOf(t, p, "a").State, Cooling)
		want(t, "but is no new error", stateOf(t, p, "a").Errors, 1)
	})
}

func TestUntoldCooldownsDoubleWithJitterUpToACap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{Cooldown: time.Minute})
		p.Set(keys("a"), 0)
		near := func(base, limit time.Duration) {
			t.Helper()
			l := take(t, p, Ask{})
			l.Cool(time.Time{}, "")
			l.Release()
			d := time.Until(stateOf(t, p, "a").CoolUntil)
			if d < base*9/10 || d > min(base*11/10, limit) {
				t.Errorf("cooled for %v, want %v ±10 %%, at most %v", d, base, limit)
			}
			time.Sleep(d)
		}
		for i := range 4 {
			near(time.Minute<<i, 15*time.Minute)
		}
		near(15*time.Minute, 15*time.Minute)
		near(15*time.Minute, 15*time.Minute)
		serve(t, p, Ask{})
		near(time.Minute, 15*time.Minute)
		serve(t, p, Ask{})
		p.Set(keys("a"), 30*time.Minute)
		near(30*time.Minute, 30*time.Minute)
	})
}

func TestToldDeadlinesAreBounded(t *testing.T) {
	for _, c := range []struct {
		name      string
		told, got time.Duration
	}{
		{"past", -time.Hour, time.Second},
		{"now", 0, time.Second},
		{"usual", 40 * time.Second, 40 * time.Second},
		{"a week", 7 * 24 * time.Hour, 7 * 24 * time.Hour},
		{"absurd", 1000 * time.Hour, 8 * 24 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := poolOf("a")
				l := take(t, p, Ask{})
				l.Cool(in(c.told).Round(0), "") // wall clock only, as a parsed date is
				want(t, "cooldown", time.Until(stateOf(t, p, "a").CoolUntil), c.got)
			})
		})
	}
}

func TestTheSecondServerErrorInARowCools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		x, y := take(t, p, Ask{}), take(t, p, Ask{})
		x.Fail("500")
		y.Fail("500") // side by side: the same failure
		want(t, "after one failure", stateOf(t, p, "a").State, Ready)
		want(t, "errors", stateOf(t, p, "a").Errors, 1)
		serve(t, p, Ask{})
		want(t, "an OK forgets", stateOf(t, p, "a").Errors, 0)
		take(t, p, Ask{}).Fail("500")
		want(t, "one again", stateOf(t, p, "a").State, Ready)
		take(t, p, Ask{}).Fail("500")
		s := stateOf(t, p, "a")
		want(t, "second in a row", s.State, Cooling)
		want(t, "reason", s.Reason, "500")
		if d := time.Until(s.CoolUntil); d < 9*time.Second || d > 11*time.Second {
			t.Errorf("cooled for %v, want about 10 s, not the 60 s of a rate limit", d)
		}
		time.Sleep(11 * time.Second)
		take(t, p, Ask{}).Fail("500")
		if d := time.Until(stateOf(t, p, "a").CoolUntil); d < 18*time.Second || d > 22*time.Second {
			t.Errorf("cooled for %v, want about 20 s", d)
		}
	})
}

func TestARefusalForConcurrencyHalvesTheSlotsAndCleanAnswersGiveThemBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		var out []*Lease
		for range 8 {
			out = append(out, take(t, p, Ask{}))
		}
		for _, l := range out {
			l.Slow(time.Time{}, "1302")
		}
		s := stateOf(t, p, "a")
		want(t, "slots, halved once", s.Slots, 4)
		if d := time.Until(s.CoolUntil); d < 2*time.Second || d > 10*time.Second {
			t.Errorf("paused for %v, want 2 to 10 s", d)
		}
		for _, l := range out {
			l.Release()
		}
		time.Sleep(10 * time.Second)
		out = nil
		for range 4 {
			out = append(out, take(t, p, Ask{}))
		}
		u := refused(t, p, Ask{})
		want(t, "only busy", u.Busy && !u.Cooling && u.Until.IsZero(), true)
		for _, l := range out {
			l.Release()
		}
		slots := []int{}
		for range 16 {
			for range 10 {
				serve(t, p, Ask{})
			}
			slots = append(slots, stateOf(t, p, "a").Slots)
		}
		want(t, "slots", fmt.Sprint(slots), "[5 6 7 7 7 7 8 9 10 11 12 13 14 15 16 0]")
	})
}

func TestALearnedLimitRecoversToTheConfiguredOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{})
		ks := keys("a")
		ks[0].Concurrency = 3
		p.Set(ks, 0)
		l := take(t, p, Ask{})
		want(t, "configured", stateOf(t, p, "a").Slots, 3)
		l.Slow(in(3*time.Second), "1302")
		l.Release()
		want(t, "learned", stateOf(t, p, "a").Slots, 1)
		time.Sleep(3 * time.Second)
		for range 30 {
			serve(t, p, Ask{})
		}
		want(t, "recovered", stateOf(t, p, "a").Slots, 3)
	})
}

func TestAParkLastsUntilEnabledOrChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		l, late := take(t, p, Ask{}), take(t, p, Ask{})
		l.Park("key rejected")
		time.Sleep(1000 * time.Hour)
		u := refused(t, p, Ask{Wait: time.Minute})
		want(t, "nothing returns by itself", u.Until.IsZero() && !u.Busy && !u.Cooling, true)
		want(t, "text", u.Error(), "cerebras: a parked: key rejected")
		if err := p.Enable(prov, "a"); err != nil {
			t.Fatal(err)
		}
		late.Park("key rejected")
		want(t, "an older rejection does not undo Enable", serve(t, p, Ask{}), "a")
		if err := p.Park(prov, "a", "by hand"); err != nil {
			t.Fatal(err)
		}
		p.Set(keys("a"), 0)
		want(t, "same secret", stateOf(t, p, "a").State, Parked)
		ks := keys("a")
		ks[0].Secret = secret.New("another")
		p.Set(ks, 0)
		want(t, "changed secret", serve(t, p, Ask{}), "a")
		for _, err := range []error{p.Park(prov, "zz", ""), p.Enable("zz", "a"), p.Clear(prov, "")} {
			if !errors.Is(err, ErrUnknown) {
				t.Errorf("got %v, want ErrUnknown", err)
			}
		}
	})
}

func TestBarsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		l := take(t, p, Ask{})
		l.Bar("m", "not in the plan", time.Time{})
		l.Bar("n", "", in(time.Minute))
		u := refused(t, p, Ask{Model: "m", Wait: time.Hour})
		want(t, "bar's end", time.Until(u.Until), 24*time.Hour)
		want(t, "not cooling", u.Cooling || u.Busy, false)
		want(t, "text", u.Error(), "cerebras: a not for m: not in the plan")
		want(t, "a short bar is waited for", serve(t, p, Ask{Model: "n", Wait: time.Hour}), "a")
		time.Sleep(24 * time.Hour)
		want(t, "after a day", serve(t, p, Ask{Model: "m"}), "a")
	})
}

func TestAReleasedLeaseDoesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		l := take(t, p, Ask{})
		want(t, "valid", l.Valid(), true)
		l.Release()
		l.Release()
		l.Cool(in(time.Hour), "")
		l.Slow(in(time.Hour), "")
		l.Fail("")
		l.Fail("")
		l.Park("")
		l.Bar("", "", time.Time{})
		l.OK()
		s := stateOf(t, p, "a")
		want(t, "state", s.State, Ready)
		want(t, "errors", s.Errors, 0)
		want(t, "in flight", s.InFlight, 0)
		want(t, "valid", l.Valid(), false)
	})
}
