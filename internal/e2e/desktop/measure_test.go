//go:build linux && !headless

package desktop

import (
	"fmt"
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
	for range 40 { // a person drags the list down
		p.xdotool("mousemove", "500", "400", "click", "--repeat", "10", "--delay", "10", "5")
	}
	measure("50 requests/s, requests, scrolled")
	close(stop)
	all.Wait()
	time.Sleep(65 * time.Second) // until no line of a speed moves
	p.closeWindow()
	measure("idle, hidden, after that")
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
