package keypool

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/glmtray/glmtray/internal/secret"
)

func TestSetKeepsWhatItKnowsOfKeysThatStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a", "b", "c")
		cool(t, p, "a", time.Minute)
		held := take(t, p, Ask{})
		want(t, "current", held.Key, "b")
		ks := keys("c", "b", "a", "d")
		ks[2].Name = "renamed"
		p.Set(ks, 0)
		want(t, "renamed key still cools", stateOf(t, p, "renamed").State, Cooling)
		want(t, "current stays", p.Current(prov), "b")
		want(t, "in flight", stateOf(t, p, "b").InFlight, 1)
		held.Cool(in(time.Minute), "429")
		held.Release()
		want(t, "the new order, past what cools", p.Current(prov), "d")
		p.Set(keys("b"), 0)
		want(t, "b still cools", stateOf(t, p, "b").State, Cooling)
		p.Set(nil, 0)
		want(t, "none", len(p.Snapshot()), 0)
		want(t, "none current", p.Current(prov), "")
		p.Set(keys("b"), 0)
		want(t, "removed and added: fresh", stateOf(t, p, "b").State, Ready)
	})
}

func TestTheNextKeyIsCurrentWhenTheCurrentOneIsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a", "b", "c", "d")
		cool(t, p, "a", time.Second)
		want(t, "current", p.Current(prov), "b")
		p.Set(keys("a", "c", "d"), 0)
		want(t, "after b comes c", p.Current(prov), "c")
		ks := keys("a", "c", "d")
		ks[1].Disabled = true
		p.Set(ks, 0)
		want(t, "c is disabled", p.Current(prov), "d")
	})
}

func TestLeasesOfRemovedKeysFinishHarmlessly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told int
		p := New(Options{OnChange: func(Saved) { told++ }})
		p.Set(keys("a", "b"), 0)
		old, quiet := take(t, p, Ask{}), take(t, p, Ask{})
		ks := keys("a", "b")
		ks[0].Secret = secret.New("changed")
		p.Set(ks, 0)
		told = 0
		want(t, "valid", old.Valid(), false)
		old.Cool(in(time.Hour), "429")
		old.Bar("m", "", time.Time{})
		old.Park("401")
		old.Fail("")
		old.Release()
		quiet.OK()
		quiet.Release()
		s := stateOf(t, p, "a")
		want(t, "the new key", s.State, Ready)
		want(t, "its errors", s.Errors, 0)
		want(t, "told", told, 0)
		idle(t, p)
	})
}

func TestRequestsOfARemovedKeyStillFillItsAccountsSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{})
		ks := keys("a", "b")
		for i := range ks {
			ks[i].Account, ks[i].Concurrency = "plan", 1
		}
		p.Set(ks, 0)
		l := take(t, p, Ask{})
		want(t, "key", l.Key, "a")
		for range 3 {
			p.Set(ks[1:], 0)
			want(t, "one at once", refused(t, p, Ask{}).Busy, true)
		}
		out := queue(t.Context(), p, 1, Ask{Wait: time.Minute})
		l.Release()
		got := <-out
		want(t, "freed", got.after, 0)
		got.lease.Release()
		idle(t, p)
	})
}

func TestAccountsCanBeJoinedAndParted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a", "b")
		cool(t, p, "a", time.Minute)
		ks := keys("a", "b")
		ks[0].Account, ks[1].Account = "x", "x"
		p.Set(ks, 0)
		want(t, "joined: b cools as well", stateOf(t, p, "b").State, Cooling)
		p.Set(keys("a", "b"), 0)
		want(t, "parted: each keeps what was known", stateOf(t, p, "b").State, Cooling)
		_ = p.Clear(prov, "b")
		want(t, "on its own", stateOf(t, p, "a").State, Cooling)
	})
}

func TestOfTwoKeysWithOneNameTheFirstCounts(t *testing.T) {
	p := New(Options{})
	p.Set(append(keys("a"), Key{Provider: prov, Name: "a", Secret: secret.New("other")}), 0)
	want(t, "keys", len(p.Provider(prov)), 1)
}

func TestSavedStateComesBackAfterARestart(t *testing.T) {
	for name, before := range map[string]bool{"restored before Set": true, "restored after Set": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				saved := map[string]Saved{}
				first := New(Options{Salt: []byte("s"), OnChange: func(s Saved) { saved[s.Name] = s }})
				first.Set(keys("a", "b", "c", "d"), 0)
				cool(t, first, "a", time.Minute)
				take(t, first, Ask{}).Park("key rejected")
				take(t, first, Ask{}).Bar("m", "not in the plan", time.Time{})
				for _, s := range first.Export() {
					if told, ok := saved[s.Name]; ok && (told.CoolUntil != s.CoolUntil || told.Parked != s.Parked) {
						t.Errorf("Export says %+v, OnChange %+v", s, told)
					}
				}
				time.Sleep(20 * time.Second)
				p := New(Options{Salt: []byte("s")})
				list := []Saved{saved["a"], saved["b"], saved["c"]}
				if before {
					p.Restore(list)
				}
				p.Set(keys("a", "b", "c", "d"), 0)
				if !before {
					p.Restore(list)
				}
				s := stateOf(t, p, "a")
				want(t, "a", s.State, Cooling)
				want(t, "a's rest", time.Until(s.CoolUntil), 40*time.Second)
				want(t, "a's reason", s.Reason, "429")
				want(t, "a's errors", s.Errors, 1)
				want(t, "b", stateOf(t, p, "b").Reason, "key rejected")
				want(t, "current", p.Current(prov), "c")
				want(t, "bar", serve(t, p, Ask{Model: "m"}), "d")
				time.Sleep(40 * time.Second)
				want(t, "a is back", stateOf(t, p, "a").State, Ready)
			})
		})
	}
}

func TestOnlyWhatIsInForceForTheSameSecretIsRestored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("past", "other", "far", "sooner")
		print := func(n string) string { return stateOf(t, p, n).Fingerprint }
		cool(t, p, "sooner", time.Hour)
		p.Restore([]Saved{
			{Provider: prov, Name: "past", Fingerprint: print("past"), CoolUntil: in(-time.Second), Errors: 3},
			{Provider: prov, Name: "other", Fingerprint: "00000000", CoolUntil: in(time.Hour), Parked: true},
			{Provider: prov, Name: "far", Fingerprint: print("far"), CoolUntil: in(10000 * time.Hour)},
			{Provider: prov, Name: "sooner", Fingerprint: print("sooner"), CoolUntil: in(time.Minute)},
		})
		want(t, "past", stateOf(t, p, "past").State, Ready)
		want(t, "its errors", stateOf(t, p, "past").Errors, 0)
		want(t, "another secret's", stateOf(t, p, "other").State, Ready)
		want(t, "absurd", time.Until(stateOf(t, p, "far").CoolUntil), 8*24*time.Hour)
		want(t, "what is known now is not shortened", time.Until(stateOf(t, p, "sooner").CoolUntil), time.Hour)
	})
}
