package upstream

import (
	"net/http"
	"reflect"
	"testing"
	"time"
)

func TestWaitsAreReadInEveryFormTheVendorsUse(t *testing.T) {
	c := clock{testNow}
	for text, want := range map[string]time.Duration{
		"56": 56 * time.Second, "11.5": 11500 * time.Millisecond, " 3 ": 3 * time.Second, "1e1": 10 * time.Second,
		"1s": time.Second, "6m0s": 6 * time.Minute, "250ms": 250 * time.Millisecond,
		"2026-09-09T00:01:00Z": time.Minute, "2026-09-09T08:01:00.5+08:00": time.Minute + 500*time.Millisecond,
		"Wed, 09 Sep 2026 00:02:00 GMT": 2 * time.Minute,
		"1788912060":                    time.Minute, "1788912060000": time.Minute,
		"1209600": maxUntil, "336h": maxUntil,
		// None:
		"": 0, "0": 0, "-5": 0, "NaN": 0, "Inf": 0, "-Inf": 0, "1e300": 0, "soon": 0, "-1s": 0, "9999999": 0, "99999h": 0,
		"2020-01-01T00:00:00Z": 0, "2099-01-01T00:00:00Z": 0, "Wed, 09 Sep 2020 00:02:00 GMT": 0,
	} {
		got, ok := c.wait(text)
		if got != want || ok != (want != 0) {
			t.Errorf("%q: %s, %v; want %s", text, got, ok, want)
		}
	}
}

func TestTimesInMessages(t *testing.T) {
	c := clock{testNow} // 08:00 in China
	for text, want := range map[string]time.Duration{
		"will reset at 2026-09-09 08:00:30":                   30 * time.Second,
		"will reset at 2026-09-09T08:00:30":                   30 * time.Second,
		"at 2026-09-09T00:00:30Z":                             30 * time.Second,
		"at 2026-09-09 02:00:30+02:00":                        30 * time.Second,
		"at 2026-09-09 02:00:30.123+0200":                     30 * time.Second,
		"asked 2026-09-08 10:00:00, back 2026-09-09 08:01:00": time.Minute,
		"将在 2026-09-09 08:00:30 重置":                           30 * time.Second,
		"2026-99-99 99:99:99":                                 0,
		"at 08:00:30":                                         0,
		"":                                                    0,
	} {
		if got, ok := inMessage(text, c); got != want || ok != (want != 0) {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestLimitsOfEveryVendor(t *testing.T) {
	at := func(d time.Duration) time.Time { return testNow.Add(d) }
	for _, c := range []struct {
		name string
		h    map[string]string
		want []Limit
	}{
		{"Cerebras", map[string]string{
			"x-ratelimit-limit-requests-day": "14400", "x-ratelimit-remaining-requests-day": "14399", "x-ratelimit-reset-requests-day": "33011.5",
			"x-ratelimit-limit-tokens-minute": "60000", "x-ratelimit-remaining-tokens-minute": "-12", "x-ratelimit-reset-tokens-minute": "11.5",
		}, []Limit{
			{"requests", "day", 14400, 14399, at(33011500 * time.Millisecond), xRateLimit},
			{"tokens", "minute", 60000, 0, at(11500 * time.Millisecond), xRateLimit},
		}},
		{
			"OpenAI",
			map[string]string{"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "59", "x-ratelimit-reset-requests": "1s", "x-ratelimit-remaining-tokens": "7"},
			[]Limit{{"requests", "", 60, 59, at(time.Second), xRateLimit}, {"tokens", "", -1, 7, time.Time{}, xRateLimit}},
		},
		{
			"without a kind",
			map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1788912060"},
			[]Limit{{"requests", "", -1, 0, at(time.Minute), xRateLimit}},
		},
		{
			"Anthropic",
			map[string]string{"anthropic-ratelimit-input-tokens-limit": "5", "anthropic-ratelimit-input-tokens-remaining": "1", "anthropic-ratelimit-input-tokens-reset": "2026-09-09T00:01:00Z"},
			[]Limit{{"input-tokens", "", 5, 1, at(time.Minute), anthropic}},
		},
		{
			"Synthetic",
			map[string]string{"x-synthetic-quotas": `{"subscription":{"limit":135,"requests":3},"search":{"hourly":{"limit":1,"requests":1}},"rollingFiveHourLimit":{"nextTickAt":"2026-09-09T00:15:00Z","remaining":0.5,"max":400,"limited":false},"weeklyTokenLimit":{"nextRegenAt":"2026-09-09T03:00:00Z","percentRemaining":97.3}}`},
			[]Limit{{"percent", "week", 100, 97, at(3 * time.Hour), "x-synthetic-quotas"}, {"requests", "5 hours", 400, 1, at(15 * time.Minute), "x-synthetic-quotas"}},
		},
		{
			"Synthetic of old",
			map[string]string{"x-synthetic-quotas": `{"subscription":{"limit":135,"requests":140,"renewsAt":"2026-09-09T01:00:00Z"}}`},
			[]Limit{{"requests", "subscription", 135, 0, at(time.Hour), "x-synthetic-quotas"}},
		},
		{"Synthetic says nothing", map[string]string{"x-synthetic-quotas": `{}`}, nil},
		{"nonsense", map[string]string{
			"x-ratelimit-limit-requests-day": "many", "x-ratelimit-remaining-cheese-day": "1", "x-ratelimit-": "1", "x-ratelimit-reset-requests-fortnight": "1",
			"x-ratelimit-a-b-c-d": "1", "anthropic-ratelimit-": "1", "anthropic-ratelimit-x": "1", "x-synthetic-quotas": "[{",
		}, nil},
		{"none", map[string]string{"Content-Type": "x"}, nil},
	} {
		h := http.Header{}
		for k, v := range c.h {
			h.Set(k, v)
		}
		for range 3 { // a map has no order; the limits have
			if got := limitsOf(h, testNow); (len(got) != 0 || len(c.want) != 0) && !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s:\n%+v, want\n%+v", c.name, got, c.want)
			}
		}
	}
}

func FuzzLimits(f *testing.F) {
	f.Add("X-Ratelimit-Reset-Tokens-Minute", "11.38", `{"weeklyTokenLimit":{"percentRemaining":1}}`)
	f.Add("Anthropic-Ratelimit-Tokens-Reset", "2026-09-09T00:01:00Z", `{"rollingFiveHourLimit":{"limited":true}}`)
	f.Add("X-Ratelimit-Remaining", "1e400", `{"subscription":{"limit":-1,"requests":1e300}}`)
	f.Fuzz(func(t *testing.T, name, value, quotas string) {
		h := http.Header{name: {value}, quotasHeader: {quotas}}
		for _, l := range limitsOf(h, testNow) {
			if l.Limit < -1 || l.Remaining < -1 || (!l.Reset.IsZero() && !l.Reset.After(testNow)) || l.Reset.After(testNow.Add(maxUntil)) {
				t.Errorf("%+v", l)
			}
		}
	})
}

func FuzzWait(f *testing.F) {
	for _, s := range []string{"56", "11.38", "6m0s", "2026-09-09T00:01:00Z", "Wed, 09 Sep 2026 00:02:00 GMT", "reset at 2026-09-09 08:00:30", "1788912060000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := clock{testNow}
		for _, read := range []func() (time.Duration, bool){
			func() (time.Duration, bool) { return c.wait(text) },
			func() (time.Duration, bool) { return inMessage(text, c) },
			func() (time.Duration, bool) {
				return retryAfter(http.Header{"Retry-After": {text}, "Retry-After-Ms": {text}}, c)
			},
		} {
			if d, ok := read(); ok != (d > 0) || d > maxUntil {
				t.Errorf("%s, %v", d, ok)
			}
		}
	})
}
