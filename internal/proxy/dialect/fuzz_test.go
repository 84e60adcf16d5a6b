package dialect

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

func seed(f *testing.F) {
	for _, body := range fixtures(f, "request.openai.json") {
		f.Add(body)
	}
	for _, text := range []string{
		``, `{}`, `{"a":[1,{"b":null}],"c":-1.5e+3}`, `{"messages":[{"role":"tool","tool_call_id":"a","content":"x"}]}`,
		`{"messages":[{"role":"assistant","tool_calls":[{"id":"a"},{"id":null}],"reasoning_content":1}]}`,
		`{"model":"a","model":1,"stream":true,"stream":false,"thinking":1}`, `{"max_tokens":null,"max_completion_tokens":5}`,
		`{"tools":[{"strict":1,"function":{"strict":2}}],"reasoning":{}}`, "{\"\\ud800\":\"\\u00e9\xff\"}", `[[[[`, `{"a":"\u12"}`,
		turns(seen, callA, `{"role":"tool","content":[{"image_url":"x"},{"type":"image","type":"text"}]}`, user),
		`{"choices":[{"message":{"content":"x","tool_calls":[{"id":"a"},{},7]},"finish_reason":null}],"usage":{}}`,
	} {
		f.Add([]byte(text))
	}
}

func object(body []byte) bool {
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	return json.Valid(body) && trimmed[0] == '{'
}

func FuzzReadAcceptsWhatEncodingJSONAccepts(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		facts, err := peek(body)
		if (err == nil) != object(body) {
			t.Fatalf("%v for %q", err, body)
		}
		if facts.TextBytes < 0 || facts.TextBytes > len(body) || facts.Images && facts.Pictures == 0 {
			t.Errorf("%+v", facts)
		}
	})
}

func FuzzForMeansWhatItShould(f *testing.F) {
	seed(f)
	fit := Fit{Model: "m", MaxOutput: 16384, MaxOutputField: "max_tokens", Refuses: strict}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		out, changed := rewrite(body, fit)
		if !bytes.Equal(body, before) {
			t.Fatal("the body was changed in place")
		}
		if !object(body) {
			if !bytes.Equal(out, body) || changed != nil {
				t.Fatalf("what is no object became %q", out)
			}
			return
		}
		if !json.Valid(out) {
			t.Fatalf("%q became %q", body, out)
		}
		if unique(body) && !reflect.DeepEqual(parsed(t, out), meant(t, body, fit)) {
			t.Fatalf("%q became %q", body, out)
		}
		if again, more := rewrite(out, fit); !bytes.Equal(again, out) || more != nil {
			t.Fatalf("%q became %q, and then %q", body, out, again)
		}
		blind := fit
		blind.NoImages = true
		out, _ = rewrite(body, blind)
		if facts, err := peek(out); err != nil || facts.Pictures != 0 {
			t.Fatalf("%q became %q, which has %d pictures: %v", body, out, facts.Pictures, err)
		}
	})
}

// unique reports whether no object has a name twice: of such a body a parser
// sees only a part, and cannot say what it should become.
func unique(body []byte) bool {
	s := scanner{b: body}
	s.space()
	ok := true
	var walk func()
	walk = func() {
		switch s.peek() {
		case '{':
			seen := map[string]bool{}
			s.object(func() {
				ok = ok && !seen[string(bytes.ToValidUTF8(s.key, []byte("\ufffd")))]
				seen[string(bytes.ToValidUTF8(s.key, []byte("\ufffd")))] = true
				walk()
			})
		case '[':
			s.list(walk)
		default:
			s.skip()
		}
	}
	walk()
	return ok
}

func FuzzRepairLeavesNothingToRepair(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		out, notes := repair(body)
		if !bytes.Equal(body, before) {
			t.Fatal("the body was changed in place")
		}
		if (notes == nil) != bytes.Equal(out, body) {
			t.Fatalf("%q became %q with %q", body, out, notes)
		}
		if json.Valid(body) && !json.Valid(out) {
			t.Fatalf("%q became %q", body, out)
		}
		if again, more := repair(out); !bytes.Equal(again, out) || more != nil {
			t.Fatalf("%q became %q, and then %q", body, out, again)
		}
	})
}

func FuzzStreamDoesNotDependOnHowItIsRead(f *testing.F) {
	for _, stream := range fixtures(f, "reply.openai.sse") {
		f.Add(stream, 7)
	}
	f.Add([]byte("\r\n\r\n: x\r\n\r\ndata: {\ndata: }\n\nevent: error\ndata:\n\ndata: [DONE]"), 1)
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		size = max(1, size&0xff)
		var whole, parts chatStream
		want := readBy(&whole, string(stream), len(stream)+1)
		got := readBy(&parts, string(stream), size)
		if got != want || !reflect.DeepEqual(whole, parts) {
			t.Fatalf("read by %d: %q\nat once: %q", size, got, want)
		}
		var again chatStream
		if twice := readBy(&again, want, 1<<20); twice != want || again.Dropped() != 0 {
			t.Fatalf("%q became %q", want, twice)
		}
	})
}

func FuzzLookNeverPanics(f *testing.F) {
	for _, stream := range fixtures(f, "reply.openai.sse") {
		f.Add(stream)
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		for {
			ev, n, ok := NextEvent(stream)
			if g := Look(OpenAI, ev); g.Done && (g.Content || g.Failure) {
				t.Errorf("%+v", g)
			}
			if !ok {
				return
			}
			stream = stream[n:]
		}
	})
}

func FuzzStreamOfWritesValidStreams(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		EmbeddedError(body)
		sound := ReadCompletion(OpenAI, body).Sound
		out, err := StreamOf(body)
		if err != nil || !sound { // what is no answer is never written as one
			return
		}
		var s chatStream
		if emit, rest := s.Next(bytes.Clone(out)); rest != 0 || !bytes.Equal(emit, out) || !s.Finished() {
			t.Fatalf("%q became %q", body, out)
		}
	})
}
