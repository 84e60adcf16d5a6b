//go:build linux && !headless

package desktop

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestWhatTheWindowCosts measures the processor's share of the whole program,
// idle and at 50 requests per second, hidden and on each page. It asserts
// nothing: the machine may be busy with other things. GLMTRAY_MEASURE is for how
// long each is measured.
func TestWhatTheWindowCosts(t *testing.T) {
	span, err := time.ParseDuration(os.Getenv("GLMTRAY_MEASURE"))
	if err != nil {
		t.Skip("GLMTRAY_MEASURE gives no time, such as 10s")
	}
	s := newSession(t, desk{})
	h := busyHour(t, enough)
	data := s.withKey(h.settings)
	past(t, data, 100_000)
	began := time.Now()
	p := s.start(launch{dir: data})
	p.awaitWindow()
	t.Logf("%-34s %s", "time to the window", time.Since(began).Round(10*time.Millisecond))
	s.tray.await("cerebras/one: ready", "")
	url := p.url()
	measure := func(what string) {
		t.Helper()
		from, at := p.ticks(), time.Now()
		time.Sleep(span) // it is the measure itself
		share := float64(p.ticks()-from) / clockTicks / time.Since(at).Seconds()
		t.Logf("%-34s %5.1f %% of a core, %d MiB", what, 100*share, p.resident())
	}
	p.still()
	measure("idle, visible, overview")
	p.closeWindow()
	measure("idle, hidden")

	stop := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		tick := time.NewTicker(time.Second / 50)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
				q := questions[i%4]
				q.stream = false
				all.Go(func() { h.ask(url, q) })
			case <-stop:
				return
			}
		}
	})
	time.Sleep(2 * time.Second)
	measure("50 requests/s, hidden")
	s.tray.click("Open glmtray", func() bool { return p.window() != "" })
	p.awaitWindow()
	for _, page := range []struct{ name, key string }{
		{"overview", "1"}, {"requests", "2"}, {"routing", "3"}, {"keys", "4"}, {"usage", "6"}, {"log", "7"},
	} {
		p.press("ctrl+" + page.key)
		time.Sleep(time.Second)
		measure("50 requests/s, " + page.name)
	}
	p.press("ctrl+2")
	p.wheel("5", 400) // a person scrolls down
	measure("50 requests/s, requests, scrolled")
	close(stop)
	all.Wait()
	p.scrollThroughAll()
	time.Sleep(65 * time.Second) // until no line of a speed moves
	p.closeWindow()
	measure("idle, hidden, after that")
}

// wheel turns the mouse's wheel over the list, a hundred times a second.
func (p *program) wheel(button string, times int) {
	p.t.Helper()
	p.xdotool("mousemove", "500", "400", "click", "--repeat", strconv.Itoa(times), "--delay", "10", button)
}

// scrollThroughAll has the list hold as many requests as it can, and measures how
// far the picture lags behind a wheel that turns in their midst.
func (p *program) scrollThroughAll() {
	p.t.Helper()
	const rows, page = 100_000, 500 // that the list holds, and that one look into the records brings
	p.click(firstRequest.x, firstRequest.y)
	p.press("Escape") // the list has the focus
	for range 2 * rows / page {
		p.press("End")
	}
	p.still()
	p.click(500, 620) // a row near the end
	oldest := p.copiedBy("one of the last requests", copyAll, func(text string) bool { return strings.HasPrefix(text, "Request ") })
	_, oldest, _ = strings.Cut(oldest, "Time: ")
	oldest, _, _ = strings.Cut(oldest, "\n")
	p.press("Escape")
	p.still()
	from, at := p.ticks(), time.Now()
	p.wheel("4", 500)
	share := float64(p.ticks()-from) / clockTicks / time.Since(at).Seconds()
	p.t.Logf("%-34s %5.1f %% of a core, %d MiB, still %s after the last turn; the oldest is of %s", "100,000 requests, scrolled",
		100*share, p.resident(), p.lag().Round(time.Millisecond), oldest)
}

// lag is how long it is until the window stands still.
func (p *program) lag() time.Duration {
	p.t.Helper()
	began := time.Now()
	p.still()
	return time.Since(began)
}

// TestWhatAFirstStartTakes counts the clicks from a first start to a first answer,
// and the seconds that the program itself takes for it: whoever clicks here needs
// no time to read.
func TestWhatAFirstStartTakes(t *testing.T) {
	if os.Getenv("GLMTRAY_MEASURE") == "" {
		t.Skip("GLMTRAY_MEASURE gives no time, such as 10s")
	}
	s := newSession(t, desk{})
	claude := s.withClaude()
	sim := cerebras(t)
	began, clicks := time.Now(), 0
	p := s.start(launch{settings: "addr = \"127.0.0.1:0\"\n\n[provider.cerebras]\nurl = \"" + sim.URL + "/v1\"\n"})
	s.tray.await("Demo on ", "")
	click := func() {
		p.still()
		p.click(startX, startY)
		clicks++
	}
	click() // add a key
	p.still()
	p.write(keyOne) // pasted
	p.press("Return")
	clicks++ // or the button beside it
	s.tray.await("cerebras/main: ready", "")
	eventually(t, "the key's test has ended, and what would be written is shown", func() bool {
		for _, c := range sim.Calls() {
			if strings.HasSuffix(c.Path, "/chat/completions") {
				return true
			}
		}
		return false
	})
	click() // connect
	eventually(t, "its settings point here", func() bool { return claude.env()["ANTHROPIC_BASE_URL"] == p.url() })
	t.Logf("%-34s %d clicks, %s", "to a connected agent", clicks, time.Since(began).Round(100*time.Millisecond))
	if status, answer := claude.ask(); status != http.StatusOK {
		t.Fatalf("asking with its settings: %d: %s", status, answer)
	}
	s.tray.await("Last: claude-sonnet-4-5 → cerebras/main", "")
	t.Logf("%-34s %d clicks, %s", "to its first answer", clicks, time.Since(began).Round(100*time.Millisecond))
}

const clockTicks = 100 // per second, on every Linux

// ticks is what the process has used of the processor.
func (p *program) ticks() int64 {
	p.t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	fields := strings.Fields(rest) // from the third of proc(5) on
	user, errUser := strconv.ParseInt(fields[11], 10, 64)
	system, errSystem := strconv.ParseInt(fields[12], 10, 64)
	if errUser != nil || errSystem != nil {
		p.t.Fatalf("%s", raw)
	}
	return user + system
}

// resident is the process's memory in MiB.
func (p *program) resident() int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(raw))[1], 10, 64)
	return pages * int64(os.Getpagesize()) >> 20
}
