package keypool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/secret"
)

const prov = "cerebras"

// keys makes one key per name; its secret is its name.
func keys(names ...string) []Key {
	out := make([]Key, len(names))
	for i, n := range names {
		out[i] = Key{Provider: prov, Name: n, Secret: secret.New("secret-" + n)}
	}
	return out
}

func poolOf(names ...string) *Pool {
	p := New(Options{Salt: []byte("salt")})
	p.Set(keys(names...), 0)
	return p
}

func take(t *testing.T, p *Pool, a Ask) *Lease {
	t.Helper()
	a.Provider = prov
	l, err := p.Acquire(t.Context(), a)
	if err != nil {
		t.Fatalf("acquiring: %v", err)
	}
	return l
}

func refused(t *testing.T, p *Pool, a Ask) *Unavailable {
	t.Helper()
	a.Provider = prov
	l, err := p.Acquire(t.Context(), a)
	var u *Unavailable
	if !errors.As(err, &u) {
		t.Fatalf("got lease %v and error %v, want *Unavailable", l, err)
	}
	return u
}

// serve takes a key, reports OK and gives its name.
func serve(t *testing.T, p *Pool, a Ask) string {
	t.Helper()
	l := take(t, p, a)
	l.OK()
	l.Release()
	return l.Key
}

func want[T comparable](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: got %v, want %v", what, got, wanted)
	}
}

func stateOf(t *testing.T, p *Pool, name string) State {
	t.Helper()
	for _, s := range p.Provider(prov) {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no key %s", name)
	return State{}
}

func in(d time.Duration) time.Time { return time.Now().Add(d) }

func TestOneKeyServesUntilItFailsAndThePointerDoesNotJumpBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a", "b", "c")
		for range 5 {
			want(t, "sticky key", serve(t, p, Ask{}), "a")
		}
		l := take(t, p, Ask{})
		l.Cool(in(10*time.Second), "tokens per minute used up")
		l.Release()
		want(t, "current after cool", p.Current(prov), "b")
		want(t, "next in order", serve(t, p, Ask{}), "b")
		time.Sleep(11 * time.Second)
		want(t, "state of the returned key", stateOf(t, p, "a").State, Ready)
		want(t, "still sticky", serve(t, p, Ask{}), "b")
		l = take(t, p, Ask{})
		l.Cool(in(time.Second), "")
		l.Release()
		want(t, "next after b", serve(t, p, Ask{}), "c")
		l = take(t, p, Ask{})
		l.Cool(in(time.Minute), "")
		l.Release()
		want(t, "round to the first", serve(t, p, Ask{}), "a")
	})
}

func TestAvoidBusyAndBarredLeaveThePointerAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{})
		ks := keys("a", "b")
		ks[0].Concurrency = 1
		p.Set(ks, 0)
		want(t, "avoiding a", serve(t, p, Ask{Avoid: []string{"a"}}), "b")
		want(t, "avoiding all", serve(t, p, Ask{Avoid: []string{"b", "a"}}), "a")
		l := take(t, p, Ask{})
		want(t, "first slot", l.Key, "a")
		want(t, "a is full", serve(t, p, Ask{}), "b")
		want(t, "a is busy", stateOf(t, p, "a").State, Busy)
		l.Bar("large", "not in the plan", time.Time{})
		l.Release()
		want(t, "barred for large", serve(t, p, Ask{Model: "large"}), "b")
		want(t, "other models", serve(t, p, Ask{Model: "small"}), "a")
		want(t, "current", p.Current(prov), "a")
	})
}

func TestKeysOfOneAccountShareCooldownSlotsAndBarsButNotParks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{})
		ks := keys("a", "b", "c")
		ks[0].Account, ks[1].Account = "team", "team"
		ks[0].Concurrency, ks[1].Concurrency = 2, 3
		p.Set(ks, 0)
		x, y := take(t, p, Ask{}), take(t, p, Ask{})
		want(t, "account full", serve(t, p, Ask{}), "c")
		want(t, "b shares the slots", stateOf(t, p, "b").State, Busy)
		x.Bar("m", "no", time.Time{})
		x.Release()
		want(t, "bar", serve(t, p, Ask{Model: "m"}), "c")
		y.Cool(in(time.Minute), "429")
		y.Release()
		want(t, "b cools too", stateOf(t, p, "b").State, Cooling)
		want(t, "advanced past the account", p.Current(prov), "c")
		if err := p.Clear(prov, "b"); err != nil {
			t.Fatal(err)
		}
		want(t, "cleared for both", stateOf(t, p, "a").State, Ready)
		want(t, "bars too", len(stateOf(t, p, "a").Barred), 0)
		l := take(t, p, Ask{Avoid: []string{"c", "b"}})
		l.Park("key rejected")
		want(t, "a parked", stateOf(t, p, "a").State, Parked)
		want(t, "b not", stateOf(t, p, "b").State, Ready)
	})
}

func TestWithAllKeysCoolingTheNextAccountIsCurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{})
		ks := keys("a", "b", "c")
		ks[0].Account, ks[1].Account = "team", "team"
		p.Set(ks, 0)
		cool(t, p, "c", time.Minute)
		cool(t, p, "a", time.Minute)
		want(t, "current", p.Current(prov), "c")
	})
}

func TestTwoNamesWithOneSecretAreOneAccountAndParkTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{})
		ks := keys("a", "b", "c", "d")
		ks[1].Secret = ks[0].Secret
		ks[1].Account, ks[2].Account = "x", "x" // a=b by secret, b=c by account
		p.Set(ks, 0)
		l, other := take(t, p, Ask{}), take(t, p, Ask{})
		l.Cool(in(time.Minute), "429")
		for _, n := range []string{"a", "b", "c"} {
			want(t, n, stateOf(t, p, n).State, Cooling)
		}
		want(t, "current", p.Current(prov), "d")
		other.Park("401")
		want(t, "a", stateOf(t, p, "a").State, Parked)
		want(t, "b", stateOf(t, p, "b").State, Parked)
		want(t, "c", stateOf(t, p, "c").State, Cooling)
	})
}

func TestReadyTellsHowAProviderStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{})
		ks := append(keys("a", "b", "c"), Key{Provider: prov, Name: "off", Secret: secret.New("off"), Disabled: true},
			Key{Provider: prov, Name: "none", Problem: "keychain locked"})
		ks[2].Concurrency = 1
		p.Set(ks, 0)
		want(t, "all", p.Ready(prov, "m"), Readiness{Keys: 3, Ready: 3})
		want(t, "unknown", p.Ready("zz", "m"), Readiness{})
		take(t, p, Ask{}).Cool(in(time.Minute), "")
		take(t, p, Ask{}).Park("401")
		want(t, "one left", p.Ready(prov, "m"), Readiness{Keys: 3, Ready: 1})
		l := take(t, p, Ask{})
		got := p.Ready(prov, "m")
		want(t, "busy", got.Busy && got.Ready == 0 && time.Until(got.Until) == time.Minute, true)
		l.Cool(in(time.Second), "")
		l.Release()
		got = p.Ready(prov, "m")
		want(t, "earliest", !got.Busy && time.Until(got.Until) == time.Second, true)
		want(t, "disabled", stateOf(t, p, "off").State, Disabled)
		want(t, "missing", stateOf(t, p, "none").Reason, "keychain locked")
	})
}

func TestARefusalNamesEachKeysStateAndReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{})
		ks := keys("desk", "home", "work")
		ks[2].Concurrency = 1
		p.Set(append(ks, Key{Provider: prov, Name: "old", Problem: "no secret in the keychain"}), 0)
		take(t, p, Ask{}).Cool(in(10500*time.Millisecond), "tokens per minute used up")
		take(t, p, Ask{}).Park("key rejected")
		take(t, p, Ask{})
		u := refused(t, p, Ask{})
		want(t, "text", u.Error(), "cerebras: desk back in 11 s (tokens per minute used up); home parked: key rejected; "+
			"work busy (1 at once); old missing: no secret in the keychain")
		if strings.Contains(fmt.Sprintf("%+v %#v", u, u), "secret-") {
			t.Error("a key's text is in the refusal")
		}
		_, err := p.Acquire(t.Context(), Ask{Provider: "nobody"})
		want(t, "unknown provider", err.Error(), "nobody: no key")
	})
}

func TestSpansReadWell(t *testing.T) {
	for d, text := range map[time.Duration]string{
		-time.Second: "1 s", 500 * time.Millisecond: "1 s", 90 * time.Second: "90 s", 91 * time.Second: "2 min",
		time.Hour: "60 min", 3*time.Hour + 11*time.Minute + time.Second: "3 h 12 min", 49 * time.Hour: "3 days",
	} {
		want(t, d.String(), span(d), text)
	}
}

func TestChangesAreToldInOrderOutsideOfLocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &event.Bus{}
		sub := bus.Subscribe(64)
		defer sub.Close()
		var p *Pool
		var told []string
		p = New(Options{Bus: bus, OnChange: func(s Saved) {
			told = append(told, fmt.Sprintf("%s parked=%v errors=%d", s.Name, s.Parked, s.Errors))
			if s.Parked {
				_ = p.Enable(prov, s.Name) // a listener may call back
			}
			_ = p.Snapshot()
		}})
		p.Set(keys("a"), 0)
		l := take(t, p, Ask{})
		l.Cool(in(time.Second), "429")
		time.Sleep(time.Second)
		serve(t, p, Ask{})
		serve(t, p, Ask{})
		take(t, p, Ask{}).Park("401")
		want(t, "told", strings.Join(told, ", "),
			"a parked=false errors=1, a parked=false errors=0, a parked=true errors=0, a parked=false errors=0")
		got, err := sub.Next(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var seen []string
		for _, e := range got {
			seen = append(seen, e.(event.KeyChanged).State)
		}
		want(t, "events", strings.Join(seen, " "), "cooling ready parked ready")
	})
}

func TestAPanickingListenerDoesNotSilenceTheNext(t *testing.T) {
	n := 0
	p := New(Options{OnChange: func(Saved) {
		if n++; n == 1 {
			panic("listener")
		}
	}})
	p.Set(keys("a"), 0)
	func() {
		defer func() { _ = recover() }()
		_ = p.Park(prov, "a", "")
	}()
	_ = p.Enable(prov, "a")
	want(t, "calls", n, 2)
}

func TestAnEndedContextTakesNoKey(t *testing.T) {
	p := poolOf("a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Acquire(ctx, Ask{Provider: prov}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	want(t, "uses", stateOf(t, p, "a").Uses, 0)
}
