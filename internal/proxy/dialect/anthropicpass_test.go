package dialect

import (
	"strconv"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// passed relays a whole stream in reads of size bytes, each of which is gone
// when the next one comes.
func passed(s Stream, in string, size int) string {
	var out, carried []byte
	for len(in) > 0 {
		n := min(size, len(in))
		p := append(carried, in[:n]...)
		in = in[n:]
		emit, rest := s.Next(p)
		out = append(out, emit...)
		carried = append([]byte(nil), p[len(p)-rest:]...)
		for i := range p {
			p[i] = '!'
		}
	}
	return string(append(out, s.End(carried)...))
}

const (
	startAsAsked  = `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}}}`
	cutOfMessages = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"the provider's stream broke off before it was finished\"},\"request_id\":\"0123456789abcdef\"}\n\n"
)

func TestMessagesPassWithWhatClientsNeed(t *testing.T) {
	start := func(message string) string { return `{"type":"message_start","message":{` + message + `}}` }
	thinks := func(index, signature string) string {
		return `{"type":"content_block_start","index":` + index + `,"content_block":{"type":"thinking","thinking":"","signature":"` + signature + `"}}`
	}
	signed := func(index, signature string) string {
		return `{"type":"content_block_delta","index":` + index + `,"delta":{"type":"signature_delta","signature":"` + signature + `"}}`
	}
	const i0, i1 = `"index":0,`, `"index":1,`
	const ended0, ended1 = `{"type":"content_block_stop","index":0}`, `{"type":"content_block_stop","index":1}`
	const noUsage = `{"input_tokens":321,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}`
	rest := []string{textBegins, textGoesOn, blockEnds, turnEnds, endOfMessage}
	follow := func(events []string) string {
		index := strings.Count(strings.Join(events, ""), "content_block_start")
		return messages(events...) + strings.ReplaceAll(messages(rest...), `"index":0`, `"index":`+strconv.Itoa(index))
	}
	for _, c := range []struct {
		name     string
		in, want []string // events that the rest follows
	}{
		{"the model that was asked for", []string{startOfMessage}, []string{startAsAsked}},
		{"the model, where there is none", []string{start(`"content":[],"usage":{"input_tokens":1}`)}, []string{start(`"model":"claude-sonnet-5","content":[],"usage":{"input_tokens":1}`)}},
		{"Z.ai's zeros", []string{start(`"model":"glm-5.3","content":[],"usage":{"input_tokens":0,"output_tokens":0}`)}, []string{start(`"model":"claude-sonnet-5","content":[],"usage":{"input_tokens":321,"output_tokens":0}`)}},
		{"a prompt that is all cached", []string{start(`"usage":{"input_tokens":0,"cache_read_input_tokens":7},"content":[],"model":"claude-sonnet-5"`)}, []string{start(`"usage":{"input_tokens":0,"cache_read_input_tokens":7},"content":[],"model":"claude-sonnet-5"`)}},
		{"no input_tokens", []string{start(`"model":"claude-sonnet-5","content":[],"usage":{"output_tokens":0}`)}, []string{start(`"model":"claude-sonnet-5","content":[],"usage":{"input_tokens":321,"output_tokens":0}`)}},
		{"an empty usage", []string{start(`"model":"claude-sonnet-5","content":[],"usage":{}`)}, []string{start(`"model":"claude-sonnet-5","content":[],"usage":{"input_tokens":321}`)}},
		{"usage null", []string{start(`"model":"claude-sonnet-5","content":[],"usage":null`)}, []string{start(`"model":"claude-sonnet-5","content":[],"usage":` + noUsage)}},
		{"no usage and no content", []string{start(`"model":"x"`)}, []string{start(`"content":[],"usage":` + noUsage + `,"model":"claude-sonnet-5"`)}},
		{"a message of nothing", []string{start(``)}, []string{start(`"content":[],"usage":` + noUsage)}},
		{"a message that is none", []string{`{"type":"message_start","message":null}`}, []string{`{"type":"message_start","message":null}`}},
		{"a signature", []string{startAsAsked, thinks("0", ""), signed("0", "abc="), ended0}, []string{startAsAsked, thinks("0", ""), signed("0", "glmtray:v1:zai:abc="), ended0}},
		{"a signature in pieces", []string{startAsAsked, thinks("0", ""), signed("0", ""), signed("0", "a"), signed("0", "b"), ended0, thinks("1", ""), signed("1", "c"), ended1}, []string{startAsAsked, thinks("0", ""), signed("0", ""), signed("0", "glmtray:v1:zai:a"), signed("0", "b"), ended0, thinks("1", ""), signed("1", "glmtray:v1:zai:c"), ended1}},
		{"a signature at once", []string{startAsAsked, thinks("0", "a"), ended0}, []string{startAsAsked, thinks("0", "glmtray:v1:zai:a"), ended0}},
		{"two blocks that are signed", []string{startAsAsked, thinks("0", ""), signed("0", "a"), ended0, thinks("1", ""), signed("1", "b"), ended1}, []string{startAsAsked, thinks("0", ""), signed("0", "glmtray:v1:zai:a"), ended0, thinks("1", ""), signed("1", "glmtray:v1:zai:b"), ended1}},
		{"redacted thinking", []string{startAsAsked, `{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"AA"}}`, ended0}, []string{startAsAsked, `{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"glmtray:v1:zai:AA"}}`, ended0}},
		{"ids that occur twice", []string{startAsAsked, toolBegins(i0, "x", "{}"), toolGoesOn(i0, "{}"), ended0, toolBegins(i1, "x", "{}"), ended1}, []string{startAsAsked, toolBegins(i0, "x", "{}"), toolGoesOn(i0, "{}"), ended0, toolBegins(i1, "x_445d77", "{}"), ended1}},
		{"an id of the history", []string{startAsAsked, toolBegins(i0, "call_0", "{}"), ended0}, []string{startAsAsked, toolBegins(i0, "call_0_445d77", "{}"), ended0}},
		{"an empty id", []string{startAsAsked, toolBegins(i0, "", "{}"), ended0}, []string{startAsAsked, toolBegins(i0, "call_0123456789abcdef_0", "{}"), ended0}},
		{"no id", []string{startAsAsked, `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","name":"Bash"}}`, ended0}, []string{startAsAsked, `{"type":"content_block_start","index":0,"content_block":{"id":"call_0123456789abcdef_0","type":"tool_use","name":"Bash"}}`, ended0}},
		{"an id of the provider's own tool", []string{startAsAsked, `{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"call_0"}}`, ended0}, []string{startAsAsked, `{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"call_0"}}`, ended0}},
		{"figures that are not there", []string{startAsAsked, `{"type":"message_delta","delta":{"stop_reason":null}}`, `{"type":"message_delta","usage":null}`}, []string{startAsAsked, `{"usage":{"output_tokens":1},"type":"message_delta","delta":{"stop_reason":null}}`, `{"type":"message_delta","usage":{"output_tokens":1}}`}},
		{"pings and what nobody knows", []string{`{"type":"ping"}`, startAsAsked, `{"type":"news","x":[1]}`}, []string{`{"type":"ping"}`, startAsAsked, `{"type":"news","x":[1]}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, want := follow(c.in), follow(c.want)
			for _, in := range []string{in, strings.ReplaceAll(in, "\n", "\r\n")} {
				for size := 1; size <= len(in)+1; size += 1 + size/40 {
					s := newAnthropicPass(askedWith(Anthropic, "call_0"))
					got := passed(s, in, size)
					if got = strings.ReplaceAll(got, "\r", ""); got != want {
						t.Fatalf("read by %d:\ngot  %s\nwant %s", size, got, want)
					}
					if !s.Finished() || s.Fault() != nil || s.Dropped() != 0 || s.Events() != len(c.in)+len(rest) || s.Usage().Completion != 7 {
						t.Fatalf("read by %d: %d events, %d dropped, %+v", size, s.Events(), s.Dropped(), s.Usage())
					}
				}
			}
		})
	}
}

func TestMessagesPassWholeAndEnd(t *testing.T) {
	begun := messages(startAsAsked, textBegins, textGoesOn)
	finished := messages(blockEnds, turnEnds)
	end := messages(endOfMessage)
	const odd = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"},\"request_id\":\"0123456789abcdef\"}\n\n"
	const theirs = "event: error\ndata: {\"type\":\"error\", \"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n"
	for _, c := range []struct {
		name, in, want   string
		dropped          int
		finished, failed bool
	}{
		{"a whole stream", begun + finished + end, begun + finished + end, 0, true, false},
		{"comments and other fields", ": hi\n\n" + begun + "id: 1\n" + finished + end, ": hi\n\n" + begun + "id: 1\n" + finished + end, 0, true, false},
		{"without event names", strings.NewReplacer("event: message_start\n", "", "event: content_block_delta\n", "", "event: message_stop\n", "").Replace(begun + finished + end), begun + finished + end, 0, true, false},
		{"with wrong event names", strings.ReplaceAll(begun, "event: content_block_delta", "event: message") + finished + end, begun + finished + end, 0, true, false},
		{"data of several lines", begun + finished + "data: {\"type\":\ndata: \"message_stop\"}\n\n", begun + finished + "event: message_stop\ndata: {\"type\": \"message_stop\"}\n\n", 0, true, false},
		{"broken events", "data: x\n\n" + begun + "event: ping\ndata: {\"type\":\n\n" + finished + "data: [DONE]\n\n" + end, begun + finished + end, 3, true, false},
		{"nothing after the end", begun + finished + end + begun + ": x\n\ndata: [DONE]\n\n", begun + finished + end, 0, true, false},
		{"a missing end", begun + finished, begun + finished + end, 0, true, false},
		{"an end without its blank line", begun + finished + strings.TrimSuffix(end, "\n\n"), begun + finished + end, 0, true, false},
		{"an end with half of it", begun + finished + strings.TrimSuffix(end, "\n"), begun + finished + end, 0, true, false},
		{"an end and no reason", begun + end, begun + messages(blockEnds, reason("end_turn", 1)) + end, 0, true, false},
		{"cut between events", begun, begun + cutOfMessages, 0, false, false},
		{"cut within an event", begun + finished[:20], begun + cutOfMessages, 0, false, false},
		{"cut within data", begun + "data: {\"type", begun + cutOfMessages, 1, false, false},
		{"cut before everything", "", cutOfMessages, 0, false, false},
		{"cut within a comment", begun + finished + ": he", begun + finished + end, 0, true, false},
		{"an error", begun + theirs + finished, begun + theirs, 0, false, true},
		{"an error without an event's name", begun + strings.TrimPrefix(theirs, "event: error\n"), begun + odd, 0, false, true},
		{"an error with Z.ai's code for a type", begun + strings.Replace(theirs, "overloaded_error", "1305", 1), begun + odd, 0, false, true},
		{"an error of OpenAI's form", begun + "data: {\"error\":{\"code\":\"1305\",\"message\":\"busy\"}}\n\n", begun + odd, 0, false, true},
		{"a reason that is none", begun + messages(finishes(`"network_error"`)) + end, begun + strings.NewReplacer("overloaded_error", "api_error", "busy", "the provider broke the answer off (network_error)").Replace(odd), 0, false, true},
		{"an error that is no JSON", begun + "event: error\ndata: busy\n\n", begun + strings.Replace(odd, "overloaded_error", "api_error", 1), 0, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			for size := 1; size <= len(c.in)+1; size++ {
				s := newAnthropicPass(askedWith(Anthropic))
				if got := passed(s, c.in, size); got != c.want {
					t.Fatalf("read by %d:\ngot  %q\nwant %q", size, got, c.want)
				}
				if s.Dropped() != c.dropped || (s.Fault() != nil) != c.failed || s.Finished() != c.finished || !s.Over() {
					t.Fatalf("read by %d: %d dropped, finished %v, failed %v, over %v", size, s.Dropped(), s.Finished(), s.Fault() != nil, s.Over())
				}
			}
		})
	}
}

func TestRecordedMessagesPassWithTwoChanges(t *testing.T) {
	change := strings.NewReplacer(
		`"model":"mock-model"`, `"model":"claude-sonnet-5"`,
		`"signature":"c2ln`, `"signature":"glmtray:v1:zai:c2ln`,
		`"data":"AAAA"`, `"data":"glmtray:v1:zai:AAAA"`,
	)
	for name, in := range fixtures(t, "reply.anthropic.sse") {
		t.Run(name, func(t *testing.T) {
			want := change.Replace(string(in))
			for size := 1; size <= len(in)+1; size += 1 + size/40 {
				s := newAnthropicPass(askedWith(Anthropic))
				if got := passed(s, string(in), size); got != want {
					t.Fatalf("read by %d: got %s", size, got)
				}
				used := chat.Usage{Prompt: 1334, Cached: 100, Completion: 42}
				if s.Fault() != nil {
					used.Completion = 1
				}
				if s.Model() != "mock-model" || s.Usage() != used || s.Finished() == (s.Fault() != nil) || (s.Fault() != nil) != (name == "error-after-text") || s.Dropped() != 0 {
					t.Fatalf("%q, %+v, finished %v, failed %v", s.Model(), s.Usage(), s.Finished(), s.Fault() != nil)
				}
			}
		})
	}
}

func TestWhatIsReadIsNotChangedInPassing(t *testing.T) {
	in := []byte(messages(startOfMessage, toolBegins("", "", "{}")) + "data: x\n\ndata: {\"type\":\ndata: \"ping\"}\n\n" + messages(textGoesOn))
	before := string(in)
	newAnthropicPass(askedWith(Anthropic)).Next(in)
	if string(in) != before {
		t.Errorf("it became %s", in)
	}
}

func TestAnEventThatPassesCostsNoAllocation(t *testing.T) {
	s := newAnthropicPass(askedWith(Anthropic))
	s.Next([]byte(messages(startOfMessage, textBegins)))
	chunk := []byte(strings.Repeat(messages(textGoesOn, `{"type":"ping"}`, toolGoesOn(`"index":1,`, `{"a`)), 20))
	if n := testing.AllocsPerRun(50, func() { s.Next(chunk) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	unnamed := []byte("data: " + textGoesOn + "\n\n")
	s.Next(unnamed)
	if n := testing.AllocsPerRun(50, func() { s.Next(unnamed) }); n != 0 {
		t.Errorf("%v allocations for an event without its name", n)
	}
}

func TestAWholeMessagePassesWithWhatClientsNeed(t *testing.T) {
	ask := askedWith(Anthropic, "call_0")
	for _, c := range []struct{ name, body, want string }{
		{
			"everything",
			`{"content" : [{"type":"thinking","thinking":"h","signature":"s="},{"type":"thinking","thinking":"h","signature":""},{"type":"redacted_thinking","data":"AA"},{"type":"tool_use","id":"call_0","name":"B","input":{"b":1.0,"a":2}},{"type":"tool_use","id":"x"},{"type":"tool_use","id":null},{"type":"text","text":""}], "model":"glm-5.3","type":"message","extra":{"z":1e3}}`,
			`{"content" : [{"type":"thinking","thinking":"h","signature":"glmtray:v1:zai:s="},{"type":"thinking","thinking":"h","signature":""},{"type":"redacted_thinking","data":"glmtray:v1:zai:AA"},{"type":"tool_use","id":"call_0_445d77","name":"B","input":{"b":1.0,"a":2}},{"type":"tool_use","id":"x"},{"type":"tool_use","id":"call_0123456789abcdef_2"},{"type":"text","text":""}], "model":"claude-sonnet-5","type":"message","extra":{"z":1e3}}`,
		},
		{"no model", `{"type":"message","content":[]}`, `{"model":"claude-sonnet-5","type":"message","content":[]}`},
		{"an error", `{"type":"error","error":{"type":"1305","message":"x"},"model":"y"}`, `{"type":"error","error":{"type":"1305","message":"x"},"model":"y"}`},
		{"no message", `[{"model":"x"}]`, `[{"model":"x"}]`},
		{"a tool's end without a tool", `{"type":"message","model":"claude-sonnet-5","content":[],"stop_reason" : "tool_use"}`, `{"type":"message","model":"claude-sonnet-5","content":[],"stop_reason" : "end_turn"}`},
		{"OpenAI's word behind a tool", `{"stop_reason":"stop","model":"claude-sonnet-5","content":[{"type":"tool_use","id":"x"}]}`, `{"stop_reason":"tool_use","model":"claude-sonnet-5","content":[{"type":"tool_use","id":"x"}]}`},
		{"a word that nobody knows", `{"stop_reason":"compaction","model":"claude-sonnet-5","content":[]}`, `{"stop_reason":"compaction","model":"claude-sonnet-5","content":[]}`},
		{"no content", `{"type":"message","model":"x"}`, `{"type":"message","model":"x"}`},
	} {
		if got := string(anthropicPassWhole(ask, []byte(c.body))); got != c.want {
			t.Errorf("%s: got %s", c.name, got)
		}
	}
	ask.Request.Facts.Model = ""
	if got := string(anthropicPassWhole(ask, []byte(`{"model":"x","content":[]}`))); got != `{"model":"x","content":[]}` {
		t.Errorf("a model that nobody asked for: %s", got)
	}
}
