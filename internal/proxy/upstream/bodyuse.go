package upstream

import (
	"net/http/httptrace"
	"sync"
)

// bodyUse finds out when nobody reads a request's body any more. The transport
// writes it on a goroutine of its own and may be at it when RoundTrip has
// already returned, so the body is free once RoundTrip is back and each
// connection that was had for it has told that it wrote, or gave up.
//
// A body type with a Close of its own would tell as well, but net/http sends
// the header in a packet of its own before a body that it does not know to be
// in memory. Where a connection dies before it begins to write nothing is told;
// then the body is never called free, which costs no more than its memory.
type bodyUse struct {
	done func()

	mu      sync.Mutex
	writing int  // connections had that have not told yet
	back    bool // RoundTrip has returned
}

// begun is told of each connection that was had.
func (u *bodyUse) begun() {
	u.mu.Lock()
	u.writing++
	u.mu.Unlock()
}

// wrote is told of each that has written.
func (u *bodyUse) wrote(httptrace.WroteRequestInfo) {
	u.mu.Lock()
	u.writing--
	free := u.back && u.writing == 0
	u.mu.Unlock()
	u.tell(free)
}

// returned is called once RoundTrip is back, or was never called.
func (u *bodyUse) returned() {
	u.mu.Lock()
	u.back = true
	free := u.writing == 0
	u.mu.Unlock()
	u.tell(free)
}

func (u *bodyUse) tell(free bool) {
	if free && u.done != nil {
		u.done()
	}
}
