package roster

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/glmtray/glmtray/internal/config"
)

// Memory is how long an id stays gone if nobody says until when.
const Memory = 24 * time.Hour

// maxGone bounds the ids of one provider that are remembered as gone: clients may
// ask for any, and each is kept in memory, in the database and in every snapshot.
const maxGone = 500

// Listed is one model as a provider's /v1/models tells it. Many tell the id
// alone: zero fields mean "not told".
type Listed struct {
	ID        string `json:"id"`
	Context   int    `json:"context,omitempty"`    // tokens it can hold, input and output
	MaxOutput int    `json:"max_output,omitempty"` // tokens it may write
	Vision    bool   `json:"vision,omitempty"`     // takes images
}

// Gone is an id that a provider has answered "model gone" about.
type Gone struct {
	Provider string    `json:"provider"`
	ID       string    `json:"id"`
	Until    time.Time `json:"until"` // wall clock; from then on it is tried again
	Why      string    `json:"why"`
}

// ProviderModels is what is known of one provider's models.
type ProviderModels struct {
	Known  bool      `json:"known"`            // whether it was ever asked with success
	At     time.Time `json:"at,omitzero"`      // when it last answered
	Listed []Listed  `json:"listed,omitempty"` // in the provider's order
	Gone   []Gone    `json:"gone,omitempty"`   // not yet expired, by id
}

// Roster is the state. Make one with [New].
type Roster struct {
	writing sync.Mutex // held by writers only
	now     atomic.Pointer[state]
}

// state and everything in it is never changed after it was stored.
type state map[string]entry

type entry struct {
	at     time.Time
	order  []Listed
	listed map[string]Listed // nil: never asked with success
	gone   map[string]Gone
}

// New makes a roster that knows nothing yet.
func New() *Roster {
	r := &Roster{}
	r.now.Store(&state{})
	return r
}

// SetListed keeps what a provider's /v1/models told. An empty list tells
// nothing: what was known before stays.
func (r *Roster) SetListed(provider string, ids []Listed) {
	if len(ids) == 0 {
		return
	}
	listed := make(map[string]Listed, len(ids))
	for _, m := range ids {
		listed[m.ID] = m
	}
	order := slices.Clone(ids)
	r.change(provider, func(e *entry) {
		e.at, e.order, e.listed = time.Now(), order, listed
	})
}

// Lists reports whether a provider's list has an id. known is false if the
// provider was never asked with success.
func (r *Roster) Lists(provider, id string) (listed, known bool) {
	e := (*r.now.Load())[provider]
	_, listed = e.listed[id]
	return listed, e.listed != nil
}

// IDs gives the ids of a provider's list, in its order. known is false if the
// provider was never asked with success.
func (r *Roster) IDs(provider string) (ids []string, known bool) {
	e := (*r.now.Load())[provider]
	ids = make([]string, len(e.order))
	for i := range e.order {
		ids[i] = e.order[i].ID
	}
	return ids, e.listed != nil
}

// Role gives the id that fills a role at a provider: the first preference that
// is listed and not gone, or the first that is not gone if none is listed or the
// list is not known. ok is false if the provider names no model for the role, or
// if all of them are gone.
func (r *Roster) Role(p *config.Provider, role config.Role) (id string, ok bool) {
	e := (*r.now.Load())[p.ID]
	for _, want := range p.Roles[role] {
		if e.isGone(want) {
			continue
		}
		if e.listed == nil {
			return want, true
		}
		if _, listed := e.listed[want]; listed {
			return want, true
		}
		if !ok {
			id, ok = want, true
		}
	}
	return id, ok
}

// Gone remembers that a provider has no such model any more, until a time of
// the wall clock; the zero time means for [Memory]. first reports whether this
// is news, so that it is said once.
func (r *Roster) Gone(provider, id string, until time.Time, why string) (first bool) {
	if until.IsZero() {
		until = time.Now().Add(Memory)
	}
	until = until.Round(0)
	r.change(provider, func(e *entry) {
		first = !e.isGone(id)
		e.gone = e.goneNow()
		if len(e.gone) >= maxGone && first {
			delete(e.gone, e.soonest())
		}
		e.gone[id] = Gone{Provider: provider, ID: id, Until: until, Why: why}
	})
	return first
}

// IsGone reports whether a provider has answered that it has no such model, not
// too long ago.
func (r *Roster) IsGone(provider, id string) bool {
	return (*r.now.Load())[provider].isGone(id)
}

// Info is what is known of a model: the settings and the catalogue, overlaid by
// what the provider's list told. The zero ModelInfo means that nothing is.
func (r *Roster) Info(p *config.Provider, id string) config.ModelInfo {
	info := p.Models[id]
	m, listed := (*r.now.Load())[p.ID].listed[id]
	if !listed {
		return info
	}
	if m.Context > 0 {
		info.Context = m.Context
	}
	if m.MaxOutput > 0 {
		info.MaxOutput = m.MaxOutput
	}
	info.Vision = info.Vision || m.Vision
	return info
}

// Snapshot is everything that is known, by provider.
func (r *Roster) Snapshot() map[string]ProviderModels {
	now := *r.now.Load()
	out := make(map[string]ProviderModels, len(now))
	for id, e := range now {
		out[id] = ProviderModels{
			Known:  e.listed != nil,
			At:     e.at,
			Listed: slices.Clone(e.order),
			Gone:   byID(slices.Collect(maps.Values(e.goneNow()))),
		}
	}
	return out
}

// Export gives the ids that are gone, for the store, by provider and id.
func (r *Roster) Export() []Gone {
	var out []Gone
	for _, e := range *r.now.Load() {
		out = slices.AppendSeq(out, maps.Values(e.goneNow()))
	}
	return byID(out)
}

// Restore takes up what [Roster.Export] gave in an earlier run. Expired ones
// are left out; one that is known already is kept as it is.
func (r *Roster) Restore(saved []Gone) {
	now := time.Now()
	for _, g := range saved {
		if !now.Before(g.Until) {
			continue
		}
		r.change(g.Provider, func(e *entry) {
			if e.isGone(g.ID) {
				return
			}
			e.gone = e.goneNow()
			e.gone[g.ID] = g
		})
	}
}

// change gives one provider's entry to edit and puts a new state in place.
func (r *Roster) change(provider string, edit func(*entry)) {
	r.writing.Lock()
	defer r.writing.Unlock()
	next := maps.Clone(*r.now.Load())
	e := next[provider]
	edit(&e)
	next[provider] = e
	r.now.Store(&next)
}

func (e entry) isGone(id string) bool {
	g, ok := e.gone[id]
	return ok && time.Now().Before(g.Until)
}

// goneNow is a fresh map of what is not expired.
func (e entry) goneNow() map[string]Gone {
	out := make(map[string]Gone, len(e.gone)+1)
	for id := range e.gone {
		if e.isGone(id) {
			out[id] = e.gone[id]
		}
	}
	return out
}

// soonest is the id that is tried again first.
func (e entry) soonest() (id string) {
	var until time.Time
	for _, g := range e.gone {
		if id == "" || g.Until.Before(until) {
			id, until = g.ID, g.Until
		}
	}
	return id
}

func byID(gone []Gone) []Gone {
	slices.SortFunc(gone, func(a, b Gone) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.ID, b.ID))
	})
	return gone
}
