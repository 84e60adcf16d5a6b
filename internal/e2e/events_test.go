package e2e

import (
	"bufio"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// told is one event of /_events.
type told struct {
	name string
	data []byte
}

// watch reads /_events. next gives one event after the other.
func (p *program) watch() (next func() told) {
	p.t.Helper()
	resp := p.open(http.MethodGet, "/_events", nil)
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != 200 || kind != "text/event-stream" {
		p.t.Fatalf("/_events: %d %s", resp.StatusCode, kind)
	}
	r := bufio.NewReader(resp.Body)
	return func() told {
		p.t.Helper()
		var e told
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				p.t.Fatalf("/_events broke off: %v", err)
			}
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			switch {
			case name == "event":
				e.name = value
			case name == "data":
				e.data = []byte(value)
			case line == "\n" && e.name != "":
				return e
			}
		}
	}
}

func TestTheEventsOfARequestComeInOrderAfterASnapshot(t *testing.T) {
	t.Parallel()
	r := startTrio(t, launch{})
	r.ask(false).want(200, "cerebras") // before anybody watched: not told
	faults(t, r.cerebras, simulator.Fault{What: "nginx-503"})
	next := r.watch()
	first := next()
	var snapshot struct {
		Program string
		Keys    []struct{ Name string }
	}
	if err := json.Unmarshal(first.data, &snapshot); err != nil || first.name != "snapshot" || snapshot.Program != "glmtray" || len(snapshot.Keys) != 3 {
		t.Fatalf("the first event is %s %.300s", first.name, first.data)
	}
	id := r.ask(true).want(200, "synthetic").header.Get("X-Request-Id")
	var names []string
	for {
		e := next()
		var about struct {
			ID       string
			N        int
			Rule     string
			Provider string
			Class    string
			Outcome  string
			Attempts int
			Chain    []string
		}
		if err := json.Unmarshal(e.data, &about); err != nil {
			t.Fatalf("%s: %s", e.name, e.data)
		}
		if about.ID != id {
			if about.ID != "" {
				t.Errorf("of another request: %s %s", e.name, e.data)
			}
			continue // keys and log lines come in between
		}
		switch names = append(names, e.name); e.name {
		case "routed":
			if about.Rule != "everything" || len(about.Chain) != 3 {
				t.Errorf("routed: %s", e.data)
			}
		case "attempted":
			want := []string{"cerebras", "synthetic"}[about.N-1]
			if about.Provider != want || (about.Class == "ok") != (about.N == 2) {
				t.Errorf("attempted: %s", e.data)
			}
		case "finished":
			if about.Outcome != "ok" || about.Attempts != 2 || about.Provider != "synthetic" {
				t.Errorf("finished: %s", e.data)
			}
			if want := []string{"routed", "attempted", "attempted", "finished"}; !slices.Equal(names, want) {
				t.Errorf("order %q, want %q", names, want)
			}
			return
		}
	}
}
