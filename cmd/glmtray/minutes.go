package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
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
	rows int                            // in the file
	open func() (io.WriteCloser, error) // to add to it
}

const (
	minutesFile  = "minutes.jsonl"
	minutesMost  = 2 * 7 * 24 * 60 // two variants for a week
	minutesEvery = time.Minute

	// anew, for a number of rows, has the file written anew: its last line is, or
	// may be, broken, and the next would hang on to it.
	anew = minutesMost + 1
)

func newMinuteKeeper(book *metrics.Book, dataDir string, log *slog.Logger) *minuteKeeper {
	path := filepath.Join(dataDir, minutesFile)
	return &minuteKeeper{book: book, path: path, log: log, open: func() (io.WriteCloser, error) {
		return os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	}}
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
	if n := len(text); n > 0 && text[n-1] != '\n' {
		k.rows = anew
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
	if k.rows+len(fresh) > minutesMost { // what is too old goes
		all := k.book.History()
		err := replaceFile(k.path, func(w io.Writer) error { return putMinutes(w, all) })
		if err == nil {
			k.rows = len(all)
		}
		return err
	}
	f, err := k.open()
	if err == nil {
		err = errors.Join(putMinutes(f, fresh), f.Close())
	}
	if err != nil { // none of it is there, or some: the book, which has it all, gives it once more
		k.rows = anew
		return err
	}
	k.rows += len(fresh)
	return nil
}

// putMinutes writes a line for each minute, all at once.
func putMinutes(to io.Writer, list []metrics.Interval) error {
	var text bytes.Buffer
	w := json.NewEncoder(&text)
	for i := range list {
		if err := w.Encode(&list[i]); err != nil {
			return err
		}
	}
	_, err := to.Write(text.Bytes())
	return err
}
