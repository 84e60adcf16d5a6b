package state

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

func texts(l *Log) string {
	var out []string
	for i := range l.Len() {
		out = append(out, l.At(i).Text)
	}
	return strings.Join(out, " ")
}

func add(l *Log, words ...string) {
	for _, w := range words {
		l.Add(Line{Time: noon, Text: w})
	}
}

func TestTheRingKeepsTheNewestLines(t *testing.T) {
	l := NewLog(3)
	add(l, "a", "b")
	if texts(l) != "a b" || l.Total() != 2 {
		t.Fatalf("%q of %d", texts(l), l.Total())
	}
	add(l, "c", "d", "e")
	if texts(l) != "c d e" || l.Total() != 3 {
		t.Errorf("%q of %d", texts(l), l.Total())
	}
	if (l.At(-1) != Line{}) || (l.At(3) != Line{}) {
		t.Error("there are lines beyond the ends")
	}
}

func TestAViewThroughAFilterLosesWhatTheRingLoses(t *testing.T) {
	l := NewLog(4)
	l.SetFilter(Filter{Text: "x"})
	for i := range 1000 {
		if i%3 == 0 {
			add(l, fmt.Sprint("X", i))
		} else {
			add(l, fmt.Sprint("y", i))
		}
	}
	if got := texts(l); got != "X996 X999" {
		t.Errorf("shown %q", got)
	}
	if len(l.shown) > 3*4 {
		t.Errorf("the view has grown to %d", len(l.shown))
	}
	l.SetFilter(Filter{})
	if got := texts(l); got != "X996 y997 y998 X999" {
		t.Errorf("without a filter %q", got)
	}
}

func TestAFilterLooksForWordsAndALevel(t *testing.T) {
	l := NewLog(10)
	l.Add(Line{Level: slog.LevelDebug, Text: "Key Ready"})
	l.Add(Line{Level: slog.LevelInfo, Text: "200 sonnet → cerebras/desk"})
	l.Add(Line{Level: slog.LevelWarn, Text: "429 sonnet → zai/plan"})
	l.Add(Line{Level: slog.LevelError, Text: "502 haiku → cerebras/home"})
	for _, tt := range []struct {
		f    Filter
		want int
	}{
		{Filter{}, 3},
		{Filter{Level: slog.LevelDebug}, 4},
		{Filter{Level: slog.LevelDebug, Text: "key"}, 1},
		{Filter{Level: slog.LevelWarn}, 2},
		{Filter{Level: slog.LevelError}, 1},
		{Filter{Text: "CEREBRAS"}, 2},
		{Filter{Text: "cerebras sonnet"}, 1},
		{Filter{Text: "nothing"}, 0},
	} {
		l.SetFilter(tt.f)
		if l.Len() != tt.want {
			t.Errorf("%+v shows %d, want %d", tt.f, l.Len(), tt.want)
		}
	}
}

func TestAViewThatStandsStillIsNotMovedByNewLines(t *testing.T) {
	l := NewLog(3)
	add(l, "a", "b", "c")
	l.SetFollow(false)
	l.SetFollow(false)
	add(l, "d", "e")
	if texts(l) != "a b c" || l.Waiting() != 2 || l.Follow() {
		t.Errorf("shown %q, %d wait", texts(l), l.Waiting())
	}
	l.SetFilter(Filter{Text: "e"})
	if texts(l) != "e" || l.Follow() {
		t.Errorf("a new filter shows %q", texts(l))
	}
	l.SetFilter(Filter{})
	l.SetFollow(true)
	if texts(l) != "c d e" || l.Waiting() != 0 {
		t.Errorf("following again shows %q, %d wait", texts(l), l.Waiting())
	}
}

func TestARequestIsOneLineAndNotTwo(t *testing.T) {
	s := New(three())
	s.Apply(event.Finished{
		ID: "r1", Time: noon, Client: "codex", Asked: "sonnet", Provider: "cerebras", Model: "zai-glm-4.7", Key: "desk", Rule: "everything",
		Status: 200, Outcome: "ok", Attempts: 2, Took: 210 * time.Millisecond, Tokens: event.Tokens{Completion: 1040},
	})
	s.Apply(event.Logged{Time: noon, Text: "request", Attrs: "id=r1 path=/v1/chat/completions status=200"})
	s.Apply(event.Logged{Time: noon, Level: slog.LevelWarn, Text: "key cooling", Attrs: "provider=zai\nkey=plan"})
	l := s.Log()
	if l.Len() != 2 {
		t.Fatalf("%d lines", l.Len())
	}
	if got := l.At(0); got.Text != "200  codex  sonnet → cerebras/desk zai-glm-4.7  everything  0.21 s  1,040 tokens  2 attempts" || got.ID != "r1" {
		t.Errorf("request %q", got.Text)
	}
	if got := l.At(1); got.Text != "key cooling  provider=zai key=plan" || got.Level != slog.LevelWarn {
		t.Errorf("own line %+v", got)
	}
	if !strings.HasSuffix(l.Text(), "  warn   key cooling  provider=zai key=plan\n") || strings.Count(l.Text(), "\n") != 2 {
		t.Errorf("copied text %q", l.Text())
	}
}

func TestARequestsEndSetsItsLevel(t *testing.T) {
	for _, tt := range []struct {
		status  int
		outcome string
		want    slog.Level
	}{
		{200, "ok", slog.LevelInfo},
		{499, "client left", slog.LevelInfo},
		{200, "broken off", slog.LevelWarn},
		{429, "all keys cool", slog.LevelWarn},
		{503, "paused", slog.LevelError},
	} {
		l := NewLog(1)
		l.finished(event.Finished{Status: tt.status, Outcome: tt.outcome, Rule: "r"})
		if got := l.At(0).Level; got != tt.want {
			t.Errorf("%d %s is %s, want %s", tt.status, tt.outcome, got, tt.want)
		}
	}
}

func TestALinesMarkSaysHowItStandsAndNotHowLoudItIs(t *testing.T) {
	request := func(status int, outcome string) event.Event {
		return event.Finished{ID: "1", Time: noon, Rule: "everything", Status: status, Outcome: outcome}
	}
	for _, tt := range []struct {
		name string
		e    event.Event
		want Mark
	}{
		{"a request that went well", request(200, "ok"), Good},
		{"one that failed", request(502, "all_providers_failed"), Bad},
		{"one that was refused", request(401, "invalid_api_key"), Bad},
		{"one whose client left", request(499, "client left"), Off},
		{"a key that cools", event.Logged{Level: slog.LevelInfo, Text: "key cooling"}, Waiting},
		{"a key that is parked", event.Logged{Level: slog.LevelInfo, Text: "key parked"}, Bad},
		{"a key that is back", event.Logged{Level: slog.LevelDebug, Text: "key ready"}, Good},
		{"a key of which nobody knows", event.Logged{Level: slog.LevelInfo, Text: "key named twice"}, Plain},
		{"what is merely told", event.Logged{Level: slog.LevelInfo, Text: "serving"}, Plain},
		{"a warning", event.Logged{Level: slog.LevelWarn, Text: "the port moved"}, Waiting},
		{"an error", event.Logged{Level: slog.LevelError, Text: "the disk is full"}, Bad},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New(three())
			s.Apply(tt.e)
			if got := s.Log().At(0).Mark; got != tt.want {
				t.Errorf("its mark is %v, want %v", got, tt.want)
			}
		})
	}
}
