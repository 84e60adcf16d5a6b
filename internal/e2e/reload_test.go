package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

const toSynthetic = `
[[rule]]
name = "all to synthetic"
use = ["synthetic/large"]
`

// inForce is how soon a change counts.
const inForce = 2 * time.Second

// soon writes the settings and wants ok within inForce. A machine that is busy
// with other tests gets a second and a third chance: what is too slow by design
// fails them all.
func (p *program) soon(what, settings string, ok func() bool) {
	p.t.Helper()
	for range 3 {
		write(p.t, filepath.Join(p.dir, "settings.toml"), "# nothing is set\n")
		eventually(p.t, what+" was taken back", func() bool { return !ok() })
		write(p.t, filepath.Join(p.dir, "settings.toml"), settings)
		if within(inForce, ok) {
			return
		}
	}
	p.t.Fatalf("not within %s: %s", inForce, what)
}

func TestEditedSettingsAreInForceWithinTwoSeconds(t *testing.T) {
	t.Parallel()
	r := startTrio(t, launch{settings: "# nothing is set\n"})
	running := startPaced(t, r)
	r.soon("the new rule", toSynthetic, func() bool { return r.ask(false).header.Get("X-Glmtray-Provider") == "synthetic" })
	if got := r.ask(true).want(200, "synthetic"); !strings.HasPrefix(got.header.Get("X-Glmtray-Route"), "all to synthetic: ") {
		t.Errorf("route %q", got.header.Get("X-Glmtray-Route"))
	}
	if text := running(); text != said {
		t.Errorf("a stream that ran meanwhile says %q", text)
	}

	// A cooldown that no provider tells: the configured one, ±10 %.
	bare := simulator.Fault{What: "openai/rate-limit+bare", When: simulator.When{Model: "cool"}}
	faults(t, r.cerebras, bare)
	r.soon("the new cooldown", "cooldown = \"1h\"\n", func() bool {
		r.control("keys/cerebras/a/clear")
		r.do(http.MethodPost, path, []byte(`{"model":"cool","messages":[{"role":"user","content":"x"}]}`))
		left := time.Until(keysOf(r.program)["a"].CoolUntil)
		return left > 50*time.Minute && left < 70*time.Minute
	})
}

// startPaced begins a stream at Cerebras that outlasts a reload; the rest of it
// is read meanwhile.
func startPaced(t *testing.T, r *trio) (text func() string) {
	t.Helper()
	s := script(simulator.Cerebras)
	s.Answer.Pace = simulator.Duration(200 * time.Millisecond)
	if err := r.cerebras.SetScript(s); err != nil {
		t.Fatal(err)
	}
	resp := r.open(http.MethodPost, path, chatBody(true, "hello"))
	done := make(chan *reply, 1)
	go func() {
		raw, err := readAll(resp)
		done <- &reply{t: t, status: resp.StatusCode, header: resp.Header, body: raw, err: err}
	}()
	if err := r.cerebras.SetScript(script(simulator.Cerebras)); err != nil {
		t.Fatal(err)
	}
	return func() string { return (<-done).text() }
}

func TestABrokenEditKeepsTheOldSettingsAndIsToldWithItsLine(t *testing.T) {
	t.Parallel()
	r := startTrio(t, launch{settings: toSynthetic})
	r.ask(false).want(200, "synthetic")
	for _, c := range []struct{ name, text, want string }{
		{"a wrong value", "# one\n# two\ncooldown = \"soon\"\n", "settings.toml:3: cooldown"},
		{"an unknown setting", "\ncolour = \"red\"\n", "settings.toml:2: "},
		{"no TOML", "[[rule]\n", "settings.toml:1"},
		{"a provider that is none", toSynthetic + "\n[[rule]]\nname = \"x\"\nuse = [\"nowhere/large\"]\n", "settings.toml:8: "},
	} {
		before := len(r.stderr.String())
		write(t, filepath.Join(r.dir, "settings.toml"), c.text)
		eventually(t, c.name+" is told with "+c.want, func() bool {
			log := r.stderr.String()[before:]
			return strings.Contains(log, "old ones stay") && strings.Contains(log, c.want)
		})
		r.ask(false).want(200, "synthetic")
	}
	write(t, filepath.Join(r.dir, "settings.toml"), "# mended\n")
	eventually(t, "the mended file counts", func() bool { return r.ask(false).header.Get("X-Glmtray-Provider") == "cerebras" })
}
