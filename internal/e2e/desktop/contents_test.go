//go:build linux && !headless

package desktop

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// place is where something stands in a window of its first size, without a
// banner.
type place struct{ x, y int }

// Where the parts of the pages stand.
var (
	firstRequest = place{500, 92}
	partReplay   = place{412, 345}
	copyAll      = place{850, 345}
	paneSave     = place{1009, 345}
	saveCancel   = place{885, 611} // of the dialog that asks for a file
	replayTo     = place{270, 388} // the choice of a provider
	firstRule    = place{400, 88}
	dryBody      = place{330, 500}
	settingsPart = place{250, 141} // routing basics
)

// Where the rows of the routing basics stand, and a row's field.
const cooldownRow, maxWaitRow, settingsField = 402, 468, 800

// busy starts a program with three vendors, whose banner has been put away.
func (h *hour) start(s *session, settings string) *program {
	h.t.Helper()
	p := s.start(launch{dir: s.withKey(settings), environ: []string{"SYNTHETIC_API_KEY=" + keySynthetic, "ZAI_API_KEY=" + keyZAI}})
	s.tray.await("cerebras/one: ready", "")
	p.still()
	p.click(1085, 43) // the vendor's policy has been read
	return p
}

// copiedBy clicks until the clipboard holds what is wanted.
func (p *program) copiedBy(what string, click place, has func(string) bool) string {
	p.t.Helper()
	var got string
	if !within(pollLimit, func() bool {
		p.click(click.x, click.y)
		got = p.s.copied()
		return has(got)
	}) {
		p.t.Fatalf("%s: copied %q", what, got)
	}
	return got
}

// take opens a choice and takes its n-th entry. The box then shows another word.
func (p *program) take(at place, n int) {
	p.t.Helper()
	box := func() []byte { return p.strip(at.x-60, at.y-8, 60, 16) }
	p.still()
	before := box()
	p.click(at.x, at.y)
	p.still()
	for range n {
		p.press("Down")
	}
	p.press("Return")
	eventually(p.t, "the choice is made", func() bool { return !bytes.Equal(box(), before) })
}

func TestARequestIsRepeatedAtAnotherProvider(t *testing.T) {
	s := newSession(t, desk{})
	h := busyHour(t, enough)
	p := h.start(s, h.settings)
	if status, body := p.ask(); status != http.StatusOK {
		t.Fatalf("%d: %s", status, body)
	}
	s.tray.await("Last: gpt-oss-120b → cerebras/one", "")
	asked := len(served(h.zai))
	p.press("ctrl+2")
	p.still()
	p.click(firstRequest.x, firstRequest.y)
	p.copiedBy("the request", copyAll, func(text string) bool { return strings.Contains(text, "Answered by: cerebras/one") })
	p.click(partReplay.x, partReplay.y)
	p.take(replayTo, 3) // Z.ai
	if got := len(served(h.zai)); got != asked {
		t.Errorf("choosing a provider sent %d requests", got-asked)
	}
	p.press("Tab", "space") // send once more
	eventually(t, "Z.ai is asked", func() bool { return len(served(h.zai)) == asked+1 })
	s.tray.await("Last: gpt-oss-120b → zai/env", "pinned to zai")
	if got := served(h.cerebras); len(got) != 1 {
		t.Errorf("Cerebras was asked %d times", len(got))
	}
	// Whoever asks next is not pinned.
	if status, body := p.ask(); status != http.StatusOK {
		t.Fatalf("%d: %s", status, body)
	}
	if got := served(h.cerebras); len(got) != 2 {
		t.Errorf("then Cerebras was asked %d times", len(got))
	}
}

func TestARuleIsChangedInTheWindowAndTheFileKeepsItsComments(t *testing.T) {
	s := newSession(t, desk{})
	h := busyHour(t, enough)
	rules := h.settings + `
# what is long goes elsewhere
[[rule]]
name = "long"
when = { tokens_over = 120000 } # the primary holds 131,072
use = ["synthetic/large"]

# all else
[[rule]]
name = "everything"
use = ["cerebras/large", "zai/large"] # in this order
`
	p := h.start(s, rules)
	if status, body := p.ask(); status != http.StatusOK {
		t.Fatalf("%d: %s", status, body)
	}
	p.press("ctrl+3")
	file := filepath.Join(p.dir, "settings.toml")
	var text string
	// The rules are read once the page is open, so that the first click may find none.
	eventually(t, "the settings have the new threshold", func() bool {
		p.still()
		p.click(firstRule.x, firstRule.y)
		p.still()
		p.click(980, 76) // its name
		p.press("Tab", "Tab", "ctrl+a")
		p.write("5")
		p.click(1081, 33) // save
		return within(5*time.Second, func() bool {
			raw, err := os.ReadFile(file)
			text = string(raw)
			return err == nil && strings.Contains(text, "tokens_over = 5 }")
		})
	})
	for _, comment := range []string{"# what is long goes elsewhere", "# the primary holds 131,072", "# all else", "# in this order"} {
		if !strings.Contains(text, comment) {
			t.Errorf("%q is gone from\n%s", comment, text)
		}
	}
	eventually(t, "the next request goes along the new rule", func() bool {
		p.ask()
		return len(served(h.synthetic)) > 0
	})
}

func TestADryRunSaysWhichWayItWouldGoAndSendsNothing(t *testing.T) {
	s := newSession(t, desk{})
	h := busyHour(t, enough)
	p := h.start(s, h.settings)
	p.press("ctrl+3")
	p.still()
	before := p.strip(480, 440, 620, 260)
	p.click(dryBody.x, dryBody.y)
	p.write(`{"model":"claude-haiku-4-5","messages":[{"role":"user","content":"hi"}]}`)
	p.click(330, 687) // which way would it go?
	eventually(t, "a way is shown", func() bool { return string(p.strip(480, 440, 620, 260)) != string(before) })
	p.still()
	for name, v := range map[string]*simulator.Running{"Cerebras": h.cerebras, "Synthetic": h.synthetic, "Z.ai": h.zai} {
		if got := served(v); len(got) != 0 {
			t.Errorf("%s was asked %d times", name, len(got))
		}
	}
}

func TestACooldownIsClearedAndAProviderPinnedInTheWindow(t *testing.T) {
	s := newSession(t, desk{})
	h := busyHour(t, enough)
	if err := h.cerebras.SetFaults(simulator.Fault{
		When: simulator.When{Times: 1}, What: "cerebras/tpm", Wait: simulator.Duration(10 * time.Minute),
	}); err != nil {
		t.Fatal(err)
	}
	p := h.start(s, h.settings)
	if status, body := p.ask(); status != http.StatusOK {
		t.Fatalf("%d: %s", status, body)
	}
	s.tray.await("cerebras/one: ", "back in ")
	p.press("ctrl+4")
	p.still()
	p.click(400, 97) // the key
	p.still()
	p.press("Tab", "Tab", "Tab", "Tab", "space") // its copy mark, test, probe now, clear the cooldown
	s.tray.await("cerebras/one: ready", "")
	p.press("ctrl+1")
	p.still()
	p.take(place{980, 33}, 3) // pin Z.ai
	before := len(served(h.zai))
	eventually(t, "everything goes to the provider that is pinned", func() bool {
		p.ask()
		return len(served(h.zai)) > before
	})
}
