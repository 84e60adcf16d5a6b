//go:build linux && !headless

package desktop

import "testing"

// chinese is the environment of somebody who reads it, on a system that has no font
// for it.
var chinese = []string{"LANG=zh_CN.UTF-8", "LC_ALL=zh_CN.UTF-8", "LANGUAGE="}

// TestPicturesInChinese writes every page as somebody who reads Chinese sees it.
func TestPicturesInChinese(t *testing.T) {
	inEveryLook(t, chinesePictures, 1)
}

func chinesePictures(t *testing.T, c *camera) {
	s := newSession(t, c.desk())
	s.withClaude()
	h := busyHour(t, 120)
	data := s.withKey(h.settings)
	s.glmtray(data, keyTwo, "keys", "add", "cerebras", "home", "--account", "private")
	for _, name := range []string{"claude-code", "夜间测试"} {
		h.client(s, data, name)
	}
	past(t, data, 1000)
	p := s.start(launch{dir: data, environ: c.environ(append(chinese, "SYNTHETIC_API_KEY="+keySynthetic, "ZAI_API_KEY="+keyZAI)...)})
	c.p = p
	s.tray.await("cerebras/one: 就绪", "")
	url := p.url()
	p.still()
	c.click(1085, 43) // the banner has been read
	for _, q := range questions {
		h.ask(url, q)
	}
	for _, page := range []struct{ name, key string }{
		{"overview", "1"}, {"requests", "2"}, {"routing", "3"}, {"keys", "4"}, {"clients", "5"}, {"usage", "6"}, {"log", "7"}, {"settings", "8"},
	} {
		p.press("ctrl+" + page.key)
		c.take("zh-" + page.name)
	}
	for _, part := range []struct {
		name string
		y    int
	}{{"server", 109}, {"routing", 141}, {"logging", 173}, {"network", 205}, {"notifications", 237}, {"about", 269}} {
		c.click(270, part.y)
		c.take("zh-settings-" + part.name)
	}
	p.press("ctrl+2")
	p.still()
	c.click(firstRequest.x, firstRequest.y)
	c.take("zh-request")
	p.press("Escape", "ctrl+3")
	c.click(firstRule.x, firstRule.y)
	c.take("zh-routing-edit")
	p.press("ctrl+4")
	c.click(400, 126) // the other key
	c.take("zh-key")
	p.openForm(3)
	c.take("zh-add-key")
	p.press("Escape", "ctrl+5")
	c.click(608, 107)
	c.take("zh-clients-agent")
	h.runDry(url)
	p.press("ctrl+1")
	c.take("zh-overview-cooling")
}
