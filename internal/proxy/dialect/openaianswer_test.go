package dialect

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// openAIAsk is what a client asked for in these tests.
func openAIAsk(t testing.TB, body string) Ask {
	t.Helper()
	r, err := Read(OpenAI, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return Ask{Request: r, Provider: "zai", Model: "glm-5.3", ID: "00ff", Created: 1795220479}
}

// deltaWords writes a delta as a line.
func deltaWords(d *chat.Delta) string {
	switch d.Kind {
	case chat.Begin:
		return fmt.Sprintf("begin %s %s", d.ID, d.Name)
	case chat.Says:
		return "says " + string(d.Raw)
	case chat.Thinks:
		return "thinks " + string(d.Raw)
	case chat.Called:
		return fmt.Sprintf("called %d %q %s", d.Call, d.ID, d.Name)
	case chat.Args:
		return fmt.Sprintf("args %d %s", d.Call, d.Raw)
	case chat.Stops:
		return fmt.Sprintf("stops %d", d.Stop)
	case chat.Uses:
		return fmt.Sprintf("uses %d %d %d %d", d.Used.Prompt, d.Used.Cached, d.Used.Completion, d.Used.Reasoning)
	case chat.Fails:
		return fmt.Sprintf("fails %d %s %s: %s", d.Err.Status, d.Err.Type, d.Err.Code, d.Err.Message)
	case chat.End:
		return "end"
	}
	return fmt.Sprintf("unknown %d", d.Kind)
}

// deltaWriter records what a stream means instead of writing it.
type deltaWriter struct{}

func (deltaWriter) delta(out []byte, d *chat.Delta) []byte {
	return append(append(out, deltaWords(d)...), '\n')
}

func (deltaWriter) held() int { return 0 }

func recording() *adapter {
	return &adapter{
		stream: func(Ask) answerWriter { return deltaWriter{} },
		broken: func(e *chat.Error, _ string) []byte { return []byte("broken " + e.Code + "\n") },
	}
}

// openAIDeltas gives what a stream means, read by size bytes at a time.
func openAIDeltas(t testing.TB, stream string, size int) string {
	return readBy(newTranslation(&openAI, recording(), openAIAsk(t, `{"messages":[]}`)), stream, size)
}

// readBy passes a whole stream through in reads of size bytes.
func readBy(s Stream, in string, size int) string {
	var out strings.Builder
	var carried []byte
	for len(in) > 0 {
		n := min(size, len(in))
		p := append(carried, in[:n]...)
		in = in[n:]
		emit, rest := s.Next(p)
		out.Write(emit)
		carried = append([]byte(nil), p[len(p)-rest:]...)
	}
	out.Write(s.End(carried))
	return out.String()
}

func TestAnswersOfOpenAIAreReadAsRecorded(t *testing.T) {
	const ran = `says I will
says  run i
says t.
`
	const echo = `args 0 {\"comman
args 0 d\":\"echo
args 0  hi-from
args 0 -tool\",\"
args 0 descript
args 0 ion\":\"ru
args 0 n a test
args 0  command
args 0 \"}
`
	const atOnce = `args 0 {\"command\":\"echo hi-from-tool\",\"description\":\"run a test command\"}
uses 52 52 42 0
stops 3
end
`
	for name, want := range map[string]string{
		"quota-in-200":        "begin  \nfails 429 rate_limit_error insufficient_quota: You exceeded your current quota\n",
		"cut":                 "begin chatcmpl-zjcv5buebv cut\nsays MOCK-F\nfails 0 upstream_error stream_cut: the provider's stream broke off before it was finished\n",
		"error-in-mid-stream": "begin chatcmpl-mmybaoyjzu sseerr\nsays MOCK-F\nsays INAL-O\nfails 500 server_error internal: upstream worker died\n",
		"reasoning": `begin chatcmpl-hvsh3rqqz9 reason2
thinks Let me 
thinks think a
thinks bout it
thinks  step b
thinks y step.
says MOCK-F
says INAL-O
says K
stops 1
uses 51 51 42 17
end
`,
		"reasoning-then-tool": `begin chatcmpl-a2mx3dd558 reasontool
thinks Let me 
thinks think a
thinks bout it
thinks  step b
thinks y step.
called 0 "call_fzu81zxq7n" Bash
` + echo + "stops 3\nuses 52 52 42 17\nend\n",
		"tool": "begin chatcmpl-smx49x8uj9 tool\n" + ran + `called 0 "call_lot5wrm6er" Bash` + "\n" + echo + "stops 3\nuses 51 51 42 0\nend\n",
		"parallel-tools": "begin chatcmpl-e8vxzi631l toolpar\n" + ran + `called 0 "call_davnckxhzr" Bash
args 0 {\"command\":\"echo one\",\"description\":\"run a test command\"}
called 1 "call_4nn36y1gac" Bash
args 1 {\"command\":\"echo two; exit 3\",\"description\":\"run a test command\"}
stops 3
uses 51 51 42 0
end
`,
		"odd-tool-id":        "begin chatcmpl-8h0s90wad6 toolweird\ncalled 0 \"functions.Bash:0\" Bash\n" + echo + "stops 3\nuses 52 52 42 0\nend\n",
		"tool-without-id":    "begin chatcmpl-iqil5lki9r toolnoid\ncalled 0 \"\" Bash\n" + strings.Replace(atOnce, "uses 52 52 42 0\nstops 3", "stops 3\nuses 52 52 42 0", 1),
		"tool-without-index": "begin chatcmpl-44v350rzc1 toolnoindex\ncalled 0 \"call_tvicoj9q5c\" Bash\n" + strings.Replace(atOnce, "uses 52 52 42 0\nstops 3", "stops 3\nuses 52 52 42 0", 1),
	} {
		t.Run(name, func(t *testing.T) {
			stream := string(fixture(t, name, "reply.openai.sse"))
			for size := 1; size <= len(stream); size += 1 + size/64 {
				if got := openAIDeltas(t, stream, size); got != want {
					t.Fatalf("read by %d:\ngot  %s\nwant %s", size, got, want)
				}
			}
		})
	}
}

func TestAStreamMeansTheSameWhereverItIsSplit(t *testing.T) {
	for name, stream := range fixtures(t, "reply.openai.sse") {
		whole := openAIDeltas(t, string(stream), len(stream))
		for at := 1; at < len(stream); at++ {
			s := newTranslation(&openAI, recording(), openAIAsk(t, `{"messages":[]}`))
			first := append([]byte(nil), stream[:at]...)
			emit, rest := s.Next(first)
			got := string(emit)
			if got += readBy(s, string(stream[at-rest:]), len(stream)); got != whole {
				t.Fatalf("%s split at %d:\ngot  %s\nwant %s", name, at, got, whole)
			}
		}
	}
}

// openAIEvents writes chunks with these deltas, each of them one event.
func openAIEvents(deltas ...string) string {
	var out strings.Builder
	for _, d := range deltas {
		if !strings.HasPrefix(d, "{") && !strings.HasPrefix(d, "[") {
			d = chunkOf(d, "null")
		}
		out.WriteString("data: " + d + "\n\n")
	}
	return out.String()
}

func TestAnswersOfOpenAIAreReadInAllTheirForms(t *testing.T) {
	stop, end := chunkOf("", `"stop"`), "[DONE]"
	for _, c := range []struct {
		name   string
		events []string
		want   []string // without "begin x m"
	}{
		{"role and nothing else", []string{`"role":"assistant","content":""`, stop, end}, []string{"stops 1", "end"}},
		{"a role in each delta, as Z.ai has it", []string{`"role":"assistant","content":"a"`, `"role":"assistant","content":"b"`, stop, end}, []string{"says a", "says b", "stops 1", "end"}},
		{"escapes stay as they are", []string{`"content":"\u00e9\n\""`, stop, end}, []string{`says \u00e9\n\"`, "stops 1", "end"}},
		{"stray NULs", []string{`"content":"\u0000"`, `"content":"\u0000a"`, stop, end}, []string{"says a", "stops 1", "end"}},
		{"a think tag stays text", []string{`"content":"<think>"`, stop, end}, []string{"says <think>", "stops 1", "end"}},
		{"thinking by both names once", []string{`"reasoning":"r","reasoning_content":"r"`, stop, end}, []string{"thinks r", "stops 1", "end"}},
		{"thinking by two names", []string{`"reasoning":"r","reasoning_content":"s","content":"c"`, stop, end}, []string{"thinks s", "thinks r", "says c", "stops 1", "end"}},
		{"details that repeat it", []string{`"reasoning":"r","reasoning_details":[{"type":"reasoning.text","text":"r"}]`, `"reasoning_details":[{"text":"r"}]`, stop, end}, []string{"thinks r", "stops 1", "end"}},
		{"details alone", []string{`"reasoning_details":[{"type":"reasoning.text","text":"r"},{"summary":"s"},{"data":{"text":"no"}},7]`, stop, end}, []string{"thinks r", "thinks s", "stops 1", "end"}},
		{"content of parts", []string{`"content":[{"type":"thinking","thinking":[{"type":"text","text":"r"}]},{"type":"text","text":"c"},{"thinking":"s"}]`, stop, end}, []string{"thinks r", "says c", "thinks s", "stops 1", "end"}},
		{"a refusal", []string{`"refusal":"No"`, `"refusal":"."`, stop, end}, []string{"says No", "says .", "stops 5", "end"}},
		{"a refusal without a finish", []string{`"refusal":"No"`, end}, []string{"says No", "stops 5", "end"}},
		{"finish by length", []string{chunkOf("", `"length"`), end}, []string{"stops 2", "end"}},
		{"by a filter", []string{chunkOf("", `"content_filter"`), end}, []string{"stops 5", "end"}},
		{"by Z.ai's filter", []string{chunkOf("", `"sensitive"`), end}, []string{"stops 5", "end"}},
		{"by the context", []string{chunkOf("", `"model_context_window_exceeded"`), end}, []string{"stops 6", "end"}},
		{"by a word that nobody knows", []string{chunkOf("", `"eos"`), end}, []string{"stops 1", "end"}},
		{"by a failure", []string{`"content":"a"`, chunkOf("", `"network_error"`), end}, []string{"says a", "fails 502 upstream_error network_error: the provider broke the answer off (network_error)"}},
		{"text and finish at once", []string{chunkOf(`"content":"a"`, `"length"`), end}, []string{"says a", "stops 2", "end"}},
		{"usage with the finish", []string{`{"id":"x","model":"m","choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2}}`, end}, []string{"uses 9 0 2 0", "stops 1", "end"}},
		{"usage in the choice", []string{`{"id":"x","model":"m","choices":[{"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":9,"completion_tokens":2}}]}`, end}, []string{"uses 9 0 2 0", "stops 1", "end"}},
		{"the other choices do not count", []string{`{"id":"x","model":"m","choices":[{"index":1,"delta":{"content":"b"},"finish_reason":"length"},{"delta":{"content":"a"},"index":0},{"delta":{"content":"c"}}]}`, stop, end}, []string{"says a", "stops 1", "end"}},
		{"a message in place of the delta", []string{`{"id":"x","model":"m","choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}`, end}, []string{"says a", "stops 1", "end"}},
		{"but not beside one", []string{`{"id":"x","model":"m","choices":[{"message":{"content":"all"},"delta":{"content":""},"finish_reason":"stop"}]}`, end}, []string{"stops 1", "end"}},
		{"a chunk of the prompt first", []string{`{"id":"","model":"","choices":[],"prompt_filter_results":[]}`, `"content":"a"`, stop, end}, []string{"says a", "stops 1", "end"}},
		{"a broken event is left out", []string{`"content":"a`, `"content":"b"`, stop, end}, []string{"says b", "stops 1", "end"}},
		{"an error of words", []string{`"content":"a"`, `{"error":"no more"}`}, []string{"says a", "fails 502 upstream_error : no more"}},
		{"an error with a number as code", []string{`"content":"a"`, `{"error":{"code":429,"message":"slow down"}}`}, []string{"says a", "fails 429 rate_limit_error 429: slow down"}},
		{"Z.ai's", []string{`"content":"a"`, `{"error":{"code":"1305","message":"overloaded"}}`}, []string{"says a", "fails 529 server_error 1305: overloaded"}},
		{"Cerebras'", []string{`"content":"a"`, `{"message":"Tokens per minute limit exceeded","type":"too_many_tokens_error","param":"quota","code":"token_quota_exceeded"}`}, []string{"says a", "fails 429 rate_limit_error token_quota_exceeded: Tokens per minute limit exceeded"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := "begin x m\n" + strings.Join(c.want, "\n") + "\n"
			if got := openAIDeltas(t, openAIEvents(c.events...), 1<<20); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestAnEventNamedErrorIsOneWhateverItHolds(t *testing.T) {
	for data, want := range map[string]string{
		`overloaded`:                "fails 502 upstream_error : overloaded",
		`{"x":1}`:                   `fails 502 upstream_error : {"x":1}`,
		``:                          "fails 502 upstream_error : the provider broke the answer off without a word",
		strings.Repeat("<p>", 1000): "fails 502 upstream_error : " + strings.Repeat("<p>", 1000)[:maxFaultMessage] + "…",
		`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`: "fails 529 server_error overloaded_error: Overloaded",
	} {
		if got := openAIDeltas(t, "event: error\ndata: "+data+"\n\n", 1<<20); got != "begin  \n"+want+"\n" {
			t.Errorf("%q: got %s", data, got)
		}
	}
}

func TestCallsAreToldApart(t *testing.T) {
	call := func(fields string) string { return `"tool_calls":[{` + fields + `}]` }
	for _, c := range []struct {
		name   string
		deltas []string
		want   []string
	}{
		{"name, then arguments", []string{call(`"index":0,"id":"a","function":{"name":"f","arguments":""}`), call(`"index":0,"function":{"arguments":"{}"}`)}, []string{`called 0 "a" f`, "args 0 {}"}},
		{"id and name in each fragment", []string{call(`"index":0,"id":"a","function":{"name":"f","arguments":"{"}`), call(`"index":0,"id":"a","function":{"name":"f","arguments":"}"}`)}, []string{`called 0 "a" f`, "args 0 {", "args 0 }"}},
		{"an empty id in the later fragments", []string{call(`"index":0,"id":"a","function":{"name":"f"}`), call(`"index":0,"id":"","function":{"name":"","arguments":"{}"}`)}, []string{`called 0 "a" f`, "args 0 {}"}},
		{"fragments of two that interleave", []string{
			call(`"index":3,"id":"a","function":{"name":"f"}`), call(`"index":7,"id":"b","function":{"name":"g"}`),
			call(`"index":3,"function":{"arguments":"1"}`), call(`"index":7,"function":{"arguments":"2"}`),
		}, []string{`called 0 "a" f`, `called 1 "b" g`, "args 0 1", "args 1 2"}},
		{"another id at the same index", []string{call(`"index":0,"id":"a","function":{"name":"f","arguments":"{}"}`), call(`"index":0,"id":"b","function":{"name":"f","arguments":"{}"}`)}, []string{`called 0 "a" f`, "args 0 {}", `called 1 "b" f`, "args 1 {}"}},
		{"whole calls at one index without ids", []string{call(`"index":0,"function":{"name":"f","arguments":"{}"}`), call(`"index":0,"function":{"name":"f","arguments":"{}"}`)}, []string{`called 0 "" f`, "args 0 {}", `called 1 "" f`, "args 1 {}"}},
		{"a name in each fragment, without ids", []string{call(`"index":0,"function":{"name":"f","arguments":"{"}`), call(`"index":0,"function":{"name":"f","arguments":"}"}`)}, []string{`called 0 "" f`, "args 0 {", "args 0 }"}},
		{"no index, by id", []string{call(`"id":"a","function":{"name":"f"}`), call(`"id":"b","function":{"name":"g"}`), call(`"id":"a","function":{"arguments":"1"}`)}, []string{`called 0 "a" f`, `called 1 "b" g`, "args 0 1"}},
		{"no index, by order", []string{call(`"id":"a","function":{"name":"f"}`), call(`"function":{"arguments":"1"}`), call(`"function":{"name":"g"}`), call(`"function":{"arguments":"2"}`)}, []string{`called 0 "a" f`, "args 0 1", `called 1 "" g`, "args 1 2"}},
		{"two in one chunk", []string{`"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}},{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]`}, []string{`called 0 "a" f`, "args 0 {}", `called 1 "b" g`, "args 1 {}"}},
		{"arguments as an object", []string{call(`"index":0,"id":"a","function":{"name":"f","arguments":{"x": "y\n"}}`)}, []string{`called 0 "a" f`, `args 0 {\"x\": \"y\\n\"}`}},
		{"an id before the name", []string{call(`"index":0,"id":"a","type":"function"`), call(`"index":0,"function":{"name":"f","arguments":"{}"}`)}, []string{`called 0 "a" f`, "args 0 {}"}},
		{"an id after its index", []string{call(`"index":0,"function":{}`), call(`"index":0,"id":"a","function":{"name":"f"}`)}, []string{`called 0 "a" f`}},
		{"arguments without a name", []string{call(`"index":0,"function":{"arguments":"{}"}`)}, []string{`called 0 "" `, "args 0 {}"}},
		{"a call in the old form", []string{`"function_call":{"name":"f","arguments":""}`, `"function_call":{"arguments":"{}"}`}, []string{`called 0 "" f`, "args 0 {}"}},
		{"what is none", []string{`"tool_calls":[7,null,{},{"index":0},{"function":null}]`, `"tool_calls":{}`, `"function_call":null`}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := openAIDeltas(t, openAIEvents(append(c.deltas, chunkOf("", `"tool_calls"`), "[DONE]")...), 1<<20)
			want := "begin x m\n" + strings.Join(append(c.want, "stops 3", "end"), "\n") + "\n"
			if got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestAWholeAnswerIsReadLikeAStream(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       []string
	}{
		{
			"everything", `{"id":"x","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"c","reasoning_content":"r","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"a","function":{"name":"f","arguments":{"x":1}}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":9,"completion_tokens":2}}`,
			[]string{"thinks r", "says c", `called 0 "a" f`, "args 0 {}", `called 1 "a" f`, `args 1 {\"x\":1}`, "uses 9 0 2 0", "stops 3", "end"},
		},
		{"no finish reason", `{"id":"x","model":"m","choices":[{"message":{"content":"c"}}]}`, []string{"says c", "stops 1", "end"}},
		{"no finish reason after a call", `{"id":"x","model":"m","choices":[{"message":{"content":null,"tool_calls":[{"function":{"name":"f"}}]},"finish_reason":null}]}`, []string{`called 0 "" f`, "stops 3", "end"}},
		{"a refusal", `{"id":"x","model":"m","choices":[{"message":{"content":null,"refusal":"no"},"finish_reason":"stop"}]}`, []string{"says no", "stops 5", "end"}},
		{"the other choice first", `{"id":"x","model":"m","choices":[{"index":1,"message":{"content":"b"}},{"index":0,"message":{"content":"a"}}]}`, []string{"says a", "stops 1", "end"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := []string{}
			err := newOpenAIAnswers().whole([]byte(c.body), func(d *chat.Delta) { got = append(got, deltaWords(d)) })
			if want := append([]string{"begin x m"}, c.want...); err != nil || strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("got  %q %v\nwant %q", got, err, want)
			}
		})
	}
}

func TestAWholeAnswerThatIsNoneIsAnError(t *testing.T) {
	for body, want := range map[string]string{
		`[]`:                                 "not one JSON object",
		`{"choices":[]}`:                     "no choices",
		`{"choices":{"a":1}}`:                "no choices",
		`{"choices":[{"index":1}]}`:          "first choice is missing",
		`{"choices":[{"index":0}]`:           "not one JSON object",
		`{"error":{"message":"m","code":1}}`: "m",
		`{"id":"x","choices":[{"message":{"content":"a"},"finish_reason":"network_error"}]}`: "broke the answer off",
	} {
		var said []string
		err := newOpenAIAnswers().whole([]byte(body), func(d *chat.Delta) { said = append(said, deltaWords(d)) })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", body, err)
		}
		if e := new(chat.Error); errors.As(err, &e) && (e.Status < 400 || said != nil) {
			t.Errorf("%s: got %+v after %q", body, e, said)
		}
	}
}

func TestAnOrdinaryChunkCostsNoAllocation(t *testing.T) {
	a := newOpenAIAnswers()
	n := 0
	count := func(*chat.Delta) { n++ }
	for _, delta := range []string{`"content":"some \"text\""`, `"role":"assistant","reasoning_content":"a thought"`, `"tool_calls":[{"index":0,"function":{"arguments":"{\"a"}}]`} {
		ev := Event{Data: []byte(chunkOf(delta, "null"))}
		a.event(ev, count)
		before := n
		if allocs := testing.AllocsPerRun(50, func() { a.event(ev, count) }); allocs != 0 {
			t.Errorf("%v allocations for %s", allocs, delta)
		}
		if n == before {
			t.Errorf("%s says nothing", delta)
		}
	}
}

func FuzzAnswersOfOpenAIBearAnyBytes(f *testing.F) {
	for _, stream := range fixtures(f, "reply.openai.sse") {
		f.Add(stream, 7)
	}
	f.Add([]byte(openAIEvents(`"content":[{"thinking":[{"text":"a"}]}]`, `"tool_calls":[{"index":0,"function":{"arguments":{}}}]`, `"function_call":{"name":"f"}`)), 3)
	f.Add([]byte("event: error\ndata: x\n\n"), 1)
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		want := openAIDeltas(t, string(stream), len(stream)+1)
		if got := openAIDeltas(t, string(stream), max(1, size&0xff)); got != want {
			t.Fatalf("read by %d: %q\nat once: %q", size&0xff, got, want)
		}
		var g gathering
		_ = newOpenAIAnswers().whole(stream, func(d *chat.Delta) { g.delta(d) })
	})
}

func BenchmarkOpenAIAnswers(b *testing.B) {
	for name, delta := range map[string]string{
		"text": `"content":" a piece of the answer, as it comes"`, "thinking": `"role":"assistant","reasoning_content":" a piece of the thoughts"`,
		"arguments": `"tool_calls":[{"index":0,"function":{"arguments":" \"a piece"}}]`,
	} {
		b.Run(name, func(b *testing.B) {
			ev := Event{Data: []byte(chunkOf(delta, "null"))}
			a, n := newOpenAIAnswers(), 0
			count := func(*chat.Delta) { n++ }
			b.ReportAllocs()
			for b.Loop() {
				a.event(ev, count)
			}
			if n < b.N {
				b.Fatal("lost something")
			}
		})
	}
}
