package route

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/roster"
)

// world is a setting for one decision: three vendors and the default rules,
// unless a test says otherwise.
type world struct {
	keys   string // providers with a usable key; "" means all three
	rules  []config.Rule
	listed map[string][]roster.Listed
	gone   []string // "provider/id"
	pin    string
	facts  chat.Facts
}

func (w world) input() Input {
	s := &config.Settings{
		Rules:   w.rules,
		Aliases: []string{"claude-*", "gpt-*", "!gpt-oss*", "opus", "haiku"},
		Providers: []config.Provider{
			vendor("cerebras", map[config.Role][]string{config.Large: {"qwen-3.8-27b", "gpt-oss-120b"}}, map[string]config.ModelInfo{
				"qwen-3.8-27b": {Context: 131_072}, "gpt-oss-120b": {Context: 131_072},
			}),
			vendor("synthetic", map[config.Role][]string{
				config.Large: {"syn:large:text"}, config.Small: {"syn:small:text"}, config.Vision: {"syn:large:vision"},
			}, map[string]config.ModelInfo{
				"syn:large:text": {Context: 262_144}, "syn:small:text": {Context: 65_536}, "syn:large:vision": {Context: 524_288, Vision: true},
			}),
			vendor("zai", map[config.Role][]string{
				config.Large: {"glm-5.3"}, config.Small: {"glm-5.3-flash"}, config.Vision: {"glm-5.3v"},
			}, map[string]config.ModelInfo{
				"glm-5.3": {Context: 1_000_000}, "glm-5.3-flash": {Context: 200_000}, "glm-5.3v": {Context: 131_072, Vision: true},
				"glm-4.6": {Context: 200_000},
			}),
			vendor("acme", map[config.Role][]string{config.Large: {"roadrunner"}}, nil),
		},
	}
	if s.Rules == nil {
		s.Rules = config.DefaultRules(120_000)
	}
	r := roster.New()
	for provider, ids := range w.listed {
		r.SetListed(provider, ids)
	}
	for _, g := range w.gone {
		t, _ := config.ParseTarget(g)
		r.Gone(t.Provider, t.Model, time.Time{}, "404")
	}
	keys := w.keys
	if keys == "" {
		keys = "cerebras synthetic zai"
	}
	usable := func(provider string) int {
		if slices.Contains(strings.Fields(keys), provider) {
			return 2
		}
		return 0
	}
	return Input{Facts: w.facts, Settings: s, Roster: r, Usable: usable, Pin: w.pin}
}

func vendor(id string, roles map[config.Role][]string, models map[string]config.ModelInfo) config.Provider {
	return config.Provider{ID: id, Endpoints: []config.Endpoint{{}}, Roles: roles, Models: models}
}

func list(ids ...string) []roster.Listed {
	out := make([]roster.Listed, len(ids))
	for i, id := range ids {
		out[i].ID = id
	}
	return out
}

func rule(name string, when config.When, use ...string) config.Rule {
	r := config.Rule{Name: name, When: when}
	for _, text := range use {
		t, _ := config.ParseTarget(text)
		r.Use = append(r.Use, t)
	}
	return r
}

// chainOf writes a chain on one line: "provider/role=id, …".
func chainOf(d Decision) string {
	var out []string
	for _, s := range d.Chain {
		out = append(out, s.Target.String()+"="+s.Model)
	}
	return strings.Join(out, ", ")
}

func TestTheFirstRuleThatMatchesWins(t *testing.T) {
	tests := []struct {
		name   string
		world  world
		rule   string
		reason string
		chain  string
	}{
		{
			"an ordinary request goes along the last rule",
			world{facts: chat.Facts{Model: "gpt-oss-120b", Tokens: 900}},
			"everything", "no other rule matched",
			"cerebras/large=gpt-oss-120b, synthetic/large=syn:large:text, zai/large=glm-5.3",
		},
		{
			"images come before size",
			world{facts: chat.Facts{Images: true, Pictures: 2, Tokens: 125_000}},
			"vision", "2 images", "synthetic/vision=syn:large:vision, zai/vision=glm-5.3v",
		},
		{
			"one image is one image",
			world{facts: chat.Facts{Images: true, Pictures: 1}},
			"vision", "1 image", "synthetic/vision=syn:large:vision, zai/vision=glm-5.3v",
		},
		{
			"a long prompt leaves the primary",
			world{facts: chat.Facts{Tokens: 131_000}},
			"long context", "131,000 tokens > 120,000", "synthetic/large=syn:large:text, zai/large=glm-5.3",
		},
		{
			"a prompt on the line is not long",
			world{facts: chat.Facts{Tokens: 120_000}},
			"everything", "no other rule matched",
			"cerebras/large=qwen-3.8-27b, synthetic/large=syn:large:text, zai/large=glm-5.3",
		},
		{
			"a small model's name goes to the small model",
			world{facts: chat.Facts{Model: "claude-haiku-4-5"}},
			"small model", "model claude-haiku-4-5 matches *haiku*", "zai/small=glm-5.3-flash",
		},
		{
			"names match in any case",
			world{facts: chat.Facts{Model: "GLM-4.5-Air"}},
			"small model", "model GLM-4.5-Air matches *air*", "zai/small=glm-5.3-flash",
		},
		{
			"conditions hold together or not at all",
			world{
				facts: chat.Facts{Model: "claude-opus-5", Tokens: 60_000},
				rules: []config.Rule{
					rule("big opus", config.When{TokensOver: 50_000, Model: "*opus*"}, "zai"),
					rule("everything", config.When{}, "cerebras"),
				},
			},
			"big opus", "60,000 tokens > 50,000, model claude-opus-5 matches *opus*", "zai/large=glm-5.3",
		},
		{
			"a target without a key is left out",
			world{keys: "synthetic zai", facts: chat.Facts{}},
			"everything", "no other rule matched", "synthetic/large=syn:large:text, zai/large=glm-5.3",
		},
		{
			"a rule whose targets have no key does not match",
			world{keys: "cerebras", facts: chat.Facts{Model: "claude-haiku-4-5"}},
			"everything", "no other rule matched", "cerebras/large=qwen-3.8-27b",
		},
		{
			"a target that cannot hold the request is passed over",
			world{facts: chat.Facts{Tokens: 300_000}},
			"long context", "300,000 tokens > 120,000", "zai/large=glm-5.3",
		},
		{
			"what the provider itself tells of a context counts",
			world{
				facts:  chat.Facts{Tokens: 300_000},
				listed: map[string][]roster.Listed{"synthetic": {{ID: "syn:large:text", Context: 1_048_576}}},
			},
			"long context", "300,000 tokens > 120,000", "synthetic/large=syn:large:text, zai/large=glm-5.3",
		},
		{
			"if nobody can hold it, the largest of all rules is kept",
			world{keys: "cerebras synthetic", facts: chat.Facts{Tokens: 300_000}},
			"long context", "300,000 tokens > 120,000; no target holds 300,000 tokens, synthetic/large holds most (262,144)",
			"synthetic/large=syn:large:text",
		},
		{
			"if only the last rule has a target, its size does not refuse it",
			world{keys: "cerebras", facts: chat.Facts{Tokens: 300_000}},
			"everything", "no other rule matched; no target holds 300,000 tokens, cerebras/large holds most (131,072)",
			"cerebras/large=qwen-3.8-27b",
		},
		{
			"too large for every vision model, an image still goes to one",
			world{facts: chat.Facts{Images: true, Pictures: 1, Tokens: 600_000}},
			"vision", "1 image; no target holds 600,000 tokens, synthetic/vision holds most (524,288)",
			"synthetic/vision=syn:large:vision",
		},
		{
			"a vision model that is too small is passed over",
			world{facts: chat.Facts{Images: true, Pictures: 1, Tokens: 140_000}},
			"vision", "1 image", "synthetic/vision=syn:large:vision",
		},
		{
			"a rule of one's own never sends an image to a text model",
			world{
				facts: chat.Facts{Images: true, Pictures: 1, Model: "claude-opus-5"},
				rules: []config.Rule{
					rule("opus", config.When{Model: "*opus*"}, "zai/large", "zai/glm-4.6", "zai/glm-5.3v"),
					rule("everything", config.When{}, "cerebras"),
				},
			},
			"opus", "model claude-opus-5 matches *opus*", "zai/glm-5.3v=glm-5.3v",
		},
		{
			"a target of one's own that the catalogue does not know is believed",
			world{
				keys:   "acme cerebras",
				facts:  chat.Facts{Images: true, Pictures: 1},
				rules:  []config.Rule{rule("pictures", config.When{Images: true}, "acme/llava")},
				listed: map[string][]roster.Listed{"acme": {{ID: "llava", Context: 32_000}}},
			},
			"pictures", "1 image", "acme/llava=llava",
		},
		{
			"a target that the settings do not know is left out",
			world{rules: []config.Rule{rule("everything", config.When{}, "nobody/large", "zai/large")}},
			"everything", "no other rule matched", "zai/large=glm-5.3",
		},
		{
			"what would be sent twice is sent once",
			world{
				keys:  "zai",
				facts: chat.Facts{Model: "glm-4.6"},
				rules: []config.Rule{rule("everything", config.When{}, "zai/large", "zai/small")},
			},
			"everything", "no other rule matched", "zai/large=glm-4.6",
		},
		{
			"a pin leaves one provider",
			world{pin: "zai", facts: chat.Facts{}},
			"everything", "pinned to zai", "zai/large=glm-5.3",
		},
		{
			"a pin takes the rule's role with it",
			world{pin: "synthetic", facts: chat.Facts{Model: "claude-haiku-4-5"}},
			"small model", "pinned to synthetic", "synthetic/small=syn:small:text",
		},
		{
			"a pinned provider without a small model uses its large one",
			world{pin: "cerebras", facts: chat.Facts{Model: "claude-haiku-4-5"}},
			"small model", "pinned to cerebras", "cerebras/large=qwen-3.8-27b",
		},
		{
			"a pin keeps an id that a rule names for it",
			world{pin: "zai", rules: []config.Rule{rule("everything", config.When{}, "cerebras", "zai/glm-4.6")}},
			"everything", "pinned to zai", "zai/glm-4.6=glm-4.6",
		},
		{
			"a pin sends images to that provider's vision model",
			world{
				pin: "zai", facts: chat.Facts{Images: true, Pictures: 3},
				rules: []config.Rule{rule("everything", config.When{}, "zai/large")},
			},
			"everything", "pinned to zai", "zai/vision=glm-5.3v",
		},
		{
			"a pin keeps a model that is too small and says so",
			world{pin: "cerebras", facts: chat.Facts{Tokens: 140_000}},
			"long context", "pinned to cerebras; it has 140,000 tokens, and qwen-3.8-27b holds only 131,072 tokens",
			"cerebras/large=qwen-3.8-27b",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Decide(tt.world.input())
			if d.Refused != nil {
				t.Fatalf("refused: %v", d.Refused)
			}
			if d.Rule != tt.rule || d.Reason != tt.reason {
				t.Errorf("rule %q, reason %q\nwant %q, reason %q", d.Rule, d.Reason, tt.rule, tt.reason)
			}
			if got := chainOf(d); got != tt.chain {
				t.Errorf("chain %s\nwant  %s", got, tt.chain)
			}
		})
	}
}

func TestARefusalSaysWhatIsMissing(t *testing.T) {
	picture := chat.Facts{Images: true, Pictures: 2}
	addVision := "add a key: glmtray keys add synthetic or glmtray keys add zai"
	tests := []struct {
		name    string
		world   world
		status  int
		code    string
		message string
		hint    string
	}{
		{
			"images never fall through to a text model",
			world{keys: "cerebras", facts: picture},
			400, "no_vision_provider",
			"the request has 2 images and no vision model can be used: synthetic has no usable key, zai has no usable key", addVision,
		},
		{
			"nor if the vision models are gone",
			world{keys: "cerebras zai", gone: []string{"zai/glm-5.3v"}, facts: picture},
			400, "no_vision_provider",
			"the request has 2 images and no vision model can be used: synthetic has no usable key, every vision model of zai is gone",
			"add a key: glmtray keys add synthetic",
		},
		{
			"nor without a rule for images",
			world{facts: picture, rules: []config.Rule{rule("everything", config.When{}, "cerebras", "zai/glm-4.6")}},
			400, "no_vision_provider",
			"the request has 2 images and no vision model can be used: qwen-3.8-27b takes no images, glm-4.6 takes no images", "",
		},
		{
			"no keys at all",
			world{keys: "none"},
			503, "no_provider_key",
			"no provider that could serve this request has a usable key: cerebras, synthetic or zai",
			"add a key: glmtray keys add cerebras, glmtray keys add synthetic or glmtray keys add zai",
		},
		{
			"no keys for a request that matches a rule before the last",
			world{keys: "none", facts: chat.Facts{Model: "haiku"}},
			503, "no_provider_key",
			"no provider that could serve this request has a usable key: zai, cerebras or synthetic",
			"add a key: glmtray keys add zai, glmtray keys add cerebras or glmtray keys add synthetic",
		},
		{
			"no keys and no rules",
			world{keys: "none", rules: []config.Rule{}},
			503, "no_provider_key",
			"no provider that could serve this request has a usable key: cerebras, synthetic, zai or acme",
			"add a key: glmtray keys add cerebras, glmtray keys add synthetic, glmtray keys add zai or glmtray keys add acme",
		},
		{
			"every model gone",
			world{keys: "cerebras", gone: []string{"cerebras/qwen-3.8-27b", "cerebras/gpt-oss-120b"}},
			503, "no_target",
			"no rule leads to a model that can be used: every large model of cerebras is gone, synthetic has no usable key, zai has no usable key",
			addVision,
		},
		{
			"a table without a last rule",
			world{rules: []config.Rule{rule("long", config.When{TokensOver: 10}, "zai")}},
			503, "no_target", "no rule of the routing table matches this request", "add a rule without conditions at its end",
		},
		{
			"a pin without a key",
			world{keys: "cerebras", pin: "zai"},
			503, "no_provider_key", "glmtray is pinned to zai, but zai has no usable key",
			"add a key: glmtray keys add zai; or unpin zai",
		},
		{
			"a pin to nobody",
			world{pin: "nobody"},
			503, "no_target", "glmtray is pinned to nobody, but the settings have no provider nobody", "unpin nobody",
		},
		{
			"a pin without a vision model",
			world{pin: "cerebras", facts: picture},
			400, "no_vision_provider", "glmtray is pinned to cerebras, but cerebras has no vision model", "unpin cerebras",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Decide(tt.world.input())
			if d.Refused == nil {
				t.Fatalf("not refused: %s: %s", d.Rule, chainOf(d))
			}
			e := d.Refused
			if e.Status != tt.status || e.Code != tt.code || e.Message != tt.message || e.Hint != tt.hint {
				t.Errorf("got  %d %s\n%s\n%s\nwant %d %s\n%s\n%s", e.Status, e.Code, e.Message, e.Hint, tt.status, tt.code, tt.message, tt.hint)
			}
			if len(d.Chain) != 0 || d.Rule != "" || d.Reason == "" {
				t.Errorf("a refusal with rule %q, reason %q and chain %s", d.Rule, d.Reason, chainOf(d))
			}
			if retry := e.Header.Get("X-Should-Retry"); (retry == "false") != (tt.status == http.StatusServiceUnavailable) {
				t.Errorf("status %d with x-should-retry %q", tt.status, retry)
			}
		})
	}
}

func TestTheTraceTellsOfEveryRuleAndEveryTargetLeftOut(t *testing.T) {
	tests := []struct {
		name  string
		world world
		want  string
	}{
		{
			"a request that goes along the last rule",
			world{keys: "cerebras synthetic", facts: chat.Facts{Model: "haiku", Tokens: 1_234}},
			`- vision: no images
- long context: 1,234 tokens, not over 120,000
- small model: model haiku matches *haiku*, but no target is left
    zai/small: zai has no usable key
+ everything: no other rule matched
    zai/large: zai has no usable key
`,
		},
		{
			"a request that goes along the first",
			world{keys: "synthetic", facts: chat.Facts{Images: true, Pictures: 1}},
			`+ vision: 1 image
    zai/vision: zai has no usable key
- long context: not reached: vision matched
- small model: not reached: vision matched
- everything: not reached: vision matched
`,
		},
		{
			"images that nobody can take",
			world{keys: "cerebras", facts: chat.Facts{Images: true, Pictures: 1}},
			`- vision: 1 image, but no target is left
    synthetic/vision: synthetic has no usable key
    zai/vision: zai has no usable key
- long context: not reached: vision never falls through to a text model
- small model: not reached: vision never falls through to a text model
- everything: not reached: vision never falls through to a text model
`,
		},
		{
			"a request that nobody can hold",
			world{keys: "cerebras", facts: chat.Facts{Tokens: 140_000}},
			`- vision: no images
- long context: 140,000 tokens > 120,000, but no target is left
    synthetic/large: synthetic has no usable key
    zai/large: zai has no usable key
- small model: no model was named
+ everything: no other rule matched; no target holds 140,000 tokens, cerebras/large holds most (131,072)
    cerebras/large: qwen-3.8-27b holds only 131,072 tokens
    synthetic/large: synthetic has no usable key
    zai/large: zai has no usable key
`,
		},
		{
			"a model that no pattern matches",
			world{facts: chat.Facts{Model: "mystery"}, rules: config.DefaultRules(120_000)[2:]},
			`- small model: model mystery does not match *haiku*|*air*
+ everything: no other rule matched
`,
		},
		{
			"a pin",
			world{pin: "zai", facts: chat.Facts{Model: "haiku"}},
			`- vision: no images
- long context: 0 tokens, not over 120,000
+ small model: model haiku matches *haiku*; pinned to zai
- everything: not reached: pinned to zai
`,
		},
		{
			"a target that is there twice",
			world{keys: "zai", facts: chat.Facts{}, rules: []config.Rule{rule("all", config.When{}, "zai/large", "zai/glm-5.3")}},
			`+ all: no other rule matched
    zai/glm-5.3: the same as zai/large
`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got strings.Builder
			d := Decide(tt.world.input())
			for _, tried := range d.Trace() {
				mark := "-"
				if tried.Matched {
					mark = "+"
				}
				fmt.Fprintf(&got, "%s %s: %s\n", mark, tried.Rule, tried.Reason)
				for _, l := range tried.Left {
					fmt.Fprintf(&got, "    %s: %s\n", l.Target, l.Why)
				}
			}
			if got.String() != tt.want {
				t.Errorf("trace:\n%s\nwant:\n%s", got.String(), tt.want)
			}
		})
	}
}

func TestWithoutAPoolTheSettingsSayWhatIsUsable(t *testing.T) {
	in := world{}.input()
	in.Usable = nil
	if d := Decide(in); d.Refused == nil || d.Refused.Code != CodeNoKey {
		t.Errorf("settings without keys: %s", chainOf(d))
	}
}
