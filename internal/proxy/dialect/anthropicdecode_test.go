package dialect

import (
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// antHub decodes a body.
func antHub(t testing.TB, body string) *chat.Request {
	t.Helper()
	q, err := decodeAnthropic([]byte(body))
	if err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return q
}

func TestDecodeAnthropicReadsWhatClientsSend(t *testing.T) {
	for name, body := range fixtures(t, "request.anthropic.json") {
		t.Run(name, func(t *testing.T) {
			q, want := antHub(t, string(body)), antClients[name]
			if q.Model != want.facts.Model || q.Stream != want.facts.Stream || q.MaxOutput != want.facts.MaxOutput {
				t.Errorf("got %q, %v, %d", q.Model, q.Stream, q.MaxOutput)
			}
			if !slices.Equal(q.Dropped, want.dropped) {
				t.Errorf("dropped %q, want %q", q.Dropped, want.dropped)
			}
			// All the words of the body are in the hub.
			all := fmt.Sprint(q)
			for _, m := range q.Messages {
				if len(m.Parts) == 0 {
					t.Errorf("a message of %s is empty", m.Role)
				}
			}
			for _, part := range strings.SplitAfter(string(body), `"text":"`)[1:] {
				if text, _, _ := strings.Cut(part, `"`); !strings.Contains(text, `\`) && !strings.Contains(all, text) {
					t.Errorf("%q is lost", text)
				}
			}
		})
	}
}

func TestDecodeAnthropicGivesBlocksInTheHubsWords(t *testing.T) {
	text := func(s string) chat.Part { return chat.Part{Text: s} }
	png := chat.Part{Kind: chat.Image, Media: chat.Media{Type: "image/png", Data: "iVBORw0K"}}
	const drop = "content[] "
	for _, c := range []struct {
		name, block string
		want        []chat.Part
		dropped     []string
	}{
		{"a text", `{"type":"text","text":"a\n\u00e4","cache_control":{"type":"ephemeral"},"citations":null}`, []chat.Part{text("a\nä")}, nil},
		{"an empty text is skipped", `{"type":"text","text":""}`, nil, nil},
		{"a picture", antPNG, []chat.Part{png}, nil},
		{"a picture by address", `{"type":"image","source":{"type":"url","url":"https://x/y"}}`, []chat.Part{{Kind: chat.Image, Media: chat.Media{URL: "https://x/y"}}}, nil},
		{"a picture that lies with Anthropic", `{"type":"image","source":{"type":"file","file_id":"f1"}}`, []chat.Part{text("[picture left out: it is the file f1 at Anthropic]")}, []string{"picture by file_id"}},
		{"a picture without a source", `{"type":"image"}`, nil, []string{"picture without a source"}},
		{"a PDF", antPDF, []chat.Part{{Kind: chat.Document, Media: chat.Media{Type: "application/pdf", Data: "JVBERi0=", Name: "a.pdf"}}}, nil},
		{"a PDF by address", `{"type":"document","source":{"type":"url","url":"https://x/y.pdf"}}`, []chat.Part{{Kind: chat.Document, Media: chat.Media{URL: "https://x/y.pdf"}}}, nil},
		{
			"a text document, and what is said of it", `{"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"},"title":"n.txt","context":"read it","citations":{"enabled":true}}`,
			[]chat.Part{text("read it"), {Kind: chat.Document, Text: "words", Media: chat.Media{Type: "text/plain", Name: "n.txt"}}},
			nil,
		},
		{"a text document in base64", `{"type":"document","source":{"type":"base64","media_type":"text/plain","data":"` + base64.StdEncoding.EncodeToString([]byte("words")) + `"}}`, []chat.Part{{Kind: chat.Document, Text: "words", Media: chat.Media{Type: "text/plain"}}}, nil},
		{"a document of text", `{"type":"document","source":{"type":"content","content":"words"}}`, []chat.Part{{Kind: chat.Document, Text: "words"}}, nil},
		{
			"a document of texts and pictures", `{"type":"document","source":{"type":"content","content":[{"type":"text","text":"a"},` + antPNG + `,{"type":"text","text":"b"}]}}`,
			[]chat.Part{{Kind: chat.Document, Text: "a\n\nb"}, png},
			nil,
		},
		{"a document of nothing", `{"type":"document","source":{"type":"content","content":[]}}`, nil, []string{"document without a source"}},
		{"thinking", `{"type":"thinking","thinking":"hm","signature":"s=="}`, []chat.Part{{Kind: chat.Thought, Text: "hm", Signature: "s=="}}, nil},
		{"thinking of a signature alone", `{"type":"thinking","thinking":"","signature":"s=="}`, []chat.Part{{Kind: chat.Thought, Signature: "s=="}}, nil},
		{"redacted thinking", `{"type":"redacted_thinking","data":"AAAA"}`, []chat.Part{{Kind: chat.Redacted, Signature: "AAAA"}}, nil},
		{
			"a call keeps its arguments as they are", `{"type":"tool_use","id":"t1","name":"f","input":{ "b": 1.0, "a": "\u00e4" }}`,
			[]chat.Part{{Kind: chat.Call, ID: "t1", Name: "f", Args: `{ "b": 1.0, "a": "\u00e4" }`}},
			nil,
		},
		{"a call without arguments", `{"type":"tool_use","id":"t1","name":"f"}`, []chat.Part{{Kind: chat.Call, ID: "t1", Name: "f"}}, nil},
		{"a result of text", `{"type":"tool_result","tool_use_id":"t1","content":"ok","is_error":false}`, []chat.Part{{Kind: chat.Result, ID: "t1", Parts: []chat.Part{text("ok")}}}, nil},
		{"a result of nothing", `{"type":"tool_result","tool_use_id":"t1"}`, []chat.Part{{Kind: chat.Result, ID: "t1"}}, nil},
		{
			"a failed result of blocks", `{"is_error":true,"content":[{"type":"text","text":"see"},` + antPNG + `,{"type":"search_result","title":"T","source":"S","content":[{"type":"text","text":"x"}]}],"tool_use_id":"t1","type":"tool_result"}`,
			[]chat.Part{{Kind: chat.Result, ID: "t1", Failed: true, Parts: []chat.Part{text("see"), png, text("T\nS\nx")}}},
			nil,
		},
		{
			"a result of what is none", `{"type":"tool_result","tool_use_id":"t1","content":[{"type":"tool_use","id":"x","name":"f"}]}`,
			[]chat.Part{{Kind: chat.Result, ID: "t1"}},
			[]string{"tool_result.content[] that is no text, picture or document"},
		},
		{"a search result", `{"type":"search_result","title":"T","source":"https://x","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"citations":{"enabled":true}}`, []chat.Part{text("T\nhttps://x\na\n\nb")}, nil},
		{"a server tool's call", `{"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"q"}}`, []chat.Part{text(`[web_search {"query":"q"}]`)}, nil},
		{
			"what it has found", `{"type":"web_search_tool_result","tool_use_id":"s","content":[{"type":"web_search_result","url":"https://x","title":"X","encrypted_content":"e"},{"type":"web_search_result","url":"https://y"}]}`,
			[]chat.Part{text("Search results:\n- X https://x\n- https://y")},
			nil,
		},
		{"that it failed", `{"type":"web_search_tool_result","content":{"type":"web_search_tool_result_error","error_code":"max_uses_exceeded"}}`, []chat.Part{text("Search results:\n- failed: max_uses_exceeded")}, nil},
		{"what a remote tool brought", `{"type":"mcp_tool_result","content":[{"type":"text","text":"x"}]}`, []chat.Part{text("x")}, nil},
		{"a summary of what was said before", `{"type":"compaction","content":"so far"}`, []chat.Part{text("so far")}, nil},
		{"a block that nobody knows", `{"type":"hologram","data":1}`, nil, []string{drop + "hologram"}},
		{"a block without a type", `{"data":1}`, nil, []string{drop + "without a type"}},
		{"what is no block", `7`, nil, []string{drop + "without a type"}},
		{"contents within contents", strings.Repeat(`{"type":"x","content":[`, 9) + strings.Repeat(`]}`, 9), nil, []string{"content[] within content[]", drop + "x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := antHub(t, antTurn(`{"role":"user","content":[`+c.block+`]}`))
			want := &chat.Request{Messages: []chat.Message{{Role: chat.User, Parts: c.want}}, Dropped: c.dropped}
			if !reflect.DeepEqual(q, want) {
				t.Errorf("got  %+v\nwant %+v", q, want)
			}
		})
	}
}

func TestDecodeAnthropicGivesOptionsInTheHubsWords(t *testing.T) {
	schema := `{"type":"object","properties":{"b":{},"a":{}}}`
	for _, c := range []struct {
		name, members string
		want          chat.Request
	}{
		{"none", ``, chat.Request{}},
		{"model, stream, limit", `"model":"m","stream":true,"max_tokens":9`, chat.Request{Model: "m", Stream: true, MaxOutput: 9}},
		{"numbers as they are written", `"temperature":1.0,"top_p":9e-1,"top_k":40`, chat.Request{Temperature: "1.0", TopP: "9e-1", TopK: "40"}},
		{"null is none", `"temperature":null,"top_p":"1","thinking":null,"tools":null,"tool_choice":null,"system":null,"container":null,"output_config":null`, chat.Request{}},
		{"stop sequences", `"stop_sequences":["a","\n"]`, chat.Request{Stop: []string{"a", "\n"}}},
		{"the session is no loss", `"metadata":{"user_id":"u"},"cache_control":{"type":"ephemeral"}`, chat.Request{}},
		{
			"what only Anthropic knows is named, once", `"service_tier":"auto","container":"c","context_management":{},"container":"d"`,
			chat.Request{Dropped: []string{"service_tier", "container", "context_management"}},
		},
		{"thinking with a budget", `"thinking":{"type":"enabled","budget_tokens":31999}`, chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOn, Budget: 31999}}},
		{"thinking off", `"thinking":{"type":"disabled"},"output_config":{"effort":"high"}`, chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOff, Effort: "high"}}},
		{"adaptive thinking", `"output_config":{"effort":"max"},"thinking":{"type":"adaptive","display":"summarized"}`, chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkAdaptive, Effort: "max"}}},
		{"thinking of a kind to come", `"thinking":{"type":"astral","budget_tokens":5}`, chat.Request{Dropped: []string{"thinking"}}},
		{"an output config of a kind to come", `"output_config":{"verbosity":"low","x":null}`, chat.Request{Dropped: []string{"output_config.verbosity"}}},
		{"the form of the answer", `"output_config":{"format":{"type":"json_schema","schema":` + schema + `}}`, chat.Request{Format: chat.Format{Kind: chat.FormatSchema, Schema: schema}}},
		{"by its older name", `"output_format":{"schema":` + schema + `,"type":"json_schema"}`, chat.Request{Format: chat.Format{Kind: chat.FormatSchema, Schema: schema}}},
		{"a form without a schema", `"output_config":{"format":{"type":"json_schema","schema":7}}`, chat.Request{Dropped: []string{"output_config.format"}}},
		{
			"tools", `"tools":[{"name":"f","description":"d","input_schema":` + schema + `,"strict":true,"cache_control":{},"eager_input_streaming":true,"defer_loading":true,"input_examples":[{}]},{"type":"custom","name":"g","input_schema":{}},{"name":"h"}]`,
			chat.Request{Tools: []chat.Tool{{Name: "f", Description: "d", Schema: schema, Strict: true}, {Name: "g", Schema: "{}"}, {Name: "h"}}},
		},
		{
			"tools that the provider would run", `"tools":[{"type":"web_search_20250305","name":"web_search","max_uses":8},{"type":"code_execution_20250825"},{"name":"f"}]`,
			chat.Request{Tools: []chat.Tool{{Name: "f"}}, Dropped: []string{"tools[] web_search", "tools[] code_execution_20250825"}},
		},
		{"a choice", `"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`, chat.Request{Choice: chat.Choice{Mode: chat.ChooseAuto, Single: true}}},
		{"any tool", `"tool_choice":{"type":"any","name":"f"}`, chat.Request{Choice: chat.Choice{Mode: chat.ChooseAny}}},
		{"no tool", `"tool_choice":{"type":"none"}`, chat.Request{Choice: chat.Choice{Mode: chat.ChooseNone}}},
		{"one tool", `"tool_choice":{"name":"f","type":"tool"},"tools":[{"name":"f"}]`, chat.Request{Tools: []chat.Tool{{Name: "f"}}, Choice: chat.Choice{Mode: chat.ChooseOne, Name: "f"}}},
		{"one tool that is not there", `"tool_choice":{"name":"f","type":"tool"}`, chat.Request{Dropped: []string{"tool_choice of a tool that is not offered"}}},
		{"of a key given twice the last counts", `"model":"a","tools":[{"name":"f"}],"stop_sequences":["a"],"model":"b","tools":[],"stop_sequences":["b"]`, chat.Request{Model: "b", Stop: []string{"b"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := strings.TrimSuffix(`{"messages":[],`+c.members, ",") + "}"
			if q := antHub(t, body); !reflect.DeepEqual(*q, c.want) {
				t.Errorf("got  %+v\nwant %+v", *q, c.want)
			}
		})
	}
}

func TestDecodeAnthropicKeepsSystemMessagesInPlace(t *testing.T) {
	body := `{"messages":[` + antHi + `,{"role":"system","content":"b"},` + antYes + `,{"role":"system","content":[{"type":"text","text":"c"}]}],"system":[{"type":"text","text":"x-anthropic-billing-header: y"},{"type":"text","text":"a"}]}`
	want := []chat.Message{
		{Role: chat.System, Parts: []chat.Part{{Text: "x-anthropic-billing-header: y"}, {Text: "a"}}},
		{Role: chat.User, Parts: []chat.Part{{Text: "hi"}}},
		{Role: chat.System, Parts: []chat.Part{{Text: "b"}}},
		{Role: chat.Assistant, Parts: []chat.Part{{Text: "yes"}}},
		{Role: chat.System, Parts: []chat.Part{{Text: "c"}}},
	}
	if q := antHub(t, body); !reflect.DeepEqual(q.Messages, want) {
		t.Errorf("got %+v", q.Messages)
	}
	body = `{"system":"x-anthropic-billing-header: y\na","messages":[]}`
	if q := antHub(t, body); !reflect.DeepEqual(q.Messages, want[:1]) {
		t.Errorf("got %+v", q.Messages)
	}
	if q := antHub(t, `{"system":"a","messages":[`+antHi+`]}`); !reflect.DeepEqual(q.Messages, []chat.Message{{Role: chat.System, Parts: []chat.Part{{Text: "a"}}}, want[1]}) {
		t.Errorf("got %+v", q.Messages)
	}
}

func TestDecodeAnthropicSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ name, body, code, want string }{
		{"no messages", `{"model":"m"}`, "invalid_messages", "messages: a list of messages is missing"},
		{"messages that are no list", `{"messages":{}}`, "invalid_messages", "messages: a list of messages is missing"},
		{"a role that nobody has", antTurn(antHi, `{"role":"tool","content":"x"}`), "invalid_messages", `messages.1.role: it must be "user", "assistant" or "system"`},
		{"what is no message", antTurn(`7`), "invalid_messages", "messages.0.role"},
		{"what is no JSON", `{"messages":[`, "invalid_json", "it ends too soon"},
		{"a list", `[]`, "invalid_json", "not one JSON object"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q, err := decodeAnthropic([]byte(c.body))
			var e *chat.Error
			if !errors.As(err, &e) || q != nil || e.Status != 400 || e.Type != "invalid_request_error" || e.Code != c.code || !strings.Contains(e.Message, c.want) {
				t.Errorf("got %v, %v", q, err)
			}
		})
	}
}
