package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// mallocs is how many objects the process has allocated so far, as its own
// profile of the heap tells; 0 without one.
func (p *process) mallocs(ctx context.Context) float64 {
	if p.pprof == "" {
		return 0
	}
	resp, err := p.profile(ctx, "heap?debug=1")
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if n, ok := strings.CutPrefix(lines.Text(), "# Mallocs = "); ok {
			f, _ := strconv.ParseFloat(n, 64)
			return f
		}
	}
	return 0
}

func (p *process) profile(ctx context.Context, what string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.pprof+"/debug/pprof/"+what, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err == nil && resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		err = fmt.Errorf("profile %s: %s", what, resp.Status)
	}
	return resp, err
}

// profiled drives one more round, which no figure is taken from, and keeps the
// server's profiles of it in dir.
func profiled(ctx context.Context, dir string, l load, server *process) error {
	const span = 2 * time.Second
	if err := server.contention(ctx, true); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		done <- server.keep(ctx, fmt.Sprintf("profile?seconds=%d", int(span.Seconds())), dir, l.file("cpu"))
	}()
	if _, err := drive(ctx, server.url, l, span+span/4, server); err != nil {
		return err
	}
	if err := <-done; err != nil {
		return err
	}
	for _, kind := range []string{"allocs", "mutex", "block"} {
		if err := server.keep(ctx, kind, dir, l.file(kind)); err != nil {
			return err
		}
	}
	return server.contention(ctx, false)
}

// contention lets the server watch where it waits, or not: it costs time, so that
// no figure is taken meanwhile.
func (p *process) contention(ctx context.Context, watch bool) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://%s/debug/contention?watch=%t", p.pprof, watch), http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("watching where it waits: %s", resp.Status)
	}
	return nil
}

// file names the profile of a kind.
func (l load) file(kind string) string {
	clean := func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '-'
	}
	return fmt.Sprintf("%s-%d.%s.pprof", strings.Map(clean, l.name), l.parallel, kind)
}

func (p *process) keep(ctx context.Context, what, dir, file string) error {
	resp, err := p.profile(ctx, what)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	f, err := os.Create(filepath.Join(dir, file)) //nolint:gosec // the folder is the caller's choice
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, resp.Body); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
