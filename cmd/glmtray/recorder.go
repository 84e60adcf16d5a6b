package main

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/secret"
	"github.com/glmtray/glmtray/internal/store"
)

// recorder hands the record of each request to the database, to the body files,
// and to the memory that a window looks at.
type recorder struct {
	scrub    *secret.Scrubber
	log      *slog.Logger
	requests *store.RequestWriter // nil: there is no database
	recent   *store.Recent        // nil: there is no window
	bodies   atomic.Pointer[bodyFiles]
}

type bodyFiles struct {
	*store.Bodies
	dir string
}

// queueBytes bounds the bodies that wait to be written, in bytes.
const queueBytes = 64 << 20

func newRecorder(settings *config.Settings, scrub *secret.Scrubber, log *slog.Logger) *recorder {
	r := &recorder{scrub: scrub, log: log}
	r.apply(settings)
	return r
}

// apply switches body files on or off as the settings wish.
func (r *recorder) apply(settings *config.Settings) {
	old := r.bodies.Load()
	if settings.LogRequests == (old != nil) && (old == nil || old.dir == settings.LogDir) {
		return
	}
	var next *bodyFiles
	if settings.LogRequests {
		next = &bodyFiles{store.NewBodies(store.BodyOptions{
			Dir: settings.LogDir, MaxBytes: settings.LogMaxBytes, MaxAge: settings.LogMaxAge,
			QueueBytes: queueBytes, Scrub: r.scrub, Log: r.log,
		}), settings.LogDir}
	}
	r.bodies.Store(next)
	if old != nil {
		go r.end(old) // what is queued is still written
	}
}

func (r *recorder) end(b *bodyFiles) {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	if err := b.Close(ctx); err != nil {
		r.log.Warn("some body files were not written", "error", err)
	}
}

func (r *recorder) close(ctx context.Context) {
	if r.requests != nil {
		if err := r.requests.Close(ctx); err != nil {
			r.log.Error("some requests are not in the records", "error", err)
		}
	}
	if b := r.bodies.Swap(nil); b != nil {
		r.end(b)
	}
}

// Bodies reports whether anybody keeps bodies: a file, or a window's memory.
func (r *recorder) Bodies() bool { return r.recent != nil || r.bodies.Load() != nil }

// Record queues the record and the body file and returns at once.
func (r *recorder) Record(p proxy.Record) {
	row := requestOf(&p)
	if r.recent != nil { // before the row is put: from then on it is its writer's
		r.recent.Put(store.Exchange{Request: row, Sent: store.Said{Body: p.Request}, Got: store.Said{Body: p.Answer, Cut: p.Cut}, Why: p.Why})
	}
	if r.requests != nil {
		r.requests.Put(row) // a record that is lost is told by the writer
	}
	b := r.bodies.Load()
	if b == nil {
		return
	}
	rec := store.BodyRecord{
		Time: p.Time, ID: p.ID, Method: p.Method, Path: p.Path, Header: p.Header, Request: p.Request,
		Status: p.Status, RespHeader: p.Answered, Response: p.Answer, Truncated: p.Cut, Took: p.Took,
		Error: p.Error, Provider: p.Provider, Key: p.Key, Route: p.Rule + ": " + p.Reason,
		Sent: make([]store.Sent, len(p.Tries)),
	}
	for i, a := range p.Tries {
		rec.Sent[i] = store.Sent{
			Provider: a.Provider, Model: a.Model, Key: a.Key, Status: a.Status, Class: a.Class, Took: a.Took, Body: a.Body,
		}
	}
	b.Put(rec)
}

// requestOf is what the database keeps of a record.
func requestOf(p *proxy.Record) store.Request {
	r := store.Request{Finished: p.Finished, Tries: make([]store.Try, len(p.Tries))}
	for i, a := range p.Tries {
		r.Tries[i] = store.Try{
			Provider: a.Provider, Model: a.Model, Key: a.Key, Status: a.Status, Class: a.Class, Reason: a.Reason, Took: a.Took,
		}
	}
	return r
}

// endRecords writes the records that still wait.
func (a *app) endRecords(ctx context.Context) {
	if a.server != nil {
		if err := a.server.Settle(ctx); err != nil {
			a.log.Error("some requests are not in the records: their tokens were still being counted", "error", err)
		}
	}
	if a.minutes != nil {
		a.minutes.save(true)
	}
	if a.rec != nil {
		a.rec.close(ctx)
	}
}
