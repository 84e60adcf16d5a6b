package keypool

import (
	"context"
	"log/slog"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// change is one key's new state, taken under the ring's lock and told outside
// of it.
type change struct {
	saved  Saved
	state  State
	at     time.Time
	reason string
}

// note queues what is to be told of a key.
func (r *ring) note(k *key, now time.Time) {
	c := change{state: r.state(k, now), at: now}
	c.reason = c.state.Reason
	if c.reason == "" {
		c.reason = c.state.barText()
	}
	if r.pool.opt.OnChange != nil {
		c.saved = k.saved(now)
	}
	r.tells = append(r.tells, c)
}

func (r *ring) noteAll(a *account, now time.Time) {
	for _, k := range a.keys {
		r.note(k, now)
	}
}

// unlock unlocks the ring and tells what was noted. Only one goroutine tells at
// a time, so that the order is kept; what is noted meanwhile it tells as well.
// No lock is held while telling, so a listener may call the pool.
func (r *ring) unlock() {
	for len(r.tells) > 0 && !r.telling {
		batch := r.tells
		r.tells, r.telling = nil, true
		r.mu.Unlock()
		r.tell(batch)
		r.mu.Lock()
	}
	r.mu.Unlock()
}

func (r *ring) tell(batch []change) {
	defer func() { // also if a listener panics: the others must not be silent for ever
		r.mu.Lock()
		r.telling = false
		r.mu.Unlock()
	}()
	o := &r.pool.opt
	for i := range batch {
		c := &batch[i]
		if o.OnChange != nil {
			o.OnChange(c.saved)
		}
		if o.Bus.Watched() {
			o.Bus.Publish(event.KeyChanged{
				Time: c.at, Provider: r.id, Key: c.state.Name,
				State: c.state.State, CoolUntil: c.state.CoolUntil, Reason: c.reason,
			})
		}
		o.log(c)
	}
}

func (o *Options) log(c *change) {
	level := slog.LevelInfo
	if c.state.State == Ready && len(c.state.Barred) == 0 {
		level = slog.LevelDebug
	}
	attrs := []slog.Attr{
		slog.String("provider", c.state.Provider), slog.String("key", c.state.Name),
		slog.String("reason", c.reason), slog.Int("errors", c.state.Errors),
	}
	if !c.state.CoolUntil.IsZero() {
		attrs = append(attrs, slog.Time("until", c.state.CoolUntil))
	}
	o.Log.LogAttrs(context.Background(), level, "key "+c.state.State, attrs...)
}
