package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

type serveCmd struct {
	Addr        string `name:"addr" placeholder:"HOST:PORT" setting:"" help:"Where to listen (127.0.0.1:18080); :0 picks a port."`
	EnvFile     string `name:"env-file" placeholder:"FILE" help:"Read variables from this file first; real ones win." type:"path"`
	LogLevel    string `name:"log-level" placeholder:"LEVEL" setting:"" help:"debug, info, warn or error (info)."`
	AllowRemote bool   `name:"allow-remote" setting:"" help:"Listen beyond this machine; client keys must be on."`
	NoDemo      bool   `name:"no-demo" help:"Never answer from the built-in demo provider."`
}

// Run serves until the context ends.
func (c *serveCmd) Run(e *env) error { return serve(e, c.options()) }

// options are what the flags say.
func (c *serveCmd) options() appOptions {
	flags := map[string]string{}
	if c.Addr != "" {
		flags["addr"] = c.Addr
	}
	if c.LogLevel != "" {
		flags["log_level"] = c.LogLevel
	}
	if c.AllowRemote {
		flags["allow_remote"] = "true"
	}
	return appOptions{envFile: c.EnvFile, flags: flags, noDemo: c.NoDemo}
}

type demoCmd struct {
	Addr     string `name:"addr" placeholder:"HOST:PORT" setting:"" help:"Where to listen (127.0.0.1:18080); :0 picks a port."`
	LogLevel string `name:"log-level" placeholder:"LEVEL" setting:"" help:"debug, info, warn or error (info)."`
}

// Run serves the demo, whatever is configured.
func (c *demoCmd) Run(e *env) error {
	flags := map[string]string{}
	if c.Addr != "" {
		flags["addr"] = c.Addr
	}
	if c.LogLevel != "" {
		flags["log_level"] = c.LogLevel
	}
	return serve(e, appOptions{flags: flags, forceDemo: true})
}

// serve runs the proxy until ctx ends, then lets what runs finish.
func serve(e *env, opt appOptions) error {
	noPeeking()
	release, err := soleServer(e)
	if err != nil {
		return err
	}
	defer release()
	again := withoutCollector()
	a, err := newApp(e, opt)
	if err != nil {
		return err
	}
	defer a.close()
	a.started = again
	return a.serve(e.ctx, e.stdout)
}

// serve listens, tells where, and serves until ctx ends. Whoever reads what it
// writes may go: that ends a command, but no proxy.
func (a *app) serve(ctx context.Context, stdout io.Writer) error {
	signal.Ignore(syscall.SIGPIPE)
	first, err := a.admit(ctx)
	if err != nil {
		return err
	}
	set := a.settings()
	l, err := listen(ctx, set.Addr, set.AddrGiven, a.rememberedPort())
	if err != nil {
		return err
	}
	a.rememberPort(l)
	a.at.Store(l)
	run := runFile{PID: os.Getpid(), URL: l.local(), Token: a.token, Started: time.Now(), Window: a.opt.window}
	if err := writeRunFile(set.DataDir, run); err != nil {
		a.log.Warn("commands will not find this proxy", "error", err)
	}
	defer removeRunFile(set.DataDir)
	a.server.SetAddr(net.JoinHostPort(l.host, strconv.Itoa(l.port)))

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a.background(ctx)
	a.busy.Go(func() { a.repoint(ctx, a.around, l.local()) })
	done := serveHTTP(l, a.server, a.log.Handler())
	if _, err := fmt.Fprintf(stdout, "listening on %s\n", l.url()); err != nil {
		a.log.Warn("standard output is closed", "error", err)
	}
	if a.started != nil {
		a.started()
	}
	if first {
		if err := a.firstClient(ctx, stdout); err != nil {
			return errors.Join(err, done.http.Close())
		}
	}
	a.announce(l)
	return a.untilEnd(ctx, done)
}

// untilEnd waits for the context or for a listener to fail, then shuts down
// within the settings' bound.
func (a *app) untilEnd(ctx context.Context, done *servers) error {
	var failed error
	select {
	case <-ctx.Done():
		a.log.Info("stopping", "in_flight", a.server.Snapshot().Requests.InFlight, "at_most", a.settings().Shutdown)
	case failed = <-done.failed:
	}
	removeRunFile(a.settings().DataDir) // who starts now shall not take this one for serving
	a.server.Drain()
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.settings().Shutdown)
	defer cancel()
	if err := done.http.Shutdown(bound); errors.Is(err, context.DeadlineExceeded) {
		a.log.Warn("requests were still running and are ended now")
		_ = done.http.Close() // what is left is given up
	}
	return failed
}

// servers is one http.Server on its listeners.
type servers struct {
	http   *http.Server
	failed chan error
}
