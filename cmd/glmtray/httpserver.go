package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/glmtray/glmtray/internal/proxy"
)

// Bounds on what a client may send before the proxy knows it. There is no
// write deadline: streams last as long as they last.
const (
	headerTime = 10 * time.Second
	bodyTime   = 2 * time.Minute
	idleTime   = 2 * time.Minute
	headerSize = 64 << 10
)

// serveHTTP starts serving on every listener.
func serveHTTP(l *listening, handler http.Handler, log slog.Handler) *servers {
	s := &servers{
		http: &http.Server{
			Handler: handler, ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, IdleTimeout: idleTime,
			MaxHeaderBytes: headerSize, ErrorLog: slog.NewLogLogger(log, slog.LevelDebug), ConnContext: proxy.ConnContext,
		},
		failed: make(chan error, len(l.listeners)),
	}
	for _, x := range l.listeners {
		go func() {
			if err := s.http.Serve(proxy.Gathering(x)); !errors.Is(err, http.ErrServerClosed) {
				s.failed <- fmt.Errorf("serving on %s: %w", x.Addr(), err)
			}
		}()
	}
	return s
}
