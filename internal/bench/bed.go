package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// bed is the servers of one scene: the provider and the ways to it.
type bed struct {
	dir                                  string
	provider, floor, nginx, tray, logged *process
}

// newBed starts the provider, the floor, nginx if there is one, and two
// glmtrays: one without and one with body files.
func newBed(ctx context.Context, o options, fast []string) (_ *bed, err error) {
	b := new(bed)
	defer func() {
		if err != nil {
			b.stop()
		}
	}()
	if b.dir, err = os.MkdirTemp("", "glmtray-bench-"); err != nil {
		return nil, err
	}
	if b.provider, err = start(ctx, nil, o.bin, append([]string{"simulate", "--vendor", "cerebras", "--fast"}, fast...)...); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if b.floor, err = start(ctx, nil, self, "floor", b.provider.url); err != nil {
		return nil, err
	}
	b.nginx, err = startNginx(ctx, b.provider.url, b.dir)
	if err != nil && !errors.Is(err, errNoNginx) {
		return nil, err
	}
	if b.tray, err = startTray(ctx, o, b.provider.url, filepath.Join(b.dir, "plain"), "false"); err != nil {
		return nil, err
	}
	if b.tray.mallocs(ctx) == 0 { // built without the tag
		b.tray.pprof = ""
	}
	b.logged, err = startTray(ctx, o, b.provider.url, filepath.Join(b.dir, "bodies"), "true")
	return b, err
}

// startTray starts glmtray with everything on.
func startTray(ctx context.Context, o options, provider, dir, bodies string) (*process, error) {
	pprof, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	environ := []string{
		`CEREBRAS_API_KEYS={"one":"bench-key-number-one","two":"bench-key-number-two","three":"bench-key-number-three"}`,
		"CEREBRAS_BASE_URL=" + provider + "/v1", "LOG_REQUESTS=" + bodies, "GLMTRAY_LOG_MAX_BYTES=64MiB",
		"ENABLE_INCOMING_AUTH=true", "LITELLM_MASTER_KEY=" + clientKey, "GLMTRAY_PPROF_ADDR=" + pprof,
	}
	p, err := start(ctx, environ, o.bin, "serve", "--addr", "127.0.0.1:0", "--data-dir", dir)
	if err != nil {
		return nil, err
	}
	p.pprof = pprof
	return p, nil
}

func (b *bed) stop() {
	for _, p := range []*process{b.logged, b.tray, b.nginx, b.floor, b.provider} {
		if p != nil {
			p.stop()
		}
	}
	if err := os.RemoveAll(b.dir); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "note:", err)
	}
}
