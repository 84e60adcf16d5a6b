package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// The real clients, pinned: what they send and need changes with every version,
// so that a newer one is taken by an edit here and a run of these tests.
const clientPackages = `{
  "name": "glmtray-test-clients",
  "private": true,
  "dependencies": {
    "@anthropic-ai/claude-code": "2.1.197",
    "@openai/codex": "0.169.0",
    "opencode-ai": "1.18.33"
  }
}
`

// Where each package keeps its program, below node_modules.
var clientPrograms = map[string]string{
	"claude":   "@anthropic-ai/claude-code-linux-x64/claude",
	"codex":    "@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex",
	"opencode": "opencode-linux-x64/bin/opencode",
}

// agentLimit bounds one run of a client. They retry for minutes if something is
// wrong.
const agentLimit = 4 * time.Minute

// installClients has npm fetch the clients, once, into the user's cache: they are
// a gigabyte.
var installClients = sync.OnceValues(func() (string, error) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return "", errors.New("the clients are pinned for linux on amd64 only")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(clientPackages))
	dir := filepath.Join(cache, "glmtray-tests", "clients-"+hex.EncodeToString(sum[:6]))
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err == nil {
		return dir, nil
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return "", fmt.Errorf("npm, which fetches them, is not installed: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return "", err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "fetching-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(fresh) }() // it has another name by then, if all went well
	if err := os.WriteFile(filepath.Join(fresh, "package.json"), []byte(clientPackages), 0o600); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	// No script of a package is run: the programs are whole as they come.
	cmd := exec.CommandContext(ctx, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock")
	cmd.Dir = fresh
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm install: %w: %.600s", err, text)
	}
	return dir, os.Rename(fresh, dir)
})

// client gives the path of a real client.
func client(t *testing.T, name string) string {
	t.Helper()
	dir, err := installClients()
	if err != nil {
		t.Skipf("SKIPPED, NOT TESTED: %s could not be had: %v", name, err)
	}
	path := filepath.Join(dir, "node_modules", clientPrograms[name])
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("the package of %s is not what was pinned: %v", name, err)
	}
	return path
}

// agent is a client in a home and a project of its own.
type agent struct {
	t       *testing.T
	name    string
	path    string
	home    string
	project string
	environ []string
}

// newAgent makes a home in which nothing is configured. It does not lie in the
// folder for temporary files, where Codex refuses to have its own.
func newAgent(t *testing.T, name string) *agent {
	t.Helper()
	a := &agent{t: t, name: name, path: client(t, name)}
	base, err := filepath.Abs(filepath.Join(root, "bin", "e2e", "homes"))
	if err != nil {
		t.Fatal(err)
	}
	if err = os.MkdirAll(base, 0o700); err != nil {
		t.Fatal(err)
	}
	if a.home, err = os.MkdirTemp(base, name+"-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(a.home) })
	a.project = filepath.Join(a.home, "project")
	write(t, filepath.Join(a.project, "README.md"), "# A project\n")
	a.environ = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + a.home, "TMPDIR=" + os.TempDir(), "LANG=C.UTF-8", "TERM=dumb", "SHELL=/bin/sh",
		"DISABLE_AUTOUPDATER=1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
		"OPENCODE_DISABLE_MODELS_FETCH=1", "OPENCODE_DISABLE_AUTOUPDATE=1", "OPENCODE_DISABLE_LSP_DOWNLOAD=1",
	}
	return a
}

// run runs the client in its project, gives what it printed, and wants it to
// have succeeded.
func (a *agent) run(args ...string) string {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), agentLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, a.path, args...)
	cmd.Dir, cmd.Env = a.project, a.environ
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		a.t.Fatalf("%s %q: %v\nstdout: %s\nstderr: %s", a.name, args, err, last(stdout.String()), last(stderr.String()))
	}
	return stdout.String()
}

func last(text string) string { return text[max(0, len(text)-4000):] }
