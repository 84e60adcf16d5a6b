package dialect

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

func begins() chat.Delta { return chat.Delta{Kind: chat.Begin, ID: "chatcmpl-1", Name: "glm-5.3"} }
func ends() chat.Delta   { return chat.Delta{Kind: chat.End} }

func stops(why chat.Finish) chat.Delta { return chat.Delta{Kind: chat.Stops, Stop: why} }

// spoken is a piece of a string, of any kind.
func spoken(kind chat.Step, text string) chat.Delta {
	quoted := quote(text)
	return chat.Delta{Kind: kind, Raw: []byte(quoted[1 : len(quoted)-1])}
}

func calls(index int, id string) chat.Delta {
	return chat.Delta{Kind: chat.Called, Call: index, ID: id, Name: "Bash"}
}

func args(index int, text string) chat.Delta {
	d := spoken(chat.Args, text)
	d.Call = index
	return d
}

// outline is what a stream consists of, for short: "text(0) \"hi\" stop".
func outline(stream string) string {
	stream = regexp.MustCompile(`(?m)^event: .*\n`).ReplaceAllString(stream, "")
	for _, x := range []struct{ from, to string }{
		{`data: \{"type":"message_start".*`, "start"},
		{`data: \{"type":"content_block_start","index":(\d+),"content_block":\{"type":"(\w+)"(?:,"id":("[^"]*"))?.*`, "$2($1)$3"},
		{`data: \{"type":"content_block_delta","index":\d+,"delta":\{"type":"signature_delta","signature":(".*")\}\}`, "signed $1"},
		{`data: \{"type":"content_block_delta","index":\d+,"delta":\{"type":"\w+","\w+":(".*")\}\}`, "$1"},
		{`data: \{"type":"content_block_stop".*`, "stop"},
		{`data: \{"type":"message_delta","delta":\{"stop_reason":"(\w+)","stop_sequence":null\}.*`, "$1"},
		{`data: \{"type":"message_delta","delta":\{"stop_reason":"(\w+)","stop_sequence":("[^"]*")\}.*`, "$1 $2"},
		{`data: \{"type":"message_stop"\}`, "end"},
	} {
		stream = regexp.MustCompile(x.from).ReplaceAllString(stream, x.to)
	}
	return strings.Join(strings.Fields(stream), " ")
}

// Each row is one of the deviations that break Claude Code or the SDK; what we
// write has none, whatever came.
func TestWhatIsWrittenHasTheStrictForm(t *testing.T) {
	for _, c := range []struct {
		name   string
		deltas []chat.Delta
		want   string
	}{
		{"text", []chat.Delta{begins(), spoken(chat.Says, "a"), spoken(chat.Says, "b"), stops(chat.EndTurn), ends()}, `start text(0) "a" "b" stop end_turn end`},
		{"no beginning", []chat.Delta{spoken(chat.Says, "a"), ends()}, `start text(0) "a" stop end_turn end`},
		{"no stop before the end", []chat.Delta{begins(), spoken(chat.Says, "a"), ends()}, `start text(0) "a" stop end_turn end`},
		{"nothing at all", []chat.Delta{begins(), stops(chat.EndTurn), ends()}, `start end_turn end`},
		{"empty text and stray NULs", []chat.Delta{begins(), {Kind: chat.Says}, {Kind: chat.Says, Raw: []byte(`\u0000`)}, {Kind: chat.Thinks, Raw: []byte(`\u0000\u0000`)}, ends()}, `start end_turn end`},
		{"stray NULs within text", []chat.Delta{begins(), spoken(chat.Says, "a"), {Kind: chat.Says, Raw: []byte(`\u0000`)}, spoken(chat.Says, "b"), ends()}, `start text(0) "a" "b" stop end_turn end`},
		{"a tool call first", []chat.Delta{begins(), calls(0, "x"), args(0, `{}`), stops(chat.ToolUse), ends()}, `start tool_use(0)"x" "{}" stop tool_use end`},
		{"a tool call that is called a stop", []chat.Delta{begins(), calls(0, "x"), args(0, `{}`), stops(chat.EndTurn), ends()}, `start tool_use(0)"x" "{}" stop tool_use end`},
		{"a tool call that nobody gave a reason for", []chat.Delta{begins(), calls(0, "x"), args(0, `{}`), ends()}, `start tool_use(0)"x" "{}" stop tool_use end`},
		{"tool_use without a tool", []chat.Delta{begins(), spoken(chat.Says, "a"), stops(chat.ToolUse), ends()}, `start text(0) "a" stop end_turn end`},
		{"a call without arguments", []chat.Delta{begins(), calls(0, "x"), {Kind: chat.Args}, stops(chat.ToolUse), ends()}, `start tool_use(0)"x" "{}" stop tool_use end`},
		{"a call with broken arguments", []chat.Delta{begins(), calls(0, "x"), args(0, `{"a":`), args(0, ` oh`), ends()}, `start tool_use(0)"x" "{\"a\":" " oh" stop tool_use end`},
		{"a call with arguments that are no object", []chat.Delta{begins(), calls(0, "x"), args(0, `[1`), args(0, `] 7`), ends()}, `start tool_use(0)"x" "[1" "] 7" stop tool_use end`},
		{"a call without an id", []chat.Delta{begins(), calls(0, ""), args(0, `{}`), ends()}, `start tool_use(0)"call_0123456789abcdef_0" "{}" stop tool_use end`},
		{"the same id twice in one message", []chat.Delta{begins(), calls(0, "x"), args(0, `{}`), calls(1, "x"), args(1, `{}`), ends()}, `start tool_use(0)"x" "{}" stop tool_use(1)"x_445d77" "{}" stop tool_use end`},
		{"the same id across turns", []chat.Delta{begins(), calls(0, "call_0"), args(0, `{}`), ends()}, `start tool_use(0)"call_0_445d77" "{}" stop tool_use end`},
		{"arguments that belong to nothing", []chat.Delta{begins(), args(3, `{}`), spoken(chat.Says, "a"), ends()}, `start text(0) "a" stop end_turn end`},
		{"thinking, text, call", []chat.Delta{begins(), spoken(chat.Thinks, "h"), spoken(chat.Thinks, "m"), spoken(chat.Says, "a"), calls(0, "x"), args(0, "{}"), ends()}, `start thinking(0) "h" "m" signed "glmtray:v1:zai:" stop text(1) "a" stop tool_use(2)"x" "{}" stop tool_use end`},
		{"thinking after text", []chat.Delta{begins(), spoken(chat.Says, "a"), spoken(chat.Thinks, "h"), spoken(chat.Says, "b"), ends()}, `start text(0) "a" stop thinking(1) "h" signed "glmtray:v1:zai:" stop text(2) "b" stop end_turn end`},
		{"text, late thinking, call", []chat.Delta{begins(), spoken(chat.Says, "a"), spoken(chat.Thinks, "h"), calls(0, "x"), args(0, "{}"), ends()}, `start text(0) "a" stop thinking(1) "h" signed "glmtray:v1:zai:" stop tool_use(2)"x" "{}" stop tool_use end`},
		{"thinking alone", []chat.Delta{begins(), spoken(chat.Thinks, "h"), stops(chat.MaxOutput), ends()}, `start thinking(0) "h" signed "glmtray:v1:zai:" stop max_tokens end`},
		{"thinking with the provider's signature, in pieces", []chat.Delta{begins(), spoken(chat.Thinks, "h"), spoken(chat.Signed, "ab"), spoken(chat.Signed, "c="), spoken(chat.Says, "a"), ends()}, `start thinking(0) "h" signed "glmtray:v1:zai:abc=" stop text(1) "a" stop end_turn end`},
		{"thinking that is signed only, twice", []chat.Delta{begins(), spoken(chat.Signed, "a"), {Kind: chat.Thinks}, spoken(chat.Signed, "b"), ends()}, `start thinking(0) signed "glmtray:v1:zai:a" stop thinking(1) signed "glmtray:v1:zai:b" stop end_turn end`},
		{"thinking after a signature", []chat.Delta{begins(), spoken(chat.Thinks, "h"), spoken(chat.Signed, "a"), spoken(chat.Thinks, "m"), ends()}, `start thinking(0) "h" signed "glmtray:v1:zai:a" stop thinking(1) "m" signed "glmtray:v1:zai:" stop end_turn end`},
		{"redacted thinking", []chat.Delta{begins(), spoken(chat.Sealed, "AAAA"), spoken(chat.Says, "a"), ends()}, `start redacted_thinking(0) stop text(1) "a" stop end_turn end`},
		{"calls one after the other", []chat.Delta{begins(), calls(0, "x"), args(0, `{"a":`), args(0, `1}`), calls(1, "y"), args(1, `{"b"`), args(1, `:2}`), ends()}, `start tool_use(0)"x" "{\"a\":" "1}" stop tool_use(1)"y" "{\"b\"" ":2}" stop tool_use end`},
		{"calls whose pieces interleave", []chat.Delta{begins(), calls(0, "x"), calls(1, "y"), args(1, `{"b"`), args(0, `{"a":`), args(1, `:2}`), args(0, `1}`), args(1, " "), ends()}, `start tool_use(0)"x" "{\"a\":" "1}" stop tool_use(1)"y" "{\"b\":2}" " " stop tool_use end`},
		{"three calls, the middle one first", []chat.Delta{begins(), calls(0, "x"), calls(1, "y"), calls(2, "z"), args(1, `{}`), args(0, `{`), args(0, `}`), args(2, `{}`), ends()}, `start tool_use(0)"x" "{" "}" stop tool_use(1)"y" "{}" stop tool_use(2)"z" "{}" stop tool_use end`},
		{"a call that never ends before another", []chat.Delta{begins(), calls(0, "x"), calls(1, "y"), args(1, `{}`), args(0, `{"a`), ends()}, `start tool_use(0)"x" "{\"a" stop tool_use(1)"y" "{}" stop tool_use end`},
		{"a call without arguments before another", []chat.Delta{begins(), calls(0, "x"), calls(1, "y"), args(1, `{"b":1}`), ends()}, `start tool_use(0)"x" "{}" stop tool_use(1)"y" "{\"b\":1}" stop tool_use end`},
		{"text in the midst of a call", []chat.Delta{begins(), calls(0, "x"), args(0, `{"a":`), spoken(chat.Says, "h"), spoken(chat.Thinks, "m"), spoken(chat.Signed, "s"), spoken(chat.Sealed, "AA"), args(0, `1}`), spoken(chat.Says, "i"), ends()}, `start tool_use(0)"x" "{\"a\":" "1}" stop text(1) "h" stop thinking(2) "m" signed "glmtray:v1:zai:s" stop redacted_thinking(3) stop text(4) "i" stop tool_use end`},
		{"an index that is used again", []chat.Delta{begins(), calls(0, "x"), args(0, `{}`), calls(0, "y"), args(0, `{"b":1}`), ends()}, `start tool_use(0)"x" "{}" stop tool_use(1)"y" "{\"b\":1}" stop tool_use end`},
		{"more than the object", []chat.Delta{begins(), calls(0, "x"), args(0, `{} `), args(0, ` `), calls(1, "y"), args(0, ` `), args(1, `{}`), ends()}, `start tool_use(0)"x" "{} " " " stop tool_use(1)"y" "{}" stop tool_use end`},
		{"usage after the reason", []chat.Delta{begins(), spoken(chat.Says, "a"), stops(chat.EndTurn), {Kind: chat.Uses, Used: chat.Usage{Prompt: 7, Completion: 3}}, ends()}, `start text(0) "a" stop end_turn end`},
		{"nothing after the end", []chat.Delta{begins(), ends(), spoken(chat.Says, "a"), ends(), {Kind: chat.Fails, Err: streamCut()}}, `start end_turn end`},
		{"a stop sequence", []chat.Delta{begins(), spoken(chat.Says, "a"), {Kind: chat.Stops, Stop: chat.StopSequence, Match: "END"}, ends()}, `start text(0) "a" stop stop_sequence "END" end`},
		{"a stop sequence that was not told", []chat.Delta{begins(), spoken(chat.Says, "a"), stops(chat.StopSequence), ends()}, `start text(0) "a" stop stop_sequence end`},
		{"a refusal", []chat.Delta{begins(), spoken(chat.Says, "a"), stops(chat.Refusal), ends()}, `start text(0) "a" stop refusal end`},
		{"a pause", []chat.Delta{begins(), spoken(chat.Says, "a"), stops(chat.Paused), ends()}, `start text(0) "a" stop pause_turn end`},
		{"a full context", []chat.Delta{begins(), spoken(chat.Says, "a"), stops(chat.ContextWindow), ends()}, `start text(0) "a" stop model_context_window_exceeded end`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := outline(sent(t, askedWith(Anthropic, "call_0"), c.deltas...)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAStreamIsWrittenByteForByte(t *testing.T) {
	got := sent(t, askedWith(Anthropic), begins(), spoken(chat.Thinks, "hm"), spoken(chat.Says, "a\"\n"), spoken(chat.Sealed, "AA="), calls(0, "x"), args(0, `{"a":1}`),
		stops(chat.ToolUse), chat.Delta{Kind: chat.Uses, Used: chat.Usage{Prompt: 10, Cached: 4, CacheWrite: 1, Completion: 6, Reasoning: 2}}, ends())
	want := messages(
		`{"type":"message_start","message":{"id":"msg_0123456789abcdef","type":"message","role":"assistant","model":"claude-sonnet-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":321,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}`,
		`{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"glmtray:v1:zai:"}}`,
		`{"type":"content_block_stop","index":0}`,
		`{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}`,
		`{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"a\"\n"}}`,
		`{"type":"content_block_stop","index":1}`,
		`{"type":"content_block_start","index":2,"content_block":{"type":"redacted_thinking","data":"glmtray:v1:zai:AA="}}`,
		`{"type":"content_block_stop","index":2}`,
		`{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"x","name":"Bash","input":{}}}`,
		`{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}`,
		`{"type":"content_block_stop","index":3}`,
		`{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":5,"cache_creation_input_tokens":1,"cache_read_input_tokens":4,"output_tokens":6}}`,
		`{"type":"message_stop"}`,
	)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestUsageIsCountedAsAnthropicDoes(t *testing.T) {
	for _, c := range []struct {
		name  string
		used  chat.Usage
		guess int
		want  string
	}{
		{"nothing cached", chat.Usage{Prompt: 10, Completion: 2}, 99, `{"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":2}`},
		{"some cached, some written", chat.Usage{Prompt: 10, Cached: 6, CacheWrite: 3, Completion: 2}, 99, `{"input_tokens":1,"cache_creation_input_tokens":3,"cache_read_input_tokens":6,"output_tokens":2}`},
		{"more cached than there is", chat.Usage{Prompt: 10, Cached: 16, Completion: 2}, 99, `{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":16,"output_tokens":2}`},
		{"negative figures", chat.Usage{Prompt: -1, Cached: -2, CacheWrite: -3, Completion: -4}, 0, `{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}`},
		{"no word of the prompt", chat.Usage{Completion: 2}, 99, `{"input_tokens":99,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":2}`},
		{"no word and no estimate", chat.Usage{}, 0, `{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}`},
	} {
		if got := string(appendAnthropicUsage(nil, c.used, c.guess)); got != c.want {
			t.Errorf("%s: got %s", c.name, got)
		}
	}
}

func TestAMessageBeginsWithWhatIsKnownOfThePrompt(t *testing.T) {
	begun := chat.Delta{Kind: chat.Begin, Used: chat.Usage{Prompt: 50, Cached: 20, Completion: 9}, ID: "msg_of_theirs"}
	got := sent(t, askedWith(Anthropic), begun, ends())
	for _, want := range []string{
		`"id":"msg_of_theirs"`,
		`"stop_sequence":null,"usage":{"input_tokens":30,"cache_creation_input_tokens":0,"cache_read_input_tokens":20,"output_tokens":0}`,
		`"stop_sequence":null},"usage":{"input_tokens":30,"cache_creation_input_tokens":0,"cache_read_input_tokens":20,"output_tokens":9}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
}

func TestATranslationDoesNotDependOnHowItIsRead(t *testing.T) {
	pair := adapter{answers: newAnthropicAnswers, stream: newAnthropicStream, broken: anthropicErrorEvent}
	const thenTool = `"{\"command" "\":\"echo h" "i-from-to" "ol\",\"desc" "ription\":" "\"say hi\"}" stop tool_use end`
	inputs := map[string]string{"held-until-later": messages(startOfMessage,
		toolBegins(`"index":0,`, "a", `{"x":1}`), toolBegins(`"index":1,`, "b", `{}`),
		`{"type":"content_block_start","index":2,"content_block":{"type":"redacted_thinking","data":"AAAA"}}`,
		toolGoesOn(`"index":1,`, `{"y":`), toolGoesOn(`"index":1,`, `2}`), turnEnds, endOfMessage)}
	for name, in := range fixtures(t, "reply.anthropic.sse") {
		inputs[name] = string(in)
	}
	for name, want := range map[string]string{
		"held-until-later":   `start tool_use(0)"a" "{\"x\":1}" stop tool_use(1)"b" "{\"y\":2}" stop redacted_thinking(2) stop tool_use end`,
		"text-then-tool":     `start text(0) "I will run i" "t." stop tool_use(1)"toolu_01shwiw3e6tn" ` + thenTool,
		"thinking-signed":    `start thinking(0) "Let me think" " about this " "carefully." signed "glmtray:v1:zai:c2lnbmF0dXJlLW1vY2s=" stop text(1) "ok" stop tool_use(2)"toolu_01wh1bfqvclm" ` + thenTool,
		"thinking-unsigned":  `start thinking(0) "Let me think" " about this " "carefully." signed "glmtray:v1:zai:" stop text(1) "ok" stop tool_use(2)"toolu_01dpkb0t5epp" ` + thenTool,
		"redacted-then-tool": `start redacted_thinking(0) stop tool_use(1)"toolu_012l84c5tx0g" ` + thenTool,
		"error-after-text":   `start text(0) "partial text" " here and mo" data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"0123456789abcdef"}`,
	} {
		in := inputs[name]
		whole := passed(newTranslation(&pair, &pair, askedWith(Anthropic)), in, len(in))
		if err := strictly([]byte(whole), "claude-sonnet-5"); err != nil || outline(whole) != want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", name, err, outline(whole), want)
		}
		for _, in := range []string{in, strings.ReplaceAll(in, "\n", "\r\n")} {
			for size := 1; size <= len(in); size += 1 + size/40 {
				s := newTranslation(&pair, &pair, askedWith(Anthropic))
				if got := passed(s, in, size); got != whole {
					t.Fatalf("%s read by %d: %s", name, size, got)
				}
				used := chat.Usage{Prompt: 1334, Cached: 100, Completion: 42}
				if s.Fault() != nil {
					used.Completion = 1
				}
				if s.Model() == "glm-5.3" {
					used = chat.Usage{Prompt: 9, Completion: 7}
				}
				if s.Model() == "" || s.Usage() != used || s.Finished() == (s.Fault() != nil) || s.Dropped() != 0 {
					t.Fatalf("%s read by %d: %q, %+v, finished %v, failed %v", name, size, s.Model(), s.Usage(), s.Finished(), s.Fault() != nil)
				}
			}
		}
	}
}

func TestAFailureEndsTheStreamWithAnError(t *testing.T) {
	fails := chat.Delta{Kind: chat.Fails, Err: &chat.Error{Status: 529, Code: "1305", Message: "busy"}}
	const want = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"},\"request_id\":\"0123456789abcdef\"}\n\n"
	got := sent(t, askedWith(Anthropic), begins(), calls(0, "x"), calls(1, "y"), args(0, "{"), stops(chat.ToolUse), fails, ends())
	if outline(strings.TrimSuffix(got, want)) != `start tool_use(0)"x" "{"` || !strings.HasSuffix(got, want) {
		t.Errorf("got %s", got)
	}
	if got := sent(t, askedWith(Anthropic), fails, ends()); got != want {
		t.Errorf("as the first: %s", got)
	}
}

func TestTheEndOfArgumentsIsFound(t *testing.T) {
	for _, c := range []struct {
		name, args string
		over       bool
	}{
		{"nothing", ``, false},
		{"an empty object", `{}`, true},
		{"space around", " \n{ } \t", true},
		{"half of one", `{"a":{"b":1}`, false},
		{"nested ones", `{"a":{"b":[{}]}}`, true},
		{"brackets in a string", `{"a":"}]{"`, false},
		{"brackets in a string and the end", `{"a":"}]{"}`, true},
		{"a quote in a string", `{"a":"\"}"`, false},
		{"a backslash at a string's end", `{"a":"\\"}`, true},
		{"escapes of all kinds", `{"\n\t\/é\u0022}":"\\\"é😀"}`, true},
		{"an escape at a string's end", `{"a":"x\n"}`, true},
		{"a character whose last byte is a quote's", `{"a":"Ģ}"`, false},
		{"a quote by its number", `{"a":"\u0022}"`, false},
		{"a list", `[{}]`, false},
		{"a word", `null`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := []byte(quote(c.args))
			raw = raw[1 : len(raw)-1]
			hex := hexed(c.args)
			for cut := range len(c.args) + 1 {
				var pieces, whole, numbers argsEnd
				for _, part := range []string{c.args[:cut], c.args[cut:]} {
					quoted := quote(part)
					pieces.feed([]byte(quoted[1 : len(quoted)-1]))
				}
				whole.feed(raw)
				numbers.feed(hex)
				if pieces.over != c.over || whole.over != c.over || numbers.over != c.over {
					t.Errorf("cut at %d: %v, %v, %v", cut, pieces.over, whole.over, numbers.over)
				}
			}
		})
	}
}

// hexed writes a text with each character as a number.
func hexed(text string) []byte {
	var out bytes.Buffer
	for _, r := range text {
		const digits = "0123456789ABCDEF"
		out.WriteString(`\u`)
		for _, shift := range []int{12, 8, 4, 0} {
			out.WriteByte(digits[r>>shift&15])
		}
	}
	return out.Bytes()
}

func TestAPieceCostsNoAllocation(t *testing.T) {
	w := newAnthropicStream(askedWith(Anthropic))
	out := make([]byte, 0, 64<<10)
	for _, d := range []chat.Delta{spoken(chat.Says, "a piece of text"), spoken(chat.Thinks, "a thought"), args(0, `{"command":"ls`)} {
		if d.Kind == chat.Args {
			begun := calls(0, "x")
			out = w.delta(out[:0], &begun)
		}
		out = w.delta(out[:0], &d)
		if n := testing.AllocsPerRun(100, func() { out = w.delta(out[:0], &d) }); n != 0 {
			t.Errorf("%v allocations for %q", n, out)
		}
	}
}
