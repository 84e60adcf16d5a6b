package connect

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// never says of nothing that it is left over from an earlier connection.
func never(want, string) bool { return false }

// someWants is what clients are given, in every shape there is.
func someWants(format string) []want {
	address := ""
	if format == "toml" {
		return []want{
			at("glmtray-large", "model"), at(131072, "model_context_window"),
			at("http://127.0.0.1:18080/v1", "model_providers", "glmtray", "base_url"),
			{path: []string{"model_providers", "glmtray", "experimental_bearer_token"}, value: "sk-one", secret: true},
		}
	}
	return []want{
		{path: []string{"env", "ANTHROPIC_BASE_URL"}, value: "http://127.0.0.1:18080", address: &address},
		{path: []string{"env", "ANTHROPIC_AUTH_TOKEN"}, value: "sk-one", secret: true},
		{path: []string{"env", "ANTHROPIC_API_KEY"}, value: "", present: true},
		{path: []string{"hasCompletedOnboarding"}, value: true, missing: true},
		at("x", "claudeCode.environmentVariables", "name=A", "value"),
		at("y", "claudeCode.environmentVariables", "name=B", "value"),
		at(object{{"name", "large"}, {"limit", object{{"context", 131072}}}}, "provider", "glmtray", "models", "glmtray-large"),
	}
}

// roundTrip connects and disconnects, and wants the same bytes.
func roundTrip(t *testing.T, format string, data []byte, between func(document)) {
	t.Helper()
	d, err := parse(format, data)
	if err != nil {
		return
	}
	before := bytes.Clone(d.bytes())
	edits, err := change(d, nil, someWants(format), never)
	if err != nil {
		if !strings.Contains(err.Error(), ErrCannotEdit.Error()) {
			t.Errorf("%q: %v", data, err)
		}
		return
	}
	if between != nil {
		between(d)
	}
	// Once more changes nothing, whoever wrote the file meanwhile.
	connected := bytes.Clone(d.bytes())
	if edits, err = change(d, edits, someWants(format), never); err != nil || !bytes.Equal(d.bytes(), connected) {
		t.Errorf("%q: connecting again: %v\n%s", data, err, d.bytes())
	}
	left, err := undo(d, edits)
	if err != nil || len(left) > 0 {
		t.Errorf("%q: undoing: %v, left %v", data, err, left)
	}
	if between == nil && !bytes.Equal(d.bytes(), before) {
		t.Errorf("before:\n%q\nconnected:\n%s\nafter:\n%q", before, connected, d.bytes())
	}
}

var documents = map[string][]string{
	"json": {
		"", "{}", "{ }", "{\n}\n", "{}\n\n", `{"a":1}`, `{ "a": 1, }`, "{\n  \"a\": 1\n}", "{\n\t\"a\": 1, // one\n}\n", "{ // c\n}", "{\n  // c\n}\n", "{/* c */}",
		"{\n  \"a\": 1 // last\n}", "{ \"a\": 1 /* x */ }", "{\"a\": 1 // x\n}", "// top\n{\n    \"env\": {}\n}\n// end", "{\r\n  \"env\": {\r\n    \"A\": \"b\"\r\n  }\r\n}\r\n",
		"\ufeff{\"env\":{\"ANTHROPIC_BASE_URL\": \"https://else.example\" , \"ANTHROPIC_API_KEY\":\"sk-ant\"}}", `{"env":{"ANTHROPIC_API_KEY":""},"provider":{}}`,
		"{\n  \"claudeCode.environmentVariables\": [\n    {\"name\": \"A\", \"value\": \"old\"}, // a\n  ],\n}", `{"claudeCode.environmentVariables":[]}`, `{"hasCompletedOnboarding": false, "n": 1e400, "s": "\ud800"}`,
		"{\n \"a\": {\n  \"b\": [1,2,\n 3]}\n , \"c\": null }", `{"env":{},"env":{}}`, `{"env":"x"}`, `[]`, `{"claudeCode.environmentVariables":{}}`, `{"a":"<&>"}`,
	},
	"toml": {
		"", "# c\n", "a = 1", "model = \"gpt-5\"\n[model_providers.x]\nbase_url='y'\n", "[t]\n", "\r\n[t]\r\na=1\r\n", "[model_providers.glmtray]\nbase_url = \"old\"", "model_providers = {}\n",
	},
}

func TestConnectingAndDisconnectingLeavesNoTrace(t *testing.T) {
	for format, list := range documents {
		for _, text := range list {
			roundTrip(t, format, []byte(text), nil)
		}
	}
}

func TestAFileThatNestsWithoutEndIsRefused(t *testing.T) {
	const many = 4 << 20
	for _, c := range []struct{ format, text string }{
		{"json", strings.Repeat("[", many)},
		{"json", `{"env":` + strings.Repeat(`{"a":`, many)},
		{"json", strings.Repeat("// \"\n/* [ \" */[", many/8)},
		{"json", `{"a":"\"", "b":` + strings.Repeat("[", many) + strings.Repeat("]", many) + "}"},
		{"toml", "a = " + strings.Repeat("[", many)},
		{"toml", "a = " + strings.Repeat("{a=", many)},
	} {
		if _, err := parse(c.format, []byte(c.text)); err == nil || len(err.Error()) > 1000 {
			t.Errorf("%s %.40q: %.200v", c.format, c.text, err)
		}
	}
	for _, text := range []string{
		`{"a":` + strings.Repeat("[", 999) + strings.Repeat("]", 999) + "}",
		`{"a":"` + strings.Repeat("[", many) + `"}`,
		"{} // " + strings.Repeat("[", many),
		"{/*" + strings.Repeat("{", many) + "*/}",
		`{"a":"\\", "b":"` + strings.Repeat("[", many) + `"}`,
	} {
		if _, err := parse("json", []byte(text)); err != nil {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

// TestRandomDocumentsComeBackAsTheyWere holds the same of documents that nobody
// thought of.
func TestRandomDocumentsComeBackAsTheyWere(t *testing.T) {
	for seed := range uint64(500) {
		r := &random{rand.New(rand.NewPCG(seed, 7))}
		roundTrip(t, "json", []byte(r.gap()+r.object(3)+r.gap()), nil)
		roundTrip(t, "toml", []byte(r.toml()), nil)
	}
}

// random writes documents in every layout.
type random struct{ *rand.Rand }

func (r *random) of(texts ...string) string { return texts[r.IntN(len(texts))] }

func (r *random) gap() string {
	return r.of("", "", " ", "\n", "\n  ", "\n\t", "\r\n  ", " // c\n", "/* c */", "\n  // \"env\": {\n  ", "  \n\n")
}

func (r *random) name() string {
	return r.of(`"env"`, `"a"`, `"provider"`, `"glmtray"`, `"models"`, `"ANTHROPIC_API_KEY"`, `"ANTHROPIC_AUTH_TOKEN"`, `"hasCompletedOnboarding"`,
		`"claudeCode.environmentVariables"`, `"name"`, `"value"`, fmt.Sprintf("%q", fmt.Sprint("k", r.IntN(1000))))
}

func (r *random) value(depth int) string {
	switch n := r.IntN(8); {
	case n < 3 && depth > 0:
		return r.object(depth - 1)
	case n == 3 && depth > 0:
		return r.list("[", "]", func() string { return r.value(depth - 1) })
	}
	return r.of(`"A"`, `"B"`, `""`, "1", "-1.50e+3", "true", "null", `"https://x.example"`, `"\u00e9\"//"`)
}

func (r *random) object(depth int) string {
	return r.list("{", "}", func() string { return r.name() + r.gap() + ":" + r.gap() + r.value(depth) })
}

func (r *random) list(open, end string, item func() string) string {
	text := open
	n := r.IntN(4)
	for i := range n {
		text += r.gap() + item() + r.gap()
		if i < n-1 || r.IntN(4) == 0 {
			text += ","
		}
	}
	return text + r.gap() + end
}

func (r *random) toml() string {
	eol := r.of("\n", "\n", "\r\n")
	text := ""
	for i := range r.IntN(8) {
		text += r.of(fmt.Sprintf("k%d = 1", i), fmt.Sprintf("k%d = \"\"\"%s[x]%s\"\"\" # c", i, eol, eol), "# c", "", "  ", fmt.Sprintf("[t%d]", i), "[model_providers.other]",
			"[model_providers.glmtray] # mine", "model = 'x'", fmt.Sprintf("[[l%d]]", i), "base_url = 'y'") + eol
	}
	if r.IntN(3) == 0 {
		text = strings.TrimSuffix(text, eol)
	}
	return text
}

// FuzzJSON connects in foreign JSON and wants it back.
func FuzzJSON(f *testing.F) {
	for _, text := range documents["json"] {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip(t, "json", data, nil) })
}

// FuzzTOML does the same with TOML.
func FuzzTOML(f *testing.F) {
	for _, text := range documents["toml"] {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip(t, "toml", data, nil) })
}
