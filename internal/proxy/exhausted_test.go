package proxy_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

func seconds(n int) simulator.Duration { return simulator.Duration(time.Duration(n) * time.Second) }

// fault is one that always happens; wait is in seconds, 0: the fixture's own.
func fault(what string, wait int) simulator.Fault {
	return simulator.Fault{What: what, Wait: seconds(wait)}
}

func hasty(s *config.Settings) { s.MaxWait, s.ShortWait = 2*time.Second, 50*time.Millisecond }

func TestWhatTheClientIsToldWhenNobodyAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		cerebras, synthetic, zai string
		environ                  []string
		status                   int
		code                     string
		after                    [2]int // Retry-After between these; zero: none
		retry                    string // X-Should-Retry
		asked                    [3]int
	}{
		"all quotas used up, the earliest return counts": {
			"cerebras/rpm 500", "synthetic/quota 900", "zai/1308 40", nil, 429, "all_keys_cooling", [2]int{30, 41}, "", [3]int{3, 1, 1},
		},
		"beyond a minute a client should not sleep": {
			"cerebras/rpm 500", "synthetic/wrong-key", "zai/1308 7200", nil, 429, "all_keys_cooling", [2]int{490, 500}, "false", [3]int{3, 1, 1},
		},
		"fallback off: only the primary's return counts, and nobody else is asked": {
			"cerebras/rpm 100", "", "", []string{"FALLBACK_ON_COOLDOWN=false"}, 429, "all_keys_cooling", [2]int{90, 100}, "false", [3]int{3, 0, 0},
		},
		"fallback off, tries used up": {
			"cerebras/rpm 100", "", "", []string{"FALLBACK_ON_COOLDOWN=false", "MAX_RETRIES=1"}, 429, "all_keys_cooling", [2]int{1, 2}, "", [3]int{1, 0, 0},
		},
		"fallback off concerns cooling keys only: parked": {
			"cerebras/wrong-key", "nginx-503", "nginx-503", []string{"FALLBACK_ON_COOLDOWN=false"}, 503, "all_providers_failed", [2]int{}, "", [3]int{3, 1, 1},
		},
		"fallback off concerns cooling keys only: down": {
			"nginx-503", "nginx-503", "nginx-503", []string{"FALLBACK_ON_COOLDOWN=false"}, 503, "all_providers_failed", [2]int{}, "", [3]int{1, 1, 1},
		},
		"one is down, which may pass at any moment": {
			"nginx-503", "synthetic/quota 900", "zai/1308", nil, 503, "all_providers_failed", [2]int{}, "", [3]int{1, 1, 1},
		},
		"one is down, the others' keys are wrong": {
			"nginx-503", "synthetic/wrong-key", "zai/1002", nil, 503, "all_providers_failed", [2]int{}, "", [3]int{1, 1, 1},
		},
		"every key is wrong": {
			"cerebras/wrong-key", "synthetic/wrong-key", "zai/1113", nil, 503, "no_usable_key", [2]int{}, "false", [3]int{3, 1, 1},
		},
		"wrong and not entitled": {
			"cerebras/not-entitled", "synthetic/wrong-key", "zai/1311", nil, 503, "no_usable_key", [2]int{}, "false", [3]int{3, 1, 1},
		},
		"some wrong, one returns": {
			"cerebras/wrong-key", "synthetic/quota 900", "zai/1308 40", nil, 429, "all_keys_cooling", [2]int{30, 41}, "", [3]int{3, 1, 1},
		},
		"too long for all: what the last one said": {
			"cerebras/context", "synthetic/context", "zai/1261", nil, 400, "1261", [2]int{}, "", [3]int{1, 1, 1},
		},
		"too long for one, the others' quotas are used up: shorter helps at once": {
			"cerebras/context", "synthetic/quota 900", "zai/1308", nil, 400, "context_length_exceeded", [2]int{}, "", [3]int{1, 1, 1},
		},
		"too long, said inside of a 200": {
			"cerebras/context+200", "synthetic/quota 900", "zai/1308", nil, 400, "context_length_exceeded", [2]int{}, "", [3]int{1, 1, 1},
		},
		"MAX_RETRIES counts per provider": {
			"cerebras/rpm 500", "synthetic/quota 900", "zai/1308", []string{"MAX_RETRIES=2"}, 429, "all_keys_cooling", [2]int{1, 2}, "", [3]int{2, 1, 1},
		},
		"a model that is gone everywhere": {
			"cerebras/model", "synthetic/model", "zai/1211", nil, 400, "1211", [2]int{}, "", [3]int{2, 2, 2},
		},
		"a model that is gone here while another one's key returns": {
			"cerebras/model", "synthetic/quota 900", "zai/1308 40", nil, 429, "all_keys_cooling", [2]int{30, 41}, "", [3]int{2, 1, 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, setup{environ: c.environ, tune: hasty})
			for p, what := range map[*simulator.Running]string{r.cerebras: c.cerebras, r.synthetic: c.synthetic, r.zai: c.zai} {
				if what != "" {
					what, wait, _ := strings.Cut(what, " ")
					n, _ := strconv.Atoi(wait)
					faults(t, p, fault(what, n))
				}
			}
			p := r.ask("gpt-oss-120b", false)
			code := providersCode(t, p)
			if p.StatusCode != c.status || code != c.code || p.Header.Get("X-Should-Retry") != c.retry {
				t.Errorf("got %d %s, X-Should-Retry %q: %s", p.StatusCode, code, p.Header.Get("X-Should-Retry"), p.body)
			}
			after, err := strconv.Atoi(p.Header.Get("Retry-After"))
			if (c.after[1] > 0) != (err == nil) || after < c.after[0] || after > c.after[1] {
				t.Errorf("Retry-After %q, want %v: %s", p.Header.Get("Retry-After"), c.after, p.body)
			}
			if got := [3]int{asked(r.cerebras), asked(r.synthetic), asked(r.zai)}; got != c.asked {
				t.Errorf("asked %v times, want %v", got, c.asked)
			}
			r.settled()
		})
	}
}

// providersCode is an error's code in any vendor's form.
func providersCode(t *testing.T, p *reply) string {
	t.Helper()
	var m struct {
		Code  string
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal(p.body, &m); err != nil {
		t.Fatalf("no JSON: %s", p.body)
	}
	if m.Code != "" {
		return m.Code
	}
	if m.Error.Message == "" {
		t.Errorf("no message: %s", p.body)
	}
	return m.Error.Code
}

func TestAPromptThatIsTooLongEverywhereBringsTheProvidersOwnRefusal(t *testing.T) {
	r := newRig(t, setup{})
	for _, p := range []*simulator.Running{r.cerebras, r.synthetic, r.zai} {
		faults(t, p, fault("openai/context", 0))
	}
	p := r.ask("gpt-oss-120b", true).want(t, 400, "zai")
	direct := *r
	direct.url = r.zai.URL
	if d := direct.ask("glm-5.3", true, "Authorization", "Bearer "+keyZ); !bytes.Equal(bytes.ReplaceAll(d.body, []byte(`\n`), nil), p.body) {
		t.Errorf("got %s\nwant %s", p.body, d.body)
	}
	if p.Header.Get("X-Glmtray-Attempts") != "3" || p.Header.Get("X-Glmtray-Model") != "glm-5.3" || p.Header.Get("X-Glmtray-Key") == "" {
		t.Errorf("header %v", p.Header)
	}
	r.settled()
}

func TestTheModelThatIsGoneIsTheOneThatIsNamed(t *testing.T) {
	r := newRig(t, setup{drop: []string{"SYNTHETIC", "ZAI"}, tune: func(s *config.Settings) {
		s.Provider("cerebras").Roles[config.Large] = []string{"gone-too"}
	}})
	p := r.ask("gone", false).want(t, 404, "cerebras")
	if !strings.Contains(string(p.body), p.Header.Get("X-Glmtray-Model")) || p.Header.Get("X-Glmtray-Model") != "gone-too" {
		t.Errorf("%s: %s", p.Header.Get("X-Glmtray-Model"), p.body)
	}
	p = r.ask("gone", false)
	if code, _ := p.errorOf(t); p.StatusCode != 503 || code != "no_target" {
		t.Errorf("%d %s", p.StatusCode, p.body)
	}
}

func TestOneWaitsWhereAKeyReturnsFirst(t *testing.T) {
	for name, c := range map[string]struct {
		synthetic, zai string
		want           string
	}{
		"the others return much later":   {"synthetic/quota 900", "zai/1308 7200", "cerebras"},
		"the others' keys are wrong":     {"synthetic/wrong-key", "zai/1113", "cerebras"},
		"another one is ready":           {"synthetic/quota 900", "", "zai"},
		"another one fails at this time": {"synthetic/quota 900", "nginx-503", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, setup{tune: func(s *config.Settings) { s.MaxWait, s.ShortWait = 10*time.Second, 10*time.Millisecond }})
			for p, what := range map[*simulator.Running]string{r.synthetic: c.synthetic, r.zai: c.zai} {
				if what, wait, _ := strings.Cut(what, " "); what != "" {
					n, _ := strconv.Atoi(wait)
					faults(t, p, fault(what, n))
				}
			}
			// So that it is known how they stand.
			faults(t, r.cerebras, fault("nginx-503", 0))
			r.ask("gpt-oss-120b", false)
			faults(t, r.cerebras, simulator.Fault{What: "cerebras/rpm", Wait: seconds(1), When: simulator.When{Times: 3}})
			p := r.ask("gpt-oss-120b", false)
			if c.want == "" {
				p.want(t, 503, "zai")
				return
			}
			p.want(t, 200, c.want)
			r.settled()
		})
	}
}

func TestNothingConfiguredIsSaidClearly(t *testing.T) {
	r := newRig(t, setup{drop: []string{"CEREBRAS_API_KEYS", "SYNTHETIC_API_KEY", "ZAI_API_KEY"}, environ: []string{"CEREBRAS_API_KEYS={}"}})
	for _, path := range []string{"/v1/chat/completions", "/v1/embeddings"} {
		p := r.do(http.MethodPost, path, chatBody("m", false, "x"))
		if code, message := p.errorOf(t); p.StatusCode != 503 || code != "no_provider_key" || !strings.Contains(message, "glmtray keys add") {
			t.Errorf("%s: %d %s", path, p.StatusCode, p.body)
		}
	}
}

func TestAnErrorOfOurOwnIsRecordedAsTheClientGotIt(t *testing.T) {
	r := newRig(t, setup{drop: []string{"SYNTHETIC", "ZAI"}, tune: hasty})
	faults(t, r.cerebras, fault("cerebras/rpm", 100))
	got := r.ask("gpt-oss-120b", true).want(t, 429, "cerebras")
	rec := r.records.last(t, 1)
	if !bytes.Equal(rec.Answer, got.body) || rec.Out != int64(len(got.body)) || rec.Answered.Get("Retry-After") != got.Header.Get("Retry-After") {
		t.Errorf("recorded %d bytes, %v: %s\nwant %s", rec.Out, rec.Answered, rec.Answer, got.body)
	}
}

func TestCodexIsToldWhenTheLimitEnds(t *testing.T) {
	r := newRig(t, setup{drop: []string{"CEREBRAS", "SYNTHETIC"}, tune: hasty})
	for _, c := range []struct {
		wait int // seconds
		kind string
		told bool
	}{{7200, "usage_limit_reached", true}, {20, "rate_limit_error", false}} {
		if err := r.pool.Clear("zai", "env"); err != nil {
			t.Fatal(err)
		}
		faults(t, r.zai, fault("zai/1308", c.wait))
		p := r.do(http.MethodPost, "/v1/responses", []byte(`{"model":"gpt-oss-120b","input":"x"}`))
		var m struct {
			Error struct {
				Type, Code string
				Resets     int64 `json:"resets_at"`
			}
		}
		if err := json.Unmarshal(p.body, &m); err != nil || p.StatusCode != 429 || m.Error.Type != c.kind || m.Error.Code != "all_keys_cooling" {
			t.Errorf("%d %s", p.StatusCode, p.body)
		}
		if in := time.Until(time.Unix(m.Error.Resets, 0)); c.told != (m.Error.Resets > 0) || c.told && (in < 7100*time.Second || in > 7300*time.Second) {
			t.Errorf("it ends in %v: %s", in, p.body)
		}
	}
	r.settled()
}
