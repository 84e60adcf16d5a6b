//go:build linux && !headless

package desktop

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/store/keychain/secretservice"
)

// How long is waited for what must come. None of these times is a measure of
// anything: the machine may be busy with other tests.
const (
	startLimit = 60 * time.Second
	stopLimit  = 60 * time.Second
	pollLimit  = time.Minute
	pollEvery  = 20 * time.Millisecond
)

// packages are what Debian and Ubuntu call what these tests need.
const packages = "xvfb openbox xdotool xclip x11-utils imagemagick libgl1-mesa-dri " + secretservice.Packages

// session is a desktop of a test's own.
type session struct {
	t       *testing.T
	secrets *secretservice.Service
	environ []string // for programs in it
	tray    *host
	notes   *notes // what was told by notifications
}

// desk is how a session differs from the usual one.
type desk struct {
	trayless bool
	screen   string // "1280x900"; "" is that
}

func newSession(t *testing.T, d desk) *session {
	t.Helper()
	for _, program := range []string{"Xvfb", "openbox", "xdotool", "xclip", "xprop", "import"} {
		need(t, program)
	}
	s := &session{t: t, secrets: secretservice.Start(t)}
	s.environ = append(
		s.secrets.Env(), "LANG=en_US.UTF-8", "LC_ALL=en_US.UTF-8", "LIBGL_ALWAYS_SOFTWARE=1", "FYNE_SCALE=1", "XDG_SESSION_TYPE=x11",
		"GORACE=atexit_sleep_ms=0", "NO_AT_BRIDGE=1",
	)
	s.environ = append(s.environ, "DISPLAY=:"+s.startX(cmp.Or(d.screen, "1280x900")))
	s.startManager()
	s.notes = newNotes(t, s.variable("DBUS_SESSION_BUS_ADDRESS"))
	if !d.trayless {
		s.tray = newHost(t, s.variable("DBUS_SESSION_BUS_ADDRESS"))
	}
	return s
}

// need skips the test, or fails it, where a program is missing.
func need(t *testing.T, program string) {
	t.Helper()
	needOf(t, program, packages)
}

// needOf is need for a program of other packages.
func needOf(t *testing.T, program, packages string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	text := fmt.Sprintf("%s is missing; on Debian and Ubuntu: apt-get install --no-install-recommends %s", program, packages)
	if os.Getenv(secretservice.Require) == "1" {
		t.Fatal(text)
	}
	t.Skip("SKIPPED, NOT TESTED: " + text)
}

func (s *session) variable(name string) string {
	for i := len(s.environ) - 1; i >= 0; i-- {
		if have, value, _ := strings.Cut(s.environ[i], "="); have == name {
			return value
		}
	}
	return ""
}

// startX starts an X server and gives the number of its display, which it
// chooses itself and tells once it accepts.
func (s *session) startX(screen string) string {
	s.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), "Xvfb", "-displayfd", "3", "-screen", "0", screen+"x24", "-nolisten", "tcp", "-noreset", "-ac")
	cmd.ExtraFiles = []*os.File{w}
	daemon(s.t, cmd)
	_ = w.Close() // it is the server's now
	_ = r.SetReadDeadline(time.Now().Add(startLimit))
	line, err := bufio.NewReader(r).ReadString('\n')
	_ = r.Close()
	if err != nil {
		s.t.Fatalf("Xvfb did not start: %v", err)
	}
	return strings.TrimSpace(line)
}

// startManager starts the window manager: without one no window has the focus.
func (s *session) startManager() {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "rc.xml")
	// No decorations and no placing of its own: a window stands at 0,0.
	text := `<?xml version="1.0"?><openbox_config xmlns="http://openbox.org/3.4/rc">
<keyboard><keybind key="A-F4"><action name="Close"/></keybind></keyboard>
<applications><application class="*"><decor>no</decor><position force="yes"><x>0</x><y>0</y></position></application></applications>
</openbox_config>`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	daemon(s.t, s.command("openbox", "--sm-disable", "--config-file", file))
	eventually(s.t, "a window manager", func() bool {
		out, err := s.command("xprop", "-root", "_NET_SUPPORTING_WM_CHECK").Output()
		return err == nil && strings.Contains(string(out), "window id")
	})
}

func (s *session) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), name, args...)
	cmd.Env = s.environ
	return cmd
}

// daemon starts a process and ends it, by its own number, with the test.
func daemon(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // its end is the test's
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			_ = cmd.Process.Kill()
			<-done
		}
	})
}

// eventually polls until ok, for what has no event to wait for.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	if !within(pollLimit, ok) {
		t.Fatalf("never: %s", what)
	}
}

func within(limit time.Duration, ok func() bool) bool {
	for end := time.Now().Add(limit); ; time.Sleep(pollEvery) {
		if ok() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}
