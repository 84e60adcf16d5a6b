package route

import (
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/roster"
)

func TestAStepSendsTheAskedModelWhereItIsAtHome(t *testing.T) {
	all := func(use string) []config.Rule {
		return []config.Rule{rule("everything", config.When{}, "cerebras/large", use)}
	}
	opus := []config.Rule{
		rule("first", config.When{Model: "*"}, "cerebras/large"),
		rule("everything", config.When{}, "cerebras"),
	}
	synthetic := func(ids ...roster.Listed) map[string][]roster.Listed {
		return map[string][]roster.Listed{"synthetic": ids}
	}
	tests := []struct {
		name  string
		world world
		step  int // which of the chain
		model string
		why   string
	}{
		{
			"a target that names an id is followed",
			world{facts: chat.Facts{Model: "glm-5.3"}, rules: all("zai/glm-4.6")},
			1, "glm-4.6", "the rule names it",
		},
		{
			"the primary gets an id unchanged",
			world{facts: chat.Facts{Model: "glm-99"}},
			0, "glm-99", "as asked",
		},
		{
			"the primary gets an id unchanged though it does not list it",
			world{facts: chat.Facts{Model: "glm-99"}, listed: map[string][]roster.Listed{"cerebras": list("gpt-oss-120b")}},
			0, "glm-99", "as asked",
		},
		{
			"the primary gets an id unchanged on every rule",
			world{facts: chat.Facts{Model: "glm-99"}, rules: opus},
			0, "glm-99", "as asked",
		},
		{
			"the next provider is the primary if the first has no key",
			world{keys: "zai", facts: chat.Facts{Model: "glm-99"}},
			0, "glm-99", "as asked",
		},
		{
			"no model named", world{}, 0, "qwen-3.8-27b", "no model was named; its large model stands in",
		},
		{
			"an id that the primary has said is gone",
			world{facts: chat.Facts{Model: "glm-4.6"}, gone: []string{"cerebras/glm-4.6"}},
			0, "qwen-3.8-27b", "glm-4.6 is gone from cerebras; its large model stands in",
		},
		{
			"a role's first preference that is gone",
			world{facts: chat.Facts{Model: "qwen-3.8-27b"}, gone: []string{"cerebras/qwen-3.8-27b"}},
			0, "gpt-oss-120b", "qwen-3.8-27b is gone from cerebras; its large model stands in",
		},
		{
			"an alias stands for a role",
			world{facts: chat.Facts{Model: "Claude-Opus-5"}},
			0, "qwen-3.8-27b", "Claude-Opus-5 is an alias; its large model stands in",
		},
		{
			"an alias stands for the role of the rule",
			world{facts: chat.Facts{Model: "claude-haiku-4-5"}},
			0, "glm-5.3-flash", "claude-haiku-4-5 is an alias; its small model stands in",
		},
		{
			"a pattern can except a name from the aliases",
			world{facts: chat.Facts{Model: "gpt-oss-120b"}},
			0, "gpt-oss-120b", "as asked",
		},
		{
			"an alias that the provider itself lists is no alias there",
			world{facts: chat.Facts{Model: "gpt-5.4"}, listed: map[string][]roster.Listed{"cerebras": list("gpt-5.4")}},
			0, "gpt-5.4", "as asked",
		},
		{
			"another provider gets an id that it lists",
			world{facts: chat.Facts{Model: "glm-4.6"}, listed: synthetic(list("glm-4.6")...)},
			1, "glm-4.6", "as asked",
		},
		{
			"another provider does not get an id that it does not list",
			world{facts: chat.Facts{Model: "glm-4.6"}, listed: synthetic(list("syn:large:text")...)},
			1, "syn:large:text", "glm-4.6 is not listed by synthetic; its large model stands in",
		},
		{
			"another provider does not get an id while its list is not known",
			world{facts: chat.Facts{Model: "glm-4.6"}},
			1, "syn:large:text", "whether synthetic has glm-4.6 is not known; its large model stands in",
		},
		{
			"its own large model is as asked though the list is not known",
			world{facts: chat.Facts{Model: "syn:large:text"}},
			1, "syn:large:text", "as asked",
		},
		{
			"the long-context suffix is cut off",
			world{facts: chat.Facts{Model: "glm-5.3[1M]"}},
			0, "glm-5.3", "as asked",
		},
		{
			"a listed id is kept for a long prompt that it holds",
			world{facts: chat.Facts{Model: "m", Tokens: 200_000}, listed: synthetic(roster.Listed{ID: "m", Context: 256_000})},
			0, "m", "as asked",
		},
		{
			"a listed id that is too small makes way for the role",
			world{facts: chat.Facts{Model: "m", Tokens: 200_000}, listed: synthetic(roster.Listed{ID: "m", Context: 32_000})},
			0, "syn:large:text", "m holds only 32,000 tokens; its large model stands in",
		},
		{
			"a listed vision model is kept for images",
			world{facts: chat.Facts{Model: "m", Images: true}, listed: synthetic(roster.Listed{ID: "m", Vision: true})},
			0, "m", "as asked",
		},
		{
			"a listed text model makes way for images",
			world{facts: chat.Facts{Model: "m", Images: true}, listed: synthetic(roster.Listed{ID: "m"})},
			0, "syn:large:vision", "m is not known to take images; its vision model stands in",
		},
		{
			"the primary's text model makes way for images",
			world{keys: "zai", facts: chat.Facts{Model: "glm-5.3", Images: true}},
			0, "glm-5.3v", "glm-5.3 is not known to take images; its vision model stands in",
		},
		{
			"the primary's vision model is kept for images",
			world{keys: "zai", facts: chat.Facts{Model: "glm-5.3v", Images: true}},
			0, "glm-5.3v", "as asked",
		},
		{
			"of two that are too small the asked one is kept",
			world{keys: "cerebras", facts: chat.Facts{Model: "gpt-oss-120b", Tokens: 200_000}},
			0, "gpt-oss-120b", "as asked",
		},
		{
			"of two that are too small the larger is kept",
			world{
				keys: "cerebras", facts: chat.Facts{Model: "m", Tokens: 200_000},
				listed: map[string][]roster.Listed{"cerebras": {{ID: "m", Context: 8_192}}},
			},
			0, "qwen-3.8-27b", "m holds only 8,192 tokens; its large model stands in",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Decide(tt.world.input())
			if len(d.Chain) <= tt.step {
				t.Fatalf("chain %q, refused %v", chainOf(d), d.Refused)
			}
			if got := d.Chain[tt.step]; got.Model != tt.model || got.Why != tt.why {
				t.Errorf("model %q, why %q\nwant  %q, why %q", got.Model, got.Why, tt.model, tt.why)
			}
		})
	}
}

func TestPatternsAreAlternativesAndCanExcept(t *testing.T) {
	tests := []struct {
		patterns, model, want string
		ok                    bool
	}{
		{"*haiku*|*air*", "glm-4.5-air", "*air*", true},
		{"*haiku* | *air*", "glm-4.5-air", "*air*", true},
		{"*air*|!glm-4.5-air", "glm-4.5-air", "", false},
		{"!glm-4.5-air|*air*", "glm-5-air", "*air*", true},
		{"glm-?.6", "GLM-4.6", "glm-?.6", true},
		{"glm", "glm-4.6", "", false},
		{"!glm-4.5-air", "glm-5-air", "!glm-4.5-air", true},
		{"*glm-5*", "hf:zai-org/GLM-5.2", "*glm-5*", true},
		{"", "glm-4.6", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.patterns+" against "+tt.model, func(t *testing.T) {
			name := config.Folded(tt.model)
			if ok := name.Fits(tt.patterns); ok != tt.ok {
				t.Fatalf("fits: %v", ok)
			}
			if got := matched(tt.patterns, name); tt.ok && got != tt.want {
				t.Errorf("matched %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAModelNameOfAnyLengthMakesAShortReason(t *testing.T) {
	name := strings.Repeat("haiku-日", 5_000)
	d := Decide(world{facts: chat.Facts{Model: name}}.input())
	if len(d.Reason) > 200 || !strings.HasSuffix(d.Reason, "… matches *haiku*") {
		t.Errorf("reason of %d bytes: %q", len(d.Reason), d.Reason)
	}
}

func TestFiguresHaveTheirThousandsApart(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1_000: "1,000", -999: "-999", -1_000: "-1,000", 131_072: "131,072", 1_000_000: "1,000,000"} {
		if got := comma(n); got != want {
			t.Errorf("comma(%d) = %q, want %q", n, got, want)
		}
	}
}
