package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/keypool"
)

func TestAMomentOfTodayIsItsClock(t *testing.T) {
	now := time.Date(2026, 11, 28, 22, 19, 2, 355058751, time.Local)
	for add, want := range map[time.Duration]string{50 * time.Second: "22:19:52", 5 * time.Hour: "2026-11-29 03:19:02", -time.Minute: "22:18:02"} {
		if got := moment(now.Add(add).UTC(), now); got != want {
			t.Errorf("%s from now is %q, want %q", add, got, want)
		}
	}
}

func TestKeyWordsSayTheStateAndTheReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := func(d time.Duration) time.Time { return time.Now().Add(d) }
		for _, c := range []struct {
			state keypool.State
			want  string
		}{
			{keypool.State{State: keypool.Ready}, "ready"},
			{keypool.State{State: keypool.Ready, Errors: 1, Reason: "server error"}, "ready (last: server error)"},
			{keypool.State{State: keypool.Ready, Reason: "old"}, "ready"},
			{keypool.State{State: keypool.Busy, Slots: 1}, "busy (1 at once)"},
			{keypool.State{State: keypool.Cooling, CoolUntil: in(11 * time.Second)}, "cooling, back in 0:11"},
			{keypool.State{State: keypool.Cooling, CoolUntil: in(10*time.Second + 1)}, "cooling, back in 0:11"},
			{
				keypool.State{State: keypool.Cooling, CoolUntil: in(3*time.Hour + 4*time.Minute + 5*time.Second), Reason: "quota used up"},
				"cooling, back in 3:04:05 (quota used up)",
			},
			{keypool.State{State: keypool.Cooling, CoolUntil: in(49 * time.Hour)}, "cooling, back in 3 days"},
			{keypool.State{State: keypool.Cooling, CoolUntil: in(-time.Second)}, "cooling, back in 0:00"},
			{keypool.State{State: keypool.Parked, Reason: "key rejected"}, "parked (key rejected)"},
		} {
			if got := keyWords(&c.state); got != c.want {
				t.Errorf("%+v: %q, want %q", c.state, got, c.want)
			}
		}
	})
}

func TestRunningTextIsWrapped(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"one", "one"},
		{"one two three", "one two\nthree"},
		{"averyverylongword x", "averyverylongword\nx"},
		{"  blanks \n and lines ", "blanks\nand\nlines"},
	} {
		if got := wrap(c.text, 8); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

func TestFiguresAreGrouped(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestAnAmountIsNeverWrittenAsAPower(t *testing.T) {
	for amount, want := range map[float64]string{
		0: "$0", 0.0000156: "$0.0000156", 0.000094: "$0.000094", 0.0042: "$0.0042", 0.09999: "$0.1", 0.1: "$0.10", 12.345: "$12.35", 1e-15: "$0",
	} {
		if got := usd(amount); got != want {
			t.Errorf("%v is %q, want %q", amount, got, want)
		}
	}
}
