//go:build linux && !headless

package desktop

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// TestPicturesOfEveryPage writes what a person sees, dark and light, into the
// folder that GLMTRAY_SCREENSHOTS names.
func TestPicturesOfEveryPage(t *testing.T) {
	dir := os.Getenv("GLMTRAY_SCREENSHOTS")
	if dir == "" {
		t.Skip("GLMTRAY_SCREENSHOTS names no folder")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	for _, theme := range []string{"dark", "light"} {
		t.Run(theme, func(t *testing.T) { pictures(t, dir, theme) })
	}
}

func pictures(t *testing.T, dir, theme string) {
	look := []string{"FYNE_THEME=" + theme}
	picture := func(p *program, name string) {
		if err := os.WriteFile(filepath.Join(dir, name+"-"+theme+".png"), p.still(), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	s := newSession(t, desk{})
	// The first key runs dry, so that the second serves.
	sim := cerebras(t, simulator.Fault{
		When: simulator.When{Key: "one", After: 2}, What: "cerebras/tpm", Wait: simulator.Duration(50 * time.Second),
	})
	data := s.withKey(settingsFor(sim))
	s.glmtray(data, keyTwo, "keys", "add", "cerebras", "home", "--account", "private")
	s.glmtray(data, "csk-three-0123456789abcdef", "keys", "add", "cerebras", "old")
	s.glmtray(data, "", "keys", "disable", "cerebras", "old")
	p := s.start(launch{dir: data, environ: append(look, "SYNTHETIC_API_KEY=syn_0123456789abcdef0123456789abcdef", "LOG_LEVEL=debug")})
	s.tray.await("cerebras/one: ready", "")
	for range 6 {
		p.ask()
	}
	s.tray.await("cerebras/one: ", "back in ")
	for _, page := range []struct{ name, key string }{{"overview", "1"}, {"keys", "4"}, {"log", "7"}, {"settings", "8"}} {
		p.awaitWindow()
		p.press("ctrl+" + page.key)
		picture(p, page.name)
	}
	p.press("ctrl+2")
	p.still()
	p.click(firstRequest.x, firstRequest.y)
	picture(p, "request")
	p.press("Escape", "ctrl+7")
	p.click(500, 180) // a line of the log
	picture(p, "request-tries")
	p.press("Escape")
	p.click(500, 152) // a line of the program's own
	picture(p, "log-line")
	p.openForm(1)
	picture(p, "add-key")
	p.openForm(3)
	picture(p, "add-key-policy")
	p.addKey("one", keyTwo)
	picture(p, "add-key-replace")
	p.press("ctrl+4")
	p.click(400, 97)
	picture(p, "key")
	s.tray.click("Pause", func() bool { return s.tray.line("Resume") != "" })
	p.press("ctrl+1")
	picture(p, "paused")
	p.press("ctrl+8") // a page without figures that run down
	before := p.still()
	s.tray.vanish()
	eventually(t, "the window says that there is no tray", func() bool { return !bytes.Equal(p.still(), before) })
	picture(p, "no-tray")
	s.tray.appear()
	s.tray.click("Quit", func() bool { return p.window() == "" })
	p.wait(0)

	bad := s.start(launch{settings: "colour = \"red\"\n", environ: look})
	s.tray.await("Not serving: ", "")
	picture(bad, "not-serving")
}
