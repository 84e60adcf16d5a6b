package state

import (
	"slices"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

func TestTodayIsCountedOnceAndEndsAtMidnight(t *testing.T) {
	s := New(three())
	end := func(id string, at time.Time, tokens int) event.Finished {
		return event.Finished{
			ID: id, Time: at, Rule: "everything", Provider: "zai", Status: 200, Outcome: "ok",
			Tokens: event.Tokens{Prompt: tokens, Completion: 1},
		}
	}
	s.Apply(end("1", noon, 130_000))
	s.AddToday(Today{Day: DayOf(noon), Requests: 3, Tokens: 999, HasTokens: true})
	s.AddToday(Today{Day: DayOf(noon.Add(-24 * time.Hour)), Requests: 9})
	if got := s.Today(noon).line(); got != "Today: 4 requests · 131k tokens · –" {
		t.Errorf("got %q", got)
	}
	if v := s.Tray(noon); !slices.Contains(v.Lines, "Today: 4 requests · 131k tokens · –") || v.Last != "1" {
		t.Errorf("the tray has %q, last %q", v.Lines, v.Last)
	}
	// A snapshot that has the end of a request has counted it; the event comes later.
	snap := three()
	snap.Decisions = []Decision{{ID: "2", Time: noon, Status: 200, Outcome: "ok", Provider: "zai"}}
	snap.Today = Today{Day: DayOf(noon), Requests: 5, Cost: .421, HasCost: true}
	s.Update(snap)
	s.Apply(end("2", noon, 1))
	if got := s.Today(noon).line(); got != "Today: 5 requests · – tokens · $0.42" {
		t.Errorf("got %q", got)
	}
	tomorrow := noon.Add(24 * time.Hour)
	if got := s.Today(tomorrow); got.Requests != 0 {
		t.Errorf("the next day begins with %+v", got)
	}
	s.Apply(end("3", tomorrow, 1))
	s.Apply(end("4", noon, 1)) // of yesterday, told late
	if got := s.Today(tomorrow); got.Requests != 1 {
		t.Errorf("the next day has %+v", got)
	}
}

func TestTheTrayListsAgentsThatCanBeWrittenAndThePin(t *testing.T) {
	s := New(three())
	s.SetAgents([]Agent{
		{ID: "claude-code", Name: "Claude Code", Writes: true, Found: "/bin/claude", Connected: true},
		{ID: "codex", Name: "Codex", Writes: true, Connected: true, Changed: []string{"x"}},
		{ID: "opencode", Name: "OpenCode", Writes: true},
		{ID: "zed", Name: "Zed", Found: "/bin/zed", Connected: true},
	})
	v := s.Tray(noon)
	if !slices.Equal(v.Agents, []TrayAgent{{"claude-code", "Claude Code", true}, {"codex", "Codex", true}}) {
		t.Errorf("got %+v", v.Agents)
	}
	if got := s.ConnectedNames(); got != "Claude Code and Codex" {
		t.Errorf("connected: %q", got)
	}
	s.Apply(event.ServerChanged{State: "pinned", Detail: "zai", Until: noon.Add(15 * time.Minute)})
	w := s.Tray(noon)
	if w.Pinned != "zai" || !w.Urgent(v) || w.Same(v) {
		t.Errorf("pinned %q", w.Pinned)
	}
	if x := s.Tray(noon.Add(time.Hour)); x.Pinned != "" {
		t.Error("a pin lasts")
	}
}

func TestWhatAnAgentIsSaidToBe(t *testing.T) {
	for _, tt := range []struct {
		agent Agent
		mark  Mark
		word  string
	}{
		{Agent{Writes: true, Connected: true}, Good, "connected"},
		{Agent{Writes: true, Connected: true, Changed: []string{"a"}}, Waiting, "changed since"},
		{Agent{Writes: true, Found: "/x"}, Plain, "installed"},
		{Agent{Writes: true}, Plain, "not found"},
		{Agent{}, Plain, "by hand"},
		{Agent{Found: "/x"}, Plain, "installed, by hand"},
		{Agent{Connected: true}, Good, "has a key"},
		{Agent{Unreachable: "no"}, Off, "unreachable"},
	} {
		if m, w := tt.agent.Mark(), tt.agent.Word(); m != tt.mark || w != tt.word {
			t.Errorf("%+v is %v %q", tt.agent, m, w)
		}
	}
}

func TestWhenAClientKeyWasUsedLast(t *testing.T) {
	k := ClientKey{LastUsed: noon.Add(-2 * time.Minute)}
	if got := k.Last(noon); got != "2 min ago" {
		t.Errorf("got %q", got)
	}
	if got := (&ClientKey{}).Last(noon); got != "never" {
		t.Errorf("got %q", got)
	}
}

func TestLargeNumbersInShort(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1.0k", 9949: "9.9k", 9950: "10k", 131_072: "131k", 999_499: "999k", 999_500: "1.0M", 12_400_000: "12M",
	} {
		if got := shortly(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
