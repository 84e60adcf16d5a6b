package proxy

import (
	"encoding/json"
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
	flusher, ok := w.(http.Flusher)
	if !ok {
		http.Error(w, "streaming is not possible here", http.StatusInternalServerError)
		return
	}
	sub := s.opt.Bus.Subscribe(eventRing)
	defer sub.Close()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)

	feed := make(chan []event.Event)
	ctx := r.Context()
	go func() {
		defer close(feed)
		for {
			batch, err := sub.Next(ctx, nil)
			if err != nil {
				return
			}
			select {
			case feed <- batch:
			case <-ctx.Done():
				return
			case <-s.stop:
				return
			}
		}
	}()
	dropped := uint64(0)
	ok = writeEvent(w, "snapshot", s.Snapshot())
	flusher.Flush()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for ok {
		select {
		case batch, more := <-feed:
			if !more {
				return
			}
			for _, e := range batch {
				ok = ok && writeEvent(w, event.Name(e), e)
			}
			if n := sub.Dropped(); n != dropped {
				dropped = n
				ok = ok && writeEvent(w, "snapshot", s.Snapshot())
			}
		case <-beat.C:
			_, err := w.Write([]byte(": heartbeat\n\n"))
			ok = err == nil
		case <-s.stop:
			return
		case <-ctx.Done():
			return
		}
		flusher.Flush()
	}
}

func writeEvent(w http.ResponseWriter, name string, v any) bool {
	data, err := json.Marshal(v)
	if err != nil {
		return false
	}
	_, err = w.Write([]byte("event: " + name + "\ndata: " + string(data) + "\n\n"))
	return err == nil
}
