package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// number is a figure of the page's tiles; -1 while it is not there.
func (b *browser) number(id string) float64 {
	b.t.Helper()
	v, err := strconv.ParseFloat(strings.Trim(b.eval(`document.getElementById("n-`+id+`").dataset.value`), `"`), 64)
	if err != nil {
		return -1
	}
	return v
}

// text is what an element shows.
func (b *browser) text(selector string) string {
	b.t.Helper()
	var text string
	_ = json.Unmarshal([]byte(b.eval(`document.querySelector("`+selector+`").innerText`)), &text) // "" while it is not there
	return text
}

// driven is what clients saw while a program was driven.
type driven struct {
	ok, limited, prompt, completion, canary int
	slowest                                 time.Duration
}

// drive sends conversations side by side, half of them streams, and adds up what
// comes back.
func (p *program) drive(conversations, turns int) (d driven) {
	p.t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	for c := range conversations {
		wg.Go(func() {
			for i := range turns {
				body := chatBody(i%2 == 0, "hello")
				if i%2 == 0 {
					body = bytes.Replace(body, []byte("{"), []byte(`{"stream_options":{"include_usage":true},`), 1)
				}
				begun := time.Now()
				r := p.do(http.MethodPost, path, body, "Session-Id", fmt.Sprint("conversation ", c))
				mu.Lock()
				d.add(r, time.Since(begun))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return d
}

func (d *driven) add(r *reply, took time.Duration) {
	d.slowest = max(d.slowest, took)
	switch r.status {
	case http.StatusOK:
		d.ok++
	case http.StatusTooManyRequests:
		d.limited++
	}
	if r.header.Get("X-Glmtray-Variant") == "canary" {
		d.canary++
	}
	var m struct {
		Usage struct {
			Prompt     int `json:"prompt_tokens"`
			Completion int `json:"completion_tokens"`
		}
	}
	for line := range bytes.Lines(r.body) {
		line = bytes.TrimPrefix(line, []byte("data: "))
		if bytes.Contains(line, []byte(`"prompt_tokens"`)) && json.Unmarshal(line, &m) == nil {
			d.prompt += m.Usage.Prompt
			d.completion += m.Usage.Completion
			return
		}
	}
}

const firstDelay = 60 * time.Millisecond

// paced are providers that need a while, behind a rule with a canary.
func paced(t *testing.T) (cerebras, zai *simulator.Running, l launch) {
	t.Helper()
	vendor := func(name string) *simulator.Running {
		s := script(name)
		s.Answer = simulator.Answer{Tokens: 20, FirstDelay: simulator.Duration(firstDelay), Pace: simulator.Duration(4 * time.Millisecond)}
		return provider(t, s)
	}
	cerebras, zai = vendor(simulator.Cerebras), vendor(simulator.ZAI)
	return cerebras, zai, launch{
		dir: t.TempDir(), environ: append(cerebrasAt(cerebras.URL), zaiAt(zai.URL)...),
		settings: "[[rule]]\nname = \"everything\"\nuse = [\"cerebras/large\"]\ncanary = { share = \"40%\", use = [\"zai/large\"] }\n",
	}
}

func TestThePageShowsWhatTheProvidersAnswered(t *testing.T) {
	t.Parallel()
	b := browse(t)
	b.prefers("dark")
	cerebras, zai, l := paced(t)
	faults(t, cerebras, simulator.Fault{When: simulator.When{Every: 5, Times: 4}, What: "cerebras/rpm", Wait: simulator.Duration(time.Millisecond)})
	p := start(t, l)
	d := p.drive(10, 4)
	b.size(1400, 1000)
	b.open(p.url + "/_ui/")
	eventually(t, "the page shows all requests", func() bool { return b.number("requests") == 40 })
	tries := len(chats(cerebras.Calls())) + len(chats(zai.Calls()))
	refused := 0
	for _, c := range chats(cerebras.Calls()) {
		if c.Status == http.StatusTooManyRequests {
			refused++
		}
	}
	if d.ok != 40 || refused == 0 || tries != 40+refused || d.canary == 0 || d.canary == 40 {
		t.Fatalf("the script was not played: %+v, %d tries, %d refused", d, tries, refused)
	}
	for id, want := range map[string]int{"prompt": d.prompt, "completion": d.completion, "errors": 0} {
		if got := b.number(id); got != float64(want) {
			t.Errorf("%s: the page has %v, the providers said %d", id, got, want)
		}
	}
	if first := b.number("ttft"); first < 0.98*firstDelay.Seconds() || first > d.slowest.Seconds() {
		t.Errorf("time to first token %v, with %v of the providers' making", first, firstDelay)
	}
	if speed := b.number("speed"); speed < 20 || speed > 1000/4*1.1 {
		t.Errorf("%v tokens per second, and the provider waits 4 ms after each", speed)
	}
	if text := b.text("#tiles"); !strings.Contains(text, fmt.Sprint(refused, " × 429 from providers")) {
		t.Errorf("tiles: %s", text)
	}
	if sides := b.text("#sides"); !strings.Contains(sides, fmt.Sprintf("requests\t%d\t%d", 40-d.canary, d.canary)) || !strings.Contains(sides, "production\tcanary") {
		t.Errorf("canary against main, with %d of 40: %q", d.canary, sides)
	}
	if rows := b.eval(`document.querySelectorAll("#latest tbody tr").length`); rows != "40" {
		t.Errorf("%s of the latest requests", rows)
	}
	if row := b.text("#latest tbody"); !strings.Contains(row, "everything: no other rule matched; one of the 40 % that try the canary") {
		t.Errorf("latest requests: %s", row)
	}
	if n := b.eval(`document.querySelectorAll(".uplot canvas").length`); n != "8" {
		t.Errorf("%s charts", n)
	}
	if rows := p.recorded(40); rows.prompt != d.prompt || rows.completion != d.completion || rows.ok != 40 || rows.canary != d.canary {
		t.Errorf("the database has %+v, clients saw %+v", rows, d)
	}
	b.live(p, cerebras)
	b.colours()
	b.picture("page-narrow", 420, 1600)
	if f := b.faults(); len(f) > 0 {
		t.Errorf("the page is not well: %q", f)
	}
}

// recorded waits until the database has n requests, and adds them up.
func (p *program) recorded(n int) (d driven) {
	p.t.Helper()
	eventually(p.t, fmt.Sprint(n, " rows in the database"), func() bool {
		d = driven{}
		list := run(p.t, launch{dir: p.dir, args: []string{"logs", "--json", "-n", "1000"}})
		list.wait(0)
		rows := 0
		for line := range strings.Lines(list.stdout.String()) {
			var r struct {
				Status   int
				Provider string
				Tokens   struct{ Prompt, Completion int }
			}
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				p.t.Fatalf("%v: %s", err, line)
			}
			rows++
			d.prompt += r.Tokens.Prompt
			d.completion += r.Tokens.Completion
			if r.Status == http.StatusOK {
				d.ok++
			}
			if r.Provider == simulator.ZAI { // the canary's, which never fails
				d.canary++
			}
		}
		return rows == n
	})
	return d
}

// live holds the open page against what happens meanwhile.
func (b *browser) live(p *program, cerebras *simulator.Running) {
	b.t.Helper()
	faults(b.t, cerebras, simulator.Fault{What: "cerebras/rpm", Wait: simulator.Duration(time.Hour)})
	keys := strings.Count(b.text("#keys"), "cooling, back in")
	p.drive(6, 1) // enough conversations that one is not the canary's
	eventually(b.t, "the page shows the keys that cool", func() bool { return strings.Count(b.text("#keys"), "cooling, back in 59 min") == 3 })
	eventually(b.t, "the page has the new requests", func() bool { return b.number("requests") == 46 })
	if errors := b.number("errors"); keys != 0 || errors < 1 {
		b.t.Errorf("%d keys cooled before, %v errors now", keys, errors)
	}
	for _, c := range []struct{ verb, state string }{{"pause", "paused"}, {"resume", "serving"}} {
		p.control(c.verb)
		eventually(b.t, "the page says "+c.state, func() bool { return b.text("#state") == c.state })
	}
	b.eval(`document.querySelector("#ranges button:last-child").click()`)
	eventually(b.t, "seven days", func() bool {
		return b.eval(`document.querySelector("#ranges [aria-pressed=true]").innerText`) == `"7 days"`
	})
	eventually(b.t, "the figures of seven days", func() bool { return b.number("requests") == 46 })
	b.eval(`document.querySelector("#ranges button").click()`)
}

// colours looks at the page as the system has it, and as its switch wants it.
func (b *browser) colours() {
	b.t.Helper()
	back := func(dark bool) bool {
		return b.eval(`getComputedStyle(document.body).backgroundColor`) == map[bool]string{true: `"rgb(21, 23, 28)"`, false: `"rgb(244, 245, 247)"`}[dark]
	}
	eventually(b.t, "dark, as the system", func() bool { return back(true) })
	b.picture("page-dark", 1400, 1800)
	b.prefers("light")
	eventually(b.t, "light, as the system", func() bool { return back(false) })
	b.picture("page-light", 1400, 1800)
	b.eval(`document.getElementById("theme").click()`)
	eventually(b.t, "dark, as the switch wants", func() bool { return back(true) })
	b.eval(`document.getElementById("theme").click()`)
	eventually(b.t, "light, as the switch wants", func() bool { return back(false) })
}

func TestAnOpenPageOutlivesARestartAndHoldsNothingUp(t *testing.T) {
	t.Parallel()
	b := browse(t)
	_, _, l := paced(t)
	p := start(t, l)
	p.drive(5, 2)
	b.open(p.url + "/_ui/")
	eventually(t, "the page serves", func() bool { return b.number("requests") == 10 && b.text("#state") == "serving" })
	begun := time.Now()
	p.stop()
	if took := time.Since(begun); took > 20*time.Second { // a request under way has thirty
		t.Errorf("with a page open it needs %v to end", took)
	}
	eventually(t, "the page counts down", func() bool { return strings.HasPrefix(b.text("#state"), "no connection, again in ") })
	l.args = []string{"serve", "--addr", strings.TrimPrefix(p.url, "http://")}
	l.settings = ""
	again := start(t, l)
	again.drive(1, 3)
	eventually(t, "the page is back by itself", func() bool { return b.text("#state") == "serving" })
	// Minutes outlive a restart; what is finer does not.
	b.eval(`document.querySelector("#ranges button:last-child").click()`)
	eventually(t, "the page has what was before", func() bool { return b.number("requests") == 13 })
}

func TestThePageAsksForAKeyAndPutsItInNoAddress(t *testing.T) {
	t.Parallel()
	b := browse(t)
	_, _, l := paced(t)
	const key = "the-one-client-key-0123456789"
	l.environ = append(l.environ, "GLMTRAY_CLIENT_KEY="+key)
	p := start(t, l)
	p.do(http.MethodPost, path, chatBody(false, "hello"), "Authorization", "Bearer "+key).want(200, "-")
	b.open(p.url + "/_ui/")
	enter := func(key string) {
		eventually(t, "the page asks", func() bool { return b.eval(`document.getElementById("ask").open`) == "true" })
		b.eval(`document.getElementById("key").value = "` + key + `"; document.querySelector("#ask button").click()`)
	}
	enter("wrong")
	eventually(t, "the page says that it was wrong", func() bool {
		return b.eval(`document.getElementById("ask").open && !document.getElementById("wrong").hidden`) == "true"
	})
	b.picture("page-key", 900, 600)
	enter(key)
	eventually(t, "the page shows its figures", func() bool { return b.number("requests") == 1 && b.text("#state") == "serving" })
	seen := b.eval(`performance.getEntries().map((e) => e.name).join(" ") + location.href + document.cookie + JSON.stringify(localStorage)`)
	if strings.Contains(seen, key) || !strings.Contains(seen, "/_ui/data?range=15m") {
		t.Errorf("addresses and what outlives the tab: %s", seen)
	}
}
