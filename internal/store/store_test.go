package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func openAt(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func closed(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

func TestANewStoreIsForTheUserAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are POSIX")
	}
	dir := filepath.Join(t.TempDir(), "new", "data")
	s := openAt(t, dir)
	if err := s.Remember(t.Context(), "a", "b", time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Recall(t.Context(), "a"); err != nil { // a reader, so that -shm is there
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{"": 0o700, fileName: 0o600, fileName + "-wal": 0o600, fileName + "-shm": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if info.Mode().Perm() != want {
			t.Errorf("%q has mode %v, want %v", name, info.Mode().Perm(), want)
		}
	}
	if len(s.Notices()) != 0 {
		t.Errorf("notices of a new store: %q", s.Notices())
	}
}

func TestAnOldFilesModeIsTightened(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are POSIX")
	}
	dir := t.TempDir()
	closed(t, openAt(t, dir))
	path := filepath.Join(dir, fileName)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	openAt(t, dir)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestConnectionsAreSetUp(t *testing.T) {
	s := openAt(t, t.TempDir())
	for _, c := range []struct {
		name string
		db   *sql.DB
		want map[string]string
	}{
		{"writer", s.writer, map[string]string{"journal_mode": "wal", "synchronous": "1", "foreign_keys": "1", "busy_timeout": "5000", "query_only": "0", "application_id": fmt.Sprint(applicationID)}},
		{"reader", s.reader, map[string]string{"journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "5000", "query_only": "1"}},
	} {
		for pragma, want := range c.want {
			var got string
			if err := c.db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s: %s = %q (%v), want %q", c.name, pragma, got, err, want)
			}
		}
	}
}

func TestAnyFolderNameWill(t *testing.T) {
	for _, name := range []string{"plain", "with space", "q?mode=memory&x=1", "per%20cent", "ha#sh", "ünï", "semi;colon", "plus+"} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.ContainsAny(name, "?") {
				t.Skip("not a Windows name")
			}
			dir := filepath.Join(t.TempDir(), name)
			s := openAt(t, dir)
			if err := s.Remember(t.Context(), "k", "v", time.Time{}); err != nil {
				t.Fatal(err)
			}
			closed(t, s)
			if got := names(t, dir); got != fileName {
				t.Errorf("files %q", got)
			}
			if v, ok, err := openAt(t, dir).Recall(t.Context(), "k"); v != "v" || !ok || err != nil {
				t.Errorf("recalled %q %v %v", v, ok, err)
			}
		})
	}
}

func TestAClosedStoreSaysSo(t *testing.T) {
	s := openAt(t, t.TempDir())
	closed(t, s)
	closed(t, s)
	if err := s.Remember(t.Context(), "a", "b", time.Time{}); !errors.Is(err, ErrClosed) {
		t.Errorf("Remember: %v", err)
	}
	if _, err := s.KeyStates(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("KeyStates: %v", err)
	}
}

func TestManyMayOpenAndWriteAtOnce(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			s, err := Open(context.WithoutCancel(t.Context()), dir, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = s.Close() }()
			for n := range 10 {
				if err := s.Remember(context.WithoutCancel(t.Context()), fmt.Sprintf("%d/%d", i, n), "x", time.Time{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := countIn(t, openAt(t, dir), "remembered"); n != 60 {
		t.Errorf("%d facts, want 60", n)
	}
}

func BenchmarkOpenOfAnExistingStore(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		s, err := Open(b.Context(), dir, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.KeyStates(b.Context()); err != nil {
			b.Fatal(err)
		}
		_ = s.Close()
	}
}
