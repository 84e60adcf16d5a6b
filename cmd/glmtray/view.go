package main

import (
	"errors"
	"io"
	"net/http"

	"github.com/glmtray/glmtray/internal/proxy"
)

// quietApp puts the rooms together for a command that only wants to know: it
// does not listen, sends nothing and says nothing. It must be closed.
func (e *env) quietApp(opt appOptions) (*app, error) {
	quiet := *e
	quiet.stderr = io.Discard
	return newApp(&quiet, opt)
}

// view is the whole state as the running proxy tells it (live) or, if none
// runs, as one would start with now.
func (e *env) view() (st proxy.Status, live bool, err error) {
	run, err := e.proxy()
	switch {
	case err == nil:
		st, err = run.status(e)
		return st, true, err
	case !errors.Is(err, errNotRunning):
		return st, false, err
	}
	a, err := e.quietApp(appOptions{noDemo: true})
	if err != nil {
		return st, false, err
	}
	defer a.close()
	return a.server.Snapshot(), false, nil
}

// status asks the running proxy for its state.
func (r *runFile) status(e *env) (proxy.Status, error) {
	var st proxy.Status
	err := call(e.ctx, http.MethodGet, r.URL+"/_status", r.Token, nil, &st)
	return st, err
}
