package upstream

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestAfterASleepNoOldConnectionIsTrusted(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asJSON(w)
		write(w, answerJSON)
	})
	var opened atomic.Int32
	s := newSender(t)
	s.opt.Dial = counting(&opened)
	want := func(n int32) {
		t.Helper()
		if wantClass(t, s.Send(t.Context(), chatCall(url, false)), OK); opened.Load() != n {
			t.Errorf("%d connections, want %d", opened.Load(), n)
		}
	}
	want(1)
	want(1) // nobody watches: nothing is known
	s.beat.Store(time.Now().Add(-missed + 2*time.Second).UnixNano())
	want(1)
	s.beat.Store(time.Now().Add(-time.Hour).UnixNano())
	want(2)
	want(2) // it has slept once
}

func TestTheWatchBeatsAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSender(t)
		ctx, cancel := context.WithCancel(t.Context())
		go s.Watch(ctx)
		time.Sleep(time.Hour)
		if synctest.Wait(); time.Now().UnixNano()-s.beat.Load() > int64(beatEvery) {
			t.Error("it does not beat")
		}
		cancel()
		if synctest.Wait(); s.beat.Load() != 0 {
			t.Error("it beats no more, and requests would take that for a sleep")
		}
	})
}
