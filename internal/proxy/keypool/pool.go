package keypool

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/secret"
)

// DefaultCooldown stands where none is configured: the predecessor's
// CEREBRAS_COOLDOWN.
const DefaultCooldown = 60 * time.Second

// ErrUnknown is returned for a provider and name that the pool does not hold.
var ErrUnknown = errors.New("no such key")

// Key is one key as the settings name it.
type Key struct {
	Provider string // the provider's id
	Name     string // unique within the provider
	Account  string // keys of one account share limits; "": an account of its own
	Endpoint string // which of the provider's endpoints it belongs to
	Origin   string // where it came from, for people
	Secret   secret.Value
	Disabled bool   // switched off in the settings
	Problem  string // why there is no secret, for people
	// Concurrency is how many requests may run at once on the account; 0: no
	// limit known. Where keys of one account differ, the smallest counts.
	Concurrency int
}

// Options is what a Pool is made with. The zero Options works.
type Options struct {
	Cooldown time.Duration // for a refusal that does not say how long; 0: DefaultCooldown
	Salt     []byte        // for fingerprints; the same over restarts, or Restore finds nothing
	Bus      *event.Bus    // gets a KeyChanged per change; may be nil
	Log      *slog.Logger  // nil: silent
	OnChange func(Saved)   // called after each change of cooldown, park, bar, error count or pace; may be nil
	Rates    Rates         // how the pace of accounts is learned that are told no limits
	Reactive bool          // told limits are shown but not acted upon: a key is left when it refuses
}

// Pool holds the keys of all providers. Make it with New.
type Pool struct {
	opt      Options
	cooldown atomic.Int64
	rates    atomic.Pointer[Rates]
	rings    atomic.Pointer[table]

	mu      sync.Mutex          // Set and Restore, one at a time
	pending map[[2]string]Saved // restored, but the key is not there yet
}

// table finds a provider's ring. It is replaced, never changed.
type table struct {
	byID  map[string]*ring
	order []*ring
}

// New makes an empty pool.
func New(o Options) *Pool {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &Pool{opt: o, pending: map[[2]string]Saved{}}
	p.setCooldown(DefaultCooldown)
	p.setCooldown(o.Cooldown)
	p.Tune(o.Rates)
	p.rings.Store(&table{byID: map[string]*ring{}})
	return p
}

func (p *Pool) setCooldown(d time.Duration) {
	if d > 0 {
		p.cooldown.Store(int64(d))
	}
}

func (p *Pool) ring(provider string) *ring { return p.rings.Load().byID[provider] }

// Readiness tells how a provider stands, for routing.
type Readiness struct {
	Keys  int       // usable at all: with a secret and not disabled (parked ones count)
	Ready int       // would serve the model now
	Until time.Time // earliest return when Ready is 0; zero: nothing returns by itself
	Busy  bool      // when Ready is 0: a key waits for nothing but a free slot or another request's outcome
}

// Ready looks at a provider without changing anything, for a request that costs
// hardly any tokens. An unknown provider has no keys.
func (p *Pool) Ready(provider, model string) Readiness {
	return p.Outlook(&Ask{Provider: provider, Model: model}, time.Now())
}

// Outlook is Ready for one request's cost at a moment; see Next.
func (p *Pool) Outlook(a *Ask, at time.Time) (out Readiness) {
	p.peek(a.Provider, at, func(r *ring) { out = r.outlook(a, at) })
	return out
}

func (r *ring) outlook(a *Ask, now time.Time) Readiness {
	var out Readiness
	cost := a.Cost.amounts()
	for _, k := range r.keys {
		if k.off {
			continue
		}
		out.Keys++
		if r.admit(k, a.Model, &cost, now).by == open {
			out.Ready++
		}
	}
	if out.Ready == 0 {
		v := r.look(a.Model, &cost, now)
		out.Until, out.Busy = v.until, v.busy
	}
	return out
}

// Snapshot gives every key's state, providers and keys in the order of Set.
func (p *Pool) Snapshot() []State {
	var out []State
	for _, r := range p.rings.Load().order {
		out = append(out, r.states()...)
	}
	return out
}

// Provider gives the states of one provider's keys, in order.
func (p *Pool) Provider(id string) []State {
	r := p.ring(id)
	if r == nil {
		return nil
	}
	return r.states()
}

// Current names the provider's current key: the one that serves next if it can.
// It is "" without keys.
func (p *Pool) Current(provider string) string {
	r := p.ring(provider)
	if r == nil {
		return ""
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.keys) == 0 {
		return ""
	}
	return r.keys[r.cur].Name
}

// Park sets one key aside until Enable, or until Set brings another secret.
func (p *Pool) Park(provider, name, why string) error {
	return p.change(provider, name, func(r *ring, k *key, now time.Time) {
		r.park(k, why, now)
	})
}

// Enable lifts a park. It does not undo Key.Disabled, which is the settings'.
func (p *Pool) Enable(provider, name string) error {
	return p.change(provider, name, func(r *ring, k *key, now time.Time) {
		if k.parked {
			k.parked, k.parkWhy = false, ""
			r.note(k, now)
		}
	})
}

// Clear lifts all that would pass by itself from a key and its account: the
// cooldown, bars, the error count, and all that was told or learned of limits. Whoever does so
// wants the provider asked, so its circuit is closed as well.
func (p *Pool) Clear(provider, name string) error {
	return p.change(provider, name, func(r *ring, k *key, now time.Time) {
		k.acct.reset()
		r.mend(now)
		r.noteAll(k.acct, now)
	})
}

func (p *Pool) change(provider, name string, do func(*ring, *key, time.Time)) error {
	r := p.ring(provider)
	if r != nil {
		r.mu.Lock()
		if k := r.find(name); k != nil {
			do(r, k, time.Now())
			r.settle()
			return nil
		}
		r.mu.Unlock()
	}
	return fmt.Errorf("finding key %s/%s: %w", provider, name, ErrUnknown)
}
