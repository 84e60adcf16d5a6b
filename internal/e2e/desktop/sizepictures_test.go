//go:build linux && !headless

package desktop

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
)

// TestPicturesOfEverySize writes the pages in the smallest window there is, and in
// one that fills a 4K display.
func TestPicturesOfEverySize(t *testing.T) {
	inEveryLook(t, func(t *testing.T, c *camera) {
		sizes := [][2]int{{900, 600}, {3840, 2160}}
		if c.scale == 2 {
			sizes = [][2]int{{1920, 1080}} // the smallest looks as it does at 100 %
		}
		c.sizes(t, sizes...)
	}, 1, 2)
}

func (c *camera) sizes(t *testing.T, sizes ...[2]int) {
	s := newSession(t, desk{screen: "3840x2160"})
	s.withClaude()
	h := busyHour(t, enough)
	data := s.withKey(h.settings)
	s.glmtray(data, keyTwo, "keys", "add", "cerebras", "home", "--account", "private")
	past(t, data, 1000)
	p := s.start(launch{dir: data, environ: c.environ("SYNTHETIC_API_KEY="+keySynthetic, "ZAI_API_KEY="+keyZAI)})
	c.p = p
	s.tray.await("cerebras/one: ready", "")
	p.still()
	c.click(1085, 43) // the banner has been read
	var all sync.WaitGroup
	for _, q := range questions {
		all.Go(func() { h.ask(p.url(), q) })
	}
	all.Wait()
	for _, size := range sizes {
		p.xdotool("windowsize", "--sync", p.awaitWindow(), strconv.Itoa(size[0]*c.scale), strconv.Itoa(size[1]*c.scale))
		for _, page := range []struct{ name, key string }{
			{"overview", "1"}, {"requests", "2"}, {"routing", "3"}, {"keys", "4"}, {"clients", "5"}, {"usage", "6"}, {"log", "7"}, {"settings", "8"},
		} {
			p.press("ctrl+" + page.key)
			c.take(fmt.Sprintf("size-%dx%d-%s", size[0], size[1], page.name))
			if page.name == "requests" {
				c.click(firstRequest.x, firstRequest.y)
				c.take(fmt.Sprintf("size-%dx%d-request", size[0], size[1]))
				p.press("Escape")
			}
		}
	}
}
