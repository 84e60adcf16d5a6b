package main

import (
	"fmt"
	"net/url"
	"time"
)

type pauseCmd struct{}

// Run pauses the running proxy.
func (*pauseCmd) Run(e *env) error {
	return verb(e, "pause", "paused: every further request is answered with 503; go on with: glmtray resume")
}

type resumeCmd struct{}

// Run ends a pause.
func (*resumeCmd) Run(e *env) error { return verb(e, "resume", "serving") }

type pinCmd struct {
	Provider string        `arg:"" help:"The provider, see: glmtray status"`
	For      time.Duration `name:"for" default:"15m" placeholder:"TIME" help:"How long (15m): 90s, 15m, 2h."`
}

// Run pins a provider.
func (c *pinCmd) Run(e *env) error {
	query := url.Values{"provider": {c.Provider}, "for": {c.For.String()}}
	return verb(e, "pin?"+query.Encode(), fmt.Sprintf("pinned to %s for %s", c.Provider, c.For))
}

type unpinCmd struct{}

// Run ends a pin.
func (*unpinCmd) Run(e *env) error { return verb(e, "unpin", "not pinned") }

// verb carries out a verb in the running proxy.
func verb(e *env, path, done string) error {
	proxy, err := e.proxy()
	if err != nil {
		return err
	}
	if err := proxy.control(e.ctx, path, nil, nil); err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.stdout, done)
	return err
}
