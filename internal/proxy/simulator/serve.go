package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"
)

// Running is a provider that listens.
type Running struct {
	*Provider
	URL    string // "http://127.0.0.1:41234"; append "/v1" for a base URL
	server *http.Server
	cancel context.CancelFunc
	done   chan struct{}
}

// Start listens on addr, which must be a loopback address; "" and port 0 pick a
// free port. It runs until ctx ends or Close.
func Start(ctx context.Context, addr string, s Script) (*Running, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("checking script: %w", err)
	}
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	if err := loopback(addr); err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	return serve(ctx, l, New(s)), nil
}

// serve runs the provider on a listener of any kind.
func serve(ctx context.Context, l net.Listener, p *Provider) *Running {
	ctx, cancel := context.WithCancel(ctx)
	r := &Running{Provider: p, URL: "http://" + l.Addr().String(), cancel: cancel, done: make(chan struct{})}
	r.server = &http.Server{
		Handler:           p,
		ReadHeaderTimeout: 30 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	go func() {
		defer close(r.done)
		_ = r.server.Serve(l) // ends with ErrServerClosed or with its listener
	}()
	context.AfterFunc(ctx, func() { _ = r.server.Close() })
	return r
}

// Close ends the provider and everything that is still being answered.
func (r *Running) Close() error {
	r.cancel()
	err := r.server.Close()
	<-r.done
	return err
}

func loopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("reading address: %w", err)
	}
	if ip, err := netip.ParseAddr(host); host == "localhost" || err == nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("reading address: %q is not a loopback address", host)
}

// Main is the command `glmtray simulate`: it starts a provider that may be
// driven under /_sim/, prints "listening on URL" and runs until ctx ends.
func Main(ctx context.Context, args []string, stdout io.Writer) error {
	var fast Fast
	var s Script
	f := flag.NewFlagSet("simulate", flag.ContinueOnError)
	f.SetOutput(stdout)
	addr := f.String("addr", "127.0.0.1:0", "loopback `address` to listen on")
	file := f.String("script", "", "JSON `file` with the script; \"demo\" is the demo's")
	vendor := f.String("vendor", "", "cerebras, zai, synthetic, anthropic or demo, instead of the script's")
	quick := f.Bool("fast", false, "answer precomputed bytes, for benchmarks")
	f.IntVar(&fast.Bytes, "fast-bytes", 1024, "`bytes` of a whole answer")
	f.IntVar(&fast.Events, "fast-events", 200, "content `events` of a stream")
	f.IntVar(&fast.Batch, "fast-batch", 1, "`events` per write; -1: all at once")
	f.DurationVar(&fast.Pace, "fast-pace", 0, "`time` between writes")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return fmt.Errorf("reading flags: %w", err)
	}
	if err := s.load(*file); err != nil {
		return err
	}
	if *vendor != "" {
		s.Vendor = *vendor
	}
	if *quick {
		s.Fast = &fast
	}
	r, err := Start(ctx, *addr, s)
	if err != nil {
		return err
	}
	r.AllowControl()
	if _, err := fmt.Fprintf(stdout, "listening on %s\n", r.URL); err != nil {
		return errors.Join(fmt.Errorf("announcing: %w", err), r.Close())
	}
	<-r.done
	return nil
}

func (s *Script) load(file string) error {
	switch file {
	case "":
		return nil
	case "demo":
		*s = Demo()
		return nil
	}
	// the operator's own command line names the file
	f, err := os.Open(file) // #nosec G304
	if err != nil {
		return fmt.Errorf("opening script: %w", err)
	}
	defer func() { _ = f.Close() }() // read only
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	if err := d.Decode(s); err != nil {
		return fmt.Errorf("reading script %s: %w", file, err)
	}
	return nil
}
