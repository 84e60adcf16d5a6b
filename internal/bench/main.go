package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) > 2 && os.Args[1] == "floor" {
		exit(floor(ctx, os.Args[2]))
		return
	}
	var o options
	flag.StringVar(&o.bin, "bin", "bin/glmtray", "the `program` to measure; built with the tag pprof, it is profiled as well")
	flag.IntVar(&o.rounds, "rounds", 5, "interleaved rounds per case")
	flag.DurationVar(&o.each, "each", 500*time.Millisecond, "how long one round loads one target")
	flag.DurationVar(&o.idle, "idle", time.Minute, "how long an idle program is watched")
	flag.StringVar(&o.only, "only", "", "run only the cases whose name contains this")
	flag.StringVar(&o.profiles, "profiles", "dist/bench", "`folder` for the profiles; none: \"\"")
	flag.BoolVar(&o.write, "write", false, "put the tables into README.md and docs/speed.md")
	flag.Parse()
	exit(run(ctx, o))
}

func exit(err error) {
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

type options struct {
	bin      string
	rounds   int
	each     time.Duration
	idle     time.Duration
	only     string
	profiles string
	write    bool
}
