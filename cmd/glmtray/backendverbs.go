//go:build !headless

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/glmtray/glmtray/assets"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/store"
	"github.com/glmtray/glmtray/internal/ui"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// Pause implements ui.Backend.
func (d *desktop) Pause() {
	if a := d.app.Load(); a != nil {
		a.server.Pause()
	}
}

// Resume ends a pause; where nothing is served, it tries again now.
func (d *desktop) Resume() {
	if a := d.app.Load(); a != nil {
		a.server.Resume()
	}
	d.retry()
}

// closeToTray is whether the window's cross hides it.
func (d *desktop) closeToTray() bool {
	a := d.app.Load()
	return a == nil || a.settings().CloseToTray
}

// startInTray is whether the window is not shown at the start.
func (d *desktop) startInTray() bool {
	s, err := d.wishes(d.e.ctx)
	return err == nil && s.StartInTray // else the window shows what is wrong with them
}

// notifies is whether a kind of notice is wanted.
func (d *desktop) notifies(kind state.NoticeKind) bool {
	a := d.app.Load()
	if a == nil {
		return true
	}
	n := a.settings().Notify
	return map[state.NoticeKind]bool{
		state.NoticeCooling: n.Cooling, state.NoticeRejected: n.Rejected, state.NoticeFallback: n.Fallback,
		state.NoticeModels: n.Models, state.NoticeFamily: n.Family, state.NoticeQuota: n.Quota,
	}[kind]
}

// Pin implements ui.Backend.
func (d *desktop) Pin(_ context.Context, provider string, limit time.Duration) error {
	a := d.app.Load()
	if a == nil {
		return errNotServing
	}
	return a.server.Pin(provider, limit)
}

// tryModel is asked for by Try: a name that stands for the large model whatever
// providers there are, as it does for clients that were connected.
const tryModel = "glmtray-large"

// tryMost bounds the answer that Try reads.
const tryMost = 1 << 20

// Try implements ui.Backend. It goes the way of every client, over the socket.
func (d *desktop) Try(ctx context.Context) (string, error) {
	a, l := d.serving()
	if l == nil {
		return "", errNotServing
	}
	body, err := json.Marshal(map[string]any{
		"model": tryModel, "max_tokens": 200,
		"messages": []any{map[string]any{"role": "user", "content": "Say hello in one short sentence."}},
	})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.local()+"/v1/chat/completions", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "glmtray-window/"+version)
	req.Header.Set(proxy.ControlHeader, a.token) // the window has no key of a client, and the record says who asked
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("%s: %w", state.Tr("asking the proxy"), err)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, tryMost))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return "", fmt.Errorf("%s: %w", state.Tr("reading the answer"), err)
	}
	return answerOf(resp.StatusCode, raw)
}

// answerOf takes the words out of a chat completion, or the error out of what
// came in its place.
func answerOf(status int, raw []byte) (string, error) {
	var a struct {
		Choices []struct {
			Message struct {
				Content string `json:"content"`
			} `json:"message"`
		} `json:"choices"`
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(raw, &a); err != nil || status != http.StatusOK {
		return "", errors.New(state.Tr("the proxy answered {{.Status}}: {{.Text}}", "Status", status,
			"Text", cmp.Or(state.Told(a.Error.Message), state.Tr("nothing that could be read"))))
	}
	if len(a.Choices) == 0 || strings.TrimSpace(a.Choices[0].Message.Content) == "" {
		return state.Tr("an answer without words"), nil
	}
	return strings.TrimSpace(a.Choices[0].Message.Content), nil
}

// countToday adds what the records have of today up to request n, once.
func (d *desktop) countToday(ctx context.Context, s *store.Store, n int64) {
	now := time.Now()
	year, month, day := now.Date()
	today := state.Today{Day: state.DayOf(now)}
	q := store.RequestQuery{Since: time.Date(year, month, day, 0, 0, 0, 0, time.Local), Before: n + 1, Limit: 1000}
	for {
		page, err := s.Requests(ctx, q)
		if err != nil {
			d.log.Warn("today's requests are not counted", "error", err)
			return
		}
		for i := range page {
			today.Add(&page[i].Finished)
		}
		if len(page) < q.Limit {
			break
		}
		q.Before = page[len(page)-1].N
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen.AddToday(today)
}

// About implements ui.Backend.
func (d *desktop) About(ctx context.Context) (ui.About, error) {
	about := ui.About{Version: version, Go: runtime.Version()}
	s, err := d.wishes(ctx)
	if err == nil {
		about.ConfigFile, about.DataDir, about.LogDir = s.ConfigFile, s.DataDir, s.LogDir
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Replace != nil {
				m = m.Replace
			}
			about.Modules = append(about.Modules, ui.Module{Path: m.Path, Version: m.Version})
		}
	}
	about.Modules = append(about.Modules, ui.Module{Path: assets.HanName, Version: assets.HanVersion, Licence: assets.HanLicence})
	return about, err
}

// Folder implements ui.Backend.
func (d *desktop) Folder(name string) error {
	s, err := d.wishes(context.Background())
	if err != nil {
		return err
	}
	dir := s.DataDir
	switch name {
	case "logs":
		dir = s.LogDir
	case "settings":
		dir = filepath.Dir(s.ConfigFile)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("%s: %w", state.Tr("opening {{.Folder}}", "Folder", dir), err)
	}
	opener := map[string]string{"darwin": "open", "windows": "explorer"}[runtime.GOOS]
	if opener == "" {
		opener = "xdg-open"
	}
	cmd := exec.CommandContext(context.Background(), opener, dir) //nolint:gosec // a folder of ours, in the system's file manager
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", state.Tr("opening {{.Folder}}", "Folder", dir), err)
	}
	go func() { _ = cmd.Wait() }() // the file manager may stay open
	return nil
}
