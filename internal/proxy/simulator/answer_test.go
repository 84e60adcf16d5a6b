package simulator

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/tidwall/gjson"
)

const tool = `,"tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object"}}}]`

var bigModel = map[string]string{Cerebras: "gpt-oss-120b", ZAI: "glm-5.3", Synthetic: "syn:large:text", DemoShape: "demo-large"}

// stream collects what a client makes of a stream.
type stream struct {
	text, reasoning, arguments, finish string
	names                              []string
	roles, chunks                      int
	usage                              gjson.Result
	usageChoices                       int // choices of the chunk with the usage
	done                               bool
}

func read(t *testing.T, body string) (s stream) {
	t.Helper()
	for _, e := range events(body) {
		if e == "[DONE]" {
			s.done = true
			continue
		}
		if s.done || !gjson.Valid(e) {
			t.Fatalf("after the end, or not JSON: %s", e)
		}
		s.chunks++
		j := gjson.Parse(e)
		d := j.Get("choices.0.delta")
		s.text += d.Get("content").String()
		s.reasoning += d.Get("reasoning").String() + d.Get("reasoning_content").String()
		if d.Get("role").Exists() {
			s.roles++
		}
		for _, c := range d.Get("tool_calls").Array() {
			s.arguments += c.Get("function.arguments").String()
			if n := c.Get("function.name"); n.Exists() {
				s.names = append(s.names, n.String()+"/"+c.Get("id").String())
			}
		}
		s.finish += j.Get("choices.0.finish_reason").String()
		if u := j.Get("usage"); u.Exists() {
			s.usage, s.usageChoices = u, len(j.Get("choices").Array())
		}
	}
	return s
}

func TestStreamsHaveTheVendorsShape(t *testing.T) {
	for vendor, model := range bigModel {
		t.Run(vendor, func(t *testing.T) {
			c := overTCP(t, Script{Vendor: vendor, Answer: Answer{Text: "one two <three>", Reasoning: "let me think"}})
			body := c.chat(ask(model, streamed, `,"stream_options":{"include_usage":true}`)).body
			s := read(t, body)
			if got := s.reasoning + "|" + s.text + "|" + s.finish; got != "let me think|one two <three>|stop" || !s.done {
				t.Errorf("%s, done %v", got, s.done)
			}
			field := map[bool]string{true: `"reasoning":"`, false: `"reasoning_content":"`}[vendor == Cerebras]
			if !strings.Contains(body, field) {
				t.Errorf("no %s in %s", field, body)
			}
			if everyChunk := s.roles > 1; everyChunk != (vendor == ZAI) {
				t.Errorf("role in %d of %d chunks", s.roles, s.chunks)
			}
			if inFinish := s.usageChoices == 1; inFinish != (vendor == Cerebras || vendor == ZAI) {
				t.Errorf("usage stands in a chunk with %d choices", s.usageChoices)
			}
			if has := strings.Contains(body, `"time_info":{"queue_time":`); has != (vendor == Cerebras) {
				t.Errorf("time_info: %v", has)
			}
			if !strings.Contains(s.usage.Raw, `"prompt_tokens":2,`) || !strings.Contains(s.usage.Raw, `"reasoning_tokens":3}`) {
				t.Errorf("usage %s", s.usage)
			}
		})
	}
}

func TestUsageComesWhereTheScriptSays(t *testing.T) {
	for _, test := range []struct {
		mode, extra string
		choices     int
		usage       bool
	}{
		{"", "", 0, false},
		{"", `,"stream_options":{"include_usage":true}`, 0, true},
		{"finish", "", 1, true},
		{"extra", `,"stream_options":{"include_usage":true}`, 0, true},
		{"none", `,"stream_options":{"include_usage":true}`, 0, false},
	} {
		c := overTCP(t, Script{Answer: Answer{Usage: test.mode}})
		s := read(t, c.chat(ask("demo-large", streamed, test.extra)).body)
		if s.usage.Exists() != test.usage || s.usageChoices != test.choices {
			t.Errorf("%q %q: usage %s with %d choices", test.mode, test.extra, s.usage.Raw, s.usageChoices)
		}
	}
}

func TestToolCallsComeWholeOrInFragments(t *testing.T) {
	call := Answer{ToolCalls: []ToolCall{{Name: "look", Arguments: `{"where":"in the attic"}`}, {Name: "look", Arguments: `{}`}}}
	for _, test := range []struct {
		vendor, extra string
		whole         bool
		chunks        int
	}{
		{Cerebras, "", false, 8}, // role, name, 3 fragments; name, 1 fragment; finish
		{Cerebras, "", true, 4},
		{ZAI, "", false, 3},
		{ZAI, `,"tool_stream":true`, false, 7},
	} {
		a := call
		a.WholeCalls = test.whole
		c := overTCP(t, Script{Vendor: test.vendor, Answer: a})
		s := read(t, c.chat(ask(bigModel[test.vendor], streamed, tool, test.extra)).body)
		if s.arguments != `{"where":"in the attic"}{}` || s.finish != "tool_calls" || len(s.names) != 2 || s.chunks != test.chunks {
			t.Errorf("%s: %+v", test.vendor, s)
		}
		if id := strings.TrimPrefix(s.names[0], "look/"); test.vendor == Cerebras && len(id) != 9 || s.names[0] == s.names[1] {
			t.Errorf("ids %v", s.names)
		}
	}
}

func TestToolsAreCalledOnceAndThenThereIsText(t *testing.T) {
	c := overTCP(t, Script{Vendor: Cerebras, Answer: Answer{Text: "found", ToolCalls: []ToolCall{{Name: "look", Arguments: `{}`}}}})
	if a := c.chat(ask("gpt-oss-120b")); a.get("choices.0.message.content") != "found" {
		t.Errorf("no tools were offered: %s", a.body)
	}
	a := c.chat(ask("gpt-oss-120b", tool))
	m := gjson.Get(a.body, "choices.0.message")
	if m.Get("content").Exists() || a.get("choices.0.finish_reason") != "tool_calls" || m.Get("tool_calls.0.function.name").String() != "look" {
		t.Errorf("%s", a.body)
	}
	back := `{"model":"gpt-oss-120b","messages":[{"role":"user","content":"?"},` + m.Raw +
		`,{"role":"tool","tool_call_id":"` + m.Get("tool_calls.0.id").String() + `","content":"42"}]` + tool + `}`
	if a = c.chat(back); a.get("choices.0.message.content") != "found" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestOutputLimitCutsTheAnswerShort(t *testing.T) {
	c := overTCP(t, Script{Answer: Answer{Tokens: 50}})
	a := c.chat(ask("demo-large", `,"max_tokens":5`))
	if a.get("choices.0.finish_reason") != "length" || a.get("usage.completion_tokens") != "5" || a.get("choices.0.message.content") != "tok tok tok tok tok " {
		t.Errorf("%s", a.body)
	}
}

func TestAnswersMayNameAnotherModelAndFinish(t *testing.T) {
	c := overTCP(t, Script{
		Vendor: ZAI, Answer: Answer{Model: "glm-5.3-flash", Cached: 1},
		Answers: map[string]Answer{"glm-4.6": {Finish: "sensitive", Text: "{{model}} {{key}} {{n}}"}},
	})
	if a := c.chat(ask("glm-5.3")); a.get("model") != "glm-5.3-flash" || a.get("usage.prompt_tokens_details.cached_tokens") != "1" || a.get("request_id") == "" {
		t.Errorf("%s", a.body)
	}
	if a := c.chat(ask("glm-4.6")); a.get("choices.0.finish_reason") != "sensitive" || a.get("choices.0.message.content") != "glm-4.6 any 2" {
		t.Errorf("%s", a.body)
	}
}

func TestPaceIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, Script{Answer: Answer{
			Tokens: 10, FirstDelay: Duration(time.Second), HeaderDelay: Duration(2 * time.Second), Pace: Duration(100 * time.Millisecond),
		}})
		start := time.Now()
		a := c.chat(ask("demo-large", streamed))
		// role, ten pieces, finish, [DONE]: twelve pauses
		if total := time.Since(start); a.first != time.Second || total != 3*time.Second+1200*time.Millisecond {
			t.Errorf("headers after %v, all after %v", a.first, total)
		}
		start = time.Now()
		c.chat(ask("demo-large"))
		if total := time.Since(start); total != 2*time.Second {
			t.Errorf("the whole answer took %v", total)
		}
	})
}

func TestChunksNeverCutACharacter(t *testing.T) {
	for size := range 9 {
		got := pieces("größer 网络错误 ok", size)
		if strings.Join(got, "") != "größer 网络错误 ok" {
			t.Errorf("%d: %q", size, got)
		}
		for _, p := range got {
			if strings.ContainsRune(p, '\uFFFD') {
				t.Errorf("%d: %q is cut", size, p)
			}
		}
	}
}

func TestAnswersAreCompressedWhenAskedOrForced(t *testing.T) {
	open := map[string]func(io.Reader) (io.Reader, error){
		"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"br":   func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
		"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
	}
	for name, reader := range open {
		c := overTCP(t, Script{Compress: name})
		if a := c.chat(ask("demo-large")); a.header.Get("Content-Encoding") != "" || !gjson.Valid(a.body) {
			t.Errorf("%s came unasked", name)
		}
		if err := c.SetScript(Script{Compress: name, ForceCompress: true}); err != nil {
			t.Fatal(err)
		}
		for _, body := range []string{ask("demo-large"), ask("demo-large", streamed), ask("nope")} {
			a := c.chat(body)
			r, err := reader(strings.NewReader(a.body))
			if err != nil || a.header.Get("Content-Encoding") != name {
				t.Fatalf("%s: %v %v", name, a.header, err)
			}
			text, err := io.ReadAll(r)
			if err != nil || !bytes.Contains(text, []byte("demo-large")) && !bytes.Contains(text, []byte("nope")) {
				t.Errorf("%s: %v %s", name, err, text)
			}
		}
	}
}

func TestModelListsAreTheVendors(t *testing.T) {
	for _, test := range []struct{ vendor, path, query, want string }{
		{Cerebras, "/v1/models", "data.0.owned_by", "Cerebras"},
		{Cerebras, "/v1/models", "data.0.context_length", ""},
		{Cerebras, "/public/v1/models", "data.1.capabilities.vision", "true"},
		{Cerebras, "/public/v1/models", "data.0.limits.max_context_length", "131072"},
		{Cerebras, "/v1/models/gpt-oss-120b", "id", "gpt-oss-120b"},
		{Cerebras, "/v1/models/zai-glm-4.7", "code", "model_not_found"},
		{ZAI, "/api/paas/v4/models", "data.0.owned_by", "z-ai"},
		{Synthetic, "/openai/v1/models", "data.#(id==\"syn:large:vision\").input_modalities.1", "image"},
		{Synthetic, "/openai/v1/models/hf:zai-org/GLM-5.2", "context_length", "524288"},
		{Synthetic, "/v2/quotas", "@this", "{}"},
		{DemoShape, "/v1/models", "data.#.id", `["demo-large","demo-small","demo-vision"]`},
		{DemoShape, "/v1/engines?x=1", "query", "x=1"},
	} {
		c := overTCP(t, Script{Vendor: test.vendor})
		if a := c.do(http.MethodGet, test.path, "k", ""); a.get(test.query) != test.want {
			t.Errorf("%s %s: %s is %q, want %q", test.vendor, test.path, test.query, a.get(test.query), test.want)
		}
	}
}
