package simulator

import (
	"net/http"
	"strings"
	"testing"
)

func TestAnthropicRefusesWhatItIsKnownToRefuse(t *testing.T) {
	mine := signature(0, "hm")
	const (
		user = `{"role":"user","content":"?"}`
		use  = `{"role":"assistant","content":[{"type":"text","text":"I look"},{"type":"tool_use","id":"toolu_1","name":"look","input":{}}]}`
		got  = `{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"42"}]}`
	)
	thinking := func(rest string) string {
		return saying("claude-sonnet-5", user, `{"role":"assistant","content":[{"type":"thinking","thinking":"hm"`+rest+`},{"type":"text","text":"so"}]}`, user)
	}
	for name, test := range map[string]struct{ body, says string }{
		"plain":                     {write("claude-sonnet-5"), ""},
		"a tool's result":           {saying("claude-sonnet-5", user, use, got), ""},
		"roles that repeat":         {saying("claude-sonnet-5", user, user, use, got, user), ""},
		"results in two messages":   {saying("claude-sonnet-5", user, strings.Replace(use, `{}}]`, `{}},{"type":"tool_use","id":"b","name":"look","input":{}}]`, 1), got, strings.Replace(got, "toolu_1", "b", 1)), ""},
		"its own signature":         {thinking(`,"signature":"` + mine + `"`), ""},
		"no signature":              {thinking(""), "messages.1.content.0.thinking.signature: Field required"},
		"an empty signature":        {thinking(`,"signature":""`), "messages.1.content.0.thinking.signature: Field required"},
		"a foreign signature":       {thinking(`,"signature":"abc"`), "messages.1.content.0: Invalid `signature` in `thinking` block"},
		"changed thinking":          {strings.Replace(thinking(`,"signature":"`+mine+`"`), `"hm"`, `"hm!"`, 1), "Invalid `signature`"},
		"foreign redacted thinking": {saying("claude-sonnet-5", user, `{"role":"assistant","content":[{"type":"redacted_thinking","data":"AAAA"}]}`, user), "messages.1.content.0: Invalid `data`"},
		"a system message":          {saying("claude-sonnet-5", user, `{"role":"system","content":"be brief"}`, use, got), ""},
		"a leading system message":  {saying("claude-sonnet-5", `{"role":"system","content":"be brief"}`, user), `Unexpected role "system"`},
		"a system message before a result": {
			saying("claude-sonnet-5", user, use, `{"role":"system","content":"be brief"}`, got), "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1.",
		},
		"a tool message":        {saying("claude-sonnet-5", user, `{"role":"tool","content":"x"}`), "messages.1.role: Input should be 'user' or 'assistant'"},
		"an empty text block":   {saying("claude-sonnet-5", `{"role":"user","content":[{"type":"text","text":""}]}`), "messages: text content blocks must be non-empty"},
		"empty text in results": {saying("claude-sonnet-5", user, use, strings.Replace(got, `"42"`, `[{"type":"text","text":""}]`, 1)), "messages: text content blocks must be non-empty"},
		"empty system text":     {write("claude-sonnet-5", `,"system":[{"type":"text","text":""}]`), "system: text content blocks must be non-empty"},
		"empty content":         {saying("claude-sonnet-5", user, `{"role":"assistant","content":""}`), "messages.1: all messages must have non-empty content"},
		"a result of nothing":   {saying("claude-sonnet-5", got), "messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1."},
		"a result twice":        {saying("claude-sonnet-5", user, use, got, got), "messages.3.content.0: unexpected `tool_use_id`"},
		"a call without result": {saying("claude-sonnet-5", user, use, user), "messages.1: `tool_use` ids were found without"},
		"a call at the end":     {saying("claude-sonnet-5", user, use), "messages.1: `tool_use` ids were found without"},
		"text before a result":  {saying("claude-sonnet-5", user, use, strings.Replace(got, `[`, `[{"type":"text","text":"so"},`, 1)), "messages.1: `tool_use` ids were found without"},
		"an odd id":             {saying("claude-sonnet-5", user, strings.Replace(use, "toolu_1", "functions.look:0", 1), got), "messages.1.content.1.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"},
		"an id twice":           {saying("claude-sonnet-5", user, use, got, use, got), "messages: `tool_use` ids must be unique"},
		"input that is text":    {saying("claude-sonnet-5", user, strings.Replace(use, `"input":{}`, `"input":"{}"`, 1), got), "messages.1.content.1.tool_use.input: Input should be a valid dictionary"},
		"a foreign block":       {saying("claude-sonnet-5", `{"role":"user","content":[{"type":"image_url"}]}`), "messages.0.content.0: Input tag 'image_url'"},
		"a foreign field":       {write("claude-sonnet-5", `,"reasoning_effort":"high"`), "reasoning_effort: Extra inputs are not permitted"},
		"a message's field":     {saying("claude-sonnet-5", `{"role":"user","content":"?","name":"x"}`), "messages.0.name: Extra inputs are not permitted"},
		"no max_tokens":         {ask("claude-sonnet-5"), "max_tokens: Field required"},
		"too many max_tokens":   {ask("claude-sonnet-5", `,"max_tokens":99999`), "max_tokens: 99999 > 64000, which is the maximum allowed number of output tokens for claude-sonnet-5"},
		"a high temperature":    {write("claude-sonnet-5", `,"temperature":1.5`), "temperature: range: 0..1"},
		"a small budget":        {write("claude-sonnet-5", `,"thinking":{"type":"enabled","budget_tokens":100}`), "greater than or equal to 1024"},
		"a large budget":        {write("claude-sonnet-5", `,"thinking":{"type":"enabled","budget_tokens":4000}`), "`max_tokens` must be greater than"},
		"adaptive thinking":     {write("claude-sonnet-5", `,"thinking":{"type":"adaptive"},"output_config":{"effort":"high"}`), ""},
		"a tool's odd name":     {write("claude-sonnet-5", strings.Replace(lookBlock, "look", "a.b", 1)), "tools.0.custom.name: String should match pattern"},
		"a choice of no tools":  {write("claude-sonnet-5", `,"tool_choice":{"type":"auto"}`), "tool_choice: can only be specified when tools are provided"},
		"context_management":    {write("claude-sonnet-5", `,"context_management":{}`), "context_management: Extra inputs are not permitted"},
		"five breakpoints": {
			`{"model":"claude-sonnet-5","max_tokens":9,"system":[{"type":"text","text":"a","cache_control":{}}],"tools":[{"name":"look","input_schema":{},"cache_control":{}}],` +
				`"messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":{}},{"type":"text","text":"a","cache_control":{}}]},` +
				use + `,` + strings.Replace(got, `"42"`, `[{"type":"text","text":"a","cache_control":{}}]`, 1) + `]}`, "A maximum of 4 blocks with cache_control may be provided. Found 5.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := overTCP(t, Script{Vendor: Anthropic})
			a := c.message(test.body)
			if test.says == "" && a.status != 200 || test.says != "" && (a.status != 400 || !strings.Contains(a.get("error.message"), test.says)) {
				t.Errorf("%d %s, want %s", a.status, a.body, test.says)
			}
			if a.status == 400 && a.get("error.type") != "invalid_request_error" {
				t.Errorf("%s", a.body)
			}
		})
	}
}

func TestAnthropicReadsItsHeaders(t *testing.T) {
	c := overTCP(t, Script{Vendor: Anthropic})
	if a := c.do(http.MethodPost, "/v1/messages", "k", write("claude-sonnet-5")); a.status != 400 || a.get("error.message") != "anthropic-version: header is required" {
		t.Errorf("%d %s", a.status, a.body)
	}
	body := write("claude-sonnet-5", `,"context_management":{"edits":[]}`)
	if a := c.message(body, "Anthropic-Beta", "effort-2025-11-24,context-management-2025-06-27"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestAnthropicsContextHoldsTheAnswerToo(t *testing.T) {
	c := overTCP(t, Script{Vendor: Anthropic})
	body := strings.Replace(ask("claude-sonnet-5", `,"max_tokens":60000`), "hello", strings.Repeat("word", 150_000), 1)
	want := "input length and `max_tokens` exceed context limit: 150000 + 60000 > 200000, decrease input length or `max_tokens` and try again"
	if a := c.message(body); a.get("error.message") != want {
		t.Errorf("%s", a.body)
	}
	if a := c.message(strings.Replace(body, "60000", "50000", 1)); a.status != 200 {
		t.Errorf("%s", a.body)
	}
}

func TestCountingChecksTheRequestAndCostsNothing(t *testing.T) {
	c := overTCP(t, Script{Vendor: Anthropic, Accounts: map[string]Limits{"*": {Rates: []Rate{{Of: "requests", Per: "day", Max: 1}}}}})
	for _, test := range []struct {
		body, want string
		status     int
	}{
		{ask("claude-sonnet-5"), "2", 200},
		{strings.Replace(ask("claude-sonnet-5", `,"system":[{"type":"text","text":"be brief"}]`, lookBlock), "hello", "hello, hello", 1), "18", 200},
		{`{"model":"claude-sonnet-5","messages":[{"role":"user","content":[{"type":"image","source":{}}]}]}`, "1000", 200},
		{ask("gpt"), "", 404},
		{`{"model":"claude-sonnet-5","messages":[]}`, "", 400},
	} {
		a := c.do(http.MethodPost, "/v1/messages/count_tokens?beta=true", "k", test.body, version, "2023-06-01")
		if a.status != test.status || a.get("input_tokens") != test.want {
			t.Errorf("%s: %d %s", test.body, a.status, a.body)
		}
	}
	if call := c.Calls()[0]; call.Dialect != "" || call.Model != "claude-sonnet-5" {
		t.Errorf("logged as %+v", call)
	}
	if a := c.message(write("claude-sonnet-5")); a.status != 200 {
		t.Errorf("counting was charged: %s", a.body)
	}
}

func TestOnlyDocumentedFieldsAndBoundsAreTakenInChat(t *testing.T) {
	name := strings.Repeat("n", 65)
	for _, test := range []struct {
		vendor string
		strict bool
		body   string
		fault  string
	}{
		{Cerebras, false, ask("gpt-oss-120b", `,"stop":["a","b","c","d"],"temperature":1.5,"reasoning_effort":"low"`), ""},
		{Cerebras, false, ask("gpt-oss-120b", `,"stop":["a","b","c","d","e"]`), "cerebras/param"},
		{Cerebras, false, ask("gpt-oss-120b", `,"temperature":1.6`), "cerebras/param"},
		{Cerebras, false, ask("gpt-oss-120b", `,"reasoning_effort":"none"`), "cerebras/effort"},
		{Cerebras, false, ask("qwen-3.8-27b", `,"reasoning_effort":"none"`), ""},
		{Cerebras, false, ask("qwen-3.8-27b", `,"reasoning_effort":"xhigh"`), "cerebras/effort"},
		{Cerebras, false, ask("gpt-oss-120b", strings.Replace(tool, "look", name, 1)), "cerebras/param"},
		{Synthetic, false, ask("syn:large:text", strings.Replace(tool, "look", "a.b", 1)), "synthetic/param"},
		{DemoShape, false, ask("demo-large", strings.Replace(tool, "look", name, 1)), "openai/param"},
		{DemoShape, false, ask("demo-large", strings.Replace(tool, "look", name[1:], 1)), ""},
		{ZAI, false, ask("glm-5.3", `,"response_format":{"type":"json_schema","json_schema":{}},"n":1`), ""},
		{ZAI, true, ask("glm-5.3", `,"response_format":{"type":"json_schema","json_schema":{}}`), "zai/1210"},
		{ZAI, true, ask("glm-5.3", `,"response_format":{"type":"json_object"},"tool_choice":"auto","stream_options":{},"temperature":1`), ""},
		{ZAI, true, ask("glm-5.3", `,"tool_choice":{"type":"function","function":{"name":"look"}}`), "zai/1210"},
		{ZAI, true, ask("glm-5.3", `,"parallel_tool_calls":true`), "zai/1210"},
	} {
		c := overTCP(t, Script{Vendor: test.vendor, Strict: test.strict})
		a := c.chat(test.body)
		if got := c.Calls()[0].Fault; got != test.fault {
			t.Errorf("%s %s: %q, want %q; %s", test.vendor, test.body, got, test.fault, a.body)
		}
	}
}
