package dialect

import (
	"slices"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// encZai is what Z.ai's chat completions know, of 2026-11-20.
var encZai = Traits{
	Reasoning: "reasoning_content", Thinking: "thinking", ToolChoice: []string{"auto"},
	NoSchema: true, NoParallel: true, ToolStream: true, InsideOne: true, MaxStop: 1,
}

// encWish is what a client wants and how it stands in the body: the fields
// beside messages, in their order.
type encWish struct {
	name    string
	fit     Fit
	q       chat.Request
	want    string
	changed []string
}

func (c *encWish) run(t *testing.T) {
	t.Helper()
	fields, sent := encFields(t, &c.q, c.fit)
	body := string(sent.Body)
	if fields["messages"] == "[]" {
		for _, empty := range []string{`"messages":[],`, `,"messages":[]`, `"messages":[]`} {
			body = strings.Replace(body, empty, "", 1)
		}
	}
	if body != c.want || !slices.Equal(sent.Changed, c.changed) {
		t.Errorf("got  %s %q\nwant %s %q", body, sent.Changed, c.want, c.changed)
	}
}

func TestEncodeOpenAIWritesTheOptions(t *testing.T) {
	efforts := func(words string) Fit { return Fit{Efforts: strings.Fields(words)} }
	effort := func(word string) chat.Request { return chat.Request{Thinking: chat.Thinking{Effort: word}} }
	for _, c := range []encWish{
		{"the client's model", Fit{}, chat.Request{Model: "glm-5.3"}, `{"model":"glm-5.3"}`, nil},
		{"or the one it is sent with", Fit{Model: "b"}, chat.Request{Model: "a"}, `{"model":"b"}`, nil},
		{"a stream tells its usage", Fit{}, chat.Request{Stream: true}, `{"stream":true,"stream_options":{"include_usage":true}}`, nil},
		{"unless that is refused", Fit{Refuses: Refuses{Fields: []string{"stream_options"}}}, chat.Request{Stream: true}, `{"stream":true}`, nil},
		{"numbers keep their form", Fit{}, chat.Request{Temperature: "1.0", TopP: "9e-1"}, `{"temperature":1.0,"top_p":9e-1}`, nil},
		{
			"what is no number is not sent",
			Fit{},
			chat.Request{Temperature: `"hot"`, TopP: "1,2"},
			`{}`,
			[]string{"dropped temperature, which is no number", "dropped top_p, which is no number"},
		},
		{"nor what the provider refuses", Fit{Refuses: Refuses{Fields: []string{"temperature"}}}, chat.Request{Temperature: "1"}, `{}`, []string{"dropped temperature"}},
		{"nor top_k", Fit{}, chat.Request{TopK: "40"}, `{}`, []string{"dropped top_k"}},
		{"bounds that must not be reached", Fit{Traits: encZai}, chat.Request{Temperature: "0", TopP: "1"}, `{"temperature":0.01,"top_p":0.99}`, []string{"changed temperature to 0.01", "changed top_p to 0.99"}},
		{"and are not exceeded", Fit{Traits: encZai}, chat.Request{Temperature: "1e999", TopP: "-3"}, `{"temperature":0.99,"top_p":0.01}`, []string{"changed temperature to 0.99", "changed top_p to 0.01"}},
		{"what lies between stays", Fit{Traits: encZai}, chat.Request{Temperature: "0.70"}, `{"temperature":0.70}`, nil},
		{"stop sequences", Fit{}, chat.Request{Stop: []string{"a", "", "\n"}}, `{"stop":["a","\n"]}`, nil},
		{"no more of them than are taken", Fit{Traits: encZai}, chat.Request{Stop: []string{"a", "b", "c"}}, `{"stop":["a"]}`, []string{"dropped a stop sequence ×2"}},
		{"a renamed field", Fit{Refuses: Refuses{Rename: map[string]string{"stop": "st\"op"}}}, chat.Request{Stop: []string{"a"}}, `{"st\"op":["a"]}`, nil},
		{
			"what the hub has no word for",
			Fit{},
			chat.Request{TopK: "1", Dropped: []string{"metadata", "service_tier"}},
			`{}`,
			[]string{"dropped metadata", "dropped service_tier", "dropped top_k"},
		},

		{"the client's limit", Fit{MaxOutput: 9}, chat.Request{MaxOutput: 7}, `{"max_completion_tokens":7}`, nil},
		{"the provider's", Fit{MaxOutput: 9, MaxOutputField: "max_tokens"}, chat.Request{}, `{"max_tokens":9}`, []string{"added max_tokens 9"}},
		{"no limit", Fit{MaxModel: 5}, chat.Request{}, `{}`, nil},
		{"the model's, if it is lower", Fit{MaxModel: 5}, chat.Request{MaxOutput: 7}, `{"max_completion_tokens":5}`, []string{"lowered max_completion_tokens from 7 to 5"}},
		{"what the context leaves", Fit{MaxModel: 50, Context: 100, Prompt: 60}, chat.Request{MaxOutput: 64}, `{"max_completion_tokens":40}`, []string{"lowered max_completion_tokens from 64 to 40"}},
		{"which is at least one", Fit{Context: 100, Prompt: 200}, chat.Request{MaxOutput: 64}, `{"max_completion_tokens":1}`, []string{"lowered max_completion_tokens from 64 to 1"}},
		{"an unknown prompt leaves all", Fit{Context: 100}, chat.Request{MaxOutput: 640}, `{"max_completion_tokens":640}`, nil},
		{"a limit that is refused", Fit{MaxOutput: 9, Refuses: Refuses{Fields: []string{"max_completion_tokens"}}}, chat.Request{MaxOutput: 7}, `{}`, []string{"dropped max_completion_tokens"}},
		{"which nobody has asked for", Fit{MaxOutput: 9, Refuses: Refuses{Fields: []string{"max_completion_tokens"}}}, chat.Request{}, `{}`, nil},
		{"the provider's, lowered", Fit{MaxOutput: 9, MaxModel: 8}, chat.Request{}, `{"max_completion_tokens":8}`, []string{"added max_completion_tokens 8"}},

		{"an effort that the model has", efforts("low medium high"), effort("medium"), `{"reasoning_effort":"medium"}`, nil},
		{"no effort", efforts("low medium high"), chat.Request{}, `{}`, nil},
		{"a model without efforts", Fit{}, effort("high"), `{}`, []string{"dropped how much is to be thought"}},
		{"an effort that nobody has", efforts("low high"), effort("ultra"), `{}`, []string{"dropped a reasoning effort that is not known"}},
		{"more than the model has", efforts("low medium high"), effort("xhigh"), `{"reasoning_effort":"high"}`, []string{"changed reasoning_effort xhigh to high"}},
		{"the most there is", efforts("low high max"), effort("max"), `{"reasoning_effort":"max"}`, nil},
		{"less than the model has", efforts("low medium high"), effort("minimal"), `{"reasoning_effort":"low"}`, []string{"changed reasoning_effort minimal to low"}},
		{"between two the higher", efforts("low high max"), effort("medium"), `{"reasoning_effort":"high"}`, []string{"changed reasoning_effort medium to high"}},
		{"some thinking is not none", efforts("none minimal high max"), effort("low"), `{"reasoning_effort":"high"}`, []string{"changed reasoning_effort low to high"}},
		{"unless there is nothing else", efforts("none minimal"), effort("low"), `{"reasoning_effort":"minimal"}`, []string{"changed reasoning_effort low to minimal"}},
		{"off", efforts("none low"), chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOff, Effort: "high"}}, `{"reasoning_effort":"none"}`, nil},
		{"off where it cannot be", efforts("low high"), chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOff}}, `{"reasoning_effort":"low"}`, []string{"changed reasoning_effort none to low"}},
		{"a small budget", efforts("low medium high"), chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOn, Budget: 1999}}, `{"reasoning_effort":"low"}`, nil},
		{"a middling one", efforts("low high"), chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOn, Budget: 11999}}, `{"reasoning_effort":"high"}`, nil},
		{"a large one", efforts("low medium high"), chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOn, Budget: 31999}}, `{"reasoning_effort":"high"}`, nil},
		{"refused", Fit{Efforts: []string{"low"}, Refuses: Refuses{Fields: []string{"reasoning_effort"}}}, effort("low"), `{}`, []string{"dropped how much is to be thought"}},
		{"a switch, on", Fit{Traits: encZai}, chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkAdaptive, Effort: "high"}}, `{"thinking":{"type":"enabled"}}`, nil},
		{"a switch, off", Fit{Traits: encZai}, chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOff}}, `{"thinking":{"type":"disabled"}}`, nil},
		{"a switch that is not touched", Fit{Traits: encZai}, chat.Request{}, `{}`, nil},
		{
			"a switch and an effort",
			Fit{Traits: encZai, Efforts: []string{"low", "high", "max"}},
			chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOn, Budget: 31999}},
			`{"thinking":{"type":"enabled"},"reasoning_effort":"high"}`, nil,
		},

		{"some JSON", Fit{}, chat.Request{Format: chat.Format{Kind: chat.FormatJSON}}, `{"response_format":{"type":"json_object"}}`, nil},
		{
			"JSON by a schema",
			Fit{},
			chat.Request{Format: chat.Format{Kind: chat.FormatSchema, Name: "title", Schema: `{"b":1.0,"a":2}`, Strict: true}},
			`{"response_format":{"type":"json_schema","json_schema":{"name":"title","schema":{"b":1.0,"a":2},"strict":true}}}`, nil,
		},
		{
			"a schema's name must fit, too",
			Fit{},
			chat.Request{Format: chat.Format{Kind: chat.FormatSchema, Name: "a.b", Schema: `{}`}},
			`{"response_format":{"type":"json_schema","json_schema":{"name":"a_b_108bf50c","schema":{"type":"object","properties":{}}}}}`, nil,
		},
		{
			"and be there",
			Fit{},
			chat.Request{Format: chat.Format{Kind: chat.FormatSchema, Schema: `{}`}},
			`{"response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object","properties":{}}}}}`, nil,
		},
		{
			"a schema that is none",
			Fit{},
			chat.Request{Format: chat.Format{Kind: chat.FormatSchema, Schema: `{"a"`}},
			`{"response_format":{"type":"json_object"}}`,
			[]string{"dropped a format's schema that is no JSON object"},
		},
		{
			"a schema for who knows none stands in the prompt",
			Fit{Traits: encZai},
			chat.Request{Format: chat.Format{Kind: chat.FormatSchema, Name: "title", Schema: `{"type":"object"}`}, Messages: []chat.Message{encSaid(chat.System, encText("a"))}},
			`{"messages":[{"role":"system","content":"a\n\nAnswer with one JSON object and nothing else. It must be valid by this JSON schema:\n{\"type\":\"object\"}"}],"response_format":{"type":"json_object"}}`,
			[]string{"put into the prompt: the format's schema"},
		},
		{
			"so does every wish for JSON if the field is refused",
			Fit{Refuses: Refuses{Fields: []string{"response_format"}}},
			chat.Request{Format: chat.Format{Kind: chat.FormatJSON}},
			`{"messages":[{"role":"system","content":"Answer with one JSON object and nothing else."}]}`,
			[]string{"put into the prompt: response_format"},
		},
	} {
		t.Run(c.name, c.run)
	}
}

func TestEncodeOpenAIWritesTools(t *testing.T) {
	run := []chat.Tool{{Name: "run", Description: "runs \"it\"", Schema: `{"type":"object","properties":{"n":{"type":"integer"}}}`}}
	const ran = `"tools":[{"type":"function","function":{"name":"run","description":"runs \"it\"","parameters":{"type":"object","properties":{"n":{"type":"integer"}}}}}]`
	choose := func(mode chat.ChoiceMode, name string) chat.Request {
		return chat.Request{Tools: run, Choice: chat.Choice{Mode: mode, Name: name}}
	}
	with := func(t chat.Tool) chat.Request { return chat.Request{Tools: []chat.Tool{t}} }
	tool := func(parameters string) string {
		return `{"tools":[{"type":"function","function":{"name":"a","parameters":` + parameters + `}}]}`
	}
	bare := Fit{Traits: Traits{ToolChoice: []string{}}}
	order := func(words string) string { return `"messages":[{"role":"system","content":"` + words + `"}],` }
	for _, c := range []encWish{
		{"a tool", Fit{}, chat.Request{Tools: run}, `{` + ran + `}`, nil},
		{"without a schema", Fit{}, with(chat.Tool{Name: "a"}), tool(`{"type":"object","properties":{}}`), nil},
		{"with an empty one", Fit{}, with(chat.Tool{Name: "a", Schema: ` { "$schema" : "x" } `}), tool(`{"type":"object","properties":{}}`), nil},
		{"with one that says only what it is", Fit{}, with(chat.Tool{Name: "a", Schema: `{"type":"object"}`}), tool(`{"type":"object","properties":{}}`), nil},
		{
			"its order and numbers stay",
			Fit{},
			with(chat.Tool{Name: "a", Schema: `{"$schema":"x", "z" : 1.0, "type":"object","additionalProperties":false,"properties":{"$schema":{"type":"object"},"b":{"maximum":9007199254740991}}}`}),
			tool(`{"z" : 1.0, "type":"object","additionalProperties":false,"properties":{"$schema":{"type":"object"},"b":{"maximum":9007199254740991}}}`), nil,
		},
		{"the mark may stand last", Fit{}, with(chat.Tool{Name: "a", Schema: `{"type":"object","$schema":"x"}`}), tool(`{"type":"object","properties":{}}`), nil},
		{"what is no object gets no properties", Fit{}, with(chat.Tool{Name: "a", Schema: `{"anyOf":[]}`}), tool(`{"anyOf":[]}`), nil},
		{
			"a schema that is none",
			Fit{},
			chat.Request{Tools: []chat.Tool{{Name: "a", Schema: `[]`}}},
			tool(`{"type":"object","properties":{}}`),
			[]string{"dropped a tool's schema that is no JSON object"},
		},
		{"plain text", Fit{}, with(chat.Tool{Name: "a", Freeform: true}), tool(`{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}`), nil},
		{"a strict one", Fit{}, with(chat.Tool{Name: "a", Strict: true, Schema: `{"x":1}`}), `{"tools":[{"type":"function","function":{"name":"a","parameters":{"x":1},"strict":true}}]}`, nil},
		{"strictness refused", Fit{Refuses: strict}, with(chat.Tool{Name: "a", Strict: true, Schema: `{"x":1}`}), tool(`{"x":1}`), []string{"dropped tools[].strict"}},
		{"tools refused", Fit{Refuses: Refuses{Fields: []string{"tools"}}}, choose(chat.ChooseAuto, ""), `{}`, []string{"dropped tools"}},

		{"auto", Fit{}, choose(chat.ChooseAuto, ""), `{` + ran + `,"tool_choice":"auto"}`, nil},
		{"any", Fit{}, choose(chat.ChooseAny, ""), `{` + ran + `,"tool_choice":"required"}`, nil},
		{"one", Fit{}, choose(chat.ChooseOne, "run"), `{` + ran + `,"tool_choice":{"type":"function","function":{"name":"run"}}}`, nil},
		{"one that is not offered", Fit{}, choose(chat.ChooseOne, "fly"), `{` + ran + `}`, []string{"dropped tool_choice, which names no tool"}},
		{"none", Fit{}, choose(chat.ChooseNone, ""), `{` + ran + `,"tool_choice":"none"}`, nil},
		{"no choice without tools", Fit{}, chat.Request{Choice: chat.Choice{Mode: chat.ChooseOne, Name: "web_search", Single: true}}, `{}`, []string{"dropped tool_choice, without tools"}},
		{"and no news of one that means nothing", Fit{}, chat.Request{Choice: chat.Choice{Mode: chat.ChooseAuto}}, `{}`, nil},
		{"auto alone is understood: none", Fit{Traits: encZai}, choose(chat.ChooseNone, ""), `{}`, []string{"left out the tools, none of which may be called"}},
		{
			"auto alone is understood: any",
			Fit{Traits: encZai},
			choose(chat.ChooseAny, ""),
			`{` + order("In your next message you must call at least one of the tools.") + ran + `,"tool_choice":"auto"}`,
			[]string{"put into the prompt: tool_choice"},
		},
		{
			"auto alone is understood: one",
			Fit{Traits: encZai},
			choose(chat.ChooseOne, "run"),
			`{` + order("In your next message you must call the tool run.") + ran + `,"tool_choice":"auto"}`,
			[]string{"put into the prompt: tool_choice"},
		},
		{"nothing is understood: auto", bare, choose(chat.ChooseAuto, ""), `{` + ran + `}`, nil},
		{
			"nothing is understood: any", bare, choose(chat.ChooseAny, ""),
			`{` + order("In your next message you must call at least one of the tools.") + ran + `}`,
			[]string{"put into the prompt: tool_choice"},
		},
		{"one call at most", Fit{}, chat.Request{Tools: run, Choice: chat.Choice{Single: true}}, `{` + ran + `,"parallel_tool_calls":false}`, nil},
		{"one call where that is not known", Fit{Traits: encZai}, chat.Request{Tools: run, Choice: chat.Choice{Single: true}}, `{` + ran + `}`, []string{"dropped parallel_tool_calls"}},
		{"one call where that is refused", Fit{Refuses: Refuses{Fields: []string{"parallel_tool_calls"}}}, chat.Request{Tools: run, Choice: chat.Choice{Single: true}}, `{` + ran + `}`, []string{"dropped parallel_tool_calls"}},
		{
			"arguments that stream only if asked to",
			Fit{Traits: encZai},
			chat.Request{Tools: run, Stream: true},
			`{` + ran + `,"stream":true,"stream_options":{"include_usage":true},"tool_stream":true}`, nil,
		},
		{"none of that without a stream", Fit{Traits: encZai}, chat.Request{Tools: run}, `{` + ran + `}`, nil},
		{"nor without tools", Fit{Traits: encZai}, chat.Request{Stream: true}, `{"stream":true,"stream_options":{"include_usage":true}}`, nil},
	} {
		t.Run(c.name, c.run)
	}
}

func TestEncodeOpenAISendsOneNameForATool(t *testing.T) {
	const name = "mcp.server/tool"
	sent := shortened(name, "")
	q := &chat.Request{
		Tools:    []chat.Tool{{Name: name}},
		Choice:   chat.Choice{Mode: chat.ChooseOne, Name: name},
		Messages: []chat.Message{encSaid(chat.Assistant, encCall("c", name, "")), encSaid(chat.User, encResult("c"))},
	}
	fields, out := encFields(t, q, Fit{})
	for _, field := range []string{"tools", "messages", "tool_choice"} {
		if !strings.Contains(fields[field], `"name":"`+sent+`"`) {
			t.Errorf("%s: %s", field, fields[field])
		}
	}
	if len(out.Names) != 1 || out.Names[sent] != name {
		t.Errorf("names: %v", out.Names)
	}
	if _, out = encFields(t, offering([]string{"Bash"}), Fit{}); out.Names != nil {
		t.Errorf("names that fit: %v", out.Names)
	}
	fields, _ = encFields(t, q, Fit{Traits: encZai})
	if !strings.Contains(fields["messages"], "you must call the tool "+sent+".") {
		t.Errorf("in the prompt: %s", fields["messages"])
	}
}
