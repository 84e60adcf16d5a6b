//go:build !headless

package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestOneWindowAloneHasADataFolder(t *testing.T) {
	dir := t.TempDir()
	release, raised, err := soleWindow(lockedEnv(t.Context(), dir, io.Discard))
	if raised || err != nil {
		t.Fatal(raised, err)
	}
	other, err := openLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if err := tryLock(other); !errors.Is(err, errHeld) {
		t.Fatalf("the lock is given twice: %v", err)
	}
	if info, err := os.Stat(other.Name()); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	release()
	if err := tryLock(other); err != nil {
		t.Errorf("released, it is not free: %v", err)
	}
}

func TestASecondWindowWaitsForTheFirst(t *testing.T) {
	tests := []struct {
		name   string
		then   func(t *testing.T, dir string, release func(), raises chan string)
		raised bool
	}{
		{"until it can be raised", func(t *testing.T, dir string, _ func(), raises chan string) {
			serveRaises(t, dir, raises)
		}, true},
		{"until it has ended", func(_ *testing.T, _ string, release func(), _ chan string) { release() }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, raises := t.TempDir(), make(chan string, 1)
			first, _, err := soleWindow(lockedEnv(t.Context(), dir, io.Discard))
			if err != nil {
				t.Fatal(err)
			}
			defer first()
			waits := firstWords{make(chan struct{})}
			type result struct {
				release func()
				raised  bool
				err     error
			}
			end := make(chan result, 1)
			go func() {
				release, raised, err := soleWindow(lockedEnv(t.Context(), dir, waits))
				end <- result{release, raised, err}
			}()
			<-waits.said
			tt.then(t, dir, first, raises)
			r := <-end
			if r.err != nil || r.raised != tt.raised {
				t.Fatalf("raised %v, %v", r.raised, r.err)
			}
			if r.release != nil {
				r.release()
			}
			if tt.raised && <-raises != "token" {
				t.Error("it was raised without its token")
			}
		})
	}
}

func TestTheWaitForAnotherWindowEndsWithTheProgram(t *testing.T) {
	dir := t.TempDir()
	first, _, err := soleWindow(lockedEnv(t.Context(), dir, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	defer first()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, raised, err := soleWindow(lockedEnv(ctx, dir, io.Discard)); raised || !errors.Is(err, context.Canceled) {
		t.Errorf("raised %v, %v", raised, err)
	}
}

// serveRaises is a first window as others find it.
func serveRaises(t *testing.T, dir string, raises chan string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"program": "glmtray"})
	})
	mux.HandleFunc("POST /_control/raise", func(w http.ResponseWriter, r *http.Request) {
		raises <- r.Header.Get("X-Glmtray-Control")
		answer(w, http.StatusOK, map[string]string{"status": "done"})
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	if err := writeRunFile(dir, runFile{PID: os.Getpid(), URL: s.URL, Token: "token", Started: time.Now(), Window: true}); err != nil {
		t.Fatal(err)
	}
}

func TestAFolderThatCannotBeLockedIsToldAndTheWindowOpens(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	release, raised, err := soleWindow(lockedEnv(t.Context(), filepath.Join(file, "data"), &said))
	if raised || !strings.Contains(said.String(), "cannot be locked") {
		t.Errorf("raised %v, it says %q", raised, said.String())
	}
	if err == nil {
		release()
	}
}
