package dialect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

func openAIWritten(ask Ask, deltas ...chat.Delta) string {
	w := newOpenAIStream(ask)
	var out []byte
	for i := range deltas {
		out = w.delta(out, &deltas[i])
	}
	return string(out)
}

func TestAStreamIsWrittenForOpenAIsClients(t *testing.T) {
	const top = `data: {"id":"chatcmpl-00ff","object":"chat.completion.chunk","created":1795220479,"model":"glm-5.3-air","choices":[`
	event := func(delta string) string {
		return top + `{"index":0,"delta":{` + delta + `},"finish_reason":null}]}` + "\n\n"
	}
	end := func(reason string) string {
		return top + `{"index":0,"delta":{},"finish_reason":"` + reason + `"}]}` + "\n\n"
	}
	const role, done = `"role":"assistant","content":""`, "data: [DONE]\n\n"
	const usage = `{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}`
	begin := chat.Delta{Kind: chat.Begin, ID: "msg_1", Name: "glm-5.3-air"}
	says := func(raw string) chat.Delta { return chat.Delta{Kind: chat.Says, Raw: []byte(raw)} }
	called := func(n int, id string) chat.Delta {
		return chat.Delta{Kind: chat.Called, Call: n, ID: id, Name: "f"}
	}
	args := func(n int, raw string) chat.Delta {
		return chat.Delta{Kind: chat.Args, Call: n, Raw: []byte(raw)}
	}
	stops := func(why chat.Finish) chat.Delta { return chat.Delta{Kind: chat.Stops, Stop: why} }
	call := func(i int, id string) string {
		return fmt.Sprintf(`"tool_calls":[{"index":%d,"id":"%s","type":"function","function":{"name":"f","arguments":""}}]`, i, id)
	}
	piece := func(i int, raw string) string {
		return fmt.Sprintf(`"tool_calls":[{"index":%d,"function":{"arguments":"%s"}}]`, i, raw)
	}
	ended := chat.Delta{Kind: chat.End}
	for _, c := range []struct {
		name, asked string // "" is a request without anything
		in          []chat.Delta
		want        string
	}{
		{"text", "", []chat.Delta{begin, says(`a\n`), says(""), stops(chat.EndTurn), ended}, event(role) + event(`"content":"a\n"`) + end("stop") + done},
		{"thinking, without its signature", "", []chat.Delta{begin, {Kind: chat.Thinks, Raw: []byte("r")}, {Kind: chat.Signed, Raw: []byte("s")}, {Kind: chat.Sealed, Raw: []byte("t")}, stops(chat.EndTurn), ended}, event(role) + event(`"reasoning_content":"r"`) + end("stop") + done},
		{"calls that interleave", "", []chat.Delta{begin, called(1, "a"), called(4, "b"), args(4, `{\"x\"`), args(1, `{}`), args(4, `:1}`), stops(chat.EndTurn), ended}, event(role) + event(call(0, "a")) + event(call(1, "b")) + event(piece(1, `{\"x\"`)) + event(piece(0, `{}`)) + event(piece(1, `:1}`)) + end("tool_calls") + done},
		{"a call without arguments", "", []chat.Delta{begin, called(0, "a"), args(0, ""), stops(chat.ToolUse), ended}, event(role) + event(call(0, "a")) + event(piece(0, "{}")) + end("tool_calls") + done},
		{"a call without an id", "", []chat.Delta{begin, called(0, ""), args(0, "{}"), stops(chat.ToolUse), ended}, event(role) + event(call(0, "call_00ff_0")) + event(piece(0, "{}")) + end("tool_calls") + done},
		{"arguments of no call", "", []chat.Delta{begin, args(0, "{}"), stops(chat.ToolUse), ended}, event(role) + end("stop") + done},
		{"length", "", []chat.Delta{begin, stops(chat.MaxOutput), ended}, event(role) + end("length") + done},
		{"a full context", "", []chat.Delta{begin, stops(chat.ContextWindow), ended}, event(role) + end("length") + done},
		{"a refusal", "", []chat.Delta{begin, stops(chat.Refusal), ended}, event(role) + end("content_filter") + done},
		{"a stop sequence", "", []chat.Delta{begin, stops(chat.StopSequence), ended}, event(role) + end("stop") + done},
		{"usage that was asked for", `"stream_options":{"include_usage":true},`, []chat.Delta{begin, stops(chat.EndTurn), {Kind: chat.Uses, Used: chat.Usage{Prompt: 9, Cached: 4, Completion: 5, Reasoning: 2}}, ended}, event(role) + end("stop") + top + `],"usage":` + usage + "}\n\n" + done},
		{"usage that was not", "", []chat.Delta{begin, {Kind: chat.Uses, Used: chat.Usage{Prompt: 9}}, stops(chat.EndTurn), ended}, event(role) + end("stop") + done},
		{"usage that nobody knows", `"stream_options":{"include_usage":true},`, []chat.Delta{begin, stops(chat.EndTurn), ended}, event(role) + end("stop") + done},
		{"a failure ends it", "", []chat.Delta{begin, says("a"), {Kind: chat.Fails, Err: streamCut()}, says("b"), ended}, event(role) + event(`"content":"a"`) + cutEvent},
		{"no model is named", "", []chat.Delta{{Kind: chat.Begin}, stops(chat.EndTurn), ended}, strings.ReplaceAll(event(role)+end("stop"), "glm-5.3-air", "glm-5.3") + done},
		{
			"a tool of plain text", `"tools":[{"type":"custom","custom":{"name":"f"}}],`,
			[]chat.Delta{begin, called(0, "a"), args(0, `{\"input\":\"`), args(0, `x\\n\"}`), stops(chat.ToolUse), ended},
			event(role) + event(`"tool_calls":[{"index":0,"id":"a","type":"custom","custom":{"name":"f","input":"x\n"}}]`) + end("tool_calls") + done,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			ask := openAIAsk(t, `{`+c.asked+`"messages":[]}`)
			got := openAIWritten(ask, c.in...)
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			var s chatStream
			if readBy(&s, got, 1<<20) != got || s.Dropped() != 0 {
				t.Error("our own stream does not pass")
			}
		})
	}
}

func TestACallWhoseIDIsTakenGetsAnother(t *testing.T) {
	ask := openAIAsk(t, turns(user, callA, gotA))
	out := openAIWritten(ask, chat.Delta{Kind: chat.Begin}, chat.Delta{Kind: chat.Called, ID: "a", Name: "f"}, chat.Delta{Kind: chat.End})
	ids := map[string]bool{"a": true, "": true}
	for _, line := range strings.Split(out, "\n\n") {
		if id := gjson.Get(strings.TrimPrefix(line, "data: "), "choices.0.delta.tool_calls.0.id"); id.Exists() {
			if ids[id.Str] || !strings.HasPrefix(id.Str, "a_") {
				t.Errorf("got %q", id.Str)
			}
			return
		}
	}
	t.Errorf("no call in %s", out)
}

func TestAWholeAnswerIsWrittenForOpenAIsClients(t *testing.T) {
	const top = `{"id":"chatcmpl-00ff","object":"chat.completion","created":1795220479,"model":"m","choices":[{"index":0,"message":{"role":"assistant",`
	const usage = `,"usage":{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}`
	call := chat.Part{Kind: chat.Call, ID: "a", Name: "f", Args: `{"x": 1.0}`}
	for _, c := range []struct {
		name, asked, want string
		parts             []chat.Part
		stop              chat.Finish
	}{
		{"text", "", `"content":"a\nb"},"finish_reason":"stop"}]`, []chat.Part{textPart("a\n"), textPart("b")}, chat.EndTurn},
		{"nothing", "", `"content":""},"finish_reason":"length"}]`, nil, chat.MaxOutput},
		{
			"thinking and calls", "", `"content":"","reasoning_content":"r","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\": 1.0}"}},{"id":"call_00ff_1","type":"function","function":{"name":"g","arguments":"{}"}}]},"finish_reason":"tool_calls"}]`,
			[]chat.Part{{Kind: chat.Thought, Text: "r", Signature: "s"}, {Kind: chat.Redacted, Signature: "t"}, call, {Kind: chat.Call, Name: "g"}},
			chat.EndTurn,
		},
		{
			"a tool of plain text", `"tools":[{"type":"custom","custom":{"name":"f"}}],`, `"content":"","tool_calls":[{"id":"a","type":"custom","custom":{"name":"f","input":"x"}}]},"finish_reason":"tool_calls"}]`,
			[]chat.Part{{Kind: chat.Call, ID: "a", Name: "f", Args: `{"input":"x"}`}},
			chat.ToolUse,
		},
		{
			"one that the model called otherwise", `"tools":[{"type":"custom","custom":{"name":"f"}}],`, `"content":"","tool_calls":[{"id":"a","type":"custom","custom":{"name":"f","input":"{\"x\": 1.0}"}}]},"finish_reason":"tool_calls"}]`,
			[]chat.Part{call},
			chat.ToolUse,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &chat.Answer{ID: "msg_1", Model: "m", Parts: c.parts, Stop: c.stop, Used: chat.Usage{Prompt: 9, Completion: 5}}
			if got := string(openAIWhole(openAIAsk(t, `{`+c.asked+`"messages":[]}`), a)); got != top+c.want+usage {
				t.Errorf("got  %s\nwant %s", got, top+c.want+usage)
			}
		})
	}
}

// openAIAnswer makes up an answer as OpenAI's dialect can tell it.
func openAIAnswer(r *rand.Rand) chat.Answer {
	a := chat.Answer{ID: "chatcmpl-00ff", Model: "m" + someText(r)}
	if r.IntN(2) == 0 {
		a.Parts = append(a.Parts, chat.Part{Kind: chat.Thought, Text: "t" + someText(r)})
	}
	if r.IntN(3) > 0 {
		a.Parts = append(a.Parts, textPart("t"+someText(r)))
	}
	for i := range max(0, r.IntN(6)-2) {
		args, _ := json.Marshal(map[string]any{"a" + someText(r): someText(r), "b": r.Float64()})
		a.Parts = append(a.Parts, chat.Part{Kind: chat.Call, ID: fmt.Sprint("id", i, someText(r)), Name: "f" + someText(r), Args: string(args)})
	}
	a.Stop = []chat.Finish{chat.EndTurn, chat.MaxOutput, chat.Refusal}[r.IntN(3)]
	if n := len(a.Parts); n > 0 && a.Parts[n-1].Kind == chat.Call {
		a.Stop = chat.ToolUse
	}
	p, c := 1+r.IntN(1000), r.IntN(1000)
	a.Used = chat.Usage{Prompt: p, Cached: r.IntN(p + 1), Completion: c, Reasoning: r.IntN(c + 1)}
	return a
}

func someText(r *rand.Rand) string {
	pieces := []string{"a", " ", "\n", `"`, `\`, "é", "額", "\U0001f600", "\u2028", "</x>", "\x01", "{}", "data: ", "\r"}
	var out strings.Builder
	for range r.IntN(12) {
		out.WriteString(pieces[r.IntN(len(pieces))])
	}
	return out.String()
}

// openAIDeltasOf gives the deltas that an answer might have come in.
func openAIDeltasOf(r *rand.Rand, a *chat.Answer) []chat.Delta {
	all := []chat.Delta{{Kind: chat.Begin, ID: a.ID, Name: a.Model}}
	pieces := func(d chat.Delta, text string) {
		for text != "" {
			n := 1 + r.IntN(len(text))
			for n < len(text) && text[n]&0xc0 == 0x80 { // a piece ends with a character
				n++
			}
			raw := quote(text[:n])
			text = text[n:]
			d.Raw = []byte(raw[1 : len(raw)-1])
			all = append(all, d)
		}
	}
	for i, p := range a.Parts {
		switch p.Kind {
		case chat.Text:
			pieces(chat.Delta{Kind: chat.Says}, p.Text)
		case chat.Thought:
			pieces(chat.Delta{Kind: chat.Thinks}, p.Text)
		case chat.Call:
			all = append(all, chat.Delta{Kind: chat.Called, Call: 3 * i, ID: p.ID, Name: p.Name})
			pieces(chat.Delta{Kind: chat.Args, Call: 3 * i}, p.Args)
		}
	}
	return append(all, chat.Delta{Kind: chat.Stops, Stop: a.Stop}, chat.Delta{Kind: chat.Uses, Used: a.Used}, chat.Delta{Kind: chat.End})
}

func TestWhatIsWrittenForOpenAIIsReadAsTheSame(t *testing.T) {
	ask := openAIAsk(t, `{"messages":[],"stream_options":{"include_usage":true}}`)
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		want := openAIAnswer(r)
		stream := openAIWritten(ask, openAIDeltasOf(r, &want)...)
		var streamed gathering
		reader := newOpenAIAnswers()
		for rest := []byte(stream); len(rest) > 0; {
			ev, n, ok := NextEvent(rest)
			if !ok || !reader.event(ev, streamed.delta) {
				t.Fatalf("%d: cannot be read: %q", seed, rest)
			}
			rest = rest[n:]
		}
		if !reflect.DeepEqual(streamed.Answer, want) {
			t.Fatalf("%d: streamed\ngot  %+v\nwant %+v\n%s", seed, streamed.Answer, want, stream)
		}
		body := openAIWhole(ask, &want)
		whole, err := collect(&openAI, ask, body)
		if err != nil || !reflect.DeepEqual(*whole, want) {
			t.Fatalf("%d: whole\ngot  %+v %v\nwant %+v\n%s", seed, whole, err, want, body)
		}
	}
}

func TestAWrittenChunkCostsNoAllocation(t *testing.T) {
	w := newOpenAIStream(openAIAsk(t, `{"messages":[]}`))
	out := w.delta(nil, &chat.Delta{Kind: chat.Called, Name: "f"})
	out = append(out, make([]byte, 4096)...)
	for _, d := range []chat.Delta{{Kind: chat.Says, Raw: []byte("a")}, {Kind: chat.Thinks, Raw: []byte("a")}, {Kind: chat.Args, Raw: []byte("a")}} {
		if n := testing.AllocsPerRun(50, func() { w.delta(out[:0], &d) }); n != 0 {
			t.Errorf("%v allocations for %s", n, deltaWords(&d))
		}
	}
}

// What a provider of this very dialect streams comes out of the hub as a stream
// that means the same.
func FuzzWhatComesFromTheHubIsAStream(f *testing.F) {
	for _, stream := range fixtures(f, "reply.openai.sse") {
		f.Add(stream)
	}
	f.Add([]byte(openAIEvents(`"tool_calls":[{"index":0,"function":{"arguments":{}}}]`, chunkOf("", `"stop"`))))
	ask := openAIAsk(f, `{"messages":[],"stream_options":{"include_usage":true}}`)
	f.Fuzz(func(t *testing.T, stream []byte) {
		tr := newTranslation(&openAI, &openAI, ask)
		out := readBy(tr, string(stream), len(stream)+1)
		var s chatStream
		if again := readBy(&s, out, len(out)+1); again != out || s.Dropped() != 0 || s.Finished() != (tr.Finished() && tr.Fault() == nil) {
			t.Fatalf("%q became %q, read as %q", stream, out, again)
		}
		var g gathering
		if newOpenAIAnswers().whole(stream, g.delta) == nil {
			if body := openAIWhole(ask, &g.Answer); !json.Valid(body) || !ReadCompletion(OpenAI, body).Valid {
				t.Fatalf("%q became %q", stream, body)
			}
		}
	})
}

func BenchmarkOpenAIThroughTheHub(b *testing.B) {
	chunk := bytes.Repeat([]byte(benchEvent), 100)
	tr := newTranslation(&openAI, &openAI, openAIAsk(b, `{"messages":[]}`))
	b.SetBytes(int64(len(benchEvent)))
	b.ReportAllocs()
	for i := 0; i < b.N; i += 100 {
		if emit, rest := tr.Next(chunk); len(emit) == 0 || rest != 0 {
			b.Fatal("lost something")
		}
	}
}
