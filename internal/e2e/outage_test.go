package e2e

import (
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

func TestAnOutageIsBridgedAndTheNextRequestAfterItIsBackOnThePrimary(t *testing.T) {
	t.Parallel()
	r := startTrio(t, launch{})
	r.ask(true).want(200, "cerebras")
	at := strings.TrimPrefix(r.cerebras.URL, "http://")
	if err := r.cerebras.Close(); err != nil {
		t.Fatal(err)
	}
	r.ask(true).want(200, "synthetic") // it may have met connections that died
	for _, stream := range []bool{false, true} {
		got := r.ask(stream).want(200, "synthetic")
		if got.text() != said || got.header.Get("X-Glmtray-Attempts") != "2" {
			t.Errorf("%q after %s attempts", got.text(), got.header.Get("X-Glmtray-Attempts"))
		}
	}
	back, err := simulator.Start(t.Context(), at, script(simulator.Cerebras))
	if err != nil {
		t.Skipf("the provider's port was taken meanwhile: %v", err)
	}
	defer func() { _ = back.Close() }()
	if got := r.ask(true).want(200, "cerebras"); got.text() != said || got.header.Get("X-Glmtray-Key") != "a" {
		t.Errorf("%q by key %s", got.text(), got.header.Get("X-Glmtray-Key"))
	}
	r.stop()
	// A connection that was idle when the provider went away ends in a reset.
	if n := strings.Count(strings.Join(r.stderr.Requests(), "\n"), `tried="cerebras/`); n != 3 {
		t.Errorf("%d lines tell of the outage: %q", n, r.stderr.Requests())
	}
}
