package state

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// keep is how many decisions are shown at most; the records hold the rest.
const keep = 200

// Course is what becomes of requests: the last decisions, as they come and end,
// and what was used today. It is not safe for concurrent use.
type Course struct {
	decisions []*Decision          // in the order in which they came, finished or not
	running   map[string]*Decision // by ID: routed, and not finished yet
	known     map[string]*Decision // by ID: those of decisions
	today     Today
}

// NewCourse makes a Course without requests.
func NewCourse() *Course {
	return &Course{running: map[string]*Decision{}, known: map[string]*Decision{}}
}

// Apply carries the course on by one event.
func (c *Course) Apply(e event.Event) {
	switch e := e.(type) {
	case event.Routed:
		c.routed(e)
	case event.Attempted:
		c.attempted(e)
	case event.Finished:
		c.finished(e)
	}
}

// Lost lets go of the requests that are thought to run and that list does not
// have as running: events were lost, and their ends may be among them. Should one
// still run, its next event brings it back.
func (c *Course) Lost(list []Decision) {
	before := c.running
	c.running = map[string]*Decision{}
	c.update(list)
	for id := range before {
		if c.running[id] == nil {
			c.forget(id)
		}
	}
}

// update takes over the decisions of a snapshot. Requests that it does not list
// stay: it may be a moment older than the last event.
func (c *Course) update(list []Decision) {
	for i := range list {
		c.merge(list[i])
	}
	slices.SortStableFunc(c.decisions, func(a, b *Decision) int { return a.Time.Compare(b.Time) })
	c.trim()
}

// merge takes one decision of a snapshot. One that is known as finished stays.
func (c *Course) merge(d Decision) {
	old := c.known[d.ID]
	switch {
	case old == nil:
		old = &d
		c.decisions = append(c.decisions, old)
		c.known[d.ID] = old
	case !old.Running():
		return
	default:
		*old = d
	}
	if old.Running() {
		c.running[d.ID] = old
	} else {
		delete(c.running, d.ID) // its event is still to come
	}
}

// forget takes a running request off the list.
func (c *Course) forget(id string) {
	d := c.known[id]
	if d == nil || !d.Running() {
		return
	}
	delete(c.known, id)
	c.decisions = slices.DeleteFunc(c.decisions, func(have *Decision) bool { return have == d })
}

// trim lets the oldest decisions go. Those that still run are known on.
func (c *Course) trim() {
	if over := len(c.decisions) - keep; over > 0 {
		for _, d := range c.decisions[:over] {
			delete(c.known, d.ID)
		}
		c.decisions = slices.Delete(c.decisions, 0, over)
	}
}

// open finds a request that runs, or begins one. It gives nil for one that has
// ended: an event from before the snapshot may come after it.
func (c *Course) open(id string, at time.Time) *Decision {
	if d := c.running[id]; d != nil {
		return d
	}
	if c.known[id] != nil {
		return nil
	}
	d := &Decision{ID: id, Time: at}
	c.running[id], c.known[id] = d, d
	c.decisions = append(c.decisions, d)
	c.trim()
	return d
}

func (c *Course) routed(e event.Routed) {
	d := c.open(e.ID, e.Time)
	if d == nil {
		return
	}
	d.Client, d.Asked, d.Rule, d.Reason = e.Client, e.Model, e.Rule, e.Reason
	d.Estimate, d.Stream = e.Tokens, e.Stream
	if len(e.Chain) > 0 && d.Provider == "" {
		d.Provider, d.Model, _ = strings.Cut(e.Chain[0], "/")
	}
}

func (c *Course) attempted(e event.Attempted) {
	d := c.open(e.ID, e.Time)
	if d == nil {
		return
	}
	d.Provider, d.Model, d.Key = e.Provider, e.Model, e.Key
	d.Attempts = max(d.Attempts, e.N)
}

func (c *Course) finished(e event.Finished) {
	if c.known[e.ID] == nil || c.running[e.ID] != nil {
		c.today.Add(&e) // a snapshot that brought its end has counted it
	}
	if e.Rule == "" && c.running[e.ID] == nil {
		return // refused before anything was decided: a line of the log, no decision
	}
	d := c.open(e.ID, e.Time)
	if d == nil {
		return // a snapshot brought its end
	}
	delete(c.running, e.ID)
	if e.Provider == "" { // nobody answered: who was tried last says more than nobody
		e.Provider, e.Model, e.Key = d.Provider, d.Model, d.Key
	}
	*d = Decision{
		ID: e.ID, Time: e.Time, Client: e.Client, Asked: e.Asked, Provider: e.Provider, Model: e.Model, Key: e.Key,
		Rule: e.Rule, Reason: e.Reason, Status: e.Status, Outcome: cmp.Or(e.Outcome, "ok"), Attempts: e.Attempts, Took: e.Took,
		Tokens: e.Tokens.Completion, Estimate: d.Estimate, Stream: e.Stream, Demo: e.Demo,
	}
}

// Decisions are the newest n, the newest first.
func (c *Course) Decisions(n int) []DecisionRow {
	n = min(n, len(c.decisions))
	rows := make([]DecisionRow, n)
	for i := range rows {
		rows[i] = c.decisions[len(c.decisions)-1-i].row()
	}
	return rows
}

// Decision is the one with that ID, if it is still among those that are shown.
func (c *Course) Decision(id string) (DecisionRow, bool) {
	d := c.known[id]
	if d == nil {
		return DecisionRow{}, false
	}
	return d.row(), true
}

// last is the newest decision, nil if there is none.
func (c *Course) last() *Decision {
	if len(c.decisions) == 0 {
		return nil
	}
	return c.decisions[len(c.decisions)-1]
}

// Running lists the requests that run, the oldest first.
func (c *Course) Running() []Decision {
	out := make([]Decision, 0, len(c.running))
	for _, d := range c.running {
		out = append(out, *d)
	}
	slices.SortFunc(out, func(a, b Decision) int { return a.Time.Compare(b.Time) })
	return out
}

// AddToday adds what was used before anything was seen here.
func (c *Course) AddToday(d Today) {
	switch {
	case c.today.Day > d.Day:
	case c.today.Day < d.Day:
		c.today = d
	default:
		c.today.Requests += d.Requests
		c.today.Tokens += d.Tokens
		c.today.Cost += d.Cost
		c.today.HasTokens = c.today.HasTokens || d.HasTokens
		c.today.HasCost = c.today.HasCost || d.HasCost
	}
}

// Today is what was used on the day of now.
func (c *Course) Today(now time.Time) Today {
	if day := DayOf(now); c.today.Day != day {
		return Today{Day: day}
	}
	return c.today
}
