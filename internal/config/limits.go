package config

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Rates say how the pace of an account is learned that is told no limits. Zero
// stands for the key pool's default.
type Rates struct {
	Initial       float64       // requests per second to begin with; 0: no pace until the first refusal
	Min, Max      float64       // requests per second
	CeilingAlpha  float64       // weight of the newest refusal, (0, 1]
	HoldMargin    float64       // distance from the ceiling, (0, 1)
	ProbeInterval int           // clean answers before the pace rises
	MaxAge        time.Duration // of a pace that was learned before a restart
}

// Quotas say which providers are asked what is left of a plan, and how.
type Quotas struct {
	Poll    []string      // ids of providers; empty: none
	Every   time.Duration // less than LeastQuotaPoll counts as that
	Timeout time.Duration
	ZAIURL  string // base URL of Z.ai's console; "": where the key's endpoint is
}

// LeastQuotaPoll is as often as a provider's quota is asked for at most. Z.ai's
// page is undocumented, and a poll that is noticed is not worth what it tells.
const LeastQuotaPoll = 5 * time.Minute

const (
	allowRate  = "requests per second, more than 0 and at most 10000"
	allowShare = "a share, more than 0 and at most 1"
	allowPoll  = `a list of providers such as "synthetic", "zai"`
)

// limitScalars are the settings of learned and polled limits.
var limitScalars = []scalar{
	number("rate_initial", allowRate, 1e4, func(s *Settings) *float64 { return &s.Rates.Initial }, "RATE_LIMIT_INITIAL"),
	number("rate_min", allowRate, 1e4, func(s *Settings) *float64 { return &s.Rates.Min }, "RATE_LIMIT_MIN"),
	number("rate_max", allowRate, 1e4, func(s *Settings) *float64 { return &s.Rates.Max }, "RATE_LIMIT_MAX"),
	number("rate_ceiling_alpha", allowShare, 1, func(s *Settings) *float64 { return &s.Rates.CeilingAlpha }, "RATE_LIMIT_CEILING_ALPHA"),
	number("rate_hold_margin", allowShare, 1, func(s *Settings) *float64 { return &s.Rates.HoldMargin }, "RATE_LIMIT_HOLD_MARGIN"),
	whole("rate_probe_interval", 1, func(s *Settings) *int { return &s.Rates.ProbeInterval }, "RATE_LIMIT_PROBE_INTERVAL"),
	duration("rate_max_age", func(s *Settings) *time.Duration { return &s.Rates.MaxAge }, "RATE_LIMIT_STATE_MAX_AGE"),
	quotaPoll("quota_poll", "QUOTA_POLL_ENABLED"),
	duration("quota_every", func(s *Settings) *time.Duration { return &s.Quotas.Every }, "QUOTA_POLL_INTERVAL"),
	duration("quota_timeout", func(s *Settings) *time.Duration { return &s.Quotas.Timeout }, "QUOTA_POLL_TIMEOUT"),
	parsed("zai_quota_url", "a URL such as https://api.z.ai", func(s *Settings) *string { return &s.Quotas.ZAIURL }, parseURL, "ZAI_QUOTA_BASE_URL"),
}

func number(name, allowed string, most float64, p func(*Settings) *float64, vars ...string) scalar {
	return scalar{name: name, vars: vars, allowed: allowed, set: func(s *Settings, v value) bool {
		f, err := strconv.ParseFloat(strings.TrimSpace(v.text), 64)
		if err != nil || math.IsNaN(f) || f <= 0 || f > most {
			return false
		}
		*p(s) = f
		return true
	}, show: func(s *Settings) string { return strconv.FormatFloat(*p(s), 'g', -1, 64) }}
}

// quotaPoll takes a list of providers, and for the predecessor's sake a yes or
// no, which was about Z.ai.
func quotaPoll(name string, vars ...string) scalar {
	return scalar{name: name, vars: vars, allowed: allowPoll, list: true, set: func(s *Settings, v value) bool {
		ids := v.list
		if len(ids) == 1 {
			if on, ok := parseBool(ids[0]); ok {
				ids = nil
				if on {
					ids = []string{"zai"}
				}
			}
		}
		if slices.ContainsFunc(ids, func(id string) bool { return !notEmpty(id) || strings.ContainsAny(id, "[/") }) {
			return false
		}
		s.Quotas.Poll = ids
		return true
	}}
}

// Polls reports whether a provider's quota is to be asked for.
func (q *Quotas) Polls(provider string) bool { return slices.Contains(q.Poll, provider) }
