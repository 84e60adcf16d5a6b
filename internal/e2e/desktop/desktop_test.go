//go:build linux && !headless

package desktop

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

func TestPauseAndResumeFromTheTray(t *testing.T) {
	s := newSession(t, desk{})
	sim := cerebras(t)
	p := s.start(launch{dir: s.withKey(settingsFor(sim))})
	s.tray.await("Serving on "+strings.TrimPrefix(p.url(), "http://"), "· 1 key ready")
	if status, body := p.ask(); status != http.StatusOK {
		t.Fatalf("%d: %s", status, body)
	}
	s.tray.await("Last: gpt-oss-120b → cerebras/one", "")

	s.tray.click("Pause", func() bool { return s.tray.line("Resume") != "" })
	s.tray.await("Paused", "")
	if status, body := p.ask(); status != http.StatusServiceUnavailable {
		t.Errorf("while paused: %d: %s", status, body)
	}
	s.tray.click("Resume", func() bool { return s.tray.line("Pause") == "Pause" })
	if status, body := p.ask(); status != http.StatusOK {
		t.Errorf("after resuming: %d: %s", status, body)
	}
	if got := served(sim); len(got) != 2 {
		t.Errorf("the provider answered %v, want two", got)
	}
	s.tray.click("Copy base URL", func() bool { return s.copied() == p.url() })
}

func TestACooldownIsShownInTheTrayAndRunsDown(t *testing.T) {
	s := newSession(t, desk{})
	sim := cerebras(t, simulator.Fault{When: simulator.When{Times: 1}, What: "cerebras/tpm", Wait: simulator.Duration(8 * time.Second)})
	p := s.start(launch{dir: s.withKey("max_wait = \"1s\"\n" + settingsFor(sim))})
	s.tray.await("cerebras/one: ready", "")
	if status, body := p.ask(); status == http.StatusOK {
		t.Fatalf("%d: %s", status, body)
	}
	first := s.tray.await("cerebras/one: ", "back in ")
	s.tray.await("Serving on ", "0 of 1 key ready")
	eventually(t, "another figure than "+first, func() bool {
		l := s.tray.line("cerebras/one: ")
		return strings.Contains(l, "back in ") && l != first
	})
	s.tray.await("cerebras/one: ready", "")
	if status, body := p.ask(); status != http.StatusOK {
		t.Errorf("after the cooldown: %d: %s", status, body)
	}
}

// What the window says of a key is read as a person would take it elsewhere: its
// copy mark puts the card's own words into the clipboard.
func TestACooldownIsShownInTheWindowAndRunsDown(t *testing.T) {
	s := newSession(t, desk{})
	sim := cerebras(t, simulator.Fault{When: simulator.When{Times: 1}, What: "cerebras/tpm", Wait: simulator.Duration(15 * time.Second)})
	p := s.start(launch{dir: s.withKey("max_wait = \"1s\"\n" + settingsFor(sim))})
	s.tray.await("cerebras/one: ready", "")
	p.still()
	row := func() []byte { return p.strip(193, 94, 911, 24) } // the key's line in the overview
	said := func() string {
		p.press("ctrl+4")
		p.click(400, 97)  // the key
		p.click(1088, 76) // its copy mark
		return s.copied()
	}
	eventually(t, "the window says that the key is ready", func() bool { return said() == "cerebras/one: ready" })

	if status, body := p.ask(); status == http.StatusOK {
		t.Fatalf("%d: %s", status, body)
	}
	left := func() int {
		var minutes, seconds int
		_, rest, _ := strings.Cut(said(), "cerebras/one: back in ")
		if n, _ := fmt.Sscanf(rest, "%d:%d. Tokens per minute used up.", &minutes, &seconds); n != 2 {
			return 0
		}
		return 60*minutes + seconds
	}
	first := 0
	eventually(t, "the window says when the key is back", func() bool { first = left(); return first > 0 })
	if first > 15 {
		t.Errorf("it says in %d s, and the provider said 15", first)
	}
	eventually(t, "it says less than before", func() bool { l := left(); return l > 0 && l < first })
	p.press("ctrl+1")
	cools := row()
	eventually(t, "the overview's line changes by itself", func() bool { return !bytes.Equal(row(), cools) })

	s.tray.await("cerebras/one: ready", "")
	eventually(t, "the window says that the key is ready again", func() bool { return said() == "cerebras/one: ready" })
	p.press("ctrl+1")
	stands := row()
	p.still()
	if !bytes.Equal(row(), stands) {
		t.Error("the overview's line still runs")
	}
	if status, body := p.ask(); status != http.StatusOK {
		t.Errorf("after the cooldown: %d: %s", status, body)
	}
}

func TestARequestThatIsChosenShowsWhatWasTriedAndSaid(t *testing.T) {
	s := newSession(t, desk{})
	sim := cerebras(t, simulator.Fault{When: simulator.When{Key: "one"}, What: "cerebras/tpm", Wait: simulator.Duration(time.Minute)})
	data := s.withKey(settingsFor(sim))
	s.glmtray(data, keyTwo, "keys", "add", "cerebras", "two")
	p := s.start(launch{dir: data})
	s.tray.await("cerebras/two: ready", "")
	if status, body := p.ask(); status != http.StatusOK {
		t.Fatalf("%d: %s", status, body)
	}
	s.tray.await("Last: gpt-oss-120b → cerebras/two", "")
	p.still()
	for _, way := range []struct {
		name string
		page string
		x, y int
	}{{"from the overview", "ctrl+1", 500, 210}, {"from the log", "ctrl+7", 500, 130}, {"from the requests", "ctrl+2", 500, 92}} {
		var got string
		if !within(pollLimit, func() bool {
			p.press(way.page)
			p.click(way.x, way.y)
			p.still()
			p.click(copyAll.x, copyAll.y)
			got = s.copied()
			return strings.HasPrefix(got, "Request ")
		}) {
			t.Fatalf("%s: no request is shown; copied %q", way.name, got)
		}
		for _, want := range []string{
			"Answered by: cerebras/two", "Try 1: cerebras/one", "429 rate limited: tokens per minute used up", "Try 2: cerebras/two",
			"Rule vision: no images", "Rule everything: no other rule matched",
			`"content": "hello"`, "This is the simulator",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is not in\n%s", way.name, want, got)
			}
		}
		if strings.Contains(got, keyOne) || strings.Contains(got, keyTwo) {
			t.Errorf("%s: a key is in\n%s", way.name, got)
		}
		p.press("Escape")
		eventually(t, "something else is in the clipboard", func() bool {
			p.press("ctrl+1")
			p.click(386, 33) // the address's copy mark
			return s.copied() == p.url()
		})
	}
}

func TestASecondStartRaisesTheFirstWindow(t *testing.T) {
	s := newSession(t, desk{})
	p := s.start(launch{settings: settingsFor(cerebras(t))})
	p.url()
	p.awaitWindow()
	p.closeWindow()
	again := s.start(launch{dir: p.dir})
	again.wait(0)
	p.awaitWindow()
	if out := again.stdout.String(); out != "" {
		t.Errorf("the second one says %q", out)
	}
}

func TestASecondStartRaisesAWindowThatServesNothing(t *testing.T) {
	s := newSession(t, desk{})
	p := s.start(launch{settings: "colour = \"red\"\n"})
	s.tray.await("Not serving: ", "settings.toml:1")
	p.awaitWindow()
	p.closeWindow()
	again := s.start(launch{dir: p.dir})
	again.wait(0)
	p.awaitWindow()
}

func TestTwoStartsInTheSameInstantOpenOneWindow(t *testing.T) {
	s := newSession(t, desk{})
	settings := settingsFor(cerebras(t))
	for round := range 5 {
		first := s.start(launch{settings: settings})
		second := s.start(launch{dir: first.dir})
		var stays, goes *program
		eventually(t, "one of the two ends", func() bool {
			for _, pair := range [][2]*program{{first, second}, {second, first}} {
				select {
				case <-pair[0].gone:
					goes, stays = pair[0], pair[1]
					return true
				default:
				}
			}
			return false
		})
		goes.wait(0)
		if out := goes.stdout.String(); out != "" {
			t.Errorf("round %d: the one that ends says %q", round, out)
		}
		stays.url()
		stays.awaitWindow()
		if all := s.windows(); len(all) != 1 {
			t.Errorf("round %d: %d windows", round, len(all))
		}
		stays.stop()
	}
}

func TestAWindowBesideAProxyWithoutOneIsRefused(t *testing.T) {
	s := newSession(t, desk{})
	settings := settingsFor(cerebras(t))
	alone := s.start(launch{settings: settings, args: []string{"serve"}})
	alone.url()
	beside := s.start(launch{dir: alone.dir})
	beside.wait(1)
	if said := beside.stderr.String(); !strings.Contains(said, "without a window") || !strings.Contains(said, "hint: ") {
		t.Errorf("it says %q", said)
	}
}

func TestTheWindowClosesToTheTrayAndComesBack(t *testing.T) {
	s := newSession(t, desk{})
	p := s.start(launch{settings: settingsFor(cerebras(t))})
	p.awaitWindow()
	p.closeWindow()
	s.tray.click("Open glmtray", func() bool { return p.window() != "" })
	p.awaitWindow()
}

func TestQuitFromTheTrayEndsWithZero(t *testing.T) {
	s := newSession(t, desk{})
	p := s.start(launch{settings: settingsFor(cerebras(t))})
	p.url()
	s.tray.click("Quit", func() bool {
		select {
		case <-p.gone:
			return true
		default:
			return false
		}
	})
	p.wait(0)
}

func TestASignalEndsTheWindowWithZero(t *testing.T) {
	s := newSession(t, desk{})
	p := s.start(launch{settings: settingsFor(cerebras(t))})
	p.url()
	p.awaitWindow()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.wait(0)
}

func TestHiddenStartsInTheTrayOnlyWhereThereIsOne(t *testing.T) {
	t.Run("with a tray", func(t *testing.T) {
		s := newSession(t, desk{})
		p := s.start(launch{settings: settingsFor(cerebras(t)), args: []string{"app", "--hidden"}})
		p.url()
		s.tray.await("Open glmtray", "")
		if p.window() != "" {
			t.Error("the window is shown")
		}
		s.tray.vanish()
		p.awaitWindow() // nothing could bring it back
	})
	t.Run("without", func(t *testing.T) {
		s := newSession(t, desk{trayless: true})
		p := s.start(launch{settings: settingsFor(cerebras(t)), args: []string{"app", "--hidden"}})
		p.awaitWindow()
		p.closeWindow() // is the end, then
		p.wait(0)
	})
}

func TestWithoutASessionBusTheWindowServesAndEndsWithZero(t *testing.T) {
	s := newSession(t, desk{trayless: true})
	p := s.start(launch{settings: settingsFor(cerebras(t)), environ: []string{"DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent/bus"}})
	p.url()
	p.closeWindow()
	p.wait(0)
}

func TestTheQuestionsOfAFirstStartAreAskedOnce(t *testing.T) {
	s := newSession(t, desk{})
	p := s.start(launch{settings: "addr = \"127.0.0.1:0\"\n"})
	s.tray.await("Demo on ", "")
	p.still()
	// Keep no text, which is chosen beforehand; look around with the demo.
	p.press("Tab", "Tab", "Tab", "Tab", "space")
	settings := func() string {
		text, err := os.ReadFile(filepath.Join(p.dir, "settings.toml"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	eventually(t, "the answer stands in the settings", func() bool { return strings.Contains(settings(), "log_requests = false") })
	if status, body := p.ask(); status != http.StatusOK {
		t.Errorf("the demo answers %d: %s", status, body)
	}
	// Nothing is asked any more: the page of keys opens, which it does not while
	// something is.
	p.stop()
	again := s.start(launch{dir: p.dir})
	s.tray.await("Demo on ", "")
	again.addKey("desk", keyOne)
	eventually(t, "a key is added", func() bool { return strings.Contains(settings(), `name = "desk"`) })
}
