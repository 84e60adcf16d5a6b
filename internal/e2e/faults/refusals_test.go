package faults

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// refusal is one answer that a vendor is known to give when it does not serve,
// and what it is about. Everything else follows from that.
type refusal struct{ fixture, is string }

// knownRefusals are all of them, by vendor; those that name none are answers of
// gateways and are met at Cerebras.
var knownRefusals = []refusal{
	{"cerebras/rpm", "rate limited"},
	{"cerebras/rps", "rate limited"},
	{"cerebras/tpm", "rate limited"},
	{"cerebras/tpm-as-requests", "rate limited"},
	{"cerebras/queue", "overloaded"},
	{"cerebras/payment", "account stopped"},
	{"cerebras/param", "request refused"},
	{"cerebras/context", "context exceeded"},
	{"cerebras/context-bare", "context exceeded"},
	{"cerebras/null-content", "request refused"},
	{"cerebras/image", "request refused"},
	{"cerebras/effort", "request refused"},
	{"cerebras/wrong-key", "key rejected"},
	{"cerebras/not-entitled", "not entitled"},
	{"cerebras/model", "model gone"},
	{"cerebras/tool-results", "request refused"},
	{"cerebras/strict-mixed", "request refused"},
	{"cerebras/strict-mixed-400", "request refused"},
	{"cerebras/strict-unsupported", "request refused"},
	{"cerebras/500", "server error"},
	{"cerebras/503", "overloaded"},
	{"cerebras/quota-in-200", "quota used up"},
	{"cerebras/quota-in-stream", "quota used up"},

	{"synthetic/quota", "quota used up"},
	{"synthetic/parallel", "too many at once"},
	{"synthetic/payment", "account stopped"},
	{"synthetic/wrong-key", "key rejected"},
	{"synthetic/context", "context exceeded"},
	{"synthetic/context-short", "context exceeded"},
	{"synthetic/context-wrapped", "context exceeded"},
	{"synthetic/context-empty", "context exceeded"},
	{"synthetic/model", "model gone"},
	{"synthetic/image", "request refused"},
	{"synthetic/param", "request refused"},
	{"synthetic/503", "overloaded"},

	{"zai/500", "server error"},
	{"zai/1000", "key rejected"},
	{"zai/1001", "key rejected"},
	{"zai/1002", "key rejected"},
	{"zai/1003", "key rejected"},
	{"zai/1004", "key rejected"},
	{"zai/1100", "account stopped"},
	{"zai/1110", "account stopped"},
	{"zai/1111", "account stopped"},
	{"zai/1112", "account stopped"},
	{"zai/1113", "account stopped"},
	{"zai/1113-cn", "account stopped"},
	{"zai/1120", "account stopped"},
	{"zai/1121", "account stopped"},
	{"zai/1210", "request refused"},
	{"zai/1211", "model gone"},
	{"zai/1212", "request refused"},
	{"zai/1213", "request refused"},
	{"zai/1214", "request refused"},
	{"zai/1215", "request refused"},
	{"zai/1220", "not entitled"},
	{"zai/1221", "not entitled"},
	{"zai/1222", "not entitled"},
	{"zai/1230", "server error"},
	{"zai/1231", "request refused"},
	{"zai/1234", "server error"},
	{"zai/1261", "context exceeded"},
	{"zai/1300", "request refused"},
	{"zai/1301", "request refused"},
	{"zai/1302", "too many at once"},
	{"zai/1302-old", "too many at once"},
	{"zai/1303", "rate limited"},
	{"zai/1304", "quota used up"},
	{"zai/1305", "overloaded"},
	{"zai/1305-cn", "overloaded"},
	{"zai/1308", "quota used up"},
	{"zai/1308-cn", "quota used up"},
	{"zai/1309", "account stopped"},
	{"zai/1310", "quota used up"},
	{"zai/1311", "not entitled"},
	{"zai/1312", "overloaded"},
	{"zai/1313", "account stopped"},
	{"zai/1316", "quota used up"},
	{"zai/1317", "quota used up"},
	{"zai/1318", "quota used up"},
	{"zai/1319", "quota used up"},
	{"zai/1320", "quota used up"},
	{"zai/1321", "quota used up"},
	{"zai/http-434", "not entitled"},
	{"zai/http-435", "request refused"},

	// The same inside of an answer that calls itself good, and in other envelopes.
	{"cerebras/tpm+200", "rate limited"},
	{"cerebras/queue+event", "overloaded"},
	{"cerebras/500+data", "server error"},
	{"zai/1302+event", "too many at once"},
	{"zai/1308+data", "quota used up"},
	{"zai/1113+200", "account stopped"},
	{"zai/1308+number", "quota used up"},
	{"zai/1308+anthropic", "quota used up"},
	{"zai/1305+anthropic-code", "overloaded"},
	{"zai/1113+401", "account stopped"},
	{"synthetic/quota+event", "quota used up"},

	{"html-403", "overloaded"},
	{"html-200", "malformed answer"},
	{"nginx-502", "overloaded"},
	{"nginx-503", "overloaded"},
	{"nginx-504", "overloaded"},
	{"plain-500", "server error"},
	{"cloudflare-524", "overloaded"},
	{"openai/rate-limit", "rate limited"},
	{"openai/concurrency", "too many at once"},
	{"openai/wrong-key", "key rejected"},
	{"openai/payment", "account stopped"},
	{"openai/model", "model gone"},
	{"openai/context", "context exceeded"},
	{"openai/param", "request refused"},
	{"openai/image", "request refused"},
	{"openai/500", "server error"},
	{"anthropic/overloaded", "overloaded"},
	{"anthropic/rate-limit", "rate limited"},
	{"anthropic/concurrency", "too many at once"},
	{"anthropic/500", "server error"},
	{"anthropic/timeout", "overloaded"},
	{"anthropic/wrong-key", "key rejected"},
	{"anthropic/payment", "account stopped"},
	{"anthropic/credit", "account stopped"},
	{"anthropic/not-entitled", "not entitled"},
	{"anthropic/model", "model gone"},
	{"anthropic/context", "context exceeded"},
	{"anthropic/context-output", "context exceeded"},
	{"anthropic/too-large", "context exceeded"},
	{"anthropic/param", "request refused"},
	{"no-such-path", "request refused"},
}

// notRefusals are fixtures that have scenarios of their own.
var notRefusals = []string{"openai/content-filter"}

// TestNoKnownRefusalIsLeftOut holds the list against the simulator's.
func TestNoKnownRefusalIsLeftOut(t *testing.T) {
	for _, name := range simulator.Fixtures() {
		listed := slices.ContainsFunc(knownRefusals, func(r refusal) bool { return r.fixture == name })
		if !listed && !slices.Contains(notRefusals, name) {
			t.Errorf("%s has no scenario", name)
		}
	}
}

// scenario is what is to become of a request whose first provider refuses so,
// once.
func (r refusal) scenario() scenario {
	f, err := simulator.FixtureNamed(r.fixture)
	if err != nil {
		panic(err) // TestNoKnownRefusalIsLeftOut would be the place to see it
	}
	sc := scenario{name: r.title(f)}
	vendor, _, named := strings.Cut(r.fixture, "/")
	if !named || !slices.Contains(vendorNames, vendor) {
		vendor = "cerebras"
	}
	refusing := doesOnce(r.fixture)
	other := "synthetic"
	switch vendor {
	case "cerebras":
		sc.cerebras, sc.keys = refusing, 2
	case "synthetic":
		sc.synthetic, other = refusing, "cerebras"
	default:
		sc.zai, other = refusing, "cerebras"
	}
	sc.ask.model = "claude-sonnet-5" // which stands for each vendor's large model
	sc.settings = fmt.Sprintf("short_wait = \"1ms\"\n[[rule]]\nname = \"all\"\nuse = [%q, %q]\n", vendor+"/large", other+"/large")
	if f.Header.Get("Content-Type") == "text/event-stream" {
		sc.ways = []way{stream, claude}
	}
	twice, passed := tally(vendor, vendor), tally(vendor, other)
	key := cmp.Or(keyAfter[r.is], "ready")
	switch r.is {
	case "request refused":
		sc.want = want{status: f.Status, by: vendor, code: "", calls: tally(vendor), tries: r.is, outcome: r.is, says: message(f)}
	case "rate limited", "too many at once", "quota used up", "key rejected", "account stopped", "not entitled":
		sc.want = answered(other, passed, r.is+", ok")
		if sc.keys > 1 {
			sc.want = answered(vendor, twice, r.is+", ok")
		}
	case "server error":
		sc.want = answered(vendor, twice, r.is+", ok")
	case "model gone":
		has := modelsOf[vendor]
		set := func(s *simulator.Script) {
			for _, id := range has {
				s.Models = append(s.Models, simulator.Model{ID: id})
			}
		}
		sc.cerebras.script, sc.synthetic.script, sc.zai.script = set, set, set
		sc.want = answered(vendor, twice, r.is+", ok")
	default:
		sc.want = answered(other, passed, r.is+", ok")
	}
	sc.want.key = vendor + " " + key
	return sc
}

// keyAfter is what becomes of the key that was refused; those that are not named
// stay ready.
var keyAfter = map[string]string{
	"rate limited": "cooling", "too many at once": "cooling", "quota used up": "cooling",
	"key rejected": "parked", "account stopped": "parked",
}

// modelsOf are the models that may stand in for one that is gone.
var modelsOf = map[string][]string{
	"cerebras":  {"gpt-oss-120b", "qwen-3.8-27b"},
	"synthetic": {"syn:large:text", "hf:zai-org/GLM-5.3", "hf:zai-org/GLM-5.2", "hf:zai-org/GLM-5.3-Flash"},
	"zai":       {"glm-5.3", "glm-5.2", "glm-4.7", "glm-4.6"},
}

// title names a refusal by its status and first words.
func (r refusal) title(f simulator.Fixture) string {
	words := holes.ReplaceAllString(saying(f), "…")
	if words == "" {
		words = strings.Join(strings.Fields(tags.ReplaceAllString(f.Body, " ")), " ")
	}
	if f.Body == "" {
		words = "(no body)"
	}
	if runes := []rune(words); len(runes) > 60 {
		words = string(runes[:60]) + "…"
	}
	return strings.TrimSpace(fmt.Sprintf("%s: %d %s", r.fixture, f.Status, words))
}

var (
	tags  = regexp.MustCompile(`<[^>]*>`)
	holes = regexp.MustCompile(`\{\{[^}]*\}\}`)
)

// saying is what a fixture says, its placeholders included.
func saying(f simulator.Fixture) string {
	body := f.Body
	for _, prefix := range []string{"event: error\n", "data: "} {
		body = strings.TrimPrefix(body, prefix)
	}
	for _, path := range []string{"error.message", "message", "error", "detail", "choices.0.message.content", "choices.0.delta.content"} {
		if m := gjson.Get(body, path); m.Type == gjson.String {
			return m.Str
		}
	}
	return ""
}

// message is what stands before a fixture's first placeholder.
func message(f simulator.Fixture) string {
	text, _, _ := strings.Cut(saying(f), "{{")
	return strings.TrimSpace(text)
}

// tally counts calls as want.calls spells them.
func tally(asked ...string) string {
	n := make([]int, len(vendorNames))
	for _, name := range asked {
		n[slices.Index(vendorNames, name)]++
	}
	return strings.Trim(fmt.Sprint(n), "[]")
}

func refusals() (list []scenario) {
	for _, r := range knownRefusals {
		list = append(list, r.scenario())
	}
	return append(list, moreRefusals...)
}

// told is a rate limit that returns after a time, told in one of the ways that
// vendors have.
func told(fixture, retryAfter string, wait time.Duration) role {
	return role{
		faults: []simulator.Fault{{What: fixture, Wait: simulator.Duration(wait), When: simulator.When{Times: 1}}},
		script: func(s *simulator.Script) { s.Headers.RetryAfter = retryAfter },
	}
}

// obeyed wants that the one key there is was asked again, but not before the time
// that the provider had told.
func obeyed(least time.Duration) func(*stage) {
	return func(st *stage) {
		st.start()
		st.wants(st.send(st.sc.ask), st.sc.want)
		calls := st.vendors["cerebras"].chats()
		if len(calls) != 2 {
			return // st.end says so
		}
		if gap := calls[1].Time.Sub(calls[0].Time); gap < least || calls[1].Cooling {
			st.Errorf("asked again after %v, and %v was told", gap, least)
		}
	}
}

var moreRefusals = []scenario{
	{
		name: "a rate limit with Retry-After in seconds, and no other provider", only: "cerebras",
		cerebras: told("cerebras/rpm", "", 2*time.Second), play: obeyed(2 * time.Second), ways: usual,
		want: want{by: "cerebras", calls: "2 0 0", tries: "rate limited, ok", within: 3 * time.Second},
	},
	{
		name: "a rate limit told in x-ratelimit-reset headers alone", only: "cerebras",
		cerebras: told("cerebras/rpm+no-retry-after", "", 2*time.Second), play: obeyed(2 * time.Second),
		want: want{by: "cerebras", calls: "2 0 0", tries: "rate limited, ok", within: 3 * time.Second},
	},
	{
		name: "a limit of one request per window, Retry-After as a date of a clock that is an hour ahead", only: "cerebras",
		cerebras: oneInTwoSeconds("date", time.Hour),
		play:     twoInARow, want: want{calls: "3 0 0", within: 3 * time.Second},
	},
	{
		name: "a limit of one request per window, Retry-After-Ms of a clock that is an hour behind", only: "cerebras",
		cerebras: oneInTwoSeconds("ms", -time.Hour),
		play:     twoInARow, want: want{calls: "3 0 0", within: 3 * time.Second},
	},
	{
		name: "a quota that returns in hours, at every provider", ways: []way{whole, claude, codex},
		cerebras: role{faults: []simulator.Fault{{What: "cerebras/rpm", Wait: simulator.Duration(3 * time.Hour)}}}, settings: "cooldown = \"3h\"\n",
		synthetic: does("synthetic/quota"), zai: does("zai/1308"),
		want: want{status: 429, code: "all_keys_cooling|rate_limit_error|all_keys_cooling", calls: "1 1 1", outcome: "all_keys_cooling"},
		play: func(st *stage) {
			st.start()
			for range 2 { // the second asks nobody
				s := st.send(ask{})
				st.wants(s, st.sc.want)
				// Z.ai's returns first, in two hours.
				if wait, err := strconv.Atoi(s.header.Get("Retry-After")); err != nil || wait < 7000 || wait > 7202 || s.header.Get("X-Should-Retry") != "false" {
					st.Errorf("Retry-After %q, X-Should-Retry %q", s.header.Get("Retry-After"), s.header.Get("X-Should-Retry"))
				}
			}
		},
	},
	{
		name: "a Retry-After of 30 years", only: "cerebras synthetic",
		cerebras: role{faults: []simulator.Fault{{What: "raw", Raw: httpOf("429 Too Many Requests", []string{
			"Content-Type: application/json", "Retry-After: 946080000", "Content-Length: 2", "Connection: close",
		}, "{}")}}},
		want: answered("synthetic", "1 1 0", "rate limited, ok"),
	},
	{
		name: "a 500 that does not pass", cerebras: does("cerebras/500"), keys: 1,
		want: answered("synthetic", "2 1 0", "server error, server error, ok"),
	},
	{
		name: "a 500 at every provider", ways: []way{whole, claude, codex},
		cerebras: does("cerebras/500"), synthetic: does("plain-500"), zai: does("zai/500"),
		want: want{status: 502, code: "all_providers_failed|api_error|all_providers_failed", calls: "2 2 2", says: "cerebras/a: server error", outcome: "all_providers_failed"},
	},
	{
		name: "every key is rejected", keys: 3, ways: []way{whole, claude, codex},
		cerebras: does("cerebras/wrong-key"), synthetic: does("synthetic/wrong-key"), zai: does("zai/1002"),
		want: want{status: 503, code: "no_usable_key|overloaded_error|no_usable_key", calls: "3 1 1", says: "key", outcome: "no_usable_key"},
		play: func(st *stage) {
			st.start()
			for range 2 { // the second asks nobody
				st.wants(st.send(ask{}), st.sc.want)
			}
		},
	},
	{
		name: "the prompt is too long for every provider", ways: []way{whole, claude, codex},
		cerebras: does("cerebras/context"), synthetic: does("synthetic/context"), zai: does("zai/1261"),
		want: want{status: 400, code: "context_length_exceeded|invalid_request_error|context_length_exceeded", calls: "1 1 1", outcome: "context exceeded"},
		play: func(st *stage) { // each vendor tells it in words of its own
			st.start()
			s := st.send(ask{})
			if s.status != http.StatusBadRequest || s.failure == nil {
				st.Errorf("got %s", s.verdict())
			}
		},
	},
	{
		name: "an answer that a content filter has ended", cerebras: role{script: func(s *simulator.Script) { s.Answer.Finish = "content_filter" }},
		ways: []way{whole, stream, claude, codex}, want: answered("cerebras", "1 0 0", "ok"),
	},
	{
		name: "a content filter that leaves an empty answer", cerebras: does("openai/content-filter"), ways: []way{whole, claudeWhole},
		want: want{by: "cerebras", calls: "1 0 0", tries: "ok"},
		play: func(st *stage) {
			st.loose = true
			st.start()
			s := st.send(ask{})
			if s.status != 200 || s.text != "" || s.finish != map[string]string{"OpenAI": "content_filter", "Anthropic": "refusal"}[s.dialect] {
				st.Errorf("got %s, finish %q", s.verdict(), s.finish)
			}
		},
	},
	{
		name: "content that Z.ai calls sensitive, in the middle of an answer", only: "zai", ask: ask{model: "claude-sonnet-5"}, ways: []way{whole, claude, codex},
		zai:  role{script: func(s *simulator.Script) { s.Answer.Finish = "sensitive" }},
		want: answered("zai", "0 0 1", "ok"),
	},
}

// oneInTwoSeconds takes one request in a window of two seconds. It says so only
// when it refuses, in one of the ways that vendors have, by a clock that is off.
func oneInTwoSeconds(retryAfter string, skew time.Duration) role {
	return role{script: func(s *simulator.Script) {
		s.Accounts = map[string]simulator.Limits{"*": {Rates: []simulator.Rate{
			{Of: "requests", Per: "minute", Max: 1, Refill: simulator.Duration(2 * time.Second), Window: true},
		}}}
		s.Headers = simulator.Headers{NoLimits: true, RetryAfter: retryAfter, ClockSkew: simulator.Duration(skew)}
	}}
}

// twoInARow sends two requests of which the second finds the limit used up; it is
// answered once the limit has returned, and no call is made before.
func twoInARow(st *stage) {
	st.start()
	for range 2 {
		s := st.send(ask{})
		st.wants(s, want{by: "cerebras", within: st.sc.want.within})
	}
	for _, c := range st.vendors["cerebras"].chats() {
		if c.Cooling {
			st.Errorf("call %d came %v after the provider had said when to come again", c.N, c.CoolingFor)
		}
	}
}
