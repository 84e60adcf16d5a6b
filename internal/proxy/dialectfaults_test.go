package proxy_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// fixture is one of the vendor's own refusals, by what it is about.
func (l *lone) fixture(zai, anthropic string) simulator.Fault {
	if l.vendor == simulator.Anthropic {
		return simulator.Fault{What: anthropic}
	}
	return simulator.Fault{What: zai}
}

func seeRefusal(t *testing.T, k *tongue, l *lone) string {
	faults(t, l.p, l.fixture("zai/1214", "anthropic/param"))
	for _, stream := range []bool{false, true} {
		h := k.ask(t, l.rig, wish{turns: says("hello"), stream: stream})
		if h.status != 400 || !strings.Contains(h.said, "messages") {
			t.Errorf("stream %t: %s", stream, h)
		}
		if k.name == dialect.Anthropic && h.kind != "invalid_request_error" {
			t.Errorf("stream %t: of the type %q", stream, h.kind)
		}
	}
	if n := len(l.p.Calls()); n != 2 {
		t.Errorf("the provider was asked %d times", n)
	}
	return "400, with the provider's words"
}

var overflow = regexp.MustCompile(`^prompt is too long: (\d+) tokens > (\d+) maximum$`)

func seeTooLong(t *testing.T, k *tongue, l *lone) string {
	faults(t, l.p, l.fixture("zai/1261", "anthropic/context"))
	word := ""
	for _, stream := range []bool{false, true} {
		p := l.do("POST", k.path, k.request(t, wish{turns: says("hello"), stream: stream}), k.header...)
		code, message := p.errorOf(t)
		switch {
		case p.StatusCode != 400:
			t.Errorf("stream %t: %d %s", stream, p.StatusCode, p.body)
		case k.name != dialect.Anthropic && code == "context_length_exceeded":
			word = "context_length_exceeded"
		case overflow.MatchString(message):
			word = "prompt is too long: N tokens > M maximum"
		default:
			word = "the provider's words"
			if k.name != dialect.OpenAI {
				t.Errorf("stream %t: %s", stream, p.body)
			}
		}
	}
	return word
}

func seeQuota(t *testing.T, k *tongue, l *lone) string {
	for _, stream := range []bool{false, true} {
		what := "zai/1308"
		if l.vendor == simulator.Anthropic {
			what = "anthropic/rate-limit"
		}
		if what += "+200"; stream {
			what = strings.TrimSuffix(what, "+200") + "+event"
		}
		l.play(func(*simulator.Script) {}) // forgets that the account is cooling
		faults(t, l.p, simulator.Fault{What: what})
		for _, key := range l.pool.Provider(l.p0()) {
			if err := l.pool.Enable(key.Provider, key.Name); err != nil {
				t.Fatal(err)
			}
		}
		p := l.do("POST", k.path, k.request(t, wish{turns: says("hello"), stream: stream}), k.header...)
		h := &heard{status: p.StatusCode}
		if p.StatusCode != 429 || p.Header.Get("Retry-After") == "" {
			t.Errorf("stream %t: %s %v %s", stream, h, p.Header, p.body)
		}
	}
	return "429 with retry-after"
}

func seeCut(t *testing.T, k *tongue, l *lone) string {
	for _, what := range []string{"cut", "cut-clean", "reset-mid", "cut-event"} {
		faults(t, l.p, simulator.Fault{What: what})
		h := k.ask(t, l.rig, wish{turns: says("hello"), stream: true})
		if !h.midway || h.ended || h.said == "" || h.text == "" || !strings.HasPrefix(fox, h.text) {
			t.Errorf("%s: %s", what, h)
		}
		if k.name == dialect.Anthropic && h.kind != "api_error" {
			t.Errorf("%s: of the type %q", what, h.kind)
		}
	}
	return "an error event"
}

func seeMidway(t *testing.T, k *tongue, l *lone) string {
	faults(t, l.p, simulator.Fault{What: "error-event-mid"})
	h := k.ask(t, l.rig, wish{turns: says("hello"), stream: true})
	if !h.midway || h.ended || h.text == "" || !strings.Contains(strings.ToLower(h.said), "overloaded") {
		t.Errorf("%s", h)
	}
	if rec := l.records.last(t, 1); rec.Outcome != "failed in mid-stream" {
		t.Errorf("recorded as %q", rec.Outcome)
	}
	if k.name == dialect.Anthropic && h.kind != "overloaded_error" {
		t.Errorf("of the type %q", h.kind)
	}
	return "an error event"
}

func TestAWholeAnswerThatWasBrokenOffIsLeftForAnotherProvider(t *testing.T) {
	for _, k := range tongues {
		for reason, b := range map[string]*behind{"network_error": &chatBehind, "error": &messagesBehind} {
			t.Run(string(k.name)+" to "+b.name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, setup{drop: []string{"CEREBRAS_API_KEYS"}, tune: func(s *config.Settings) {
					e := &s.Provider("zai").Endpoints[0]
					if e.Also = nil; b.speaks == simulator.Messages {
						e.Dialect, e.URL = config.Anthropic, strings.Replace(e.URL, "/api/coding/paas/v4", "/api/anthropic", 1)
					}
					for i := range s.Rules {
						s.Rules[i].Use = []config.Target{{Provider: "zai", Model: b.large}, {Provider: "synthetic", Model: string(config.Large)}}
					}
				}})
				s := b.script()
				s.Answer.Text, s.Answer.Finish = "The quick brown", reason
				if err := r.zai.SetScript(s); err != nil {
					t.Fatal(err)
				}
				if h := k.ask(t, r, wish{turns: says("hello")}); h.text != fox || h.stop != "end" {
					t.Errorf("%s", h)
				}
				rec := r.records.last(t, 1)
				if try := rec.Tries[0]; rec.Provider != "synthetic" || try.Provider != "zai" || try.Class != "server error" || !strings.Contains(try.Reason, reason) {
					t.Errorf("recorded as %+v", rec.Finished)
				}
			})
		}
	}
}
