package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/store/keychain"
)

// bench is one installation with a keychain in memory.
type bench struct {
	t     *testing.T
	dir   string
	chain *keychain.Mem
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), chain: keychain.Memory()}
	old := systemKeychain
	systemKeychain = b.chain
	t.Cleanup(func() { systemKeychain = old })
	return b
}

// run runs a command line and gives its exit code and what it said.
func (b *bench) run(stdin string, args ...string) (code int, out string) {
	b.t.Helper()
	var said bytes.Buffer
	environ := []string{"HOME=" + b.dir, "GLMTRAY_DATA_DIR=" + b.dir}
	code = run(context.Background(), args, environ, strings.NewReader(stdin), &said, &said)
	return code, said.String()
}

func (b *bench) must(stdin string, args ...string) {
	b.t.Helper()
	if code, out := b.run(stdin, args...); code != exitOK {
		b.t.Fatalf("glmtray %s: exit code %d\n%s", strings.Join(args, " "), code, out)
	}
}

// lockSettings makes every edit of the settings fail.
func (b *bench) lockSettings() {
	b.t.Helper()
	lock := filepath.Join(b.dir, "settings.toml.lock")
	if err := errors.Join(os.RemoveAll(lock), os.Mkdir(lock, 0o700)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) wantItem(name, key string) {
	b.t.Helper()
	text, there := b.chain.Text("cerebras", name)
	if got, _, _ := strings.Cut(text, "\n"); got != key || there != (key != "") {
		b.t.Errorf("the keychain has %q under cerebras/%s, want %q", got, name, key)
	}
}

func TestTheKeychainIsAsBeforeWhenTheSettingsCannotBeWritten(t *testing.T) {
	for _, c := range []struct {
		name string
		in   string
		args []string
	}{
		{"adding", "csk-two", []string{"keys", "add", "cerebras", "two"}},
		{"replacing", "csk-two", []string{"keys", "add", "cerebras", "one", "--account", "a", "--yes"}},
		{"renaming", "", []string{"keys", "rename", "cerebras", "one", "two"}},
		{"removing", "", []string{"keys", "remove", "cerebras", "one", "--yes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.must("csk-one", "keys", "add", "cerebras", "one")
			b.lockSettings()
			if code, out := b.run(c.in, c.args...); code != exitFail || !strings.Contains(out, "error: ") {
				t.Errorf("exit code %d, want %d, and an error:\n%s", code, exitFail, out)
			}
			b.wantItem("one", "csk-one")
			b.wantItem("two", "")
		})
	}
}

func TestNothingIsNamedWhenTheKeychainDoesNotAnswer(t *testing.T) {
	b := newBench(t)
	b.chain.Fail(errors.New("locked"))
	code, out := b.run("csk-one", "keys", "add", "cerebras")
	if code != exitFail || !strings.Contains(out, "locked") || !strings.Contains(out, "hint: ") {
		t.Errorf("exit code %d, said:\n%s", code, out)
	}
	if _, err := os.Stat(filepath.Join(b.dir, "settings.toml")); err == nil {
		t.Error("the settings were written nevertheless")
	}
}

func TestARemovedKeyThatStaysInTheKeychainIsSaid(t *testing.T) {
	b := newBench(t)
	b.must("csk-one", "keys", "add", "cerebras", "one")
	b.chain.Fail(errors.New("locked"))
	code, out := b.run("", "keys", "remove", "cerebras", "one", "--yes")
	if code != exitFail || !strings.Contains(out, "still in the keychain") || !strings.Contains(out, "cerebras/one") {
		t.Errorf("exit code %d, said:\n%s", code, out)
	}
	b.chain.Fail(nil)
	if _, out := b.run("", "keys", "list"); !strings.Contains(out, "no key yet") {
		t.Errorf("the settings still name it:\n%s", out)
	}
}

func TestAnInterruptedPromptChangesNothing(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	stdin, typing := io.Pipe() // nobody ever types
	defer func() { _ = typing.Close() }()
	var said bytes.Buffer
	cancel()
	code := run(ctx, []string{"keys", "add", "cerebras", "--data-dir", b.dir}, nil, stdin, io.Discard, &said)
	if code != exitFail || !strings.Contains(said.String(), errDeclined.Error()) {
		t.Errorf("exit code %d, said %q", code, said.String())
	}
}
