package upstream

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestAWatchdogBitesWhenItsTimeIsUpAndNotBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bites atomic.Int32
		w := new(watchdog)
		w.start(time.Second, func() { bites.Add(1) })
		defer w.end()
		want := func(n int32, rested bool) {
			t.Helper()
			synctest.Wait()
			if bites.Load() != n {
				t.Errorf("it bit %d times, want %d", bites.Load(), n)
			}
			if w.rest() != rested {
				t.Errorf("laid to rest in time: %v", !rested)
			}
		}
		time.Sleep(time.Second - 1)
		want(0, true)
		time.Sleep(time.Hour)
		want(0, true)
		w.set(time.Second)
		time.Sleep(time.Second)
		want(1, false)
		w.set(time.Second)
		w.set(3 * time.Second) // without a rest in between
		time.Sleep(2 * time.Second)
		want(1, true)
		w.set(time.Second)
		time.Sleep(2 * time.Second)
		want(2, false)
	})
}

// A process that is stopped finds its timers late when it goes on; how late they
// are is all that can be known.
func TestAWatchdogThatIsWokenTooLateLooksOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bites atomic.Int32
		w := new(watchdog)
		w.start(time.Second, func() { bites.Add(1) })
		defer w.end()
		time.Sleep(100 * time.Millisecond)
		w.late(10 * time.Second)
		w.fire()
		if time.Sleep(oneLook - 1); bites.Load() != 0 {
			t.Error("it bit at once")
		}
		if w.set(time.Minute); !w.rest() {
			t.Error("what was read meanwhile does not count")
		}
		w.late(10 * time.Second)
		w.fire()
		if time.Sleep(oneLook + 1); bites.Load() != 1 {
			t.Errorf("it bit %d times, though nothing was read", bites.Load())
		}
	})
}

// late makes it as if the time had been up for long.
func (w *watchdog) late(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due = w.now() - int64(d)
}

// A stream sets the time for each read, and the timer was set for the first.
func TestAWatchThatIsSetAgainAndAgainBitesAfterTheLastTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bites atomic.Int32
		w := new(watchdog)
		w.start(time.Minute, func() { bites.Add(1) })
		defer w.end()
		for range 1000 {
			w.set(time.Second)
			time.Sleep(900 * time.Millisecond)
			if !w.rest() {
				t.Fatal("it bit in time")
			}
			time.Sleep(5 * time.Second)
		}
		w.set(time.Hour)
		w.set(time.Second) // sooner than what the timer may be set for
		if time.Sleep(time.Second - 1); bites.Load() != 0 {
			t.Error("it bit too soon")
		}
		time.Sleep(time.Nanosecond)
		if synctest.Wait(); bites.Load() != 1 {
			t.Error("it did not bite")
		}
	})
}

func TestATimerThatComesTooSoonIsSetForTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bites atomic.Int32
		w := new(watchdog)
		w.start(time.Second, func() { bites.Add(1) })
		defer w.end()
		time.Sleep(500 * time.Millisecond)
		w.fire()
		if time.Sleep(500*time.Millisecond - 1); bites.Load() != 0 {
			t.Error("it bit too soon")
		}
		if time.Sleep(time.Nanosecond); bites.Load() != 1 {
			synctest.Wait()
			if bites.Load() != 1 {
				t.Error("it did not bite")
			}
		}
	})
}

// What is silent may be a network that has gone, and with it every connection
// that carries nothing now.
func TestSilenceClosesTheConnectionsThatCarryNothing(t *testing.T) {
	silent := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Header.Get("X-Request-Id") == "silent" {
			close(silent)
			<-r.Context().Done()
			return
		}
		asJSON(w)
		write(w, answerJSON)
	})
	var opened atomic.Int32
	s := newSender(t)
	s.opt.Dial = counting(&opened)
	good := func() {
		t.Helper()
		wantClass(t, s.Send(t.Context(), chatCall(url, false)), OK)
	}
	// A connection that is idle while another one is silent.
	call := chatCall(url, false)
	call.RequestID, call.Patience = "silent", 300*time.Millisecond
	done := make(chan *Reply)
	go func() { done <- s.Send(t.Context(), call) }()
	<-silent
	good()
	good()
	if n := opened.Load(); n != 2 {
		t.Fatalf("%d connections, want 2", n)
	}
	wantClass(t, <-done, Silent)
	for range 100 { // they are closed a moment after the reply
		if good(); opened.Load() == 3 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the idle connection is still trusted")
}
