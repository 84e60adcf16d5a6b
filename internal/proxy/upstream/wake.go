package upstream

import (
	"context"
	"time"
)

// A machine that has slept has often come to another network, or its provider has
// hung up meanwhile; nobody tells the connections. That it slept shows in the wall
// clock: a beat that is due every few seconds is late.
const (
	beatEvery = 5 * time.Second
	missed    = 2 * beatEvery // so late no beat is by itself
)

// Watch notices until ctx ends that the machine has slept, and closes the
// connections from before.
func (s *Sender) Watch(ctx context.Context) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	s.beat.Store(time.Now().UnixNano())
	defer s.beat.Store(0)
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		s.awake()
		s.beat.Store(time.Now().UnixNano())
	}
}

// awake closes what is idle if the machine has slept since the last beat. A
// request asks as well: it may come before the beat does.
func (s *Sender) awake() {
	now, last := time.Now().UnixNano(), s.beat.Load()
	if late := time.Duration(now - last); last != 0 && late > missed && s.beat.CompareAndSwap(last, now) {
		s.opt.Log.Info("this machine has slept, or was busy with other things; connections from before are given up", "for", late.Round(time.Second).String())
		s.CloseIdle()
	}
}
