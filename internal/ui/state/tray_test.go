package state

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

func TestMarksDifferInShape(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range []Mark{Good, Waiting, Bad, Off} {
		if seen[m.String()] {
			t.Errorf("%v is there twice", m)
		}
		seen[m.String()] = true
	}
}

func TestTheIconAndTheHeadlineFollowTheState(t *testing.T) {
	cool := event.KeyChanged{Provider: "cerebras", Key: "desk", State: Cooling, CoolUntil: at(11 * time.Second), Reason: "tokens per minute used up"}
	off := func(name string) event.KeyChanged {
		p := "cerebras"
		if name == "plan" {
			p = "zai"
		}
		return event.KeyChanged{Provider: p, Key: name, State: Disabled}
	}
	tests := []struct {
		name   string
		events []event.Event
		icon   Icon
		line   string
	}{
		{"all ready", nil, IconServing, "Serving on 127.0.0.1:18080 · 3 keys ready"},
		{"one cools", []event.Event{cool}, IconCooling, "Serving on 127.0.0.1:18080 · 2 of 3 keys ready"},
		{"what is disabled does not count", []event.Event{off("home"), off("plan")}, IconServing, "Serving on 127.0.0.1:18080 · 1 key ready"},
		{"the only one cools", []event.Event{off("home"), off("plan"), cool}, IconNone, "Serving on 127.0.0.1:18080 · 0 of 1 key ready"},
		{"all are disabled", []event.Event{off("home"), off("plan"), off("desk")}, IconNone, "Serving on 127.0.0.1:18080 · every key is disabled"},
		{"paused", []event.Event{event.ServerChanged{State: "paused"}, cool}, IconPaused, "Paused: clients are told to wait · 2 of 3 keys ready"},
		{"resumed", []event.Event{event.ServerChanged{State: "paused"}, event.ServerChanged{State: "serving"}}, IconServing, "Serving on 127.0.0.1:18080 · 3 keys ready"},
		{"moved", []event.Event{event.ServerChanged{State: "serving", Addr: "127.0.0.1:9"}}, IconServing, "Serving on 127.0.0.1:9 · 3 keys ready"},
		{"failed", []event.Event{event.ServerChanged{State: "failed", Detail: "port 18080 is taken"}}, IconError, "Not serving: port 18080 is taken"},
		{"stopping", []event.Event{event.ServerChanged{State: "stopping"}}, IconPaused, "Stopping"},
		{"pinned", []event.Event{event.ServerChanged{State: "pinned", Detail: "zai", Until: at(time.Hour)}}, IconServing, "Serving on 127.0.0.1:18080 · 3 keys ready · zai pinned"},
		{"the pin has run out", []event.Event{event.ServerChanged{State: "pinned", Detail: "zai", Until: noon}}, IconServing, "Serving on 127.0.0.1:18080 · 3 keys ready"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := New(three())
			for _, e := range tt.events {
				s.Apply(e)
			}
			v := s.Tray(noon)
			if v.Icon != tt.icon || v.Lines[0] != tt.line {
				t.Errorf("got %s %q, want %s %q", v.Icon, v.Lines[0], tt.icon, tt.line)
			}
			if v.Paused != (s.Server().State == Paused) {
				t.Error("Paused is wrong")
			}
		})
	}
}

func TestTheDemoServesWithoutAKey(t *testing.T) {
	s := New(Snapshot{Server: Server{State: Serving, URL: "http://127.0.0.1:1", Demo: true}})
	if v := s.Tray(noon); v.Icon != IconServing || v.Lines[0] != "Demo on 127.0.0.1:1 · no key yet" {
		t.Errorf("got %+v", v)
	}
	s = New(Snapshot{})
	if v := s.Tray(noon); v.Icon != IconPaused || v.Lines[0] != "Starting" {
		t.Errorf("an empty snapshot: %+v", v)
	}
}

func TestTheTrayHasALinePerKeyAndTheLastRouteWithItsReason(t *testing.T) {
	s := New(three())
	s.Apply(event.KeyChanged{Provider: "cerebras", Key: "desk", State: Cooling, CoolUntil: at(10 * time.Second)})
	s.Apply(event.KeyChanged{Provider: "zai", Key: "plan", State: Parked, Reason: "key rejected"})
	s.Apply(event.Routed{ID: "1", Time: noon, Model: "sonnet", Rule: "long context", Reason: "131,000 tokens > 120,000", Chain: []string{"synthetic/large"}})
	want := []string{
		"Serving on 127.0.0.1:18080 · 1 of 3 keys ready",
		"cerebras/desk: back in 0:10", "cerebras/home: ready", "zai/plan: parked: key rejected",
		"Last: sonnet → synthetic/large (long context: 131,000 tokens > 120,000)",
	}
	v := s.Tray(noon)
	if !slices.Equal(v.Lines, want) || v.Keys != 3 {
		t.Errorf("lines\n%s\nwant\n%s", strings.Join(v.Lines, "\n"), strings.Join(want, "\n"))
	}
}

func TestALongTrayIsCutShort(t *testing.T) {
	snap := three()
	for i := range 40 {
		snap.Keys = append(snap.Keys, Key{Provider: "p", Name: fmt.Sprint(i), State: Parked, Reason: strings.Repeat("é", 500)})
	}
	v := New(snap).Tray(noon)
	if v.Keys != trayKeys+1 || v.Lines[v.Keys] != "and 31 more" {
		t.Errorf("%d lines, the last %q", v.Keys, v.Lines[v.Keys])
	}
	for _, l := range v.Lines {
		if n := len([]rune(l)); n > trayWidth {
			t.Errorf("%d characters: %q", n, l)
		}
	}
}

func TestTheTrayIsTheSameUntilALineChanges(t *testing.T) {
	s := New(three())
	s.Apply(event.KeyChanged{Provider: "cerebras", Key: "desk", State: Cooling, CoolUntil: at(30 * time.Second)})
	before := s.Tray(noon)
	if !before.Same(s.Tray(at(4 * time.Second))) {
		t.Error("the tray ticks every second: an open menu would flicker")
	}
	if before.Same(s.Tray(at(5 * time.Second))) {
		t.Error("the cooldown does not run down")
	}
	if s.Tray(at(30*time.Second)).Icon != IconServing {
		t.Error("a cooldown that has run out still shows")
	}
	v := before
	v.Icon = IconNone
	if v.Same(before) {
		t.Error("another icon goes unseen")
	}
}

func TestATickComesWhenAFigureChangesAndNeverElse(t *testing.T) {
	tests := []struct {
		name       string
		left       time.Duration
		tick, tray time.Duration
	}{
		{"nothing cools", 0, 0, 0},
		{"a fraction is left of the second", 10*time.Second + 300*time.Millisecond, 300 * time.Millisecond, 300 * time.Millisecond},
		{"a whole second", 11 * time.Second, time.Second, time.Second},
		{"the tray takes steps", 59 * time.Second, time.Second, 4 * time.Second},
		{"minutes in the tray", 5*time.Minute + 20*time.Second, time.Second, 20 * time.Second},
		{"hours", 2*time.Hour + 30*time.Second, 30 * time.Second, 30 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := New(three())
			if tt.left > 0 {
				s.Apply(event.KeyChanged{Provider: "cerebras", Key: "desk", State: Cooling, CoolUntil: at(tt.left)})
			}
			if got := s.Tick(noon); got != tt.tick {
				t.Errorf("tick %s, want %s", got, tt.tick)
			}
			if got := s.TrayTick(noon); got != tt.tray {
				t.Errorf("tray %s, want %s", got, tt.tray)
			}
			if tt.left == 0 {
				return
			}
			word := func(d time.Duration) string { return s.Keys(at(d))[0].Word }
			if word(0) != word(tt.tick-1) || word(0) == word(tt.tick) {
				t.Errorf("%q, just before the tick %q, at it %q", word(0), word(tt.tick-1), word(tt.tick))
			}
			if s.Tray(noon).Same(s.Tray(at(tt.tray))) || !s.Tray(noon).Same(s.Tray(at(tt.tray-1))) {
				t.Error("the tray's tick misses its change")
			}
		})
	}
}
