package e2e

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// fails sends a request that must fail, and gives the SDK's own error and how
// often the SDK asked.
func (c *claudeCase) fails(options ...option.RequestOption) (*anthropic.Error, int64) {
	c.t.Helper()
	before := c.sent.n.Load()
	_, err := c.client.Messages.New(c.t.Context(), claudeAsks("hello"), options...)
	fault := new(anthropic.Error)
	if !errors.As(err, &fault) {
		c.t.Fatalf("not the SDK's error: %v", err)
	}
	return fault, c.sent.n.Load() - before
}

func (c *claudeCase) refusal() {
	faults(c.t, c.text, simulator.Fault{What: c.refuses})
	fault, n := c.fails()
	if fault.StatusCode != 400 || fault.Type() != "invalid_request_error" || !strings.Contains(fault.RawJSON(), "messages") || fault.RequestID == "" {
		c.t.Errorf("got %d %s", fault.StatusCode, fault.RawJSON())
	}
	if n != 1 || len(c.asked()) != 1 {
		c.t.Errorf("%d requests by the SDK, the provider saw %d", n, len(c.asked()))
	}
}

func (c *claudeCase) overflow() {
	faults(c.t, c.text, simulator.Fault{What: c.tooLong})
	if c.eyes != c.text {
		faults(c.t, c.eyes, simulator.Fault{What: "synthetic/context"})
		defer faults(c.t, c.eyes)
	}
	fault, n := c.fails()
	if fault.StatusCode != 400 || fault.Type() != "invalid_request_error" || !tooLong.MatchString(fault.RawJSON()) || n != 1 {
		c.t.Errorf("asked %d times, got %d %s", n, fault.StatusCode, fault.RawJSON())
	}
}

func (c *claudeCase) midway() {
	faults(c.t, c.text, simulator.Fault{What: "error-event-mid"})
	m, err := c.hear(claudeAsks("hello"), nil)
	if err == nil || !strings.Contains(err.Error(), "overloaded_error") || m.StopReason != "" || textOf(&m) == "" {
		c.t.Errorf("%v, and it said %s", err, m.RawJSON())
	}
}

func (c *claudeCase) cut() {
	for _, what := range []string{"cut", "cut-clean", "reset-mid"} {
		faults(c.t, c.text, simulator.Fault{What: what})
		m, err := c.hear(claudeAsks("hello"), nil)
		if err == nil || m.StopReason != "" || !strings.Contains(err.Error(), "api_error") {
			c.t.Errorf("%s: %v, and it said %s", what, err, m.RawJSON())
		}
	}
}

func TestAnthropicsOwnSDKDoesNotRepeatAWrongClientKey(t *testing.T) {
	t.Parallel()
	s := messagesSide(t, "GLMTRAY_CLIENT_KEY=sk-the-right-client-key")
	client, sent := claudeSDK(s.program, option.WithAPIKey("sk-the-wrong-client-key"))
	fault, n := (&claudeCase{t, client, sent, s}).fails()
	if fault.StatusCode != 401 || fault.Type() != "authentication_error" || fault.Response.Header.Get("X-Should-Retry") != "false" {
		t.Errorf("got %v", fault)
	}
	if n != 1 || len(s.asked()) != 0 {
		t.Errorf("%d requests by the SDK, the provider saw %d", n, len(s.asked()))
	}
	for _, key := range []option.RequestOption{option.WithAPIKey("sk-the-right-client-key"), option.WithAuthToken("sk-the-right-client-key")} {
		client := anthropic.NewClient(option.WithBaseURL(s.url), option.WithHTTPClient(s.client), key)
		if got, err := client.Messages.New(t.Context(), claudeAsks("hello")); err != nil || textOf(got) != said {
			t.Errorf("the right key: %v", err)
		}
	}
}

func TestAnthropicsOwnSDKWaitsAsLongAsItIsTold(t *testing.T) {
	t.Parallel()
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			// Nobody waits within the proxy, so that the SDK has to; and nobody stands in.
			s := d.start(t, "GLMTRAY_MAX_WAIT=0", "GLMTRAY_SHORT_WAIT=0", "FALLBACK_ON_COOLDOWN=false")
			client, sent := claudeSDK(s.program)
			c := &claudeCase{t, client, sent, s}
			everyKey := simulator.When{Times: len(s.script().Keys)}
			faults(t, s.text, simulator.Fault{What: s.soon, Wait: simulator.Duration(2 * time.Second), When: everyKey})
			got, err := client.Messages.New(t.Context(), claudeAsks("hello"))
			if err != nil || textOf(got) != said {
				t.Fatalf("a wait that was told was not worth it: %v", err)
			}
			if n := sent.n.Load(); n < 2 || n > 3 {
				t.Errorf("the SDK asked %d times", n)
			}

			// An hour is not waited for: the message is shown at once.
			faults(t, s.text, simulator.Fault{What: hourly[s.dialect], Wait: simulator.Duration(time.Hour)})
			fault, n := c.fails()
			h := fault.Response.Header
			if fault.StatusCode != 429 || fault.Type() != "rate_limit_error" || h.Get("Retry-After") == "" || h.Get("X-Should-Retry") != "false" || n != 1 {
				t.Errorf("asked %d times: %d %s %v", n, fault.StatusCode, fault.RawJSON(), h)
			}
		})
	}
}

// hourly is a quota that returns in hours.
var hourly = map[string]string{simulator.Chat: "cerebras/rpm", simulator.Messages: "anthropic/rate-limit"}

func TestAnthropicsOwnSDKIsToldThatProvidersAreOverloaded(t *testing.T) {
	t.Parallel()
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			s := d.start(t)
			client, sent := claudeSDK(s.program, option.WithMaxRetries(0))
			faults(t, s.text, simulator.Fault{What: s.overload})
			if s.eyes != s.text {
				faults(t, s.eyes, simulator.Fault{What: "synthetic/503"})
			}
			fault, _ := (&claudeCase{t, client, sent, s}).fails()
			if fault.Type() != "overloaded_error" || (fault.StatusCode != http.StatusServiceUnavailable && fault.StatusCode != 529) {
				t.Errorf("got %d %s", fault.StatusCode, fault.RawJSON())
			}
		})
	}
}
