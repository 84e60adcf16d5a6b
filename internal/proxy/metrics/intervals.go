package metrics

import (
	"slices"
	"sync"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// intervals is the history in two grains. Nothing runs in the background: an
// interval begins when the first request of it is over.
type intervals struct {
	mu     sync.Mutex
	fine   grain
	coarse grain
	saved  int64 // begin of the newest minute that was given away
}

// grain is a history of one width: by time, an entry for each variant that had
// traffic.
type grain []Interval

func (i *intervals) request(r *Request) {
	now := time.Now()
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, t := range [...]*Tally{i.fine.at(now, fine, fineKept, r.Variant), i.coarse.at(now, coarse, coarseKept, r.Variant)} {
		t.request(r)
		t.tokens(r)
	}
}

func (i *intervals) attempt(a *Attempt, moved bool) {
	now := time.Now()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.fine.at(now, fine, fineKept, a.Variant).attempt(a, moved)
	i.coarse.at(now, coarse, coarseKept, a.Variant).attempt(a, moved)
}

// at gives the tally that is open now, good until the next call.
func (g *grain) at(now time.Time, width, kept time.Duration, variant string) *Tally {
	begin := floor(now.Unix(), width)
	if n := len(*g); n > 0 {
		begin = max(begin, (*g)[n-1].At) // a clock that was set back
	}
	for n := len(*g) - 1; n >= 0 && (*g)[n].At == begin; n-- {
		if (*g)[n].Variant == variant {
			return &(*g)[n].Tally
		}
	}
	g.drop(now.Add(-kept).Unix())
	*g = append(*g, Interval{At: begin, Variant: variant})
	return &(*g)[len(*g)-1].Tally
}

// drop forgets what began before a time. The room is given back when the list
// grows the next time.
func (g *grain) drop(before int64) {
	for len(*g) > 0 && (*g)[0].At < before {
		(*g)[0] = Interval{}
		*g = (*g)[1:]
	}
}

// since gives the entries from a time on.
func (g grain) since(from int64) grain {
	i, _ := slices.BinarySearchFunc(g, from, func(v Interval, from int64) int {
		if v.At < from {
			return -1
		}
		return 1
	})
	return g[i:]
}

func floor(unix int64, width time.Duration) int64 {
	w := int64(width / time.Second)
	return unix - unix%w
}

// Minutes gives the minutes that are over and were not given before; at the end
// of the program (last) also the one that still runs. Whoever keeps them gives
// them back by [Book.Restore].
func (b *Book) Minutes(last bool) []Interval {
	i := &b.intervals
	i.mu.Lock()
	defer i.mu.Unlock()
	open := floor(time.Now().Unix(), coarse)
	var out []Interval
	for _, v := range i.coarse.since(i.saved + 1) {
		if v.At < open || last {
			out = append(out, v.clone())
		}
	}
	if n := len(out); n > 0 {
		i.saved = out[n-1].At
	}
	return out
}

// History gives all minutes that there are.
func (b *Book) History() []Interval {
	i := &b.intervals
	i.mu.Lock()
	defer i.mu.Unlock()
	out := make([]Interval, len(i.coarse))
	for n := range out {
		out[n] = i.coarse[n].clone()
	}
	return out
}

// Restore takes minutes of an earlier run. Of two for the same minute and
// variant the later in the list counts: the earlier had not seen its end. It is
// called before the first request.
func (b *Book) Restore(minutes []Interval) {
	type id struct {
		at      int64
		variant string
	}
	now := time.Now()
	least, most := now.Add(-coarseKept).Unix(), floor(now.Unix(), coarse)
	place := map[id]int{}
	var list grain
	for _, m := range minutes {
		if m.At < least || m.At > most || m.At%int64(coarse/time.Second) != 0 {
			continue // too old, or of a clock that went wrong
		}
		if n, ok := place[id{m.At, m.Variant}]; ok {
			list[n] = m.clone()
			continue
		}
		place[id{m.At, m.Variant}] = len(list)
		list = append(list, m.clone())
	}
	slices.SortStableFunc(list, func(a, b Interval) int { return int(a.At - b.At) })
	i := &b.intervals
	i.mu.Lock()
	defer i.mu.Unlock()
	i.coarse = list
	if n := len(list); n > 0 {
		i.saved = list[n-1].At - 1 // it may not have been over
	}
}

func (v *Interval) clone() Interval {
	c := *v
	for _, s := range [...]*sketch{&c.Took, &c.First, &c.Speed, &c.Waited} {
		*s = slices.Clone(*s)
	}
	return c
}

// maxRecent is how many requests a page that opens finds.
const maxRecent = 100

// recent is a ring of the newest requests.
type recent struct {
	mu   sync.Mutex
	ring []event.Finished
	next int
}

func (r *recent) put(f *event.Finished) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.ring) < maxRecent {
		r.ring = append(r.ring, *f)
		return
	}
	r.ring[r.next] = *f
	r.next = (r.next + 1) % maxRecent
}

// Recent gives the newest requests, the newest first.
func (b *Book) Recent() []event.Finished {
	r := &b.recent
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]event.Finished, 0, len(r.ring))
	for i := len(r.ring) - 1; i >= 0; i-- {
		out = append(out, r.ring[(r.next+i)%len(r.ring)])
	}
	return out
}
