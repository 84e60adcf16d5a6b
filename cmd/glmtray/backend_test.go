//go:build !headless

package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/glmtray/glmtray/internal/secret"
	"github.com/glmtray/glmtray/internal/ui"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// newWindow is the program behind a window that nobody sees.
func newWindow(t *testing.T, b *bench, environ ...string) (d *desktop, end context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	e := &env{
		ctx: ctx, cli: &folders{DataDir: b.dir}, stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard,
		environ: append([]string{"HOME=" + b.dir}, environ...),
	}
	return newDesktop(e, appOptions{flags: map[string]string{}}), cancel
}

// started runs it until the test ends.
func started(t *testing.T, d *desktop, end context.CancelFunc) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.run()
	}()
	t.Cleanup(func() {
		end()
		<-done
	})
}

func awaitState(t *testing.T, d *desktop, want string) state.Server {
	t.Helper()
	for limit := time.Now().Add(awaitLimit); ; time.Sleep(pollEvery) {
		s := d.Snapshot().Server
		if s.State == want {
			return s
		}
		if time.Now().After(limit) {
			t.Fatalf("it is %q (%s), want %q", s.State, s.Problem, want)
		}
	}
}

func TestWindowAsksBeforeAKeyIsAddedThatWantsAYes(t *testing.T) {
	b := newBench(t)
	b.must("csk-one-0123456789abcdef", "keys", "add", "cerebras", "one")
	d, end := newWindow(t, b)
	defer end()
	tests := []struct {
		name string
		key  ui.NewKey
		want string
	}{
		{"a name that is there", ui.NewKey{Provider: "cerebras", Name: "one", Secret: secret.New("csk-two-0123456789abcdef")}, "replace"},
		{"a plan's policy", ui.NewKey{Provider: "zai", Name: "plan", Endpoint: "plan", Secret: secret.New("0123456789abcdef0123456789abcdef.0123456789abcdef")}, "policy"},
		{"another vendor's key", ui.NewKey{Provider: "synthetic", Name: "x", Secret: secret.New("csk-two-0123456789abcdef")}, "sure"},
		{"the key that is there now", ui.NewKey{Provider: "cerebras", Name: "two", Secret: secret.New("csk-two-0123456789abcdef")}, "sure"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var needs *ui.Needs
			if err := d.AddKey(t.Context(), tt.key); !errors.As(err, &needs) || needs.What != tt.want || needs.Text == "" {
				t.Fatalf("got %v, want to be asked for %q", err, tt.want)
			}
			k := tt.key
			k.Replace, k.PolicyRead, k.Sure = true, true, true
			if err := d.AddKey(t.Context(), k); err != nil {
				t.Errorf("after a yes: %v", err)
			}
		})
	}
	b.wantItem("one", "csk-two-0123456789abcdef")
}

func TestWindowShowsWhatTheEnvironmentRulesAsFixed(t *testing.T) {
	b := newBench(t)
	d, end := newWindow(t, b, "CEREBRAS_COOLDOWN=30s")
	defer end()
	if err := d.Set(t.Context(), "token_threshold", "90000"); err != nil {
		t.Fatal(err)
	}
	if err := d.Set(t.Context(), "token_threshold", "many"); err == nil || !strings.Contains(err.Error(), "whole number") {
		t.Errorf("a wrong value: %v", err)
	}
	want := map[string]state.Setting{
		"cooldown":        {Value: "30s", Origin: "CEREBRAS_COOLDOWN", Fixed: true},
		"token_threshold": {Value: "90000", Origin: "settings.toml:1"},
		"log_requests":    {Value: "false", Origin: "default"}, // until somebody has said yes
	}
	shown, err := d.Settings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range shown {
		w, ok := want[s.Name]
		if !ok {
			continue
		}
		delete(want, s.Name)
		if s.Value != w.Value || s.Origin != w.Origin || s.Fixed != w.Fixed {
			t.Errorf("%s is %+v, want %+v", s.Name, s, w)
		}
	}
	if len(want) > 0 {
		t.Errorf("not shown: %v", want)
	}
}

func TestWindowSaysWhatIsWrongWithTheSettings(t *testing.T) {
	b := newBench(t)
	if err := os.WriteFile(filepath.Join(b.dir, "settings.toml"), []byte("token_threshold = \"many\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, end := newWindow(t, b)
	defer end()
	_, settings := d.Settings(t.Context())
	_, providers := d.Providers(t.Context())
	_, rules := d.Rules(t.Context())
	_, about := d.About(t.Context())
	for what, err := range map[string]error{
		"settings": settings, "providers": providers, "rules": rules, "about": about, "folder": d.Folder("logs"),
	} {
		if err == nil || !strings.Contains(err.Error(), "settings.toml:1") || !strings.Contains(err.Error(), "mend the file") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestWindowStartsAtLoginAndNoLonger(t *testing.T) {
	linuxOnly(t)
	b := newBench(t)
	d, end := newWindow(t, b)
	defer end()
	file := filepath.Join(b.dir, ".config", "autostart", "glmtray.desktop")
	for _, on := range []string{"true", "false", "false", "true"} {
		if err := d.Set(t.Context(), startAtLogin, on); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(file); (err == nil) != (on == "true") {
			t.Errorf("set to %s the file is there: %v", on, err)
		}
		if got := d.Snapshot().AtLogin; got != state.SwitchOf(on == "true") {
			t.Errorf("set to %s the window shows %v", on, got)
		}
	}
}

func TestSnapshotsDoNotEachAskTheSystemWhatStartsAtLogin(t *testing.T) {
	linuxOnly(t)
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		d, end := newWindow(t, b)
		defer end()
		if got := d.Snapshot().AtLogin; got != state.SwitchedOff {
			t.Fatalf("at first it is %v", got)
		}
		if err := setLogin(d.e, true); err != nil { // as the system's own settings do
			t.Fatal(err)
		}
		if got := d.Snapshot().AtLogin; got != state.SwitchedOff {
			t.Errorf("the system was asked again at once: %v", got)
		}
		time.Sleep(loginFresh + 1)
		if got := d.Snapshot().AtLogin; got != state.SwitchedOn {
			t.Errorf("a change elsewhere is not seen: %v", got)
		}
	})
}

func TestWindowStaysWhenThePortIsTakenAndServesOnceThereIsAnother(t *testing.T) {
	b := newBench(t)
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	d, end := newWindow(t, b)
	if err := d.Set(t.Context(), "addr", taken.Addr().String()); err != nil {
		t.Fatal(err)
	}
	started(t, d, end)
	s := awaitState(t, d, state.Failed)
	if !strings.Contains(s.Problem, "is taken by") || !strings.Contains(s.WayOut, "in the settings") {
		t.Errorf("it says %q, %q", s.Problem, s.WayOut)
	}
	if err := d.Set(t.Context(), "addr", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s = awaitState(t, d, state.Serving)
	if !strings.HasPrefix(s.URL, "http://127.0.0.1:") || s.Problem != "" {
		t.Errorf("it serves as %+v", s)
	}
	d.Pause()
	awaitState(t, d, state.Paused)
	d.Resume()
	awaitState(t, d, state.Serving)
}

func TestWindowSaysThatTheKeychainCannotBeReadAndTriesAgain(t *testing.T) {
	b := newBench(t)
	b.must("csk-one-0123456789abcdef", "keys", "add", "cerebras", "one")
	b.chain.Fail(errors.New("locked"))
	d, end := newWindow(t, b)
	if err := d.Set(t.Context(), "addr", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	started(t, d, end)
	if s := awaitState(t, d, state.Failed); !strings.Contains(s.Problem, "locked") || s.WayOut == "" {
		t.Errorf("it says %q, %q", s.Problem, s.WayOut)
	}
	b.chain.Fail(nil)
	d.Resume()
	awaitState(t, d, state.Serving)
	if keys := d.Snapshot().Keys; len(keys) != 1 || keys[0].Name != "one" {
		t.Errorf("it has %+v", keys)
	}
}
