package dialect

import (
	"strings"
	"testing"
)

func TestAProvidersErrorIsReadInEveryForm(t *testing.T) {
	for _, c := range []struct {
		name, data       string
		status           int
		kind, code, text string
	}{
		{"Anthropic's", `{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}`, 429, "rate_limit_error", "rate_limit_error", "slow"},
		{"Anthropic's overload", `{"type":"error","error":{"type":"overloaded_error","message":"busy"}}`, 529, "server_error", "overloaded_error", "busy"},
		{"Z.ai's code as a type", `{"type":"error","error":{"type":"1305","message":"busy"},"request_id":"x"}`, 529, "server_error", "1305", "busy"},
		{"Z.ai's code as text", `{"error":{"code":"1305","message":"busy"}}`, 529, "server_error", "1305", "busy"},
		{"Z.ai's code as a number", `{"error":{"code":1308,"message":"used up"}}`, 429, "rate_limit_error", "1308", "used up"},
		{"a status as the code", `{"error":{"code":503,"message":"m"}}`, 503, "server_error", "503", "m"},
		{"OpenAI's", `{"error":{"message":"m","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`, 400, "invalid_request_error", "context_length_exceeded", "m"},
		{"that nobody knows", `{"error":{"message":"m","type":"odd","code":"c"}}`, 502, "upstream_error", "c", "m"},
		{"within another one", `{"error":{"message":"out","error":{"message":"in","code":"1302"}}}`, 429, "rate_limit_error", "1302", "in"},
		{"of words", `{"error":"You've exceeded your limits"}`, 502, "upstream_error", "", "You've exceeded your limits"},
		{"Cerebras'", `{"message":"m","type":"too_many_tokens_error","param":"quota","code":"token_quota_exceeded"}`, 429, "rate_limit_error", "token_quota_exceeded", "m"},
		{"of a console", `{"code":500,"msg":"404 NOT_FOUND","success":false}`, 500, "server_error", "500", "404 NOT_FOUND"},
		{"that is no JSON", ` overloaded `, 502, "upstream_error", "", "overloaded"},
		{"without a message", `{"x":1}`, 502, "upstream_error", "", `{"x":1}`},
		{"of nothing", `{}`, 502, "upstream_error", "", "the provider broke the answer off without a word"},
		{"of a page", strings.Repeat("<p>", 1000), 502, "upstream_error", "", strings.Repeat("<p>", 1000)[:maxFaultMessage] + "…"},
		{"of many within each other", strings.Repeat(`{"error":`, 5000) + `{}` + strings.Repeat("}", 5000), 502, "upstream_error", "", strings.Repeat(`{"error":`, 1000)[:maxFaultMessage] + "…"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := providerFault([]byte(c.data))
			if e.Status != c.status || e.Type != c.kind || e.Code != c.code || e.Message != c.text {
				t.Errorf("got %d %s %q: %s", e.Status, e.Type, e.Code, e.Message)
			}
		})
	}
}

// The codes of docs.z.ai/api-reference/api-code (2026-11-20), and what Anthropic's
// clients are told for them.
func TestZaisCodesHaveOneMeaningInEveryForm(t *testing.T) {
	for kind, codes := range map[string]string{
		"authentication_error":  "1000 1001 1002 1003 1004 1100 1110 1111 1112 1120 1121",
		"invalid_request_error": "1210 1211 1212 1213 1214 1215 1231 1261 1300 1301",
		"permission_error":      "1220 1221 1222",
		"rate_limit_error":      "1113 1302 1303 1304 1308 1309 1310 1311 1313 1316 1317 1318 1319 1320 1321",
		"overloaded_error":      "1305 1312",
		"api_error":             "500 1230 1234",
	} {
		for code := range strings.FieldsSeq(codes) {
			for _, form := range []string{
				`{"error":{"code":"C","message":"m"}}`, `{"error":{"code":C,"message":"m"}}`,
				`{"type":"error","error":{"type":"C","message":"m"}}`, `{"code":"C","message":"m"}`,
			} {
				e := providerFault([]byte(strings.ReplaceAll(form, "C", code)))
				if got := anthropicType(e); got != kind || e.Code != code {
					t.Errorf("%s: %s is told as %s", form, code, got)
				}
			}
		}
	}
}
