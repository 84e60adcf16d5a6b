package dialect

import (
	"slices"
	"strings"
	"testing"
)

const (
	user  = `{"role":"user","content":"hi"}`
	callA = `{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]}`
	callB = `{"role":"assistant","tool_calls":[{"id":"b"}]}`
	both  = `{"tool_calls":[{"id":"a"},{"id":"b"}],"role":"assistant"}`
	gotA  = `{"role": "tool", "tool_call_id": "a", "content": "A"}`
	gotB  = `{"role":"tool","tool_call_id":"b","content":"B"}`
	noA   = `{"role":"tool","tool_call_id":"a","content":"failed"}`
	noB   = `{"role":"tool","tool_call_id":"b","content":"failed"}`
	textB = `{"role":"user","content":"Tool result without a call: B"}`
	textA = `{"role":"user","content":"Tool result without a call: A"}`
)

func TestRepairPutsEachResultAfterItsCall(t *testing.T) {
	const (
		added = "added a failed result for a tool call without one"
		moved = "moved a tool result to its call"
		loose = "turned a tool result without a call into text"
	)
	for _, c := range []struct {
		name     string
		in, want []string // nil: untouched
		notes    []string
	}{
		{"nothing wrong", []string{user, callA, gotA, user, both, gotA, gotB}, nil, nil},
		{"results in another order are not wrong", []string{both, gotB, gotA}, nil, nil},
		{"a call at the end", []string{callA}, []string{callA, noA}, []string{added}},
		{"a call that was not answered", []string{callA, user}, []string{callA, noA, user}, []string{added}},
		{"one of two not answered", []string{both, gotB, user}, []string{both, gotB, noA, user}, []string{added}},
		{"two calls in a row, each its own", []string{callA, callB, gotA, gotB}, []string{callA, gotA, callB, gotB}, []string{moved}},
		{"two calls in a row, none answered", []string{callA, callB}, []string{callA, noA, callB, noB}, []string{added + " ×2"}},
		{"a result that came late", []string{callA, user, gotA}, []string{callA, gotA, user}, []string{moved}},
		{"a result without a call", []string{user, gotB}, []string{user, textB}, []string{loose}},
		{"a result at the very start", []string{gotB, user}, []string{textB, user}, []string{loose}},
		{"a result before its call", []string{gotA, callA}, []string{textA, callA, noA}, []string{added, loose}},
		{"a stranger between the results", []string{both, gotA, `{"role":"tool","tool_call_id":"z","content":"B"}`, gotB}, []string{both, gotA, gotB, textB}, []string{moved, loose}},
		{"a second result for one call", []string{callA, gotA, gotA}, []string{callA, gotA, textA}, []string{loose}},
		{"ids that are used again", []string{callA, gotA, user, callA, gotA}, nil, nil},
		{"ids that are used again, the second not answered", []string{callA, gotA, user, callA}, []string{callA, gotA, user, callA, noA}, []string{added}},
		{"one id for two calls of a message", []string{`{"role":"assistant","tool_calls":[{"id":"a"},{"id":"a"}]}`, gotA, gotA}, nil, nil},
		{"tool_calls of null", []string{`{"role":"assistant","content":"x","tool_calls":null}`, user}, nil, nil},
		{"tool_calls of nothing", []string{`{"role":"assistant","content":"x","tool_calls":[]}`, user}, nil, nil},
		{"calls and results without ids", []string{`{"role":"assistant","tool_calls":[{"id":null}]}`, `{"role":"tool","content":"x"}`}, nil, nil},
		{"a call without an id cannot be answered", []string{`{"role":"assistant","tool_calls":[{},7,null]}`, user}, nil, nil},
		{"a user's tool_calls are no calls", []string{`{"role":"user","tool_calls":[{"id":"a"}]}`}, nil, nil},
		{"what is no message is left alone", []string{`7`, `null`, callA, gotA, `"tool"`}, nil, nil},
		{
			"a loose result of parts",
			[]string{`{"role":"tool","content":[ {"type":"text","text":"x"} ]}`},
			[]string{`{"role":"user","content":[{"type":"text","text":"Tool result without a call: "},{"type":"text","text":"x"}]}`},
			[]string{loose},
		},
		{
			"a loose result of nothing",
			[]string{`{"role":"tool","content":null}`, `{"role":"tool","content":[]}`},
			[]string{`{"role":"user","content":"Tool result without a call: (empty)"}`, `{"role":"user","content":[{"type":"text","text":"Tool result without a call: "}]}`},
			[]string{loose + " ×2"},
		},
		{
			"a loose result of the wrong kind",
			[]string{`{"role":"tool","content":{"a":"b"}}`},
			[]string{`{"role":"user","content":"Tool result without a call: {\"a\":\"b\"}"}`},
			[]string{loose},
		},
		{
			"an id that is no UTF-8",
			[]string{"{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"\xff\"}]}"},
			[]string{"{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"\xff\"}]}", "{\"role\":\"tool\",\"tool_call_id\":\"\xff\",\"content\":\"failed\"}"},
			[]string{added},
		},
		{
			"an id with escapes",
			[]string{`{"role":"assistant","tool_calls":[{"id":"\u0061\""}]}`, user},
			[]string{`{"role":"assistant","tool_calls":[{"id":"\u0061\""}]}`, `{"role":"tool","tool_call_id":"\u0061\"","content":"failed"}`, user},
			[]string{added},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := `{ "model":"m", "messages" : [` + strings.Join(c.in, " , ") + `], "n":1.0 }`
			want := in
			if c.want != nil {
				want = `{ "model":"m", "messages" : [` + strings.Join(c.want, ",") + `], "n":1.0 }`
			}
			body := []byte(in)
			out, notes := repair(body)
			if string(out) != want || !slices.Equal(notes, c.notes) {
				t.Errorf("got  %s %q\nwant %s %q", out, notes, want, c.notes)
			}
			if (&out[0] == &body[0]) != (c.want == nil) || string(body) != in {
				t.Error("an untouched body was copied, or a repaired one changed in place")
			}
			if again, _ := repair(out); &again[0] != &out[0] {
				t.Errorf("repaired twice: %s", again)
			}
		})
	}
}

func TestRepairLeavesClientsRequestsAlone(t *testing.T) {
	for name, body := range fixtures(t, "request.openai.json") {
		if out, notes := repair(body); &out[0] != &body[0] {
			t.Errorf("%s: %q", name, notes)
		}
	}
}

func TestRepairLeavesAloneWhatIsNoConversation(t *testing.T) {
	for _, in := range []string{`{"tool"`, `[{"role":"tool"}]`, `{"messages":null,"tool":1}`, `{"messages":{"role":"tool"}}`} {
		if out, notes := repair([]byte(in)); string(out) != in || notes != nil {
			t.Errorf("%s became %s", in, out)
		}
	}
}

func TestRepairIsWhatForStartsFrom(t *testing.T) {
	in := `{"model":"a","thinking":1,"messages":[` + user + "," + callA + `,{"role":"developer","content":"x"}],"stream":true}`
	r, err := Read(OpenAI, []byte(in))
	if err != nil {
		t.Fatal(err)
	}
	facts := r.Facts
	if notes := r.Repair(); len(notes) != 1 || r.Facts != facts {
		t.Errorf("got %q, %+v", notes, r.Facts)
	}
	body := string(r.Body())
	if notes := r.Repair(); notes != nil || string(r.Body()) != body {
		t.Errorf("repaired twice: %q, %s", notes, r.Body())
	}
	sent, _ := r.For(Fit{Model: "m", Refuses: strict}, nil)
	out := sent.Body
	want := `{"model":"m","messages":[` + user + "," + callA + "," + noA + `,{"role":"system","content":"x"}],"stream":true}`
	if string(out) != want {
		t.Errorf("got  %s\nwant %s", out, want)
	}
}

// repair reads and mends a request; what cannot be read is left alone.
func repair(body []byte) (out []byte, notes []string) {
	r, err := Read(OpenAI, body)
	if err != nil {
		return body, nil
	}
	notes = r.Repair()
	return r.Body(), notes
}
