package proxy_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// failing is what is told of a key as long as its provider's circuit is open.
const failing = "the provider fails"

func TestWhatOpensAProvidersCircuit(t *testing.T) {
	const streamed, whole = "a stream", "a whole answer"
	third := simulator.When{Every: 3}
	for _, c := range []struct {
		fault simulator.Fault
		opens bool
		other string // what is answered otherwise
	}{
		{simulator.Fault{What: "cerebras/500"}, true, streamed},
		{simulator.Fault{What: "nginx-502"}, true, streamed},
		{simulator.Fault{What: "nginx-503"}, true, streamed},
		{simulator.Fault{What: "nginx-504"}, true, streamed},
		{simulator.Fault{What: "cloudflare-524"}, true, streamed},
		{simulator.Fault{What: "anthropic/overloaded"}, true, streamed},
		{simulator.Fault{What: "anthropic/overloaded+event"}, true, streamed},
		{simulator.Fault{What: "refuse"}, true, streamed},
		{simulator.Fault{What: "reset"}, true, streamed},
		{simulator.Fault{What: "silent"}, true, streamed},
		{simulator.Fault{What: "bad-gzip"}, true, streamed},
		// after the first event has reached the client
		{simulator.Fault{What: "stall"}, true, streamed},
		{simulator.Fault{What: "cut"}, true, streamed},
		{simulator.Fault{What: "cut-clean"}, true, streamed},
		{simulator.Fault{What: "reset-mid"}, true, streamed},
		{simulator.Fault{What: "error-event-mid", With: "anthropic/overloaded"}, true, streamed},
		{simulator.Fault{What: "error-event-mid", With: "cerebras/500"}, true, streamed},
		{simulator.Fault{What: "cut", When: simulator.When{Every: 2}}, true, streamed}, // it flaps: never two in a row

		{simulator.Fault{What: "cut", When: third}, false, streamed},
		{simulator.Fault{What: "nginx-503", When: third}, false, whole},
		{simulator.Fault{What: "nginx-503", When: third}, false, "cerebras/param"},
		{simulator.Fault{What: "error-event-mid", With: "cerebras/rpm"}, false, streamed},
		{simulator.Fault{What: "error-event-mid", With: "zai/1301"}, false, streamed}, // the content filter
		{simulator.Fault{What: "cerebras/param"}, false, streamed},
		{simulator.Fault{What: "cerebras/context"}, false, streamed},
		{simulator.Fault{What: "cerebras/model"}, false, streamed},
		{simulator.Fault{What: "cerebras/queue"}, false, streamed}, // overloaded, and yet a 429
		{simulator.Fault{What: "html-403"}, false, streamed},
		{simulator.Fault{What: "no-done"}, false, streamed},
		{simulator.Fault{What: "slow-event", Late: simulator.Duration(time.Millisecond)}, false, streamed},
	} {
		name := fmt.Sprint(c.fault.What, " ", c.fault.With)
		if n := c.fault.When.Every; n > 0 {
			name = fmt.Sprintf("%s every %d, else %s", c.fault.What, n, c.other)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, setup{tune: func(s *config.Settings) {
				s.ShortWait = time.Millisecond
				if l := &s.Provider("cerebras").Limits; c.fault.What == "silent" || c.fault.What == "stall" {
					l.FirstEvent, l.Idle = 200*time.Millisecond, 200*time.Millisecond
				}
			}})
			faults(t, r.cerebras, c.fault)
			if c.other != streamed && c.other != whole {
				faults(t, r.cerebras, c.fault, fault(c.other, 0))
			}
			opened := func() bool { return strings.Contains(r.log.String(), failing) }
			for range 20 {
				r.ask("gpt-oss-120b", c.other != whole)
				r.settled()
				if opened() {
					break
				}
			}
			if opened() != c.opens {
				t.Errorf("opened: %v, want %v, after %d tries", opened(), c.opens, asked(r.cerebras))
			}
		})
	}
}

// TestAProviderWhoseStreamsBreakOffIsLeftUntilOneEnds: that its answers begin is
// what such a provider does well. For how long it is left is tested with the pool.
func TestAProviderWhoseStreamsBreakOffIsLeftUntilOneEnds(t *testing.T) {
	r := newRig(t, setup{drop: []string{"SYNTHETIC", "ZAI"}})
	faults(t, r.cerebras, simulator.Fault{What: "cut", When: simulator.When{Times: 6}})
	opened := func() int { return strings.Count(r.log.String(), `reason="`+failing+`: stream cut" errors=0`) }
	for i, c := range []struct {
		outcome string
		opened  int // so often by then
	}{{"cut", 0}, {"cut", 0}, {"cut", 0}, {"cut", 0}, {"cut", 1}, {"cut", 2}, {"ok", 2}, {"ok", 2}} {
		r.ask("gpt-oss-120b", true).want(t, 200, "cerebras") // the last that there is: it is waited for
		r.settled()
		if rec := r.records.last(t, i+1); rec.Outcome != c.outcome || opened() != c.opened {
			t.Errorf("request %d was recorded as %s, want %s; opened %d times, want %d", i, rec.Outcome, c.outcome, opened(), c.opened)
		}
	}
}

func TestAClientThatLeavesIsNoFailureOfTheProvider(t *testing.T) {
	r := newRig(t, setup{})
	faults(t, r.cerebras, simulator.Fault{What: "stall"})
	for range 12 {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/v1/chat/completions", bytes.NewReader(chatBody("gpt-oss-120b", true, "x")))
		r.server.ServeHTTP(lost{httptest.NewRecorder()}, req)
	}
	r.settled()
	if rec := r.records.last(t, 12); rec.Outcome != "client left" || strings.Contains(r.log.String(), failing) {
		t.Errorf("recorded as %s; %s", rec.Outcome, r.log.String())
	}
}

func TestAnOverloadedProviderIsLeftForAsLongAsItSays(t *testing.T) {
	for _, status := range []int{500, 503, 529} {
		var tries atomic.Int32
		set := vendor(t, func(w http.ResponseWriter, _ *http.Request) {
			tries.Add(1)
			w.Header().Set("Retry-After", "40")
			w.WriteHeader(status)
		})
		set.drop, set.tune = []string{"CEREBRAS_API_KEYS", "SYNTHETIC", "ZAI"}, hasty
		set.environ = append(set.environ, "CEREBRAS_API_KEY="+keyA)
		r := newRig(t, set)
		for i, code := range []string{"all_providers_failed", "all_keys_cooling"} {
			p := r.ask("gpt-oss-120b", true)
			if got, _ := p.errorOf(t); got != code {
				t.Errorf("%d, request %d: %s", status, i, p.body)
			}
			if after, err := strconv.Atoi(p.Header.Get("Retry-After")); err != nil || after < 35 || after > 40 {
				t.Errorf("%d, request %d: Retry-After %q", status, i, p.Header.Get("Retry-After"))
			}
		}
		if tries.Load() != 1 {
			t.Errorf("%d: asked %d times before the time that it told", status, tries.Load())
		}
	}
}
