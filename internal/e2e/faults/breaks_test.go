package faults

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// endsBroken is what a stream comes to that breaks after its first words: it ends
// in an error event, and nobody else is asked.
func endsBroken(outcome string) want {
	return want{by: "cerebras", broken: true, calls: "1 0 0", tries: "ok", outcome: outcome}
}

// byHand is a provider that streams an answer by hand.
func byHand(body string) role { return says(httpOf("200 OK", sseHead, body), "") }

// middle is a stream in which something stands in the middle of the answer.
func middle(what string) role {
	text := handStream()
	at := strings.Index(text, words("fox "))
	return byHand(text[:at] + what + text[at:])
}

// drips is a provider that sends so many bytes at a time.
func drips(size int) role {
	return role{faults: []simulator.Fault{{What: "slow-bytes", Size: size, Late: simulator.Duration(200 * time.Microsecond)}}}
}

var complete = answered("cerebras", "1 0 0", "ok")

var breaks = []scenario{
	{name: "a stream that stalls", ways: streams, cerebras: does("stall"), limits: short, want: within1s(endsBroken("stalled"))},
	{name: "a stream whose connection closes", ways: streams, cerebras: does("cut"), want: endsBroken("cut")},
	{name: "a stream that just ends", ways: streams, cerebras: does("cut-clean"), want: endsBroken("cut")},
	{name: "a stream that ends in the middle of a line", ways: streams, cerebras: does("cut-event"), want: endsBroken("cut")},
	{name: "a stream whose connection is reset", ways: streams, cerebras: does("reset-mid"), want: endsBroken("cut")},
	{name: "a stream shorter than its Content-Length", ways: streams, cerebras: does("short-content-length"), want: endsBroken("cut")},
	{name: "a stream that says [DONE] and not why", ways: streams, cerebras: does("no-finish"), want: endsBroken("cut")},
	{name: "an error event in the middle", ways: streams, cerebras: role{faults: []simulator.Fault{{What: "error-event-mid", With: "cerebras/queue"}}}, want: endsBroken("failed in mid-stream")},
	{name: "a gzipped stream that is cut", ways: streams, cerebras: role{
		script: func(s *simulator.Script) { s.Compress, s.ForceCompress = "gzip", true }, faults: []simulator.Fault{{What: "cut"}},
	}, want: endsBroken("cut")},
	{
		name: "comments for ever after the first words", ways: streams, limits: short,
		cerebras: wired(append([]string{"read", sayHead, sayEvents(chunkOf(`{"role":"assistant","content":""}`, "null") + words("The ") + words("quick "))}, repeat(600, `say ": keep-alive\n\n"`, "wait 50ms")...)),
		want:     want{by: "cerebras", broken: true, calls: "0 0 0", outcome: "stalled", within: time.Second},
	},
	{
		name: "half an event for ever after the first words", ways: streams, limits: short,
		cerebras: wired(append([]string{"read", sayHead, sayEvents(words("The ") + words("quick ") + `data: {"id":"c1","x":"`)}, repeat(600, `say "x"`, "wait 50ms")...)),
		want:     want{by: "cerebras", broken: true, calls: "0 0 0", outcome: "stalled", within: time.Second},
	},

	{name: "a stream without [DONE]", ways: streams, cerebras: does("no-done"), want: complete},
	{name: "a stream that does not open as it should", ways: streams, cerebras: does("no-start"), want: complete},
	{name: "an event that is no JSON", ways: streams, cerebras: does("malformed-line"), want: complete},
	{name: "a last event without its blank line", ways: streams, cerebras: does("last-line-open"), want: complete},
	{name: "lines that end in CRLF", ways: streams, cerebras: does("crlf"), want: complete},
	{name: "data: without a space", ways: streams, cerebras: does("no-space"), want: complete},
	{name: "a comment before every event", ways: streams, cerebras: does("comments"), want: complete},
	{name: "a byte order mark before the first event", ways: streams, cerebras: byHand("\ufeff" + handStream()), want: complete},
	{name: "events after [DONE]", ways: streams, cerebras: byHand(handStream() + words("and more") + done), want: complete},
	{name: "two finish reasons", ways: streams, cerebras: byHand(strings.Replace(handStream(), done, chunkOf("{}", "stop")+done, 1)), want: complete},
	{name: "a few bytes at a time", ways: streams, cerebras: drips(7), want: complete},
	{name: "a byte at a time, in a whole answer", ways: []way{whole, claudeWhole, codexWhole}, cerebras: drips(1), want: complete},
	{name: "stray NUL characters", ways: streams, cerebras: does("nul-content"), want: complete},
	{name: "NUL bytes between the events", ways: streams, cerebras: middle("\x00\x00\n\n"), want: complete},
	{name: "an event with NUL bytes in its JSON", ways: streams, cerebras: middle("data: {\"id\":\"c1\",\x00\x00}\n\n"), want: complete},
	{
		name: "an event that is no UTF-8", ways: streams, cerebras: middle(words("\xff\xfe\xc3\x28")), want: complete,
		play: func(st *stage) { // what the bytes become is nobody's promise, but that they are valid
			st.loose = true
			st.start()
			s := st.send(ask{})
			st.wants(s, st.sc.want)
			if !strings.Contains(s.text, "quick brown") || !strings.HasSuffix(s.text, "lazy dog.") {
				st.Errorf("the client got %q", s.text)
			}
		},
	},
	{name: "one event of 1 MB", ways: streams, cerebras: does("huge-event"), want: complete, play: bigEvent(1 << 20)},
	{name: "one event of 12 MB", ways: streams, cerebras: role{faults: []simulator.Fault{{What: "huge-event", Size: 12 << 20}}}, want: want{by: "cerebras", within: 20 * time.Second}, play: bigEvent(12 << 20)},
	{name: "one event of 20 MB", ways: streams, cerebras: role{faults: []simulator.Fault{{What: "huge-event", Size: 20 << 20}}}, want: endsBroken("cut")},
	{name: "a first event of 9 MB", ways: streams, cerebras: byHand(words(strings.Repeat("x", 9<<20)) + handStream()), want: passedOn("malformed answer")},
	{name: "a hundred thousand empty events", ways: streams, cerebras: middle(strings.Repeat("data: \n\n", 100_000)), want: complete},
	{name: "two tool calls whose pieces come by turns", ways: streams, cerebras: role{script: func(s *simulator.Script) {
		s.Answer = simulator.Answer{Interleave: true, ToolCalls: []simulator.ToolCall{{Name: "read", Arguments: `{"path":"a/long/path/one.go"}`}, {Name: "list", Arguments: `{"path":"another/path"}`}}}
	}}, want: complete, play: twoCalls},
	{name: "pieces of another answer in between", ways: streams, cerebras: middle(strings.ReplaceAll(words("WRONG "), `"index":0`, `"index":1`)), want: complete},
	{name: "a stream that tells no usage", ways: streams, cerebras: role{script: func(s *simulator.Script) { s.Answer.Usage = "none" }}, want: complete, play: counted},
	{
		name: "a stream longer than every limit", ways: streams, limits: steady, cerebras: paced(400 * time.Millisecond),
		want: want{by: "cerebras", calls: "1 0 0", tries: "ok", within: 5 * time.Second},
	},
	{name: "thinking for longer than every limit", ways: streams, limits: steady, cerebras: role{script: func(s *simulator.Script) {
		s.Answer.Pace, s.Answer.Reasoning = simulator.Duration(300*time.Millisecond), "Let me think about this for quite a while"
	}}, want: want{by: "cerebras", calls: "1 0 0", tries: "ok", within: 6 * time.Second}},
	{
		name: "the provider names another model than was asked for", ways: streams, cerebras: role{script: func(s *simulator.Script) { s.Answer.Model = "qwen-3.8-27b" }}, want: complete,
		play: func(st *stage) {
			st.model = "qwen-3.8-27b"
			st.start()
			s := st.send(ask{})
			st.wants(s, st.sc.want)
			if got := s.header.Get("X-Glmtray-Model"); got != "qwen-3.8-27b" {
				st.Errorf("the client is told %q", got)
			}
		},
	},
}

// within1s bounds a want by the limit of one second.
func within1s(w want) want {
	w.within = time.Second
	return w
}

const sayHead = `say "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"`

func sayEvents(text string) string { return "say " + strconv.Quote(text) }

// bigEvent wants an answer with a single event of so many bytes, whole.
func bigEvent(size int) func(*stage) {
	return func(st *stage) {
		st.loose = true
		st.start()
		s := st.send(ask{})
		st.wants(s, st.sc.want)
		if len(s.text) != size+len(said) || strings.Count(s.text, "x") < size {
			st.Errorf("the client got %d bytes of text, and %d were sent", len(s.text), size+len(said))
		}
	}
}

// twoCalls wants two tool calls, each whole and in one piece.
func twoCalls(st *stage) {
	st.loose = true
	st.start()
	parameters := map[string]any{"type": "object", "properties": map[string]any{"path": map[string]any{"type": "string"}}}
	var tools []any
	for _, name := range []string{"read", "list"} {
		switch st.way.dialect {
		case "OpenAI":
			tools = append(tools, map[string]any{"type": "function", "function": map[string]any{"name": name, "parameters": parameters}})
		case "Anthropic":
			tools = append(tools, map[string]any{"name": name, "input_schema": parameters})
		default:
			tools = append(tools, map[string]any{"type": "function", "name": name, "parameters": parameters})
		}
	}
	s := st.send(ask{more: map[string]any{"tools": tools}})
	st.wants(s, st.sc.want)
	want := []string{`read{"path":"a/long/path/one.go"}`, `list{"path":"another/path"}`}
	if !slices.Equal(s.calls, want) {
		st.Errorf("the client got the calls %q, want %q", s.calls, want)
	}
}

// counted wants that tokens which the provider did not tell are counted, and that
// the record says so.
func counted(st *stage) {
	st.start()
	st.wants(st.send(ask{}), st.sc.want)
	st.stop()
	for _, r := range st.readRecords() {
		if !r.Counted || r.Tokens.Prompt == 0 || r.Tokens.Completion < 8 || r.Tokens.Completion > 14 {
			st.Errorf("recorded is %+v, counted: %v", r.Tokens, r.Counted)
		}
	}
}
