package dialect

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// messages writes a stream of Messages events, each named after its data's type.
func messages(data ...string) string {
	var out strings.Builder
	for _, d := range data {
		_, name, _ := strings.Cut(d, `"type":"`)
		name, _, _ = strings.Cut(name, `"`)
		out.WriteString("event: " + name + "\ndata: " + d + "\n\n")
	}
	return out.String()
}

const (
	startOfMessage = `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"glm-5.3","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}}}`
	endOfMessage   = `{"type":"message_stop"}`
	textBegins     = `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`
	textGoesOn     = `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}`
	blockEnds      = `{"type":"content_block_stop","index":0}`
	turnEnds       = `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":7}}`
)

func toolBegins(index, id, input string) string {
	return `{"type":"content_block_start",` + index + `"content_block":{"type":"tool_use","id":"` + id + `","name":"Bash","input":` + input + `}}`
}

func toolGoesOn(index, partial string) string {
	return `{"type":"content_block_delta",` + index + `"delta":{"type":"input_json_delta","partial_json":` + quote(partial) + `}}`
}

func finishes(reason string) string {
	return `{"type":"message_delta","delta":{"stop_reason":` + reason + `},"usage":{"output_tokens":7}}`
}

func bash(id, args string) chat.Part {
	return chat.Part{Kind: chat.Call, ID: id, Name: "Bash", Args: args}
}

func TestRecordedMessagesAreRead(t *testing.T) {
	const command = `{"command":"echo hi-from-tool","description":"say hi"}`
	used := chat.Usage{Prompt: 1334, Cached: 100, Completion: 42}
	thought := chat.Part{Kind: chat.Thought, Text: "Let me think about this carefully."}
	signed := thought
	signed.Signature = "c2lnbmF0dXJlLW1vY2s="
	for _, c := range []struct {
		name  string
		parts []chat.Part
		used  chat.Usage
		stop  chat.Finish
	}{
		{"text-then-tool", []chat.Part{{Text: "I will run it."}, bash("toolu_01shwiw3e6tn", command)}, used, chat.ToolUse},
		{"text-then-parallel-tools", []chat.Part{
			{Text: "both"},
			bash("toolu_01vu9kfaqn4h", `{"command":"echo one","description":"say hi"}`),
			bash("toolu_017x1jgq9l4i", `{"command":"echo two; exit 3","description":"say hi"}`),
		}, used, chat.ToolUse},
		{"thinking-signed", []chat.Part{signed, {Text: "ok"}, bash("toolu_01wh1bfqvclm", command)}, used, chat.ToolUse},
		{"thinking-unsigned", []chat.Part{thought, {Text: "ok"}, bash("toolu_01dpkb0t5epp", command)}, used, chat.ToolUse},
		{"redacted-then-tool", []chat.Part{{Kind: chat.Redacted, Signature: "AAAA"}, bash("toolu_012l84c5tx0g", command)}, used, chat.ToolUse},
		{"error-after-text", []chat.Part{{Text: "partial text here and mo"}}, chat.Usage{Prompt: 1334, Cached: 100, Completion: 1}, chat.NoFinish},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, steps, failure, broken := understood(fixture(t, c.name, "reply.anthropic.sse"))
			if !reflect.DeepEqual(a.Parts, c.parts) || a.Used != c.used || a.Stop != c.stop || a.Model != "mock-model" || !strings.HasPrefix(a.ID, "msg_01") {
				t.Errorf("got %+v", a)
			}
			if broken != 0 || steps[0] != chat.Begin {
				t.Errorf("%d broken, %v", broken, steps)
			}
			if c.stop == chat.NoFinish {
				if failure == nil || failure.Status != 529 || failure.Message != "Overloaded" {
					t.Errorf("failed with %+v", failure)
				}
			} else if failure != nil || steps[len(steps)-1] != chat.End {
				t.Errorf("failed with %v, ended with %v", failure, steps)
			}
		})
	}
}

func TestWhatProvidersDoOtherwiseIsUnderstood(t *testing.T) {
	const i0, i1 = `"index":0,`, `"index":1,`
	text := []chat.Part{{Text: "hi"}}
	for _, c := range []struct {
		name   string
		events []string
		parts  []chat.Part
	}{
		{"no message_start", []string{textBegins, textGoesOn, blockEnds, turnEnds, endOfMessage}, text},
		{"no block around a delta", []string{startOfMessage, textGoesOn, turnEnds, endOfMessage}, text},
		{"no message_delta", []string{startOfMessage, textBegins, textGoesOn, blockEnds, endOfMessage}, text},
		{"unknown events, blocks and deltas", []string{
			startOfMessage, `{"type":"ping"}`, `{"type":"news","x":1}`,
			`{"type":"content_block_start","index":0,"content_block":{"type":"container_upload","file_id":"x"}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{}}}`, textGoesOn, turnEnds, endOfMessage,
		}, text},
		{"text in the start of its block", []string{startOfMessage, `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"hi"}}`, turnEnds, endOfMessage}, text},
		{"a thinking block at once", []string{startOfMessage, `{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"hm","signature":"s"}}`, turnEnds, endOfMessage}, []chat.Part{{Kind: chat.Thought, Text: "hm", Signature: "s"}}},
		{"thinking that is signed only, twice", []string{
			startOfMessage, `{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"a"}}`, blockEnds,
			`{"type":"content_block_start","index":1,"content_block":{"type":"thinking","thinking":"","signature":"b"}}`, turnEnds, endOfMessage,
		}, []chat.Part{{Kind: chat.Thought, Signature: "a"}, {Kind: chat.Thought, Signature: "b"}}},
		{"a signature in pieces", []string{
			startOfMessage, `{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"hm"}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"a"}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"b"}}`, turnEnds, endOfMessage,
		}, []chat.Part{{Kind: chat.Thought, Text: "hm", Signature: "ab"}}},
		{"input in the start of its block only", []string{startOfMessage, toolBegins(i0, "a", `{"x":"\u00e9\"", "n":1.0}`), blockEnds, finishes(`"tool_use"`), endOfMessage}, []chat.Part{bash("a", `{"x":"\u00e9\"", "n":1.0}`)}},
		{"input in the start of a block that nobody ends", []string{startOfMessage, toolBegins(i0, "a", `{"x":1}`), toolBegins(i0, "b", `{}`), finishes(`"tool_use"`), endOfMessage}, []chat.Part{bash("a", `{"x":1}`), bash("b", `{}`)}},
		{"input in the start and in pieces", []string{startOfMessage, toolBegins(i0, "a", `{"x":1}`), toolGoesOn(i0, ""), toolGoesOn(i0, `{"y":`), toolGoesOn(i0, `2}`), blockEnds, endOfMessage}, []chat.Part{bash("a", `{"y":2}`)}},
		{"no input at all", []string{startOfMessage, toolBegins(i0, "a", `{}`), toolGoesOn(i0, ""), blockEnds, endOfMessage}, []chat.Part{bash("a", `{}`)}},
		{"indexes that are all 0", []string{startOfMessage, textBegins, textGoesOn, blockEnds, toolBegins(i0, "a", `{}`), toolGoesOn(i0, `{"a":1}`), blockEnds, toolBegins(i0, "b", `{}`), toolGoesOn(i0, `{"b":1}`), blockEnds, endOfMessage}, []chat.Part{{Text: "hi"}, bash("a", `{"a":1}`), bash("b", `{"b":1}`)}},
		{"indexes that are not there", []string{startOfMessage, toolBegins("", "a", `{}`), toolGoesOn("", `{"a":1}`), `{"type":"content_block_stop"}`, toolBegins("", "b", `{}`), toolGoesOn("", `{"b":1}`), endOfMessage}, []chat.Part{bash("a", `{"a":1}`), bash("b", `{"b":1}`)}},
		{"blocks that interleave", []string{startOfMessage, toolBegins(i0, "a", `{}`), toolBegins(i1, "b", `{}`), toolGoesOn(i1, `{"b":`), toolGoesOn(i0, `{"a":`), toolGoesOn(i1, `1}`), toolGoesOn(i0, `1}`), blockEnds, endOfMessage}, []chat.Part{bash("a", `{"a":1}`), bash("b", `{"b":1}`)}},
		{"the provider's own tools", []string{
			startOfMessage, `{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}}`,
			toolGoesOn(i0, `{"query":"x"}`), blockEnds,
			`{"type":"content_block_start","index":1,"content_block":{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[{"type":"web_search_result","title":"t"}]}}`,
			`{"type":"content_block_start","index":2,"content_block":{"type":"some_result","text":"hi"}}`, turnEnds, endOfMessage,
		}, text},
		{"values that are none", []string{
			startOfMessage, `{"type":"content_block_delta","index":"x","delta":{"type":"text_delta","text":7}}`, `{"type":"content_block_delta","delta":null}`,
			`{"type":"content_block_start","index":-1,"content_block":[]}`, `{"type":"message_delta","delta":{"stop_reason":5},"usage":[1]}`, textGoesOn, endOfMessage,
		}, text},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, steps, failure, broken := understood([]byte(messages(c.events...)))
			if !reflect.DeepEqual(a.Parts, c.parts) {
				t.Errorf("got %+v\nwant %+v", a.Parts, c.parts)
			}
			if steps[0] != chat.Begin || steps[len(steps)-1] != chat.End || a.Stop == chat.NoFinish || failure != nil || broken != 0 {
				t.Errorf("%v, %+v, %v, %d broken", steps, a, failure, broken)
			}
		})
	}
}

func TestFiguresCountAsTheHubDoes(t *testing.T) {
	start := func(usage string) string { return `{"type":"message_start","message":{"usage":` + usage + `}}` }
	end := func(usage string) string {
		return `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":` + usage + `}`
	}
	for _, c := range []struct {
		name, start, end string
		want             chat.Usage
	}{
		{"Anthropic's own", `{"input_tokens":10,"cache_creation_input_tokens":20,"cache_read_input_tokens":30,"output_tokens":1}`, `{"output_tokens":5}`, chat.Usage{Prompt: 60, Cached: 30, CacheWrite: 20, Completion: 5}},
		{"Z.ai's, with the truth at the end", `{"input_tokens":0,"output_tokens":0}`, `{"input_tokens":40,"cache_read_input_tokens":2,"output_tokens":5}`, chat.Usage{Prompt: 42, Cached: 2, Completion: 5}},
		{"an estimate that turns out to be cached", `{"input_tokens":100,"output_tokens":1}`, `{"input_tokens":0,"cache_read_input_tokens":90,"output_tokens":5}`, chat.Usage{Prompt: 90, Cached: 90, Completion: 5}},
		{"zeros at the end", `{"input_tokens":100,"output_tokens":3}`, `{"input_tokens":0,"output_tokens":0}`, chat.Usage{Prompt: 100, Completion: 3}},
		{"none", `null`, `null`, chat.Usage{}},
		{"nonsense", `{"input_tokens":-5,"cache_read_input_tokens":"7","output_tokens":1e300}`, `[]`, chat.Usage{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := messages(start(c.start), end(c.end), endOfMessage)
			a, _, _, _ := understood([]byte(in))
			if a.Used != c.want {
				t.Errorf("got %+v", a.Used)
			}
			pass := newAnthropicPass(askedWith(Anthropic))
			passed(pass, in, len(in))
			if pass.Usage() != c.want {
				t.Errorf("in passing: %+v", pass.Usage())
			}
		})
	}
}

func TestAStopReasonIsKnownByItsWord(t *testing.T) {
	for word, want := range map[string]chat.Finish{
		"end_turn": chat.EndTurn, "max_tokens": chat.MaxOutput, "tool_use": chat.ToolUse, "stop_sequence": chat.StopSequence,
		"pause_turn": chat.Paused, "refusal": chat.Refusal, "model_context_window_exceeded": chat.ContextWindow,
		"length": chat.MaxOutput, "sensitive": chat.Refusal, "compaction": chat.EndTurn,
	} {
		a, _, _, _ := understood([]byte(messages(startOfMessage, textGoesOn, `{"type":"message_delta","delta":{"stop_reason":"`+word+`","stop_sequence":"\u0045ND"}}`, endOfMessage)))
		if a.Stop != want || a.Match != "END" {
			t.Errorf("%s: got %v and %q", word, a.Stop, a.Match)
		}
	}
	if a, _, _, _ := understood([]byte(messages(startOfMessage, toolBegins("", "a", "{}"), endOfMessage))); a.Stop != chat.ToolUse {
		t.Errorf("a call without a reason: got %v", a.Stop)
	}
	if _, steps, failure, _ := understood([]byte(messages(startOfMessage, textGoesOn, finishes(`"network_error"`)))); failure == nil || steps[len(steps)-1] != chat.Fails {
		t.Error("a finish that is none was taken for one")
	}
}

func TestAnErrorInAStreamIsRead(t *testing.T) {
	for _, c := range []struct{ name, event, data, code, text string }{
		{"Anthropic's", "error", `{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}`, "rate_limit_error", "slow"},
		{"without its name", "", `{"type":"error","error":{"code":1308,"message":"used up"}}`, "1308", "used up"},
		{"without a type", "", `{"error":{"message":"m","code":"c"}}`, "c", "m"},
		{"flat", "error", `{"message":"m","code":"token_quota_exceeded"}`, "token_quota_exceeded", "m"},
		{"that is no JSON", "error", `overloaded`, "", "overloaded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, e, broken := understood([]byte(messages(startOfMessage) + "event: " + c.event + "\ndata: " + c.data + "\n\n"))
			if e == nil || broken != 0 || e.Code != c.code || e.Message != c.text {
				t.Errorf("got %+v, %d broken", e, broken)
			}
		})
	}
}

func TestAWholeMessageIsRead(t *testing.T) {
	body := `{"usage":{"input_tokens":10,"cache_read_input_tokens":5,"output_tokens":7},"stop_sequence":null,"stop_reason":"tool_use","content":[
		{"type":"thinking","thinking":"h\u006d","signature":"sig"},{"type":"redacted_thinking","data":"AAAA"},{"type":"text","text":"a\nb","citations":[]},
		{"type":"server_tool_use","id":"s","name":"web_search","input":{"q":1}},
		{"type":"tool_use","id":"a","name":"Bash","input":{"b": 1.50, "a":"\"é"}},{"type":"tool_use","id":"b","name":"Bash"},7
	],"model":"glm-5.3","id":"msg_1","type":"message"}`
	want := &chat.Answer{
		ID: "msg_1", Model: "glm-5.3", Stop: chat.ToolUse, Used: chat.Usage{Prompt: 15, Cached: 5, Completion: 7},
		Parts: []chat.Part{
			{Kind: chat.Thought, Text: "hm", Signature: "sig"},
			{Kind: chat.Redacted, Signature: "AAAA"},
			{Text: "a\nb"},
			bash("a", `{"b": 1.50, "a":"\"é"}`), bash("b", "{}"),
		},
	}
	if got, err := collect(&anthropic, Ask{}, []byte(body)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v: got %+v", err, got)
	}
	for _, c := range []struct{ name, body, says string }{
		{"a list", `[1]`, "not a JSON object"},
		{"an empty object", `{}`, "not a JSON object"},
		{"no content", `{"type":"message","content":"x"}`, "no content"},
		{"an error", `{"type":"error","error":{"type":"overloaded_error","message":"busy"}}`, "busy"},
		{"an error without a type", `{"error":{"message":"busy"},"content":[]}`, "busy"},
	} {
		if _, err := collect(&anthropic, Ask{}, []byte(c.body)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	var e *chat.Error
	if _, err := collect(&anthropic, Ask{}, []byte(`{"type":"error","error":{"type":"overloaded_error","message":"busy"}}`)); !errors.As(err, &e) || e.Status != 529 {
		t.Errorf("got %+v", e)
	}
}

func TestLookTellsWhatAMessagesEventMeans(t *testing.T) {
	for _, c := range []struct {
		name, event, data string
		want              Glance
	}{
		{"a beginning", "message_start", startOfMessage, Glance{}},
		{"a ping", "ping", `{"type":"ping"}`, Glance{}},
		{"an unknown event", "news", `{"type":"news","error":null}`, Glance{}},
		{"an empty block", "content_block_start", textBegins, Glance{}},
		{"an empty piece", "content_block_delta", `{"type":"content_block_delta","delta":{"type":"text_delta","text":""}}`, Glance{}},
		{"the end of a block", "content_block_stop", blockEnds, Glance{}},
		{"text", "content_block_delta", textGoesOn, Glance{Content: true, Text: "hi"}},
		{"text without an event's name", "", textGoesOn, Glance{Content: true, Text: "hi"}},
		{"text without a type", "content_block_delta", `{"delta":{"type":"text_delta","text":"h\u0069"}}`, Glance{Content: true, Text: "hi"}},
		{"text at once", "content_block_start", `{"type":"content_block_start","content_block":{"type":"text","text":"hi"}}`, Glance{Content: true, Text: "hi"}},
		{"thinking at once", "content_block_start", `{"type":"content_block_start","content_block":{"type":"thinking","thinking":"hm"}}`, Glance{Content: true}},
		{"thinking", "content_block_delta", `{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"hm"}}`, Glance{Content: true}},
		{"a call", "content_block_start", toolBegins(`"index":0,`, "a", "{}"), Glance{Content: true}},
		{"input", "content_block_delta", toolGoesOn("", "{}"), Glance{Content: true}},
		{"a finish", "message_delta", turnEnds, Glance{Finish: true, Reason: "end_turn"}},
		{"figures alone", "message_delta", finishes("null"), Glance{}},
		{"a finish that is none", "message_delta", finishes(`"network_error"`), Glance{Finish: true, Reason: "network_error", Failure: true}},
		{"the end", "message_stop", endOfMessage, Glance{Done: true}},
		{"an error", "error", `{"type":"error","error":{"type":"overloaded_error","message":"x"}}`, Glance{Failure: true}},
		{"an error without an event's name", "", `{"type":"error","error":{"type":"1305"}}`, Glance{Failure: true}},
		{"an error without a type", "", `{"error":"limits"}`, Glance{Failure: true}},
		{"an error that is no JSON", "error", `busy`, Glance{Failure: true}},
		{"an error beside an answer", "content_block_delta", `{"type":"content_block_delta","error":{"x":1},"delta":{"type":"text_delta","text":"hi"}}`, Glance{Content: true, Text: "hi"}},
		{"nothing that can be read", "content_block_delta", `{"type":`, Glance{}},
		{"a comment", "", ``, Glance{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Look(Anthropic, Event{Name: []byte(c.event), Data: []byte(c.data)}); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestAWholeMessageThatBrokeOffIsAnError(t *testing.T) {
	for _, reason := range []string{"network_error", "error"} {
		body := []byte(`{"type":"message","content":[{"type":"text","text":"a"}],"stop_reason":"` + reason + `"}`)
		for _, front := range []Name{OpenAI, Responses} {
			_, err := Whole(Anthropic, askedWith(front), body)
			if e := new(chat.Error); !errors.As(err, &e) || e.Code != reason || e.Status < 500 {
				t.Errorf("%s for %s: %v", reason, front, err)
			}
			if out, err := WholeAsStream(Anthropic, askedWith(front), body); err == nil || len(out) > 0 {
				t.Errorf("%s for %s as a stream: %s, %v", reason, front, out, err)
			}
		}
	}
}

func TestAWholeMessageIsLookedOver(t *testing.T) {
	const good = `{"id":"msg_1","type":"message","model":"m","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":4,"cache_read_input_tokens":3,"output_tokens":2}}`
	for _, c := range []struct {
		name, body   string
		valid, sound bool
	}{
		{"a message", good, true, true},
		{"one with error null", strings.Replace(good, `"id"`, `"error":null,"id"`, 1), true, true},
		{"one with an error", strings.Replace(good, `"id"`, `"error":{"code":1},"id"`, 1), true, false},
		{"one that has no reason", strings.Replace(good, `"end_turn"`, `null`, 1), true, true},
		{"a reason that is a failure", strings.Replace(good, `"end_turn"`, `"network_error"`, 1), true, false},
		{"no type", strings.Replace(good, `"type":"message",`, ``, 1), true, false},
		{"no list", strings.Replace(good, `[{"type":"text","text":"hi"}]`, `"hi"`, 1), true, false},
		{"an error", `{"type":"error","error":{"type":"1305","message":"x"}}`, true, false},
		{"a list", `[1,2]`, true, false},
		{"nothing", ``, false, false},
		{"half of one", good[:60], false, false},
		{"too deep", strings.Repeat("[", 1<<20), false, false},
	} {
		got := ReadCompletion(Anthropic, []byte(c.body))
		if got.Valid != c.valid || got.Sound != c.sound {
			t.Errorf("%s: %+v", c.name, got)
		}
		if got.Sound && (got.Model != "m" || got.Usage != chat.Usage{Prompt: 7, Cached: 3, Completion: 2}) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
