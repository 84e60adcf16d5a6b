package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/metrics"
)

// minuteKeeper keeps the figures of the last seven days over a restart, so that
// the page under /_ui/ has a history: a file in the data folder, to which a line
// is added for each minute that had traffic. A kill loses the minute that ran.
//
// The database keeps requests, and could be asked for the same; but percentiles
// of a week would read a million rows where the file has ten thousand lines.
type minuteKeeper struct {
	book *metrics.Book
	path string
	log  *slog.Logger
	rows int // in the file
}

const (
	minutesFile  = "minutes.jsonl"
	minutesMost  = 2 * 7 * 24 * 60 // two variants for a week
	minutesEvery = time.Minute
)

func newMinuteKeeper(book *metrics.Book, dataDir string, log *slog.Logger) *minuteKeeper {
	return &minuteKeeper{book: book, path: filepath.Join(dataDir, minutesFile), log: log}
}

// load gives the book what an earlier run has written. A line that is broken, as
// a kill leaves it, is passed over.
func (k *minuteKeeper) load() {
	text, err := os.ReadFile(k.path)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			k.log.Warn("the page's history of the last days is not shown", "error", err)
		}
		return
	}
	var list []metrics.Interval
	for line := range bytes.Lines(text) {
		k.rows++
		var v metrics.Interval
		if json.Unmarshal(line, &v) == nil {
			list = append(list, v)
		}
	}
	k.book.Restore(list)
	if n := len(text); n > 0 && text[n-1] != '\n' { // the next line must not hang on to a broken one
		k.rows = minutesMost + 1
	}
}

// run writes each minute until ctx ends; save writes the last one then.
func (k *minuteKeeper) run(ctx context.Context) {
	tick := time.NewTicker(minutesEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			k.save(false)
		case <-ctx.Done():
			return
		}
	}
}

// save writes what is over; at the end (last) also the minute that runs.
func (k *minuteKeeper) save(last bool) {
	fresh := k.book.Minutes(last)
	if len(fresh) == 0 {
		return
	}
	if err := k.write(fresh); err != nil {
		k.log.Warn("the page's history is not kept", "error", err)
	}
}

func (k *minuteKeeper) write(fresh []metrics.Interval) error {
	var text bytes.Buffer
	w := json.NewEncoder(&text)
	if k.rows+len(fresh) > minutesMost { // what is too old goes
		all := k.book.History()
		for i := range all {
			if err := w.Encode(&all[i]); err != nil {
				return err
			}
		}
		k.rows = len(all)
		return k.replace(text.Bytes())
	}
	for i := range fresh {
		if err := w.Encode(&fresh[i]); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(k.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	k.rows += len(fresh)
	_, err = f.Write(text.Bytes())
	return errors.Join(err, f.Close())
}

// replace writes the file anew: all or nothing.
func (k *minuteKeeper) replace(text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(k.path), minutesFile+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), k.path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the error before is the one to tell
	}
	return err
}
