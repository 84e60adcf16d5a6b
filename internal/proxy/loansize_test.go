package proxy

import (
	"sync"
	"testing"
)

func TestALoanHasRoomAndLittleMore(t *testing.T) {
	pools := map[*sync.Pool]int{}
	last := 0
	for size := 0; size <= 1<<largestLoan; size += max(size/100, 1) {
		room, pool := roomOf(size)
		if pool == nil || room < size || room < last {
			t.Fatalf("%d bytes of room for %d", room, size)
		}
		if size > 1<<(smallestLoan-1) && room > size+size/4+1 {
			t.Errorf("%d bytes of room for %d", room, size)
		}
		if had, ok := pools[pool]; ok && had != room {
			t.Errorf("one pool has %d and %d bytes", had, room)
		}
		pools[pool], last = room, room
	}
	if _, pool := roomOf(1<<largestLoan + 1); pool != nil {
		t.Error("what is too large is pooled")
	}
	if n := len(pools); n != 4*(largestLoan-smallestLoan+1) {
		t.Errorf("%d sizes", n)
	}
	l := lend(1<<20+1, true)
	if cap(l.buf) < 1<<20+1 || l.pool == nil {
		t.Errorf("a loan of %d bytes", cap(l.buf))
	}
	l.release()
}
