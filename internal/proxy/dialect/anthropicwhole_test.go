package dialect

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

func TestAWholeAnswerIsWrittenAsAMessage(t *testing.T) {
	const head = `{"id":"msg_0123456789abcdef","type":"message","role":"assistant","model":"claude-sonnet-5","content":[`
	const tail = `,"usage":{"input_tokens":3,"cache_creation_input_tokens":0,"cache_read_input_tokens":4,"output_tokens":2}}`
	call := func(id, args string) chat.Part { return chat.Part{Kind: chat.Call, ID: id, Name: "Bash", Args: args} }
	for _, c := range []struct {
		name  string
		parts []chat.Part
		stop  chat.Finish
		want  string
	}{
		{"text", []chat.Part{{Text: "a\"é"}}, chat.EndTurn, `{"type":"text","text":"a\"é"}],"stop_reason":"end_turn","stop_sequence":null`},
		{"nothing", nil, chat.EndTurn, `],"stop_reason":"end_turn","stop_sequence":null`},
		{"empty text and thinking", []chat.Part{{Text: ""}, {Kind: chat.Thought}}, chat.NoFinish, `],"stop_reason":"end_turn","stop_sequence":null`},
		{"thinking", []chat.Part{{Kind: chat.Thought, Text: "h"}, {Kind: chat.Thought, Signature: "s"}, {Kind: chat.Redacted, Signature: "AA"}, {Text: "a"}}, chat.MaxOutput, `{"type":"thinking","thinking":"h","signature":"glmtray:v1:zai:"},{"type":"thinking","thinking":"","signature":"glmtray:v1:zai:s"},{"type":"redacted_thinking","data":"glmtray:v1:zai:AA"},{"type":"text","text":"a"}],"stop_reason":"max_tokens","stop_sequence":null`},
		{"calls", []chat.Part{call("x", ` {"b": 1.0, "a":"\u00e9"} `), call("x", ""), call("call_0", "{}"), call("", "{}")}, chat.EndTurn, `{"type":"tool_use","id":"x","name":"Bash","input":{"b": 1.0, "a":"\u00e9"}},{"type":"tool_use","id":"x_445d77","name":"Bash","input":{}},{"type":"tool_use","id":"call_0_445d77","name":"Bash","input":{}},{"type":"tool_use","id":"call_0123456789abcdef_3","name":"Bash","input":{}}],"stop_reason":"tool_use","stop_sequence":null`},
		{"broken arguments", []chat.Part{call("x", `{"a":`), call("y", `[1]`), call("z", `{} {}`)}, chat.ToolUse, `{"type":"tool_use","id":"x","name":"Bash","input":{"_raw":"{\"a\":"}},{"type":"tool_use","id":"y","name":"Bash","input":{"_raw":"[1]"}},{"type":"tool_use","id":"z","name":"Bash","input":{"_raw":"{} {}"}}],"stop_reason":"tool_use","stop_sequence":null`},
		{"tool_use without a tool", []chat.Part{{Text: "a"}}, chat.ToolUse, `{"type":"text","text":"a"}],"stop_reason":"end_turn","stop_sequence":null`},
		{"a stop sequence", []chat.Part{{Text: "a"}}, chat.StopSequence, `{"type":"text","text":"a"}],"stop_reason":"stop_sequence","stop_sequence":"E\"ND"`},
		{"a refusal", []chat.Part{{Text: "a"}}, chat.Refusal, `{"type":"text","text":"a"}],"stop_reason":"refusal","stop_sequence":null`},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &chat.Answer{ID: "chatcmpl-1", Model: "glm-5.3", Parts: c.parts, Stop: c.stop, Match: `E"ND`, Used: chat.Usage{Prompt: 7, Cached: 4, Completion: 2}}
			got := string(anthropicWhole(askedWith(Anthropic, "call_0"), a))
			if got != head+c.want+tail || !json.Valid([]byte(got)) {
				t.Errorf("got  %s\nwant %s", got, head+c.want+tail)
			}
			if seen := ReadCompletion(Anthropic, []byte(got)); !seen.Sound || seen.Usage != a.Used {
				t.Errorf("it is read as %+v", seen)
			}
		})
	}
}

func TestArgumentsThatNestTooDeepAreText(t *testing.T) {
	for _, depth := range []int{maxDepth - 5, maxDepth - 4} {
		call := chat.Part{Kind: chat.Call, Args: strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth)}
		sent, e := encodeAnthropic(&chat.Request{Messages: []chat.Message{{Role: chat.Assistant, Parts: []chat.Part{call}}}}, Fit{}, nil)
		if e != nil {
			t.Fatal(e)
		}
		for _, got := range [][]byte{sent.Body, anthropicWhole(askedWith(Anthropic), &chat.Answer{Parts: []chat.Part{call}})} {
			if raw := strings.Contains(string(got), "_raw"); !json.Valid(got) || raw != (depth == maxDepth-4) {
				t.Errorf("%d deep: raw is %v", depth, raw)
			}
		}
	}
}

func TestErrorsHaveAnthropicsShapeAndType(t *testing.T) {
	for _, c := range []struct {
		e    chat.Error
		want string
	}{
		{chat.Error{Status: 400}, "invalid_request_error"},
		{chat.Error{Status: 401, Type: "invalid_request_error"}, "authentication_error"},
		{chat.Error{Status: 402}, "billing_error"},
		{chat.Error{Status: 403}, "permission_error"},
		{chat.Error{Status: 404}, "not_found_error"},
		{chat.Error{Status: 405}, "invalid_request_error"},
		{chat.Error{Status: 408}, "timeout_error"},
		{chat.Error{Status: 409}, "conflict_error"},
		{chat.Error{Status: 413}, "request_too_large"},
		{chat.Error{Status: 422}, "invalid_request_error"},
		{chat.Error{Status: 429}, "rate_limit_error"},
		{chat.Error{Status: 500}, "api_error"},
		{chat.Error{Status: 502}, "api_error"},
		{chat.Error{Status: 503}, "overloaded_error"},
		{chat.Error{Status: 504}, "timeout_error"},
		{chat.Error{Status: 529}, "overloaded_error"},
		{chat.Error{Status: 599}, "api_error"},
		{chat.Error{}, "api_error"},
		{chat.Error{Type: "upstream_error", Code: "stream_cut"}, "api_error"},
		{chat.Error{Type: "upstream_error", Code: "overloaded_error"}, "overloaded_error"},
		{chat.Error{Type: "rate_limit_error"}, "rate_limit_error"},
		{chat.Error{Type: "invalid_request_error"}, "invalid_request_error"},
	} {
		c.e.Message = "m"
		if got := string(anthropicError(&c.e, "")); got != `{"type":"error","error":{"type":"`+c.want+`","message":"m"},"request_id":null}` {
			t.Errorf("%+v: got %s", c.e, got)
		}
	}

	e := &chat.Error{Status: 429, Type: "rate_limit_error", Code: "all_keys_cooling", Message: `all keys of "x" <are> cooling`, Hint: "wait", Detail: map[string]int{"keys": 3}}
	want := `{"type":"error","error":{"type":"rate_limit_error","message":"all keys of \"x\" <are> cooling (wait)"},"request_id":"abc","glmtray":{"keys":3}}`
	if got := string(ErrorBody(Anthropic, e, "abc")); got != want {
		t.Errorf("got %s", got)
	}
	if got := string(ErrorEvent(Anthropic, e, "abc")); got != "event: error\ndata: "+want+"\n\n" {
		t.Errorf("got %q", got)
	}
	e.Detail = unsayable{}
	if got := anthropicError(e, ""); !json.Valid(got) || strings.Contains(string(got), "glmtray") {
		t.Errorf("a detail that cannot be written gave %s", got)
	}
}

type unsayable struct{}

func (unsayable) MarshalJSON() ([]byte, error) { return nil, errors.New("no") }

func TestAWholeMessageCanBeStreamed(t *testing.T) {
	ask := askedWith(Anthropic)
	body := `{"id":"msg_1","type":"message","model":"glm-5.3","content":[{"type":"thinking","thinking":"h","signature":"s"},{"type":"text","text":"a"},{"type":"tool_use","id":"x","name":"Bash","input":{"b":1.0}}],"stop_reason":"tool_use","usage":{"input_tokens":5,"output_tokens":2}}`
	stream, err := WholeAsStream(Anthropic, ask, []byte(body))
	if err != nil || strictly(stream, "claude-sonnet-5") != nil {
		t.Fatalf("%v, %v", err, strictly(stream, "claude-sonnet-5"))
	}
	if got, want := outline(string(stream)), `start thinking(0) "h" signed "glmtray:v1:zai:s" stop text(1) "a" stop tool_use(2)"x" "{\"b\":1.0}" stop tool_use end`; got != want {
		t.Errorf("got %s", got)
	}
	if _, err := WholeAsStream(Anthropic, ask, []byte(`{"error":"busy"}`)); err == nil {
		t.Error("an error was streamed")
	}
}
