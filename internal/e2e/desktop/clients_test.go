//go:build linux && !headless

package desktop

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// claude is Claude Code as it stands in a session's home: its settings, which
// somebody has written by hand.
type claude struct {
	s    *session
	file string
}

const claudeBefore = "{\n  \"model\": \"opus\",\n  \"env\": {\n    \"MINE\": \"1\"\n  }\n}\n"

func (s *session) withClaude() *claude {
	s.t.Helper()
	c := &claude{s: s, file: filepath.Join(s.variable("HOME"), ".claude", "settings.json")}
	if err := os.MkdirAll(filepath.Dir(c.file), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(c.file, []byte(claudeBefore), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (c *claude) text() string {
	text, err := os.ReadFile(c.file)
	if err != nil {
		c.s.t.Fatal(err)
	}
	return string(text)
}

// env are the variables that its settings set.
func (c *claude) env() map[string]string {
	var settings struct {
		Env map[string]string `json:"env"`
	}
	if err := json.Unmarshal([]byte(c.text()), &settings); err != nil {
		c.s.t.Fatal(err)
	}
	return settings.Env
}

// ask sends what Claude Code would with its settings.
func (c *claude) ask() (status int, answer string) {
	c.s.t.Helper()
	env := c.env()
	raw := `{"model":"claude-sonnet-4-5","max_tokens":100,"messages":[{"role":"user","content":"hello"}]}`
	req, err := http.NewRequestWithContext(c.s.t.Context(), http.MethodPost, env["ANTHROPIC_BASE_URL"]+"/v1/messages", bytes.NewReader([]byte(raw)))
	if err != nil {
		c.s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Anthropic-Version", "2023-06-01")
	req.Header.Set("Authorization", "Bearer "+env["ANTHROPIC_AUTH_TOKEN"])
	client := &http.Client{Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		c.s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.s.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// Where the card's button is pressed that carries a plan out, and that of a first
// start.
const (
	cardX, cardY   = 699, 688
	startX, startY = 363, 688
)

func (s *session) startsAtLogin() bool {
	_, err := os.Stat(filepath.Join(s.variable("HOME"), ".config", "autostart", "glmtray.desktop"))
	return err == nil
}

// planned waits until the window shows what would be written. It is on top of
// the pages then, and stands still.
func (p *program) planned() {
	p.t.Helper()
	p.awaitWindow()
	p.still()
}

func TestAnAgentConnectedFromTheTrayAsksThroughTheProxyAndIsPutBack(t *testing.T) {
	s := newSession(t, desk{})
	claude := s.withClaude()
	sim := cerebras(t)
	p := s.start(launch{dir: s.withKey(settingsFor(sim)), args: []string{"app", "--hidden"}})
	s.tray.await("cerebras/one: ready", "")
	s.tray.clickBelow("Connect", "Claude Code", func() bool { return p.window() != "" })
	p.planned()
	if claude.text() != claudeBefore {
		t.Fatal("its settings were written before anybody had seen what")
	}
	p.click(cardX, cardY)
	eventually(t, "its settings point here", func() bool { return claude.env()["ANTHROPIC_BASE_URL"] == p.url() })
	if claude.env()["MINE"] != "1" {
		t.Errorf("what stood there is gone:\n%s", claude.text())
	}
	eventually(t, "glmtray starts at login, which was ticked", s.startsAtLogin)
	eventually(t, "the tray has ticked it", func() bool {
		e, ok := s.tray.below("Connect", "Claude Code")
		return ok && e.ticked
	})
	if status, answer := claude.ask(); status != http.StatusOK {
		t.Errorf("asking with its settings: %d: %s", status, answer)
	}
	if got := served(sim); len(got) != 1 {
		t.Errorf("the provider answered %v, want once", got)
	}

	p.closeWindow()
	s.tray.clickBelow("Connect", "Claude Code", func() bool { return p.window() != "" })
	p.planned()
	p.click(cardX, cardY)
	eventually(t, "its settings are what they were, to the byte", func() bool { return claude.text() == claudeBefore })
}

func TestQuittingWithAConnectedAgentAsksFirst(t *testing.T) {
	s := newSession(t, desk{})
	claude := s.withClaude()
	p := s.start(launch{dir: s.withKey(settingsFor(cerebras(t)))})
	p.url()
	s.glmtray(p.dir, "", "connect", "claude-code", "--yes")
	if claude.env()["ANTHROPIC_BASE_URL"] != p.url() {
		t.Fatal("it is not connected")
	}
	p.closeWindow()
	s.tray.click("Quit", func() bool { return p.window() != "" })
	p.planned()
	p.press("Escape") // no
	p.still()
	if status, _ := p.ask(); status != http.StatusOK {
		t.Errorf("after a no it answers %d", status)
	}
	p.press("ctrl+q")
	p.still()
	p.press("Tab", "Tab", "Tab", "space") // cancel, leave, put back
	p.wait(0)
	if claude.text() != claudeBefore {
		t.Errorf("its settings are\n%s", claude.text())
	}
}

func TestAProviderIsPinnedFromTheTray(t *testing.T) {
	s := newSession(t, desk{})
	sim := cerebras(t)
	other := cerebras(t)
	more := "\n[provider.other]\nname = \"Other\"\nurl = \"" + other.URL + "/v1\"\n[provider.other.roles]\nlarge = [\"gpt-oss-120b\"]\n"
	dir := s.withKey(settingsFor(sim) + more)
	s.glmtray(dir, keyTwo, "keys", "add", "other", "main", "--yes")
	p := s.start(launch{dir: dir})
	s.tray.await("other/main: ready", "")
	s.tray.clickBelow("Pin a provider", "Other", func() bool { return s.tray.line("Pinned: other until ") != "" })
	p.ask()
	if got := served(other); len(got) != 1 {
		t.Errorf("the pinned provider answered %v", got)
	}
	s.tray.clickBelow("Pinned: ", "End the pin", func() bool { return s.tray.line("Pin a provider") != "" })
	p.ask()
	if got := served(sim); len(got) != 1 {
		t.Errorf("after the pin the first provider answered %v", got)
	}
}

func TestWhoDoesNotLookIsNotified(t *testing.T) {
	s := newSession(t, desk{})
	sim := cerebras(t, simulator.Fault{When: simulator.When{Times: 1}, What: "cerebras/tpm", Wait: simulator.Duration(40 * time.Second)})
	p := s.start(launch{dir: s.withKey("max_wait = \"1s\"\n" + settingsFor(sim)), args: []string{"app", "--hidden"}})
	s.tray.await("cerebras/one: ready", "")
	p.ask()
	got := s.notes.await("All keys cool down: ")
	if !strings.Contains(got, "cerebras/one is the first that is back, in 0:") {
		t.Errorf("told %q", got)
	}
}

func TestANotificationThatIsSwitchedOffIsNotSent(t *testing.T) {
	s := newSession(t, desk{})
	sim := cerebras(
		t, simulator.Fault{When: simulator.When{Key: "one", Times: 1}, What: "cerebras/tpm", Wait: simulator.Duration(40 * time.Second)},
		simulator.Fault{When: simulator.When{Key: "two"}, What: "cerebras/wrong-key"},
	)
	dir := s.withKey("max_wait = \"1s\"\nnotify_cooling = false\n" + settingsFor(sim))
	s.glmtray(dir, keyTwo, "keys", "add", "cerebras", "two")
	p := s.start(launch{dir: dir, args: []string{"app", "--hidden"}})
	s.tray.await("cerebras/two: ready", "")
	p.ask()
	s.notes.await("A key is not accepted: cerebras/two: ") // in the same instant no key is left
	if got := s.notes.find("All keys"); got != "" {
		t.Errorf("told %q", got)
	}
}

func TestStartInTrayLeavesTheWindowAway(t *testing.T) {
	s := newSession(t, desk{})
	p := s.start(launch{dir: s.withKey("start_in_tray = true\n" + settingsFor(cerebras(t)))})
	p.url()
	s.tray.await("Open glmtray", "")
	if p.window() != "" {
		t.Error("the window is shown")
	}
	s.tray.click("Open glmtray", func() bool { return p.window() != "" })
	p.awaitWindow()
}

func TestAFirstStartLeadsToAConnectedClaudeCodeAndItsFirstAnswer(t *testing.T) {
	s := newSession(t, desk{})
	claude := s.withClaude()
	sim := cerebras(t)
	p := s.start(launch{settings: "addr = \"127.0.0.1:0\"\n\n[provider.cerebras]\nurl = \"" + sim.URL + "/v1\"\n"})
	s.tray.await("Demo on ", "")
	p.still()
	p.press("Tab", "Tab", "Tab", "space") // add a key
	p.still()
	p.write(keyOne) // its field has the focus
	p.press("Return")
	s.tray.await("cerebras/main: ready", "")
	if item, _ := s.secrets.Lookup(t, "glmtray", "cerebras/main"); !strings.HasPrefix(item, keyOne) {
		t.Errorf("the keychain has %q", item)
	}
	if claude.text() != claudeBefore {
		t.Fatal("its settings were written before anybody had seen what")
	}
	// The key is tested; then stands there what would be written.
	eventually(t, "its settings point here", func() bool {
		p.still()
		p.click(startX, startY)
		return within(3*time.Second, func() bool { return claude.env()["ANTHROPIC_BASE_URL"] == p.url() })
	})
	eventually(t, "glmtray starts at login, which was ticked", s.startsAtLogin)
	if status, answer := claude.ask(); status != http.StatusOK {
		t.Errorf("asking with its settings: %d: %s", status, answer)
	}
	s.tray.await("Last: claude-sonnet-4-5 → cerebras/main", "")
}

func TestWhatTheEnvironmentRulesIsReadOnlyInTheWindow(t *testing.T) {
	s := newSession(t, desk{})
	p := s.start(launch{dir: s.withKey(settingsFor(cerebras(t))), environ: []string{"CEREBRAS_COOLDOWN=30s"}})
	s.tray.await("cerebras/one: ready", "")
	file := filepath.Join(p.dir, "settings.toml")
	settings := func() string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	p.press("ctrl+8")
	p.still()
	p.click(settingsPart.x, settingsPart.y) // routing basics
	p.still()
	type row struct {
		name, value string
		y           int
	}
	// What fixes a value stands in the last column, where others have "default".
	origin := func(r row) []byte { return p.strip(940, r.y-10, 160, 20) }
	fixed, free := row{"cooldown", "77s", cooldownRow}, row{"max_wait", "88s", maxWaitRow}
	if bytes.Equal(origin(fixed), origin(free)) {
		t.Error("nothing says what fixes the cooldown")
	}
	for _, r := range []row{fixed, free} {
		p.click(settingsField, r.y)
		p.press("ctrl+a")
		p.write(r.value)
		p.press("Return")
	}
	eventually(t, "what may be changed is changed", func() bool { return strings.Contains(settings(), `max_wait = "88s"`) })
	if strings.Contains(settings(), "cooldown") {
		t.Errorf("what the environment rules was written:\n%s", settings())
	}
}
