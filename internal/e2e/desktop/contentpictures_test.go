//go:build linux && !headless

package desktop

import (
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// TestPicturesOfABusyHour writes what the pages of a busy program show, dark and
// light, at 100 and at 200 per cent, into the folder that GLMTRAY_SCREENSHOTS
// names.
func TestPicturesOfABusyHour(t *testing.T) {
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
	for _, look := range []struct {
		theme string
		scale int
	}{{"dark", 1}, {"light", 1}, {"dark", 2}, {"light", 2}} {
		if only := os.Getenv("GLMTRAY_SCREENSHOTS_LOOK"); only != "" && only != look.theme+strconv.Itoa(look.scale) {
			continue
		}
		t.Run(look.theme+" "+strconv.Itoa(100*look.scale), func(t *testing.T) { busyPictures(t, dir, look.theme, look.scale) })
	}
}

func busyPictures(t *testing.T, dir, theme string, scale int) {
	s := newSession(t, desk{screen: strconv.Itoa(1280*scale) + "x" + strconv.Itoa(900*scale)})
	h := busyHour(t)
	data := s.withKey(h.settings)
	s.glmtray(data, keyTwo, "keys", "add", "cerebras", "home", "--account", "private")
	for _, name := range []string{"claude-code", "codex", "opencode"} {
		h.client(s, data, name)
	}
	past(t, data, 3000)
	p := s.start(launch{dir: data, environ: []string{
		"FYNE_THEME=" + theme, "FYNE_SCALE=" + strconv.Itoa(scale), "SYNTHETIC_API_KEY=" + keySynthetic, "ZAI_API_KEY=" + keyZAI,
	}})
	picture := func(name string) {
		t.Helper()
		name += "-" + theme + "-" + strconv.Itoa(100*scale) + ".png"
		if err := os.WriteFile(filepath.Join(dir, name), p.still(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	click := func(x, y int) {
		t.Helper()
		p.click(x*scale, y*scale)
	}
	s.tray.await("cerebras/one: ready", "")
	url := p.url()
	p.still()
	click(1085, 43) // the banner has been read
	for range 3 {
		var all sync.WaitGroup
		for _, q := range questions {
			all.Go(func() { h.ask(url, q) })
		}
		all.Wait()
	}
	p.awaitWindow()
	picture("busy-overview")
	p.press("ctrl+2")
	picture("busy-requests")
	click(500, 140)
	picture("busy-request-why")
	click(300, 345) // Request
	picture("busy-request-sent")
	click(366, 345) // Answer
	picture("busy-request-answer")
	click(428, 345) // Replay
	click(replayTo.x, replayTo.y)
	p.still()
	p.press("Down", "Down", "Return") // Synthetic
	p.still()
	today := s.tray.line("Today: ")
	p.press("Tab", "space")
	eventually(t, "the answer is counted", func() bool { return s.tray.line("Today: ") != today })
	picture("busy-request-replay")
	click(1050, 345) // all of the page
	click(300, 33)
	picture("busy-request-large")
	p.press("Escape")
	p.press("ctrl+3")
	picture("busy-routing")
	click(firstRule.x, firstRule.y)
	picture("busy-routing-edit")
	p.press("ctrl+4")
	click(400, 98)
	picture("busy-keys")
	p.press("ctrl+6")
	picture("busy-usage-today")
	click(1011, 33) // 7 days
	picture("busy-usage")
	p.press("ctrl+7")
	picture("busy-log")

	// One key runs dry and another is refused.
	if err := h.cerebras.SetFaults(
		simulator.Fault{When: simulator.When{Key: "one"}, What: "cerebras/tpm", Wait: simulator.Duration(55 * time.Second)},
	); err != nil {
		t.Fatal(err)
	}
	for _, q := range questions[:4] {
		h.ask(url, q)
	}
	p.press("ctrl+1")
	picture("busy-overview-cooling")
	p.press("ctrl+3")
	click(330, 650) // a request that was made
	p.still()
	p.press("Down", "Return")
	picture("busy-routing-cooling")
}
