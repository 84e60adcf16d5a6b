package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestABrokenDatabaseIsSetAsideAndANewOneBegun(t *testing.T) {
	garbage := bytes.Repeat([]byte("this is no database. "), 500)
	cases := []struct {
		name  string
		spoil func(t *testing.T, path string)
		word  string
	}{
		{"text instead of a database", func(t *testing.T, path string) { write(t, path, garbage) }, "damaged"},
		{"a few bytes", func(t *testing.T, path string) { write(t, path, []byte("hi")) }, "damaged"},
		{"cut in half", func(t *testing.T, path string) { fill(t, path); cut(t, path) }, "damaged"},
		{"pages overwritten", func(t *testing.T, path string) { fill(t, path); overwrite(t, path, 4096, garbage) }, "damaged"},
		{"of a newer glmtray", func(t *testing.T, path string) { execOn(t, path, "PRAGMA user_version = 999") }, "newer"},
		{"of another program", func(t *testing.T, path string) {
			_ = os.Remove(path)
			execOn(t, path, "CREATE TABLE api_keys (id INTEGER PRIMARY KEY)")
		}, "foreign"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			closed(t, openAt(t, dir))
			path := filepath.Join(dir, fileName)
			c.spoil(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			s, err := Open(t.Context(), dir, slog.New(slog.NewTextHandler(&log, nil)))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			aside, err := filepath.Glob(filepath.Join(dir, "glmtray."+c.word+"-*.db"))
			if err != nil || len(aside) != 1 {
				t.Fatalf("set aside: %q %v; folder: %s", aside, err, names(t, dir))
			}
			if kept, err := os.ReadFile(aside[0]); err != nil || !bytes.Equal(kept, before) {
				t.Errorf("what was set aside differs from what was there (%v)", err)
			}
			if n := s.Notices(); len(n) != 1 || !strings.Contains(n[0], aside[0]) || !strings.Contains(log.String(), aside[0]) {
				t.Errorf("notices %q, log %q: want %s named in both", n, log.String(), aside[0])
			}
			if err := s.Remember(t.Context(), "k", "v", time.Time{}); err != nil {
				t.Error(err)
			}
		})
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func overwrite(t *testing.T, path string, at int64, data []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(data, at); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func cut(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()/2); err != nil {
		t.Fatal(err)
	}
}

// fill makes the database some 80 KB large.
func fill(t *testing.T, path string) {
	t.Helper()
	s := openAt(t, filepath.Dir(path))
	for i := range 40 {
		if err := s.Remember(t.Context(), fmt.Sprint("fact", i), strings.Repeat("x", 2000), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, s)
}

func execOn(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path, false))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSettingAsideNeverOverwrites(t *testing.T) {
	dir := t.TempDir()
	for i := range 4 {
		write(t, filepath.Join(dir, fileName), fmt.Appendf(nil, "broken number %d", i))
		closed(t, openAt(t, dir))
	}
	aside, _ := filepath.Glob(filepath.Join(dir, "glmtray.damaged-*.db"))
	if len(aside) != 4 {
		t.Errorf("four were broken, kept are %q", aside)
	}
}

func TestALockIsAnErrorAndNotDamage(t *testing.T) {
	t.Parallel() // SQLite waits 5 s for the lock
	dir := t.TempDir()
	path := filepath.Join(dir, fileName)
	fill(t, path)
	execOn(t, path, "PRAGMA journal_mode = DELETE") // in which a writer locks readers out
	db, err := sql.Open("sqlite", dsn(path, false))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	if _, err := Open(ctx, dir, nil); err == nil {
		t.Fatal("opened a locked database")
	}
	if got := names(t, dir); strings.Contains(got, "damaged") {
		t.Errorf("a locked database was set aside: %s", got)
	}
	if _, err := db.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if v, _, err := openAt(t, dir).Recall(t.Context(), "fact0"); len(v) != 2000 || err != nil {
		t.Errorf("after the lock: %d bytes, %v", len(v), err)
	}
}

func TestWhatCannotBeOpenedIsAnErrorAndNotDamage(t *testing.T) {
	t.Run("a folder in the database's place", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, fileName), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), dir, nil); err == nil || names(t, dir) != fileName {
			t.Errorf("error %v, folder %s", err, names(t, dir))
		}
	})
	t.Run("a file in the data folder's place", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "file")
		write(t, path, nil)
		if _, err := Open(t.Context(), path, nil); err == nil {
			t.Error("opened")
		}
	})
	t.Run("no right to read", func(t *testing.T) {
		if os.Getuid() == 0 || runtime.GOOS == "windows" {
			t.Skip("root reads everything")
		}
		dir := t.TempDir()
		closed(t, openAt(t, dir))
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
		if s, err := Open(t.Context(), dir, nil); err == nil {
			_ = s.Close()
		}
		if got := names(t, dir); strings.Contains(got, "damaged") {
			t.Errorf("set aside: %s", got)
		}
	})
}

func TestANewerDatabaseInUseIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, fileName)
	newer := openAt(t, dir)
	if _, err := newer.writer.ExecContext(t.Context(), "PRAGMA user_version = 999"); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), dir, nil)
	if err == nil || !strings.Contains(err.Error(), "newer") {
		t.Fatalf("error %v", err)
	}
	if got := names(t, dir); strings.Contains(got, "newer") {
		t.Errorf("%s was renamed under a running program: %s", path, got)
	}
	if err := newer.Remember(t.Context(), "a", "b", time.Time{}); err != nil {
		t.Error(err)
	}
}

func TestDamageMetWhileRunningIsFoundAtTheNextStart(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, fileName)
	s := openAt(t, dir)
	for i := range 700 { // beyond what each start looks through
		if err := s.Remember(t.Context(), fmt.Sprint("fact", i), strings.Repeat("x", 2000), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, s)
	overwrite(t, path, 20*4096, bytes.Repeat([]byte{0xee}, 1<<20))

	s = openAt(t, dir)
	if len(s.Notices()) != 0 {
		t.Fatalf("a large database was looked through at a plain start: %q", s.Notices())
	}
	var err error
	for i := 0; i < 700 && err == nil; i++ {
		_, _, err = s.Recall(t.Context(), fmt.Sprint("fact", i))
	}
	if !isDamage(err) {
		t.Fatalf("reading damaged pages: %v", err)
	}
	closed(t, s)

	s = openAt(t, dir)
	if n := s.Notices(); len(n) != 1 || !strings.Contains(n[0], "damaged") {
		t.Errorf("notices %q", n)
	}
	if got := names(t, dir); strings.Contains(got, suspectSuffix) {
		t.Errorf("the mark stayed: %s", got)
	}
}
