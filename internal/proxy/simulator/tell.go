package simulator

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

func (x *exchange) silentAboutLimits() bool {
	h := x.s.Headers
	return h.MissingEvery > 0 && x.p.told%h.MissingEvery == 0
}

// tell gives the headers that say what is left. Provider.mu is held.
//
// Anthropic's form: docs.claude.com/en/api/rate-limits, 2026.
// Cerebras' form: a float of seconds, recorded by dcdpr/jp in 2026. Synthetic's
// x-synthetic-quotas: slkiser/opencode-quota#276, September 2026.
func (x *exchange) tell(now time.Time) http.Header {
	h := http.Header{}
	if x.s.Headers.NoLimits || x.silentAboutLimits() {
		return h
	}
	switch x.s.vendor() {
	case Cerebras, DemoShape:
		for _, b := range x.account.buckets {
			name := b.Of + "-" + strings.ReplaceAll(b.Per, " ", "-")
			h.Set("X-Ratelimit-Limit-"+name, strconv.FormatInt(b.Max, 10))
			h.Set("X-Ratelimit-Remaining-"+name, strconv.FormatInt(b.remaining(), 10))
			h.Set("X-Ratelimit-Reset-"+name, strconv.FormatFloat(b.reset(now).Seconds(), 'f', -1, 64))
		}
	case Anthropic:
		for _, b := range x.account.buckets {
			name := "Anthropic-Ratelimit-" + b.Of
			h.Set(name+"-Limit", strconv.FormatInt(b.Max, 10))
			h.Set(name+"-Remaining", strconv.FormatInt(b.remaining(), 10))
			at := now.Add(b.reset(now) + time.Duration(x.s.Headers.ClockSkew))
			h.Set(name+"-Reset", at.UTC().Format(time.RFC3339))
		}
	case Synthetic:
		for _, b := range x.account.buckets {
			if b.Of == "requests" {
				h.Set("X-Synthetic-Quotas", string(encode(quotas(b, now.Add(time.Duration(x.s.Headers.ClockSkew)), now))))
				break
			}
		}
	}
	return h
}

func quotas(b *bucket, shown, now time.Time) map[string]any {
	at := shown.Add(b.reset(now)).UTC().Format(time.RFC3339)
	return map[string]any{
		"subscription": map[string]any{"limit": b.Max, "requests": b.Max - b.remaining(), "renewsAt": at},
		"rollingFiveHourLimit": map[string]any{
			"nextTickAt": at, "tickPercent": 0.05, "remaining": b.remaining(), "max": b.Max, "limited": b.remaining() == 0,
		},
	}
}
