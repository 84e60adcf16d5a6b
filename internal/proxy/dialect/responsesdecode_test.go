package dialect

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// ofResponses reads and decodes a request.
func ofResponses(t testing.TB, body string) *chat.Request {
	t.Helper()
	r, err := Read(Responses, []byte(body))
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	q, e := r.Hub()
	if e != nil {
		t.Fatalf("%v: %s", e, body)
	}
	return q
}

func TestDecodeReadsWhatCodexSends(t *testing.T) {
	q := ofResponses(t, string(fixture(t, "codex-second-turn", "request.responses.json")))
	if q.Model != "glm-4.7" || !q.Stream || q.Choice != (chat.Choice{Mode: chat.ChooseAuto}) || q.Thinking != (chat.Thinking{}) {
		t.Errorf("%+v", q)
	}
	if want := []string{"tools[] web_search"}; !reflect.DeepEqual(q.Dropped, want) {
		t.Errorf("dropped %q, want %q", q.Dropped, want)
	}
	var said []string
	for _, m := range q.Messages {
		kinds := string(m.Role)
		for _, p := range m.Parts {
			kinds += " " + [...]string{"text", "image", "document", "thought", "redacted", "call", "result"}[p.Kind]
		}
		said = append(said, kinds)
	}
	if want := []string{"system text", "system text text", "user text", "user text", "assistant call", "user result"}; !reflect.DeepEqual(said, want) {
		t.Errorf("%q", said)
	}
	call, result := q.Messages[4].Parts[0], q.Messages[5].Parts[0]
	if call.Name != "exec_command" || call.ID != "call_abc123" || call.Args != `{"cmd":"echo hi-from-tool"}` {
		t.Errorf("%+v", call)
	}
	if result.ID != call.ID || result.Failed || !strings.HasSuffix(result.Parts[0].Text, "hi-from-tool\n") {
		t.Errorf("%+v", result)
	}
	var names []string
	for _, tool := range q.Tools {
		if !strings.HasPrefix(tool.Schema, `{`) || tool.Description == "" {
			t.Errorf("%+v", tool)
		}
		names = append(names, tool.Name)
	}
	want := "exec_command write_stdin request_user_input view_image multi_agent_v1__close_agent multi_agent_v1__resume_agent " +
		"multi_agent_v1__send_input multi_agent_v1__spawn_agent multi_agent_v1__wait_agent get_goal create_goal update_goal"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("%s", got)
	}
	if spawn := q.Tools[7]; spawn.Namespace != "multi_agent_v1" || spawn.Local != "spawn_agent" {
		t.Errorf("%+v", spawn)
	}
	if first := q.Tools[4].Description; !strings.Contains(first, "\n\nAll tools of multi_agent_v1: ") {
		t.Errorf("the group's description is lost: %q", first)
	}
}

func TestDecodeTakesCodexReasoningBack(t *testing.T) {
	q := ofResponses(t, string(fixture(t, "codex-reasoning-echo", "request.responses.json")))
	if want := []string{"tools[] web_search"}; !reflect.DeepEqual(q.Dropped, want) {
		t.Errorf("dropped %q, want %q", q.Dropped, want)
	}
	want := []chat.Part{
		{Kind: chat.Thought, Text: "thinking..."},
		{Kind: chat.Call, ID: "call_abc123", Name: "exec_command", Args: `{"cmd":"echo hi-from-tool"}`},
	}
	if got := q.Messages[len(q.Messages)-2]; got.Role != chat.Assistant || !reflect.DeepEqual(got.Parts, want) {
		t.Errorf("%+v", got)
	}
}

func TestDecodeReadsEachKindOfItem(t *testing.T) {
	text := func(s string) chat.Part { return chat.Part{Text: s} }
	one := func(role chat.Role, parts ...chat.Part) []chat.Message {
		return []chat.Message{{Role: role, Parts: parts}}
	}
	result := func(id string, parts ...chat.Part) chat.Part {
		return chat.Part{Kind: chat.Result, ID: id, Parts: parts}
	}
	for _, c := range []struct {
		name, input string
		want        []chat.Message
		dropped     string
	}{
		{"a text", `"hello"`, one(chat.User, text("hello")), ""},
		{"nothing", `null`, nil, ""},
		{"the easy form", `[{"role":"user","content":"hello"}]`, one(chat.User, text("hello")), ""},
		{"a developer", `[{"type":"message","role":"developer","content":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]}]`, one(chat.System, text("a"), text("b")), ""},
		{"a role that nobody knows", `[{"role":"critic","content":"hm"}]`, one(chat.User, text("hm")), ""},
		{"an empty text says nothing", `[{"role":"user","content":""},{"role":"user","content":[{"type":"input_text","text":""}]}]`, nil, ""},
		{
			"a picture with its data", `[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,AAAA","detail":"auto"}]}]`,
			one(chat.User, chat.Part{Kind: chat.Image, Media: chat.Media{Type: "image/png", Data: "AAAA"}}), "",
		},
		{
			"a picture by its address", `[{"role":"user","content":[{"type":"input_image","image_url":"https://x/y.png"}]}]`,
			one(chat.User, chat.Part{Kind: chat.Image, Media: chat.Media{URL: "https://x/y.png"}}), "",
		},
		{
			"a file", `[{"role":"user","content":[{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"}]}]`,
			one(chat.User, chat.Part{Kind: chat.Document, Media: chat.Media{Type: "application/pdf", Data: "JVBE", Name: "a.pdf"}}), "",
		},
		{
			"a file that is text", `[{"role":"user","content":[{"type":"input_file","filename":"a.txt","file_data":"data:text/plain;charset=utf-8;base64,aGk="}]}]`,
			one(chat.User, chat.Part{Kind: chat.Document, Text: "hi", Media: chat.Media{Type: "text/plain", Name: "a.txt"}}), "",
		},
		{
			"a file by its address", `[{"role":"user","content":[{"type":"input_file","file_url":"https://x/a.pdf"}]}]`,
			one(chat.User, chat.Part{Kind: chat.Document, Media: chat.Media{URL: "https://x/a.pdf"}}), "",
		},
		{"a sound", `[{"role":"user","content":[{"type":"input_audio","input_audio":{}},{"type":"input_text","text":"x"}]}]`, one(chat.User, text("x")), "content[] input_audio"},
		{
			"what an assistant says and calls in a row is one message",
			`[{"type":"reasoning","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"content":null,"encrypted_content":null},
			{"type":"message","role":"assistant","content":[{"type":"output_text","text":"so"},{"type":"refusal","refusal":"no"}]},{"type":"web_search_call","id":"ws_1"},
			{"type":"function_call","call_id":"c","name":"f","arguments":"{ \"a\": 1.0 }"}]`,
			one(chat.Assistant, chat.Part{Kind: chat.Thought, Text: "a\n\nb"}, text("so"), text("no"), chat.Part{Kind: chat.Call, ID: "c", Name: "f", Args: `{ "a": 1.0 }`}),
			"input[] web_search_call",
		},
		{
			"results in a row are one message, and a word after them another",
			`[{"type":"function_call_output","call_id":"a","output":"one"},{"type":"function_call_output","call_id":"b","output":[{"type":"input_text","text":"two"},{"type":"input_image","image_url":"https://x"}]},{"role":"user","content":"and?"}]`,
			[]chat.Message{
				{Role: chat.User, Parts: []chat.Part{result("a", text("one")), result("b", text("two"), chat.Part{Kind: chat.Image, Media: chat.Media{URL: "https://x"}})}},
				{Role: chat.User, Parts: []chat.Part{text("and?")}},
			},
			"",
		},
		{
			"a result that failed, as early clients of Codex sent it", `[{"type":"function_call_output","call_id":"a","output":{"content":"bad","success":false}}]`,
			one(chat.User, chat.Part{Kind: chat.Result, ID: "a", Failed: true, Parts: []chat.Part{text("bad")}}), "",
		},
		{"a result without text", `[{"type":"function_call_output","call_id":"a","output":""}]`, one(chat.User, result("a")), ""},
		{
			"free text for a tool", `[{"type":"custom_tool_call","call_id":"a","name":"apply_patch","input":"*** Begin\n\"x\""},{"type":"custom_tool_call_output","call_id":"a","output":"ok"}]`,
			[]chat.Message{
				{Role: chat.Assistant, Parts: []chat.Part{{Kind: chat.Call, ID: "a", Name: "apply_patch", Args: `{"input":"*** Begin\n\"x\""}`, Freeform: true}}},
				{Role: chat.User, Parts: []chat.Part{result("a", text("ok"))}},
			},
			"",
		},
		{
			"a shell call", `[{"type":"local_shell_call","id":"a","call_id":null,"action":{"type":"exec","command":["ls"]}},{"type":"local_shell_call_output","id":"a","output":"{}"}]`,
			[]chat.Message{
				{Role: chat.Assistant, Parts: []chat.Part{{Kind: chat.Call, ID: "a", Name: "local_shell", Args: `{"type":"exec","command":["ls"]}`}}},
				{Role: chat.User, Parts: []chat.Part{result("a", text("{}"))}},
			},
			"",
		},
		{
			"an output that is other JSON", `[{"type":"shell_call_output","call_id":"a","output":[{"stdout":"x","stderr":""}]}]`,
			one(chat.User, result("a", text(`[{"stdout":"x","stderr":""}]`))), "",
		},
		{
			"a patch that did not apply", `[{"type":"apply_patch_call_output","call_id":"a","status":"failed","output":"no such file"}]`,
			one(chat.User, chat.Part{Kind: chat.Result, ID: "a", Failed: true, Parts: []chat.Part{text("no such file")}}), "",
		},
		{
			"thinking that we have signed", `[{"type":"reasoning","summary":[],"encrypted_content":"glmtray:v1:zai:abc"}]`,
			one(chat.Assistant, chat.Part{Kind: chat.Thought, Signature: "glmtray:v1:zai:abc"}), "",
		},
		{
			"thinking that only its author can read", `[{"type":"reasoning","summary":[],"encrypted_content":"redacted:glmtray:v1:zai:abc"}]`,
			one(chat.Assistant, chat.Part{Kind: chat.Redacted, Signature: "glmtray:v1:zai:abc"}), "",
		},
		{
			"thinking that somebody else has signed", `[{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"hm"}],"encrypted_content":"gAAAA"}]`,
			one(chat.Assistant, chat.Part{Kind: chat.Thought, Text: "hm"}), "input[].encrypted_content",
		},
		{"thinking of which nothing is left", `[{"type":"reasoning","summary":[],"encrypted_content":"gAAAA"}]`, nil, "input[].encrypted_content"},
		{
			"a message between agents", `[{"type":"agent_message","author":"a","content":[{"type":"input_text","text":"done"},{"type":"encrypted_content","encrypted_content":"x"}]}]`,
			one(chat.User, text("done")), "content[] encrypted_content",
		},
		{"something new with a text", `[{"type":"note","text":"remember"}]`, one(chat.User, text("remember")), ""},
		{"something new without", `[{"type":"compaction","encrypted_content":"x"},{"type":"compaction","encrypted_content":"y"}]`, nil, "input[] compaction"},
		{"what is no item at all", `[7,null,"x",[],{}]`, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := ofResponses(t, `{"input":`+c.input+`}`)
			if !reflect.DeepEqual(q.Messages, c.want) {
				t.Errorf("got  %+v\nwant %+v", q.Messages, c.want)
			}
			if got := strings.Join(q.Dropped, ", "); got != c.dropped {
				t.Errorf("dropped %q, want %q", got, c.dropped)
			}
		})
	}
}

func TestDecodeRefusesFilesByTheirID(t *testing.T) {
	for _, part := range []string{`{"type":"input_image","file_id":"file_1"}`, `{"type":"input_file","file_id":"file_1"}`} {
		r, err := Read(Responses, []byte(`{"input":[{"role":"user","content":[`+part+`]}]}`))
		if err != nil {
			t.Fatal(err)
		}
		var e *chat.Error
		if _, err := r.Hub(); !errors.As(err, &e) || e.Code != "file_not_held" || e.Hint == "" {
			t.Errorf("%s: %v", part, err)
		}
	}
}

func TestDecodeReadsTools(t *testing.T) {
	q := ofResponses(t, `{"input":[{"type":"function_call","name":"b","namespace":"a","call_id":"1","arguments":"{}"},
		{"type":"function_call","name":"plain","namespace":"functions","call_id":"2","arguments":"{}"},
		{"type":"function_call","name":"gone","namespace":"old","call_id":"3","arguments":"{}"}],
		"tools":[
		{"type":"function","name":"a__b","description":"d","parameters":{"type":"object", "properties":{"n":{"maximum":1.0}}},"strict":true},
		{"type":"namespace","name":"a","description":"group","tools":[{"type":"function","name":"b","parameters":null},{"type":"custom","name":"c","description":"d"},{"type":"web_search"}]},
		{"type":"function","name":"plain"},
		{"type":"custom","name":"patch","description":"Edits.","format":{"type":"grammar","syntax":"lark","definition":"start: x"}},
		{"type":"image_generation"},{"type":"file_search"}]}`)
	want := []chat.Tool{
		{Name: "a__b", Description: "d", Schema: `{"type":"object", "properties":{"n":{"maximum":1.0}}}`, Strict: true},
		{Name: "a__b_2", Description: "All tools of a: group", Namespace: "a", Local: "b"},
		{Name: "a__c", Description: "d", Namespace: "a", Local: "c", Freeform: true},
		{Name: "plain"},
		{Name: "patch", Description: "Edits.\n\nThe input follows this lark grammar:\nstart: x", Freeform: true},
	}
	if !reflect.DeepEqual(q.Tools, want) {
		t.Errorf("got  %+v\nwant %+v", q.Tools, want)
	}
	if got := strings.Join(q.Dropped, ", "); got != "tools[].tools[] web_search, tools[] image_generation, tools[] file_search" {
		t.Errorf("dropped %q", got)
	}
	for i, name := range []string{"a__b_2", "plain", "old__gone"} {
		if got := q.Messages[0].Parts[i].Name; got != name {
			t.Errorf("call %d is of %q, want %q", i, got, name)
		}
	}
}

func TestDecodeReadsTheOtherFields(t *testing.T) {
	const tools = `"tools":[{"type":"namespace","name":"a","tools":[{"type":"function","name":"f"}]}],`
	for _, c := range []struct {
		name, fields string
		want         chat.Request
	}{
		{"instructions lead", `"input":"x","instructions":"be kind"`, chat.Request{Messages: []chat.Message{
			{Role: chat.System, Parts: []chat.Part{{Text: "be kind"}}}, {Role: chat.User, Parts: []chat.Part{{Text: "x"}}},
		}}},
		{"numbers keep their form", `"temperature":1.0,"top_p":9e-1,"max_output_tokens":100`, chat.Request{Temperature: "1.0", TopP: "9e-1", MaxOutput: 100}},
		{"null is nothing", `"temperature":null,"top_p":null,"max_output_tokens":null,"reasoning":null,"text":null,"tools":null,"tool_choice":null,"parallel_tool_calls":null,"new":null`, chat.Request{}},
		{"labels and what concerns OpenAI alone", `"store":true,"include":["reasoning.encrypted_content"],"metadata":{"a":"b"},"service_tier":"flex","prompt_cache_key":"k","client_metadata":{},"truncation":"auto","user":"u","safety_identifier":"s","stream_options":{}`, chat.Request{}},
		{"what nobody knows", `"moderate":1,"top_logprobs":2`, chat.Request{Dropped: []string{"moderate", "top_logprobs"}}},
		{"effort", `"reasoning":{"effort":"high","summary":"auto"}`, chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOn, Effort: "high"}}},
		{"no effort", `"reasoning":{"effort":"none"}`, chat.Request{Thinking: chat.Thinking{Mode: chat.ThinkOff}}},
		{"a schema", `"text":{"verbosity":"low","format":{"type":"json_schema","name":"n","strict":true,"schema":{"b":1, "a":2}}}`, chat.Request{
			Format: chat.Format{Kind: chat.FormatSchema, Name: "n", Schema: `{"b":1, "a":2}`, Strict: true}, Dropped: []string{"text.verbosity"},
		}},
		{"some JSON", `"text":{"format":{"type":"json_object"}}`, chat.Request{Format: chat.Format{Kind: chat.FormatJSON}}},
		{"plain text", `"text":{"format":{"type":"text"}}`, chat.Request{}},
		{"a choice without tools", `"tool_choice":"required","parallel_tool_calls":false`, chat.Request{}},
		{"a tool must be called", tools + `"tool_choice":"required","parallel_tool_calls":false`, chat.Request{Choice: chat.Choice{Mode: chat.ChooseAny, Single: true}}},
		{"none must be", tools + `"tool_choice":"none"`, chat.Request{Choice: chat.Choice{Mode: chat.ChooseNone}}},
		{"that one must be", tools + `"tool_choice":{"type":"function","namespace":"a","name":"f"}`, chat.Request{Choice: chat.Choice{Mode: chat.ChooseOne, Name: "a__f"}}},
		{"some are allowed", tools + `"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[]}`, chat.Request{Choice: chat.Choice{Mode: chat.ChooseAuto}, Dropped: []string{"tool_choice allowed_tools"}}},
		{"one of OpenAI's must be", tools + `"tool_choice":{"type":"file_search"}`, chat.Request{Dropped: []string{"tool_choice file_search"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := *ofResponses(t, `{`+c.fields+`}`)
			q.Tools = nil
			if !reflect.DeepEqual(q, c.want) {
				t.Errorf("got  %+v\nwant %+v", q, c.want)
			}
		})
	}
}
