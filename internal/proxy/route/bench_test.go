package route

import (
	"fmt"
	"testing"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/roster"
)

func BenchmarkDecide(b *testing.B) {
	b.Run("default rules", func(b *testing.B) {
		benchmark(b, world{facts: chat.Facts{Model: "glm-4.6", Tokens: 12_000}})
	})
	b.Run("default rules, lists known", func(b *testing.B) {
		benchmark(b, world{
			facts:  chat.Facts{Model: "gpt-oss-120b", Tokens: 12_000},
			listed: map[string][]roster.Listed{"synthetic": list("gpt-oss-120b"), "zai": list("gpt-oss-120b")},
		})
	})
}

// BenchmarkGrowth has rules of which only the last fits.
func BenchmarkGrowth(b *testing.B) {
	for _, n := range []int{1, 10, 50, 200} {
		b.Run(fmt.Sprintf("rules, the last one fits/%d", n), func(b *testing.B) {
			var rules []config.Rule
			for i := range n - 1 {
				rules = append(rules, rule(fmt.Sprint(i), config.When{Model: fmt.Sprintf("*model-%d*", i)}, "zai"))
			}
			rules = append(rules, rule("everything", config.When{}, "cerebras", "synthetic", "zai"))
			benchmark(b, world{facts: chat.Facts{Model: "glm-4.6", Tokens: 12_000}, rules: rules})
		})
	}
}

func benchmark(b *testing.B, w world) {
	in := w.input()
	in.Usable = func(string) int { return 1 }
	b.ReportAllocs()
	for b.Loop() {
		if d := Decide(in); len(d.Chain) == 0 {
			b.Fatal("nowhere to go")
		}
	}
}
