//go:build pprof

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof" //nolint:gosec // only in builds made for measuring, on the address that they are told
	"os"
	"runtime"
	"time"
)

// Only builds made for measuring (make bench) can be profiled: a heap dump shows
// keys, so what people run has no such door.
func init() {
	addr := os.Getenv("GLMTRAY_PPROF_ADDR")
	if addr == "" {
		return
	}
	// To watch where goroutines wait costs 2 % of a request, so it is done only for as
	// long as somebody wants to know.
	http.HandleFunc("POST /debug/contention", func(_ http.ResponseWriter, r *http.Request) {
		mutexes, blocks := 0, 0
		if r.FormValue("watch") == "true" {
			mutexes, blocks = 100, int(100*time.Microsecond)
		}
		runtime.SetMutexProfileFraction(mutexes)
		runtime.SetBlockProfileRate(blocks)
	})
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error: profiling:", err)
		os.Exit(exitFail)
	}
	srv := &http.Server{Handler: http.DefaultServeMux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(l) }()
}
