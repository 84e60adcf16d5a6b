//go:build linux && !headless

package desktop

import (
	"sync"
	"testing"
)

// TestPicturesOfABusyHour writes what the pages of a busy program show, in every
// look.
func TestPicturesOfABusyHour(t *testing.T) {
	inEveryLook(t, busyPictures, 1, 2)
}

func busyPictures(t *testing.T, c *camera) {
	s := newSession(t, c.desk())
	h := busyHour(t, 120)
	data := s.withKey(h.settings)
	s.glmtray(data, keyTwo, "keys", "add", "cerebras", "home", "--account", "private")
	for _, name := range []string{"claude-code", "codex", "opencode"} {
		h.client(s, data, name)
	}
	past(t, data, 3000)
	p := s.start(launch{dir: data, environ: c.environ("SYNTHETIC_API_KEY="+keySynthetic, "ZAI_API_KEY="+keyZAI)})
	c.p = p
	s.tray.await("cerebras/one: ready", "")
	url := p.url()
	p.still()
	c.click(1085, 43) // the banner has been read
	for range 3 {
		var all sync.WaitGroup
		for _, q := range questions {
			all.Go(func() { h.ask(url, q) })
		}
		all.Wait()
	}
	p.awaitWindow()
	c.take("busy-overview")
	p.press("ctrl+2")
	c.take("busy-requests")
	c.click(500, 140)
	c.take("busy-request-why")
	c.click(284, 345) // Request
	c.take("busy-request-sent")
	c.click(350, 345) // Answer
	c.take("busy-request-answer")
	c.click(partReplay.x, partReplay.y)
	p.take(c.at(replayTo), 2) // Synthetic
	today := s.tray.line("Today: ")
	p.press("Tab", "space")
	eventually(t, "the answer is counted", func() bool { return s.tray.line("Today: ") != today })
	c.take("busy-request-replay")
	c.click(paneSave.x, paneSave.y)
	c.take("busy-request-save")
	c.click(saveCancel.x, saveCancel.y)
	p.still()
	c.click(1050, 345) // all of the page
	c.click(284, 33)
	c.take("busy-request-large")
	p.press("Escape")
	p.press("ctrl+3")
	c.take("busy-routing")
	c.click(firstRule.x, firstRule.y)
	c.take("busy-routing-edit")
	p.press("ctrl+4")
	c.click(400, 98)
	c.take("busy-keys")
	p.press("Tab", "Tab", "Tab", "Tab", "Tab", "Tab", "Tab", "Tab", "space") // remove…
	c.take("busy-keys-remove")
	h.alternate(s, data, url)
	c.click(400, 126) // the other key
	c.take("busy-keys-shared")
	p.press("ctrl+6")
	c.take("busy-usage-today")
	c.click(1011, 33) // 7 days
	c.take("busy-usage")
	p.press("ctrl+7")
	c.take("busy-log")

	// One key runs dry and another is refused.
	h.runDry(url)
	p.press("ctrl+1")
	c.take("busy-overview-cooling")
	p.press("ctrl+3")
	c.click(330, 650) // a request that was made
	p.still()
	p.press("Down", "Return")
	c.take("busy-routing-cooling")
}
