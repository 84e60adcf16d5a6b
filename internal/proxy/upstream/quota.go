package upstream

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"time"

	"github.com/tidwall/gjson"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/secret"
)

// quotaPage is where a provider tells what is left of a plan.
type quotaPage struct {
	path string
	read func(body []byte, clock clock, now time.Time) []Limit
}

// quotaPages are those that are known. Synthetic's is documented
// (dev.synthetic.new/docs, 2026-10) and costs nothing. Z.ai's is that of its own
// console, without a contract (steipete/CodexBar docs/zai.md, 2026).
var quotaPages = map[string]quotaPage{
	"synthetic": {"/v2/quotas", func(body []byte, clock clock, now time.Time) []Limit {
		return syntheticQuotas(string(body), clock, now)
	}},
	"zai": {"/api/monitor/usage/quota/limit", zaiQuotas},
}

// HasQuota reports whether a provider is known to tell its quotas.
func HasQuota(provider string) bool { _, ok := quotaPages[provider]; return ok }

// Quota asks what is left of the plan that a key belongs to. base is the
// address in place of the endpoint's own host; "": that. The reply is never nil
// and holds nothing open; limits are nil unless its class is OK, and may be even
// then: a provider need not tell any.
func (s *Sender) Quota(ctx context.Context, p *config.Provider, e *config.Endpoint, key secret.Value, base string) ([]Limit, *Reply) {
	page, ok := quotaPages[p.ID]
	if !ok {
		return nil, &Reply{Header: http.Header{}, Class: CallerFault, Reason: p.ID + " is not known to tell its quotas"}
	}
	if base == "" {
		u, err := url.Parse(e.URL)
		if err != nil {
			return nil, &Reply{Header: http.Header{}, Class: Refused, Reason: "its base URL is none", Err: fmt.Errorf("reading a base URL: %w", err)}
		}
		base = u.Scheme + "://" + u.Host
	}
	c := Call{Provider: p, Address: e.Address(config.OpenAI), Method: http.MethodGet, Path: page.path, Secret: key, Patience: modelsPatience}
	c.Address.URL = base
	r := s.Send(ctx, &c)
	if r.Class != OK {
		return nil, r
	}
	now := time.Now()
	return page.read(r.Head, clockOf(r.Header, now), now), r
}

// The units of Z.ai's windows, by its own numbers. 5 is a minute, and with
// TIME_LIMIT the month of its tool calls, which stop no chat.
var zaiUnits = map[int64]string{1: "day", 3: "hour", 6: "week"}

// zaiQuotas reads {"data":{"limits":[{"type":"TOKENS_LIMIT","unit":3,"number":5,
// "percentage":42,"nextResetTime":1762500000000}]}}: percentage is what was used,
// the time is in milliseconds.
func zaiQuotas(body []byte, clock clock, now time.Time) []Limit {
	var out []Limit
	gjson.GetBytes(body, "data.limits").ForEach(func(_, l gjson.Result) bool {
		unit, known := zaiUnits[l.Get("unit").Int()]
		used := l.Get("percentage")
		if !known || used.Type != gjson.Number || l.Get("type").Str == "TIME_LIMIT" {
			return true
		}
		window := unit
		if n := l.Get("number").Int(); n > 1 {
			window = fmt.Sprintf("%d %ss", n, unit)
		}
		left := Limit{Kind: "percent", Window: window, Limit: 100, Source: "quota"}
		left.Remaining = int64(min(math.Ceil(max(100-used.Num, 0)), 100)) // a fraction of a percent still is something
		if at := l.Get("nextResetTime"); at.Type == gjson.Number {
			if wait, ok := clock.wait(at.Raw); ok {
				left.Reset = now.Add(wait)
			}
		}
		out = append(out, left)
		return true
	})
	return out
}
