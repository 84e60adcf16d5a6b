package simulator

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestKeysAreKnownStoppedOrBoundToAPath(t *testing.T) {
	c := overTCP(t, Script{Vendor: ZAI, Keys: map[string]KeyScript{
		"good":  {Name: "good"},
		"plan":  {Name: "plan", Path: "/api/coding/"},
		"broke": {Name: "broke", Fault: "zai/1309"},
		"lite":  {Name: "lite", NoModels: []string{"glm-5.3"}},
	}})
	for _, test := range []struct {
		key, path, model string
		status           int
		code, name       string
	}{
		{"good", "/api/paas/v4", "glm-5.3", 200, "", "good"},
		{"plan", "/api/coding/paas/v4", "glm-5.3", 200, "", "plan"},
		{"plan", "/api/paas/v4", "glm-5.3", 429, "1113", "plan"},
		{"broke", "/api/paas/v4", "glm-5.3", 429, "1309", "broke"},
		{"lite", "/api/paas/v4", "glm-5.3", 429, "1311", "lite"},
		{"lite", "/api/paas/v4", "glm-4.6", 200, "", "lite"},
		{"bad", "/api/paas/v4", "glm-5.3", 401, "1002", "unknown"},
		{"", "/api/paas/v4", "glm-5.3", 401, "1002", "none"},
	} {
		a := c.do(http.MethodPost, test.path+"/chat/completions", test.key, ask(test.model))
		if a.status != test.status || a.get("error.code") != test.code {
			t.Errorf("%s at %s for %s: %d %s", test.key, test.path, test.model, a.status, a.body)
		}
		calls := c.Calls()
		if last := calls[len(calls)-1]; last.Key != test.name {
			t.Errorf("%s is logged as %s", test.key, last.Key)
		}
	}
	if a := c.do(http.MethodGet, "/api/paas/v4/models", "bad", ""); a.status != 401 {
		t.Errorf("models for a bad key: %d", a.status)
	}
	if log := string(encode(c.Calls())); strings.Contains(log, `"bad"`) {
		t.Error("a key's text stands in the call log")
	}
}

func TestRequestsAreValidatedAsTheVendorDoes(t *testing.T) {
	image := `"messages":[{"role":"user","content":[{"type":"text","text":"?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,` + strings.Repeat("A", 4000) + `"}}]}]}`
	call := `{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]}`
	long := `{"model":"MODEL","messages":[{"role":"user","content":"` + strings.Repeat("word ", 900_000) + `"}]}`
	for _, test := range []struct {
		vendor string
		strict bool
		body   string
		fault  string
		says   string
	}{
		{Cerebras, false, `not json`, "cerebras/param", ""},
		{Cerebras, false, `[]`, "cerebras/param", ""},
		{Cerebras, false, ask("zai-glm-4.7"), "cerebras/model", "zai-glm-4.7"},
		{Cerebras, false, `{"model":"gpt-oss-120b",` + image, "cerebras/image", ""},
		{Cerebras, false, `{"model":"qwen-3.8-27b",` + image, "", ""},
		{Cerebras, false, ask("gpt-oss-120b", `,"thinking":{},"maxTokens":3`), "cerebras/param", `thinking: property 'thinking' is unsupported\nmaxTokens: property`},
		{Cerebras, false, ask("gpt-oss-120b", `,"store":true`), "", ""},
		{Cerebras, true, ask("gpt-oss-120b", `,"store":true`), "cerebras/param", "'store'"},
		{
			Cerebras, false, `{"model":"gpt-oss-120b","messages":[{"role":"user","content":"a"},{"role":"user","content":"b"},{"role":"assistant","content":"c","reasoning_content":"d"}]}`,
			"cerebras/param", "messages.2.assistant.reasoning_content: property 'messages.2.assistant.reasoning_content' is unsupported",
		},
		{Cerebras, false, `{"model":"qwen-3.8-27b","messages":[{"role":"developer","content":"a"}]}`, "cerebras/param", "messages.0.role"},
		{Cerebras, false, `{"model":"gpt-oss-120b","messages":[{"role":"developer","content":"a"}]}`, "", ""},
		{Cerebras, false, `{"model":"gpt-oss-120b","messages":[` + call + `]}`, "cerebras/tool-results", ""},
		{Cerebras, false, `{"model":"gpt-oss-120b","messages":[` + call + `,{"role":"tool","tool_call_id":"c1","content":"x"}]}`, "", ""},
		{Cerebras, true, `{"model":"gpt-oss-120b","messages":[` + call + `,{"role":"tool","tool_call_id":"c1","content":"x"}]}`, "cerebras/null-content", ""},
		{Cerebras, false, `{"model":"gpt-oss-120b","messages":[{"role":"tool","tool_call_id":"c1","content":"x"}]}`, "cerebras/tool-results", ""},
		{Cerebras, false, ask("gpt-oss-120b", `,"tools":[{"function":{"name":"a","strict":true}},{"function":{"name":"b"}}]`), "cerebras/strict-mixed", ""},
		{Cerebras, false, strings.Replace(long, "MODEL", "gpt-oss-120b", 1), "cerebras/context", "Current length is 1125000 while limit is 131072"},
		{ZAI, false, strings.Replace(long, "MODEL", "glm-5.3", 1), "zai/1261", ""},
		{ZAI, false, `{"model":"glm-4.6",` + image, "zai/1210", ""},
		{ZAI, false, `{"model":"glm-4.6v",` + image, "", ""},
		{ZAI, false, `{"model":"glm-5.3","messages":[]}`, "zai/1214", ""},
		{ZAI, false, ask("glm-5.3", `,"tool_choice":"required"`), "", ""},
		{ZAI, true, ask("glm-5.3", `,"tool_choice":"required"`), "zai/1210", ""},
		{Synthetic, false, strings.Replace(long, "MODEL", "syn:large:text", 1), "synthetic/context", "The input (1125000 tokens) is longer than the model's context length (524288 tokens)."},
		{Synthetic, false, ask("hf:zai-org/GLM-4.6"), "synthetic/model", "GLM-4.6"},
		{DemoShape, false, `{"model":"demo-large",` + image, "openai/image", ""},
	} {
		c := overTCP(t, Script{Vendor: test.vendor, Strict: test.strict})
		a := c.chat(test.body)
		if got := c.Calls()[0].Fault; got != test.fault || !strings.Contains(a.body, test.says) {
			t.Errorf("%s %.120s: %q, want %q; %d %.300s", test.vendor, test.body, got, test.fault, a.status, a.body)
		}
	}
}

func TestTheCallLogTellsWhatCame(t *testing.T) {
	c := overTCP(t, Script{KeepBodies: true})
	body := ask("demo-large", streamed)
	c.do(http.MethodPost, "/v1/chat/completions", "k", body, "Cookie", "a=b", "X-Api-Key", "x", "User-Agent", "agent/1", "X-Forwarded-For", "y")
	got := c.Calls()[0]
	if !slices.Contains(got.Headers, "Authorization") {
		t.Errorf("headers %v", got.Headers)
	}
	got.Time, got.Took, got.Headers, got.AcceptEncoding, got.Done = time.Time{}, 0, nil, "", false
	want := Call{
		N: 1, Method: "POST", Path: "/v1/chat/completions", Dialect: Chat, Key: "any", Account: "any", Model: "demo-large", Stream: true,
		Status: 200, Tokens: Tokens{Prompt: 2, Output: 14}, Body: body, BodyBytes: len(body), UserAgent: "agent/1",
		Forbidden: []string{"Cookie", "X-Api-Key", "X-Forwarded-For"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	c.Reset()
	if len(c.Calls()) != 0 || len(c.Count()) != 0 {
		t.Error("reset left calls")
	}
}

func TestItIsDrivenOverHTTP(t *testing.T) {
	c := overTCP(t, Script{})
	if a := c.do(http.MethodGet, "/_sim/calls", "k", ""); a.get("object") != "simulator.echo" {
		t.Errorf("control is open to all: %s", a.body)
	}
	c.Reset()
	c.AllowControl()
	script, err := json.Marshal(Script{Vendor: Cerebras, Answer: Answer{Text: "set", Pace: Duration(time.Millisecond)}, Faults: []Fault{{What: "reset", When: When{Times: 1}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/_sim/script", string(script), 204},
		{"POST", "/_sim/faults", `[{"what":"nginx-503","when":{"nth":2}}]`, 204},
		{"POST", "/_sim/faults", `[{"what":"zai/1"}]`, 400},
		{"POST", "/_sim/script", `{"vendor":"acme"}`, 400},
		{"POST", "/_sim/script", `{"wender":"zai"}`, 400},
		{"POST", "/v1/chat/completions", ask("gpt-oss-120b"), 200},
		{"POST", "/v1/chat/completions", ask("gpt-oss-120b"), 503},
	} {
		if a := c.do(step.method, step.path, "k", step.body); a.status != step.status {
			t.Errorf("%s %s: %d %s", step.path, step.body, a.status, a.body)
		}
	}
	if a := c.do(http.MethodPost, "/_sim/reset", "", "", "Origin", "https://example.org"); a.status != 403 {
		t.Errorf("a web page may drive it: %d", a.status)
	}
	var calls []Call
	if a := c.do(http.MethodGet, "/_sim/calls", "", ""); json.Unmarshal([]byte(a.body), &calls) != nil || len(calls) != 2 || calls[1].Fault != "nginx-503" {
		t.Errorf("%s", a.body)
	}
	if !reflect.DeepEqual(calls[0].Headers, c.Calls()[0].Headers) {
		t.Error("the log differs when read over HTTP")
	}
	c.do(http.MethodPost, "/_sim/reset", "", "")
	if n := len(c.Calls()); n != 0 {
		t.Errorf("%d calls after reset", n)
	}
}

func TestTheDemoRunsDryRotatesAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, Demo())
		keys := DemoKeys()
		use := func(i int) int {
			return c.do(http.MethodPost, "/v1/chat/completions", keys[i].Text, ask("demo-small")).status
		}
		first := c.do(http.MethodPost, "/v1/chat/completions", keys[0].Text, ask("demo-large", streamed))
		if s := read(t, first.body); !strings.Contains(s.text, "demo provider") || !strings.Contains(s.text, `"north"`) {
			t.Errorf("it does not say what it is: %s", s.text)
		}
		for range 4 {
			use(0)
		}
		if use(0) != 429 || use(1) != 429 {
			t.Error("north and south share an account and should both be dry")
		}
		if use(2) != 200 {
			t.Error("east should answer")
		}
		time.Sleep(20 * time.Second)
		if use(0) != 200 {
			t.Error("north should be back")
		}
	})
}

func TestScriptsAreChecked(t *testing.T) {
	for name, s := range map[string]Script{
		"vendor":   {Vendor: "acme"},
		"dialect":  {Dialects: []string{"responses"}},
		"thinking": {Answer: Answer{Thinking: "loud"}},
		"usage":    {Answers: map[string]Answer{"m": {Usage: "sometimes"}}},
		"turn":     {Answer: Answer{Turns: []Turn{{User: "x"}}}},
		"compress": {Compress: "lzma"},
		"fault":    {Faults: []Fault{{What: "flood"}}},
		"with":     {Faults: []Fault{{What: "error-event-mid", With: "zai/0"}}},
		"key":      {Keys: map[string]KeyScript{"k": {Fault: "cerebras/nope"}}},
		"of":       {Accounts: map[string]Limits{"a": {Rates: []Rate{{Of: "bytes", Per: "day", Max: 1}}}}},
		"max":      {Accounts: map[string]Limits{"a": {Rates: []Rate{{Of: "tokens", Per: "day"}}}}},
		"window":   {Accounts: map[string]Limits{"a": {Rates: []Rate{{Of: "tokens", Per: "moon", Max: 1}}}}},
	} {
		if s.Check() == nil {
			t.Errorf("%s: taken", name)
		}
		if _, err := Start(t.Context(), "", s); err == nil {
			t.Errorf("%s: started", name)
		}
	}
	demo := Demo()
	if err := demo.Check(); err != nil {
		t.Error(err)
	}
}

func TestItListensOnLoopbackOnly(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:80", "example.org:80", "127.0.0.1"} {
		if r, err := Start(t.Context(), addr, Script{}); err == nil {
			_ = r.Close()
			t.Errorf("listens on %s", addr)
		}
	}
}

func TestCloseEndsSilentAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, Script{Faults: []Fault{{What: "silent"}}})
		failed := make(chan error)
		go func() {
			_, err := c.try(t.Context(), http.MethodPost, "/v1/chat/completions", "k", ask("demo-large"))
			failed <- err
		}()
		synctest.Wait()
		if len(c.Calls()) != 1 {
			t.Error("the request has not arrived")
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := <-failed; err == nil {
			t.Error("the silent one answered")
		}
	})
}

func TestMainPrintsItsAddressAndTakesAScript(t *testing.T) {
	file := filepath.Join(t.TempDir(), "script.json")
	if err := os.WriteFile(file, []byte(`{"vendor":"zai","dialects":["openai","anthropic"],"answer":{"text":"from a file","pace":"1ms","turns":[
		{"user":"x","toolCalls":[{"name":"Bash","arguments":"{\"command\":\"ls\"}","or":[{"name":"bash","arguments":"{}"}]}]}]}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	wrong := filepath.Join(t.TempDir(), "wrong.json")
	if err := os.WriteFile(wrong, []byte(`{"answer":{"turns":[{"txt":"a"}]}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args        []string
		model, want string
	}{
		{[]string{"-script", file}, "glm-5.3", "from a file"},
		{[]string{"-vendor", "synthetic"}, "syn:large:text", "answering as syn:large:text"},
		{[]string{"-fast", "-fast-bytes", "2000"}, "x", "xxxx"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		out, in := io.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- Main(ctx, test.args, in) }()
		first, err := bufio.NewReader(out).ReadString('\n')
		url, ok := strings.CutPrefix(strings.TrimSpace(first), "listening on ")
		if err != nil || !ok {
			t.Fatalf("%q %v", first, err)
		}
		c := &client{t: t, http: http.DefaultClient, url: url, key: "k"}
		if a := c.chat(ask(test.model)); !strings.Contains(a.body, test.want) {
			t.Errorf("%v: %s", test.args, a.body)
		}
		if a := c.do(http.MethodGet, "/_sim/calls", "", ""); a.status != 200 {
			t.Errorf("%v: no control: %d", test.args, a.status)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	for _, args := range [][]string{{"-what"}, {"-script", "/nowhere"}, {"-vendor", "acme"}, {"-script", wrong}, {"-addr", "0.0.0.0:0"}} {
		if err := Main(t.Context(), args, io.Discard); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
}

func TestFastAnswersHaveTheirSizes(t *testing.T) {
	for _, f := range []Fast{{}, {Bytes: 20_000, Events: 7, EventBytes: 300, Batch: 3}, {Batch: -1}} {
		c := overTCP(t, Script{Fast: &f})
		want, count := max(f.Bytes, 1024), f.Events
		if count == 0 {
			count = 200
		}
		if a := c.chat(ask("m")); len(a.body) != want || a.get("choices.0.finish_reason") != "stop" {
			t.Errorf("%d bytes, want %d", len(a.body), want)
		}
		body := c.chat(ask("m", streamed, `,"stream_options":{"include_usage":true}`)).body
		s := read(t, body)
		if s.chunks != count+2 || !s.done || s.finish != "stop" {
			t.Errorf("%d chunks, want %d and two", s.chunks, count)
		}
		if n := len(strings.SplitAfter(body, "\n\n")[1]); n != max(f.EventBytes, 250) {
			t.Errorf("an event of %d bytes", n)
		}
		if len(c.Calls()) != 0 {
			t.Error("fast calls are logged")
		}
	}
}

func FuzzAnyBodyIsAnsweredOrRefused(f *testing.F) {
	f.Add(ask("gpt-oss-120b"), uint8(0))
	f.Add(ask("glm-5.3", streamed, tool), uint8(1))
	f.Add(`{"messages":[{"role":"tool"},{"content":[{"type":"image_url"}]}],"model":"glm-4.6v"}`, uint8(1))
	f.Add(`{"messages":{}}`, uint8(2))
	providers := []*Provider{New(Script{Vendor: Cerebras, Strict: true}), New(Script{Vendor: ZAI, Strict: true}), New(Script{Vendor: Synthetic}), New(Script{})}
	f.Fuzz(func(t *testing.T, body string, vendor uint8) {
		p := providers[int(vendor)%len(providers)]
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/chat/completions", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer k")
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != 200 && (w.Code < 400 || w.Code > 499) {
			t.Errorf("%d for %q", w.Code, body)
		}
	})
}

func BenchmarkFast(b *testing.B) {
	p := New(Script{Fast: &Fast{Batch: -1}})
	for name, body := range map[string]string{"whole": ask("m"), "stream": ask("m", streamed)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/v1/chat/completions", strings.NewReader(body))
				p.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
