package state

import (
	"cmp"
	"slices"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// How much the list holds.
const (
	RequestsShown = 100_000 // rows at most
	RequestPage   = 500     // rows of the records that are asked for at a time
	unrecorded    = 1000    // rows kept of what ended last, whether shown or not; the records may not have them yet
	near          = 100     // rows before the end at which the next page is asked for

	askAgain = 5 * time.Second // after a page could not be had
)

// Requests is the list of requests: those that run, then those that ended, the
// newest first. What is older than the window comes from the records, by pages.
type Requests struct {
	st      *State
	filter  RequestFilter
	rows    ring             // ended and shown, the newest first
	last    []event.Finished // ended last, the newest last
	running []string         // IDs, while the view stands still
	held    []event.Finished // ended while the view stands still
	paused  bool
	missed  bool            // more ended meanwhile than are held
	early   map[string]bool // IDs that the newest page brought; their end may be told yet
	opened  bool            // somebody looks: pages are wanted
	whole   bool            // the records have no more
	asked   bool            // a page is on its way
	failed  time.Time       // when a page could not be had; zero: none failed since the last that came
	series  int             // of pages: an answer to an earlier question is let go
	changes uint64          // counts what may make the view differ
	names   map[string]string
}

func newRequests(s *State) *Requests { return &Requests{st: s, names: map[string]string{}} }

// RequestQuery asks the records for a page: those that ended before one that is
// known already, the newest first.
type RequestQuery struct {
	RequestFilter
	Series   int
	Before   int64  // N; 0: the newest
	BeforeID string // the same by its id, where its N is not known
	Limit    int
}

// finished takes a request that has ended.
func (l *Requests) finished(e *event.Finished) {
	if l.last = append(l.last, *e); len(l.last) > 2*unrecorded {
		l.last = slices.Delete(l.last, 0, len(l.last)-unrecorded)
	}
	switch {
	case !l.paused:
		l.put(e)
	case len(l.held) < unrecorded:
		l.held = append(l.held, *e)
	default:
		l.missed = true
	}
	l.changes++
}

func (l *Requests) put(e *event.Finished) {
	if !l.filter.shows(e) || l.early[e.ID] {
		return
	}
	r := RequestOf(e)
	l.intern(&r)
	l.rows.pushFront(r)
	most := RequestsShown
	if !l.opened {
		most = unrecorded // the records have the rest
	}
	if l.rows.n > most {
		l.rows.popBack()
		l.whole = false
	}
}

// intern spares the texts that many requests share.
func (l *Requests) intern(r *Request) {
	for _, text := range []*string{&r.Client, &r.Asked, &r.Provider, &r.Model, &r.Key, &r.Rule, &r.Outcome} {
		known, ok := l.names[*text]
		if !ok {
			if len(l.names) > 10_000 { // clients may name anything
				clear(l.names)
			}
			known = *text
			l.names[known] = known
		}
		*text = known
	}
}

// Filter is the filter in force.
func (l *Requests) Filter() RequestFilter { return l.filter }

// SetFilter shows other requests.
func (l *Requests) SetFilter(f RequestFilter) {
	if f != l.filter {
		l.filter = f
		l.Reload()
	}
}

// Reload begins anew: with what ended last, then the records.
func (l *Requests) Reload() {
	l.series++
	l.rows, l.early, l.whole, l.asked, l.missed, l.failed = ring{}, nil, false, false, false, time.Time{}
	for i := range l.last {
		l.put(&l.last[i])
	}
	l.held = nil
	l.freeze()
	l.changes++
}

// Open says whether somebody looks, so that pages are asked for.
func (l *Requests) Open(on bool) { l.opened = on }

// Paused reports whether the view stands still.
func (l *Requests) Paused() bool { return l.paused }

// Pause lets the view stand still, or run again with all that came meanwhile.
func (l *Requests) Pause(on bool) {
	if on == l.paused {
		return
	}
	l.paused = on
	l.freeze()
	l.changes++
	if on {
		return
	}
	held := l.held
	l.held = nil
	if l.missed {
		l.Reload()
		return
	}
	for i := range held {
		l.put(&held[i])
	}
}

func (l *Requests) freeze() {
	l.running = nil
	if !l.paused {
		return
	}
	for _, d := range l.current() {
		l.running = append(l.running, d.ID)
	}
}

// Waiting is how many requests ended that a view that stands still does not
// show; more says that there are others still.
func (l *Requests) Waiting() (n int, more bool) { return len(l.held), l.missed }

// live are the requests that run and are shown, the newest first; in a view that
// stands still, those that ran when it came to stand.
func (l *Requests) live() []*Decision {
	if !l.paused {
		return l.current()
	}
	var out []*Decision
	for _, id := range l.running {
		if d := l.st.known[id]; d != nil {
			out = append(out, d)
		}
	}
	return out
}

func (l *Requests) current() []*Decision {
	var out []*Decision
	for _, d := range l.st.running {
		if l.filter.showsRunning(d) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b *Decision) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// View is the list as it stands at one moment, to be drawn.
type View struct {
	l       *Requests
	running []Request
}

// View gives the list as it stands. It is true until the state is next changed.
func (l *Requests) View() View {
	live := l.live()
	v := View{l: l, running: make([]Request, len(live))}
	for i, d := range live {
		v.running[i] = runningRequest(d)
		if !d.Running() { // it ended while the view stood still
			v.running[i].Running, v.running[i].Status, v.running[i].Outcome = false, d.Status, d.Outcome
			v.running[i].Took, v.running[i].Completion = d.Took, d.Tokens
		}
	}
	return v
}

// Running is how many of the rows run, the first of all.
func (v *View) Running() int { return len(v.running) }

// Len is how many rows there are.
func (v *View) Len() int {
	if v.l == nil {
		return 0
	}
	return len(v.running) + v.l.rows.n
}

// At is the request in row i, nil if there is none.
func (v *View) At(i int) *Request {
	switch {
	case i < 0 || i >= v.Len():
		return nil
	case i < len(v.running):
		return &v.running[i]
	}
	return v.l.rows.at(i - len(v.running))
}

// Find is the row of a request, -1 if it has none among the first n.
func (v *View) Find(id string, n int) int {
	for i := range min(n, v.Len()) {
		if v.At(i).ID == id {
			return i
		}
	}
	return -1
}

// Changes counts what may make the view differ, but for the clock.
func (l *Requests) Changes() uint64 { return l.changes + l.st.moves }

// Whole reports whether the list goes back to the first record.
func (l *Requests) Whole() bool { return l.whole }

// Want is the page that is to be asked for when row i of the ended ones is seen;
// ok is false if none is, as for a while after one could not be had.
func (l *Requests) Want(i int, now time.Time) (q RequestQuery, ok bool) {
	if !l.opened || l.asked || l.whole || l.rows.n >= RequestsShown || i+near < l.rows.n || l.resting(now) > 0 {
		return q, false
	}
	l.asked = true
	q = RequestQuery{RequestFilter: l.filter, Series: l.series, Limit: RequestPage}
	if oldest := l.rows.at(l.rows.n - 1); oldest != nil && l.rows.paged > 0 {
		q.Before, q.BeforeID = oldest.N, ""
		if q.Before == 0 {
			q.BeforeID = oldest.ID
		}
	}
	return q, true
}

// Page takes the answer to a query. A page that is not full is the last.
func (l *Requests) Page(q RequestQuery, page []Request) {
	if q.Series != l.series {
		return
	}
	l.asked, l.failed = false, time.Time{}
	l.whole = len(page) < q.Limit
	l.rows.paged++
	if l.rows.paged == 1 {
		page = l.newest(page)
	}
	for i := range page {
		l.pushBack(page[i])
	}
	l.changes++
}

func (l *Requests) pushBack(r Request) {
	if l.rows.n < RequestsShown {
		l.intern(&r)
		l.rows.pushBack(r)
	}
}

// newest takes what the newest page and the events have in common, or told in
// another order. What ended last may be in the records already; and the records may
// have, for an instant, what no event has told yet: it stands on top, and its event
// adds no second row. What remains of the page is older.
func (l *Requests) newest(page []Request) []Request {
	known := map[string]bool{}
	for i := range l.rows.n {
		known[l.rows.at(i).ID] = true
	}
	for i := range l.held {
		known[l.held[i].ID] = true
	}
	var last time.Time // when what is known to have ended last did
	if top := l.rows.at(0); top != nil {
		last = top.Time.Add(top.Took)
	}
	l.early = map[string]bool{}
	var before, after []Request
	for i := range page {
		r := page[i]
		switch {
		case known[r.ID]:
			continue
		case !last.IsZero() && r.Time.Add(r.Took).After(last):
			before = append(before, r)
		default:
			after = append(after, r)
		}
		l.early[r.ID] = true
	}
	for i := range slices.Backward(before) {
		l.intern(&before[i])
		l.rows.pushFront(before[i])
	}
	return after
}

// Failed says that a page could not be had. It is asked for again by itself, but
// not with every frame.
func (l *Requests) Failed(q RequestQuery, now time.Time) {
	if q.Series == l.series {
		l.asked, l.failed = false, now
	}
}

// Again has a page that could not be had asked for at once.
func (l *Requests) Again() { l.failed = time.Time{} }

// resting is how long it is until a page that could not be had is asked for
// again; 0 if there is nothing to wait for.
func (l *Requests) resting(now time.Time) time.Duration {
	if l.failed.IsZero() {
		return 0
	}
	return max(askAgain-now.Sub(l.failed), 0)
}

// Requests is the list of requests.
func (s *State) Requests() *Requests { return s.requests }

// RequestTick is in how long the list changes by itself: rows that run show other
// figures, all at once, or a page that could not be had is asked for again. 0 if
// neither is.
func (s *State) RequestTick(now time.Time) time.Duration {
	wait := s.requests.resting(now)
	if second := time.Second - now.Sub(now.Truncate(time.Second)); len(s.running) > 0 && (wait == 0 || second < wait) {
		wait = second
	}
	return wait
}
