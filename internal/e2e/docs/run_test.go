package docs

import (
	"regexp"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// Each page is read from above and typed as it stands.
func TestEveryCommandOfAPageWorks(t *testing.T) {
	t.Parallel()
	for _, p := range pages(t) {
		var ours []command
		for _, c := range p.commands(t) {
			if program, _ := foreignOf(&c); program == "" {
				ours = append(ours, c)
			}
		}
		if len(ours) == 0 {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			if strings.Contains(p.text, "logs show ID") { // of the reader's first request
				hello := command{text: `curl http://` + address + `/v1/chat/completions -d '{"model":"glm-4.6","messages":[{"role":"user","content":"Hello"}]}'`}
				if _, err := w.do(&hello); err != nil {
					t.Fatal(err)
				}
			}
			for _, c := range ours {
				if _, err := w.do(&c); err != nil {
					t.Errorf("%s: %v", &c, err)
				}
			}
			w.end()
		})
	}
}

// What differs from one run to the next.
var (
	took  = regexp.MustCompile(`\b[\d.]+(?:µs|ms|s)\b`)
	clock = regexp.MustCompile(`\b0:\d\d\b`)
)

// plain is a line without what differs, be it the width of a column.
func plain(line string) string {
	line = clock.ReplaceAllString(took.ReplaceAllString(line, "0ms"), "0:00")
	return strings.Join(strings.Fields(line), " ")
}

// The example of docs/routing.md is played with keys that do what it tells of;
// each block of output must be in what the commands before it have printed.
func TestTheWorkedExampleIsWhatTheProgramSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]simulator.Script{"cerebras": {
		Keys: map[string]simulator.KeyScript{
			"csk-desk-0123456789": {Name: "desk", Fault: "cerebras/rpm"}, "csk-home-0123456789": {Name: "home"},
		},
	}},
		`CEREBRAS_API_KEYS={"desk":"csk-desk-0123456789","home":"csk-home-0123456789"}`,
		"SYNTHETIC_API_KEY=syn_0123456789abcdef", "ZAI_API_KEY=0123456789abcdef0123456789abcdef.ABCDEFGHIJKLMNOP")
	compared := 0
	for _, p := range pages(t) {
		if p.name != "docs/routing.md" {
			continue
		}
		commands := p.commands(t)
		var printed string
		for _, b := range p.blocks {
			switch b.lang {
			case "sh":
				printed = ""
				for _, c := range commands {
					if c.line < b.line || c.line >= b.line+strings.Count(b.text, "\n") {
						continue
					}
					out, err := w.do(&c)
					if err != nil {
						t.Fatalf("%s: %v", &c, err)
					}
					printed += out
				}
			case "json":
				w.write("request.json", b.text)
			case "":
				compared++
				w.holds(printed, b)
			}
		}
	}
	if compared < 4 {
		t.Errorf("only %d blocks were compared", compared)
	}
	w.end()
}

// holds compares a block, line by line and in order, with what was printed.
func (w *world) holds(printed string, b block) {
	w.t.Helper()
	rest := strings.Split(printed, "\n")
	for line := range strings.SplitSeq(strings.TrimSpace(b.text), "\n") {
		found := false
		for i, said := range rest {
			if plain(said) == plain(line) {
				rest, found = rest[i+1:], true
				break
			}
		}
		if !found {
			w.t.Errorf("docs/routing.md:%d: it does not say %q, but:\n%s", b.line, line, printed)
			return
		}
	}
}
