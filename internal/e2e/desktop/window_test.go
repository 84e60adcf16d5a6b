//go:build linux && !headless

package desktop

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// window is the program's window as X11 shows it: its number, "" while it is
// hidden.
func (p *program) window() string {
	out, err := p.s.command("xdotool", "search", "--all", "--onlyvisible", "--pid", strconv.Itoa(p.cmd.Process.Pid), "--name", "^glmtray$").Output()
	if err != nil {
		return "" // it finds none
	}
	id, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return id
}

// windows are the windows of whatever glmtray, as X11 shows them.
func (s *session) windows() []string {
	out, err := s.command("xdotool", "search", "--onlyvisible", "--name", "^glmtray$").Output()
	if err != nil {
		return nil // it finds none
	}
	return strings.Fields(string(out))
}

// awaitWindow waits until the window is shown and has the focus.
func (p *program) awaitWindow() string {
	p.t.Helper()
	var id string
	eventually(p.t, "the window is shown and has the focus", func() bool {
		id = p.window()
		return id != "" && p.focused(id)
	})
	return id
}

// focused reports whether keys go to a window.
func (p *program) focused(id string) bool {
	out, err := p.s.command("xdotool", "getwindowfocus").Output()
	return err == nil && strings.TrimSpace(string(out)) == id
}

// xdotool acts as a person at the keyboard and the mouse.
func (p *program) xdotool(args ...string) {
	p.t.Helper()
	if out, err := p.s.command("xdotool", args...).CombinedOutput(); err != nil {
		p.t.Fatalf("xdotool %v: %v: %s", args, err, out)
	}
}

// pace is how fast a person acts: how long a button is held down, and how long
// lies between two acts. Nothing is waited for with it.
const pace = 100 * time.Millisecond

// click presses the left button at a place of the window.
func (p *program) click(x, y int) {
	p.t.Helper()
	hold := strconv.FormatFloat(pace.Seconds(), 'f', -1, 64)
	p.xdotool("mousemove", strconv.Itoa(x), strconv.Itoa(y), "sleep", hold, "mousedown", "1", "sleep", hold, "mouseup", "1")
	time.Sleep(4 * pace) // a second click within that time would be a double one
}

// press presses keys, one after the other.
func (p *program) press(keys ...string) {
	p.t.Helper()
	for _, k := range keys {
		p.xdotool("key", k)
		time.Sleep(pace)
	}
}

// write types a text into what has the focus.
func (p *program) write(text string) {
	p.t.Helper()
	p.xdotool("type", "--delay", "20", text)
	time.Sleep(pace)
}

// closeWindow is the window's cross, which the window manager also has on a key.
// The window is hidden after it, or the program is gone.
func (p *program) closeWindow() {
	p.t.Helper()
	for range 5 {
		p.awaitWindow()
		p.press("alt+F4")
		if within(3*time.Second, func() bool { return p.window() == "" }) {
			return
		}
	}
	p.t.Fatal("the window does not close")
}

// copied is what stands in the clipboard: the way in which text leaves a window.
func (s *session) copied() string {
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Second) // its owner may be busy
	defer cancel()
	cmd := exec.CommandContext(ctx, "xclip", "-selection", "clipboard", "-out")
	cmd.Env = s.environ
	out, err := cmd.Output()
	if err != nil {
		return "" // nothing was copied yet
	}
	return string(out)
}

// strip is a part of the window as it is drawn now.
func (p *program) strip(x, y, width, height int) []byte {
	p.t.Helper()
	part := fmt.Sprintf("%dx%d+%d+%d", width, height, x, y)
	out, err := p.s.command("import", "-window", p.awaitWindow(), "-crop", part, "+repage", "ppm:-").Output()
	if err != nil {
		p.t.Fatalf("import: %v", err)
	}
	return out
}

// still waits until the window stands still: whatever was asked for is drawn
// then. A figure that runs down does not hold it up for long.
func (p *program) still() (picture []byte) {
	p.t.Helper()
	id := p.awaitWindow()
	within(3*time.Second, func() bool {
		now, err := p.s.command("import", "-window", id, "png:-").Output()
		if err != nil {
			p.t.Fatalf("import: %v", err)
		}
		same := bytes.Equal(now, picture)
		picture = now
		return same && !p.runnable()
	})
	return picture
}

// runnable reports whether the program has something to do and waits for a processor: on
// a machine that is busy the window stands still for as long as it has none.
func (p *program) runnable() bool {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.cmd.Process.Pid))
	for _, task := range tasks {
		stat, err := os.ReadFile(task)
		if err != nil {
			continue // the thread has ended
		}
		if _, state, ok := strings.Cut(string(stat), ") "); ok && strings.HasPrefix(state, "R") {
			return true
		}
	}
	return false
}
