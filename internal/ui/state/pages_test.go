package state

import (
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

func TestFiguresAsPeopleSayThem(t *testing.T) {
	tests := []struct{ got, want string }{
		{Tokens(0), "–"},
		{Tokens(812), "812"},
		{Tokens(1204), "1.2k"},
		{Tokens(131_072), "131k"},
		{Tokens(2_430_000), "2.4M"},
		{Money(0), "$0.00"},
		{Money(0.00001), "<$0.0001"},
		{Money(0.0042), "$0.0042"},
		{Money(0.42), "$0.42"},
		{Money(1240.4), "$1,240"},
		{Cost{}.String(), "–"},
		{Cost{USD: 1.5, Known: true}.String(), "$1.50"},
		{Cost{USD: 1.5, Known: true, Plan: true}.String(), "(1.50)"},
		{PerSecond(0), "–"},
		{PerSecond(8.44), "8.4"},
		{PerSecond(1040.2), "1,040"},
		{First(0), "–"},
		{First(4 * time.Millisecond), "<0.01 s"},
		{First(41 * time.Millisecond), "0.04 s"},
		{First(70 * time.Second), "1 min 10 s"},
		{First(214 * time.Millisecond), "0.21 s"},
		{Runs(3900 * time.Millisecond), "0:03"},
		{Runs(65 * time.Second), "1:05"},
		{Ago(time.Time{}, midday), "–"},
		{Ago(midday.Add(-100*time.Millisecond), midday), "now"},
		{Ago(midday.Add(-12*time.Second), midday), "12 s ago"},
		{Ago(midday.Add(-2*time.Minute), midday), "2 min ago"},
		{Ago(midday.Add(-3*time.Hour), midday), "3 h ago"},
		{Ago(midday.AddDate(0, 0, -8), midday), "2026-11-20"},
		{Percent(0.714), "71 %"},
		{Percent(-1), "0 %"},
		{Percent(2), "100 %"},
	}
	for i, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%d: got %q, want %q", i, tt.got, tt.want)
		}
	}
}

func TestWhatIsLeftOfALimitIsTheTightestThatIsStillTrue(t *testing.T) {
	limit := func(account, kind, window string, of, left int64, reset time.Duration) Limit {
		return Limit{Provider: "cerebras", Account: account, Kind: kind, Window: window, Limit: of, Remaining: left, Reset: midday.Add(reset)}
	}
	s := New(Snapshot{
		Keys: []Key{{Provider: "cerebras", Name: "desk"}, {Provider: "cerebras", Name: "home", Account: "private"}, {Provider: "zai", Name: "plan"}},
		Limits: []Limit{
			limit("desk", "tokens", "minute", 60_000, 42_600, time.Minute), limit("desk", "tokens", "day", 1_000_000, 900_000, time.Hour),
			limit("desk", "requests", "minute", 30, -1, time.Minute), limit("private", "tokens", "minute", 100, 10, -time.Second),
			limit("private", "requests", "minute", 100, 7, time.Second),
		},
	})
	keys := s.Keys(midday)
	if g := keys[0].Tokens; !g.Known || g.Text != "71 %" || g.Detail != "42,600 of 60,000 per minute" {
		t.Errorf("desk's tokens: %+v", g)
	}
	if g := keys[0].Requests; g.Known {
		t.Errorf("nobody told desk's requests: %+v", g)
	}
	if g := keys[1].Tokens; g.Known {
		t.Errorf("after its reset nobody knows what is left: %+v", g)
	}
	if g := keys[1].Requests; g.Text != "7 %" {
		t.Errorf("home's requests: %+v", g)
	}
	if g := keys[2].Tokens; g.Known {
		t.Errorf("another provider's: %+v", g)
	}
}

func TestACooldownBeginsWithTheUseThatWasRefused(t *testing.T) {
	r := KeyRow{Key: Key{State: Cooling, LastUsed: midday, CoolUntil: midday.Add(time.Minute)}}
	if share, ok := r.CoolShare(midday.Add(15 * time.Second)); !ok || share != 0.75 {
		t.Errorf("%v, %v", share, ok)
	}
	r.LastUsed = time.Time{}
	if _, ok := r.CoolShare(midday); ok {
		t.Error("when it began is not known")
	}
}

func TestTokensAreSpreadOverTheSecondsInWhichTheyCame(t *testing.T) {
	s := New(Snapshot{})
	e := endedAt(0)
	e.FirstByte, e.Took, e.Tokens.Completion = time.Second, 5*time.Second, 400
	s.Apply(e)
	now := midday.Add(5 * time.Second)
	v := s.Speed("cerebras", now)
	if v.PerSecond != 100 || v.First != time.Second {
		t.Errorf("%v tokens per second, first after %s", v.PerSecond, v.First)
	}
	sum := 0.0
	for _, x := range v.Line {
		sum += x
	}
	if last := v.Line[SpeedPoints-5:]; sum < 399 || sum > 401 || last[0] != 100 || last[3] != 100 || last[4] != 0 {
		t.Errorf("the line has %v in all and ends %v", sum, last)
	}
	if s.SpeedTick(now) == 0 {
		t.Error("the line stands still while it shows something")
	}
	later := now.Add(2 * SpeedPoints * time.Second)
	if v := s.Speed("cerebras", later); v.Line != [SpeedPoints]float64{} || v.PerSecond != 100 {
		t.Errorf("two minutes later: %v", v)
	}
	for range 2 {
		if s.SpeedTick(later) != 0 {
			t.Error("a line without anything in it wants a timer")
		}
	}
	if v := s.Speed("nobody", now); v.PerSecond != 0 || v.First != 0 {
		t.Errorf("nobody's speed: %v", v)
	}
}

func TestATargetStandsAsItsBestKey(t *testing.T) {
	key := func(name, st string, until time.Duration) Key {
		k := Key{Provider: "p", Name: name, State: st}
		if until > 0 {
			k.CoolUntil = midday.Add(until)
		}
		return k
	}
	tests := []struct {
		name string
		keys []Key
		want TargetState
	}{
		{"without a key", nil, TargetState{"p/large", Off, "no key"}},
		{"one ready", []Key{key("a", Cooling, time.Minute), key("b", Ready, 0)}, TargetState{"p/large", Good, "ready"}},
		{"the soonest that cools", []Key{key("a", Cooling, time.Minute), key("b", Cooling, 11*time.Second), key("c", Parked, 0)}, TargetState{"p/large", Waiting, "back in 0:11"}},
		{"busy before cooling", []Key{key("a", Cooling, time.Minute), key("b", Busy, 0)}, TargetState{"p/large", Waiting, "busy"}},
		{"all parked", []Key{key("a", Parked, 0), key("b", Disabled, 0)}, TargetState{"p/large", Bad, "parked"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := New(Snapshot{Keys: tt.keys}).Target("p/large", midday); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestWhatIsWrongWithARuleIsToldWhileItIsTyped(t *testing.T) {
	targets := []string{"cerebras/large", "zai/large", "zai/small"}
	good := []Rule{{Name: "big", TokensOver: 1000, Use: []string{"zai/large"}}, {Name: "all", Use: []string{"cerebras/large", "zai/glm-4.6"}}}
	tests := []struct {
		name   string
		change func(l []Rule)
		rule   int
		where  Where
		text   string
	}{
		{"nothing", func([]Rule) {}, 0, "", ""},
		{"nothing of the last", func([]Rule) {}, 1, "", ""},
		{"no name", func(l []Rule) { l[0].Name = " " }, 0, WhereName, "give it a name"},
		{"a name twice", func(l []Rule) { l[0].Name = "all" }, 0, WhereName, "another rule"},
		{"no number", func(l []Rule) { l[0].TokensOver = ParseTokens("many") }, 0, WhereTokens, "whole number"},
		{"no target", func(l []Rule) { l[0].Use = nil }, 0, WhereUse, "at least one target, such as cerebras/large"},
		{"a target that is none", func(l []Rule) { l[0].Use = []string{"/large"} }, 0, WhereUse, "is no target"},
		{"an unknown provider", func(l []Rule) { l[0].Use = []string{"acme/large"} }, 0, WhereUse, "no provider acme"},
		{"a role that is not had", func(l []Rule) { l[0].Use = []string{"cerebras/vision"} }, 0, WhereUse, "no model for the role vision"},
		{"a last rule with a condition", func(l []Rule) { l[1].Images = true }, 1, WhereOrder, "the last rule"},
		{"a rule for all before others", func(l []Rule) { l[0].TokensOver = 0 }, 0, WhereOrder, "no rule after it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list := []Rule{good[0], good[1]}
			tt.change(list)
			got := Troubles(list, tt.rule, targets)
			switch {
			case tt.where == "" && len(got) == 0:
			case len(got) == 0 || got[0].Where != tt.where || !strings.Contains(got[0].Text, tt.text):
				t.Errorf("got %+v", got)
			}
		})
	}
	for text, want := range map[string]int{"": 0, "120000": 120_000, "120,000": 120_000, "120k": 120_000, "-1": -1, "x": -1, "999999999k": -1} {
		if got := ParseTokens(text); got != want {
			t.Errorf("%q is %d, want %d", text, got, want)
		}
	}
	if got := strings.Join(ParseUse(" cerebras/large,zai/small → zai/large"), "|"); got != "cerebras/large|zai/small|zai/large" {
		t.Errorf("targets %s", got)
	}
	if r := good[0]; r.When() != "over 1,000 tokens" || good[1].When() != "every other request" {
		t.Errorf("%s; %s", r.When(), good[1].When())
	}
}

func TestAnExplanationSaysWhereItGoes(t *testing.T) {
	x := Explanation{
		Rule: "everything", Rules: []event.Tried{{Rule: "vision", Reason: "no images"}, {Rule: "everything", Matched: true, Reason: "no other rule matched", Left: []string{"zai/large: zai has no usable key"}}},
		Steps: []Step{
			{Target: "cerebras/large", Model: "gpt-oss-120b", Why: "asked for", Verdict: "passed over: its first key returns in 4 min", Keys: []StepKey{{"desk", Cooling, "cooling, back in 4:00"}}},
			{Target: "synthetic/large", Model: "syn:large:text", Why: "its large model", Verdict: "taken", Key: "main", Keys: []StepKey{{"main", Ready, Ready}, {"old", Ready, "not for it"}}},
		},
	}
	if got := x.Answer(); got != "goes to synthetic/large with key main, by the rule everything" {
		t.Errorf("got %q", got)
	}
	rows := x.Way()
	want := []WhyRow{
		{WhyRule, Plain, "vision", "no images", ""},
		{WhyRule, Good, "everything", "no other rule matched; without zai/large: zai has no usable key", ""},
		{WhyTry, Plain, "cerebras/large", "passed over: its first key returns in 4 min · sends gpt-oss-120b (asked for)", ""},
		{WhyKey, Waiting, "desk", "cooling, back in 4:00", ""},
		{WhyTry, Good, "synthetic/large", "taken · sends syn:large:text (its large model)", ""},
		{WhyKey, Good, "main", "ready · it would serve", ""},
		{WhyKey, Waiting, "old", "not for it", ""},
	}
	if len(rows) != len(want) {
		t.Fatalf("%d rows: %+v", len(rows), rows)
	}
	for i := range want {
		if rows[i] != want[i] {
			t.Errorf("row %d: %+v, want %+v", i, rows[i], want[i])
		}
	}
	x.Steps[1].Key, x.Steps[1].Verdict = "", "waited for up to 2 min: all its keys are busy"
	if got := x.Answer(); got != "synthetic/large: waited for up to 2 min: all its keys are busy" {
		t.Errorf("got %q", got)
	}
	x.Refused = "paused"
	if got := x.Answer(); got != "is refused: paused" {
		t.Errorf("got %q", got)
	}
}

func TestTheWayOfARequestInRows(t *testing.T) {
	x := Exchange{
		Why: event.Why{
			Estimate: 1204, Rules: []event.Tried{{Rule: "everything", Matched: true, Reason: "no other rule matched"}},
			Passed: []event.Passed{
				{Provider: "cerebras", Key: "desk", State: Cooling, Reason: "tokens per minute used up", Wait: 10500 * time.Millisecond},
				{Provider: "cerebras", Key: "home", State: Parked, Reason: "parked: key rejected"},
				{Provider: "cerebras", Key: "old", State: Disabled},
				{Provider: "cerebras", Key: "new", State: Ready, Reason: "not for gpt-oss-120b: not entitled"},
			},
		},
		Tries: []Try{{Provider: "zai", Key: "plan", Model: "glm-5.3", Status: 503, Class: "overloaded", Took: time.Second}},
	}
	x.ID, x.Rule, x.Reason = "1", "everything", "no other rule matched"
	want := []WhyRow{
		{WhyRule, Good, "everything", "no other rule matched", ""},
		{WhyKey, Waiting, "cerebras/desk", "cooling, back in 0:11: tokens per minute used up", ""},
		{WhyKey, Bad, "cerebras/home", "parked: key rejected", ""},
		{WhyKey, Off, "cerebras/old", "disabled", ""},
		{WhyKey, Waiting, "cerebras/new", "not for gpt-oss-120b: not entitled", ""},
		{WhyTry, Bad, "zai/plan", "model glm-5.3, 503 overloaded", "1.00 s"},
	}
	for i, row := range x.WhyRows() {
		if row != want[i] {
			t.Errorf("row %d: %+v, want %+v", i, row, want[i])
		}
	}
	if got := x.Summary(); got != "everything: no other rule matched · about 1,204 tokens" {
		t.Errorf("got %q", got)
	}
	if got := x.Text(); !strings.Contains(got, "Key passed over cerebras/desk: cooling, back in 0:11") {
		t.Errorf("copied %q", got)
	}
}

func TestARequestAsACommandHasNoKeyInIt(t *testing.T) {
	x := Exchange{Sent: Body{Text: `{"q": "it's"}`}}
	x.Method, x.Path = "POST", "/v1/chat/completions"
	want := "curl 'http://127.0.0.1:18080/v1/chat/completions' \\\n  -H 'Content-Type: application/json' \\\n" +
		"  -H \"Authorization: Bearer $GLMTRAY_CLIENT_KEY\" \\\n  --data-binary '{\"q\": \"it'\\''s\"}'\n"
	if got := x.Curl("http://127.0.0.1:18080/"); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	x.Path = "/v1/messages"
	if got := x.Curl("http://h"); !strings.Contains(got, "x-api-key: $GLMTRAY_CLIENT_KEY") || !strings.Contains(got, "anthropic-version") {
		t.Errorf("got %q", got)
	}
}
