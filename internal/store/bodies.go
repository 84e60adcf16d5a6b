package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/glmtray/glmtray/internal/secret"
)

// BodyRecord is one request with its answer, as it goes into a body file. Its
// slices and maps belong to Bodies once it is Put: nobody changes them after.
type BodyRecord struct {
	Time       time.Time // when the request came in
	ID         string    // the request's id
	Method     string
	Path       string // a query is left out
	Header     http.Header
	Request    []byte // as the client sent it
	Sent       []Sent // each try at a provider, in order
	Status     int    // as the client saw it
	RespHeader http.Header
	Response   []byte // as the client got it
	Truncated  bool   // Response is not all of it
	Took       time.Duration
	Error      string
	Provider   string // who answered
	Key        string // the name of the key that served
	Route      string // rule and reason
}

// Sent is one try at a provider.
type Sent struct {
	Provider string
	Model    string
	Key      string // its name
	Status   int    // 0: no answer came
	Class    string
	Took     time.Duration
	Body     []byte // nil: as the client sent it
}

// BodyOptions say where body files go and how much of them is kept.
type BodyOptions struct {
	Dir        string           // LOG_DIR; made if it is missing
	MaxBytes   int64            // all files together; 0: no limit
	MaxAge     time.Duration    // 0: no limit
	QueueBytes int64            // what may wait to be written; 0: 64 MiB
	Scrub      *secret.Scrubber // nil masks only what looks like a key
	Log        *slog.Logger     // nil is silent
}

const (
	defaultQueueBytes = 64 << 20
	// recordOverhead stands for a record's headers and fields in the queue's
	// budget, so that requests without bodies do not queue without bound.
	recordOverhead = 2 << 10
	// complainEvery is how often trouble with the disk is logged.
	complainEvery = time.Minute
)

// Bodies writes body files off the request's path.
type Bodies struct {
	opt      BodyOptions
	folder   *bodyFolder
	save     func(*BodyRecord) error // folder.save, but for tests
	wake     chan struct{}           // one token: the queue is not empty, or closed
	done     chan struct{}           // the writer has ended
	stop     context.CancelFunc      // ends the writer without draining, and retention
	swept    chan struct{}           // retention has ended
	dropped  atomic.Uint64
	mu       sync.Mutex
	queue    []*BodyRecord
	queued   int64 // bytes in queue and of the record being written
	closed   bool
	lastTold time.Time // when trouble was logged last
	untold   uint64    // drops since then
}

// NewBodies starts the writer and retention. Nothing is touched before that
// happens in the background: a folder that cannot be made is a complaint in the
// log, not an error.
func NewBodies(opt BodyOptions) *Bodies {
	b := newBodies(opt)
	b.start()
	return b
}

func newBodies(opt BodyOptions) *Bodies {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.QueueBytes <= 0 {
		opt.QueueBytes = defaultQueueBytes
	}
	b := &Bodies{
		opt:    opt,
		folder: newBodyFolder(opt),
		wake:   make(chan struct{}, 1),
		done:   make(chan struct{}),
		swept:  make(chan struct{}),
	}
	b.save = b.folder.save
	return b
}

func (b *Bodies) start() {
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	go b.writeAll(ctx)
	go func() {
		defer close(b.swept)
		b.folder.keepBounds(ctx)
	}()
}

// Put hands a record over and returns at once; false if the queue is full (or
// Bodies closed) and the record was dropped. A nil Bodies takes every record
// and writes none.
func (b *Bodies) Put(r BodyRecord) bool {
	if b == nil {
		return true
	}
	if r.Time.IsZero() {
		r.Time = time.Now()
	}
	if err := b.enqueue(&r); err != nil {
		b.drop(err, 1)
		return false
	}
	b.nudge()
	return true
}

var (
	errQueueFull  = errors.New("the queue is full: the disk is too slow, or a body too large")
	errLateRecord = errors.New("the program is ending")
)

func (b *Bodies) enqueue(r *BodyRecord) error {
	size := r.size()
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return errLateRecord
	case b.queued+size > b.opt.QueueBytes:
		return errQueueFull
	}
	b.queue = append(b.queue, r)
	b.queued += size
	return nil
}

func (r *BodyRecord) size() int64 {
	n := recordOverhead + len(r.Request) + len(r.Response)
	for i := range r.Sent {
		n += len(r.Sent[i].Body)
	}
	return int64(n)
}

func (b *Bodies) nudge() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Dropped is how many records were not written, for whatever reason.
func (b *Bodies) Dropped() uint64 {
	if b == nil {
		return 0
	}
	return b.dropped.Load()
}

// Close takes no more records and writes those that wait. If ctx ends first,
// the rest is dropped and its error returned.
func (b *Bodies) Close(ctx context.Context) error {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.nudge()
	select {
	case <-b.done:
		b.stop()
		<-b.swept
		return nil
	case <-ctx.Done():
	}
	b.stop()
	b.mu.Lock()
	left := len(b.queue)
	b.queue = nil
	b.mu.Unlock()
	if left > 0 {
		b.dropped.Add(uint64(left))
	}
	return fmt.Errorf("writing the last body files: %d left out: %w", left, ctx.Err())
}

// writeAll is the one writer.
func (b *Bodies) writeAll(ctx context.Context) {
	defer close(b.done)
	for {
		r, more := b.next()
		switch {
		case r != nil:
			if err := b.save(r); err != nil {
				b.drop(err, 1)
			}
			b.mu.Lock()
			b.queued -= r.size()
			b.mu.Unlock()
			continue
		case !more:
			return
		}
		select {
		case <-b.wake:
		case <-ctx.Done():
			return
		}
	}
}

// next gives the oldest record, and whether more may come.
func (b *Bodies) next() (r *BodyRecord, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 {
		b.queue = nil // an append would keep what was written reachable
		return nil, !b.closed
	}
	r = b.queue[0]
	b.queue[0] = nil
	b.queue = b.queue[1:]
	return r, true
}

// drop counts records that were not written, and says so once a minute.
func (b *Bodies) drop(why error, n uint64) {
	b.dropped.Add(n)
	b.mu.Lock()
	b.untold += n
	untold := b.untold
	now := time.Now()
	tell := b.lastTold.IsZero() || now.Sub(b.lastTold) >= complainEvery
	if tell {
		b.lastTold, b.untold = now, 0
	}
	b.mu.Unlock()
	if tell {
		b.opt.Log.Warn("requests are served but not recorded", "folder", b.opt.Dir, "dropped", untold, "error", why)
	}
}
