//go:build linux && !headless

package desktop

import (
	"bytes"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// TestPicturesOfEveryPage writes what a person sees with two keys, dark and light.
func TestPicturesOfEveryPage(t *testing.T) {
	inEveryLook(t, pictures, 1)
}

func pictures(t *testing.T, c *camera) {
	s := newSession(t, desk{})
	// The first key runs dry, so that the second serves.
	sim := cerebras(t, simulator.Fault{
		When: simulator.When{Key: "one", After: 2}, What: "cerebras/tpm", Wait: simulator.Duration(50 * time.Second),
	})
	data := s.withKey(settingsFor(sim))
	s.glmtray(data, keyTwo, "keys", "add", "cerebras", "home", "--account", "private")
	s.glmtray(data, "csk-three-0123456789abcdef", "keys", "add", "cerebras", "old")
	s.glmtray(data, "", "keys", "disable", "cerebras", "old")
	p := s.start(launch{dir: data, environ: c.environ("SYNTHETIC_API_KEY=syn_0123456789abcdef0123456789abcdef", "LOG_LEVEL=debug")})
	c.p = p
	s.tray.await("cerebras/one: ready", "")
	for range 6 {
		p.ask()
	}
	s.tray.await("cerebras/one: ", "back in ")
	for _, page := range []struct{ name, key string }{{"overview", "1"}, {"keys", "4"}, {"log", "7"}, {"settings", "8"}} {
		p.awaitWindow()
		p.press("ctrl+" + page.key)
		c.take(page.name)
	}
	p.press("ctrl+2")
	p.still()
	p.click(firstRequest.x, firstRequest.y)
	c.take("request")
	p.press("Escape", "ctrl+7")
	p.click(500, 180) // a line of the log
	c.take("request-tries")
	p.press("Escape")
	p.click(500, 152) // a line of the program's own
	c.take("log-line")
	p.openForm(1)
	c.take("add-key")
	p.openForm(3)
	c.take("add-key-policy")
	p.addKey("one", keyTwo)
	c.take("add-key-replace")
	p.press("ctrl+4")
	p.click(400, 97)
	c.take("key")
	s.tray.click("Pause", func() bool { return s.tray.line("Resume") != "" })
	p.press("ctrl+1")
	c.take("paused")
	p.press("ctrl+8") // a page without figures that run down
	before := p.still()
	s.tray.vanish()
	eventually(t, "the window says that there is no tray", func() bool { return !bytes.Equal(p.still(), before) })
	c.take("no-tray")
	s.tray.appear()
	s.tray.click("Quit", func() bool { return p.window() == "" })
	p.wait(0)

	c.p = s.start(launch{settings: "colour = \"red\"\n", environ: c.environ()})
	s.tray.await("Not serving: ", "")
	c.take("not-serving")
}
