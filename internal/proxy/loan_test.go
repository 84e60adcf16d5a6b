package proxy_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// TestBodiesOnLoanReachTheProviderWhole sends many different large bodies at
// once through retries, resets, early answers and clients that leave: were a
// buffer lent twice, a provider would see another request's bytes.
func TestBodiesOnLoanReachTheProviderWhole(t *testing.T) {
	r := newRig(t, setup{options: func(o *proxy.Options) { o.Recorder = nil }})
	// Keys that meet two errors in a row cool down, so the others answer as well.
	providers := map[string]*simulator.Running{simulator.Cerebras: r.cerebras, simulator.Synthetic: r.synthetic, simulator.ZAI: r.zai}
	for vendor, p := range providers {
		s := script(vendor)
		s.KeepBodies = true
		if err := p.SetScript(s); err != nil {
			t.Fatal(err)
		}
	}
	faults(
		t, r.cerebras,
		simulator.Fault{What: "reset", When: simulator.When{Every: 5}},
		simulator.Fault{What: "nginx-503", When: simulator.When{Every: 7}},
		simulator.Fault{What: "cerebras/500", When: simulator.When{Every: 3}},
	)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 12 {
				mark := fmt.Sprintf("(%d-%d)", worker, i)
				text := strings.Repeat(mark, (20<<10+i*7919)/len(mark))
				r.do(http.MethodPost, "/v1/chat/completions", chatBody("gpt-oss-120b", i%2 == 0, text))
			}
		})
	}
	wg.Wait()
	seen := 0
	var calls []simulator.Call
	for _, p := range providers {
		calls = append(calls, p.Calls()...)
	}
	for _, c := range calls {
		if c.Body == "" {
			continue // it was reset before the body was read
		}
		seen++
		first := strings.Index(c.Body, "(")
		end := strings.Index(c.Body, ")")
		if first < 0 || end < first {
			t.Fatalf("call %d: %.200q", c.N, c.Body)
		}
		mark := c.Body[first : end+1]
		last := strings.LastIndex(c.Body, ")")
		want := strings.Repeat(mark, (last+1-first)/len(mark))
		if c.Body[first:last+1] != want || !bytes.HasSuffix([]byte(c.Body), []byte("}")) {
			t.Errorf("call %d holds foreign bytes beside %s", c.N, mark)
		}
	}
	if seen < 96 {
		t.Errorf("only %d bodies were seen", seen)
	}
}
