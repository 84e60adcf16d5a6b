package dialect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

func seedMessages(f *testing.F) {
	for _, stream := range fixtures(f, "reply.anthropic.sse") {
		f.Add(stream, 7)
	}
	for _, stream := range []string{
		messages(startOfMessage, toolBegins("", "a", `{"x":1}`), toolBegins("", "a", `{}`), toolGoesOn("", `{`), blockEnds, turnEnds, endOfMessage),
		messages(`{"type":"message_start","message":{}}`, `{"type":"message_delta"}`) + "event: message_delta\ndata: {}\n\nevent: error\ndata:\n\n",
		"\r\n\r\n: x\r\n\r\ndata: {\"type\":\"ping\",\ndata: \"a\":1}\n\ndata: {\"error\":{}}\n\ndata: [DONE]",
		messages(`{"type":"message_start","message":{"usage":{},"model":"\u0000","model":1}}`, `{"type":"content_block_start","content_block":{"type":"thinking","signature":"\ud83d"}}`),
	} {
		f.Add([]byte(stream), 3)
	}
}

func FuzzMessagesDoNotDependOnHowTheyAreRead(f *testing.F) {
	seedMessages(f)
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		size = max(1, size&0xff)
		whole, parts := newAnthropicPass(askedWith(Anthropic)).(*anthropicPass), newAnthropicPass(askedWith(Anthropic)).(*anthropicPass)
		want := passed(whole, string(stream), len(stream)+1)
		if got := passed(parts, string(stream), size); got != want {
			t.Fatalf("read by %d: %q\nat once: %q", size, got, want)
		}
		if whole.Usage() != parts.Usage() || whole.Model() != parts.Model() || whole.Events() != parts.Events() || whole.Dropped() != parts.Dropped() ||
			whole.Finished() != parts.Finished() || (whole.Fault() != nil) != (parts.Fault() != nil) {
			t.Fatalf("read by %d: %+v\nat once: %+v", size, parts, whole)
		}
		if err := inOrder(want); err != nil && whole.Fault() == nil && whole.Finished() {
			t.Fatalf("%v: %q became %q", err, stream, want)
		}
		again := newAnthropicPass(askedWith(Anthropic))
		passed(again, want, 1<<20)
		if again.Dropped() != 0 || whole.Finished() && whole.Fault() == nil && !again.Finished() {
			t.Fatalf("%q became %q", stream, want)
		}
		if end := want[strings.LastIndex(strings.TrimSuffix(want, "\n\n"), "\n\n")+1:]; !strings.Contains(end, "error") && !whole.Finished() {
			t.Fatalf("%q ends as if it were whole", want)
		}
	})
}

func FuzzMessagesAreReadIntoDeltasInOrder(f *testing.F) {
	seedMessages(f)
	f.Fuzz(func(t *testing.T, stream []byte, _ int) {
		_, steps, _, _ := understood(stream)
		if at := slices.Index(steps, chat.Begin); at > 0 && steps[0] != chat.Fails || slices.Index(steps[min(1, len(steps)):], chat.Begin) >= 0 && steps[0] == chat.Begin {
			t.Fatalf("%q gave %v", stream, steps)
		}
		pair := adapter{answers: newAnthropicAnswers, stream: newAnthropicStream, broken: anthropicErrorEvent}
		out := passed(newTranslation(&pair, &pair, askedWith(Anthropic)), string(stream), len(stream)+1)
		if err := strictly([]byte(out), "claude-sonnet-5"); err != nil {
			t.Fatalf("%v: %q became %q", err, stream, out)
		}
		for {
			ev, n, ok := NextEvent(stream)
			if g := Look(Anthropic, ev); g.Done && (g.Content || g.Failure) {
				t.Errorf("%+v", g)
			}
			if !ok {
				return
			}
			stream = stream[n:]
		}
	})
}

func FuzzAWholeMessageStaysValid(f *testing.F) {
	f.Add([]byte(`{"type":"message","model":"m","content":[{"type":"tool_use","id":"a","input":{"x":1}},{"type":"tool_use"},{"type":"thinking","signature":"s"},{"type":"redacted_thinking","data":"x"},7,{}],"usage":{"input_tokens":1},"stop_reason":"end_turn"}`))
	f.Add([]byte(`{"content":[],"model":1,"model":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c := ReadCompletion(Anthropic, body)
		if c.Valid != json.Valid(body) {
			t.Fatalf("valid %v, encoding/json says %v", c.Valid, json.Valid(body))
		}
		if !c.Valid {
			return
		}
		before := bytes.Clone(body)
		if out := anthropicPassWhole(askedWith(Anthropic), body); !json.Valid(out) || !bytes.Equal(body, before) {
			t.Fatalf("%q became %q", body, out)
		}
		a, err := collect(&anthropic, Ask{}, body)
		if err != nil {
			return
		}
		if out := anthropicWhole(askedWith(Anthropic), a); !json.Valid(out) || !ReadCompletion(Anthropic, out).Sound {
			t.Fatalf("%q became %q", body, out)
		}
		if out, err := WholeAsStream(Anthropic, askedWith(Anthropic), body); err != nil || strictly(out, "claude-sonnet-5") != nil {
			t.Fatalf("%q became %q: %v, %v", body, out, err, strictly(out, "claude-sonnet-5"))
		}
	})
}

// FuzzWhateverIsToldBecomesAStrictStream tells deltas in any order at all.
func FuzzWhateverIsToldBecomesAStrictStream(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03\x05\x06{\x05\x06}\x07\x0a"), "text")
	f.Add([]byte("\x05\x00\x05\x01\x06\x10\x06\x11\x01\x02\x04\x09\x0a\x0a"), `{"a":"\\\"}`)
	f.Fuzz(func(t *testing.T, program []byte, text string) {
		w := newAnthropicStream(askedWith(Anthropic, "id1"))
		var out []byte
		for i, op := range program {
			at := 0
			if len(text) > 0 {
				at = (i * 7) % len(text)
			}
			d := spoken(chat.Step(op%11), text[at:min(len(text), at+int(op>>4))])
			d.Call, d.Name, d.Stop, d.Match = int(op>>4&3), text, chat.Finish(op>>4&7), text[:at]
			d.ID = []string{"", "id1", "id2", fmt.Sprint("own", i)}[op>>5&3]
			d.Used = chat.Usage{Prompt: int(op) - 64, Cached: i, Completion: int(op >> 3)}
			d.Err = &chat.Error{Status: int(op), Message: "m" + text}
			out = w.delta(out, &d)
		}
		if end := ends(); len(out) == 0 || !bytes.HasPrefix(out[bytes.LastIndex(bytes.TrimSuffix(out, []byte("\n\n")), []byte("event: ")):], []byte("event: error")) {
			out = w.delta(out, &end)
		}
		if err := strictly(out, "claude-sonnet-5"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	})
}

// What is written and read again is the same answer, however the calls'
// arguments interleave.
func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 800 {
		deltas := randomAnswer(random)
		var want gathering
		for i := range deltas {
			want.delta(&deltas[i])
		}
		stream := sent(t, askedWith(Anthropic), deltas...)
		got, _, failure, broken := understood([]byte(stream))
		for i := range got.Parts {
			if p := &got.Parts[i]; p.Kind == chat.Thought || p.Kind == chat.Redacted {
				provider, own, ok := Unsign(p.Signature)
				if p.Signature = own; provider != "zai" || !ok {
					t.Errorf("round %d: a signature of %q", round, provider)
				}
			}
		}
		for i := range want.Parts {
			if p := &want.Parts[i]; p.Kind == chat.Call && p.Args == "" {
				p.Args = "{}"
				want.Stop = chat.ToolUse
			} else if p.Kind == chat.Call {
				want.Stop = chat.ToolUse
			}
		}
		want.ID, want.Model = "msg_0123456789abcdef", "claude-sonnet-5"
		if failure != nil || broken > 0 || !reflect.DeepEqual(got, &want.Answer) {
			t.Fatalf("round %d:\ngot  %+v\nwant %+v\n%s", round, got, want.Answer, outline(stream))
		}
	}
}

// randomAnswer gives the deltas of an answer of up to six parts, calls of which
// may be told at the same time.
func randomAnswer(random *rand.Rand) []chat.Delta {
	deltas := []chat.Delta{begins()}
	pieces := func(kind chat.Step, call int, text string) (out []chat.Delta) {
		for len(text) > 0 {
			n := 1 + random.IntN(len(text))
			for n < len(text) && text[n]&0xc0 == 0x80 {
				n++
			}
			d := spoken(kind, text[:n])
			d.Call = call
			out, text = append(out, d), text[n:]
		}
		return out
	}
	var open [][]chat.Delta // arguments that are still to be told
	tell := func(most int) {
		for range most {
			if len(open) == 0 {
				return
			}
			i := random.IntN(len(open))
			deltas = append(deltas, open[i][0])
			if open[i] = open[i][1:]; len(open[i]) == 0 {
				open = slices.Delete(open, i, i+1)
			}
		}
	}
	last := -1
	for part := range random.IntN(7) {
		tell(random.IntN(4))
		kind := random.IntN(4)
		if kind == last && kind != 2 {
			continue // two of a kind are one
		}
		switch last = kind; kind {
		case 0:
			deltas = append(deltas, pieces(chat.Says, 0, "a text \"with\" \\ é 😀\n")...)
		case 1:
			deltas = append(deltas, pieces(chat.Thinks, 0, "a thought")...)
			if random.IntN(2) == 0 {
				deltas = append(deltas, pieces(chat.Signed, 0, "c2ln+/=")...)
			}
		case 2:
			deltas = append(deltas, calls(part, fmt.Sprint("call_", part)))
			given := []string{"", "{}", ` {"a":{"b":["}","\"]}\\"]},"é":1.0} `, `{"x":"` + strings.Repeat("y{", 9) + `"}`}[random.IntN(4)]
			given = strings.TrimRight(given, " ")
			if told := pieces(chat.Args, part, given); len(told) > 0 {
				open = append(open, told)
			}
		case 3:
			deltas = append(deltas, spoken(chat.Sealed, "AAAA"))
		}
	}
	tell(1 << 20)
	return append(deltas,
		chat.Delta{Kind: chat.Stops, Stop: chat.MaxOutput},
		chat.Delta{Kind: chat.Uses, Used: chat.Usage{Prompt: 9, Cached: 3, CacheWrite: 2, Completion: 4}}, ends())
}
