package state

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// watched is a state with what is told of it.
type watched struct {
	s   *State
	n   Notices
	now time.Time
}

func newWatched() *watched {
	snap := three()
	snap.Server.Primary = "cerebras"
	w := &watched{s: New(snap), now: noon}
	w.n.Look(w.s, nil, w.now)
	return w
}

func (w *watched) after(d time.Duration, events ...event.Event) (texts []string) {
	w.now = w.now.Add(d)
	for _, e := range events {
		if e != nil {
			w.s.Apply(e)
		}
		for _, n := range w.n.Look(w.s, e, w.now) {
			texts = append(texts, string(n.Kind)+": "+n.Text)
		}
	}
	return texts
}

// due lets time pass.
func (w *watched) due(d time.Duration) (texts []string) {
	w.now = w.now.Add(d)
	for _, n := range w.n.Due(w.s, w.now) {
		texts = append(texts, string(n.Kind)+": "+n.Text)
	}
	return texts
}

func (w *watched) want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("told %q, want %q", got, want)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("told %q, want %q", got[i], want[i])
		}
	}
}

func (w *watched) cool(provider, key string, d time.Duration) event.KeyChanged {
	return event.KeyChanged{Provider: provider, Key: key, State: Cooling, CoolUntil: w.now.Add(d), Reason: "tokens per minute used up"}
}

func ready(provider, key string) event.KeyChanged {
	return event.KeyChanged{Provider: provider, Key: key, State: Ready}
}

func TestThatAllKeysCoolIsToldOnce(t *testing.T) {
	w := newWatched()
	w.want(t, w.after(0, w.cool("cerebras", "desk", time.Minute), w.cool("cerebras", "home", 30*time.Second)))
	w.want(t, w.after(0, w.cool("zai", "plan", time.Hour)), "cooling: cerebras/home is the first that is back, in 0:30")
	w.want(t, w.after(time.Second, w.cool("zai", "plan", time.Hour)))
	w.want(t, w.after(20*time.Second, ready("cerebras", "home"), w.cool("cerebras", "home", 5*time.Second))) // within a minute
	w.want(t, w.after(2*time.Minute, ready("cerebras", "home"), ready("cerebras", "desk")))
	w.want(t, w.after(0, w.cool("cerebras", "home", time.Minute), w.cool("cerebras", "desk", 2*time.Minute)), "cooling: cerebras/home")
}

func TestAShortWaitIsNotTold(t *testing.T) {
	w := newWatched()
	w.want(t, w.after(0, w.cool("cerebras", "desk", 9*time.Second), w.cool("cerebras", "home", time.Hour), w.cool("zai", "plan", time.Hour)))
}

func TestARejectedKeyIsToldUnlessAPersonDidIt(t *testing.T) {
	w := newWatched()
	park := func(why string) event.Event {
		return event.KeyChanged{Provider: "zai", Key: "plan", State: Parked, Reason: why}
	}
	w.want(t, w.after(0, park("key rejected")), "rejected: zai/plan: key rejected. Test the key")
	w.want(t, w.after(2*time.Minute, park("key rejected")))
	w.want(t, w.after(time.Minute, ready("zai", "plan"), park("parked by hand")))
	w.want(t, w.after(time.Minute, ready("zai", "plan"), park("the account was stopped")), "rejected: zai/plan: the account was stopped")
}

func TestAFallbackTakesOverAndGivesBack(t *testing.T) {
	w := newWatched()
	answer := func(id, provider string) event.Event {
		return event.Finished{ID: id, Time: w.now, Provider: provider, Rule: "everything", Status: 200, Outcome: "ok"}
	}
	w.want(t, w.after(0, answer("1", "zai"))) // the primary could have: a rule sent it there
	w.want(t, w.after(0, w.cool("cerebras", "desk", time.Hour), w.cool("cerebras", "home", 2*time.Hour), answer("2", "zai")),
		"fallback: zai took over: cerebras/desk is back in 1 h 00 min.")
	w.want(t, w.after(time.Minute, answer("3", "zai")))
	w.want(t, w.after(time.Minute, ready("cerebras", "desk"), answer("4", "cerebras")), "fallback: cerebras answers again; zai gave back.")
	failed := event.Attempted{ID: "5", Provider: "cerebras", Key: "desk", Class: "server error"}
	w.want(t, w.after(2*time.Minute, failed, answer("5", "zai")), "fallback: zai took over: cerebras/home is back in")
}

func TestAPinIsNoFallback(t *testing.T) {
	w := newWatched()
	w.want(t, w.after(0,
		event.ServerChanged{State: "pinned", Detail: "zai", Until: w.now.Add(time.Hour)},
		event.Attempted{ID: "1", Provider: "cerebras", Class: "server error"},
		event.Finished{ID: "1", Time: w.now, Provider: "zai", Status: 200, Outcome: "ok"},
	))
}

func TestModelsAndFamiliesAreTold(t *testing.T) {
	w := newWatched()
	w.want(t, w.after(0,
		event.ServerChanged{State: "models", Detail: "cerebras no longer has glm-4.6"},
		event.ServerChanged{State: "models", Detail: "zai no longer has glm-4.5"}, // within the minute
		event.ServerChanged{State: "family", Detail: "who asks for GLM gets gpt-oss"},
	), "models: cerebras no longer has glm-4.6", "family: who asks for GLM")
	if d := w.n.Tick(w.now.Add(20 * time.Second)); d != 40*time.Second {
		t.Errorf("what waits is told in %s", d)
	}
	w.want(t, w.due(59*time.Second))
	w.want(t, w.due(time.Second), "models: zai no longer has glm-4.5")
	if d := w.n.Tick(w.now); d != 0 {
		t.Errorf("nothing waits, and is told in %s", d)
	}
}

func TestWhatComesWithinAMinuteIsToldTogetherAfterIt(t *testing.T) {
	w := newWatched()
	gone := func(model string) event.Event {
		return event.ServerChanged{State: "models", Detail: model + " is gone"}
	}
	w.want(t, w.after(0, gone("a"), gone("b"), gone("c"), gone("b"), gone("d"), gone("e"), gone("f")), "models: a is gone")
	got := w.due(time.Minute)
	if len(got) != 1 || got[0] != "models: c is gone\nb is gone\nd is gone\ne is gone\nand 1 more" {
		t.Errorf("told %q", got)
	}
}

func TestWhatIsNoLongerTrueAfterTheMinuteIsNotTold(t *testing.T) {
	w := newWatched()
	park := func(key string) event.Event {
		return event.KeyChanged{Provider: "cerebras", Key: key, State: Parked, Reason: "key rejected"}
	}
	w.want(t, w.after(0, park("desk"), park("home")), "rejected: cerebras/desk")
	w.want(t, w.after(0, ready("cerebras", "home"), ready("cerebras", "desk")))
	w.want(t, w.due(2*time.Minute))

	all := func(d time.Duration) []event.Event {
		return []event.Event{w.cool("cerebras", "desk", d), w.cool("cerebras", "home", d), w.cool("zai", "plan", d)}
	}
	w.want(t, w.after(0, all(15*time.Second)...), "cooling: ")
	w.want(t, w.after(20*time.Second, ready("cerebras", "desk"), ready("cerebras", "home"), ready("zai", "plan")))
	w.want(t, w.after(0, all(15*time.Second)...)) // over before the minute is
	w.want(t, w.due(time.Minute))
	w.want(t, w.after(0, ready("zai", "plan")))
	w.want(t, w.after(0, all(15*time.Second)...), "cooling: ")
	w.want(t, w.after(time.Second, ready("zai", "plan")))
	w.want(t, w.after(0, all(10*time.Minute)...))
	w.want(t, w.due(59*time.Second), "cooling: cerebras/desk is the first that is back, in 9:01")
}

func TestAllLimitsThatAreNearlyUsedUpAreTold(t *testing.T) {
	w := newWatched()
	snap := three()
	for _, kind := range []string{"tokens", "requests"} {
		snap.Limits = append(snap.Limits, Limit{
			Provider: "cerebras", Account: "desk", Kind: kind, Window: "day", Limit: 100, Remaining: 5, Reset: w.now.Add(time.Hour),
		})
	}
	w.s.Update(snap)
	got := w.after(0, nil)
	if len(got) != 1 || !strings.Contains(got[0], "5 % of the tokens") || !strings.Contains(got[0], "5 % of the requests") {
		t.Errorf("told %q", got)
	}
}

func TestTriesWhoseEndsWereLostDoNotKeepAFallbackFromBeingTold(t *testing.T) {
	w := newWatched()
	for i := range failedMost + 1 {
		w.after(0, event.Attempted{ID: "lost" + strconv.Itoa(i), Provider: "cerebras", Class: "server error"})
	}
	w.want(t, w.after(0,
		event.Attempted{ID: "1", Provider: "cerebras", Class: "server error"},
		event.Finished{ID: "1", Time: w.now, Provider: "zai", Rule: "everything", Status: 200, Outcome: "ok"},
	), "fallback: zai took over")
}

func TestALimitThatIsNearlyUsedUpIsToldOnce(t *testing.T) {
	w := newWatched()
	limit := func(left int64, reset time.Duration) {
		snap := three()
		snap.Limits = []Limit{{
			Provider: "cerebras", Account: "desk", Kind: "tokens", Window: "day", Limit: 1000, Remaining: left, Reset: w.now.Add(reset),
		}}
		w.s.Update(snap)
	}
	limit(100, time.Hour)
	w.want(t, w.after(0, nil))
	limit(99, time.Minute) // back before anybody has read of it
	w.want(t, w.after(0, nil))
	limit(42, time.Hour)
	w.want(t, w.after(0, nil), "quota: cerebras/desk: 4 % of the tokens of this day are left; more in 1 h 00 min.")
	w.want(t, w.after(2*time.Minute, nil))
	limit(900, time.Hour)
	w.want(t, w.after(time.Minute, nil))
	limit(1, time.Hour)
	w.want(t, w.after(time.Minute, nil), "quota: cerebras/desk: 0 %")
}
