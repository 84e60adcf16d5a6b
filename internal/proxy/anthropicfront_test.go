package proxy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
	"github.com/glmtray/glmtray/internal/secret"
)

func TestAWrongClientKeyIsToldInTheCallersDialectAndNotRepeated(t *testing.T) {
	r := newRig(t, setup{tune: func(s *config.Settings) {
		s.RequireClientKey, s.ClientKey = true, secret.New("gt-the-right-key-0123456789")
	}})
	for _, c := range []struct{ path, header, value, kind string }{
		{"/v1/messages", "X-Api-Key", "sk-wrong", "authentication_error"},
		{"/v1/messages?beta=true", "Authorization", "Bearer sk-wrong", "authentication_error"},
		{"/anthropic/v1/messages", "", "", "authentication_error"},
		{"/v1/messages/count_tokens", "X-Api-Key", "sk-wrong", "authentication_error"},
		{"/v1/responses", "Authorization", "Bearer sk-wrong", "invalid_request_error"},
		{"/v1/chat/completions", "Authorization", "Bearer sk-wrong", "invalid_request_error"},
	} {
		var header []string
		if c.header != "" {
			header = []string{c.header, c.value}
		}
		p := r.do("POST", c.path, []byte(`{}`), header...)
		m := gjson.ParseBytes(p.body)
		anthropic := c.kind == "authentication_error"
		if p.StatusCode != 401 || m.Get("error.type").String() != c.kind || p.Header.Get("X-Should-Retry") != "false" {
			t.Errorf("%s: %d %v %s", c.path, p.StatusCode, p.Header, p.body)
		}
		if (m.Get("type").String() == "error") != anthropic || (m.Get("error.code").String() == "") != anthropic {
			t.Errorf("%s: %s", c.path, p.body)
		}
	}
	for _, header := range [][]string{{"X-Api-Key", "gt-the-right-key-0123456789"}, {"Authorization", "Bearer gt-the-right-key-0123456789"}} {
		r.do("POST", "/v1/messages", anthropicHello, header...).want(t, 200, "cerebras")
	}
	for _, p := range []*simulator.Running{r.cerebras, r.synthetic, r.zai} {
		for _, c := range p.Calls() {
			if len(c.Forbidden) > 0 {
				t.Errorf("a header that is no business of a provider: %v", c.Forbidden)
			}
		}
	}
}

var anthropicHello = []byte(`{"model":"claude-opus-4-8","max_tokens":100,"messages":[{"role":"user","content":"hello"}]}`)

func TestAnthropicsPathsAreServedWhereItsClientsLookForThem(t *testing.T) {
	r := newRig(t, setup{})
	for _, path := range []string{"/", ""} {
		if p := r.do("HEAD", path, nil); p.StatusCode != 200 {
			t.Errorf("HEAD %q: %d", path, p.StatusCode)
		}
	}
	for _, path := range []string{"/v1/messages", "/v1/messages?beta=true", "/anthropic/v1/messages?beta=true", "/anthropic/messages", "/messages"} {
		p := r.do("POST", path, anthropicHello).want(t, 200, "cerebras")
		if gjson.GetBytes(p.body, "type").String() != "message" {
			t.Errorf("%s: %s", path, p.body)
		}
		if id := p.Header.Get("Request-Id"); id == "" || id != p.Header.Get("X-Request-Id") {
			t.Errorf("%s: ids in %v", path, p.Header)
		}
	}
	if n := len(r.cerebras.Calls()); n != 5 {
		t.Errorf("the provider was asked %d times", n)
	}
	for _, body := range []string{``, `{`, `[]`, `{"model":"x"}`, `{"model":"x","messages":"hello"}`} {
		p := r.do("POST", "/v1/messages", []byte(body))
		if p.StatusCode != 400 || gjson.GetBytes(p.body, "error.type").String() != "invalid_request_error" || gjson.GetBytes(p.body, "request_id").String() == "" {
			t.Errorf("%q: %d %s", body, p.StatusCode, p.body)
		}
	}
}

func TestModelsAreListedInTheCallersShape(t *testing.T) {
	r := newRig(t, setup{})
	version := []string{"Anthropic-Version", "2023-06-01"}
	chat := gjson.ParseBytes(r.do("GET", "/v1/models", nil).want(t, 200, "-").body)
	page := gjson.ParseBytes(r.do("GET", "/v1/models?limit=1000", nil, version...).want(t, 200, "-").body)
	n := chat.Get("data.#").Int()
	if chat.Get("object").String() != "list" || n < 3 || page.Get("data.#").Int() != n {
		t.Fatalf("%s\n%s", chat.Raw, page.Raw)
	}
	first, last := page.Get("data.0"), page.Get("data").Array()[n-1]
	if page.Get("has_more").Raw != "false" || page.Get("first_id").String() != first.Get("id").String() || page.Get("last_id").String() != last.Get("id").String() {
		t.Errorf("%s", page.Raw)
	}
	for _, field := range []string{"id", "display_name", "created_at"} {
		if first.Get("type").String() != "model" || first.Get(field).String() == "" {
			t.Errorf("no %s: %s", field, first.Raw)
		}
	}
	if by := r.do("GET", "/anthropic/v1/models", nil).want(t, 200, "-"); !gjson.GetBytes(by.body, "data.0.display_name").Exists() {
		t.Errorf("below /anthropic: %s", by.body)
	}
	for _, id := range []string{first.Get("id").String(), "hf:zai-org%2FGLM-5.2", "hf:zai-org/GLM-5.2"} {
		one := r.do("GET", "/v1/models/"+id, nil, version...).want(t, 200, "-")
		if got := gjson.GetBytes(one.body, "id").String(); got != strings.Replace(id, "%2F", "/", 1) || gjson.GetBytes(one.body, "type").String() != "model" {
			t.Errorf("%s: %s", id, one.body)
		}
	}
	if one := r.do("GET", "/v1/models/gpt-oss-120b", nil).want(t, 200, "-"); gjson.GetBytes(one.body, "object").String() != "model" {
		t.Errorf("%s", one.body)
	}
	p := r.do("GET", "/v1/models/claude-none", nil, version...)
	if p.StatusCode != 404 || gjson.GetBytes(p.body, "error.type").String() != "not_found_error" {
		t.Errorf("%d %s", p.StatusCode, p.body)
	}
}

// claudeCode is what Claude Code sends (2.1.197): a line for its maker's accounts
// before the system text, and a system message behind the user's first.
const claudeCode = `{"model":"claude-opus-4-8","max_tokens":64000,"stream":true,"system":[
	{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.197.abc; cc_entrypoint=cli;"},
	{"type":"text","text":"You are Claude Code.","cache_control":{"type":"ephemeral"}}],
	"messages":[{"role":"user","content":[{"type":"text","text":"hello"}]},{"role":"system","content":"These agents there are: Explore."}],
	"thinking":{"type":"adaptive"},"output_config":{"effort":"high"},
	"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},
	"metadata":{"user_id":"{\"session_id\":\"s-1\"}"}}`

func TestWhatClaudeCodeSendsReachesEveryKindOfProvider(t *testing.T) {
	for _, b := range behinds {
		t.Run(b.name, func(t *testing.T) {
			l := b.rig(t)
			p := l.do("POST", "/v1/messages?beta=true", []byte(claudeCode), "Anthropic-Version", "2023-06-01",
				"Anthropic-Beta", "context-management-2025-06-27,effort-2025-11-24", "X-Claude-Code-Session-Id", "s-1")
			h := new(heard)
			anthropicStream(t, readSSE(t, p.body), h)
			if h.text != fox || !h.ended {
				t.Fatalf("%d %s", p.StatusCode, p.body)
			}
			body := l.sent().Body
			if strings.Contains(body, "x-anthropic-billing-header") != (b == &anthropicBehind) {
				t.Errorf("the line for Anthropic's accounts: %s", body)
			}
			for _, text := range []string{"You are Claude Code.", "These agents there are: Explore."} {
				if strings.Count(body, text) != 1 {
					t.Errorf("%q: %s", text, body)
				}
			}
			if gjson.Get(body, "context_management").Exists() != (b == &anthropicBehind) {
				t.Errorf("context_management: %s", body)
			}
			if n := gjson.Get(body, "max_tokens").Int(); n != 64000 {
				t.Errorf("max_tokens %d", n)
			}
		})
	}
}

func TestTheOutputLimitIsNoMoreThanTheModelWrites(t *testing.T) {
	for _, b := range behinds {
		for _, k := range tongues {
			l := b.rig(t)
			k.ask(t, l.rig, wish{turns: says("hello"), limit: 500_000})
			body := l.sent().Body
			n := gjson.Get(body, "max_tokens").Int() + gjson.Get(body, "max_completion_tokens").Int()
			want := int64(131072)
			if b == &anthropicBehind {
				want = 64_000
			}
			if k.name == dialect.OpenAI && b == &chatBehind {
				want = 500_000 // the client's own words, byte for byte
			}
			if n != want {
				t.Errorf("%s to %s: %d", k.name, b.name, n)
			}
		}
	}
}

func TestAnImageNeverReachesATextModel(t *testing.T) {
	for _, k := range tongues {
		r := newRig(t, setup{})
		if err := r.cerebras.SetScript(withBodies(simulator.Cerebras)); err != nil {
			t.Fatal(err)
		}
		first := []turn{{text: "what is this?", picture: true}}
		if h := k.ask(t, r, wish{turns: first}); h.text != fox || asked(r.cerebras) != 0 || asked(r.synthetic)+inMessages(r.synthetic) != 1 {
			t.Errorf("%s: %s", k.name, h)
		}
		// With the next turn the session returns to the fast model.
		h := k.ask(t, r, wish{turns: append(first, turn{echo: plain(k.name, "A dot.")}, turn{text: "and now?"})})
		if h.text != fox || asked(r.cerebras) != 1 {
			t.Errorf("%s: %s", k.name, h)
		}
		for _, c := range r.cerebras.Calls() {
			if c.Images > 0 || strings.Contains(c.Body, picture) || !strings.Contains(c.Body, "picture") {
				t.Errorf("%s: the text model saw %s", k.name, c.Body)
			}
		}
	}
}

// inMessages counts what a provider was asked in Anthropic's dialect.
func inMessages(p *simulator.Running) (n int) {
	for _, c := range p.Calls() {
		if c.Dialect == simulator.Messages {
			n++
		}
	}
	return n
}

func withBodies(vendor string) simulator.Script {
	s := script(vendor)
	s.KeepBodies = true
	return s
}

func TestTokensAreCountedWithoutAskingAnyProvider(t *testing.T) {
	r := newRig(t, setup{})
	text := strings.Repeat("The quick brown fox jumps over the lazy dog. ", 100) // ten tokens each
	body, err := json.Marshal(map[string]any{
		"model": "claude-opus-4-8", "system": "Be brief.", "messages": []any{map[string]any{"role": "user", "content": text}},
		"tools": []any{map[string]any{"name": "weather", "input_schema": object("city")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v1/messages/count_tokens", "/v1/messages/count_tokens?beta=true", "/anthropic/v1/messages/count_tokens"} {
		p := r.do("POST", path, body).want(t, 200, "-")
		if n := gjson.GetBytes(p.body, "input_tokens").Int(); n < 1000 || n > 1150 {
			t.Errorf("%s: %s", path, p.body)
		}
	}
	if n := len(r.cerebras.Calls()) + len(r.synthetic.Calls()) + len(r.zai.Calls()); n != 0 {
		t.Errorf("providers were asked %d times", n)
	}
	if r.records.count() != 0 {
		t.Error("a count is no request to anybody, and was recorded")
	}
	if p := r.do("POST", "/v1/messages/count_tokens", []byte(`{"messages":7}`)); p.StatusCode != 400 || gjson.GetBytes(p.body, "type").String() != "error" {
		t.Errorf("%d %s", p.StatusCode, p.body)
	}
}
