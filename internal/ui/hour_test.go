package ui

import (
	"flag"
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/ui/state"
)

var hour = flag.Duration("hour", time.Hour, "how long the busy hour is")

// busy is a window whose clock stands still between the frames that a test draws.
type busy struct {
	*rig
	at time.Time
	n  int // requests so far
}

// perFrame is how many requests come between two frames, at 50 a second and the
// pump's pace.
const perFrame = int(50 * calm / time.Second)

func newBusy(tb testing.TB) *busy {
	b := &busy{rig: newRig(tb, &program{snap: serving(desktopKey("desk"), desktopKey("laptop"))}, host), at: time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)}
	b.u.now = func() time.Time { return b.at }
	return b
}

// frame is half a second in which requests came, one of them failed, and a line was
// logged for each.
func (b *busy) frame() {
	b.at = b.at.Add(calm)
	var events []event.Event
	for range perFrame {
		b.n++
		id, key := fmt.Sprintf("%016x", b.n), "desk"
		if b.n%2 == 0 {
			key = "laptop"
		}
		end := event.Finished{
			ID: id, Time: b.at, Client: "claude-code", Method: "POST", Path: "/v1/messages", Asked: "claude-sonnet-5", Provider: "cerebras",
			Model: "zai-glm-4.7", Key: key, Rule: "everything", Reason: "no other rule matched", Attempts: 1, Status: 200, Stream: true,
			Outcome: "ok", Tokens: event.Tokens{Prompt: 12_000 + b.n%997, Completion: 300 + b.n%101}, FirstByte: 140 * time.Millisecond,
			Streamed: 400 * time.Millisecond, TPS: 800, Took: 600 * time.Millisecond,
		}
		class := "ok"
		if b.n%perFrame == 0 {
			class, end.Outcome, end.Error, end.Status = "overloaded", "overloaded", "the queue is full", 503
		}
		events = append(events,
			event.Routed{ID: id, Time: b.at, Client: "claude-code", Path: "/v1/messages", Model: "claude-sonnet-5", Stream: true, Tokens: 12_000, Rule: "everything", Reason: "no other rule matched", Chain: []string{"cerebras/zai-glm-4.7"}},
			event.Attempted{ID: id, Time: b.at, N: 1, Provider: "cerebras", Model: "zai-glm-4.7", Key: key, Status: end.Status, Class: class, Took: end.Took},
			end,
			event.Logged{Time: b.at, Level: slog.LevelInfo, Text: "request", Attrs: "id=" + id + " status=200"},
		)
	}
	b.u.draw(news{events: events})
}

// heap is what is in use once everything that is not has been collected.
func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what finalizers gave free
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}

// TestTheHeapStaysFlatInABusyHour goes through the pages again and again while 50
// requests a second come. What is kept is bounded, so the heap is at the end as it was
// after two thirds, when the list of requests has been full for a while.
func TestTheHeapStaysFlatInABusyHour(t *testing.T) {
	b := newBusy(t)
	frames := int(*hour / calm)
	var first float64
	for i := range frames {
		if i%100 == 0 {
			b.u.turn(b.u.tabs[i/180%len(b.u.tabs)].name)
		}
		if b.frame(); i == frames*2/3 {
			first = heap()
		}
	}
	last := heap()
	t.Logf("%d requests in %d frames: %.1f MiB after two thirds, %.1f MiB at the end", b.n, frames, first, last)
	if last > first*1.15+2 {
		t.Errorf("the heap grew from %.1f to %.1f MiB", first, last)
	}
}

// BenchmarkAFrame is the window's part of a frame at 50 requests a second, with
// 10,000 lines in the log; the painting comes on top.
func BenchmarkAFrame(b *testing.B) {
	w := newBusy(b)
	for w.n < state.LogSize {
		w.frame()
	}
	for _, tab := range w.u.tabs {
		b.Run(tab.name, func(b *testing.B) {
			w.u.turn(tab.name)
			for b.Loop() {
				w.frame()
			}
		})
	}
}
