package secretservice

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Require is the variable which, set to 1, makes a missing daemon a failure.
const Require = "GLMTRAY_TEST_REQUIRE"

// Packages are what Debian and Ubuntu call what is needed.
const Packages = "dbus gnome-keyring libsecret-tools"

// startLimit is how long a daemon may take to come up.
const startLimit = 20 * time.Second

// busConfig is a session bus without service folders: nothing is started by
// name, neither another keyring nor a window that asks for a password.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=%s</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

// Service is a bus with an unlocked keyring on it.
type Service struct {
	dir  string
	bus  string
	ring *exec.Cmd       // the keyring's daemon
	over <-chan struct{} // closed when it has ended
}

// Start starts both daemons and ends them with the test.
func Start(t testing.TB) *Service {
	t.Helper()
	s := StartBus(t)
	need(t, "gnome-keyring-daemon")
	var out, errs bytes.Buffer
	cmd := s.command("gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
	cmd.Stdin = strings.NewReader("a password\n")
	cmd.Stdout, cmd.Stderr = &out, &errs
	s.ring, s.over = cmd, run(t, cmd)
	err := s.await(s.over, "org.freedesktop.secrets")
	if err != nil {
		t.Fatalf("gnome-keyring-daemon: %v", err)
	}
	return s
}

// StartBus starts a bus that has no Secret Service.
func StartBus(t testing.TB) *Service {
	t.Helper()
	need(t, "dbus-daemon")
	need(t, "dbus-send")
	dir, err := os.MkdirTemp("", "glmtray-bus") // short: a socket's path has 108 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &Service{dir: dir, bus: filepath.Join(dir, "bus")}
	for _, sub := range []string{"run", "home"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(dir, "bus.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, busConfig, s.bus), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := s.command("dbus-daemon", "--config-file="+config, "--nofork", "--nopidfile", "--print-address")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	run(t, cmd)
	// It prints the address once it listens.
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("dbus-daemon did not start: %v", err)
	}
	return s
}

// End ends the keyring, as it may end in a session that goes on.
func (s *Service) End() {
	_ = s.ring.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	<-s.over
}

// Lock locks the keyring, as a screen that is locked may.
func (s *Service) Lock(t testing.TB) {
	t.Helper()
	need(t, "dbus-send")
	cmd := s.command("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets",
		"org.freedesktop.Secret.Service.Lock", "array:objpath:/org/freedesktop/secrets/collection/login")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("locking the keyring: %v: %s", err, out)
	}
}

// Env is the environment for a process that shall use the service: this
// process's own, with the session's variables in place of the user's.
func (s *Service) Env() []string {
	drop := map[string]bool{
		"DISPLAY": true, "WAYLAND_DISPLAY": true, "GNOME_KEYRING_CONTROL": true, "SSH_AUTH_SOCK": true,
		"XDG_DATA_HOME": true, "XDG_CONFIG_HOME": true, "XDG_CACHE_HOME": true, "XDG_STATE_HOME": true,
		"DBUS_SESSION_BUS_ADDRESS": true, "XDG_RUNTIME_DIR": true, "HOME": true,
	}
	var env []string
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); !drop[name] {
			env = append(env, v)
		}
	}
	return append(env,
		"DBUS_SESSION_BUS_ADDRESS=unix:path="+s.bus,
		"XDG_RUNTIME_DIR="+filepath.Join(s.dir, "run"),
		"HOME="+filepath.Join(s.dir, "home"))
}

// Lookup reads an item with secret-tool, as any other program would; false if
// there is none.
func (s *Service) Lookup(t testing.TB, service, username string) (string, bool) {
	t.Helper()
	need(t, "secret-tool")
	cmd := s.command("secret-tool", "lookup", "service", service, "username", username)
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && len(exit.Stderr) == 0:
		return "", false // it says nothing when there is none
	case errors.As(err, &exit):
		t.Fatalf("secret-tool lookup: %s", exit.Stderr)
	case err != nil:
		t.Fatalf("secret-tool lookup: %v", err)
	}
	return string(out), true
}

// Store writes an item with secret-tool.
func (s *Service) Store(t testing.TB, service, username, text string) {
	t.Helper()
	need(t, "secret-tool")
	cmd := s.command("secret-tool", "store", "--label", username, "service", service, "username", username)
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("secret-tool store: %v: %s", err, out)
	}
}

func (s *Service) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), name, args...) //nolint:gosec // the names are written above
	cmd.Env = s.Env()
	return cmd
}

// await asks the bus until somebody has the name.
func (s *Service) await(ended <-chan struct{}, name string) error {
	limit := time.NewTimer(startLimit)
	defer limit.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		out, err := s.command("dbus-send", "--session", "--print-reply=literal", "--dest=org.freedesktop.DBus",
			"/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner", "string:"+name).Output()
		if err == nil && strings.Contains(string(out), "true") {
			return nil
		}
		select {
		case <-tick.C:
		case <-ended:
			return errors.New("it ended")
		case <-limit.C:
			return fmt.Errorf("%s has no owner after %v", name, startLimit)
		}
	}
}

// run starts a daemon and ends it, by its own process, with the test.
func run(t testing.TB, cmd *exec.Cmd) (ended <-chan struct{}) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait()
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
	return done
}

// need skips the test, or fails it, where a program is missing.
func need(t testing.TB, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	text := fmt.Sprintf("%s is missing; on Debian and Ubuntu: apt-get install --no-install-recommends %s", program, Packages)
	if os.Getenv(Require) == "1" {
		t.Fatal(text)
	}
	t.Skip("SKIPPED, NOT TESTED: " + text)
}
