package main

import "github.com/glmtray/glmtray/internal/proxy/simulator"

type simulateCmd struct {
	Args []string `arg:"" optional:"" passthrough:"all" help:"The simulator's own flags: --addr, --script, --vendor, --fast and others."`
}

// Run serves the simulator until the context ends.
func (c *simulateCmd) Run(e *env) error { return simulator.Main(e.ctx, c.Args, e.stdout) }
