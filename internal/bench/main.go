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
	flag.StringVar(&o.bin, "bin", "bin/glmtray", "the program to measure")
	flag.IntVar(&o.rounds, "rounds", 5, "interleaved rounds per case")
	flag.DurationVar(&o.each, "each", time.Second, "how long one round loads one target")
	flag.StringVar(&o.only, "only", "", "run only the cases whose name contains this")
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
	bin    string
	rounds int
	each   time.Duration
	only   string
}
