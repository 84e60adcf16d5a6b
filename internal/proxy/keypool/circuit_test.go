package keypool

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func broke(t *testing.T, p *Pool, n int) {
	t.Helper()
	for range n {
		l := take(t, p, Ask{Wait: time.Minute})
		l.Broke("connection refused")
		l.Release()
	}
}

func TestTheCircuitOpensHalfOpensAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a", "b")
		broke(t, p, 4)
		serve(t, p, Ask{})
		broke(t, p, 4)
		want(t, "an answer between forgets", p.Ready(prov, "").Ready, 2)
		broke(t, p, 1)
		u := refused(t, p, Ask{})
		want(t, "text", u.Error(), "cerebras: a not asked while the provider fails; again in 1 s; b not asked while the provider fails; again in 1 s")
		want(t, "down, and no key's fault", u.Down && !u.Cooling && !u.Busy, true)
		want(t, "state", stateOf(t, p, "a").State, Busy)
		want(t, "reason", stateOf(t, p, "a").Reason, "the provider fails: connection refused")
		want(t, "the pointer stays", p.Current(prov), "a")

		time.Sleep(time.Second)
		probe := take(t, p, Ask{})
		u = refused(t, p, Ask{})
		want(t, "one at a time", u.Busy && !u.Down, true)
		out := queue(t.Context(), p, 3, Ask{Wait: time.Minute})
		time.Sleep(time.Second)
		want(t, "they wait", len(out), 0)
		probe.OK()
		for range 3 {
			got := <-out
			want(t, "all go once it is answered", got.after, time.Second)
			got.lease.Release()
		}
		probe.Release()
		idle(t, p)
	})
}

func TestACircuitIsNeverOpenForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		broke(t, p, 5)
		var waits []time.Duration
		for range 6 {
			waits = append(waits, time.Until(refused(t, p, Ask{}).Until))
			broke(t, p, 1)
		}
		want(t, "waits", fmt.Sprint(waits), "[1s 2s 4s 5s 5s 5s]")
		want(t, "the provider is back", serve(t, p, Ask{Wait: 5 * time.Second}), "a")
		want(t, "and with it all", p.Ready(prov, "").Ready, 1)
	})
}

func TestClearingAKeyClosesTheCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a", "b")
		broke(t, p, 5)
		if err := p.Clear(prov, "b"); err != nil {
			t.Fatal(err)
		}
		want(t, "asked at once", p.Ready(prov, "").Ready, 2)
	})
}

func TestARefusalProvesThatTheProviderIsThere(t *testing.T) {
	for name, refuse := range map[string]func(*Lease){
		"rate":        func(l *Lease) { l.Throttle(in(time.Second), "") },
		"quota":       func(l *Lease) { l.Cool(in(time.Second), "") },
		"concurrency": func(l *Lease) { l.Slow(in(time.Second), "") },
		"rejected":    func(l *Lease) { l.Park("") },
		"barred":      func(l *Lease) { l.Bar("m", "", in(time.Second)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := poolOf("a", "b")
				broke(t, p, 5)
				l := take(t, p, Ask{Wait: time.Minute})
				refuse(l)
				l.Release()
				want(t, "the other key is asked at once", serve(t, p, Ask{Model: "m"}), "b")
			})
		})
	}
}

func TestAProbeThatIsLostFreesTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		broke(t, p, 5)
		lost := take(t, p, Ask{Wait: time.Minute})
		out := queue(t.Context(), p, 1, Ask{Wait: time.Minute})
		lost.Release()
		(<-out).lease.Release()
		idle(t, p)
	})
}

func TestFailuresFromBeforeTheCircuitOpenedDoNotOpenItAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		var late []*Lease
		for range 20 {
			late = append(late, take(t, p, Ask{}))
		}
		for _, l := range late {
			l.Broke("reset")
			l.Release()
		}
		want(t, "opened once", time.Until(refused(t, p, Ask{}).Until), time.Second)
	})
}

func TestAfterACooldownOneRequestTriesBeforeAllMay(t *testing.T) {
	for _, c := range []struct {
		name  string
		probe func(*Lease)
		wait  time.Duration // of the one behind it
	}{
		{"answered", func(l *Lease) { l.OK() }, 2 * time.Second},
		{"lost", func(*Lease) {}, 3 * time.Second},
		{"refused", func(l *Lease) { l.Cool(in(4*time.Second), "429") }, 6 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := poolOf("a")
				cool(t, p, "a", 10*time.Second)
				time.Sleep(10 * time.Second)
				probe := take(t, p, Ask{})
				u := refused(t, p, Ask{})
				want(t, "text", u.Error(), "cerebras: a waits for the one request that tries it first")
				want(t, "state", stateOf(t, p, "a").Reason, "one request tries it first")
				out := queue(t.Context(), p, 2, Ask{Wait: time.Minute})
				time.Sleep(2 * time.Second)
				c.probe(probe)
				time.Sleep(time.Second)
				probe.Release()
				got := <-out
				want(t, "waited", got.after, c.wait)
				got.lease.OK()
				got.lease.Release()
				(<-out).lease.Release()
				idle(t, p)
			})
		})
	}
}

func TestAConcurrencyRefusalIsTriedByTheSlotsThatAreLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		var out []*Lease
		for range 4 {
			out = append(out, take(t, p, Ask{}))
		}
		out[0].Slow(in(2*time.Second), "1302")
		for _, l := range out {
			l.Release()
		}
		time.Sleep(2 * time.Second)
		take(t, p, Ask{})
		take(t, p, Ask{})
		want(t, "two at once", refused(t, p, Ask{}).Error(), "cerebras: a busy (2 at once)")
	})
}

func TestASessionStaysWithTheKeyThatServedIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a", "b")
		want(t, "first", serve(t, p, Ask{Session: "s"}), "a")
		cool(t, p, "a", 10*time.Second)
		want(t, "yields to a refusal", serve(t, p, Ask{Session: "s"}), "b")
		want(t, "another begins", serve(t, p, Ask{Session: "t"}), "b")
		time.Sleep(10 * time.Second)
		cool(t, p, "b", 10*time.Second)
		want(t, "the current key is", serve(t, p, Ask{}), "a")
		time.Sleep(10 * time.Second)
		want(t, "the session is still with the other", serve(t, p, Ask{Session: "t"}), "b")
		want(t, "whom it avoids", serve(t, p, Ask{Session: "t", Avoid: []string{"b"}}), "a")
		want(t, "who served last counts", serve(t, p, Ask{Session: "t"}), "a")
		tell(t, p, []string{"b"}, minute(1000, 1))
		want(t, "yields to a predicted refusal", serve(t, p, Ask{Session: "t", Cost: Cost{Tokens: 500}}), "b")
		p.Set(keys("a"), 0)
		want(t, "its key was removed", serve(t, p, Ask{Session: "t", Wait: time.Minute}), "a")
	})
}

func TestSessionsAreForgottenOldestFirst(t *testing.T) {
	var s sessions
	k := &key{}
	for i := range uint64(maxSessions) {
		s.keep(i+1, k)
	}
	s.keep(1, k) // heard of again
	for i := range uint64(10) {
		s.keep(maxSessions+i+1, k)
	}
	want(t, "bounded", len(s.at), maxSessions)
	want(t, "the one heard of again stays", s.key(1), k)
	want(t, "the oldest is gone", s.key(2), nil)
	want(t, "the eleventh goes", s.key(11), nil)
	want(t, "the twelfth stays", s.key(12), k)
}
