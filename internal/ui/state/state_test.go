package state

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return noon.Add(d) }

func three() Snapshot {
	return Snapshot{
		Version: "0.1.0",
		Server:  Server{State: Serving, URL: "http://127.0.0.1:18080"},
		Keys: []Key{
			{Provider: "cerebras", ProviderName: "Cerebras", Name: "desk", Origin: FromKeychain, State: Ready, Current: true},
			{Provider: "cerebras", ProviderName: "Cerebras", Name: "home", Origin: FromKeychain, State: Ready},
			{Provider: "zai", ProviderName: "Z.ai", Name: "plan", Origin: "ZAI_KEY", State: Ready},
		},
	}
}

func TestARequestIsFollowedFromItsDecisionToItsEnd(t *testing.T) {
	s := New(three())
	s.Apply(event.Routed{ID: "r1", Time: noon, Client: "claude-code", Model: "sonnet", Rule: "everything", Chain: []string{"cerebras/large", "zai/large"}})
	row := s.Decisions(5)[0]
	if row.Target != "cerebras/large" || !row.Running() || row.Mark != Waiting || s.Counts().Running != 1 {
		t.Fatalf("routed: %+v, counts %+v", row, s.Counts())
	}
	s.Apply(event.Attempted{ID: "r1", Time: at(time.Second), N: 1, Provider: "cerebras", Model: "glm", Key: "desk", Status: 200, Class: "ok"})
	if row = s.Decisions(5)[0]; row.Target != "cerebras/desk" || !row.Running() {
		t.Fatalf("attempted: %+v", row)
	}
	if k := s.Keys(noon)[0]; k.Uses != 1 || !k.LastUsed.Equal(at(time.Second)) {
		t.Errorf("the key's use is not counted: %+v", k)
	}
	s.Apply(event.Finished{
		ID: "r1", Time: noon, Client: "claude-code", Asked: "sonnet", Provider: "cerebras", Model: "glm", Key: "desk",
		Rule: "everything", Attempts: 1, Status: 200, Outcome: "ok", Took: 210 * time.Millisecond, Tokens: event.Tokens{Completion: 1040},
	})
	row = s.Decisions(5)[0]
	want := Clock(noon) + "  claude-code  sonnet → cerebras/desk  everything"
	if row.Sentence() != want || row.Mark != Good || row.Tokens != 1040 {
		t.Errorf("finished: %q %v, want %q", row.Sentence(), row.Mark, want)
	}
	if c := s.Counts(); c != (Counts{Requests: 1}) || len(s.Running()) != 0 {
		t.Errorf("counts %+v", c)
	}
	if len(s.Decisions(5)) != 1 {
		t.Errorf("one request makes %d lines", len(s.Decisions(5)))
	}
}

func TestEventsOutOfOrderMakeOneDecision(t *testing.T) {
	routed := event.Routed{ID: "x", Time: noon, Model: "m", Rule: "everything", Chain: []string{"zai/large"}}
	tried := event.Attempted{ID: "x", Time: noon, N: 2, Provider: "zai", Key: "plan"}
	ended := event.Finished{ID: "x", Time: noon, Asked: "m", Provider: "zai", Key: "plan", Rule: "everything", Status: 200, Outcome: "ok"}
	tests := []struct {
		name   string
		events []event.Event
	}{
		{"the beginning was dropped", []event.Event{tried, ended}},
		{"only the end came", []event.Event{ended}},
		{"the end came first", []event.Event{ended, routed, tried}},
		{"the end came twice", []event.Event{routed, ended, ended}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := New(three())
			for _, e := range tt.events {
				s.Apply(e)
			}
			rows := s.Decisions(9)
			if len(rows) != 1 || rows[0].Running() || rows[0].Target != "zai/plan" || s.Counts().Running != 0 {
				t.Errorf("rows %+v, counts %+v", rows, s.Counts())
			}
		})
	}
}

func TestARefusalBeforeAnyDecisionIsALineOfTheLogOnly(t *testing.T) {
	s := New(three())
	s.Apply(event.Finished{ID: "a", Time: noon, Method: "POST", Path: "/v1/chat/completions", Status: 401, Outcome: "unknown key"})
	if len(s.Decisions(9)) != 0 || s.Log().Len() != 1 || s.Counts().Failed != 1 {
		t.Errorf("decisions %v, log %d, counts %+v", s.Decisions(9), s.Log().Len(), s.Counts())
	}
	if line := s.Log().At(0); line.Level != slog.LevelWarn || !strings.Contains(line.Text, "401  –  POST /v1/chat/completions") {
		t.Errorf("line %+v", line)
	}
}

func TestARequestThatNobodyAnsweredShowsWhoWasTriedLast(t *testing.T) {
	s := New(three())
	s.Apply(event.Attempted{ID: "a", Time: noon, N: 3, Provider: "zai", Key: "plan", Status: 500})
	s.Apply(event.Finished{ID: "a", Time: noon, Asked: "sonnet", Rule: "everything", Status: 502, Outcome: "all_providers_failed"})
	if row := s.Decisions(1)[0]; row.Target != "zai/plan" || row.Why != "everything: 502 all providers failed" || row.Mark != Bad {
		t.Errorf("row %+v", row)
	}
}

func TestAClientThatLeftIsNoFailure(t *testing.T) {
	s := New(three())
	s.Apply(event.Finished{ID: "a", Time: noon, Rule: "everything", Provider: "zai", Key: "plan", Status: 499, Outcome: "client left"})
	if c := s.Counts(); c.Failed != 0 || c.Requests != 1 {
		t.Errorf("counts %+v", c)
	}
	if row := s.Decisions(1)[0]; row.Mark != Off || row.Why != "everything: 499 client left" {
		t.Errorf("row %+v", row)
	}
}

func TestOnlySoManyDecisionsAreKeptAndTheNewestComesFirst(t *testing.T) {
	s := New(three())
	s.Apply(event.Routed{ID: "long", Time: noon, Rule: "everything", Chain: []string{"zai/large"}})
	for i := range 3 * keep {
		s.Apply(event.Finished{ID: fmt.Sprint(i), Time: at(time.Duration(i)), Rule: "everything", Provider: "zai", Key: "plan", Status: 200, Outcome: "ok"})
	}
	rows := s.Decisions(10 * keep)
	if len(rows) != keep || rows[0].ID != fmt.Sprint(3*keep-1) || len(s.known) != keep {
		t.Fatalf("%d rows, the first %s, %d known", len(rows), rows[0].ID, len(s.known))
	}
	if s.Counts().Running != 1 {
		t.Error("a request that still runs was forgotten with its line")
	}
	s.Apply(event.Finished{ID: "long", Time: noon, Rule: "everything", Status: 200, Outcome: "ok"})
	if s.Counts().Running != 0 || len(s.running) != 0 {
		t.Error("its end was not taken")
	}
}

func TestASnapshotReplacesKeysAndMergesDecisions(t *testing.T) {
	s := New(three())
	s.Apply(event.Routed{ID: "gone", Time: noon, Rule: "r", Chain: []string{"zai/large"}})
	s.Apply(event.Routed{ID: "runs", Time: at(1), Rule: "r", Chain: []string{"zai/large"}})
	s.Apply(event.Finished{ID: "done", Time: at(2), Rule: "r", Provider: "zai", Key: "plan", Status: 200, Outcome: "ok"})
	s.Update(three())
	if s.Counts().Running != 2 {
		t.Fatalf("a snapshot that is a moment older took a request away: %+v", s.Counts())
	}
	next := three()
	next.Keys = next.Keys[:1]
	next.Decisions = []Decision{
		{ID: "old", Time: at(-time.Hour), Rule: "r", Provider: "zai", Status: 200, Outcome: "ok"},
		{ID: "runs", Time: at(1), Rule: "r", Provider: "zai", Key: "plan"},
		{ID: "done", Time: at(2), Rule: "r", Provider: "zai"}, // older than what is known
	}
	s.Load(next)
	var ids []string
	for _, r := range s.Decisions(9) {
		ids = append(ids, r.ID)
	}
	if !slices.Equal(ids, []string{"done", "runs", "old"}) {
		t.Errorf("decisions %v", ids)
	}
	if s.Decisions(1)[0].Running() {
		t.Error("a snapshot brought back a request that has ended")
	}
	if s.Counts().Running != 1 || len(s.Keys(noon)) != 1 {
		t.Errorf("running %d, keys %d", s.Counts().Running, len(s.Keys(noon)))
	}
	s.Apply(event.Attempted{ID: "gone", Time: at(3), Provider: "zai", Key: "plan", N: 1})
	if s.Counts().Running != 2 {
		t.Error("a request that runs after all does not come back")
	}
}

func TestTheCallersSnapshotIsNotWrittenTo(t *testing.T) {
	snap := three()
	s := New(snap)
	s.Apply(event.KeyChanged{Provider: "cerebras", Key: "desk", State: Parked})
	if snap.Keys[0].State != Ready {
		t.Error("Apply wrote into the snapshot")
	}
}

func TestAKeysRowSaysItsStateInWordAndShape(t *testing.T) {
	tests := []struct {
		state string
		until time.Duration
		word  string
		mark  Mark
	}{
		{Ready, 0, "ready", Good},
		{Cooling, 11 * time.Second, "back in 0:11", Waiting},
		{Cooling, 10*time.Second + 1, "back in 0:11", Waiting},
		{Cooling, 0, "ready", Good}, // it has run out: nobody has to say so
		{Cooling, -time.Second, "ready", Good},
		{Busy, 0, "busy", Waiting},
		{Parked, 0, "parked", Bad},
		{Missing, 0, "missing", Bad},
		{Disabled, 0, "disabled", Off},
		{"thinking", 0, "thinking", Waiting},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.state, tt.until), func(t *testing.T) {
			k := Key{State: tt.state, CoolUntil: at(tt.until), Reason: "why", Origin: FromKeychain}
			r := k.row(noon, fine)
			if r.Word != tt.word || r.Mark != tt.mark || r.Fixed {
				t.Errorf("got %q %v fixed %v, want %q %v", r.Word, r.Mark, r.Fixed, tt.word, tt.mark)
			}
		})
	}
	for now, want := range map[string]string{Ready: "", Cooling: "why", Parked: "why", Disabled: "why"} {
		k := Key{State: now, CoolUntil: at(time.Second), Reason: "why"}
		if r := k.row(noon, fine); r.Detail != want {
			t.Errorf("a key that is %s says why: %q", now, r.Detail)
		}
	}
	k := Key{State: Cooling}
	if r := k.row(noon, fine); r.Word != "cooling" {
		t.Errorf("without a deadline: %q", r.Word)
	}
	k = Key{State: Ready, Origin: "ZAI_KEY"}
	if !k.row(noon, fine).Fixed {
		t.Error("a key of the environment can be changed")
	}
}

func TestTimesAreWrittenAsPeopleSayThem(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0:00", time.Millisecond: "0:01", 11 * time.Second: "0:11", 61 * time.Second: "1:01",
		time.Hour - time.Second: "59:59", time.Hour: "1 h 00 min", time.Hour - 1: "1 h 00 min",
		131 * time.Minute: "2 h 11 min", 49 * time.Hour: "3 days", -time.Second: "0:00",
	} {
		if got := Left(d); got != want {
			t.Errorf("Left(%s) = %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "–", time.Microsecond: "1 ms", 8400 * time.Microsecond: "8 ms", 210 * time.Millisecond: "0.21 s", 12400 * time.Millisecond: "12.4 s", 125 * time.Second: "2 min 05 s",
	} {
		if got := Took(d); got != want {
			t.Errorf("Took(%s) = %q, want %q", d, got, want)
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1040: "1,040", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := Thousands(n); got != want {
			t.Errorf("Thousands(%d) = %q, want %q", n, got, want)
		}
	}
	if Clock(time.Time{}) != "–" {
		t.Error("an unknown moment is written as one")
	}
}

func TestWhatAnEventTellsInPartAsksForASnapshot(t *testing.T) {
	for _, tt := range []struct {
		e    event.Event
		want bool
	}{
		{event.ServerChanged{State: "reloaded"}, true},
		{event.KeyChanged{Provider: "new", Key: "one", State: Ready}, true},
		{event.Routed{ID: "1", Time: noon}, false},
		{event.Finished{ID: "2", Time: noon}, false},
		{event.Logged{Text: "x"}, false},
	} {
		s := New(three())
		if s.Stale() {
			t.Fatal("stale from the start")
		}
		s.Apply(tt.e)
		if s.Stale() != tt.want {
			t.Errorf("%T: stale %v", tt.e, s.Stale())
		}
		s.Load(three())
		if s.Stale() {
			t.Errorf("%T: still stale after a snapshot", tt.e)
		}
	}
}
