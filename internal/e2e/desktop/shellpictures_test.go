//go:build linux && !headless

package desktop

import (
	"os"
	"strings"
	"testing"
)

// TestPicturesOfTheFrame writes what stands around the pages, the first start,
// clients and settings, in every look.
func TestPicturesOfTheFrame(t *testing.T) {
	inEveryLook(t, func(t *testing.T, c *camera) {
		c.firstStart(t)
		c.clientsAndSettings(t)
	}, 1, 2)
}

// firstStart takes a picture of each step.
func (c *camera) firstStart(t *testing.T) {
	s := newSession(t, c.desk())
	s.withClaude()
	sim := cerebras(t)
	p := s.start(launch{settings: "addr = \"127.0.0.1:0\"\n\n[provider.cerebras]\nurl = \"" + sim.URL + "/v1\"\n", environ: c.environ()})
	c.p = p
	s.tray.await("Demo on ", "")
	c.take("start-1-welcome")
	p.press("Tab", "Tab", "Tab", "space")
	c.take("start-2-key")
	p.write(keyOne)
	p.press("Return")
	s.tray.await("cerebras/main: ready", "")
	p.still()
	c.take("start-3-connect")
	c.click(startX, startY)
	c.take("start-4-request")
	c.click(startX, startY)
	s.tray.await("Last: ", "")
	c.take("start-5-answered")
}

// clientsAndSettings takes pictures of these pages and of the questions.
func (c *camera) clientsAndSettings(t *testing.T) {
	s := newSession(t, c.desk())
	claude := s.withClaude()
	sim := cerebras(t)
	data := s.withKey(settingsFor(sim))
	for _, name := range []string{"ci", "nightly tests"} {
		s.glmtray(data, "", "clients", "add", name)
	}
	p := s.start(launch{dir: data, environ: c.environ("CEREBRAS_COOLDOWN=30s", "GLMTRAY_NOTIFY_QUOTA=no")})
	c.p = p
	s.tray.await("cerebras/one: ready", "")
	p.still()
	s.glmtray(data, "", "connect", "codex", "--yes")
	p.press("ctrl+5")
	c.take("clients")
	s.tray.clickBelow("Connect", "Claude Code", func() bool { return true })
	c.take("clients-diff")
	c.click(cardX, cardY)
	c.take("clients-connected")
	changed := strings.Replace(claude.text(), p.url(), "http://127.0.0.1:1", 1)
	if err := os.WriteFile(claude.file, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	p.ask()
	p.press("ctrl+1", "ctrl+5")
	p.still()
	c.click(608, 107) // Claude Code, which was changed since
	c.take("clients-changed")
	c.click(608, 227) // one that is connected by hand
	c.take("clients-by-hand")
	s.tray.click("New client key…", func() bool { return true })
	p.write("laptop")
	p.press("Return")
	c.take("clients-new-key")
	p.press("ctrl+8")
	for _, part := range []struct {
		name string
		y    int
	}{{"general", 77}, {"server", 109}, {"routing", 141}, {"logging", 173}, {"network", 205}, {"notifications", 237}, {"about", 269}} {
		c.click(270, part.y)
		c.take("settings-" + part.name)
	}
	c.click(270, 205)
	c.click(780, 104)
	p.write("proxy.example")
	c.take("settings-wrong")
	s.tray.click("Quit", func() bool { return true })
	c.take("quit")
}
