package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"time"
)

// run measures every case and prints the tables.
func run(ctx context.Context, o options) error {
	if o.profiles != "" {
		if err := os.MkdirAll(o.profiles, 0o750); err != nil {
			return err
		}
	}
	r := report{when: time.Now(), machine: fmt.Sprintf("%d shared cores, %s, %s", runtime.NumCPU(), runtime.GOOS, runtime.Version())}
	var err error
	if r.starts, r.rest, err = alone(ctx, o); err != nil {
		return err
	}
	for _, s := range scenes() {
		loads := wanted(s.loads, o.only)
		if len(loads) == 0 {
			continue
		}
		if err := s.run(ctx, o, loads, &r); err != nil {
			return err
		}
	}
	return r.tell(os.Stdout, o.write)
}

// restAfter is how long a program has after a scene to give back what it took.
const restAfter = 15 * time.Second

func (s scene) run(ctx context.Context, o options, loads []load, r *report) error {
	b, err := newBed(ctx, o, s.fast)
	if err != nil {
		return err
	}
	defer b.stop()
	idle := b.tray.rss()
	for _, l := range loads {
		c, err := measure(ctx, o, b, l)
		if err != nil {
			return err
		}
		r.cases = append(r.cases, c)
		_, _ = fmt.Fprintln(os.Stderr, c.row())
		if b.tray.pprof != "" && o.profiles != "" {
			if err := profiled(ctx, o.profiles, l, b.tray); err != nil {
				return err
			}
		}
	}
	full := b.tray.rss()
	rested := watch(ctx, b.tray, restAfter)
	r.memory = append(r.memory, memory{loads[0].name, idle, full, rested.rss})
	return ctx.Err()
}

// measured is one case: what each way showed, as medians over the rounds.
type measured struct {
	load
	direct, floor, tray, logged sample
	nginx                       *sample // nil: there is none here
}

// measure runs the interleaved rounds of one load.
func measure(ctx context.Context, o options, b *bed, l load) (measured, error) {
	type way struct {
		server *process
		load   load
		shown  []sample
	}
	direct, floor, nginx := &way{server: b.provider, load: l.plainly()}, &way{server: b.floor, load: l.plainly()}, &way{server: b.nginx, load: l.plainly()}
	tray, logged := &way{server: b.tray, load: l}, &way{server: b.logged, load: l}
	for range o.rounds {
		for _, w := range []*way{direct, floor, nginx, tray, logged} {
			if w.server == nil {
				continue
			}
			s, err := drive(ctx, w.server.url, w.load, o.each, w.server)
			if err != nil {
				return measured{}, fmt.Errorf("%s, %d parallel: %w", l.name, l.parallel, err)
			}
			w.shown = append(w.shown, s)
		}
	}
	m := measured{load: l, direct: medians(direct.shown), floor: medians(floor.shown), tray: medians(tray.shown), logged: medians(logged.shown)}
	if b.nginx != nil {
		s := medians(nginx.shown)
		m.nginx = &s
	}
	return m, nil
}
