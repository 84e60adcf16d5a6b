package main

import "testing"

func TestMemoryIsGivenBackOnceABurstIsOver(t *testing.T) {
	const mb = 1 << 20
	var heap heapFigures
	given := 0
	trim := trimmer{read: func() heapFigures { return heap }, give: func() { given++ }}
	for _, step := range []struct {
		what            string
		allocated, held uint64 // allocated since the step before
		given           int    // until now
	}{
		{"at the start", 5 * mb, 8 * mb, 0},
		{"once the start is over", 0, 8 * mb, 1},
		{"at rest", 0, 8 * mb, 1},
		{"in a burst", 900 * mb, 700 * mb, 1},
		{"at the end of it", 3 * mb, 900 * mb, 1},
		{"after it", mb / 2, 900 * mb, 2},
		{"where a window keeps much", 0, 100 * mb, 2},
		{"for long", mb / 2, 100 * mb, 2},
		{"in a second burst", 50 * mb, 120 * mb, 2},
		{"after that", mb / 2, 120 * mb, 3},
		{"after much that is gone already", 500 * mb, 10 * mb, 3},
		{"at rest again", 0, 10 * mb, 3},
	} {
		heap.allocated, heap.held = heap.allocated+step.allocated, step.held
		if trim.look(); given != step.given {
			t.Fatalf("%s memory was given back %d times, not %d", step.what, given, step.given)
		}
	}
}

func TestTheHeapsFiguresAreThere(t *testing.T) {
	if f := readHeap(); f.allocated == 0 || f.held == 0 {
		t.Errorf("%+v", f) // a name that this Go does not know would make Uint64 panic
	}
}

func TestGivingBackEmptiesTheHeap(t *testing.T) {
	burst := make([][]byte, 64)
	for i := range burst {
		burst[i] = make([]byte, 1<<20)
		burst[i][0] = 1
	}
	before := readHeap().held
	clear(burst)
	giveBack()
	if after := readHeap().held; after > before-48<<20 {
		t.Errorf("the heap holds %d MB, and held %d", after>>20, before>>20)
	}
}
