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
		want(t, "four are none", p.Ready(prov, "").Ready, 2)
		for range 6 {
			end(t, p)
		}
		broke(t, p, 4)
		want(t, "answers between are counted", p.Ready(prov, "").Ready, 2)
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
			want(t, "all go once its answer begins", got.after, time.Second)
			got.lease.Release()
		}
		want(t, "nothing of it is told any more", stateOf(t, p, "a").State, Ready)
		time.Sleep(time.Hour) // a long answer
		probe.Broke("stream stalled")
		want(t, "opened for longer, since it broke off", time.Until(refused(t, p, Ask{}).Until), 2*time.Second)
		want(t, "state", stateOf(t, p, "a").Reason, "the provider fails: stream stalled")
		probe.Release()
		time.Sleep(2 * time.Second)
		end(t, p)
		broke(t, p, 5)
		want(t, "a whole answer lets times begin anew", time.Until(refused(t, p, Ask{}).Until), time.Second)
		idle(t, p)
	})
}

func TestWhoCanBeServedElsewhereDoesNotWaitForAProviderThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a", "b")
		passes := Ask{Wait: time.Minute, Passes: true}
		broke(t, p, 5)
		began := time.Now()
		want(t, "open", refused(t, p, passes).Down, true)
		time.Sleep(time.Second)
		probe := take(t, p, passes)
		want(t, "half open", refused(t, p, passes).Busy, true)
		want(t, "nobody waited", time.Since(began), time.Second)
		probe.OK()
		take(t, p, passes).Release()
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

// end serves one request to its end.
func end(t *testing.T, p *Pool) {
	t.Helper()
	l := take(t, p, Ask{Wait: time.Minute})
	l.OK()
	l.Answered()
	l.Release()
}

// TestAProviderThatFailsEveryOtherRequestIsMetByTheCircuit: its failures are never
// two in a row.
func TestAProviderThatFailsEveryOtherRequestIsMetByTheCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		for range 4 {
			broke(t, p, 1)
			end(t, p)
		}
		want(t, "four of eight", p.Ready(prov, "").Ready, 1)
		broke(t, p, 1)
		want(t, "five of nine", refused(t, p, Ask{}).Down, true)
		time.Sleep(time.Second)
		end(t, p)
		for range 40 {
			broke(t, p, 1)
			end(t, p)
			end(t, p)
		}
		want(t, "a third of all is no reason", p.Ready(prov, "").Ready, 1)
	})
}

func TestAStreamThatBreaksOffIsAFailureThoughItBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		for range 5 {
			want(t, "open to all", p.Ready(prov, "").Ready, 1)
			l := take(t, p, Ask{})
			l.OK()
			l.Broke("a stream was cut off")
			l.Release()
		}
		want(t, "down", refused(t, p, Ask{}).Down, true)
	})
}

func TestOnlyAnAnswerThatNeverBeganHasUsedNothing(t *testing.T) {
	for _, began := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := poolOf("a")
			tell(t, p, []string{"a"}, minute(1000, 1000))
			l := take(t, p, Ask{Cost: Cost{Tokens: 900}})
			if began {
				l.OK()
			}
			l.Broke("reset")
			l.Release()
			want(t, "there is enough for another", p.Outlook(&Ask{Provider: prov, Cost: Cost{Tokens: 900}}, time.Now()).Ready == 1, !began)
		})
	}
}

// TestAFailureThatSaysForHowLongCoolsAndCounts: a 503 with Retry-After.
func TestAFailureThatSaysForHowLongCoolsAndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a", "b")
		broke(t, p, 5)
		time.Sleep(time.Second)
		serve(t, p, Ask{})
		l := take(t, p, Ask{})
		l.Broke("overloaded")
		l.Cool(in(time.Minute), "overloaded")
		l.Release()
		want(t, "the key cools", stateOf(t, p, "a").CoolUntil, in(time.Minute))
		broke(t, p, 4)
		want(t, "which is no refusal that closes the circuit", time.Until(refused(t, p, Ask{}).Until), 2*time.Second)
	})
}

// TestWhatBeganBeforeTheCircuitOpenedDoesNotCloseIt: a provider may bring old
// answers to their end and refuse new ones.
func TestWhatBeganBeforeTheCircuitOpenedDoesNotCloseIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		begun, late := take(t, p, Ask{}), take(t, p, Ask{})
		begun.OK()
		broke(t, p, 5)
		begun.Answered()
		late.OK()
		want(t, "still down", refused(t, p, Ask{}).Down, true)
		time.Sleep(time.Second)
		probe := take(t, p, Ask{})
		late.Answered()
		want(t, "still one at a time", refused(t, p, Ask{}).Busy, true)
		probe.Release()
		begun.Release()
		late.Release()
		idle(t, p)
	})
}

func TestFailuresOfOthersCountAsEverOnceTheyGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a")
		broke(t, p, 5)
		time.Sleep(time.Second)
		probe := take(t, p, Ask{})
		probe.OK()
		probe.Release() // its client has left: it decides nothing
		broke(t, p, 4)
		want(t, "open to all", p.Ready(prov, "").Ready, 1)
		broke(t, p, 1)
		want(t, "for longer, as nothing came to its end", time.Until(refused(t, p, Ask{}).Until), 2*time.Second)
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
		"content":     func(l *Lease) { l.Answered() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := poolOf("a", "b")
				broke(t, p, 5)
				l := take(t, p, Ask{Wait: time.Minute})
				refuse(l)
				l.Release()
				other := take(t, p, Ask{Model: "m", Avoid: []string{"a"}})
				want(t, "the other key is asked at once", other.Key, "b")
				broke(t, p, 4)
				want(t, "and all is forgotten", p.Ready(prov, "").Ready > 0, true)
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
