package simulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"
)

// What vendors are known to answer: every class must have its fixture.
var known = strings.Fields(`
	cerebras/rpm cerebras/rps cerebras/tpm cerebras/tpm-as-requests cerebras/queue cerebras/payment cerebras/param
	cerebras/context cerebras/null-content cerebras/wrong-key cerebras/not-entitled cerebras/model
	cerebras/tool-results cerebras/500 cerebras/503 cerebras/quota-in-200 cerebras/quota-in-stream
	zai/500 zai/1000 zai/1001 zai/1002 zai/1003 zai/1004 zai/1100 zai/1110 zai/1111 zai/1112 zai/1113 zai/1113-cn
	zai/1120 zai/1121 zai/1210 zai/1211 zai/1212 zai/1213 zai/1214 zai/1215 zai/1220 zai/1221 zai/1222 zai/1230
	zai/1231 zai/1234 zai/1261 zai/1300 zai/1301 zai/1302 zai/1302-old zai/1303 zai/1304 zai/1305 zai/1308
	zai/1308-cn zai/1309 zai/1310 zai/1311 zai/1312 zai/1313 zai/1316 zai/1317 zai/1318 zai/1319 zai/1320 zai/1321
	zai/http-434 zai/http-435
	synthetic/quota synthetic/parallel synthetic/payment synthetic/wrong-key synthetic/context
	synthetic/context-short synthetic/context-empty synthetic/model synthetic/503
	anthropic/param anthropic/wrong-key anthropic/payment anthropic/credit anthropic/not-entitled anthropic/model
	anthropic/context anthropic/context-output anthropic/too-large anthropic/rate-limit anthropic/concurrency
	anthropic/500 anthropic/timeout anthropic/overloaded
	html-403 nginx-503 no-such-path`)

func TestEveryKnownFailureHasItsFixture(t *testing.T) {
	all := Fixtures()
	for _, name := range known {
		if !slices.Contains(all, name) {
			t.Errorf("no fixture %s", name)
		}
	}
}

func TestFixturesAreWellFormed(t *testing.T) {
	for _, name := range Fixtures() {
		f, err := FixtureNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		f = words{model: "m", now: time.Now(), id: "i", problem: "p"}.fill(f)
		if strings.Contains(f.Body, "{{") {
			t.Errorf("%s: a placeholder is left: %s", name, f.Body)
		}
		if strings.HasPrefix(f.Header.Get("Content-Type"), "application/json") && f.Body != "" && !gjson.Valid(f.Body) {
			t.Errorf("%s: not JSON: %s", name, f.Body)
		}
		if f.Status == http.StatusTooManyRequests && f.Scope == "account-window" && f.Wait == 0 {
			t.Errorf("%s: a window that never returns", name)
		}
	}
}

func TestEachFixtureIsAnsweredByteForByte(t *testing.T) {
	c := overTCP(t, Script{})
	for _, name := range Fixtures() {
		f, err := FixtureNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetFaults(Fault{What: name}); err != nil {
			t.Fatal(err)
		}
		for _, body := range []string{ask("demo-large"), ask("demo-large", streamed)} {
			c.chat(body).compare(t, f)
		}
	}
	for _, call := range c.Calls() {
		if call.Fault == "" || call.Status == 0 {
			t.Errorf("call %d: fault %q, status %d", call.N, call.Fault, call.Status)
		}
	}
}

// compare checks whatever of a fixture has no placeholder in it.
func (a answered) compare(t *testing.T, f Fixture) {
	t.Helper()
	same := func(what, got, want string) {
		if got != want && !strings.Contains(want, "{{") {
			t.Errorf("%s: %s is %q, want %q", f.Name, what, got, want)
		}
	}
	if a.status != f.Status {
		t.Errorf("%s: status %d, want %d", f.Name, a.status, f.Status)
	}
	for h, values := range f.Header {
		same(h, a.header.Get(h), values[0])
	}
	same("body", a.body, f.Body)
}

func TestQuotedBodiesAreTheVendorsOwn(t *testing.T) {
	for name, want := range map[string]string{
		"cerebras/rpm":    `{"message":"Requests per minute limit exceeded - too many requests sent.","type":"too_many_requests_error","param":"quota","code":"request_quota_exceeded"}`,
		"cerebras/tpm":    `{"message":"Tokens per minute limit exceeded - too many tokens processed.","type":"too_many_tokens_error","param":"quota","code":"token_quota_exceeded"}`,
		"cerebras/param":  `{"message":"messages.2.assistant.reasoning_content: property 'messages.2.assistant.reasoning_content' is unsupported","type":"invalid_request_error","param":"validation_error","code":"wrong_api_format"}`,
		"cerebras/model":  `{"message":"Model demo-large does not exist or you do not have access to it.","type":"not_found_error","param":"model","code":"model_not_found"}`,
		"zai/1113":        `{"error":{"code":"1113","message":"Insufficient balance or no resource package. Please recharge."}}`,
		"zai/1113+number": `{"error":{"code":1113,"message":"Insufficient balance or no resource package. Please recharge."}}`,
		"zai/1302+event":  "event: error\ndata: " + `{"error":{"code":"1302","message":"Rate limit reached for requests"}}` + "\n\n",
		"zai/1305+data":   "data: " + `{"error":{"code":"1305","message":"The service may be temporarily overloaded, please try again later"}}` + "\n\n",
		"synthetic/quota": `{"error":"You've exceeded your subscription rate limits. Upgrade, or try again later. You can view your usage at https://synthetic.new/billing"}`,
		"synthetic/503+200": "<html>\n<head><title>503 Service Temporarily Unavailable</title></head>\n<body>\n" +
			"<center><h1>503 Service Temporarily Unavailable</h1></center>\n<hr><center>nginx</center>\n</body>\n</html>",
	} {
		c := overTCP(t, Script{Faults: []Fault{{What: name}}})
		if got := c.chat(ask("demo-large")); got.body != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got.body, want)
		}
	}
}

func TestVariantsChangeStatusHeadersAndEnvelope(t *testing.T) {
	c := overTCP(t, Script{})
	for _, test := range []struct{ name, what, want string }{
		{"cerebras/rpm", "Retry-After", "56"},
		{"cerebras/rpm", "X-Ratelimit-Reset-Requests-Minute", "56"},
		{"cerebras/rpm+no-retry-after", "Retry-After", ""},
		{"cerebras/rpm+no-retry-after", "X-Ratelimit-Reset-Requests-Minute", "56"},
		{"cerebras/rpm+bare", "Retry-After", ""},
		{"cerebras/rpm+bare", "X-Ratelimit-Reset-Requests-Minute", ""},
		{"zai/1112", "status", "429"},
		{"zai/1112+401", "status", "401"},
		{"zai/1112+401", "error.code", "1112"},
		{"zai/1310+anthropic", "type", "error"},
		{"zai/1310+anthropic", "error.type", "1310"},
		{"zai/1311+anthropic-code", "error.code", "1311"},
		{"zai/1308+anthropic+event", "status", "200"},
		{"zai/1308+anthropic+event", "first event's error.type", "1308"},
	} {
		if err := c.SetFaults(Fault{What: test.name}); err != nil {
			t.Fatal(err)
		}
		a := c.chat(ask("demo-large"))
		got := a.header.Get(test.what) + a.get(test.what)
		if test.what == "status" {
			got = strconv.Itoa(a.status)
		} else if path, ok := strings.CutPrefix(test.what, "first event's "); ok {
			got = gjson.Get(events(a.body)[0], path).String()
		}
		if got != test.want {
			t.Errorf("%s: %s is %q, want %q", test.name, test.what, got, test.want)
		}
	}
	for _, bad := range []string{"zai/9999", "zai/1308+loud", "zai/1308+999"} {
		if _, err := FixtureNamed(bad); err == nil {
			t.Errorf("%s was found", bad)
		}
	}
}

func TestResetTimesAreChinaTimeAndSettable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, Script{Vendor: ZAI, Faults: []Fault{{What: "zai/1308", Wait: Duration(90 * time.Minute)}}})
		want := time.Now().Add(90 * time.Minute).UTC().Add(8 * time.Hour).Format("2006-01-02 15:04:05")
		if a := c.chat(ask("glm-5.3")); a.get("error.message") != "Usage limit reached for 5 hour. Your limit will reset at "+want {
			t.Errorf("%s, want %s", a.body, want)
		}
	})
}
