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
	runtime.SetMutexProfileFraction(100)
	runtime.SetBlockProfileRate(int(100 * time.Microsecond))
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error: profiling:", err)
		os.Exit(exitFail)
	}
	srv := &http.Server{Handler: http.DefaultServeMux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(l) }()
}
