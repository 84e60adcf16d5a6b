package dialect

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

// antEncoded encodes a request. The body is one that can be read.
func antEncoded(t testing.TB, q *chat.Request, fit Fit) Sent {
	t.Helper()
	sent, e := encodeAnthropic(q, fit, nil)
	if e != nil {
		t.Fatal(e)
	}
	if _, err := readAnthropic(sent.Body); err != nil || !json.Valid(sent.Body) || !unique(sent.Body) {
		t.Fatalf("%v: %s", err, sent.Body)
	}
	return sent
}

func antPart(kind chat.Kind) chat.Part { return chat.Part{Kind: kind} }

func antSay(role chat.Role, parts ...chat.Part) chat.Message {
	return chat.Message{Role: role, Parts: parts}
}

func antCall(id, args string) chat.Part {
	return chat.Part{Kind: chat.Call, ID: id, Name: "f", Args: args}
}

func antResult(id string, texts ...string) chat.Part {
	p := chat.Part{Kind: chat.Result, ID: id}
	for _, text := range texts {
		p.Parts = append(p.Parts, chat.Part{Text: text})
	}
	return p
}

func TestEncodeAnthropicPutsTheConversationInOrder(t *testing.T) {
	hi, yes, so := antSay(chat.User, chat.Part{Text: "hi"}), antSay(chat.Assistant, chat.Part{Text: "yes"}), antSay(chat.System, chat.Part{Text: "so"})
	hello := antUser(antTextBlock("hi"))
	answer := antMade(antTextBlock("yes"))
	begins := antUser(antTextBlock("(the conversation begins)"))
	use := func(id, input string) string {
		return `{"type":"tool_use","id":"` + id + `","name":"f","input":` + input + `}`
	}
	used := func(id, more string) string {
		return `{"type":"tool_result","tool_use_id":"` + id + `"` + more + `}`
	}
	interrupted := `,"content":"interrupted","is_error":true`
	remind := antTextBlock("<system-reminder>so</system-reminder>")
	failed := antResult("a", "no")
	failed.Failed = true
	shows := antResult("a", "see")
	shows.Parts = append(shows.Parts, chat.Part{Kind: chat.Image, Media: chat.Media{Data: "/9j/4"}})
	for _, c := range []struct {
		name    string
		fit     Fit
		said    []chat.Message
		system  string
		want    []string
		changed []string
	}{
		{"nothing at all", Fit{}, nil, "", []string{begins}, []string{"added a user's message in front"}},
		{"one after the other", Fit{}, []chat.Message{hi, yes, hi}, "", []string{hello, answer, hello}, nil},
		{"two in a row are one", Fit{}, []chat.Message{hi, hi, yes, yes}, "", []string{antUser(antTextBlock("hi") + "," + antTextBlock("hi")), antMade(antTextBlock("yes") + "," + antTextBlock("yes"))}, nil},
		{"the user comes first", Fit{}, []chat.Message{yes, hi}, "", []string{begins, answer, hello}, []string{"added a user's message in front"}},
		{"system messages go ahead", Fit{}, []chat.Message{so, hi, so}, "so\n\nso", []string{hello}, nil},
		{"but for later ones", Fit{}, []chat.Message{hi, yes, so, hi, so}, "", []string{hello, answer, antUser(remind + "," + antTextBlock("hi") + "," + remind)}, nil},
		{"the billing block goes nowhere", Fit{}, []chat.Message{antSay(chat.System, chat.Part{Text: billingPrefix + " x"}, chat.Part{Text: "so"}), hi}, "so", []string{hello}, []string{"removed the billing block of system"}},
		{"but to Anthropic", antAuthor, []chat.Message{antSay(chat.System, chat.Part{Text: billingPrefix + " x"}, chat.Part{Text: "so"}), hi}, billingPrefix + " x\n\nso", []string{hello}, nil},
		{"a picture of the system's", Fit{}, []chat.Message{antSay(chat.System, antPart(chat.Image)), hi}, "", []string{hello}, []string{"removed a part of a system message that is no text"}},
		{"empty texts and messages", Fit{}, []chat.Message{antSay(chat.User), antSay(chat.User, chat.Part{Text: " \n"}), hi, antSay(chat.Assistant, chat.Part{}), antSay(chat.System, chat.Part{}), hi}, "", []string{antUser(antTextBlock("hi") + "," + antTextBlock("hi"))}, nil},
		{"the last answer does not end with space", Fit{}, []chat.Message{hi, antSay(chat.Assistant, chat.Part{Text: "I \n"}, chat.Part{Text: "so \n"})}, "", []string{hello, antMade(antTextBlock(`I \n`) + "," + antTextBlock("so"))}, nil},
		{
			"results first, in the calls' order",
			Fit{},
			[]chat.Message{hi, antSay(chat.Assistant, chat.Part{Text: "yes"}, antCall("a", `{"n": 1.0}`), antCall("b", "")), antSay(chat.User, chat.Part{Text: "hi"}, antResult("b"), failed)},
			"",
			[]string{hello, antMade(antTextBlock("yes") + "," + use("a", `{"n": 1.0}`) + "," + use("b", `{}`)), antUser(used("a", `,"content":"no","is_error":true`) + "," + used("b", "") + "," + antTextBlock("hi"))},
			nil,
		},
		{
			"a result of several parts",
			Fit{},
			[]chat.Message{hi, antSay(chat.Assistant, antCall("a", "{}")), antSay(chat.User, shows)},
			"",
			[]string{hello, antMade(use("a", `{}`)), antUser(used("a", `,"content":[`+antTextBlock("see")+`,{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"/9j/4"}}]`))},
			nil,
		},
		{
			"a call without a result",
			Fit{},
			[]chat.Message{hi, antSay(chat.Assistant, antCall("a", ""), antCall("b", "")), antSay(chat.User, antResult("b", "ok"))},
			"",
			[]string{hello, antMade(use("a", "{}") + "," + use("b", "{}")), antUser(used("a", interrupted) + "," + used("b", `,"content":"ok"`))},
			[]string{"added a failed result for a tool call without one"},
		},
		{
			"at the end as well",
			Fit{},
			[]chat.Message{hi, antSay(chat.Assistant, antCall("a", ""))},
			"",
			[]string{hello, antMade(use("a", "{}")), antUser(used("a", interrupted))},
			[]string{"added a failed result for a tool call without one"},
		},
		{
			"a result that came late",
			Fit{},
			[]chat.Message{hi, antSay(chat.Assistant, antCall("a", "")), hi, yes, antSay(chat.User, antResult("a", "ok")), yes},
			"",
			[]string{hello, antMade(use("a", "{}")), antUser(used("a", `,"content":"ok"`) + "," + antTextBlock("hi")), antMade(antTextBlock("yes") + "," + antTextBlock("yes"))},
			nil,
		},
		{
			"a result without a call",
			Fit{},
			[]chat.Message{antSay(chat.User, failed, antResult("b", "ok"))},
			"",
			[]string{antUser(antTextBlock("Result of a failed tool, without a call:") + "," + antTextBlock("no") + "," + antTextBlock("Tool result without a call:") + "," + antTextBlock("ok"))},
			[]string{"turned a tool result without a call into text ×2"},
		},
		{
			"several results of one call",
			Fit{},
			[]chat.Message{hi, antSay(chat.Assistant, antCall("a", "")), antSay(chat.User, antResult("a", "1"), failed)},
			"",
			[]string{hello, antMade(use("a", "{}")), antUser(used("a", `,"content":[`+antTextBlock("1")+","+antTextBlock("no")+`],"is_error":true`))},
			[]string{"joined several results of one tool call"},
		},
		{
			"an id that is used again",
			Fit{},
			[]chat.Message{hi, antSay(chat.Assistant, antCall("a", ""), antCall("a", "")), antSay(chat.User, antResult("a", "1"), antResult("a", "2")), antSay(chat.Assistant, antCall("a", ""), antCall("a_2", "")), antSay(chat.User, antResult("a", "3"), antResult("a_2", "4"))},
			"",
			[]string{
				hello, antMade(use("a", "{}") + "," + use("a_2", "{}")), antUser(used("a", `,"content":"1"`) + "," + used("a_2", `,"content":"2"`)),
				antMade(use("a_3", "{}") + "," + use("a_2_2", "{}")), antUser(used("a_3", `,"content":"3"`) + "," + used("a_2_2", `,"content":"4"`)),
			},
			[]string{"renamed the id of a tool call that another one has ×3"},
		},
		{"an odd id passes", Fit{}, []chat.Message{hi, antSay(chat.Assistant, antCall("functions.Bash:0", "")), antSay(chat.User, antResult("functions.Bash:0", "1"))}, "", []string{hello, antMade(use("functions.Bash:0", "{}")), antUser(used("functions.Bash:0", `,"content":"1"`))}, nil},
		{"but not at Anthropic's", antAuthor, []chat.Message{hi, antSay(chat.Assistant, antCall("functions.Bash:0", "")), antSay(chat.User, antResult("functions.Bash:0", "1"))}, "", []string{hello, antMade(use("functions_Bash_0", "{}")), antUser(used("functions_Bash_0", `,"content":"1"`))}, nil},
		{"no id", Fit{}, []chat.Message{hi, antSay(chat.Assistant, antCall("", "")), antSay(chat.User, antResult("", "1"))}, "", []string{hello, antMade(use("call", "{}")), antUser(used("call", `,"content":"1"`))}, nil},
		{
			"arguments that are no object",
			Fit{},
			[]chat.Message{hi, antSay(chat.Assistant, antCall("a", `{"x": "`), antCall("b", ` null`), antCall("c", `[1]`), antCall("d", ` {"a":1} `)), antSay(chat.User, antResult("a"), antResult("b"), antResult("c"), antResult("d"))},
			"",
			[]string{hello, antMade(use("a", `{"_raw":"{\"x\": \""}`) + "," + use("b", "{}") + "," + use("c", `{"_raw":"[1]"}`) + "," + use("d", `{"a":1}`)), antUser(used("a", "") + "," + used("b", "") + "," + used("c", "") + "," + used("d", ""))},
			[]string{"wrapped arguments that are no JSON object ×2"},
		},
		{
			"what is out of place finds one",
			Fit{},
			[]chat.Message{antSay(chat.User, antCall("a", "")), antSay(chat.Assistant, antResult("a", "1"), chat.Part{Kind: chat.Image})},
			"",
			[]string{begins, antMade(use("a", "{}")), antUser(used("a", `,"content":"1"`)), antMade(antTextBlock("[picture left out]"))},
			[]string{"left out a picture of the assistant's", "added a user's message in front"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			sent := antEncoded(t, &chat.Request{Messages: c.said}, c.fit)
			if got, want := gjson.GetBytes(sent.Body, "messages").Raw, "["+strings.Join(c.want, ",")+"]"; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if system := gjson.GetBytes(sent.Body, "system").Str; system != c.system || !slices.Equal(sent.Changed, c.changed) {
				t.Errorf("system %q, changed %q", system, sent.Changed)
			}
		})
	}
}

func TestEncodeAnthropicWritesPicturesDocumentsAndThinking(t *testing.T) {
	png := chat.Media{Type: "image/png", Data: "iVBORw0K"}
	pdf := chat.Media{Type: "application/pdf", Data: "JVBERi0=", Name: "a.pdf"}
	const note = "left out a picture, for a model that reads text only"
	own, foreign := Sign("zai", "EpwC=="), Sign("synthetic", "EpwC==")
	thought := func(signature string) chat.Part {
		return chat.Part{Kind: chat.Thought, Text: "hm", Signature: signature}
	}
	const sees, thinks = `{"type":"thinking","thinking":"hm","signature":"EpwC=="}`, `{"type":"redacted_thinking","data":"EpwC=="}`
	const dropped = "dropped thinking of others"
	for _, c := range []struct {
		name    string
		fit     Fit
		part    chat.Part
		want    string // before a text "x"
		changed []string
	}{
		{"a picture", Fit{}, chat.Part{Kind: chat.Image, Media: png}, antPNG, nil},
		{"of no type", Fit{}, chat.Part{Kind: chat.Image, Media: chat.Media{Data: "iVBORw0K"}}, antPNG, nil},
		{"by address", Fit{}, chat.Part{Kind: chat.Image, Media: chat.Media{URL: "https://x/\"y"}}, `{"type":"image","source":{"type":"url","url":"https://x/\"y"}}`, nil},
		{"for who sees none", antBlind, chat.Part{Kind: chat.Image, Media: png}, antTextBlock(pictureNote), []string{note}},
		{"a text document", Fit{}, chat.Part{Kind: chat.Document, Text: "words", Media: chat.Media{Name: "n.txt"}}, antTextBlock(`n.txt:\n\nwords`), nil},
		{"a PDF for Anthropic", antAuthor, chat.Part{Kind: chat.Document, Media: pdf}, antPDF, nil},
		{"by address, of no type", antAuthor, chat.Part{Kind: chat.Document, Media: chat.Media{URL: "https://x"}}, `{"type":"document","source":{"type":"url","url":"https://x"}}`, nil},
		{"of no type", antAuthor, chat.Part{Kind: chat.Document, Media: chat.Media{Data: "JVBE"}}, `{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"}}`, nil},
		{"a PDF of an older turn", Fit{}, chat.Part{Kind: chat.Document, Media: pdf}, antTextBlock(documentNote("a.pdf")), []string{"left out a document of an older turn"}},
		{"thinking", antZai, thought(own), sees, nil},
		{"redacted", antZai, chat.Part{Kind: chat.Redacted, Signature: own}, thinks, nil},
		{"of another", antZai, thought(foreign), "", []string{dropped}},
		{"unsigned", antZai, thought(Sign("zai", "")), "", []string{dropped}},
		{"unmarked", antZai, thought("EpwC=="), "", []string{dropped}},
		{"unmarked, to Anthropic", antAuthor, thought("EpwC=="), sees, nil},
		{"of another, to Anthropic", antAuthor, chat.Part{Kind: chat.Redacted, Signature: foreign}, "", []string{dropped}},
		{"by nobody, to Anthropic", antAuthor, thought(""), "", []string{dropped}},
	} {
		t.Run(c.name, func(t *testing.T) {
			role := chat.User
			if c.part.Kind == chat.Thought || c.part.Kind == chat.Redacted {
				role = chat.Assistant
			}
			said := []chat.Message{antSay(chat.User, chat.Part{Text: "hi"}), antSay(chat.Assistant, chat.Part{Text: "ok"}), antSay(role, c.part, chat.Part{Text: "x"}), antSay(chat.Assistant, chat.Part{Text: "ok"}), antSay(chat.User, chat.Part{Text: "hi"})}
			sent := antEncoded(t, &chat.Request{Messages: said}, c.fit)
			want := strings.TrimPrefix(c.want+","+antTextBlock("x"), ",")
			if !strings.Contains(string(sent.Body), want) || strings.Contains(string(sent.Body), "hm") != strings.Contains(c.want, "hm") || !slices.Equal(sent.Changed, c.changed) {
				t.Errorf("got %s %q\nwant in it %s %q", sent.Body, sent.Changed, want, c.changed)
			}
		})
	}
	for _, part := range []chat.Part{{Kind: chat.Document, Media: pdf}, {Kind: chat.Result, ID: "a", Parts: []chat.Part{{Kind: chat.Document, Media: pdf}}}} {
		said := []chat.Message{antSay(chat.User, chat.Part{Text: "hi"}), antSay(chat.Assistant, antCall("a", "")), antSay(chat.User, antResult("a", "x"), part)}
		if sent, e := encodeAnthropic(&chat.Request{Messages: said}, Fit{Model: "glm-5.3"}, nil); e == nil || e.Code != "document_not_supported" || sent.Body != nil {
			t.Errorf("a PDF of the latest turn: %v", e)
		}
	}
}

func TestEncodeAnthropicWritesOptions(t *testing.T) {
	const schema = `{"type":"object","properties":{"n":{"maximum":1.0}}}`
	tool := func(name, schema string) chat.Tool { return chat.Tool{Name: name, Schema: schema} }
	f := []chat.Tool{tool("f", schema)}
	const fWritten = `,"tools":[{"name":"f","input_schema":` + schema + `}]`
	long, longer := strings.Repeat("n", 128), strings.Repeat("n", 129)
	think := func(mode chat.ThinkingMode, effort string, budget int) chat.Request {
		return chat.Request{MaxOutput: 40000, Thinking: chat.Thinking{Mode: mode, Effort: effort, Budget: budget}}
	}
	form := chat.Format{Kind: chat.FormatSchema, Name: "n", Schema: schema}
	for _, c := range []struct {
		name    string
		fit     Fit
		q       chat.Request
		want    string // all members but model and messages, max_tokens too if it is 32000
		changed []string
	}{
		{"none", Fit{}, chat.Request{}, ``, nil},
		{"a stream", Fit{}, chat.Request{Stream: true}, `,"stream":true`, nil},
		{"an output limit", Fit{}, chat.Request{MaxOutput: 9}, `"max_tokens":9`, nil},
		{"one that is too high", Fit{MaxModel: 100}, chat.Request{MaxOutput: 109}, `"max_tokens":100`, nil},
		{"the provider's, if none was given", Fit{MaxOutput: 100, MaxModel: 200}, chat.Request{}, `"max_tokens":100`, nil},
		{"numbers as they are written", Fit{}, chat.Request{Temperature: "0.70", TopP: "9e-1", TopK: "40"}, `,"temperature":0.70,"top_p":9e-1,"top_k":40`, nil},
		{"a temperature beyond Anthropic's", Fit{}, chat.Request{Temperature: "1.5"}, `,"temperature":1`, []string{"lowered temperature to 1"}},
		{"both, to Anthropic", antAuthor, chat.Request{Temperature: "0.7", TopP: "0.9"}, `,"temperature":0.7`, []string{"dropped top_p, for there is a temperature"}},
		{"refused fields", Fit{Refuses: Refuses{Fields: []string{"top_k", "stream"}}}, chat.Request{TopK: "1", Stream: true}, ``, []string{"dropped top_k", "dropped stream"}},
		{"what the client's dialect alone knows", Fit{}, chat.Request{Dropped: []string{"seed", "logprobs"}}, ``, []string{"dropped seed", "dropped logprobs"}},
		{"stop sequences", Fit{}, chat.Request{Stop: []string{"a\"", "\n", "b"}}, `,"stop_sequences":["a\"","b"]`, []string{"dropped a stop sequence of space alone"}},
		{"stop sequences of nothing", Fit{}, chat.Request{Stop: []string{""}}, ``, []string{"dropped a stop sequence of space alone"}},

		{"a tool", Fit{}, chat.Request{Tools: []chat.Tool{{Name: "f", Description: "d", Schema: schema, Strict: true}}}, `,"tools":[{"name":"f","description":"d","input_schema":` + schema + `}]`, nil},
		{"strict, at Anthropic's", antAuthor, chat.Request{Tools: []chat.Tool{{Name: "f", Schema: schema, Strict: true}}}, `,"tools":[{"name":"f","input_schema":` + schema + `,"strict":true}]`, nil},
		{"refused fields of tools", Fit{Author: true, Refuses: Refuses{Tool: []string{"strict", "description"}}}, chat.Request{Tools: []chat.Tool{{Name: "f", Description: "d", Schema: schema, Strict: true}}}, fWritten, nil},
		{
			"schemas that are not of an object",
			Fit{},
			chat.Request{Tools: []chat.Tool{tool("a", ""), tool("b", "{}"), tool("c", ` {"a":1}`), tool("d", `{"a":1,"type":["object","null"],"b":2}`), tool("e", "null"), {Name: "g", Freeform: true}, tool("h", "{"), tool("i", `[{"type":1}]`)}},
			`,"tools":[{"name":"a","input_schema":{"type":"object","properties":{}}},{"name":"b","input_schema":{"type":"object"}},{"name":"c","input_schema": {"type":"object","a":1}},{"name":"d","input_schema":{"a":1,"type":"object","b":2}},{"name":"e","input_schema":{"type":"object","properties":{}}},{"name":"g","input_schema":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}},{"name":"h","input_schema":{"type":"object","properties":{}}},{"name":"i","input_schema":{"type":"object","properties":{}}}]`, nil,
		},
		{"a name of 128 letters", Fit{}, chat.Request{Tools: []chat.Tool{tool(long, schema)}, Choice: chat.Choice{Mode: chat.ChooseOne, Name: long}}, `,"tools":[{"name":"` + long + `","input_schema":` + schema + `}],"tool_choice":{"type":"tool","name":"` + long + `"}`, nil},
		{"a longer one", Fit{}, chat.Request{Tools: []chat.Tool{tool(longer, schema)}, Choice: chat.Choice{Mode: chat.ChooseOne, Name: longer}}, `,"tools":[{"name":"` + shortened(longer, "") + `","input_schema":` + schema + `}],"tool_choice":{"type":"tool","name":"` + shortened(longer, "") + `"}`, nil},
		{"a choice", Fit{}, chat.Request{Tools: f, Choice: chat.Choice{Mode: chat.ChooseAuto}}, fWritten + `,"tool_choice":{"type":"auto"}`, nil},
		{"one call at a time", Fit{}, chat.Request{Tools: f, Choice: chat.Choice{Single: true}}, fWritten + `,"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`, nil},
		{"any", Fit{}, chat.Request{Tools: f, Choice: chat.Choice{Mode: chat.ChooseAny, Single: true}}, fWritten + `,"tool_choice":{"type":"any","disable_parallel_tool_use":true}`, nil},
		{"none of them", Fit{}, chat.Request{Tools: f, Choice: chat.Choice{Mode: chat.ChooseNone, Single: true}}, fWritten + `,"tool_choice":{"type":"none"}`, nil},
		{"one that is not there", Fit{}, chat.Request{Tools: f, Choice: chat.Choice{Mode: chat.ChooseOne, Name: "g"}}, fWritten, []string{"dropped tool_choice of a tool that is not offered"}},
		{"a choice of nothing", Fit{}, chat.Request{Choice: chat.Choice{Mode: chat.ChooseAny}}, ``, []string{"dropped tool_choice, for there are no tools"}},
		{"no choice of nothing", Fit{}, chat.Request{Choice: chat.Choice{Mode: chat.ChooseAuto, Single: true}}, ``, nil},

		{"thinking off", Fit{}, think(chat.ThinkOff, "", 0), `"max_tokens":40000,"thinking":{"type":"disabled"}`, nil},
		{"on", Fit{}, think(chat.ThinkOn, "", 0), `"max_tokens":40000,"thinking":{"type":"enabled","budget_tokens":16384}`, nil},
		{"a little", Fit{}, think(chat.ThinkOn, "minimal", 0), `"max_tokens":40000,"thinking":{"type":"enabled","budget_tokens":1024}`, nil},
		{"some", Fit{}, think(chat.ThinkUnset, "medium", 0), `"max_tokens":40000,"thinking":{"type":"enabled","budget_tokens":8192}`, nil},
		{"much", Fit{}, think(chat.ThinkAdaptive, "max", 0), `"max_tokens":40000,"thinking":{"type":"enabled","budget_tokens":30000}`, nil},
		{"as much as was said", Fit{}, think(chat.ThinkOn, "low", 5000), `"max_tokens":40000,"thinking":{"type":"enabled","budget_tokens":5000}`, nil},
		{"where there is no room", Fit{MaxModel: 1000}, think(chat.ThinkOn, "", 0), `"max_tokens":1000`, []string{"dropped thinking, for there is no room for it below max_tokens 1000"}},
		{"at Anthropic's, an effort", antAuthor, think(chat.ThinkOn, "minimal", 0), `"max_tokens":40000,"thinking":{"type":"adaptive"},"output_config":{"effort":"low"}`, nil},
		{"or what the model likes", antAuthor, think(chat.ThinkAdaptive, "", 0), `"max_tokens":40000,"thinking":{"type":"adaptive"}`, nil},
		{"or a budget", antAuthor, think(chat.ThinkOn, "", 2000), `"max_tokens":40000,"thinking":{"type":"enabled","budget_tokens":2000}`, nil},
		{"or an effort alone", antAuthor, think(chat.ThinkUnset, "high", 0), `"max_tokens":40000,"output_config":{"effort":"high"}`, nil},
		{"not while a tool must be called", Fit{}, chat.Request{Tools: f, Choice: chat.Choice{Mode: chat.ChooseAny}, Thinking: chat.Thinking{Mode: chat.ThinkOn}}, fWritten + `,"tool_choice":{"type":"any"}`, []string{"dropped thinking, for a tool must be called"}},
		{"nor beside a temperature at Anthropic's", antAuthor, chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOn}, Temperature: "0", TopK: "1"}, `,"thinking":{"type":"adaptive"}`, []string{"dropped temperature, top_p and top_k, for there is thinking"}},
		{"others do not mind", Fit{}, chat.Request{MaxOutput: 40000, Thinking: chat.Thinking{Mode: chat.ThinkOn}, Temperature: "0"}, `"max_tokens":40000,"thinking":{"type":"enabled","budget_tokens":16384},"temperature":0`, nil},

		{"a form, in words", Fit{}, chat.Request{Format: form}, `,"system":"Answer with one JSON object and nothing else: no explanation, no code fence. It must match this JSON Schema:\n` + strings.ReplaceAll(schema, `"`, `\"`) + `"`, []string{"asked in the system prompt for the form of the answer"}},
		{"JSON, in words", antAuthor, chat.Request{Format: chat.Format{Kind: chat.FormatJSON}}, `,"system":"Answer with one JSON object and nothing else: no explanation, no code fence."`, []string{"asked in the system prompt for the form of the answer"}},
		{"a form, at Anthropic's", antAuthor, chat.Request{Format: form, Thinking: chat.Thinking{Effort: "low"}}, `,"output_config":{"effort":"low","format":{"type":"json_schema","schema":` + schema + `}}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.fit.Model = "m"
			c.q.Messages = []chat.Message{antSay(chat.User, chat.Part{Text: "hi"})}
			sent := antEncoded(t, &c.q, c.fit)
			got := strings.Replace(string(sent.Body), `,"messages":[`+antUser(antTextBlock("hi"))+`]`, "", 1)
			want := `{"model":"m",` + c.want + "}"
			if !strings.Contains(c.want, "max_tokens") {
				want = `{"model":"m","max_tokens":32000` + c.want + "}"
			}
			if got != want || !slices.Equal(sent.Changed, c.changed) {
				t.Errorf("got  %s %q\nwant %s %q", got, sent.Changed, want, c.changed)
			}
		})
	}
}

func TestEncodeAnthropicTellsWhichNamesItChanged(t *testing.T) {
	q := &chat.Request{
		Tools:    []chat.Tool{{Name: "a.b"}, {Name: "ok"}},
		Messages: []chat.Message{antSay(chat.User, chat.Part{Text: "hi"}), antSay(chat.Assistant, chat.Part{Kind: chat.Call, ID: "1", Name: "a.b"}), antSay(chat.User, antResult("1", "x"))},
	}
	sent := antEncoded(t, q, Fit{})
	name := gjson.GetBytes(sent.Body, "tools.0.name").Str
	if name == "a.b" || sent.Names[name] != "a.b" || gjson.GetBytes(sent.Body, "messages.1.content.0.name").Str != name {
		t.Errorf("%q in %s", sent.Names, sent.Body)
	}
}
