package proxy

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestASilentStreamIsPingedEveryTenSecondsUntilItGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var p pinger
		var at []time.Duration
		p.start(func() { at = append(at, time.Since(begun)) })
		next := func(after time.Duration, want ...time.Duration) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			p.mu.Lock()
			defer p.mu.Unlock()
			if !slices.Equal(at, want) {
				t.Fatalf("%s in: pings at %v, want %v", time.Since(begun), at, want)
			}
		}
		next(9 * time.Second)
		p.write(func() {}) // an event at 9 s: the silence begins anew
		next(9 * time.Second)
		next(time.Second, 19*time.Second)
		next(10*time.Second, 19*time.Second, 29*time.Second)
		for range 100 { // a stream that speaks now and then
			time.Sleep(7 * time.Second)
			p.write(func() {})
		}
		next(0, 19*time.Second, 29*time.Second)
		p.stop()
		next(time.Hour, 19*time.Second, 29*time.Second)
	})
}

func TestAPingerThatNeverBeganIsStoppedAllTheSame(*testing.T) {
	var p pinger
	p.write(func() {})
	p.stop()
}
