//go:build linux && !headless

package desktop

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// openForm opens the form for a new key and chooses the n-th provider, by the
// keyboard alone.
func (p *program) openForm(n int) {
	p.t.Helper()
	p.still()
	p.press("ctrl+4", "ctrl+n")
	p.still() // the list of providers is there
	p.press("Down")
	for range n {
		p.press("Down")
	}
	p.press("Return")
}

// addKey adds a key of the first provider, which has one endpoint.
func (p *program) addKey(name, key string) {
	p.t.Helper()
	p.openForm(1)
	p.press("Tab")
	p.write(name)
	p.press("Tab")
	p.write(key)
	p.press("Return")
}

func TestAKeyAddedInTheWindowIsInTheKeychainAndServesTheNextRequest(t *testing.T) {
	s := newSession(t, desk{})
	sim := cerebras(t)
	p := s.start(launch{settings: settingsFor(sim)})
	s.tray.await("Serving on ", "no key yet")
	if status, body := p.ask(); status != http.StatusServiceUnavailable {
		t.Fatalf("without a key: %d: %s", status, body)
	}

	p.addKey("desk", keyOne)
	s.tray.await("cerebras/desk: ready", "")
	item, there := s.secrets.Lookup(t, "glmtray", "cerebras/desk")
	if got, _, _ := strings.Cut(item, "\n"); !there || got != keyOne {
		t.Errorf("the keychain has %q", item)
	}
	if status, body := p.ask(); status != http.StatusOK {
		t.Errorf("with the key: %d: %s", status, body)
	}
	if got := served(sim); len(got) != 1 || got[0] != "one" {
		t.Errorf("the provider answered %v, want one", got)
	}
	settings, err := os.ReadFile(filepath.Join(p.dir, "settings.toml"))
	if err != nil || !strings.Contains(string(settings), `name = "desk"`) || strings.Contains(string(settings), keyOne) {
		t.Errorf("the settings: %v\n%s", err, settings)
	}
	if log := p.stdout.String() + p.stderr.String(); strings.Contains(log, keyOne) {
		t.Error("the key stands in what the program wrote")
	}
}

func TestAKeyThatIsThereIsReplacedOnlyAfterAYes(t *testing.T) {
	s := newSession(t, desk{})
	sim := cerebras(t)
	p := s.start(launch{dir: s.withKey(settingsFor(sim))})
	s.tray.await("cerebras/one: ready", "")
	p.addKey("one", keyTwo)
	// The question stands beside the button that sends; it has the next place.
	p.still()
	p.press("Tab", "Tab", "Tab")
	if item, _ := s.secrets.Lookup(t, "glmtray", "cerebras/one"); !strings.HasPrefix(item, keyOne) {
		t.Errorf("the keychain has %q before anybody said yes", item)
	}
	p.press("space")
	eventually(t, "the keychain has the new key", func() bool {
		item, _ := s.secrets.Lookup(t, "glmtray", "cerebras/one")
		return strings.HasPrefix(item, keyTwo)
	})
	eventually(t, "the new key serves", func() bool {
		p.ask()
		got := served(sim)
		return len(got) > 0 && got[len(got)-1] == "two"
	})
}
