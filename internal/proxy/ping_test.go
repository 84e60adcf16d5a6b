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
		p.start(func() { at = append(at, time.Since(begun)) }, func(time.Time) {}, time.Minute)
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

func TestAClientThatTakesNothingIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pinger
		cut := make(chan time.Time, 1)
		p.start(func() { t.Error("a ping in the midst of a write") }, func(at time.Time) {
			if !at.IsZero() {
				cut <- at
			}
		}, time.Minute)
		for range 100 { // each write takes long, and none too long
			p.write(func() { time.Sleep(40 * time.Second) })
		}
		if len(cut) > 0 {
			t.Fatal("a client that is slow was ended")
		}
		begun := time.Now()
		p.write(func() { <-cut })
		if took := time.Since(begun); took < time.Minute || took > time.Minute+2*pingAfter {
			t.Errorf("ended after %v", took)
		}
		p.stop()
	})
}

func TestAPingIsBoundedAsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pinger
		var bounds []time.Duration
		begun := time.Now()
		p.start(func() {}, func(at time.Time) {
			if at.IsZero() {
				bounds = append(bounds, 0)
			} else {
				bounds = append(bounds, at.Sub(begun))
			}
		}, time.Minute)
		time.Sleep(pingAfter)
		synctest.Wait()
		p.stop()
		if !slices.Equal(bounds, []time.Duration{pingAfter + time.Minute, 0}) {
			t.Errorf("bounds %v", bounds)
		}
	})
}
