package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func init() { scriptCommands["keyof"] = cmdKeyOf }

var keyInFile = regexp.MustCompile(`sk-[A-Za-z0-9_-]{43}`)

// keyof FILE NAME sets a variable to the client key that stands in a file.
func cmdKeyOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keyof FILE NAME")
	}
	key := keyInFile.FindString(ts.ReadFile(args[0]))
	if key == "" {
		ts.Fatalf("keyof: %s holds no key", args[0])
	}
	ts.Setenv(args[1], key)
}

func TestWhatStandsBehindRunIsTheProgramsOwn(t *testing.T) {
	for _, c := range []struct{ args, want []string }{
		{[]string{"run", "claude", "--help"}, []string{"run", "claude", "--", "--help"}},
		{[]string{"--data-dir", "x", "run", "codex"}, []string{"--data-dir", "x", "run", "codex", "--"}},
		{[]string{"run", "vim", "-c"}, []string{"run", "vim", "-c"}},
		{[]string{"run"}, []string{"run"}},
		{[]string{"clients", "add", "run"}, []string{"clients", "add", "run"}},
		{nil, nil},
	} {
		if got := untouched(c.args); !slices.Equal(got, c.want) {
			t.Errorf("%q became %q", c.args, got)
		}
	}
}

// ownHome is an environment with a home of its own, and its data folder.
func ownHome(t *testing.T) (environ []string, home, dataDir string) {
	t.Helper()
	dir := t.TempDir()
	home, dataDir = filepath.Join(dir, "home"), filepath.Join(dir, "data")
	if err := errors.Join(os.Mkdir(home, 0o700), os.Mkdir(dataDir, 0o700)); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "bin")
	return []string{"HOME=" + home, "USERPROFILE=" + home, "GLMTRAY_DATA_DIR=" + dataDir, "PATH=" + bin}, home, dataDir
}

// Asked twice, a proxy that ends in between would leave the agent at an address
// that is a guess.
func TestRunAsksOnceWhetherAProxyRuns(t *testing.T) {
	linuxOnly(t) // the agent is a script
	environ, home, dataDir := ownHome(t)
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			asked.Add(1)
		}
		_, _ = io.WriteString(w, `{"program": "glmtray"}`)
	}))
	defer proxy.Close()
	codex := filepath.Join(filepath.Dir(home), "bin", "codex")
	err := errors.Join(
		writeRunFile(dataDir, runFile{URL: proxy.URL}),
		os.Mkdir(filepath.Dir(codex), 0o700), os.WriteFile(codex, []byte("#!/bin/sh\necho \"$@\"\n"), 0o700), //nolint:gosec // it is to be run
	)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"run", "codex"}, environ, strings.NewReader(""), &out, &errs); code != 0 {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	if !strings.Contains(out.String(), proxy.URL) || asked.Load() != 1 {
		t.Errorf("it asked %d times and began the agent with %s", asked.Load(), &out)
	}
}

func TestTheFilesOfAClientStandBelowTheirTitle(t *testing.T) {
	environ, _, _ := ownHome(t)
	var out, errs bytes.Buffer
	for _, args := range [][]string{{"connect", "codex", "--default", "--yes"}, {"connect", "--list"}} {
		out.Reset()
		if code := run(t.Context(), args, environ, strings.NewReader(""), &out, &errs); code != 0 {
			t.Fatalf("%v: exit code %d: %s", args, code, &errs)
		}
	}
	lines := strings.Split(out.String(), "\n")
	at := strings.Index(lines[0], "FILES")
	for _, line := range lines[1:] {
		if strings.HasPrefix(line, "codex ") {
			if line[at] == ' ' || strings.HasSuffix(line, " ") || strings.Count(line[at:], " ") != 1 {
				t.Errorf("the files begin elsewhere:\n%s\n%s", lines[0], line)
			}
			return
		}
	}
	t.Errorf("codex is not listed:\n%s", &out)
}

func TestAnInterruptedUninstallLeavesTheRest(t *testing.T) {
	environ, home, _ := ownHome(t)
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"connect", "codex", "--yes"}, environ, strings.NewReader(""), &out, &errs); code != 0 {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	out.Reset()
	errs.Reset()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	code := run(ctx, []string{"uninstall", "--yes", "--delete-data"}, environ, strings.NewReader(""), &out, &errs)
	if code != exitFail || !strings.Contains(errs.String(), "interrupted") || !strings.Contains(out.String(), "Left:\n  Codex CLI: connected, as it was\n") {
		t.Errorf("exit code %d, it said\n%s\n%s", code, &out, &errs)
	}
	if _, err := os.Stat(filepath.Join(home, ".codex", "glmtray.config.toml")); err != nil {
		t.Error(err)
	}
}

func TestAClientOfThisMachineReachesEveryAddress(t *testing.T) {
	for base, want := range map[string]string{
		"http://0.0.0.0:1234": "http://127.0.0.1:1234", "http://[::]:1234": "http://127.0.0.1:1234", "http://127.0.0.1:18080": "http://127.0.0.1:18080",
		"http://192.0.2.7:80": "http://192.0.2.7:80", "http://[::1]:5": "http://[::1]:5",
	} {
		if got := clientURL(base); got != want {
			t.Errorf("%s became %s", base, got)
		}
	}
}
