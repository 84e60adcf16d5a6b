package state

import (
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
	w.want(t, w.after(time.Minute, event.ServerChanged{State: "models", Detail: "zai no longer has glm-4.5"}), "models: zai")
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
