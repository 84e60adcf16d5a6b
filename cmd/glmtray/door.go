//go:build !headless

package main

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy"
)

// openDoor lets other processes find the window while there is no proxy: it
// listens on a port of its own, says which program it is and can be raised;
// everything else is told why nothing is served. The result closes it.
func (d *desktop) openDoor(ctx context.Context) (close func()) {
	_, dataDir, err := d.e.places()
	if err != nil {
		return func() {} // it stands in what is shown already
	}
	l, err := listenOn(ctx, "127.0.0.1", 0)
	if err != nil {
		d.log.Warn("a second start will not find this window", "error", err)
		return func() {}
	}
	token := newToken()
	server := &http.Server{Handler: d.door(token), ReadHeaderTimeout: headerTime}
	for _, x := range l.listeners {
		go func(x net.Listener) { _ = server.Serve(x) }(x) // it ends when it is closed
	}
	run := runFile{PID: os.Getpid(), URL: l.local(), Token: token, Started: time.Now(), Window: true}
	if err := writeRunFile(dataDir, run); err != nil {
		d.log.Warn("a second start will not find this window", "error", err)
	}
	return func() {
		removeRunFile(dataDir)
		_ = server.Close() // whoever asks now asks the next one
	}
}

func (d *desktop) door(token string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "failed", "program": "glmtray", "version": version})
	})
	mux.HandleFunc("POST /_control/raise", func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get(proxy.ControlHeader)), []byte(token)) != 1 {
			answer(w, http.StatusForbidden, map[string]any{"error": map[string]string{"message": "this needs the running program's control token"}})
			return
		}
		d.bus.Publish(event.ServerChanged{Time: time.Now(), State: proxy.Raise})
		answer(w, http.StatusOK, map[string]string{"status": "done"})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		text := "glmtray's window is open, but nothing is served"
		if err := d.problem(); err != nil {
			text += ": " + err.Error()
		}
		answer(w, http.StatusServiceUnavailable, map[string]any{"error": map[string]string{"message": text}})
	})
	return mux
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the other side may have left
}

func (d *desktop) problem() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}
