package proxy

import (
	"testing"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/chat"
)

func TestEachKindOfTokensHasItsPrice(t *testing.T) {
	row := config.Price{In: 1, Out: 3, CachedIn: 0.16, CacheWrite: 1.25}
	for _, c := range []struct {
		name string
		u    chat.Usage
		want float64
	}{
		{"a million in", chat.Usage{Prompt: 1e6}, 1},
		{"a million out, thinking included", chat.Usage{Completion: 1e6, Reasoning: 9e5}, 3},
		{"all from the cache", chat.Usage{Prompt: 1e6, Cached: 1e6}, 0.16},
		{"a part from the cache, a part into it", chat.Usage{Prompt: 1000, Cached: 500, CacheWrite: 100, Completion: 10}, 400e-6 + 80e-6 + 125e-6 + 30e-6},
		{"more cached than there is", chat.Usage{Prompt: 10, Cached: 20}, 3.2e-6},
		{"to a billionth", chat.Usage{Prompt: 1, Cached: 1}, 0.16e-6},
		{"nothing", chat.Usage{}, 0},
	} {
		if got := costOf(row, c.u); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestThePriceIsThatOfTheModelThatAnswered(t *testing.T) {
	p := config.Provider{
		ID: "acme", Endpoints: []config.Endpoint{{ID: "payg"}, {ID: "plan", Plan: true}},
		Models: map[string]config.ModelInfo{"cheap": {In: 1, Priced: true}, "dear": {In: 2, Priced: true}, "free": {Priced: true}, "unpriced": {Context: 9}},
	}
	used := chat.Usage{Prompt: 1e6}
	for _, c := range []struct {
		name, answered, sent, endpoint string
		u                              chat.Usage
		want                           float64 // -1: not known
		plan                           bool
	}{
		{"the answer's", "cheap", "dear", "payg", used, 1, false},
		{"of a plan's key", "cheap", "dear", "plan", used, 1, true},
		{"the one that was sent, where the table has no other", "cheap-2026-08-01", "dear", "payg", used, 2, false},
		{"nobody's", "unpriced", "nobody", "plan", used, -1, false},
		{"free, which is known", "free", "free", "payg", used, 0, false},
		{"of no usage", "cheap", "cheap", "payg", chat.Usage{}, -1, false},
	} {
		f := event.Finished{Model: c.answered}
		price(&f, &p, c.sent, c.endpoint, c.u)
		got := -1.0
		if f.Cost != nil {
			got = *f.Cost
		}
		if got != c.want || f.CostEquivalent != c.plan {
			t.Errorf("%s: got %v, of a plan %v", c.name, got, f.CostEquivalent)
		}
	}
	price(new(event.Finished), nil, "m", "", used) // a provider that a reload took away
}
