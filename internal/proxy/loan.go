package proxy

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// A loan is a buffer for a request body that goes back to a pool when nobody
// reads it any more. An agent's prompt is 100 KB and is held twice (as it came,
// and as it fits a provider); left to the collector these buffers were half of
// what a request cost.
//
// Whoever holds a loan has one use of it. The transport is a holder of its own:
// it may still be writing a body when the answer is already there, and even
// when the request has failed (see upstream.Call.Done). A loan that is never
// given back goes to the collector.
type loan struct {
	buf  []byte // empty, with room for what was asked
	uses atomic.Int32
	pool *sync.Pool // nil: it goes to the collector
}

// Bodies below the smallest size are not worth a pool, those beyond the largest
// would keep too much memory. What is kept is given back to the system by whoever
// watches its memory, once the program rests.
const (
	smallestLoan = 11 // 2 KiB, as a power of two
	largestLoan  = 22 // 4 MiB
)

// loans are by their room, of which there are four sizes to each power of two: a
// prompt of a little over 1 MB must not take 2.
var loans [4 * (largestLoan + 1)]sync.Pool

// roomOf gives the room for size bytes, and the pool that has it.
func roomOf(size int) (room int, pool *sync.Pool) {
	power := max(bits.Len(uint(max(size, 1)-1)), smallestLoan) //nolint:gosec // no size is negative
	if power > largestLoan {
		return size, nil
	}
	quarter := 1 << (power - 3)
	n := max((size+quarter-1)/quarter, 5) // of eight: what is less is for the power below
	return n * quarter, &loans[4*power+n-5]
}

// lend gives room for size bytes. pooled is false where somebody keeps the
// bytes for good.
func lend(size int, pooled bool) *loan {
	room, pool := roomOf(size)
	if !pooled || size < 1<<(smallestLoan-1) || pool == nil {
		l := &loan{buf: make([]byte, 0, size)}
		l.uses.Store(1)
		return l
	}
	l, ok := pool.Get().(*loan)
	if !ok {
		l = &loan{buf: make([]byte, 0, room), pool: pool}
	}
	l.buf = l.buf[:0]
	l.uses.Store(1)
	return l
}

// share adds a use.
func (l *loan) share() *loan {
	l.uses.Add(1)
	return l
}

// release gives one use back. The holder touches the bytes no more.
func (l *loan) release() {
	if l.uses.Add(-1) == 0 && l.pool != nil {
		l.pool.Put(l)
	}
}
