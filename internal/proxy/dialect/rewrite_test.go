package dialect

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"testing"
)

var strict = Refuses{
	Fields:  []string{"reasoning", "thinking"},
	Message: []string{"reasoning_content", "name"},
	Tool:    []string{"strict"},
	Rename:  map[string]string{"max_completion_tokens": "max_tokens"},
	Roles:   map[string]string{"developer": "system"},
}

func TestForChangesWhatIsRefusedAndNothingElse(t *testing.T) {
	for _, c := range []struct {
		name     string
		fit      Fit
		in, want string
		changed  []string
	}{
		{"nothing to do", Fit{Model: "m", Refuses: strict}, `{ "model":"m", "n" : 1.0 }`, `{ "model":"m", "n" : 1.0 }`, nil},
		{"a member without a name", Fit{Refuses: strict}, `{"":null,"n":1}`, `{"":null,"n":1}`, nil},
		{"no JSON is left alone", Fit{Model: "m"}, `{"model":"a"`, `{"model":"a"`, nil},
		{"a list is left alone", Fit{Model: "m"}, `[]`, `[]`, nil},
		{"the model", Fit{Model: "hf:a/b"}, `{"z":1e2,"model" : "x", "a":0.10}`, `{"z":1e2,"model" : "hf:a/b", "a":0.10}`, nil},
		{"a model that was not named", Fit{Model: "m"}, `{"a":1 }`, `{"a":1,"model":"m" }`, nil},
		{"a model for an empty object", Fit{Model: `"`}, ` { } `, ` {"model":"\"" } `, nil},
		{
			"arguments that are streamed only if asked for",
			Fit{Model: "m", Traits: Traits{ToolStream: true}},
			`{"stream":true,"tools":[{"type":"function"}]}`, `{"stream":true,"tools":[{"type":"function"}],"model":"m","tool_stream":true}`,
			[]string{"added tool_stream"},
		},
		{"as the client wishes", Fit{Traits: Traits{ToolStream: true}}, `{"stream":true,"tools":[{}],"tool_stream":false}`, `{"stream":true,"tools":[{}],"tool_stream":false}`, nil},
		{"but not without tools", Fit{Traits: Traits{ToolStream: true}}, `{"stream":true}`, `{"stream":true}`, nil},
		{"nor without a stream", Fit{Traits: Traits{ToolStream: true}}, `{"tools":[{}]}`, `{"tools":[{}]}`, nil},
		{"no model to set", Fit{}, `{"model":"a"}`, `{"model":"a"}`, nil},
		{"a refused field at the start", Fit{Refuses: strict}, `{"thinking":{"a":[1,"}"]}, "b":1}`, `{"b":1}`, []string{"removed thinking"}},
		{"in the middle", Fit{Refuses: strict}, `{"a":1, "thinking":1, "b":1}`, `{"a":1, "b":1}`, []string{"removed thinking"}},
		{"at the end", Fit{Refuses: strict}, `{"a":1, "thinking":1 }`, `{"a":1 }`, []string{"removed thinking"}},
		{"several in a row at the end", Fit{Refuses: strict}, `{"a":1,"thinking":1,"reasoning":2}`, `{"a":1}`, []string{"removed thinking", "removed reasoning"}},
		{"all there are", Fit{Refuses: strict}, `{"thinking":1,"reasoning":2}`, `{}`, []string{"removed thinking", "removed reasoning"}},
		{"all there are, and a model", Fit{Model: "m", Refuses: strict}, `{"thinking":1,"reasoning":2}`, `{"model":"m"}`, []string{"removed thinking", "removed reasoning"}},
		{"at the end, and a model", Fit{Model: "m", Refuses: strict}, `{"a":1,"thinking":1}`, `{"a":1,"model":"m"}`, []string{"removed thinking"}},
		{
			"messages' fields",
			Fit{Refuses: strict},
			`{"messages":[{"role":"assistant","reasoning_content":"x","content":"reasoning_content"},{"reasoning_content":"y"},7,{"content":{"reasoning_content":1}}],"reasoning_content":1}`,
			`{"messages":[{"role":"assistant","content":"reasoning_content"},{},7,{"content":{"reasoning_content":1}}],"reasoning_content":1}`,
			[]string{"removed messages[].reasoning_content ×2"},
		},
		{
			"messages' roles",
			Fit{Refuses: strict},
			`{"messages":[{"role" : "developer","content":"developer"},{"role":"user","name":"developer"}],"role":"developer"}`,
			`{"messages":[{"role" : "system","content":"developer"},{"role":"user"}],"role":"developer"}`,
			[]string{"renamed role developer to system", "removed messages[].name"},
		},
		{
			"tools' fields, outside and in",
			Fit{Refuses: strict},
			`{"tools":[{"strict":true,"function":{"name":"f","strict":false,"parameters":{"strict":1}}},{"function":null,"strict":1}]}`,
			`{"tools":[{"function":{"name":"f","parameters":{"strict":1}}},{"function":null}]}`,
			[]string{"removed tools[].strict ×2", "removed tools[].function.strict"},
		},
		{"a renamed field", Fit{Refuses: strict}, `{"max_completion_tokens":5}`, `{"max_tokens":5}`, []string{"renamed max_completion_tokens to max_tokens"}},
		{"a renamed field whose name is taken", Fit{Refuses: strict}, `{"max_completion_tokens":5,"max_tokens":6}`, `{"max_tokens":6}`, []string{"removed max_completion_tokens, there is max_tokens"}},
		{"a renamed field whose name is null", Fit{Refuses: strict}, `{"max_tokens":null,"max_completion_tokens":5}`, `{"max_tokens":5}`, []string{"renamed max_completion_tokens to max_tokens"}},
		{
			"two fields for one name",
			Fit{Refuses: Refuses{Rename: map[string]string{"a": "x", "b": "x"}}},
			`{"a":1,"b":2}`, `{"x":1}`,
			[]string{"renamed a to x", "removed b, there is x"},
		},
		{"a limit that is missing", Fit{MaxOutput: 16384, MaxOutputField: "max_tokens"}, `{"a":1}`, `{"a":1,"max_tokens":16384}`, []string{"added max_tokens 16384"}},
		{"a limit of null", Fit{MaxOutput: 9, MaxOutputField: "max_tokens", Refuses: strict}, `{"max_completion_tokens":null,"a":1}`, `{"a":1,"max_tokens":9}`, []string{"added max_tokens 9"}},
		{"a limit that is added has room in the context", Fit{MaxOutput: 50, MaxOutputField: "max_tokens", Context: 100, Prompt: 60}, `{}`, `{"max_tokens":40}`, []string{"added max_tokens 40"}},
		{"a limit under the other name", Fit{MaxOutput: 9, MaxOutputField: "max_tokens"}, `{"max_completion_tokens":5}`, `{"max_completion_tokens":5}`, nil},
		{"model and limit at once", Fit{Model: "m", MaxOutput: 9, MaxOutputField: "max_tokens"}, `{}`, `{"model":"m","max_tokens":9}`, []string{"added max_tokens 9"}},
		{
			"a refused field that is refused as a whole",
			Fit{Refuses: Refuses{Fields: []string{"tools"}, Tool: []string{"strict"}}},
			`{"tools":[{"strict":1}],"a":1}`, `{"a":1}`,
			[]string{"removed tools"},
		},
		{"changes are told in the body's order", Fit{Refuses: strict}, `{"thinking":1,"messages":[{"name":1}]}`, `{"messages":[{}]}`, []string{"removed thinking", "removed messages[].name"}},
		{
			"pictures for a model that sees none",
			Fit{NoImages: true},
			`{"messages":[` + seen + `,{"role":"tool","content":[{"image_url":"data:image/png;base64,AA=="},{"type":"text","image_url":{"url":"x"}}, {"type":"image"} ]}]}`,
			`{"messages":[{"role":"user","content":[{"type":"text","text":"what is this?"},` + noted + `]},{"role":"tool","content":[` + noted + `,{"type":"text","image_url":{"url":"x"}}, ` + noted + ` ]}]}`,
			[]string{"left out a picture ×3"},
		},
		{
			"pictures and refused fields in one message",
			Fit{NoImages: true, Refuses: strict},
			`{"messages":[{"name":"x","content":[{"type":"image"}],"role":"developer","reasoning_content":"y"}]}`,
			`{"messages":[{"content":[` + noted + `],"role":"system"}]}`,
			[]string{"removed messages[].name", "left out a picture", "renamed role developer to system", "removed messages[].reasoning_content"},
		},
		{"no pictures for a model that sees none", Fit{NoImages: true}, `{"messages":[` + user + `]}`, `{"messages":[` + user + `]}`, nil},
		{"pictures for a model that sees", Fit{}, `{"messages":[` + seen + `]}`, `{"messages":[` + seen + `]}`, nil},
		{"names with escapes", Fit{Refuses: strict}, `{"messages":[{"n\u0061me":1,"role":"dev\u0065loper"}]}`, `{"messages":[{"role":"system"}]}`, []string{"removed messages[].name", "renamed role developer to system"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := []byte(c.in)
			out, changed := rewrite(in, c.fit)
			if string(out) != c.want || !slices.Equal(changed, c.changed) {
				t.Errorf("got  %s %q\nwant %s %q", out, changed, c.want, c.changed)
			}
			if string(in) != c.in {
				t.Error("the body itself was changed")
			}
			if c.in == c.want && &out[0] != &in[0] {
				t.Error("an untouched body was copied")
			}
		})
	}
}

const noted = `{"type":"text","text":"` + pictureNote + `"}`

func TestAPictureNeverReachesAModelThatSeesNone(t *testing.T) {
	for name, body := range fixtures(t, "request.openai.json") {
		out, _ := rewrite(body, Fit{NoImages: true})
		if facts, err := peek(out); err != nil || facts.Pictures != 0 || facts.Images {
			t.Errorf("%s: got %+v, %v", name, facts, err)
		}
	}
}

func TestForLeavesClientsRequestsWhole(t *testing.T) {
	for name, body := range fixtures(t, "request.openai.json") {
		t.Run(name, func(t *testing.T) {
			out, _ := rewrite(body, Fit{Model: "another", Refuses: strict})
			facts, err := peek(out)
			if err != nil || facts.Model != "another" {
				t.Fatalf("got %+v, %v", facts, err)
			}
			if same := meant(t, body, Fit{Model: "another", Refuses: strict}); !reflect.DeepEqual(parsed(t, out), same) {
				t.Errorf("got %s", out)
			}
		})
	}
}

func TestForServesOneProviderAfterTheOther(t *testing.T) {
	fits := []Fit{{Model: "a", Refuses: strict}, {}, {Model: "b"}, {MaxOutput: 9, MaxOutputField: "max_tokens"}, {Model: "a", Refuses: strict}}
	for name, body := range fixtures(t, "request.openai.json") {
		r, err := Read(OpenAI, body)
		if err != nil {
			t.Fatal(err)
		}
		for i, fit := range fits {
			sent, _ := r.For(fit, nil)
			out, changed := sent.Body, sent.Changed
			want, words := rewrite(bytes.Clone(body), fit)
			if !bytes.Equal(out, want) || !slices.Equal(changed, words) {
				t.Errorf("%s for the provider no. %d: got %s %q", name, i, out, changed)
			}
		}
	}
}

func TestForCostsNothingWhereNothingChanges(t *testing.T) {
	body := fixture(t, "sdk-tools", "request.openai.json")
	r, err := Read(OpenAI, body)
	if err != nil {
		t.Fatal(err)
	}
	fit := Fit{Model: r.Facts.Model, Refuses: strict}
	if n := testing.AllocsPerRun(100, func() { _, _ = r.For(fit, nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if sent, _ := r.For(fit, nil); &sent.Body[0] != &body[0] {
		t.Error("an untouched body was copied")
	}
}

func TestNamesThatRequestsAreMadeOfHavePlacesOfTheirOwn(t *testing.T) {
	for _, set := range [][]string{
		{"role", "content", "name", "tool_calls", "tool_call_id", "refusal", "reasoning_content", "reasoning", "reasoning_details", "cache_control", "audio", "function_call", "annotations"},
		{"type", "function", "strict", "name", "description", "parameters", "cache_control"},
		{"system", "developer", "user", "assistant", "tool", "function"},
	} {
		var n names
		for _, name := range set {
			if n.has(name) {
				t.Errorf("%s has the place of another", name)
			}
			n.add([]byte(name))
			if !n.has(name) {
				t.Errorf("%s is denied", name)
			}
		}
	}
}

// meant does what For does the slow way, for bodies without null limits.
func meant(t testing.TB, body []byte, fit Fit) any {
	root, ok := parsed(t, body).(map[string]any)
	if !ok {
		return parsed(t, body)
	}
	limited := root["max_tokens"] != nil || root["max_completion_tokens"] != nil
	renamed(root, fit.Refuses.Rename)
	if fit.MaxOutput > 0 && !limited {
		delete(root, "max_tokens")
		delete(root, "max_completion_tokens")
		root[fit.MaxOutputField] = json.Number("16384")
	}
	without(root, fit.Refuses.Fields)
	if fit.Model != "" {
		root["model"] = fit.Model
	}
	for _, m := range objects(root["messages"]) {
		without(m, fit.Refuses.Message)
		if role, ok := m["role"].(string); ok && fit.Refuses.Roles[role] != "" {
			m["role"] = fit.Refuses.Roles[role]
		}
	}
	for _, m := range objects(root["tools"]) {
		without(m, fit.Refuses.Tool)
		if f, ok := m["function"].(map[string]any); ok {
			without(f, fit.Refuses.Tool)
		}
	}
	return root
}

func renamed(root map[string]any, names map[string]string) {
	for from, to := range names {
		v, has := root[from]
		if old, taken := root[to]; has && (!taken || (old == nil && v != nil)) {
			root[to] = v
		}
		delete(root, from)
	}
}

func objects(list any) (all []map[string]any) {
	elements, _ := list.([]any)
	for _, m := range elements {
		if m, ok := m.(map[string]any); ok {
			all = append(all, m)
		}
	}
	return all
}

func without(m map[string]any, names []string) {
	for _, n := range names {
		delete(m, n)
	}
}

func parsed(t testing.TB, text []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return v
}

// rewrite reads a request and makes it fit; what cannot be read is left alone.
func rewrite(body []byte, fit Fit) (out []byte, changed []string) {
	r, err := Read(OpenAI, body)
	if err != nil {
		return body, nil
	}
	sent, _ := r.For(fit, nil)
	return sent.Body, sent.Changed
}
