package proxy_test

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// observed says of one feature what became of it, by what the provider saw and
// what the client got.
type observed func(t *testing.T, k *tongue, l *lone) string

// features are the rows of the table, in its order.
var features = []struct {
	name string
	see  observed
}{
	{"text, whole and streamed", seeText},
	{"parallel tool calls, whole or in fragments that interleave, and their results", seeTools},
	{"tool names of more than 64 characters", seeLongNames},
	{"thinking, shown", seeThinking},
	{"thinking, given back at the next turn", seeThinkingBack},
	{"thinking of another provider, in the history", seeForeignThinking},
	{"a picture in the latest turn", seePicture},
	{"pictures of earlier turns", seeOldPicture},
	{"a PDF", seePDF},
	{"a system message in the midst", seeLateSystem},
	{"a JSON schema for the answer", seeSchema},
	{"tokens read from the cache", seeCached},
	{"the model that the answer names", seeModel},
	{"an option that only the client's dialect has", seeOption},
	{"a request that the provider refuses", seeRefusal},
	{"a prompt that is too long", seeTooLong},
	{"a used-up quota, dressed as an answer", seeQuota},
	{"a stream that breaks off", seeCut},
	{"an error in the midst of a stream", seeMidway},
}

// TestEveryFeatureFaresAsTheTableSays walks every pair of dialects.
func TestEveryFeatureFaresAsTheTableSays(t *testing.T) {
	if len(features) != len(proxy.DialectRows()) {
		t.Fatalf("%d features are tested, the table has %d", len(features), len(proxy.DialectRows()))
	}
	for i, f := range features {
		if row := proxy.DialectRows()[i].Feature; row != f.name {
			t.Errorf("%q is tested where the table has %q", f.name, row)
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			for _, k := range tongues {
				for j, b := range behinds {
					t.Run(string(k.name)+" to "+b.name, func(t *testing.T) {
						got := f.see(t, &k, b.rig(t))
						if want := proxy.DialectRows()[i].Told(k.name, j); got != want {
							t.Errorf("seen %q, the table says %q", got, want)
						}
					})
				}
			}
		})
	}
}

const fox = "The quick brown fox jumps over the lazy dog."

func seeText(t *testing.T, k *tongue, l *lone) string {
	for _, stream := range []bool{false, true} {
		h := k.ask(t, l.rig, wish{turns: says("hello"), system: "Be brief.", stream: stream})
		if h.text != fox || h.stop != "end" || !h.ended || h.prompt == 0 || h.output == 0 {
			t.Errorf("stream %t: %s", stream, h)
		}
		if c := l.sent(); c.Stream != stream || !strings.Contains(c.Body, "Be brief.") || c.Model != l.large {
			t.Errorf("stream %t: the provider saw %+v", stream, c)
		}
	}
	// An escape that nobody needs survives only where bytes are passed on.
	raw := strings.Replace(string(k.request(t, wish{turns: says("hello")})), "hello", `h\u0065llo`, 1)
	if p := l.do("POST", k.path, []byte(raw), k.header...); p.StatusCode != 200 {
		t.Errorf("%d %s", p.StatusCode, p.body)
	}
	if strings.Contains(l.sent().Body, `h\u0065llo`) {
		return "byte for byte"
	}
	return "translated"
}

func seeTools(t *testing.T, k *tongue, l *lone) string {
	want := []simulator.ToolCall{{Name: "weather", Arguments: `{"city":"Kyiv, \"the mother\""}`}, {Name: "time", Arguments: `{"city":"Łódź"}`}}
	l.play(func(s *simulator.Script) {
		s.Answer.ToolCalls, s.Answer.Interleave = want, k.name != dialect.Anthropic || l.speaks == simulator.Chat
	})
	for _, stream := range []bool{false, true} {
		w := wish{turns: says("the weather, and the time?"), tools: []string{"weather", "time"}, stream: stream}
		h := k.ask(t, l.rig, w)
		if h.stop != "tools" || len(h.calls) != 2 || !h.ended {
			t.Fatalf("stream %t: %s", stream, h)
		}
		for i, c := range h.calls {
			if c.name != want[i].Name || c.arguments != want[i].Arguments || c.id == "" || c.id == h.calls[1-i].id {
				t.Errorf("stream %t, call %d: %+v", stream, i, c)
			}
		}
		if stream && l.speaks == simulator.Chat && !gjson.Get(l.sent().Body, "tool_stream").Bool() {
			t.Error("Z.ai streams arguments only with tool_stream")
		}
		w.turns = append(w.turns, turn{echo: h.echo}, turn{results: []result{{h.calls[0].id, "sunny"}, {h.calls[1].id, "noon"}}})
		if h = k.ask(t, l.rig, w); h.text != fox || h.stop != "end" {
			t.Errorf("stream %t: the second turn: %s", stream, h)
		}
		for _, text := range []string{"sunny", "noon", w.turns[2].results[0].id, w.turns[2].results[1].id, "Łódź"} {
			if !strings.Contains(l.sent().Body, text) {
				t.Errorf("stream %t: the provider did not see %q: %s", stream, text, l.sent().Body)
			}
		}
	}
	return "yes"
}

func seeLongNames(t *testing.T, k *tongue, l *lone) string {
	long := "mcp__" + strings.Repeat("a_server_with_a_long_name_", 3) + "_of"
	if len(long) < 80 {
		t.Fatal(len(long))
	}
	l.play(func(s *simulator.Script) {
		s.Answer.ToolCalls = []simulator.ToolCall{{Name: long, Arguments: `{"city":"Kyiv"}`}}
	})
	w := wish{turns: says("go"), tools: []string{long}}
	k.ask(t, l.rig, w)
	if sent := l.sent(); sent.Status == 400 {
		return "refused by providers that take 64"
	}
	seen := toolSent(l.sent().Body)
	l.play(func(s *simulator.Script) {
		s.Answer.ToolCalls = []simulator.ToolCall{{Name: seen, Arguments: `{"city":"Kyiv"}`}}
	})
	for _, w.stream = range []bool{false, true} {
		w.turns = says("go")
		h := k.ask(t, l.rig, w)
		if len(h.calls) != 1 || h.calls[0].name != long {
			t.Fatalf("%s", h)
		}
		w.turns = append(w.turns, turn{echo: h.echo}, turn{results: []result{{h.calls[0].id, "done"}}})
		if h = k.ask(t, l.rig, w); h.text != fox {
			t.Errorf("the second turn: %s", h)
		}
		if n := strings.Count(l.sent().Body, `"`+seen+`"`); n != 2 {
			t.Errorf("the name that was sent stands %d times, not in the offer and in the call: %s", n, l.sent().Body)
		}
	}
	if seen == long {
		return "as they are"
	}
	if len(seen) > 64 {
		t.Errorf("the provider saw %d characters", len(seen))
	}
	return "shortened, and mapped back"
}

// toolSent is the first tool's name as the provider saw it.
func toolSent(body string) string {
	if name := gjson.Get(body, "tools.0.function.name"); name.Exists() {
		return name.String()
	}
	return gjson.Get(body, "tools.0.name").String()
}

func seeThinking(t *testing.T, k *tongue, l *lone) string {
	l.play(func(s *simulator.Script) { s.Answer.Reasoning = "Let me think about it." })
	for _, stream := range []bool{false, true} {
		h := k.ask(t, l.rig, wish{turns: says("hello"), think: true, limit: 20_000, stream: stream})
		if h.thinking != "Let me think about it." || h.text != fox || h.stop != "end" {
			t.Errorf("stream %t: %s", stream, h)
		}
		if k.name == dialect.Anthropic && !strings.HasPrefix(h.signature, "glmtray:v1:"+l.p0()+":") {
			t.Errorf("stream %t: signed %q", stream, h.signature)
		}
		body := l.sent().Body
		if !gjson.Get(body, "thinking").Exists() && !gjson.Get(body, "reasoning_effort").Exists() && !gjson.Get(body, "output_config.effort").Exists() {
			t.Errorf("stream %t: the provider was not asked to think: %s", stream, body)
		}
	}
	return "yes"
}

// p0 is the provider's id.
func (l *lone) p0() string { return l.settings.Providers[len(l.settings.Providers)-1].ID }

func seeThinkingBack(t *testing.T, k *tongue, l *lone) string {
	l.play(func(s *simulator.Script) {
		s.Answer.Reasoning = "Let me think about it."
		s.Answer.ToolCalls = []simulator.ToolCall{{Name: "weather", Arguments: `{"city":"Kyiv"}`}}
	})
	told := map[string]bool{}
	for _, stream := range []bool{false, true} {
		w := wish{turns: says("hello"), tools: []string{"weather"}, think: true, limit: 20_000, stream: stream}
		h := k.ask(t, l.rig, w)
		w.turns = append(w.turns, turn{echo: h.echo}, turn{results: []result{{h.calls[0].id, "sunny"}}})
		if h = k.ask(t, l.rig, w); h.text != fox {
			t.Errorf("stream %t: the second turn: %s", stream, h)
		}
		body := l.sent().Body
		switch back := strings.Contains(body, "Let me think about it."); {
		case strings.Contains(body, "glmtray:v1"):
			t.Errorf("the provider saw a signature of ours: %s", body)
		case back && l.speaks == simulator.Messages:
			told["yes, with its own signature"] = strings.Contains(body, `"EsIm`)
		case back:
			told["yes"] = true
		default:
			told["left out"] = true
		}
	}
	for word, ok := range told {
		if ok && len(told) == 1 {
			return word
		}
	}
	t.Errorf("%v", told)
	return ""
}
