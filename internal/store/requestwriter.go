package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/glmtray/glmtray/internal/secret"
)

const (
	// requestDelay gathers requests into one transaction. A kill loses at most
	// that much and the time of one transaction.
	requestDelay = 250 * time.Millisecond
	// requestBatch ends the delay early. A commit costs as much as some hundred
	// rows, so small batches are dear just when there is much to do.
	requestBatch = 2048
	// requestChunk bounds a transaction after a jam, so that other writers of
	// the database get their turn.
	requestChunk = 4096
	// requestRetry is the pause after a failure.
	requestRetry = time.Second
	// maxRequestText bounds each text of a record, in bytes: a client may send
	// megabytes as a model's name.
	maxRequestText = 2048
	// requestQueueBytes is room for about 100,000 requests: ten seconds of a
	// disk that stands still, at ten thousand requests a second.
	requestQueueBytes = 64 << 20
)

// RequestOptions are what a RequestWriter is made of. All may be empty.
type RequestOptions struct {
	QueueBytes int64            // bound of what waits; 0: 64 MiB
	Scrub      *secret.Scrubber // texts pass it before they are written
	Log        *slog.Logger
}

// RequestWriter writes records beside the requests: Put queues, one goroutine
// writes batches.
type RequestWriter struct {
	store  *Store
	opt    RequestOptions
	wake   chan struct{} // the first row waits
	full   chan struct{} // a batch waits
	quit   chan struct{}
	done   chan struct{}
	once   sync.Once
	insert requestInserts // the writing goroutine's

	mu      sync.Mutex
	queue   []queuedRequest
	bytes   int64
	spare   []queuedRequest // the last queue's memory
	closed  bool
	dropped uint64
	told    uint64 // drops that the log knows of
	failing bool
}

type queuedRequest struct {
	Request
	size int64 // about what it takes while it waits
}

// NewRequestWriter starts a writer. Close ends it.
func NewRequestWriter(s *Store, opt RequestOptions) *RequestWriter {
	if opt.QueueBytes <= 0 {
		opt.QueueBytes = requestQueueBytes
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	w := &RequestWriter{
		store: s, opt: opt, wake: make(chan struct{}, 1), full: make(chan struct{}, 1),
		quit: make(chan struct{}), done: make(chan struct{}),
	}
	go w.run()
	return w
}

// Put queues a record and returns at once. It is false if the record is lost:
// the database has not taken anything for so long that the queue is full, or
// the writer is closed. The writer takes ownership of r.Changed and r.Tries.
func (w *RequestWriter) Put(r Request) bool {
	r.clip()
	size := r.weight()
	w.mu.Lock()
	if w.closed || w.bytes+size > w.opt.QueueBytes {
		w.dropped++
		w.mu.Unlock()
		return false
	}
	w.queue = append(w.queue, queuedRequest{r, size})
	w.bytes += size
	n := len(w.queue)
	w.mu.Unlock()
	switch n {
	case 1:
		notify(w.wake)
	case requestBatch:
		notify(w.full)
	}
	return true
}

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Dropped is how many records were lost so far.
func (w *RequestWriter) Dropped() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dropped
}

// Close writes what waits and ends the writer. The error tells what was not
// written when ctx ended.
func (w *RequestWriter) Close(ctx context.Context) error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.once.Do(func() { close(w.quit) })
	select {
	case <-w.done:
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.queue); n > 0 {
		return fmt.Errorf("closing the request records: %d were not written", n)
	}
	return nil
}

func (w *RequestWriter) run() {
	defer close(w.done)
	defer w.finalize()
	for {
		select {
		case <-w.wake:
		case <-w.quit:
			_ = w.flush() // Close tells what is left
			return
		}
		delay := requestDelay
		for {
			if !w.pause(delay) {
				_ = w.flush()
				return
			}
			if w.flush() == nil {
				break
			}
			delay = requestRetry
		}
	}
}

// pause waits for the delay or a full batch; false if it is time to end.
func (w *RequestWriter) pause(delay time.Duration) bool {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	full := w.full
	if delay == requestRetry {
		full = nil // it is full because nothing is written
	}
	select {
	case <-timer.C:
		return true
	case <-full:
		return true
	case <-w.quit:
		return false
	}
}

// flush writes all that waits. Rows that are not written keep their place.
func (w *RequestWriter) flush() error {
	w.mu.Lock()
	rows := w.queue
	w.queue, w.spare = w.spare[:0], nil
	w.mu.Unlock()
	var err error
	written, size := 0, int64(0)
	for written < len(rows) && err == nil {
		chunk := rows[written:min(written+requestChunk, len(rows))]
		if err = w.write(chunk); err == nil {
			written += len(chunk)
		}
	}
	for i := range rows[:written] {
		size += rows[i].size
	}
	clear(rows[:written])
	w.mu.Lock()
	w.bytes -= size
	if err != nil {
		w.queue = append(rows[written:], w.queue...)
	} else if cap(rows) <= 4*requestChunk {
		w.spare = rows[:0]
	}
	w.mu.Unlock()
	w.tell(err)
	return err
}

// write puts rows into the database in one transaction.
func (w *RequestWriter) write(rows []queuedRequest) error {
	ctx := context.Background() // Close has the bound; a half-way interrupt would only lose rows
	if err := w.insert.prepare(ctx, w.store.writer); err != nil {
		return err
	}
	clean := cleaner{scrub: w.opt.Scrub, seen: map[string]string{}}
	for i := range rows {
		clean.request(&rows[i].Request)
	}
	err := w.store.write(ctx, "writing request records", func(tx *sql.Tx) error {
		if gone := w.store.kindsGone.Load(); gone != w.insert.kinds.gone {
			w.insert.kinds.forget()
			w.insert.kinds.gone = gone
		}
		return w.insert.all(ctx, tx, rows)
	})
	if err != nil {
		w.insert.forget()
	}
	return err
}

// finalize frees the statements.
func (w *RequestWriter) finalize() { w.insert.finalize() }

// tell logs losses, and a trouble when it begins and when it ends.
func (w *RequestWriter) tell(err error) {
	w.mu.Lock()
	before, lost, waiting := w.failing, w.dropped-w.told, len(w.queue)
	w.failing, w.told = err != nil, w.dropped
	w.mu.Unlock()
	if lost > 0 {
		w.opt.Log.Error("request records are lost: the database is too slow or stands still", "lost", lost, "waiting", waiting)
	}
	switch {
	case errors.Is(err, ErrClosed):
	case err != nil && !before:
		w.opt.Log.Error("request records wait: the database does not take them", "waiting", waiting, "error", err)
	case err == nil && before:
		w.opt.Log.Info("request records are written again")
	}
}

// clip cuts what is too long, off the memory that it was cut from.
func (r *Request) clip() {
	cut := func(text *string) {
		if len(*text) > maxRequestText {
			*text = strings.ToValidUTF8((*text)[:maxRequestText], "") + "…"
		}
	}
	cut(&r.Method)
	cut(&r.Path)
	cut(&r.Asked)
	cut(&r.Model)
	cut(&r.Reason)
	cut(&r.Error)
	for i := range r.Tries {
		cut(&r.Tries[i].Model)
		cut(&r.Tries[i].Reason)
	}
}

// weight is about what a record takes while it waits, in bytes.
func (r *Request) weight() int64 {
	const fixed = 640
	n := fixed + len(r.Path) + len(r.Asked) + len(r.Reason) + len(r.Error)
	for i := range r.Tries {
		n += 160 + len(r.Tries[i].Reason)
	}
	for _, c := range r.Changed {
		n += 16 + len(c)
	}
	return int64(n)
}

// cleaner takes keys out of what vendors and clients wrote. Most texts of a
// batch are the same few.
type cleaner struct {
	scrub *secret.Scrubber
	seen  map[string]string
}

func (c *cleaner) text(text *string) {
	if *text == "" {
		return
	}
	clean, ok := c.seen[*text]
	if !ok {
		clean = c.scrub.Text(*text)
		c.seen[*text] = clean
	}
	*text = clean
}

func (c *cleaner) request(r *Request) {
	c.text(&r.Path)
	c.text(&r.Asked)
	c.text(&r.Model)
	c.text(&r.Reason)
	c.text(&r.Error)
	for i := range r.Tries {
		c.text(&r.Tries[i].Model)
		c.text(&r.Tries[i].Reason)
	}
}
