package dialect

import (
	"encoding/base64"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

// decodeChat reads, mends and decodes a request, as it happens to one on its way.
func decodeChat(t testing.TB, body string) *chat.Request {
	t.Helper()
	r, err := Read(OpenAI, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Repair()
	q, e := r.Hub()
	if e != nil {
		t.Fatal(e)
	}
	return q
}

func textPart(text string) chat.Part { return chat.Part{Text: text} }

func TestMessagesOfOpenAIAreDecoded(t *testing.T) {
	type messages = []chat.Message
	call := func(id, args string) chat.Part { return chat.Part{Kind: chat.Call, ID: id, Name: "f", Args: args} }
	result := func(id string, parts ...chat.Part) chat.Part {
		return chat.Part{Kind: chat.Result, ID: id, Parts: parts}
	}
	calls := func(list string) string { return `{"role":"assistant","tool_calls":[` + list + `]}` }
	for _, c := range []struct {
		name    string
		in      []string
		want    messages
		dropped []string
	}{
		{"roles, each in its place", []string{
			`{"role":"system","content":"s"}`, `{"role":"user","content":"u"}`, `{"role":"developer","content":[{"type":"text","text":"d"}]}`, `{"role":"assistant","content":"a"}`,
		}, messages{
			{Role: chat.System, Parts: []chat.Part{textPart("s")}},
			{Role: chat.User, Parts: []chat.Part{textPart("u")}},
			{Role: chat.System, Parts: []chat.Part{textPart("d")}},
			{Role: chat.Assistant, Parts: []chat.Part{textPart("a")}},
		}, nil},
		{"escapes are resolved", []string{`{"role":"us\u0065r","cont\u0065nt":"a\n\u00e9"}`}, messages{{Role: chat.User, Parts: []chat.Part{textPart("a\né")}}}, nil},
		{"nothing said is no message", []string{`{"role":"user","content":""}`, `{"role":"assistant","content":null}`, `{"role":"user","content":[{"type":"text","text":""}]}`}, nil, nil},
		{"of a key given twice the last counts", []string{`{"role":"system","content":"a","role":"user","content":"b"}`}, messages{{Role: chat.User, Parts: []chat.Part{textPart("b")}}}, nil},
		{"texts in several parts", []string{`{"role":"user","content":["a",{"type":"input_text","text":"b"},{"text":"c"}]}`}, messages{{Role: chat.User, Parts: []chat.Part{textPart("a"), textPart("b"), textPart("c")}}}, nil},
		{
			"an assistant's thinking, text, refusal and calls",
			[]string{`{"role":"assistant","tool_calls":[{"id":"x","type":"function","index":0,"function":{"name":"f","arguments":"{\"a\": 1.0}"}}],"refusal":"no","content":[{"type":"text","text":"t"},{"type":"refusal","refusal":"r"}],"reasoning_content":"think"}`},
			messages{{Role: chat.Assistant, Parts: []chat.Part{{Kind: chat.Thought, Text: "think"}, textPart("t"), textPart("r"), textPart("no"), call("x", `{"a": 1.0}`)}}, {Role: chat.User, Parts: []chat.Part{result("x", textPart("failed"))}}},
			nil,
		},
		{"thinking by another name", []string{`{"role":"assistant","reasoning":"r","reasoning_details":[{"text":"r"}]}`}, messages{{Role: chat.Assistant, Parts: []chat.Part{{Kind: chat.Thought, Text: "r"}}}}, nil},
		{"thinking by both, once", []string{`{"role":"assistant","reasoning":"r","reasoning_content":"r"}`}, messages{{Role: chat.Assistant, Parts: []chat.Part{{Kind: chat.Thought, Text: "r"}}}}, nil},
		{"thinking in details alone", []string{`{"role":"assistant","content":"","reasoning_details":[{"text":"r"},{"summary":"s"},{"data":"x"}]}`}, messages{{Role: chat.Assistant, Parts: []chat.Part{{Kind: chat.Thought, Text: "rs"}}}}, nil},
		{"thinking of a router", []string{`{"role":"assistant","thinking":{"content":"r","signature":"s"}}`}, messages{{Role: chat.Assistant, Parts: []chat.Part{{Kind: chat.Thought, Text: "r"}}}}, nil},
		{
			"results of several tools are one message",
			[]string{calls(`{"id":"x","function":{"name":"f","arguments":"1"}},{"id":"y","function":{"name":"f","arguments":{"b" : 2}}}`), `{"role":"tool","tool_call_id":"x","content":"X","name":"f"}`, `{"role":"tool","tool_call_id":"y","content":[{"type":"text","text":"Y"},{"type":"image_url","image_url":{"url":"https://x/y"}}]}`, user},
			messages{{Role: chat.Assistant, Parts: []chat.Part{call("x", "1"), call("y", `{"b" : 2}`)}}, {Role: chat.User, Parts: []chat.Part{result("x", textPart("X")), result("y", textPart("Y"), chat.Part{Kind: chat.Image, Media: chat.Media{URL: "https://x/y"}})}}, {Role: chat.User, Parts: []chat.Part{textPart("hi")}}},
			nil,
		},
		{"a result that is nothing, or an object", []string{calls(`{"id":"x","function":{"name":"f"}},{"id":"y","function":{"name":"f","arguments":null}}`), `{"role":"tool","tool_call_id":"x","content":null}`, `{"role":"tool","tool_call_id":"y","content":{"a": 1}}`}, messages{
			{Role: chat.Assistant, Parts: []chat.Part{call("x", ""), call("y", "")}}, {Role: chat.User, Parts: []chat.Part{result("x"), result("y", textPart(`{"a": 1}`))}},
		}, nil},
		{"functions, as there were before tools", []string{user, `{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}}`, `{"role":"function","name":"f","content":"F"}`}, messages{
			{Role: chat.User, Parts: []chat.Part{textPart("hi")}}, {Role: chat.Assistant, Parts: []chat.Part{call("call_1_0", "{}")}}, {Role: chat.User, Parts: []chat.Part{result("call_1_0", textPart("F"))}},
		}, nil},
		{"calls and results without ids", []string{calls(`{"id":"","function":{"name":"g"}},{"function":{"name":"f"}}`), `{"role":"tool","content":"G"}`, `{"role":"tool","content":"F"}`, `{"role":"tool","content":"H"}`}, messages{
			{Role: chat.Assistant, Parts: []chat.Part{{Kind: chat.Call, ID: "call_0_0", Name: "g"}, {Kind: chat.Call, ID: "call_0_1", Name: "f"}}},
			{Role: chat.User, Parts: []chat.Part{result("call_0_0", textPart("G")), result("call_0_1", textPart("F"))}},
			{Role: chat.User, Parts: []chat.Part{textPart("Tool result without a call: H")}},
		}, nil},
		{"a call of plain text", []string{calls(`{"id":"x","type":"custom","custom":{"name":"f","input":"a \"b\""}}`), `{"role":"tool","tool_call_id":"x","content":"X"}`}, messages{
			{Role: chat.Assistant, Parts: []chat.Part{{Kind: chat.Call, ID: "x", Name: "f", Args: `{"input":"a \"b\""}`, Freeform: true}}}, {Role: chat.User, Parts: []chat.Part{result("x", textPart("X"))}},
		}, nil},
		{"functions by their names", []string{calls(`{"function":{"name":"g"}},{"function":{"name":"f"}}`), `{"role":"function","name":"f","content":"F"}`, `{"role":"function","name":"?","content":"G"}`, `{"role":"function","name":"f","content":"H"}`}, messages{
			{Role: chat.Assistant, Parts: []chat.Part{{Kind: chat.Call, ID: "call_0_0", Name: "g"}, {Kind: chat.Call, ID: "call_0_1", Name: "f"}}},
			{Role: chat.User, Parts: []chat.Part{result("call_0_1", textPart("F")), result("call_0_0", textPart("G")), result("", textPart("H"))}},
		}, nil},
		{"what is no call", []string{calls(`{},7`)}, nil, []string{"messages[].tool_calls[] without a name"}},
		{"members that the hub has no word for", []string{`{"role":"user","name":"Ann","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}],"weight":1,"annotations":[],"audio":null}`}, messages{{Role: chat.User, Parts: []chat.Part{textPart("a")}}}, []string{"messages[].content[].cache_control", "messages[].weight", "messages[].name"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := decodeChat(t, turns(c.in...))
			slices.Sort(q.Dropped)
			slices.Sort(c.dropped)
			if !reflect.DeepEqual(q.Messages, []chat.Message(c.want)) || !slices.Equal(q.Dropped, c.dropped) {
				t.Errorf("got  %+v %q\nwant %+v %q", q.Messages, q.Dropped, c.want, c.dropped)
			}
		})
	}
}

func TestPicturesAndFilesOfOpenAIAreDecoded(t *testing.T) {
	text := base64.StdEncoding.EncodeToString([]byte("words"))
	for _, c := range []struct {
		name, in string
		want     chat.Part
		dropped  []string
	}{
		{"a picture's data", `{"type":"image_url","image_url":{"url":"data:image/PNG;base64,AAAA","detail":"auto"}}`, chat.Part{Kind: chat.Image, Media: chat.Media{Type: "image/png", Data: "AAAA"}}, nil},
		{"a picture's address", `{"type":"image_url","image_url":"https://x/y.png"}`, chat.Part{Kind: chat.Image, Media: chat.Media{URL: "https://x/y.png"}}, nil},
		{"a picture without a type", `{"image_url":{"url":"https://x/y.png","detail":"high"}}`, chat.Part{Kind: chat.Image, Media: chat.Media{URL: "https://x/y.png"}}, []string{"messages[].content[].image_url.detail"}},
		{"a picture as Responses has it", `{"type":"input_image","image_url":"data:image/gif;base64,AAAA"}`, chat.Part{Kind: chat.Image, Media: chat.Media{Type: "image/gif", Data: "AAAA"}}, nil},
		{"as Anthropic has it", `{"type":"image","source":{"type":"base64","media_type":"image/webp","data":"AAAA"}}`, chat.Part{Kind: chat.Image, Media: chat.Media{Type: "image/webp", Data: "AAAA"}}, nil},
		{"as a router has it", `{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"},"media_type":"image/png"}`, chat.Part{Kind: chat.Image, Media: chat.Media{Type: "image/png", Data: "AAAA"}}, nil},
		{"a picture that is not in base64", `{"type":"image_url","image_url":{"url":"data:image/svg+xml;utf8,%3Csvg/%3E"}}`, chat.Part{Kind: chat.Image, Media: chat.Media{Type: "image/svg+xml", Data: "PHN2Zy8+"}}, nil},
		{"a picture that is elsewhere", `{"type":"input_image","file_id":"file-1"}`, textPart("[a part of this message was left out: input_image]"), []string{"messages[].content[] input_image"}},
		{"a PDF", `{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0="}}`, chat.Part{Kind: chat.Document, Media: chat.Media{Type: "application/pdf", Data: "JVBERi0=", Name: "a.pdf"}}, nil},
		{"a PDF that does not say so", `{"type":"input_file","filename":"a","file_data":"JVBERi0="}`, chat.Part{Kind: chat.Document, Media: chat.Media{Type: "application/pdf", Data: "JVBERi0=", Name: "a"}}, nil},
		{"a PDF's address", `{"type":"input_file","file_url":"https://x/a.pdf"}`, chat.Part{Kind: chat.Document, Media: chat.Media{URL: "https://x/a.pdf"}}, nil},
		{"a text", `{"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain;charset=utf-8;base64,` + text + `"}}`, chat.Part{Kind: chat.Document, Text: "words", Media: chat.Media{Type: "text/plain", Name: "a.txt"}}, nil},
		{"a text that is none", `{"type":"file","file":{"file_data":"data:text/plain;base64,/w=="}}`, chat.Part{Kind: chat.Document, Media: chat.Media{Type: "text/plain", Data: "/w=="}}, nil},
		{"a file that is elsewhere", `{"type":"file","file":{"file_id":"file-1"}}`, textPart("[a part of this message was left out: file]"), []string{"messages[].content[] file"}},
		{"sound", `{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}`, textPart("[a part of this message was left out: input_audio]"), []string{"messages[].content[] input_audio"}},
		{"what nobody knows, with text", `{"type":"x","text":"a"}`, textPart("a"), nil},
		{"what is no part", `7`, textPart("[a part of this message was left out: without a type]"), []string{"messages[].content[] without a type"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := decodeChat(t, turns(`{"role":"user","content":[`+c.in+`]}`))
			if want := []chat.Message{{Role: chat.User, Parts: []chat.Part{c.want}}}; !reflect.DeepEqual(q.Messages, want) || !slices.Equal(q.Dropped, c.dropped) {
				t.Errorf("got  %+v %q\nwant %+v %q", q.Messages, q.Dropped, want, c.dropped)
			}
		})
	}
}

func TestOptionsOfOpenAIAreDecoded(t *testing.T) {
	const schema = `{ "type":"object", "properties":{"z":{"minimum":1.0},"a":{}} }`
	for _, c := range []struct {
		name, in string
		want     chat.Request
	}{
		{"model and stream", `"model":"m","stream":true`, chat.Request{Model: "m", Stream: true}},
		{"numbers as they were written", `"temperature":1.0,"top_p":5e-1,"top_k":40`, chat.Request{Temperature: "1.0", TopP: "5e-1", TopK: "40"}},
		{"numbers that are none", `"temperature":"warm","top_p":null`, chat.Request{Dropped: []string{"temperature"}}},
		{"limits", `"max_tokens":100,"max_completion_tokens":200`, chat.Request{MaxOutput: 200}},
		{"the old limit", `"max_tokens":100,"max_completion_tokens":null`, chat.Request{MaxOutput: 100}},
		{"a stop", `"stop":"a"`, chat.Request{Stop: []string{"a"}}},
		{"stops", `"stop":["a","","b",7]`, chat.Request{Stop: []string{"a", "b"}, Dropped: []string{"stop"}}},
		{"no stop", `"stop":null`, chat.Request{}},
		{"tools", `"tools":[{"type":"function","function":{"name":"f","description":"d\n","parameters":` + schema + `,"strict":true}},{"type":"function","function":{"name":"g"}}]`, chat.Request{Tools: []chat.Tool{{Name: "f", Description: "d\n", Schema: schema, Strict: true}, {Name: "g"}}}},
		{"tools of plain text", `"tools":[{"type":"custom","custom":{"name":"f","description":"d","format":{"type":"grammar"}}}]`, chat.Request{Tools: []chat.Tool{{Name: "f", Description: "d", Freeform: true}}, Dropped: []string{"tools[].custom.format"}}},
		{"tools of the vendor", `"tools":[{"type":"web_search","filters":{"a":1}},{"type":"function","function":{}},7]`, chat.Request{Dropped: []string{"tools[] web_search", "tools[] function", "tools[] "}}},
		{"a tool twice", `"tools":[{"function":{"name":"f"},"x":1},{"function":{"name":"f"}}],"functions":[{"name":"f"},{"name":"g"}]`, chat.Request{Tools: []chat.Tool{{Name: "f"}, {Name: "g"}}, Dropped: []string{"tools[].x", "tools[] a second f"}}},
		{"functions", `"functions":[{"name":"f","parameters":` + schema + `}],"function_call":{"name":"f"}`, chat.Request{Tools: []chat.Tool{{Name: "f", Schema: schema}}, Choice: chat.Choice{Mode: chat.ChooseOne, Name: "f"}}},
		{"a choice", `"tool_choice":"auto","parallel_tool_calls":true`, chat.Request{Choice: chat.Choice{Mode: chat.ChooseAuto}}},
		{"none", `"tool_choice":"none"`, chat.Request{Choice: chat.Choice{Mode: chat.ChooseNone}}},
		{"some, one at a time", `"tool_choice":"required","parallel_tool_calls":false`, chat.Request{Choice: chat.Choice{Mode: chat.ChooseAny, Single: true}}},
		{"one", `"tool_choice":{"type":"function","function":{"name":"f"}}`, chat.Request{Choice: chat.Choice{Mode: chat.ChooseOne, Name: "f"}}},
		{"one of plain text", `"tool_choice":{"type":"custom","custom":{"name":"f"}}`, chat.Request{Choice: chat.Choice{Mode: chat.ChooseOne, Name: "f"}}},
		{"some of them", `"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[]}}`, chat.Request{Choice: chat.Choice{Mode: chat.ChooseAny}, Dropped: []string{"tool_choice allowed_tools"}}},
		{"a choice that nobody knows", `"tool_choice":"perhaps"`, chat.Request{Dropped: []string{"tool_choice"}}},
		{"effort", `"reasoning_effort":"high"`, chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOn, Effort: "high"}}},
		{"no effort", `"reasoning_effort":"none"`, chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOff}}},
		{"an effort that nobody knows", `"reasoning_effort":"turbo"`, chat.Request{Dropped: []string{"reasoning_effort"}}},
		{"effort as OpenRouter has it", `"reasoning":{"effort":"low","max_tokens":2000,"exclude":true}`, chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOn, Effort: "low", Budget: 2000}, Dropped: []string{"reasoning.exclude"}}},
		{"switched off, whatever the effort", `"reasoning":{"effort":"high","enabled":false}`, chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOff}}},
		{"Z.ai's switch", `"thinking":{"type":"enabled","clear_thinking":true}`, chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOn}, Dropped: []string{"thinking.clear_thinking"}}},
		{"off", `"thinking":{"type":"disabled"},"reasoning_effort":"high"`, chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOff}}},
		{"as the model likes", `"thinking":{"type":"adaptive"},"reasoning_effort":"high"`, chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkAdaptive, Effort: "high"}}},
		{"Qwen's switch", `"enable_thinking":false`, chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOff}}},
		{"Cerebras' switch", `"disable_reasoning":true`, chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOff}}},
		{"the template's switch", `"chat_template_kwargs":{"enable_thinking":true}`, chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOn}}},
		{"text", `"response_format":{"type":"text"}`, chat.Request{}},
		{"JSON", `"response_format":{"type":"json_object"}`, chat.Request{Format: chat.Format{Kind: chat.FormatJSON}}},
		{"a schema", `"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":` + schema + `,"description":"d"}}`, chat.Request{Format: chat.Format{Kind: chat.FormatSchema, Name: "n", Schema: schema, Strict: true}, Dropped: []string{"response_format.json_schema.description"}}},
		{"a schema that is none", `"response_format":{"type":"json_schema"}`, chat.Request{Format: chat.Format{Kind: chat.FormatJSON}}},
		{"a format that nobody knows", `"response_format":{"type":"grammar"}`, chat.Request{Dropped: []string{"response_format grammar"}}},
		{"what asks for nothing else", `"n":1,"presence_penalty":0.0,"logprobs":false,"logit_bias":{ },"modalities":["text"],"store":false,"metadata":{},"seed":null,"service_tier":"auto","audio":null`, chat.Request{}},
		{"what is for OpenAI's own books", `"user":"u","safety_identifier":"s","prompt_cache_key":"k","stream_options":{"include_usage":true}`, chat.Request{}},
		{
			"what the hub has no word for", `"n":2,"seed":0,"logprobs":true,"logit_bias":{"1":2},"prediction":{"type":"content"},"audio":{"voice":"x"},"web_search_options":{"a":1},"store":true,"metadata":{"a":"b"},"service_tier":"flex"`,
			chat.Request{Dropped: []string{"n", "seed", "logprobs", "logit_bias", "prediction", "audio", "web_search_options", "store", "metadata", "service_tier"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.Messages = []chat.Message{{Role: chat.User, Parts: []chat.Part{textPart("hi")}}}
			if q := decodeChat(t, `{"messages":[`+user+`],`+c.in+`}`); !reflect.DeepEqual(*q, c.want) {
				t.Errorf("got  %+v\nwant %+v", *q, c.want)
			}
		})
	}
}

func TestRecordedRequestsOfOpenAILoseNothing(t *testing.T) {
	for name, body := range fixtures(t, "request.openai.json") {
		t.Run(name, func(t *testing.T) {
			q := decodeChat(t, string(body))
			if q.Dropped != nil {
				t.Errorf("dropped %q", q.Dropped)
			}
			root := gjson.ParseBytes(body)
			if q.Model != root.Get("model").Str || int64(len(q.Tools)) != root.Get("tools.#").Int() || int64(q.MaxOutput) != root.Get("max_tokens").Int() {
				t.Errorf("got %+v", q)
			}
			var all strings.Builder // whatever was said stands somewhere in the hub
			for _, m := range q.Messages {
				for _, p := range m.Parts {
					all.WriteString("\x00" + p.Text + "\x00" + p.Name + "\x00" + p.Args + "\x00")
					for _, inner := range p.Parts {
						all.WriteString("\x00" + inner.Text + "\x00")
					}
				}
			}
			for _, path := range []string{"messages.#.content", "messages.#.content.#.text|@flatten", "messages.#.reasoning_content", "messages.#.tool_calls.#.function.arguments|@flatten"} {
				for _, v := range root.Get(path).Array() {
					if v.Type == gjson.String && v.Str != "" && !strings.Contains(all.String(), "\x00"+v.Str+"\x00") {
						t.Errorf("%s: %q is lost", path, v.Str)
					}
				}
			}
			for i, tool := range q.Tools {
				f := root.Get("tools").Array()[i].Get("function")
				if tool.Name != f.Get("name").Str || tool.Description != f.Get("description").Str || tool.Schema != f.Get("parameters").Raw {
					t.Errorf("got %+v for %s", tool, f.Raw)
				}
			}
		})
	}
}

func TestWhatIsNoConversationIsRefusedWithItsPlace(t *testing.T) {
	for in, want := range map[string]string{
		`{"model":"m"}`: "messages", `{"messages":null}`: "messages", `{"messages":{"role":"user"}}`: "messages",
		turns(user, "7"): "messages[1]", turns(user, `{"content":"x"}`): "messages[1].role", turns(`{"role":"critic","content":"x"}`): "messages[0].role",
		turns(`{"role":"user","content":{"type":"text"}}`): "messages[0].content", turns(`{"role":"user","content":7}`): "messages[0].content",
	} {
		r, err := Read(OpenAI, []byte(in))
		if err != nil {
			t.Fatal(err)
		}
		if q, e := r.Hub(); e == nil || q != nil || e.Param != want || e.Status != 400 || e.Hint == "" || !strings.HasPrefix(e.Message, want) && want != "messages" {
			t.Errorf("%s: got %v %+v", in, q, e)
		}
	}
}

func TestDroppedNamesAreFewAndShort(t *testing.T) {
	var body strings.Builder
	for i := range 1000 {
		body.WriteString(`"` + strconv.Itoa(i/2) + strings.Repeat("é", 50+i%2) + "\xff" + `":1,`)
	}
	q := decodeChat(t, `{`+body.String()+`"messages":[]}`)
	long := func(name string) bool { return len(name) > maxDroppedName+2*len("…") || !utf8.ValidString(name) }
	if len(q.Dropped) != maxDropped || q.Dropped[0] == q.Dropped[1] || slices.ContainsFunc(q.Dropped, long) {
		t.Errorf("%d names: %q", len(q.Dropped), q.Dropped)
	}
}

func FuzzDecodingOpenAIBearsAnyBytes(f *testing.F) {
	seed(f)
	for _, text := range []string{
		turns(`{"role":"user","content":[{"type":"file","file":{"file_data":"data:text/plain;base64,YQ=="}},{"image_url":"data:,x"},{"type":"image","source":{}},7]}`),
		`{"messages":[],"tools":[{"custom":{"name":"a"}}],"functions":[{"name":"b"}],"tool_choice":{"type":"allowed_tools"},"response_format":{"type":"json_schema","json_schema":{"schema":{}}},"reasoning":{"effort":"none"},"thinking":true,"stop":[1]}`,
		turns(`{"role":"assistant","function_call":{"name":"f"},"reasoning_details":[{"text":"x"}]}`, `{"role":"function","name":"f","content":{}}`),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := Read(OpenAI, body)
		if err != nil {
			return
		}
		r.Repair()
		q, e := r.Hub()
		if e != nil {
			if c := new(chat.Error); !errors.As(e, &c) || c.Status != 400 {
				t.Fatalf("got %v", e)
			}
			return
		}
		pictures := 0
		for _, m := range q.Messages {
			if len(m.Parts) == 0 {
				t.Fatal("a message of nothing")
			}
			for _, p := range m.Parts {
				for _, inner := range append(p.Parts, p) {
					if inner.Kind == chat.Image {
						pictures++
					}
					if inner.Kind == chat.Text && inner.Text == "" {
						t.Fatal("a text of nothing")
					}
				}
			}
		}
		if pictures > r.Facts.Pictures {
			t.Fatalf("%d pictures, of which routing knows %d", pictures, r.Facts.Pictures)
		}
		for _, tool := range q.Tools {
			if tool.Schema != "" && !object([]byte(tool.Schema)) {
				t.Fatalf("the schema %q", tool.Schema)
			}
		}
	})
}

func BenchmarkDecodeOpenAI(b *testing.B) {
	perBody(b, func(b *testing.B, body []byte) {
		for b.Loop() {
			if _, err := decodeOpenAI(body); err != nil {
				b.Fatal(err)
			}
		}
	})
}
