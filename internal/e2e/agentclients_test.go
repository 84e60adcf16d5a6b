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
	"regexp"
	"runtime"
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

// fetchLimit bounds npm. Below the ten minutes that go test gives the package;
// what was fetched by then is in npm's cache for the next time.
const fetchLimit = 6 * time.Minute

// Why the clients cannot be had.
var (
	errPlatform = errors.New("the clients are pinned for linux on amd64 only")
	errNoNPM    = errors.New("npm, which fetches the clients, is not installed")
	errRegistry = errors.New("npm cannot reach the registry")
)

// unreachable are npm's words for a registry that cannot be reached, as against
// one that does not have what is pinned.
var unreachable = regexp.MustCompile(`\b(EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENETDOWN|ERR_SOCKET_TIMEOUT|E50[0-9])\b`)

// clientCache gives a path in the folder that these tests have in the user's
// cache.
func clientCache(name string) (string, error) {
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "glmtray-tests", name), err
}

// installClients has npm fetch the clients, once, into the user's cache: they are
// a gigabyte.
var installClients = sync.OnceValues(func() (string, error) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return "", errPlatform
	}
	sum := sha256.Sum256([]byte(clientPackages))
	dir, err := clientCache("clients-" + hex.EncodeToString(sum[:6]))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return "", err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "fetching-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(fresh) }() // it has another name by then, if all went well
	if err := fetchClients(fresh); err != nil {
		return "", err
	}
	err = os.Rename(fresh, dir)
	if _, there := os.Stat(filepath.Join(dir, "node_modules")); there == nil {
		err = nil // another run was faster
	}
	return dir, err
})

func fetchClients(dir string) error {
	if _, err := exec.LookPath("npm"); err != nil {
		return errNoNPM
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(clientPackages), 0o600); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), fetchLimit)
	defer cancel()
	// No script of a package is run: the programs are whole as they come.
	cmd := exec.CommandContext(ctx, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock")
	cmd.Dir = dir
	text, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w in %v", errRegistry, fetchLimit)
	case unreachable.Match(text):
		return fmt.Errorf("%w: %.600s", errRegistry, text)
	}
	return fmt.Errorf("npm install: %w: %.600s", err, text)
}

// everything says that what is left out of a short run is asked for.
func everything() bool { return os.Getenv("GLMTRAY_E2E_FULL") == "1" }

// client gives the path of a real client. Where there is no network a test is
// skipped; where one was asked for by name, as make e2e-full does, it fails.
func client(t *testing.T, name string) string {
	t.Helper()
	dir, err := installClients()
	lacking := errors.Is(err, errNoNPM) && os.Getenv("GLMTRAY_TEST_REQUIRE") != "1"
	switch {
	case err == nil:
	case everything():
		t.Fatalf("%s could not be had: %v", name, err)
	case lacking, errors.Is(err, errPlatform), errors.Is(err, errRegistry):
		t.Skipf("SKIPPED, NOT TESTED: %s could not be had: %v", name, err)
	default:
		t.Fatalf("%s could not be had: %v", name, err)
	}
	path := filepath.Join(dir, "node_modules", clientPrograms[name])
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("the package of %s is not what was pinned: %v", name, err)
	}
	return path
}
