//go:build !headless

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/store"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// Requests implements ui.Backend.
func (d *desktop) Requests(ctx context.Context, q state.RequestQuery) ([]state.Request, error) {
	a := d.app.Load()
	if a == nil {
		return nil, errNotServing
	}
	list, err := a.store.Requests(ctx, store.RequestQuery{
		Before: q.Before, BeforeID: q.BeforeID, Provider: q.Provider, Client: q.Client, Rule: q.Rule, Status: q.Status,
		Grep: q.Text, Limit: q.Limit,
	})
	if err != nil {
		return nil, err
	}
	out := make([]state.Request, len(list))
	for i := range list {
		out[i] = state.RequestOf(&list[i].Finished)
		out[i].N = list[i].N
	}
	return out, nil
}

// again is a client for requests that take as long as an answer takes.
var again = &http.Client{Transport: &http.Transport{Proxy: nil}}

// Replay implements ui.Backend. The request goes in by the front door, so that
// all that is done to a client's is done to it; the control token lets it name
// its provider.
func (d *desktop) Replay(ctx context.Context, id, provider string) (state.Exchange, error) {
	x, err := d.replayable(ctx, id)
	if err != nil {
		return state.Exchange{}, err
	}
	a, l := d.serving()
	if l == nil {
		return state.Exchange{}, errNotServing
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.local()+x.Path, bytes.NewReader(x.Sent.Body))
	if err != nil {
		return state.Exchange{}, fmt.Errorf("%s: %w", state.Tr("repeating the request"), err)
	}
	req.Header.Set("Content-Type", "application/json")
	if strings.HasSuffix(x.Path, "/messages") {
		req.Header.Set("Anthropic-Version", "2023-06-01")
	}
	req.Header.Set(proxy.ControlHeader, a.token)
	req.Header.Set(proxy.ProviderHeader, provider)
	resp, err := again.Do(req)
	if err != nil {
		return state.Exchange{}, fmt.Errorf("%s: %w", state.Tr("repeating the request"), err)
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil { // what was said is kept where that of others is
		d.log.Warn("the answer to a repeated request broke off", "error", err)
	}
	fresh := resp.Header.Get("X-Request-Id")
	if fresh == "" {
		return state.Exchange{}, errors.New(state.Tr("repeating the request: the proxy answered {{.Status}}", "Status", resp.Status))
	}
	return d.Exchange(ctx, fresh)
}

// replayable is a request whose body is there, all of it: in memory, or in its
// file.
func (d *desktop) replayable(ctx context.Context, id string) (store.Exchange, error) {
	x, ok := d.recent.Find(id)
	if !ok {
		var err error
		if x, err = d.onDisk(ctx, id); errors.Is(err, store.ErrNoBody) || errors.Is(err, store.ErrNoRequest) {
			return x, state.Error("what the client sent is no longer in memory, where only the last requests are, and no file has it")
		} else if err != nil {
			return x, err
		}
	}
	switch {
	case len(x.Sent.Body) == 0:
		return x, state.Error("this request has no body that could be sent again")
	case x.Sent.Cut:
		return x, state.Error("only the beginning of the request is in memory, it was too large")
	case x.Rule == "" && x.Provider == "":
		return x, state.Error("this request was refused before it was routed")
	}
	return x, nil
}
