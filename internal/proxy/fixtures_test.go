package proxy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// classesOf are the classes that a fixture's scope, or a single fixture, may be
// told as.
var classesOf = map[string][]string{
	"request":         {"request refused"},
	"context":         {"context exceeded"},
	"model":           {"model gone"},
	"key":             {"key rejected"},
	"account-stopped": {"account stopped"},
	"account-window":  {"rate limited", "quota used up"},
	"concurrency":     {"too many at once"},
	"entitlement":     {"not entitled"},
	"capacity":        {"overloaded"},
	"provider":        {"server error", "overloaded", "malformed answer"},
	"answer":          {"ok"},
	// Z.ai files this one under faults of the request, but sends it as a 500:
	// as such it is tried once more before anybody is blamed.
	"zai/1230": {"server error"},
}

// verdicts reads the failure table as the README shows it: class → the key and
// what follows, in words.
func verdicts(t *testing.T) map[string][2]string {
	t.Helper()
	table := map[string][2]string{"ok": {"kept", "the answer goes to the client as it is"}}
	for _, line := range strings.Split(strings.TrimSpace(proxy.FailureTable()), "\n")[2:] {
		cells := strings.Split(line, " | ")
		if len(cells) != 3 {
			t.Fatalf("row %q", line)
		}
		table[strings.TrimPrefix(cells[0], "| ")] = [2]string{cells[1], strings.TrimSuffix(cells[2], " |")}
	}
	return table
}

// TestEveryKnownFailureHasTheOutcomeThatTheTableSays walks everything a vendor
// is known to answer when something is wrong, each at the vendor whose it is and
// once, with another provider behind.
func TestEveryKnownFailureHasTheOutcomeThatTheTableSays(t *testing.T) {
	table := verdicts(t)
	names := simulator.Fixtures()
	for _, name := range simulator.Fixtures() {
		f, err := simulator.FixtureNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		if f.Status != 200 && !slices.Contains([]string{"request", "provider", "model", "context"}, f.Scope) && strings.HasPrefix(f.Body, "{") {
			names = append(names, name+"+200", name+"+event") // the same inside of an answer that calls itself good
		}
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := walk{t: t, table: table, vendor: simulator.Cerebras, other: simulator.Synthetic, keys: 3}
			for _, vendor := range []string{simulator.Synthetic, simulator.ZAI} {
				if strings.HasPrefix(name, vendor+"/") {
					w.vendor, w.other, w.keys = vendor, simulator.Cerebras, 1
				}
			}
			var err error
			if w.fixture, err = simulator.FixtureNamed(name); err != nil {
				t.Fatal(err)
			}
			w.run()
		})
	}
}

// walk is one fixture's way through the proxy.
type walk struct {
	t             *testing.T
	table         map[string][2]string
	fixture       simulator.Fixture
	vendor, other string
	keys          int // of the vendor
	r             *rig
	model         string // that is asked for
	sent          time.Time
}

func (w *walk) run() {
	w.r = newRig(w.t, setup{tune: func(s *config.Settings) {
		s.ShortWait = time.Millisecond
		s.Rules = []config.Rule{{Name: "all", Use: []config.Target{{Provider: w.vendor, Model: "large"}, {Provider: w.other, Model: "large"}}}}
	}})
	vendor := map[string]*simulator.Running{simulator.Cerebras: w.r.cerebras, simulator.Synthetic: w.r.synthetic, simulator.ZAI: w.r.zai}[w.vendor]
	w.model = w.r.settings.Provider(w.vendor).Roles[config.Large][0]
	if w.fixture.Scope == "model" {
		w.model = "a-model-that-was"
	}
	faults(w.t, vendor, simulator.Fault{What: w.fixture.Name, When: simulator.When{Times: 1}})
	stream := w.fixture.Header.Get("Content-Type") == "text/event-stream"
	w.sent = time.Now()
	p := w.r.ask(w.model, stream)
	rec := w.r.records.last(w.t, 1)
	w.r.settled()

	class := rec.Tries[0].Class
	classes := classesOf[w.fixture.Name]
	if classes == nil {
		classes = classesOf[w.fixture.Scope]
	}
	if !slices.Contains(classes, class) {
		w.t.Fatalf("told as %q (%s), and it is about: %s", class, rec.Tries[0].Reason, simulator.Scopes[w.fixture.Scope])
	}
	w.outcome(p, w.table[class][1], len(rec.Tries))
	w.key(w.r.pool.Provider(w.vendor)[0], w.table[class][0])
}

// outcome checks what became of the request.
func (w *walk) outcome(p *reply, then string, tries int) {
	w.t.Helper()
	want, n, status := w.vendor, 2, 200
	switch then {
	case "the answer goes to the client as it is":
		n, status = 1, w.fixture.Status
		if p.err != nil || !strings.Contains(string(p.body), strings.Split(w.fixture.Body, "{{")[0]) {
			w.t.Errorf("the body is not the provider's: %s", p.body)
		}
	case "the next key of this provider":
		if w.keys == 1 {
			want = w.other
		}
	case "this provider once more, then the next one":
	case "the provider's model of that role, else the next provider":
		if got := p.Header.Get("X-Glmtray-Model"); got != w.r.settings.Provider(w.vendor).Roles[config.Large][0] {
			w.t.Errorf("model %s stood in", got)
		}
	case "the next provider":
		want = w.other
	default:
		w.t.Fatalf("the table has an outcome of which this test knows nothing: %q", then)
	}
	p.want(w.t, status, want)
	if tries != n {
		w.t.Errorf("%d tries, want %d", tries, n)
	}
}

// key checks the state of the key that met the fixture.
func (w *walk) key(k keypool.State, act string) {
	w.t.Helper()
	state, errors, barred := keypool.Ready, 0, 0
	switch act {
	case "kept":
	case "cools down as told, or for the configured cooldown", "cools down until the quota returns":
		state, errors = keypool.Cooling, 1
		w.until(k)
	case "gets fewer requests at once":
		state, errors = keypool.Cooling, 1
		if k.Slots != 1 || k.CoolUntil.Sub(w.sent) > 11*time.Second {
			w.t.Errorf("%d slots, cooling for %v", k.Slots, k.CoolUntil.Sub(w.sent))
		}
	case "cools down as told, else kept":
		if w.fixture.Header.Get("Retry-After") != "" {
			state, errors = keypool.Cooling, 1
			w.until(k)
		}
	case "cools down as told, or at the second in a row": // none of them tells
		if w.keys > 1 { // else the second try, which went well, has cleared it
			errors = 1
		}
	case "is barred for this model":
		barred = 1
	case "is parked until it is changed or enabled":
		state = keypool.Parked
	default:
		w.t.Fatalf("the table has a state of which this test knows nothing: %q", act)
	}
	if k.State != state || k.Errors != errors || len(k.Barred) != barred || (barred == 1 && k.Barred[w.model] == "") {
		w.t.Errorf("key is %s with %d errors and bars %v, want %s with %d and %d", k.State, k.Errors, k.Barred, state, errors, barred)
	}
	if (state != keypool.Ready) != (k.Reason != "") && errors == 0 {
		w.t.Errorf("reason %q", k.Reason)
	}
}

// until checks a cooldown: as long as the fixture tells, else as configured.
func (w *walk) until(k keypool.State) {
	w.t.Helper()
	told := strings.Contains(w.fixture.Body, "{{wait") || strings.Contains(w.fixture.Body, "{{reset")
	for name := range w.fixture.Header {
		told = told || name == "Retry-After" || strings.HasPrefix(name, "X-Ratelimit-Reset-")
	}
	d := k.CoolUntil.Sub(w.sent)
	lo, hi := w.fixture.Wait-2*time.Second, w.fixture.Wait+5*time.Second // "20s" in text alone is no time that is read
	if !told {
		lo, hi = 50*time.Second, 70*time.Second
	}
	if strings.HasPrefix(w.fixture.Name, "zai/1304") { // the day ends at midnight in China
		lo, hi = 0, 24*time.Hour+time.Second
	}
	if d < lo || d > hi {
		w.t.Errorf("cools for %v, want %v to %v", d, lo, hi)
	}
}
