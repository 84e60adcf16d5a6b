package simulator

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// messagesPath is where each vendor has Anthropic's dialect.
var messagesPath = map[string]string{
	ZAI: "/api/anthropic/v1/messages", Synthetic: "/anthropic/v1/messages", DemoShape: "/v1/messages", Anthropic: "/v1/messages",
}

const (
	version   = "Anthropic-Version"
	lookBlock = `,"tools":[{"name":"look","input_schema":{"type":"object"}}]`
)

// message asks in Anthropic's dialect, at the demo's path.
func (c *client) message(body string, header ...string) answered {
	c.t.Helper()
	return c.do(http.MethodPost, "/v1/messages", c.key, body, append([]string{version, "2023-06-01"}, header...)...)
}

// write is a body of Anthropic's dialect with one user message.
func write(model string, more ...string) string {
	return ask(model, append(more, `,"max_tokens":4000`)...)
}

// saying is a body of Anthropic's dialect with these messages and a tool.
func saying(model string, messages ...string) string {
	return `{"model":"` + model + `","max_tokens":4000,"messages":[` + strings.Join(messages, ",") + `]` + lookBlock + `}`
}

// story collects what a client makes of Anthropic's events, and refuses those
// that are out of order.
type story struct {
	text, thinking, signature, stop string
	calls                           []string // name/id/arguments
	names                           []string
	start, end                      gjson.Result // usage
	model                           string
	redacted                        string
}

func follow(t *testing.T, body string) (s story) {
	t.Helper()
	kinds, first := map[int64]string{}, int64(0)
	for raw := range strings.SplitSeq(strings.TrimSuffix(body, "\n\n"), "\n\n") {
		name, data, ok := strings.Cut(strings.TrimPrefix(raw, "event: "), "\ndata: ")
		e := gjson.Parse(data)
		if !ok || !gjson.Valid(data) || e.Get("type").String() != name {
			t.Fatalf("not an event: %q", raw)
		}
		s.names = append(s.names, name)
		at := e.Get("index").Int()
		switch name {
		case "message_start":
			s.start, s.model = e.Get("message.usage"), e.Get("message.model").String()
		case "content_block_start":
			if at != int64(len(kinds)) {
				t.Errorf("block %d starts after %d", at, len(kinds))
			}
			b := e.Get("content_block")
			kinds[at] = b.Get("type").String()
			s.redacted += b.Get("data").String()
			if b.Get("type").String() == "tool_use" {
				if len(s.calls) == 0 {
					first = at
				}
				s.calls = append(s.calls, b.Get("name").String()+"/"+b.Get("id").String()+"/")
			}
		case "content_block_delta":
			d := e.Get("delta")
			s.text += d.Get("text").String()
			s.thinking += d.Get("thinking").String()
			s.signature += d.Get("signature").String()
			if d.Get("type").String() == "input_json_delta" {
				s.calls[at-first] += d.Get("partial_json").String()
			}
			if kinds[at] == "" {
				t.Errorf("block %d is not open: %s", at, data)
			}
		case "content_block_stop":
			kinds[at] += " closed"
		case "message_delta":
			s.stop, s.end = e.Get("delta.stop_reason").String(), e.Get("usage")
		}
	}
	for at, kind := range kinds {
		if !strings.HasSuffix(kind, " closed") {
			t.Errorf("block %d (%s) is left open", at, kind)
		}
	}
	return s
}

var bigMessages = map[string]string{ZAI: "glm-5.3", Synthetic: "syn:large:text", DemoShape: "demo-large", Anthropic: "claude-opus-4-8"}

func TestMessagesStreamAndWholeSayTheSame(t *testing.T) {
	for vendor, model := range bigMessages {
		t.Run(vendor, func(t *testing.T) {
			c := overTCP(t, Script{Vendor: vendor, Answer: Answer{
				Text: "one two <three>", Reasoning: "let me think", Cached: 1, UsageFactor: 3,
			}})
			ask := func(more string) answered {
				return c.do(http.MethodPost, messagesPath[vendor]+"?beta=true", "k", write(model, more), version, "2023-06-01")
			}
			a := ask(streamed)
			if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "text/event-stream") {
				t.Errorf("content type %s", got)
			}
			s := follow(t, a.body)
			if got := s.thinking + "|" + s.text + "|" + s.stop + "|" + s.model; got != "let me think|one two <three>|end_turn|"+model || s.signature == "" {
				t.Errorf("%s, signature %q", got, s.signature)
			}
			if late := s.start.Get("input_tokens").Int() == 0; late != (vendor == ZAI) {
				t.Errorf("message_start tells %s", s.start)
			}
			const usage = `{"input_tokens":5,"cache_creation_input_tokens":0,"cache_read_input_tokens":1,"output_tokens":7}`
			if s.end.Raw != usage {
				t.Errorf("message_delta tells %s", s.end)
			}
			if pings := slices.Contains(s.names, "ping"); pings != (vendor == Anthropic) {
				t.Errorf("pings: %v", pings)
			}
			w := ask("")
			if got := w.get("content.0.thinking") + "|" + w.get("content.1.text") + "|" + w.get("stop_reason"); got != "let me think|one two <three>|end_turn" {
				t.Errorf("%s", w.body)
			}
			if w.get("content.0.signature") != s.signature || w.get("usage") != usage || w.get("type") != "message" || !strings.HasPrefix(w.get("id"), "msg_") {
				t.Errorf("%s", w.body)
			}
			if id := w.header.Get("Request-Id"); (id != "") != (vendor == Anthropic) {
				t.Errorf("request-id %q", id)
			}
			if got := c.Calls()[1]; got.Dialect != Messages || got.Path != messagesPath[vendor] || got.Model != model {
				t.Errorf("logged as %+v", got)
			}
		})
	}
}

func TestMessagesTellUsageWhereTheScriptSays(t *testing.T) {
	for _, test := range []struct {
		vendor, mode string
		start, end   bool
	}{
		{DemoShape, "", true, true},
		{ZAI, "", false, true},
		{ZAI, "extra", true, true},
		{DemoShape, "finish", false, true},
		{DemoShape, "none", false, false},
	} {
		c := overTCP(t, Script{Vendor: test.vendor, Answer: Answer{Usage: test.mode, CacheWritten: 1}})
		s := follow(t, c.message(write(bigMessages[test.vendor], streamed)).body)
		if start, end := s.start.Get("cache_creation_input_tokens").Int() > 0, s.end.Exists(); start != test.start || end != test.end {
			t.Errorf("%s %q: start %s, end %s", test.vendor, test.mode, s.start, s.end)
		}
	}
}

func TestMessagesCallToolsInBlocks(t *testing.T) {
	calls := []ToolCall{{Name: "look", Arguments: `{"where":"in the attic"}`}, {Name: "look", Arguments: `{"n":1.50}`}, {Name: "look"}}
	for _, test := range []struct {
		whole, interleave bool
		deltas            int
	}{{false, false, 5}, {true, false, 2}, {false, true, 5}} {
		c := overTCP(t, Script{Answer: Answer{ToolCalls: calls, WholeCalls: test.whole, Interleave: test.interleave}})
		s := follow(t, c.message(write("demo-large", streamed, lookBlock)).body)
		want := []string{
			`look/toolu_010000000000000001000000/{"where":"in the attic"}`, `look/toolu_010000000000000001000001/{"n":1.50}`,
			`look/toolu_010000000000000001000002/`,
		}
		if !slices.Equal(s.calls, want) || s.stop != "tool_use" || s.text != "" {
			t.Errorf("%+v", s)
		}
		deltas := 0
		for _, name := range s.names {
			if name == "content_block_delta" {
				deltas++
			}
		}
		third := s.names[3]
		if overlaps := third == "content_block_start" && s.names[2] == third; deltas != test.deltas || overlaps != test.interleave {
			t.Errorf("%+v: %d deltas, %v", test, deltas, s.names)
		}
	}
	c := overTCP(t, Script{Answer: Answer{ToolCalls: append(calls, ToolCall{Name: "look", Arguments: "{broken"})}})
	a := c.message(write("demo-large", lookBlock))
	if a.get("content.#.input") != `[{"where":"in the attic"},{"n":1.50},{},"{broken"]` || a.get("stop_reason") != "tool_use" {
		t.Errorf("%s", a.body)
	}
}

func TestInterleavedChatCallsKeepTheirIndex(t *testing.T) {
	c := overTCP(t, Script{Vendor: Cerebras, Answer: Answer{Interleave: true, ToolCalls: []ToolCall{
		{Name: "look", Arguments: `{"where":"attic"}`}, {Name: "look", Arguments: `{"where":"cellar"}`},
	}}})
	var order strings.Builder
	arguments := map[string]string{}
	for _, e := range events(c.chat(ask("gpt-oss-120b", streamed, tool)).body) {
		for _, call := range gjson.Get(e, "choices.0.delta.tool_calls").Array() {
			order.WriteString(call.Get("index").String())
			arguments[call.Get("index").String()] += call.Get("function.arguments").String()
		}
	}
	if order.String() != "01010101" || arguments["0"] != `{"where":"attic"}` || arguments["1"] != `{"where":"cellar"}` {
		t.Errorf("%s %v", &order, arguments)
	}
}

func TestToolCallsMayHaveOddIDs(t *testing.T) {
	c := overTCP(t, Script{Answer: Answer{ToolCalls: []ToolCall{
		{Name: "look", ID: "functions.look:0"}, {Name: "look", ID: "-"}, {Name: "nope", ID: "same", Or: []ToolCall{{Name: "look"}}}, {Name: "look", ID: "same"},
	}}})
	want := `["functions.look:0","","same","same"]`
	if a := c.message(write("demo-large", lookBlock)); a.get("content.#.id") != want {
		t.Errorf("%s", a.body)
	}
	if a := c.chat(ask("demo-large", tool)); !strings.Contains(a.body, `"functions.look:0"`) || len(gjson.Get(a.body, "choices.0.message.tool_calls.#.id").Array()) != 3 {
		t.Errorf("%s", a.body)
	}
}

func TestThinkingComesInItsForms(t *testing.T) {
	for kind, want := range map[string]struct {
		thinking         string
		signed, redacted bool
	}{
		"":         {"hm hm", true, false},
		"unsigned": {"hm hm", false, false},
		"hidden":   {"", true, false},
		"redacted": {"", false, true},
	} {
		c := overTCP(t, Script{Vendor: Anthropic, Answer: Answer{Text: "so", Reasoning: "hm hm", Thinking: kind}})
		s := follow(t, c.message(write("claude-sonnet-5", streamed)).body)
		if s.thinking != want.thinking || (s.signature != "") != want.signed || (s.redacted != "") != want.redacted {
			t.Errorf("%s: %+v", kind, s)
		}
		a := c.message(write("claude-sonnet-5"))
		if a.get("content.0.signature") != s.signature || a.get("content.0.data") != s.redacted || a.get("content.1.text") != "so" {
			t.Errorf("%s: %s", kind, a.body)
		}
		back := `{"role":"user","content":"?"},{"role":"assistant","content":` + a.get("content") + `},{"role":"user","content":"and?"}`
		if b := c.message(saying("claude-sonnet-5", back)); (b.status == 200) != (kind != "unsigned") {
			t.Errorf("%s: taken back with %d %s", kind, b.status, b.body)
		}
	}
}

func TestFinishesAreTranslatedForMessages(t *testing.T) {
	for finish, want := range map[string]string{
		"": "end_turn", "length": "max_tokens", "content_filter": "refusal", "sensitive": "refusal", "pause_turn": "pause_turn",
		"model_context_window_exceeded": "model_context_window_exceeded", "stop_sequence": "stop_sequence",
	} {
		c := overTCP(t, Script{Answer: Answer{Finish: finish}})
		a := c.message(write("demo-large", `,"stop_sequences":["END"]`))
		by := map[bool]string{true: "END"}[finish == "stop_sequence"]
		if a.get("stop_reason") != want || a.get("stop_sequence") != by {
			t.Errorf("%s: %s", finish, a.body)
		}
	}
	c := overTCP(t, Script{Answer: Answer{Tokens: 50}})
	if a := c.message(strings.Replace(write("demo-large"), "4000", "5", 1)); a.get("stop_reason") != "max_tokens" || a.get("usage.output_tokens") != "5" {
		t.Errorf("%s", a.body)
	}
}

func TestFastAnswersComeInEitherDialect(t *testing.T) {
	c := overTCP(t, Script{Fast: &Fast{Bytes: 3000, Events: 5, EventBytes: 300, Batch: 2}})
	if a := c.message(write("m")); len(a.body) != 3000 || a.get("stop_reason") != "end_turn" {
		t.Errorf("%d bytes: %.200s", len(a.body), a.body)
	}
	a := c.message(write("m", streamed))
	s := follow(t, a.body)
	if s.stop != "end_turn" || len(s.names) != 10 || len(strings.SplitAfter(a.body, "\n\n")[2]) != 300 {
		t.Errorf("%v", s.names)
	}
}

func TestFastAnswersAtAPaceSayWhenTheyWereSent(t *testing.T) {
	c := overTCP(t, Script{Fast: &Fast{Events: 4, Pace: 5 * time.Millisecond}})
	began := time.Now()
	a := c.message(write("m", streamed))
	var before time.Time
	stamps := strings.Split(a.body, FastStamp)[1:]
	for _, s := range stamps {
		ns, err := strconv.ParseInt(s[:stampDigits], 10, 64)
		sent := time.Unix(0, ns)
		if err != nil || sent.Before(began) || sent.Before(before) || sent.After(time.Now()) {
			t.Errorf("sent at %v (%v), after %v", sent, err, before)
		}
		before = sent
	}
	if len(stamps) != 4 || time.Since(began) < 15*time.Millisecond {
		t.Errorf("%d events in %v", len(stamps), time.Since(began))
	}
}

func FuzzAnyMessageIsAnsweredOrRefused(f *testing.F) {
	f.Add(write("claude-sonnet-5", lookBlock), uint8(0))
	f.Add(saying("claude-sonnet-5", `{"role":"assistant","content":[{"type":"thinking"},{"type":"tool_use","id":"a","input":{}}]}`,
		`{"role":"system","content":"x"},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text"}]}]}`), uint8(0))
	f.Add(write("glm-5.3", streamed, lookBlock, `,"output_config":{"format":{"type":"json_schema","schema":{"properties":{"a":{}}}}}`), uint8(1))
	f.Add(`{"messages":{},"system":[1],"tools":3}`, uint8(2))
	answer := Answer{Reasoning: "hm", Turns: []Turn{{ToolCalls: []ToolCall{Shell("ls"), {Name: "look"}}}, {Text: "{{results}}"}}}
	providers := []*Provider{New(Script{Vendor: Anthropic, Answer: answer}), New(Script{Vendor: ZAI, Answer: answer}), New(Script{Answer: answer})}
	f.Fuzz(func(t *testing.T, body string, vendor uint8) {
		p := providers[int(vendor)%len(providers)]
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/messages", strings.NewReader(body))
		r.Header.Set("X-Api-Key", "k")
		r.Header.Set(version, "2023-06-01")
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != 200 && (w.Code < 400 || w.Code > 499) {
			t.Errorf("%d for %q", w.Code, body)
		}
		if w.Code == 200 && strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream") {
			follow(t, w.Body.String())
		}
	})
}
