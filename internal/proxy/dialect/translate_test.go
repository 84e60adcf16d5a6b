package dialect

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// openAIStreamOf is a stream as Cerebras sends it: reasoning, text, and a tool
// call in fragments.
func openAIStreamOf(events int) []byte {
	var b bytes.Buffer
	chunk := func(delta, finish string) {
		fmt.Fprintf(&b, `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795220479,"model":"gpt-oss-120b","system_fingerprint":"fp_8a5ba7bcdcb7ff2ac0a5","choices":[{"index":0,"delta":%s,"finish_reason":%s}]}`+"\n\n", delta, finish)
	}
	chunk(`{"role":"assistant","content":""}`, "null")
	for i := range events {
		switch {
		case i < events/4:
			chunk(`{"reasoning":" step \"`+fmt.Sprint(i)+`\""}`, "null")
		case i < events*3/4:
			chunk(`{"content":" word\n`+fmt.Sprint(i)+`"}`, "null")
		case i == events*3/4:
			chunk(`{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"Bash","arguments":"{\"command\":\""}}]}`, "null")
		default:
			chunk(`{"tool_calls":[{"index":0,"type":"function","function":{"arguments":" echo `+fmt.Sprint(i)+`"}}]}`, "null")
		}
	}
	chunk(`{"tool_calls":[{"index":0,"type":"function","function":{"arguments":"\"}"}}]}`, "null")
	chunk(`{}`, `"tool_calls"`)
	b.WriteString("data: [DONE]\n\n")
	return b.Bytes()
}

func askOf(front Name) Ask {
	return Ask{
		Request:  &Request{front: front, Facts: chat.Facts{Model: "claude-opus-4-8", Stream: true}, hub: new(chat.Request)},
		Provider: "cerebras", Model: "gpt-oss-120b", ID: "0123456789abcdef", Tokens: 1000,
	}
}

// BenchmarkAnthropicInFrontOfOpenAI tells what an event costs that is taken apart
// and put together again. An event here is one of the provider's.
func BenchmarkAnthropicInFrontOfOpenAI(b *testing.B) {
	const events = 200
	stream := openAIStreamOf(events)
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	for b.Loop() {
		s := NewStream(OpenAI, askOf(Anthropic))
		for at := 0; at < len(stream); { // some ten events a read
			end := min(at+2400, len(stream))
			_, rest := s.Next(stream[at:end])
			if end == len(stream) {
				break
			}
			at = end - rest
		}
		s.End(nil)
		if !s.Finished() {
			b.Fatal("it did not finish")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/events, "ns/event")
}

func TestATranslatedStreamDoesNotDependOnHowItIsRead(t *testing.T) {
	stream := openAIStreamOf(12)
	var want string
	for size := range len(stream) {
		if size == 0 {
			continue
		}
		s := NewStream(OpenAI, askOf(Anthropic))
		var out strings.Builder
		var held []byte
		for at := 0; at < len(stream); at += size {
			held = append(held, stream[at:min(at+size, len(stream))]...)
			emit, rest := s.Next(held)
			out.Write(emit)
			held = append([]byte(nil), held[len(held)-rest:]...)
		}
		out.Write(s.End(held))
		if want == "" {
			want = out.String()
		}
		if out.String() != want {
			t.Fatalf("read by %d:\n%s\nread by 1:\n%s", size, out.String(), want)
		}
	}
	for _, part := range []string{
		`"model":"claude-opus-4-8"`, `"thinking":" step \"0\""`, `"signature":"glmtray:v1:cerebras:"`, `"text":" word\n`,
		`"name":"Bash"`, `"partial_json":"{\"command\":\"`, `"stop_reason":"tool_use"`, "event: message_stop",
	} {
		if !strings.Contains(want, part) {
			t.Errorf("%s is missing in\n%s", part, want)
		}
	}
}

// Nothing may follow an error, neither another one nor an end: a client would take
// the second for the answer's.
func TestAStreamIsOverBehindAnError(t *testing.T) {
	said := map[Name]string{
		OpenAI:    "data: " + chunkOf(`"content":"a"`, "null") + "\n\n",
		Anthropic: messages(startOfMessage, textBegins, textGoesOn),
	}
	failed := map[Name][]string{
		OpenAI:    {"data: {\"error\":{\"message\":\"x\"}}\n\n", "data: " + chunkOf("", `"network_error"`) + "\n\n", "event: error\ndata: busy\n\n"},
		Anthropic: {"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"x\"}}\n\n", messages(finishes(`"error"`)), "event: error\ndata: busy\n\n"},
	}
	more := map[Name]string{
		OpenAI:    said[OpenAI] + "data: " + chunkOf("", `"stop"`) + "\n\ndata: [DONE]\n\n",
		Anthropic: messages(textGoesOn, blockEnds, turnEnds, endOfMessage),
	}
	for _, front := range []Name{OpenAI, Anthropic, Responses} {
		for behind := range said {
			for _, failure := range append(failed[behind], "") {
				s := NewStream(behind, askedWith(front))
				out := passed(s, said[behind]+failure, 1<<20)
				cut := strings.Contains(out, "broke off before it was finished")
				if !strings.Contains(out, `"message":"`) || cut != (failure == "") || (s.Fault() != nil) == cut || s.Finished() || !s.Over() {
					t.Errorf("%s from %s, %q: failed %v, finished %v, over %v: %s", front, behind, failure, s.Fault() != nil, s.Finished(), s.Over(), out)
				}
				for _, p := range []string{failed[behind][0], more[behind]} {
					if emit, _ := s.Next([]byte(p)); len(emit) > 0 {
						t.Errorf("%s from %s, %q: behind it came %s", front, behind, failure, emit)
					}
				}
				if end := s.End([]byte("data: x")); len(end) > 0 {
					t.Errorf("%s from %s, %q: behind it came %s", front, behind, failure, end)
				}
			}
		}
	}
}

func TestOfAnAnswerNoMoreIsHeldThanIsAllowed(t *testing.T) {
	const mib = 1 << 20
	long := strings.Repeat("x", mib)
	call := func(index int, fields string) string {
		return fmt.Sprintf(`data: {"id":"x","model":"m","choices":[{"delta":{"tool_calls":[{"index":%d,%s}]}}]}`+"\n\n", index, fields)
	}
	custom := `{"messages":[],"tools":[{"type":"custom","custom":{"name":"f"}}]}`
	two := call(0, `"id":"a","function":{"name":"f","arguments":"{"}`) + call(1, `"id":"b","function":{"name":"g","arguments":"{\"a\":\""}`)
	text := "data: " + chunkOf(`"content":"`+long+`"`, "null") + "\n\n"
	for _, c := range []struct {
		name          string
		front, behind Name
		request       string
		begin, more   string
		held          bool
	}{
		{"a call that waits for another", Anthropic, OpenAI, ``, two, call(1, `"function":{"arguments":"`+long+`"}`), true},
		{"calls that wait, without arguments", Anthropic, OpenAI, ``, two, strings.Repeat(call(0, `"id":"c","function":{"name":"`+long[:4000]+`"}`)+call(0, `"id":"d","function":{"name":"`+long[:4000]+`"}`), mib/8000), true},
		{"text that passes", Anthropic, OpenAI, ``, "", text, false},
		{"a call that waits for another", Responses, OpenAI, `{"input":""}`, two, call(1, `"function":{"arguments":"`+long+`"}`), true},
		{"text that the end repeats", Responses, OpenAI, `{"input":""}`, "", text, true},
		{"text that passes", OpenAI, Anthropic, ``, messages(startOfMessage, textBegins), messages(strings.Replace(textGoesOn, `"text":"`, `"text":"`+long, 1)), false},
		{"a call of plain text", OpenAI, Anthropic, custom, messages(startOfMessage, strings.Replace(toolBegins(`"index":0,`, "a", "{}"), `"Bash"`, `"f"`, 1)), messages(toolGoesOn(`"index":0,`, long)), true},
		{"inputs of blocks that nobody ends", OpenAI, Anthropic, ``, messages(startOfMessage), messages(toolBegins("", "a", `{"a":"`+long+`"}`)), true},
	} {
		t.Run(string(c.front)+": "+c.name, func(t *testing.T) {
			ask := askedWith(c.front)
			if c.request != "" {
				r, err := Read(c.front, []byte(c.request))
				if err != nil {
					t.Fatal(err)
				}
				ask.Request = r
			}
			s := NewStream(c.behind, ask)
			s.Next([]byte(c.begin))
			var last string
			for range 2*MaxAnswer/mib + 1 {
				if emit, _ := s.Next([]byte(c.more)); len(emit) > 0 {
					last = string(emit[max(0, len(emit)-4096):])
				}
				if s.Over() {
					break
				}
			}
			e := s.Fault()
			if c.held != (e != nil) || c.held != s.Over() {
				t.Fatalf("over %v, %v", s.Over(), e)
			}
			if c.held && (e.Code != "answer_too_large" || !strings.Contains(last, "32 MiB") || len(s.End(nil)) > 0) {
				t.Errorf("%v, told as %s", e, last)
			}
		})
	}
}
