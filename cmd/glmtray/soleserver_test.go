package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

func lockedEnv(ctx context.Context, dir string, stderr io.Writer) *env {
	return &env{
		ctx: ctx, cli: &folders{DataDir: dir}, stdin: strings.NewReader(""), stdout: io.Discard, stderr: stderr,
		environ: []string{"HOME=" + dir},
	}
}

// firstWords is what a waiting start says; it is closed at the first of them.
type firstWords struct{ said chan struct{} }

func (f firstWords) Write(p []byte) (int, error) {
	close(f.said)
	return len(p), nil
}

// Of two starts in the same instant neither has written its address yet: the lock
// alone tells them apart.
func TestOfTwoStartsAtOnceTheSecondWaitsAndIsRefused(t *testing.T) {
	dir := t.TempDir()
	release, err := soleServer(lockedEnv(t.Context(), dir, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	waits := firstWords{make(chan struct{})}
	end := make(chan error, 1)
	go func() {
		release, err := soleServer(lockedEnv(t.Context(), dir, waits))
		if err == nil {
			release()
		}
		end <- err
	}()
	<-waits.said
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"program": "glmtray"}`)
	})
	mux.HandleFunc("POST /_control/hello", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no such verb", http.StatusNotFound) // as it says to whoever knows the token
	})
	first := httptest.NewServer(mux)
	t.Cleanup(first.Close)
	if err := writeRunFile(dir, runFile{PID: os.Getpid(), URL: first.URL, Token: "token", Started: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := <-end; err == nil || !strings.Contains(err.Error(), "serves already on "+first.URL) {
		t.Errorf("the second ends with %v", err)
	}
}

func TestAServerThatHasEndedLeavesItsFolderFree(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		release, err := soleServer(lockedEnv(t.Context(), dir, io.Discard))
		if err != nil {
			t.Fatal(err)
		}
		release()
	}
}
