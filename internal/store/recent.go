package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/secret"
)

// What Recent keeps by default.
const (
	recentCount   = 200
	recentBytes   = 64 << 20
	recentLargest = 1 << 20
)

// Exchange is one request with what was said, while it is in memory. Its texts
// are as they came: whoever shows them scrubs them, see [Readable].
type Exchange struct {
	Request
	Sent Said // by the client
	Got  Said // by the client, in answer
	Why  event.Why
}

// Said is one body.
type Said struct {
	Body []byte
	Cut  bool // Body is only its beginning
}

// RecentOptions bound what is kept; what is 0 is as [NewRecent] has it.
type RecentOptions struct {
	Count   int   // requests
	Bytes   int64 // of all bodies together
	Largest int   // bytes of one answer; what is larger is cut
}

// Recent keeps the newest requests with their bodies in memory, and nowhere
// else: what a window shows of a request that somebody chooses.
type Recent struct {
	opt   RecentOptions
	mu    sync.Mutex
	list  []Exchange // the oldest first
	bytes int64
}

// NewRecent keeps the last 200 requests, 64 MiB of bodies at most, and at most
// 1 MiB of each answer. What a client sent is kept whole, so that it can be sent
// again, unless it would take half of all the memory there is.
func NewRecent(opt RecentOptions) *Recent {
	if opt.Count <= 0 {
		opt.Count = recentCount
	}
	if opt.Bytes <= 0 {
		opt.Bytes = recentBytes
	}
	if opt.Largest <= 0 {
		opt.Largest = recentLargest
	}
	return &Recent{opt: opt}
}

// Put takes a request in; the oldest make room. The bodies belong to nobody
// alone: they are not changed, here or by whoever has them as well. Tries is
// copied. A nil Recent keeps nothing.
func (r *Recent) Put(x Exchange) {
	if r == nil {
		return
	}
	x.Tries = slices.Clone(x.Tries)
	x.Sent.cut(int(r.opt.Bytes / 2))
	x.Got.cut(r.opt.Largest)
	x.clip()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, x)
	r.bytes += x.bytes()
	gone := 0
	for len(r.list)-gone > r.opt.Count || (r.bytes > r.opt.Bytes && gone < len(r.list)) {
		r.bytes -= r.list[gone].bytes()
		gone++
	}
	clear(r.list[:gone]) // the memory of what is gone is not held by the slice
	r.list = r.list[gone:]
}

// Find gives the request with that id, if it is still there.
func (r *Recent) Find(id string) (Exchange, bool) {
	if r == nil {
		return Exchange{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.list) - 1; i >= 0; i-- {
		if r.list[i].ID == id {
			return r.list[i], true
		}
	}
	return Exchange{}, false
}

// bytes is what the bodies hold of the memory, which is more than their length.
func (x *Exchange) bytes() int64 { return int64(cap(x.Sent.Body) + cap(x.Got.Body)) }

// cut copies the beginning of what is too large, so that the rest can go. An
// answer grows as it comes, and may hold twice what it says.
func (s *Said) cut(largest int) {
	switch {
	case len(s.Body) > largest:
		end := largest
		for end > 0 && largest-end < utf8.UTFMax && !utf8.RuneStart(s.Body[end]) {
			end--
		}
		s.Body, s.Cut = bytes.Clone(s.Body[:end:end]), true
	case cap(s.Body) > len(s.Body)+len(s.Body)/4:
		s.Body = bytes.Clone(s.Body)
	}
}

// Readable is a body as people read it: JSON indented, other text as it is. Keys
// are taken out.
func Readable(data []byte, scrub *secret.Scrubber) string {
	data = scrub.Bytes(data)
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return ""
	case json.Valid(data) && !swells(data):
		var out bytes.Buffer
		if err := json.Indent(&out, data, "", "  "); err == nil {
			return out.String()
		}
	}
	if utf8.Valid(data) {
		return string(data)
	}
	return fmt.Sprintf("(%d bytes that are no text)", len(data))
}
