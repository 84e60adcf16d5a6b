package proxy

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// eventRing is how many events one /_events reader may lag behind.
const eventRing = 1024

// heartbeat keeps proxies and clients from taking a quiet stream for a dead one.
const heartbeat = 15 * time.Second

// events streams the bus: a snapshot first, then every event; a new snapshot
// whenever events were dropped because the reader was slow.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	sub := s.opt.Bus.Subscribe(eventRing)
	defer sub.Close()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.ending, cancel)()

	out := eventWriter{ResponseController: http.NewResponseController(w), w: w}
	out.event("snapshot", s.Snapshot())
	var batch []event.Event
	var dropped uint64
	for out.err == nil && out.Flush() == nil {
		wait, done := context.WithTimeout(ctx, heartbeat)
		var err error
		batch, err = sub.Next(wait, batch)
		done()
		if ctx.Err() != nil && len(batch) == 0 {
			return
		}
		if err != nil {
			out.write(": heartbeat\n\n")
			continue
		}
		for _, e := range batch {
			out.event(event.Name(e), e)
		}
		if n := sub.Dropped(); n != dropped {
			dropped = n
			out.event("snapshot", s.Snapshot())
		}
	}
}

// eventWriter writes events until a write fails.
type eventWriter struct {
	*http.ResponseController
	w   io.Writer
	err error
}

func (o *eventWriter) event(name string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		o.err = err
		return
	}
	o.write("event: " + name + "\ndata: " + string(data) + "\n\n")
}

func (o *eventWriter) write(text string) {
	if o.err == nil {
		_, o.err = io.WriteString(o.w, text)
	}
}
