package e2e

import (
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// notice is how long after a refusal a request may still arrive that had been
// sent before anybody could know of it: two busy cores and 200 connections.
const notice = 2 * time.Second

func TestTwoHundredStreamsOverThreeKeysThatRunDryInTurnAllComplete(t *testing.T) {
	t.Parallel()
	// Each key takes 50 requests and is full again 4 s after the first of them:
	// all three run dry, and the rest waits for the first that returns.
	s := script(simulator.Cerebras)
	s.Answer.Pace = simulator.Duration(time.Millisecond)
	s.Accounts = map[string]simulator.Limits{"*": {Rates: []simulator.Rate{
		{Of: "requests", Per: "minute", Max: 50, Refill: simulator.Duration(4 * time.Second), Window: true},
	}}}
	cerebras := provider(t, s)
	p := start(t, launch{environ: append(cerebrasAt(cerebras.URL), "MAX_WORKERS=200", "LOG_REQUESTS=false", "MAX_RETRIES=20")})

	const streams = 200
	var wg sync.WaitGroup
	var answers [streams]*reply
	for i := range answers {
		wg.Go(func() { answers[i] = p.ask(true) })
	}
	wg.Wait()
	for i, r := range answers {
		if r == nil || r.status != 200 || r.text() != said {
			t.Errorf("%d: %+v", i, r)
		}
	}

	served := map[string]int{}
	for _, c := range chats(cerebras.Calls()) {
		if c.Status == 200 {
			served[c.Key]++
		}
		if c.Cooling && time.Duration(c.CoolingFor) > notice {
			t.Errorf("call %d went to %s, which had been cooling for %v", c.N, c.Key, time.Duration(c.CoolingFor))
		}
	}
	if len(served) != 3 || served["a"]+served["b"]+served["c"] != streams {
		t.Errorf("served by %v, want all three keys and %d in all", served, streams)
	}

	// The log tells of every request once, and why it went where it went.
	ids := map[string]bool{}
	field := regexp.MustCompile(` id=([0-9a-f]+) .* status=200 .* provider=cerebras .* key=[abc] rule=everything reason="[^"]+" attempts=\d+ `)
	p.stop() // a line is written when the client has its answer already
	lines := p.stderr.Requests()
	for _, line := range lines {
		m := field.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("a line without route and reason: %s", line)
			continue
		}
		ids[m[1]] = true
	}
	if len(lines) != streams || len(ids) != streams {
		t.Errorf("%d lines of %d requests, want %d", len(lines), len(ids), streams)
	}
}
