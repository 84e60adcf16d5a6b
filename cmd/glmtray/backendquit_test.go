//go:build !headless

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/glmtray/glmtray/internal/connect"
	"github.com/glmtray/glmtray/internal/ui"
)

// twoAgents connects Claude Code and Codex in a window, and gives their files.
func twoAgents(t *testing.T) (d *desktop, b *bench, claude, codex string) {
	t.Helper()
	b = newBench(t)
	claude = withClaude(t, b, "{}\n")
	codex = filepath.Join(b.dir, ".codex", "glmtray.config.toml")
	d, end := newWindow(t, b)
	t.Cleanup(end)
	for _, id := range []string{"claude-code", "codex"} {
		if _, err := d.ConnectAgent(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	return d, b, claude, codex
}

// wantPutBack wants both files as they were, and no key left.
func wantPutBack(t *testing.T, d *desktop, claude, codex string) {
	t.Helper()
	if got := read(t, claude); got != "{}\n" {
		t.Errorf("%s is\n%s", claude, got)
	}
	if _, err := os.Stat(codex); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: %v", codex, err)
	}
	if keys, err := d.ClientKeys(t.Context()); err != nil || len(keys) != 0 {
		t.Errorf("the keys: %+v, %v", keys, err)
	}
}

func TestWindowRestoresWhatAnUnreadableRecordKnewOf(t *testing.T) {
	d, b, claude, codex := twoAgents(t)
	if err := os.WriteFile(filepath.Join(b.dir, "connections.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := d.Agents(t.Context())
	var lost *ui.LostRecord
	if !errors.As(err, &lost) {
		t.Fatalf("it is told as %v", err)
	}
	for i := range list {
		if want := slices.Contains([]string{"claude-code", "codex"}, list[i].ID); list[i].Connected != want {
			t.Errorf("%s: connected %v", list[i].ID, list[i].Connected)
		}
	}
	if _, err := d.DisconnectAgents(t.Context()); !errors.Is(err, connect.ErrLedger) {
		t.Errorf("disconnecting: %v", err)
	}
	said, err := d.RestoreAgents(t.Context())
	if err != nil || !strings.Contains(said, "Disconnected Claude Code.") || !strings.Contains(said, "Disconnected Codex CLI.") {
		t.Errorf("%q, %v", said, err)
	}
	wantPutBack(t, d, claude, codex)
}

func TestWindowPutsBackWhatALostRecordKnewOf(t *testing.T) {
	d, b, claude, codex := twoAgents(t)
	if err := os.Remove(filepath.Join(b.dir, "connections.json")); err != nil {
		t.Fatal(err)
	}
	if !agentNamed(t, d, "codex").Connected {
		t.Error("nobody would be asked about it")
	}
	if said, err := d.DisconnectAgents(t.Context()); err != nil || strings.Count(said, "Disconnected ") != 2 {
		t.Errorf("%q, %v", said, err)
	}
	wantPutBack(t, d, claude, codex)
}

// Here the data folder is the home folder, too.
func TestWindowIsUninstalledWithWhatItHasMade(t *testing.T) {
	linuxOnly(t)
	d, b, claude, codex := twoAgents(t)
	b.must("csk-one-0123456789abcdef", "keys", "add", "cerebras", "one")
	if err := d.Set(t.Context(), startAtLogin, "true"); err != nil {
		t.Fatal(err)
	}
	if on, err := startsAtLogin(d.e); err != nil || !on {
		t.Fatalf("it starts at login: %v, %v", on, err)
	}
	b.must("", "uninstall", "--yes", "--delete-data")
	if on, err := startsAtLogin(d.e); err != nil || on {
		t.Errorf("it starts at login: %v, %v", on, err)
	}
	if text, ok := b.chain.Text("cerebras", "one"); ok {
		t.Errorf("the keychain has %d bytes", len(text))
	}
	if got := read(t, claude); got != "{}\n" {
		t.Errorf("%s is\n%s", claude, got)
	}
	if _, err := os.Stat(codex); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: %v", codex, err)
	}
	list, err := os.ReadDir(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if !slices.Contains([]string{".claude", ".config", "Library"}, e.Name()) { // the folders of others
			t.Errorf("left behind: %s", e.Name())
		}
	}
}

// tiring is a context that ends after its end was asked for some times.
type tiring struct {
	context.Context
	left atomic.Int32
}

func (c *tiring) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

func TestWindowStopsBetweenAgentsAndSaysWhatWasDone(t *testing.T) {
	d, _, claude, codex := twoAgents(t)
	ctx := &tiring{Context: t.Context()}
	said, err := d.DisconnectAgents(ctx)
	if !errors.Is(err, context.Canceled) || said != "" || !strings.Contains(err.Error(), "still connected: Claude Code, Codex CLI") {
		t.Errorf("at once: %q, %v", said, err)
	}
	ctx.left.Store(1)
	said, err = d.DisconnectAgents(ctx)
	if !errors.Is(err, context.Canceled) || !strings.HasPrefix(said, "Disconnected Claude Code.") || !strings.HasSuffix(err.Error(), "still connected: Codex CLI") {
		t.Errorf("after one: %q, %v", said, err)
	}
	if got := read(t, claude); got != "{}\n" {
		t.Errorf("%s is\n%s", claude, got)
	}
	if keys, err := d.ClientKeys(t.Context()); err != nil || len(keys) != 1 || keys[0].Agent != "Codex CLI" {
		t.Errorf("the keys: %+v, %v", keys, err)
	}
	if _, err := d.DisconnectAgents(t.Context()); err != nil {
		t.Error(err)
	}
	wantPutBack(t, d, claude, codex)
}
