package main

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/metrics"
)

// okOf is how many requests went well in a book's week.
func okOf(b *metrics.Book) uint32 { return b.View(time.Now(), metrics.Longest, metrics.All).Totals.OK }

func TestMinutesOnFileOutliveAKillAndWhatItBroke(t *testing.T) {
	dir := t.TempDir()
	log := slog.New(slog.DiscardHandler)
	ask := func(b *metrics.Book) {
		b.Request(&metrics.Request{Finished: event.Finished{Status: 200, Outcome: "ok", Variant: "production"}, Chat: true})
	}
	for run := range 3 {
		k := newMinuteKeeper(metrics.New(), dir, log)
		k.load()
		if n := okOf(k.book); n != uint32(run) {
			t.Fatalf("run %d begins with %d requests", run, n)
		}
		ask(k.book)
		k.save(true)
		f, err := os.OpenFile(k.path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.WriteString(`{"t":17`) // a kill in the midst of a line
		_ = f.Close()
	}
	k := newMinuteKeeper(metrics.New(), dir, log)
	k.load()
	if n := okOf(k.book); n != 3 {
		t.Errorf("%d requests", n)
	}
}

// full is a disk on which there is room for some bytes more.
type full struct {
	io.WriteCloser
	room int
}

func (f full) Write(p []byte) (int, error) {
	n, err := f.WriteCloser.Write(p[:min(len(p), f.room)])
	if err == nil && n < len(p) {
		err = syscall.ENOSPC
	}
	return n, err
}

func TestAMinuteThatDidNotFitOnTheDiskIsWrittenWithTheNext(t *testing.T) {
	for _, room := range []int{-1, 0, 9} { // -1: not even the file can be opened
		synctest.Test(t, func(t *testing.T) {
			dir, log := t.TempDir(), new(bytes.Buffer)
			k := newMinuteKeeper(metrics.New(), dir, slog.New(slog.NewTextHandler(log, nil)))
			open := k.open
			k.open = func() (io.WriteCloser, error) {
				if room < 0 {
					return nil, syscall.ENOSPC
				}
				f, err := open()
				return full{f, room}, err
			}
			for range 2 {
				k.book.Request(&metrics.Request{Finished: event.Finished{Status: 200, Outcome: "ok", Variant: "production"}, Chat: true})
				time.Sleep(time.Minute)
				k.save(false)
				k.open = open
			}
			if !strings.Contains(log.String(), syscall.ENOSPC.Error()) {
				t.Errorf("room for %d: the log says %q", room, log)
			}
			again := newMinuteKeeper(metrics.New(), dir, slog.New(slog.DiscardHandler))
			again.load()
			if n := okOf(again.book); n != 2 {
				t.Errorf("room for %d: %d requests are on file, want 2", room, n)
			}
		})
	}
}

func TestTheFileOfMinutesDoesNotGrowForEver(t *testing.T) {
	k := newMinuteKeeper(metrics.New(), t.TempDir(), slog.New(slog.DiscardHandler))
	old := bytes.Repeat([]byte(`{"t":60,"v":"production","ok":1}`+"\n"), minutesMost)
	if err := os.WriteFile(k.path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	k.load()
	k.book.Request(&metrics.Request{Finished: event.Finished{Status: 200, Outcome: "ok", Variant: "production"}, Chat: true})
	k.save(true)
	text, err := os.ReadFile(k.path)
	if err != nil || bytes.Count(text, []byte("\n")) != 1 || okOf(k.book) != 1 {
		t.Errorf("%d lines, %v", bytes.Count(text, []byte("\n")), err)
	}
}
