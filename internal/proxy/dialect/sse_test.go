package dialect

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

func TestNextEventFindsTheFirstCompleteEvent(t *testing.T) {
	for _, c := range []struct {
		name, buf, event, data string
		n                      int // 0: none yet
	}{
		{"nothing", "", "", "", 0},
		{"half a line", "data: {", "", "", 0},
		{"a line without its blank line", "data: {}\n", "", "", 0},
		{"half a blank line", "data: {}\r\n\r", "", "", 0},
		{"an event", "data: {}\n\ndata: x\n\n", "", "{}", 10},
		{"without a space", "data:{}\n\n", "", "{}", 9},
		{"with two spaces, of which one is data", "data:  x\n\n", "", " x", 10},
		{"with CRLF", "data: {}\r\n\r\nx", "", "{}", 12},
		{"with a name", "event: error\ndata: {}\n\n", "error", "{}", 23},
		{"with an id and a retry", "id: 1\nretry: 5\ndata: {}\n\n", "", "{}", 25},
		{"a comment", ": keep-alive\n\n", "", "", 14},
		{"a comment before an event", ": keep-alive\ndata: {}\n\n", "", "{}", 23},
		{"data of several lines", "data: {\ndata: \"a\":1\ndata: }\n\n", "", "{\n\"a\":1\n}", 29},
		{"a stray blank line", "\ndata: {}\n\n", "", "", 1},
		{"a field that only begins like data", "database: {}\n\n", "", "", 14},
	} {
		t.Run(c.name, func(t *testing.T) {
			buf := []byte(c.buf)
			ev, n, ok := NextEvent(buf)
			if string(ev.Name) != c.event || string(ev.Data) != c.data || n != c.n || ok != (c.n > 0) {
				t.Errorf("got %q %q %d %v", ev.Name, ev.Data, n, ok)
			}
			if string(buf) != c.buf {
				t.Error("the buffer was changed")
			}
		})
	}
}

func chunkOf(delta, finish string) string {
	return `{"id":"x","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{` + delta + `},"finish_reason":` + finish + `}]}`
}

func TestLookTellsAnswersFromFailures(t *testing.T) {
	for _, c := range []struct {
		name, event, data string
		want              Glance
	}{
		{"a comment", "", "", Glance{}},
		{"the end", "", "[DONE]", Glance{Done: true}},
		{"a role", "", chunkOf(`"role":"assistant"`, "null"), Glance{}},
		{"a role and empty text", "", chunkOf(`"role":"assistant","content":""`, "null"), Glance{}},
		{"a stray NUL", "", chunkOf(`"content":"\u0000"`, "null"), Glance{}},
		{"nothing of everything", "", chunkOf(`"content":null,"tool_calls":[],"refusal":null,"reasoning":""`, `""`), Glance{}},
		{"text", "", chunkOf(`"content":"a"`, "null"), Glance{Content: true, Text: "a"}},
		{"a space is text", "", chunkOf(`"content":" "`, "null"), Glance{Content: true, Text: " "}},
		{"text with escapes", "", chunkOf(`"content":"\u0061\n"`, "null"), Glance{Content: true, Text: "a\n"}},
		{"parts of text", "", chunkOf(`"content":[{"type":"text","text":"x"}]`, "null"), Glance{Content: true}},
		{"reasoning of Cerebras", "", chunkOf(`"reasoning":"a"`, "null"), Glance{Content: true}},
		{"reasoning of Z.ai", "", chunkOf(`"role":"assistant","reasoning_content":"a"`, "null"), Glance{Content: true}},
		{"a tool call", "", chunkOf(`"tool_calls":[{"index":0}]`, "null"), Glance{Content: true}},
		{"a refusal", "", chunkOf(`"refusal":"no"`, "null"), Glance{Content: true}},
		{"a second choice", "", `{"choices":[{"delta":{}},{"delta":{"content":"x"}}]}`, Glance{Content: true, Text: "x"}},
		{"a finish", "", chunkOf(``, `"stop"`), Glance{Finish: true, Reason: "stop"}},
		{"all in one", "", chunkOf(`"content":"x"`, `"length"`), Glance{Content: true, Text: "x", Finish: true, Reason: "length"}},
		{"a content filter is an answer", "", chunkOf(``, `"content_filter"`), Glance{Finish: true, Reason: "content_filter"}},
		{"a finish that is none", "", chunkOf(`"content":""`, `"network_error"`), Glance{Finish: true, Reason: "network_error", Failure: true}},
		{"usage alone", "", `{"choices":[],"usage":{"prompt_tokens":1}}`, Glance{}},
		{"an error object", "", `{"error":{"code":"1305","message":"overloaded"}}`, Glance{Failure: true}},
		{"an error of words", "", `{"error":"You've exceeded your subscription rate limits."}`, Glance{Failure: true}},
		{"an error beside choices", "", `{"error":{"code":502},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}`, Glance{Finish: true, Reason: "error", Failure: true}},
		{"no error", "", `{"error":null,"choices":[{"delta":{"content":"x"}}]}`, Glance{Content: true, Text: "x"}},
		{"a flat error", "", `{"message":"Tokens per minute limit exceeded","type":"too_many_tokens_error","param":"quota","code":"token_quota_exceeded"}`, Glance{Failure: true}},
		{"an event named error", "error", `{"x":1}`, Glance{Failure: true}},
		{"an event named error that is no JSON", "error", `overloaded`, Glance{Failure: true}},
		{"an event of another name", "ping", `{"type":"ping"}`, Glance{}},
		{"text that is broken", "", `{"choices":[{"delta":{"content":"x"}`, Glance{}},
		{"text that talks about errors", "", chunkOf(`"content":"{\"error\":{\"code\":429}} quota"`, "null"), Glance{Content: true, Text: `{"error":{"code":429}} quota`}},
		{"a quota error as text", "", chunkOf(`"content":"API Error: 403 {\"error\":{\"type\":\"new_api_error\",\"message\":\"token quota is not enough\"}}"`, "null"), Glance{Failure: true, Text: `API Error: 403 {"error":{"type":"new_api_error","message":"token quota is not enough"}}`}},
		{"text that talks about a quota error", "", chunkOf(`"content":"The text API Error: 403 token quota is not enough"`, "null"), Glance{Content: true, Text: "The text API Error: 403 token quota is not enough"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Look(OpenAI, Event{Name: []byte(c.event), Data: []byte(c.data)}); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

const cutEvent = `data: {"error":{"message":"the provider's stream broke off before it was finished","type":"upstream_error","param":null,"code":"stream_cut"}}` + "\n\n"

func TestStreamPassesOnWhatIsWholeAndMendsTheEnd(t *testing.T) {
	text := "data: " + chunkOf(`"content":"a"`, "null") + "\n\n"
	stop := "data: " + chunkOf(``, `"stop"`) + "\n\n"
	end := "data: [DONE]\n\n"
	broke := func(message, code string) string {
		return `data: {"error":{"message":"` + message + `","type":"upstream_error","param":null,"code":` + code + "}}\n\n"
	}
	for _, c := range []struct {
		name, in, want string
		dropped        int
		failed         bool
	}{
		{"a whole stream", text + stop + end, text + stop + end, 0, false},
		{"with CRLF, comments and names", ": hi\r\n\r\nevent: x\r\ndata:{}\r\n\r\n" + stop + end, ": hi\r\n\r\nevent: x\r\ndata:{}\r\n\r\n" + stop + end, 0, false},
		{"data of several lines", "data: {\"choices\":\ndata: []}\n\n" + stop + end, "data: {\"choices\":\ndata: []}\n\n" + stop + end, 0, false},
		{"a broken event", text + "data: {\"a\":\n\n" + stop + end, text + stop + end, 1, false},
		{"broken events between whole ones", "data: x\n\n" + text + "data: {}}\n\ndata: 1\n\n" + text + "data:\n\n" + stop + end, text + text + stop + end, 4, false},
		{"nothing after the end", text + stop + end + text + ": x\n\n" + end, text + stop + end, 0, false},
		{"an end that says not why", text + end + text + end, text + cutEvent, 0, false},
		{"a missing end", text + stop, text + stop + end, 0, false},
		{"a last event without its blank line", text + strings.TrimSuffix(stop, "\n\n"), text + stop + end, 0, false},
		{"a last event with half of it", text + stop + strings.TrimSuffix(end, "\n"), text + stop + end, 0, false},
		{"an end without its blank line", text + stop + "data: [DONE]", text + stop + end, 0, false},
		{"cut between events", text, text + cutEvent, 0, false},
		{"cut within an event", text + text[:30], text + cutEvent, 1, false},
		{"cut before everything", "", cutEvent, 0, false},
		{"cut within a comment", text + stop + ": hel", text + stop + end, 0, false},
		{"an error in mid-stream", text + "data: {\"error\":{\"message\":\"x\"}}\n\n", text + "data: {\"error\":{\"message\":\"x\"}}\n\n", 0, true},
		{"an error of words", text + "data: {\"error\":\"x\"}\n\n", text + "data: {\"error\":\"x\"}\n\n", 0, true},
		{"an error beside its chunk", text + "data: {\"error\":{\"code\":502},\"choices\":[{\"finish_reason\":\"error\"}]}\n\n", text + "data: {\"error\":{\"code\":502},\"choices\":[{\"finish_reason\":\"error\"}]}\n\n", 0, true},
		{"nothing after an error", text + "data: {\"error\":{\"message\":\"x\"}}\n\ndata: {\"error\":{\"message\":\"y\"}}\n\n: x\n\n" + stop + end, text + "data: {\"error\":{\"message\":\"x\"}}\n\n", 0, true},
		{"an error without its object", text + "event: error\ndata: {}\n\n" + text + end, text + broke("the provider broke the answer off without a word", "null"), 0, true},
		{"an error at the very end", text + "event: error\ndata: busy", text + broke("busy", "null"), 0, true},
		{"a flat error", text + "data: {\"message\":\"m\",\"code\":\"c\"}\n\n" + end, text + broke("m", `"c"`), 0, true},
		{"a finish that is none", text + "data: " + chunkOf("", `"network_error"`) + "\n\n" + end, text + broke("the provider broke the answer off (network_error)", `"network_error"`), 0, true},
		{"text that talks about a finish", "data: " + chunkOf(`"content":"\"finish_reason\":\"stop\""`, "null") + "\n\n", "data: " + chunkOf(`"content":"\"finish_reason\":\"stop\""`, "null") + "\n\n" + cutEvent, 0, false},
		{"stray NUL pieces", "data: " + chunkOf(`"content":"\u0000"`, "null") + "\n\n" + text + stop + end, text + stop + end, 0, false},
		{"text with a NUL in it", "data: " + chunkOf(`"content":"a\u0000b"`, "null") + "\n\n" + stop + end, "data: " + chunkOf(`"content":"a\u0000b"`, "null") + "\n\n" + stop + end, 0, false},
		{"a finish with a NUL beside it", "data: " + chunkOf(`"content":"\u0000"`, `"stop"`) + "\n\n" + end, "data: " + chunkOf(`"content":"\u0000"`, `"stop"`) + "\n\n" + end, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for size := 1; size <= len(c.in)+1; size++ {
				var s chatStream
				if got := readBy(&s, c.in, size); got != c.want {
					t.Fatalf("read by %d:\ngot  %q\nwant %q", size, got, c.want)
				}
				if s.Dropped() != c.dropped || (s.Fault() != nil) != c.failed || !s.Over() {
					t.Fatalf("read by %d: %d dropped, failed: %v, over: %v", size, s.Dropped(), s.Fault() != nil, s.Over())
				}
			}
		})
	}
}

func TestStreamReadsRecordedAnswers(t *testing.T) {
	for _, c := range []struct {
		name     string
		finished bool
		failed   bool
		usage    chat.Usage
	}{
		{"quota-in-200", false, true, chat.Usage{}},
		{"cut", false, false, chat.Usage{}},
		{"error-in-mid-stream", false, true, chat.Usage{}},
		{"reasoning", true, false, chat.Usage{Prompt: 51, Cached: 51, Completion: 42, Reasoning: 17}},
		{"reasoning-then-tool", true, false, chat.Usage{Prompt: 52, Cached: 52, Completion: 42, Reasoning: 17}},
		{"tool", true, false, chat.Usage{Prompt: 51, Cached: 51, Completion: 42}},
		{"parallel-tools", true, false, chat.Usage{Prompt: 51, Cached: 51, Completion: 42}},
		{"tool-without-id", true, false, chat.Usage{Prompt: 52, Cached: 52, Completion: 42}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := string(fixture(t, c.name, "reply.openai.sse"))
			var s chatStream
			out := readBy(&s, in, 100)
			if s.Finished() != c.finished || (s.Fault() != nil) != c.failed || s.Usage() != c.usage {
				t.Errorf("finished %v, failed %v, usage %+v", s.Finished(), s.Fault() != nil, s.Usage())
			}
			if c.name == "quota-in-200" {
				in = strings.TrimSuffix(in, "data: [DONE]\n\n") // an error is the end
			}
			if !strings.HasPrefix(out, in) || s.Dropped() != 0 || (c.finished && out != in) {
				t.Errorf("got %q", out)
			}
			if s.Model() == "" && c.name != "quota-in-200" {
				t.Error("no model")
			}
		})
	}
}

func TestStreamKeepsTheLastUsage(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     chat.Usage
	}{
		{"in the last chunk", `{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":3},"completion_tokens_details":{"reasoning_tokens":2}}}`, chat.Usage{Prompt: 9, Cached: 3, Completion: 5, Reasoning: 2}},
		{"of nothing", `{"choices":[],"usage":null}`, chat.Usage{Prompt: 1, Completion: 1}},
		{"in a choice", `{"choices":[{"usage":{"prompt_tokens":9,"completion_tokens":5}}]}`, chat.Usage{Prompt: 9, Completion: 5}},
		{"of nonsense", `{"choices":[],"usage":{"prompt_tokens":-4,"completion_tokens":1e300,"prompt_tokens_details":7}}`, chat.Usage{}},
		{"that a text talks about", `{"choices":[{"delta":{"content":"\"usage\":{\"prompt_tokens\":7}"}}]}`, chat.Usage{Prompt: 1, Completion: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s chatStream
			s.Next([]byte("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\ndata: " + c.in + "\n\n"))
			if got := s.Usage(); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestStreamCountsAndAllocatesNothingPerEvent(t *testing.T) {
	var s chatStream
	buf := []byte(strings.Repeat(benchEvent, 4))
	s.Next(buf)
	if n := testing.AllocsPerRun(50, func() { s.Next(buf) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if s.Events() != 4*52 || s.Model() != "zai-glm-4.7" {
		t.Errorf("%d events of %q", s.Events(), s.Model())
	}
}

func TestErrorsHaveOpenAIsShape(t *testing.T) {
	e := &chat.Error{Status: 429, Type: "rate_limit_error", Code: "all_keys_cooling", Message: `all keys of "x" <are> cooling`, Hint: "wait", Detail: map[string]int{"keys": 3}}
	want := `{"error":{"message":"all keys of \"x\" <are> cooling (wait)","type":"rate_limit_error","param":null,"code":"all_keys_cooling"},"glmtray":{"keys":3}}`
	if got := string(openAIError(e, "")); got != want {
		t.Errorf("got %s", got)
	}
	if got := string(openAIErrorEvent(e, "")); got != "data: "+want+"\n\n" {
		t.Errorf("got %q", got)
	}
	e.Detail = unsaid{}
	if got := openAIError(e, ""); !json.Valid(got) || strings.Contains(string(got), "glmtray") {
		t.Errorf("a detail that cannot be written gave %s", got)
	}
}

type unsaid struct{}

func (unsaid) MarshalJSON() ([]byte, error) { return nil, errors.New("no") }
