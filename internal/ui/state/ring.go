package state

// ring is a list of requests that grows at both ends, the newest first.
type ring struct {
	buf     []Request
	head, n int
	paged   int // pages of the records that are in it
}

func (r *ring) at(i int) *Request {
	if i < 0 || i >= r.n {
		return nil
	}
	return &r.buf[(r.head+i)%len(r.buf)]
}

func (r *ring) grow() {
	if r.n < len(r.buf) {
		return
	}
	buf := make([]Request, max(2*len(r.buf), 256))
	for i := range r.n {
		buf[i] = *r.at(i)
	}
	r.buf, r.head = buf, 0
}

func (r *ring) pushFront(v Request) {
	r.grow()
	r.head = (r.head - 1 + len(r.buf)) % len(r.buf)
	r.buf[r.head] = v
	r.n++
}

func (r *ring) pushBack(v Request) {
	r.grow()
	r.buf[(r.head+r.n)%len(r.buf)] = v
	r.n++
}

func (r *ring) popBack() {
	if r.n > 0 {
		r.n--
		r.buf[(r.head+r.n)%len(r.buf)] = Request{}
	}
}
