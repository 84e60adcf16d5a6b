package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/roster"
	"github.com/glmtray/glmtray/internal/proxy/tokens"
	"github.com/glmtray/glmtray/internal/store"
)

// stateKeeper writes key states to the database, off the request's path: the
// newest state of each key is kept and written a moment later.
type stateKeeper struct {
	store *store.Store
	log   *slog.Logger
	wake  chan struct{}
	mu    sync.Mutex
	dirty map[[2]string]keypool.Saved
}

// stateDelay gathers the changes of a burst into one transaction. A kill loses
// at most that much.
const stateDelay = 250 * time.Millisecond

func newStateKeeper(s *store.Store, log *slog.Logger) *stateKeeper {
	return &stateKeeper{store: s, log: log, wake: make(chan struct{}, 1), dirty: map[[2]string]keypool.Saved{}}
}

// put takes a key's new state and returns at once.
func (k *stateKeeper) put(s keypool.Saved) {
	k.mu.Lock()
	k.dirty[[2]string{s.Provider, s.Name}] = s
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// run writes until ctx ends; flush writes what is left then.
func (k *stateKeeper) run(ctx context.Context) {
	for {
		select {
		case <-k.wake:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(stateDelay):
		case <-ctx.Done():
			return
		}
		k.flush(ctx)
	}
}

func (k *stateKeeper) flush(ctx context.Context) {
	k.mu.Lock()
	states := make([]store.KeyState, 0, len(k.dirty))
	for _, s := range k.dirty {
		states = append(states, store.KeyState(s))
	}
	dirty := k.dirty
	k.dirty = map[[2]string]keypool.Saved{}
	k.mu.Unlock()
	if len(states) == 0 {
		return
	}
	if err := k.store.SaveKeyStates(ctx, states); err != nil {
		k.log.Warn("key states are not kept yet", "error", err)
		k.mu.Lock()
		for id, s := range dirty { // the newer one wins
			if _, newer := k.dirty[id]; !newer {
				k.dirty[id] = s
			}
		}
		k.mu.Unlock()
	}
}

// Facts that are remembered in the database under these names.
const (
	factGone   = "models gone"
	factTokens = "token ratios"
)

// recall takes up what was known when the program ended.
func (a *app) recall(ctx context.Context) error {
	states, err := a.store.KeyStates(ctx)
	if err != nil {
		return err
	}
	saved := make([]keypool.Saved, len(states))
	for i, s := range states {
		saved[i] = keypool.Saved(s)
	}
	a.pool.Restore(saved)
	var gone []roster.Gone
	if a.recallJSON(ctx, factGone, &gone) {
		a.roster.Restore(gone)
	}
	var ratios []tokens.Learned
	if a.recallJSON(ctx, factTokens, &ratios) {
		a.tokens.Restore(ratios)
	}
	return nil
}

func (a *app) recallJSON(ctx context.Context, name string, into any) bool {
	text, ok, err := a.store.Recall(ctx, name)
	if err != nil || !ok {
		return false
	}
	return json.Unmarshal([]byte(text), into) == nil
}

// factsEvery is how often slowly changing facts are written.
const factsEvery = time.Minute

// remember writes slowly changing facts now and then.
func (a *app) remember(ctx context.Context) {
	tick := time.NewTicker(factsEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			a.saveFacts(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func (a *app) saveFacts(ctx context.Context) {
	for name, fact := range map[string]any{factGone: a.roster.Export(), factTokens: a.tokens.Snapshot()} {
		text, err := json.Marshal(fact)
		if err == nil {
			err = a.store.Remember(ctx, name, string(text), time.Time{})
		}
		if err != nil && ctx.Err() == nil {
			a.log.Warn("not remembered", "what", name, "error", err)
		}
	}
}
