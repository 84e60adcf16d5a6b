package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var at = time.Date(2026, 11, 22, 23, 5, 6, 123456789, time.UTC)

func drained(t *testing.T, b *Bodies) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer stop()
	if err := b.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

// bodyFiles gives all files under dir by their path in it.
func bodyFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = string(readAll(t, path))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sole(t *testing.T, files map[string]string) (name, text string) {
	t.Helper()
	if len(files) != 1 {
		t.Fatalf("%d files, want one: %q", len(files), files)
	}
	for name, text = range files {
	}
	return name, text
}

func TestTwoRecordsOfTheSameMomentAreBothKept(t *testing.T) {
	b := NewBodies(BodyOptions{Dir: t.TempDir()})
	for range 3 {
		b.Put(BodyRecord{Time: at, ID: "0a1b2c3d", Method: "GET", Path: "/x"})
	}
	drained(t, b)
	if files := bodyFiles(t, b.opt.Dir); len(files) != 3 {
		t.Errorf("%d files of three records", len(files))
	}
}

func TestPutNeverBlocksAndDropsWhatDoesNotFit(t *testing.T) {
	b := newBodies(BodyOptions{Dir: t.TempDir(), QueueBytes: 3 * (recordOverhead + 1000)})
	writing, disk := make(chan struct{}, 10), make(chan struct{})
	b.save = func(*BodyRecord) error { writing <- struct{}{}; <-disk; return nil } // a disk that hangs
	b.start()
	rec := BodyRecord{Request: make([]byte, 600), Response: make([]byte, 300), Sent: []Sent{{Body: make([]byte, 100)}}}
	if !b.Put(rec) {
		t.Fatal("the first was dropped")
	}
	<-writing // what is being written counts as well
	for i, want := range []bool{true, true, false, false} {
		if got := b.Put(rec); got != want {
			t.Errorf("record %d taken: %v, want %v", i+2, got, want)
		}
	}
	if b.Dropped() != 2 {
		t.Errorf("dropped %d", b.Dropped())
	}
	close(disk)
	drained(t, b)
	if b.queued != 0 || len(writing) != 2 {
		t.Errorf("%d bytes still queued; %d written after the first", b.queued, len(writing))
	}
	if b.Put(rec) {
		t.Error("a closed Bodies took a record")
	}
}

func TestATroubledDiskIsLoggedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		b := newBodies(BodyOptions{Dir: "unused", Log: slog.New(slog.NewTextHandler(&log, nil))})
		b.save = func(*BodyRecord) error { return errors.New("no space left on device") }
		b.start()
		for range 30 { // five minutes
			for range 10 {
				b.Put(BodyRecord{})
			}
			synctest.Wait()
			time.Sleep(10 * time.Second)
		}
		drained(t, b)
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != 5 || !strings.Contains(lines[0], "no space left") || !strings.Contains(lines[1], "dropped=60") {
			t.Errorf("%d lines: %s", len(lines), log.String())
		}
		if b.Dropped() != 300 {
			t.Errorf("dropped %d of 300", b.Dropped())
		}
	})
}

func TestAFolderThatCannotBeMadeLosesRecordsOnly(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "parent")
	write(t, parent, nil) // a file where a folder should be
	dir := filepath.Join(parent, "logs")
	b := newBodies(BodyOptions{Dir: dir})
	saved := make(chan error, 2)
	b.save = func(r *BodyRecord) error { err := b.folder.save(r); saved <- err; return err }
	b.start()
	if !b.Put(BodyRecord{Method: "GET", Path: "/one"}) || <-saved == nil {
		t.Error("a record was written into a file")
	}
	if err := os.Remove(parent); err != nil {
		t.Fatal(err)
	}
	b.Put(BodyRecord{Method: "GET", Path: "/two"})
	drained(t, b)
	name, _ := sole(t, bodyFiles(t, dir))
	if !strings.Contains(name, "_two_") || b.Dropped() != 1 {
		t.Errorf("%s, dropped %d", name, b.Dropped())
	}
}

func TestALinkOutOfTheFolderIsNotFollowed(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "2026-11-22")); err != nil {
		t.Skip(err)
	}
	b := NewBodies(BodyOptions{Dir: dir})
	b.Put(BodyRecord{Time: at, Method: "GET", Path: "/x"})
	drained(t, b)
	if files := bodyFiles(t, outside); len(files) != 0 || b.Dropped() != 1 {
		t.Errorf("written outside: %q, dropped %d", files, b.Dropped())
	}
}

func TestALinkInTheTemporarysPlaceIsNotWrittenThrough(t *testing.T) {
	dir := t.TempDir()
	victim := filepath.Join(dir, "victim")
	if err := os.WriteFile(victim, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	rec := BodyRecord{Time: at, ID: "0a1b2c3d", Method: "GET", Path: "/x"}
	day, name := bodyName(rec.Time, rec.Method, rec.Path, shortID(rec.ID))
	if err := os.Mkdir(filepath.Join(dir, day), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../victim", filepath.Join(dir, day, tempPrefix+name+tempSuffix)); err != nil {
		t.Skip(err)
	}
	b := NewBodies(BodyOptions{Dir: dir})
	b.Put(rec)
	drained(t, b)
	if text, err := os.ReadFile(victim); err != nil || string(text) != "kept" {
		t.Errorf("written through the link: %q, %v", text, err)
	}
	info, err := os.Lstat(filepath.Join(dir, day, name))
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm() != 0o600 || b.Dropped() != 0 {
		t.Errorf("the record is %v, %v; dropped %d", info, err, b.Dropped())
	}
}

func TestCloseWritesWhatWaits(t *testing.T) {
	b := NewBodies(BodyOptions{Dir: t.TempDir()})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 25 {
				b.Put(BodyRecord{ID: fmt.Sprintf("%04x%04x", i, n), Method: "GET", Path: "/x", Request: []byte("{}")})
			}
		})
	}
	wg.Wait()
	drained(t, b)
	if files := bodyFiles(t, b.opt.Dir); len(files) != 200 || b.Dropped() != 0 {
		t.Errorf("%d files of 200, dropped %d", len(files), b.Dropped())
	}
	drained(t, b) // again
}

func TestCloseDoesNotWaitBeyondItsContext(t *testing.T) {
	b := newBodies(BodyOptions{Dir: t.TempDir()})
	disk := make(chan struct{})
	b.save = func(*BodyRecord) error { <-disk; return nil }
	b.start()
	for range 3 {
		b.Put(BodyRecord{})
	}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if err := b.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if n := b.Dropped(); n < 2 {
		t.Errorf("dropped %d", n)
	}
	close(disk)
	<-b.done
}

func TestANilBodiesTakesAndForgets(t *testing.T) {
	var b *Bodies
	if !b.Put(BodyRecord{}) || b.Dropped() != 0 || b.Close(t.Context()) != nil {
		t.Error("a nil Bodies does something")
	}
}
