package proxy

import (
	"math"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// costOf gives what an answer cost, in USD, to a billionth.
func costOf(p config.Price, u chat.Usage) float64 {
	plain := max(0, u.Prompt-u.Cached-u.CacheWrite)
	perMillion := p.In*float64(plain) + p.CachedIn*float64(u.Cached) + p.CacheWrite*float64(u.CacheWrite) + p.Out*float64(u.Completion)
	return math.Round(perMillion*1e3) / 1e9
}

// price fills in what a request cost. The model that the answer names counts,
// since vendors map one id to another; where the table has not got it (an alias
// stands for a dated id), the one that was sent does.
func price(f *event.Finished, p *config.Provider, sent, endpoint string, u chat.Usage) {
	if p == nil || !u.Known() {
		return
	}
	row, ok := p.Price(f.Model)
	if !ok {
		row, ok = p.Price(sent)
	}
	if !ok {
		return
	}
	usd := costOf(row, u)
	f.Cost, f.CostEquivalent = &usd, p.Endpoint(endpoint).Plan
}
