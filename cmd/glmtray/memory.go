package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// ballast is never written to, so it takes address space and no memory. The
// collector counts it, and so comes when 16 MB more have piled up: a heap as small
// as this program's would be collected twenty times a second under load, which cost
// a tenth of the processor and held up the slowest requests by a quarter; 32 MB are
// no better (2026-11-29).
func ballast() []byte { return make([]byte, 16<<20) }

// startMost is what a start may take before the collector comes all the same: one that
// brings a large database into its new form, or waits for the keychain, takes long.
const startMost = 64 << 20

// withoutCollector keeps the collector from a start, which makes what stays and
// little else: it took a sixth of the time. again brings it back.
func withoutCollector() (again func()) {
	limit := debug.SetMemoryLimit(-1) // reads it
	debug.SetMemoryLimit(min(limit, startMost))
	percent := debug.SetGCPercent(-1)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

const (
	// trimEvery is how often one looks whether there is memory to give back.
	trimEvery = 5 * time.Second
	// trimQuiet is what an idle program allocates at most in that time, in bytes.
	trimQuiet = 1 << 20
	// trimLeast is how much must have been allocated, and be held, since there
	// was nothing to give back: what is less is soon wanted again.
	trimLeast = 16 << 20
)

// trimmer gives memory back to the system once the start or a burst is over. By itself the
// collector comes every two minutes to a program at rest, and takes a second time to
// empty the pools: 256 prompts of 1 MB at once left a gigabyte standing.
type trimmer struct {
	read func() heapFigures
	give func()
	seen uint64 // allocated at the last look
	done uint64 // allocated when memory was given back last
	idle bool   // it was at rest before, so that the start is over
}

// heapFigures are in bytes.
type heapFigures struct {
	allocated uint64 // since the start
	held      uint64 // of the system's memory, for the heap
}

func newTrimmer() *trimmer { return &trimmer{read: readHeap, give: giveBack} }

func readHeap() heapFigures {
	s := [...]metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(s[:])
	return heapFigures{s[0].Value.Uint64(), s[1].Value.Uint64() + s[2].Value.Uint64() + s[3].Value.Uint64()}
}

func giveBack() {
	runtime.GC() // what is in a pool survives one collection
	debug.FreeOSMemory()
	letGoOfProgram()
	letGoOfDrawing()
}

// run looks until ctx ends.
func (t *trimmer) run(ctx context.Context) {
	tick := time.NewTicker(trimEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			t.look()
		case <-ctx.Done():
			return
		}
	}
}

func (t *trimmer) look() {
	now := t.read()
	quiet := now.allocated-t.seen <= trimQuiet
	t.seen = now.allocated
	burst := now.held >= trimLeast && now.allocated-t.done >= trimLeast
	if quiet && (burst || !t.idle) {
		t.give()
		t.done, t.idle = now.allocated, true
	}
}
