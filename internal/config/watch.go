package config

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// debounce is how long a file must be left alone before it is read: editors
// write in several steps.
const debounce = 150 * time.Millisecond

// impatience is how long a file that is not left alone may put off being read.
const impatience = 600 * time.Millisecond

// Watch loads the settings again whenever settings.toml or the env file
// changes, or was touched ([Touch]), and gives them to fn: the new settings, or
// the error that keeps the old ones in force. It returns once it watches, so
// that no change after a [Load] that follows it is missed; fn is called from
// one goroutine, which ends, and closes done, when ctx does.
//
// The folders are watched rather than the files, since most programs replace a
// file instead of writing into it.
func Watch(ctx context.Context, o Options, fn func(*Settings, error)) (done <-chan struct{}, err error) {
	l, err := prepare(o)
	if err != nil {
		return nil, err
	}
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watching settings: %w", err)
	}
	files := []string{l.o.File}
	if l.o.EnvFile != "" {
		files = append(files, l.o.EnvFile)
	}
	if err := os.MkdirAll(filepath.Dir(l.o.File), 0o700); err != nil {
		return nil, errors.Join(fmt.Errorf("watching settings: %w", err), w.Close())
	}
	dirs, names := places(files)
	for _, dir := range dirs {
		if err := w.Add(dir); err != nil {
			return nil, errors.Join(fmt.Errorf("watching %s: %w", dir, err), w.Close())
		}
	}
	// Taken before anybody can go on, so that a change from here on shows.
	r := reloader{o: l.o, files: files, seen: stamps(files), fn: fn}
	end := make(chan struct{})
	go func() {
		defer close(end)
		defer w.Close()
		r.watch(ctx, w, names)
	}()
	return end, nil
}

// places gives the folders in which the files, and what they link to, lie, and
// their names there. The data folder may be among them, with a database that is
// written all the time.
func places(files []string) (dirs []string, names map[string]bool) {
	names = map[string]bool{}
	for _, file := range files {
		target, err := filepath.EvalSymlinks(file)
		if err != nil {
			target = file
		}
		for _, f := range []string{file, target} {
			names[strings.ToLower(filepath.Base(f))] = true
			if dir := filepath.Dir(f); !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs, names
}

// reloader loads the settings when the files differ from those last seen.
type reloader struct {
	o     Options
	files []string
	seen  string
	fn    func(*Settings, error)
}

func (r *reloader) watch(ctx context.Context, w *fsnotify.Watcher, names map[string]bool) {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	var first time.Time // of the events not yet looked into
	for {
		select {
		case <-ctx.Done():
			return
		case event, ok := <-w.Events:
			if !ok {
				return
			}
			if !names[strings.ToLower(filepath.Base(event.Name))] {
				continue
			}
		case err, ok := <-w.Errors:
			if !ok {
				return
			}
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				r.fn(nil, fmt.Errorf("watching settings: %w", err))
			}
		case <-timer.C:
			first = time.Time{}
			r.look(ctx)
			continue
		}
		if first.IsZero() {
			first = time.Now()
		}
		timer.Reset(max(0, min(debounce, impatience-time.Since(first))))
	}
}

func (r *reloader) look(ctx context.Context) {
	now := stamps(r.files)
	if now == r.seen {
		return
	}
	r.seen = now
	if s, err := Load(ctx, r.o); ctx.Err() == nil {
		r.fn(s, err)
	}
}

// stamps describes the files' present versions.
func stamps(files []string) string {
	text := ""
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			text += "-\n"
			continue
		}
		text += fmt.Sprintf("%d %d %v\n", info.ModTime().UnixNano(), info.Size(), info.Mode())
	}
	return text
}
