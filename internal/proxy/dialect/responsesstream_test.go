package dialect

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

// respAsk is what the answers in these tests are put together with.
func respAsk(t testing.TB, body string) Ask {
	t.Helper()
	r, err := Read(Responses, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return Ask{Request: r, Provider: "zai", Model: "glm-5.3", ID: "00f1", Tokens: 1200, Created: 1795220479}
}

const respBody = `{"model":"glm-4.7","stream":true,"parallel_tool_calls":false,"input":"please do the thing","tools":[
	{"type":"function","name":"exec_command"},{"type":"custom","name":"apply_patch"},
	{"type":"namespace","name":"multi_agent_v1","tools":[{"type":"function","name":"spawn_agent"},{"type":"custom","name":"note"}]}]}`

// respDelta gives a text as a piece of a JSON string.
func respDelta(kind chat.Step, text string) chat.Delta {
	return chat.Delta{Kind: kind, Raw: inner(text)}
}

func respCalled(call int, id, name string) chat.Delta {
	return chat.Delta{Kind: chat.Called, Call: call, ID: id, Name: name}
}

func respArgs(call int, text string) chat.Delta {
	return chat.Delta{Kind: chat.Args, Call: call, Raw: inner(text)}
}

var respUsed = chat.Delta{Kind: chat.Uses, Used: chat.Usage{Prompt: 1234, Cached: 100, Completion: 42, Reasoning: 7}}

func respStops(why chat.Finish) chat.Delta { return chat.Delta{Kind: chat.Stops, Stop: why} }

// respWrite gives the stream that the deltas make, each in a buffer that does not
// outlive its delta.
func respWrite(ask Ask, deltas ...chat.Delta) []byte {
	var out, room []byte
	w := newResponsesStream(ask)
	for _, d := range deltas {
		room = append(room[:0], d.Raw...)
		d.Raw = room
		out = w.delta(out, &d)
		for i := range room {
			room[i] = '!'
		}
	}
	return out
}

func respBegin(deltas ...chat.Delta) []chat.Delta {
	return append(append([]chat.Delta{{Kind: chat.Begin, ID: "chatcmpl-1", Name: "glm-5.3"}}, deltas...), chat.Delta{Kind: chat.End})
}

// TestResponsesStreamHasTheRecordedForm compares with what Codex 0.169 took well: each
// event has all that the recorded one has, but for ids.
func TestResponsesStreamHasTheRecordedForm(t *testing.T) {
	call := []chat.Delta{
		respCalled(0, "call_abc123", "exec_command"),
		respArgs(0, `{"cmd":"`), respArgs(0, "echo hi-"), respArgs(0, "from-too"), respArgs(0, `l"}`),
		respStops(chat.ToolUse), respUsed,
	}
	for name, deltas := range map[string][]chat.Delta{
		"codex-text":           {respDelta(chat.Says, "MOCK-"), respDelta(chat.Says, "FINAL"), respDelta(chat.Says, "-OK"), respStops(chat.EndTurn), respUsed},
		"codex-tool":           call,
		"codex-reasoning-tool": append([]chat.Delta{respDelta(chat.Thinks, "thinking...")}, call...),
	} {
		t.Run(name, func(t *testing.T) {
			stream := respWrite(respAsk(t, respBody), respBegin(deltas...)...)
			respCheck(t, stream)
			want, got := respEvents(fixture(t, name, "reply.responses.sse")), respEvents(stream)
			if len(want) != len(got) {
				t.Fatalf("%d events, recorded were %d:\n%s", len(got), len(want), stream)
			}
			for i := range want {
				if !respHas(got[i], want[i]) {
					t.Errorf("event %d\ngot  %v\nwant %v", i, got[i], want[i])
				}
			}
		})
	}
}

// respEvents gives the events without what differs from time to time. The
// recorded ones lack reasoning_summary_part.done, which OpenAI sends.
func respEvents(stream []byte) (events []any) {
	ids := regexp.MustCompile(`"(resp|msg|rs|fc|ctc)_[^"]*"`)
	for {
		ev, n, ok := NextEvent(stream)
		if !ok {
			return events
		}
		stream = stream[n:]
		if string(ev.Name) == "response.reasoning_summary_part.done" {
			continue
		}
		var e map[string]any
		if json.Unmarshal(ids.ReplaceAll(ev.Data, []byte(`"${1}_x"`)), &e) != nil {
			return nil
		}
		delete(e, "sequence_number")
		if r, ok := e["response"].(map[string]any); ok {
			delete(r, "created_at")
		}
		events = append(events, e)
	}
}

// respHas reports whether got has all that want has.
func respHas(got, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		for k, v := range want {
			ok = ok && respHas(got[k], v)
		}
		return ok
	case []any:
		got, ok := got.([]any)
		ok = ok && len(got) == len(want)
		for i := range want {
			ok = ok && respHas(got[i], want[i])
		}
		return ok
	}
	return reflect.DeepEqual(got, want)
}

func TestResponsesStreamWritesOneItemAfterTheOther(t *testing.T) {
	for _, c := range []struct {
		name   string
		deltas []chat.Delta
		want   string // type text; type text
	}{
		{"nothing at all", nil, ""},
		{"empty pieces say nothing", []chat.Delta{respDelta(chat.Says, ""), respDelta(chat.Thinks, "")}, ""},
		{
			"thinking, text, thinking",
			[]chat.Delta{respDelta(chat.Thinks, "a"), respDelta(chat.Thinks, "b"), respDelta(chat.Says, "c"), respDelta(chat.Thinks, "d")},
			"reasoning ab; message c; reasoning d",
		},
		{
			"thinking that is signed ends there",
			[]chat.Delta{respDelta(chat.Thinks, "a"), respDelta(chat.Signed, "x"), respDelta(chat.Signed, "y"), respDelta(chat.Thinks, "b"), respDelta(chat.Signed, "z")},
			"reasoning a glmtray:v1:zai:xy; reasoning b glmtray:v1:zai:z",
		},
		{
			"thinking that nobody may read",
			[]chat.Delta{respDelta(chat.Thinks, "a"), respDelta(chat.Sealed, "x"), respDelta(chat.Sealed, "y"), respDelta(chat.Thinks, "b")},
			"reasoning a; reasoning  redacted:glmtray:v1:zai:x; reasoning  redacted:glmtray:v1:zai:y; reasoning b",
		},
		{"a signature alone", []chat.Delta{respDelta(chat.Signed, "x"), respDelta(chat.Says, "c")}, "reasoning  glmtray:v1:zai:x; message c"},
		{
			"calls in a row",
			[]chat.Delta{respCalled(0, "a", "exec_command"), respArgs(0, "{}"), respCalled(1, "b", "exec_command"), respArgs(1, `{"b":1}`)},
			`function_call {}; function_call {"b":1}`,
		},
		{
			"calls whose pieces interleave",
			[]chat.Delta{
				respCalled(0, "a", "exec_command"), respCalled(1, "b", "exec_command"), respArgs(0, `{"a"`), respArgs(1, `{"b":`), respArgs(0, `:"}`),
				respArgs(1, "1}"), respArgs(0, `"}`), respCalled(2, "c", "exec_command"), respArgs(2, `{"c":1}`),
			},
			`function_call {"a":"}"}; function_call {"b":1}; function_call {"c":1}`,
		},
		{
			"text in the midst of a call",
			[]chat.Delta{respCalled(0, "a", "exec_command"), respArgs(0, `{"a"`), respDelta(chat.Says, "so"), respArgs(0, `:1}`), respDelta(chat.Says, "!"), respDelta(chat.Thinks, "h")},
			`function_call {"a":1}; message so!; reasoning h`,
		},
		{"a call without arguments", []chat.Delta{respCalled(0, "a", "exec_command"), respDelta(chat.Says, "x")}, "function_call {}; message x"},
		{"arguments of a call that nobody made", []chat.Delta{respArgs(3, "{}")}, ""},
		{"escapes", []chat.Delta{respDelta(chat.Says, "a\n\"b\\"), respDelta(chat.Says, "\u2028\x00é")}, "message a\n\"b\\\u2028\x00é"},
		{
			"free text",
			[]chat.Delta{respCalled(0, "a", "apply_patch"), respArgs(0, `{"input":"*** Begin`), respArgs(0, `\n\"x\""}`)},
			"custom_tool_call *** Begin\n\"x\"",
		},
		{"free text under another name", []chat.Delta{respCalled(0, "a", "apply_patch"), respArgs(0, `{"patch":"x"}`)}, "custom_tool_call x"},
		{"free text as a string", []chat.Delta{respCalled(0, "a", "apply_patch"), respArgs(0, `"x\ty"`)}, "custom_tool_call x\ty"},
		{"free text as it is", []chat.Delta{respCalled(0, "a", "apply_patch"), respArgs(0, "*** Begin\n")}, "custom_tool_call *** Begin\n"},
		{"no free text", []chat.Delta{respCalled(0, "a", "apply_patch"), respArgs(0, `{"a":1,"b":"x"}`)}, `custom_tool_call {"a":1,"b":"x"}`},
		{"free text that was cut off", []chat.Delta{respCalled(0, "a", "apply_patch"), respArgs(0, `{"input":"rm -rf /tm`)}, `custom_tool_call {"input":"rm -rf /tm`},
	} {
		t.Run(c.name, func(t *testing.T) {
			last := respCheck(t, respWrite(respAsk(t, respBody), respBegin(append(c.deltas, respStops(chat.EndTurn))...)...))
			var got []string
			for _, item := range last.Get("response.output").Array() {
				text := item.Get("type").Str + " " + item.Get("content.0.text").Str + item.Get("summary.0.text").Str + item.Get("arguments").Str + item.Get("input").Str
				if seal := item.Get("encrypted_content").Str; seal != "" && seal != "glmtray:v1:zai:" {
					text += " " + seal
				}
				got = append(got, text)
			}
			if got := strings.Join(got, "; "); got != c.want || last.Get("type").Str != "response.completed" {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestResponsesStreamNamesToolsAsTheClientDoes(t *testing.T) {
	ask := respAsk(t, strings.Replace(respBody, `"please do the thing"`, `[{"type":"function_call","call_id":"call_0","name":"exec_command","arguments":"{}"}]`, 1))
	last := respCheck(t, respWrite(ask, respBegin(
		respCalled(0, "call_0", "multi_agent_v1__spawn_agent"), respCalled(1, "", "multi_agent_v1__note"), respCalled(2, "x", "spawn_agent"),
		respCalled(3, "x", "no_such_tool"), respStops(chat.ToolUse))...))
	var got []string
	ids := map[string]bool{"call_0": true, "": true}
	for _, item := range last.Get("response.output").Array() {
		got = append(got, item.Get("type").Str+" "+item.Get("namespace").Str+"/"+item.Get("name").Str)
		if id := item.Get("call_id").Str; ids[id] {
			t.Errorf("the id %q is taken", id)
		} else {
			ids[id] = true
		}
	}
	want := []string{"function_call multi_agent_v1/spawn_agent", "custom_tool_call multi_agent_v1/note", "function_call multi_agent_v1/spawn_agent", "function_call /no_such_tool"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
}

func TestResponsesStreamEndsAsTheProviderDoes(t *testing.T) {
	half := []chat.Delta{respDelta(chat.Says, "a"), respCalled(0, "x", "exec_command"), respArgs(0, `{"a`)}
	for _, c := range []struct {
		name string
		last []chat.Delta
		want string // fields of the last event: type, reason, code, item states
	}{
		{"all was said", []chat.Delta{respStops(chat.EndTurn)}, "response.completed   completed completed"},
		{"tools are to be called", []chat.Delta{respStops(chat.ToolUse)}, "response.completed   completed completed"},
		{"the limit was reached", []chat.Delta{respStops(chat.MaxOutput)}, "response.incomplete max_output_tokens  completed incomplete"},
		{
			"the limit was reached in two calls",
			[]chat.Delta{respCalled(1, "y", "exec_command"), respArgs(1, "{"), respCalled(2, "z", "exec_command"), respArgs(2, "{}"), respArgs(1, "}"), respStops(chat.MaxOutput)},
			"response.incomplete max_output_tokens  completed incomplete completed incomplete",
		},
		{"the context is full", []chat.Delta{respStops(chat.ContextWindow)}, "response.incomplete max_output_tokens  completed incomplete"},
		{"a filter steps in", []chat.Delta{respStops(chat.Refusal)}, "response.incomplete content_filter  completed incomplete"},
		{"the provider gives up", []chat.Delta{{Kind: chat.Fails, Err: &chat.Error{Message: "gone"}}}, "response.failed  server_error completed"},
		{"the provider gives up without a word", []chat.Delta{{Kind: chat.Fails}}, "response.failed  server_error completed"},
		{"the context is exceeded", []chat.Delta{{Kind: chat.Fails, Err: &chat.Error{Code: "context_length_exceeded"}}}, "response.failed  context_length_exceeded completed"},
		{"the quota is used up", []chat.Delta{{Kind: chat.Fails, Err: &chat.Error{Status: 429, Code: "insufficient_quota"}}}, "response.failed  insufficient_quota completed"},
		{"there were too many requests", []chat.Delta{{Kind: chat.Fails, Err: &chat.Error{Type: "rate_limit_error"}}}, "response.failed  rate_limit_exceeded completed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := respCheck(t, respWrite(respAsk(t, respBody), respBegin(append(half[:3:3], c.last...)...)...))
			got := e.Get("type").Str + " " + e.Get("response.incomplete_details.reason").Str + " " + e.Get("response.error.code").Str
			for _, status := range e.Get("response.output.#.status").Array() {
				got += " " + status.Str
			}
			if got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestResponsesFailureSaysWhenToTryAgain(t *testing.T) {
	e := &chat.Error{Status: http.StatusTooManyRequests, Message: "all keys are cooling", Header: http.Header{"Retry-After": {"11"}}}
	last := respCheck(t, respWrite(respAsk(t, respBody), respBegin(chat.Delta{Kind: chat.Fails, Err: e})...))
	if got := last.Get("response.error.message").Str; !regexp.MustCompile(`(?i)try again in\s*11s`).MatchString(got) {
		t.Errorf("%q", got)
	}
}

func TestResponsesAnswerSpeaksOfWhatWasAsked(t *testing.T) {
	ask := respAsk(t, `{"model":"gpt-5","temperature":0.5,"max_output_tokens":99,"tool_choice":{"type":"function","namespace":"n","name":"f"},
		"tools":[{"type":"namespace","name":"n","tools":[{"type":"function","name":"f"}]}]}`)
	got := gjson.ParseBytes(responsesWhole(ask, &chat.Answer{Parts: []chat.Part{{Text: "hi"}}, Used: chat.Usage{Prompt: 10, Cached: 4, CacheWrite: 3, Completion: 2, Reasoning: 1}}))
	for path, want := range map[string]string{
		"model": `"gpt-5"`, "id": `"resp_00f1"`, "created_at": "1795220479", "status": `"completed"`, "store": "false",
		"temperature": "0.5", "top_p": "1", "max_output_tokens": "99", "parallel_tool_calls": "true", "tools": "[]",
		"tool_choice": `{"type":"function","name":"f"}`, "error": "null", "incomplete_details": "null", "metadata": "{}",
		"usage":  `{"input_tokens":10,"input_tokens_details":{"cached_tokens":4,"cache_write_tokens":3},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":12}`,
		"output": `[{"id":"msg_00f1_0","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"hi","annotations":[],"logprobs":[]}]}]`,
	} {
		if got := got.Get(path).Raw; got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	ask.Tokens = 77
	if got := gjson.GetBytes(responsesWhole(ask, &chat.Answer{}), "usage.input_tokens").Raw; got != "77" {
		t.Errorf("without figures the prompt has %s tokens, want the estimate", got)
	}
}

func TestResponsesErrors(t *testing.T) {
	e := &chat.Error{Status: 429, Type: "rate_limit_error", Code: "all_keys_cooling", Message: "all keys are cooling"}
	if got := ErrorBody(Responses, e, "00f1"); !bytes.Equal(got, ErrorBody(OpenAI, e, "00f1")) {
		t.Errorf("%s", got)
	}
	ev, n, ok := NextEvent(ErrorEvent(Responses, streamCut(), "00f1"))
	got := gjson.ParseBytes(ev.Data)
	if !ok || n == 0 || string(ev.Name) != "response.failed" || !gjson.ValidBytes(ev.Data) {
		t.Fatalf("%s", ev.Data)
	}
	for path, want := range map[string]string{
		"type": "response.failed", "response.id": "resp_00f1", "response.object": "response", "response.status": "failed",
		"response.error.code": "server_error", "response.error.message": streamCut().Message,
	} {
		if got.Get(path).Str != want {
			t.Errorf("%s is %q, want %q", path, got.Get(path).Str, want)
		}
	}
}

// respWords is a provider whose events are single letters.
type respWords struct{}

func (respWords) event(ev Event, to func(*chat.Delta)) bool {
	switch string(ev.Data) {
	case "b":
		to(&chat.Delta{Kind: chat.Begin, Name: "glm-5.3"})
	case "f":
		to(&chat.Delta{Kind: chat.Stops, Stop: chat.EndTurn})
	case "e":
		to(&chat.Delta{Kind: chat.End})
	default:
		to(&chat.Delta{Kind: chat.Says, Raw: ev.Data})
	}
	return true
}

func (respWords) whole(body []byte, to func(*chat.Delta)) error {
	for i := range body {
		respWords{}.event(Event{Data: body[i : i+1]}, to)
	}
	return nil
}

func TestResponsesStreamNeverEndsSilently(t *testing.T) {
	behind := &adapter{answers: func() answerReader { return respWords{} }}
	for _, c := range []struct{ name, words, want string }{
		{"whole", "bxfe", "response.completed"},
		{"without its end", "bxf", "response.completed"},
		{"cut off", "bx", "response.failed"},
		{"its end alone", "bxe", "response.failed"},
		{"nothing at all", "", "response.failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := ""
			for _, word := range strings.Split(c.words, "") {
				if word != "" {
					in += "data: " + word + "\n\n"
				}
			}
			var want string
			for size := len(in) + 1; size > 0; size-- { // however it is read
				s := newTranslation(behind, &responses, respAsk(t, respBody))
				got, rest := "", ""
				for from := 0; from < len(in); from += size {
					emit, n := s.Next([]byte(rest + in[from:min(from+size, len(in))]))
					got += string(emit)
					all := rest + in[from:min(from+size, len(in))]
					rest = all[len(all)-n:]
				}
				got += string(s.End([]byte(rest)))
				if want == "" {
					want = got
				}
				if got != want {
					t.Fatalf("read by %d: %s", size, got)
				}
			}
			if at := strings.LastIndex(want, "event: "); !strings.HasPrefix(want[at:], "event: "+c.want+"\n") {
				t.Errorf("%s", want)
			}
		})
	}
}
