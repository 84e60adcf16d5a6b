package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// rest is a program that nobody asks anything.
type rest struct {
	span time.Duration
	cpu  time.Duration // used in that time
	rss  float64       // MiB
}

// alone measures what no load is needed for: how long it takes from the start
// to the first answer, and what an idle program costs.
func alone(ctx context.Context, o options) (starts []time.Duration, r rest, err error) {
	provider, err := start(ctx, nil, o.bin, "simulate", "--vendor", "cerebras", "--fast")
	if err != nil {
		return nil, r, err
	}
	defer provider.stop()
	dir, err := os.MkdirTemp("", "glmtray-bench-")
	if err != nil {
		return nil, r, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	const times = 11 // the first makes the database
	for i := range times {
		took, tray, err := firstAnswer(ctx, o, provider.url, filepath.Join(dir, "data"))
		if err != nil {
			return nil, r, err
		}
		starts = append(starts, took)
		if i < times-1 {
			tray.stop()
			continue
		}
		watch(ctx, tray, restAfter) // what a start leaves behind is cleared away
		r = watch(ctx, tray, o.idle)
		tray.stop()
	}
	slices.Sort(starts)
	return starts, r, ctx.Err()
}

// firstAnswer starts glmtray and asks as soon as it says where it listens.
func firstAnswer(ctx context.Context, o options, provider, dir string) (time.Duration, *process, error) {
	began := time.Now()
	tray, err := startTray(ctx, o, provider, dir, "false")
	if err != nil {
		return 0, nil, err
	}
	client := new(http.Transport)
	defer client.CloseIdleConnections()
	l := load{name: smallCase, body: request(1<<10, false)}
	if _, err := once(ctx, client, tray.url, l, make([]byte, 4<<10)); err != nil {
		tray.stop()
		return 0, nil, fmt.Errorf("asking a program that has just started: %w", err)
	}
	return time.Since(began), tray, nil
}

// watch lets the program rest.
func watch(ctx context.Context, p *process, span time.Duration) rest {
	before := p.cpu()
	select {
	case <-ctx.Done():
	case <-time.After(span):
	}
	return rest{span: span, cpu: p.cpu() - before, rss: p.rss()}
}
