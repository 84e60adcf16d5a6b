package dialect

import (
	"encoding/json"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/tidwall/gjson"
)

func FuzzResponsesRequestsAreReadAndDecoded(f *testing.F) {
	seed(f)
	for _, body := range fixtures(f, "request.responses.json") {
		f.Add(body)
	}
	for _, text := range []string{
		respBody, `{"input":[{"role":"user","content":[{"type":"input_image","image_url":{"url":"data:"}}]}],"input":null}`,
		`{"input":[{"type":"function_call_output","output":[{"type":1}]},{"type":"reasoning","summary":{},"encrypted_content":"redacted:glmtray:v1:a:b"}]}`,
		`{"tools":[{"type":"namespace","tools":[{"type":"custom","format":[]}]},{"type":"function","name":"x"},{"type":"function","name":"x"}],"tool_choice":{"type":"custom"}}`,
		`{"input":[{"type":"item_reference"}],"previous_response_id":"x","text":{"format":{"type":"json_schema","schema":[]}}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := Read(Responses, body)
		if err != nil {
			if e := asError(err); (e.Code == "invalid_json") == object(body) {
				t.Fatalf("%v for %q", err, body)
			}
			return
		}
		if !object(body) {
			t.Fatalf("taken for an object: %q", body)
		}
		if x := r.Facts; x.TextBytes < 0 || x.TextBytes > len(body) || x.Images && x.Pictures == 0 {
			t.Errorf("%+v", x)
		}
		q, e := r.Hub()
		if e != nil {
			return
		}
		names := map[string]bool{}
		for _, tool := range q.Tools {
			if names[tool.Name] {
				t.Errorf("the name %q comes twice", tool.Name)
			}
			names[tool.Name] = true
		}
		for _, m := range q.Messages {
			if len(m.Parts) == 0 {
				t.Error("a message says nothing")
			}
		}
		Ask{Request: r}.answers(t)
	})
}

// answers writes an answer to the request: what it asks for must not break it.
func (a Ask) answers(t *testing.T) {
	t.Helper()
	tools := append([]chat.Tool{{Name: "x"}}, a.Request.hub.Tools...)
	for _, tool := range tools[:min(len(tools), 4)] {
		respCheck(t, respWrite(a, respBegin(respCalled(0, "", tool.Name), respArgs(0, "{}"))...))
	}
}

// FuzzResponsesStreamIsAlwaysWhole writes deltas in whatever order: two bytes of
// the script each, and the text for one.
func FuzzResponsesStreamIsAlwaysWhole(f *testing.F) {
	f.Add([]byte("\x00\x00\x01\x01\x02\x02\x05\x00\x06\x00\x05\x01\x06\x01\x06\x00\x07\x02\x0a\x00"), "text \"{}")
	f.Add([]byte("\x03\x00\x04\x00\x02\x00\x03\x00\x05\x03\x06\x03\x01\x00\x09\x00"), `{"input":"x"}`)
	f.Fuzz(func(t *testing.T, script []byte, text string) {
		names := []string{"exec_command", "apply_patch", "multi_agent_v1__note", text}
		raw := inner(text)
		var deltas []chat.Delta
		for i := 0; i+1 < len(script) && i < 200; i += 2 {
			n := int(script[i+1]) & 3
			d := chat.Delta{Kind: chat.Step(script[i] % 11), Call: n, Name: names[n], ID: text, Stop: chat.Finish(script[i+1] % 8)}
			if d.Kind == chat.Says || d.Kind == chat.Thinks || d.Kind == chat.Signed || d.Kind == chat.Sealed || d.Kind == chat.Args {
				d.Raw = raw
			}
			deltas = append(deltas, d)
		}
		deltas = append(deltas, chat.Delta{Kind: chat.End})
		last := respCheck(t, respWrite(respAsk(t, respBody), deltas...))
		if !gjson.Valid(last.Raw) || !json.Valid([]byte(last.Raw)) {
			t.Fatalf("%s", last.Raw)
		}
	})
}

func BenchmarkResponsesStreamEvent(b *testing.B) {
	for _, c := range []struct {
		name  string
		first []chat.Delta
		delta chat.Delta
	}{
		{"text", nil, respDelta(chat.Says, " a piece of the answer, as it comes")},
		{"thinking", nil, respDelta(chat.Thinks, " a piece of the answer, as it comes")},
		{"arguments", []chat.Delta{respCalled(0, "a", "exec_command")}, respArgs(0, `{"cmd":"echo `)},
		{"free text", []chat.Delta{respCalled(0, "a", "apply_patch")}, respArgs(0, `{"input":"*** `)},
	} {
		b.Run(c.name, func(b *testing.B) {
			ask := respAsk(b, respBody)
			b.ReportAllocs()
			var w answerWriter
			out := make([]byte, 0, 4096)
			for i := 0; b.Loop(); i++ {
				if i%1000 == 0 { // answers end some time
					w = newResponsesStream(ask)
					for j := range c.first {
						out = w.delta(out[:0], &c.first[j])
					}
				}
				out = w.delta(out[:0], &c.delta)
			}
		})
	}
}

func BenchmarkResponsesAnswer(b *testing.B) {
	ask := respAsk(b, respBody)
	deltas := respBegin()[:1]
	for range 20 {
		deltas = append(deltas, respDelta(chat.Thinks, " a piece of the answer"))
	}
	for range 150 {
		deltas = append(deltas, respDelta(chat.Says, " a piece of the answer"))
	}
	deltas = append(deltas, respCalled(0, "a", "exec_command"))
	for range 30 {
		deltas = append(deltas, respArgs(0, ` "a piece",`))
	}
	deltas = append(deltas, respUsed, respStops(chat.ToolUse), chat.Delta{Kind: chat.End})
	out := make([]byte, 0, 128<<10)
	b.ReportAllocs()
	for b.Loop() {
		w := newResponsesStream(ask)
		for i := range deltas {
			out = w.delta(out[:0], &deltas[i])
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(deltas)), "ns/event")
}

func BenchmarkResponsesRequest(b *testing.B) {
	body := fixture(b, "codex-second-turn", "request.responses.json")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := Read(Responses, body)
		if err != nil {
			b.Fatal(err)
		}
		if _, e := r.Hub(); e != nil {
			b.Fatal(e)
		}
	}
}
