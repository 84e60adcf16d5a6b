package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/glmtray/glmtray/internal/proxy"
)

// runFile says where the running proxy is and how the commands of the same
// user speak to it. It lies in the data folder, readable by its owner alone.
type runFile struct {
	PID     int       `json:"pid"`
	URL     string    `json:"url"`   // as programs of this machine reach it
	Token   string    `json:"token"` // for /_control; made anew at each start
	Started time.Time `json:"started"`
	Window  bool      `json:"window,omitempty"` // it has a window, which can be raised
}

func runPath(dataDir string) string { return filepath.Join(dataDir, "run.json") }

// newToken makes a control token.
func newToken() string { return rand.Text() }

func writeRunFile(dataDir string, r runFile) error {
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	err = replaceFile(runPath(dataDir), func(w io.Writer) error {
		_, err := w.Write(raw)
		return err
	})
	if err != nil {
		return fmt.Errorf("writing run.json: %w", err)
	}
	return nil
}

// replaceFile writes a file, its owner's alone, so that a reader finds the old one
// or the new one, and whoever fails leaves no half.
func replaceFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-*.tmp") // created 0600
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the error before is the one to tell
	}
	return err
}

// removeRunFile takes our own run file away, not a successor's.
func removeRunFile(dataDir string) {
	if r, err := readRunFile(dataDir); err == nil && r.PID == os.Getpid() {
		_ = os.Remove(runPath(dataDir)) // a stale one is recognised by its reader
	}
}

func readRunFile(dataDir string) (runFile, error) {
	var r runFile
	raw, err := os.ReadFile(runPath(dataDir)) //nolint:gosec // the user's own data folder
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(raw, &r)
}

// errNotRunning is returned where a command needs the running proxy.
var errNotRunning = hint(errors.New("glmtray is not running"), "start it with: glmtray serve")

// running finds the proxy of this data folder and makes sure it answers.
func running(ctx context.Context, dataDir string) (*runFile, error) {
	r, err := readRunFile(dataDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNotRunning
	}
	if err != nil {
		return nil, fmt.Errorf("reading run.json: %w", err)
	}
	if !isGlmtray(ctx, r.URL) {
		return nil, errNotRunning
	}
	return &r, nil
}

// isGlmtray asks an address whether a glmtray answers there.
func isGlmtray(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var who struct {
		Program string `json:"program"`
	}
	return call(ctx, http.MethodGet, url+"/healthz", "", nil, &who) == nil && who.Program == "glmtray"
}

// control carries out a verb in the running proxy.
func (r *runFile) control(ctx context.Context, path string, body io.Reader, into any) error {
	return call(ctx, http.MethodPost, r.URL+"/_control/"+path, r.Token, body, into)
}

// local is a client that never leaves this machine by way of a proxy.
var local = &http.Client{Transport: &http.Transport{Proxy: nil}, Timeout: time.Minute}

// call makes one request to a glmtray and decodes its answer.
func call(ctx context.Context, method, url, token string, body io.Reader, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return err
	}
	if token != "" {
		req.Header.Set(proxy.ControlHeader, token)
	}
	resp, err := local.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 400 {
		var told struct {
			Error struct {
				Message string `json:"message"`
			} `json:"error"`
		}
		if json.Unmarshal(raw, &told) != nil || told.Error.Message == "" {
			told.Error.Message = "the proxy answered " + resp.Status
		}
		return &refusal{resp.StatusCode, told.Error.Message}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(raw, into)
}

// printJSON writes v indented.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
