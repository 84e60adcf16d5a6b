package simulator

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"
)

func TestAProviderSpeaksTheDialectsOfItsScript(t *testing.T) {
	for _, test := range []struct {
		vendor         string
		dialects       []string
		chat, messages int
		count          int
	}{
		{Cerebras, nil, 200, 404, 404},
		{ZAI, nil, 200, 200, 404},
		{Synthetic, nil, 200, 200, 404},
		{DemoShape, nil, 200, 200, 404},
		{Anthropic, nil, 404, 200, 200},
		{ZAI, []string{Chat}, 200, 404, 404},
		{DemoShape, []string{Messages}, 404, 200, 404},
		{Cerebras, []string{Chat, Messages}, 200, 200, 404},
	} {
		c := overTCP(t, Script{Vendor: test.vendor, Dialects: test.dialects})
		model := c.script.models()[0].ID
		chat := c.do(http.MethodPost, "/any/base/chat/completions", "k", ask(model), version, "2023-06-01")
		messages := c.message(write(model))
		count := c.do(http.MethodPost, "/v1/messages/count_tokens", "k", ask(model), version, "2023-06-01")
		if chat.status != test.chat || messages.status != test.messages || count.status != test.count {
			t.Errorf("%s %v: %d %d %d", test.vendor, test.dialects, chat.status, messages.status, count.status)
		}
		if test.messages == 404 && (messages.get("type") != "error" || messages.get("error.type") != "not_found_error" || c.Calls()[1].Fault != "no-such-path") {
			t.Errorf("%s", messages.body)
		}
		if test.count == 200 && count.get("input_tokens") != "2" {
			t.Errorf("counted %s", count.body)
		}
	}
}

func TestMessagesTakeTheKeyInEitherHeader(t *testing.T) {
	for _, test := range []struct {
		vendor, path, header, value string
		status                      int
		forbidden                   []string
	}{
		{ZAI, "/api/anthropic/v1/messages", "X-Api-Key", "good", 200, nil},
		{ZAI, "/api/anthropic/v1/messages", "Authorization", "Bearer good", 200, nil},
		{ZAI, "/api/anthropic/v1/messages", "X-Api-Key", "bad", 401, nil},
		{ZAI, "/api/paas/v4/messages", "X-Api-Key", "good", 429, nil}, // a key of the plan
		{ZAI, "/api/coding/paas/v4/chat/completions", "Authorization", "Bearer good", 200, nil},
		{ZAI, "/api/coding/paas/v4/chat/completions", "X-Api-Key", "good", 401, []string{"X-Api-Key"}},
		{Synthetic, "/api/anthropic/v1/messages", "X-Api-Key", "good", 401, []string{"X-Api-Key"}}, // only Bearer is documented
		{Anthropic, "/api/anthropic/v1/messages", "X-Api-Key", "good", 200, nil},
		{Anthropic, "/api/anthropic/v1/messages", "Authorization", "Bearer good", 200, nil},
		{Anthropic, "/api/anthropic/v1/models", "X-Api-Key", "good", 200, nil},
	} {
		c := overTCP(t, Script{Vendor: test.vendor, Keys: map[string]KeyScript{"good": {Path: "/api/coding/ /api/anthropic/"}}})
		method := map[bool]string{true: http.MethodGet, false: http.MethodPost}[strings.HasSuffix(test.path, "/models")]
		a := c.do(method, test.path, "", write(c.script.models()[0].ID), test.header, test.value, version, "2023-06-01")
		if a.status != test.status || !slices.Equal(c.Calls()[0].Forbidden, test.forbidden) {
			t.Errorf("%s %s %s: %d %s, forbidden %v", test.vendor, test.path, test.header, a.status, a.body, c.Calls()[0].Forbidden)
		}
	}
	c := overTCP(t, Script{Vendor: Anthropic})
	if c.message(write("claude-sonnet-5"), "X-Api-Key", "leaked"); !slices.Equal(c.Calls()[0].Forbidden, []string{"X-Api-Key"}) {
		t.Errorf("a second key is not noticed: %v", c.Calls()[0].Forbidden)
	}
}

func TestRefusalsComeInTheFormOfTheDialect(t *testing.T) {
	for _, test := range []struct {
		vendor, fault string
		status        int
		kind, says    string
	}{
		{ZAI, "zai/1308", 429, "1308", "Usage limit reached"},
		{ZAI, "zai/1308+number", 429, "1308", "Usage limit reached"},
		{ZAI, "zai/1305+529", 529, "1305", "overloaded"},
		{ZAI, "zai/1311+anthropic-code", 429, "rate_limit_error", "[1311]["},
		{Synthetic, "synthetic/quota", 429, "rate_limit_error", "subscription rate limits"},
		{Synthetic, "synthetic/context", 400, "invalid_request_error", "longer than"},
		{DemoShape, "openai/500", 500, "api_error", "The server had an error"},
		{DemoShape, "cerebras/payment", 402, "billing_error", "Payment required"},
		{Anthropic, "anthropic/overloaded", 529, "overloaded_error", "Overloaded"},
		{Anthropic, "anthropic/rate-limit", 429, "rate_limit_error", "per minute"},
		{DemoShape, "nginx-503", 503, "", ""},
	} {
		c := overTCP(t, Script{Vendor: test.vendor, Faults: []Fault{{What: test.fault}}})
		a := c.message(write("m"))
		if a.status != test.status || a.get("error.type") != test.kind || !strings.Contains(a.get("error.message"), test.says) {
			t.Errorf("%s: %d %s", test.fault, a.status, a.body)
		}
		if test.kind != "" && (a.get("type") != "error" || a.get("request_id") == "" || strings.Contains(a.body, "{{")) {
			t.Errorf("%s: %s", test.fault, a.body)
		}
		if c.Calls()[0].Fault != test.fault {
			t.Errorf("%s is logged as %s", test.fault, c.Calls()[0].Fault)
		}
	}
	c := overTCP(t, Script{Vendor: ZAI, Faults: []Fault{{What: "zai/1302+event"}}})
	if a := c.message(write("glm-5.3", streamed)); a.body[:len("event: error\ndata: {")] != "event: error\ndata: {" || gjson.Get(events(a.body)[0], "error.type").String() != "1302" {
		t.Errorf("%s", a.body)
	}
}

func TestOccasionsOfMessagesAreTheVendors(t *testing.T) {
	image := `"max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"?"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]}`
	pdf := strings.Replace(strings.Replace(image, `"image"`, `"document"`, 1), "image/png", "application/pdf", 1)
	inResult := `"max_tokens":9,"messages":[{"role":"user","content":"?"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"look","input":{}}]},` +
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"image","source":{}}]}]}]}`
	long := `"max_tokens":9,"messages":[{"role":"user","content":"` + strings.Repeat("word ", 900_000) + `"}]}`
	for _, test := range []struct{ vendor, body, fault string }{
		{ZAI, `{"model":"glm-4.6",` + image, "zai/1210"},
		{ZAI, `{"model":"glm-4.6",` + inResult, "zai/1210"},
		{ZAI, `{"model":"glm-4.6v",` + image, ""},
		{ZAI, `{"model":"glm-4.6v",` + pdf, "zai/1210"},
		{ZAI, `{"model":"glm-9",` + long, "zai/1211"},
		{ZAI, `{"model":"glm-5.3",` + long, "zai/1261"},
		{ZAI, `{"model":"glm-5.3[1m]",` + inResult[:len(inResult)-1] + `,"x":1}`, "zai/1210"},
		{ZAI, write("glm-5.3[1m]"), ""},
		{ZAI, ask("glm-5.3"), "zai/1214"},
		{ZAI, `{"model":"glm-5.3","max_tokens":9,"messages":[]}`, "zai/1214"},
		{Synthetic, `{"model":"syn:large:text",` + image, "synthetic/image"},
		{Synthetic, write("hf:zai-org/GLM-4.6"), "synthetic/model"},
		{DemoShape, write("gpt"), "anthropic/model"},
		{DemoShape, `{"model":"demo-large",` + image, "anthropic/param"},
		{DemoShape, `nonsense`, "anthropic/param"},
		{Anthropic, `{"model":"claude-sonnet-5",` + image, ""},
		{Anthropic, `{"model":"claude-sonnet-5",` + pdf, ""},
		{Anthropic, `{"model":"claude-sonnet-5",` + long, "anthropic/context"},
		{Anthropic, strings.Replace(`{"model":"claude-sonnet-5",`+long, "word ", strings.Repeat("x", 32<<20), 1), "anthropic/too-large"},
	} {
		c := overTCP(t, Script{Vendor: test.vendor})
		a := c.message(test.body)
		if got := c.Calls()[0].Fault; got != test.fault {
			t.Errorf("%s %.80s: %q, want %q; %d %.300s", test.vendor, test.body, got, test.fault, a.status, a.body)
		}
	}
}

func TestAnthropicTellsItsLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Script{Vendor: Anthropic, Accounts: map[string]Limits{"*": {Rates: []Rate{{Of: "requests", Per: "minute", Max: 1}, {Of: "tokens", Per: "minute", Max: 100_000}}}}}
		c := inMemory(t, s)
		a := c.message(write("claude-sonnet-5"))
		reset := time.Now().Add(time.Minute).UTC().Format(time.RFC3339)
		if h := a.header; h.Get("Anthropic-Ratelimit-Requests-Limit") != "1" || h.Get("Anthropic-Ratelimit-Requests-Remaining") != "0" ||
			h.Get("Anthropic-Ratelimit-Requests-Reset") != reset || h.Get("Anthropic-Ratelimit-Tokens-Remaining") != "95998" {
			t.Errorf("%v", h)
		}
		if a = c.message(write("claude-sonnet-5")); a.status != 429 || a.header.Get("Retry-After") != "60" || a.get("error.type") != "rate_limit_error" {
			t.Errorf("%d %v %s", a.status, a.header, a.body)
		}
		time.Sleep(time.Minute)
		if a = c.message(write("claude-sonnet-5")); a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
}

func TestModelListsComeInAnthropicsFormToItsClients(t *testing.T) {
	for _, test := range []struct{ vendor, path, header, query, want string }{
		{Anthropic, "/v1/models", "X-Any", "data.#.type", `["model","model","model"]`},
		{Anthropic, "/v1/models", version, "first_id", "claude-opus-4-8"},
		{Anthropic, "/v1/models/claude-sonnet-5", version, "max_tokens", "64000"},
		{Anthropic, "/v1/models/gpt", version, "error.type", "not_found_error"},
		{DemoShape, "/v1/models", version, "has_more", "false"},
		{DemoShape, "/v1/models", "X-Any", "object", "list"},
		{Cerebras, "/v1/models", version, "object", "list"},
	} {
		c := overTCP(t, Script{Vendor: test.vendor})
		if a := c.do(http.MethodGet, test.path, "k", "", test.header, "2023-06-01"); a.get(test.query) != test.want {
			t.Errorf("%s %s: %s", test.vendor, test.path, a.body)
		}
	}
}

func TestAModelIsToldAloneAsItIsInTheList(t *testing.T) {
	for _, vendor := range []string{Anthropic, Cerebras, DemoShape, Synthetic, ZAI} {
		for _, path := range []string{"/v1/models", "/public/v1/models"} {
			for _, header := range []string{version, "X-Any"} {
				c := overTCP(t, Script{Vendor: vendor})
				list := c.do(http.MethodGet, path, "k", "", header, "2023-06-01")
				one := c.do(http.MethodGet, path+"/"+list.get("data.0.id"), "k", "", header, "2023-06-01")
				if first := list.get("data.0"); first == "" || one.body != first {
					t.Errorf("%s %s, %s: alone %s\nin the list %s", vendor, path, header, one.body, first)
				}
			}
		}
	}
}

// What each stream fault looks like in Anthropic's events; the others have
// nothing to do with the dialect.
var messageFaults = map[string]func(s seen) bool{
	"stall": func(s seen) bool { return strings.Count(s.body, "event: content_block_delta") == 2 && s.timeout },
	"cut": func(s seen) bool {
		return strings.Count(s.body, "event: content_block_delta") == 2 && errors.Is(s.err, io.ErrUnexpectedEOF)
	},
	"cut-clean": func(s seen) bool {
		return s.tidy() && s.broken() == 0 && !strings.Contains(s.body, "content_block_stop")
	},
	"cut-event": func(s seen) bool { return s.tidy() && !strings.HasSuffix(s.body, "\n\n") },
	"malformed-line": func(s seen) bool {
		return s.broken() == 1 && strings.Contains(s.body, "event: message_stop")
	},
	"no-start":  func(s seen) bool { return strings.HasPrefix(s.body, "event: content_block_start\n") },
	"no-done":   func(s seen) bool { return s.tidy() && strings.Contains(s.body, `"end_turn"`) && !s.stopped() },
	"no-finish": func(s seen) bool { return s.tidy() && !strings.Contains(s.body, "message_delta") && s.stopped() },
	"json-for-sse": func(s seen) bool {
		return s.header.Get("Content-Type") == "application/json" && s.get("type") == "message"
	},
	"huge-event": func(s seen) bool {
		return len(s.body) > 1<<20 && s.broken() == 0 && strings.Contains(s.body, `"text":"xxxx`)
	},
	"error-event-first": func(s seen) bool {
		return s.status == 200 && strings.HasPrefix(s.body, "event: error\ndata: {") && gjson.Get(events(s.body)[0], "error.type").String() == "1305"
	},
	"error-event-mid": func(s seen) bool {
		return strings.HasPrefix(s.body, "event: message_start\n") && strings.Contains(s.body, "\n\nevent: error\ndata: ") && s.tidy()
	},
	"role-then-silent": func(s seen) bool {
		return len(events(s.body)) == 1 && strings.HasPrefix(s.body, "event: message_start\n") && s.timeout
	},
	"nul-content": func(s seen) bool { return strings.Contains(s.body, `"text":"\u0000"`) && s.stopped() },
	"no-event-lines": func(s seen) bool {
		return !strings.Contains(s.body, "event: ") && strings.Contains(s.body, "message_stop")
	},
	"no-space": func(s seen) bool { return strings.Contains(s.body, "event:message_start\ndata:{") },
	"comments": func(s seen) bool {
		return strings.Contains(s.body, ": keep-alive\n\nevent: message_stop\ndata: ") && s.broken() == 0
	},
	"crlf": func(s seen) bool { return strings.Contains(s.body, "event: message_start\r\ndata: ") },
}

func (s seen) stopped() bool { return strings.Contains(s.body, "event: message_stop") }

func TestStreamFaultsBefallMessages(t *testing.T) {
	for name, check := range messageFaults {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := inMemory(t, Script{Faults: []Fault{{What: name, With: "zai/1305"}}})
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				a, err := c.try(ctx, http.MethodPost, "/v1/messages", "k", write("demo-large", streamed))
				s := seen{answered: a, failed: err, timeout: errors.Is(a.err, context.DeadlineExceeded)}
				if !check(s) {
					t.Errorf("status %d, failed %v, read %v, body %.900q", s.status, s.failed, s.err, s.body)
				}
			})
		})
	}
}
