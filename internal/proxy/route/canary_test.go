package route

import (
	"slices"
	"testing"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// withCanary is a rule of which 5 % try another target first.
func withCanary(r config.Rule, share float64, use ...string) config.Rule {
	r.Canary = config.Canary{Share: share, Use: rule("", config.When{}, use...).Use}
	return r
}

func TestACanaryTakesItsShareOfTheConversations(t *testing.T) {
	plain := rule("everything", config.When{}, "cerebras/large", "zai/large")
	tests := []struct {
		name                   string
		world                  world
		dice                   float64
		variant, reason, chain string
	}{
		{
			"below the share it is tried first, with the rule's own behind it",
			world{rules: []config.Rule{withCanary(plain, 5, "synthetic/large")}},
			0.049,
			Canary, "no other rule matched; one of the 5 % that try the canary",
			"synthetic/large=syn:large:text, cerebras/large=qwen-3.8-27b, zai/large=glm-5.3",
		},
		{
			"at the share it is not",
			world{rules: []config.Rule{withCanary(plain, 5, "synthetic/large")}},
			0.05,
			Main, "no other rule matched; not of the 5 % that try the canary", "cerebras/large=qwen-3.8-27b, zai/large=glm-5.3",
		},
		{
			"a target that both have is tried once",
			world{rules: []config.Rule{withCanary(plain, 100, "zai/large")}},
			0.999,
			Canary, "no other rule matched; one of the 100 % that try the canary", "zai/large=glm-5.3, cerebras/large=qwen-3.8-27b",
		},
		{
			"a share of nothing is no canary",
			world{rules: []config.Rule{withCanary(plain, 0, "synthetic/large")}},
			0,
			"", "no other rule matched", "cerebras/large=qwen-3.8-27b, zai/large=glm-5.3",
		},
		{
			"without a key of the canary's the rule goes on as ever",
			world{keys: "zai", rules: []config.Rule{withCanary(plain, 5, "synthetic/large")}},
			0,
			Main, "no other rule matched; the canary has no target left", "zai/large=glm-5.3",
		},
		{
			"images never go to a text model, the canary's neither",
			world{
				facts: chat.Facts{Images: true, Pictures: 1},
				rules: []config.Rule{withCanary(rule("vision", config.When{Images: true}, "synthetic/vision"), 50, "cerebras/large"), plain},
			},
			0,
			Main, "1 image; the canary has no target left", "synthetic/vision=syn:large:vision",
		},
		{
			"a pin overrides it",
			world{pin: "zai", rules: []config.Rule{withCanary(plain, 100, "synthetic/large")}},
			0,
			"", "pinned to zai", "zai/large=glm-5.3",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := tt.world.input()
			in.Dice = tt.dice
			d := Decide(in)
			if d.Variant != tt.variant || d.Reason != tt.reason || chainOf(d) != tt.chain {
				t.Errorf("got  %q, %q, %s\nwant %q, %q, %s", d.Variant, d.Reason, chainOf(d), tt.variant, tt.reason, tt.chain)
			}
		})
	}
}

func TestATargetThatACanaryLacksIsNamedInTheTrace(t *testing.T) {
	in := world{keys: "zai", rules: []config.Rule{
		withCanary(rule("everything", config.When{}, "zai/large"), 100, "synthetic/large"),
	}}.input()
	d := Decide(in)
	if !slices.Contains(d.Trace()[0].Left, Left{"synthetic/large", "synthetic has no usable key"}) {
		t.Errorf("left out: %v", d.Trace()[0].Left)
	}
}
