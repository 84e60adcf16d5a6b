package keypool

import (
	"maps"
	"slices"
	"time"

	"github.com/glmtray/glmtray/internal/secret"
)

// Set makes keys the pool's keys, in their order, and cooldown (if positive)
// the one for refusals that do not say how long.
//
// A key keeps its state if a key of that provider with the same secret was
// there before, under this name or, if it was renamed, another; a changed
// secret starts fresh. The current key stays current if it is still there and
// usable. Leases of removed keys go on and may be used as before. Whoever waits
// is served, or refused, by what there is now. Of two keys with the same
// provider and name the first counts.
func (p *Pool) Set(keys []Key, cooldown time.Duration) {
	p.mu.Lock()
	p.setCooldown(cooldown)
	var ids []string
	lists := map[string][]Key{}
	for _, k := range keys {
		if _, ok := lists[k.Provider]; !ok {
			ids = append(ids, k.Provider)
		}
		same := func(other Key) bool { return other.Name == k.Name }
		if slices.ContainsFunc(lists[k.Provider], same) {
			p.opt.Log.Warn("key named twice, the first counts", "provider", k.Provider, "key", k.Name)
			continue
		}
		lists[k.Provider] = append(lists[k.Provider], k)
	}
	old := p.rings.Load()
	next := &table{byID: maps.Clone(old.byID)}
	for _, r := range old.order {
		if _, ok := lists[r.id]; !ok {
			ids = append(ids, r.id) // left without keys: whoever waits there is refused
		}
	}
	now := time.Now()
	for _, id := range ids {
		r := next.byID[id]
		if r == nil {
			r = &ring{id: id, pool: p}
			next.byID[id] = r
		}
		r.mu.Lock()
		r.set(lists[id], now)
		r.mu.Unlock()
		next.order = append(next.order, r)
	}
	p.rings.Store(next)
	p.mu.Unlock()
	for _, r := range next.order {
		r.mu.Lock()
		r.settle()
	}
}

func (r *ring) set(list []Key, now time.Time) {
	keys, fresh := r.match(list)
	names := make(map[string]bool, len(r.keys))
	for _, k := range r.keys {
		names[k.Name] = true
	}
	r.cur = r.keep(keys, list)
	for i, k := range keys {
		k.Key = list[i]
		k.off = k.Disabled || k.Secret.Empty()
	}
	old := r.keys
	r.keys = keys
	r.group(old)
	moved := false
	for _, k := range fresh {
		at := [2]string{r.id, k.Name}
		if s, ok := r.pool.pending[at]; ok {
			delete(r.pool.pending, at)
			moved = k.restore(s, r.pool.rates.Load(), now) || moved
		}
		if names[k.Name] {
			r.note(k, now) // the name has another secret now
		}
	}
	if len(keys) > 0 && (moved || !keys[r.cur].usable()) {
		r.advance(now)
	}
}

// match finds each new key's old self. Keys without one are fresh; old ones
// that nobody is any more are gone.
func (r *ring) match(list []Key) (keys, fresh []*key) {
	names := make(map[string]*key, len(r.keys))
	prints := make(map[string][]*key, len(r.keys))
	for _, k := range r.keys {
		k.gone = true
		names[k.Name] = k
		prints[k.print] = append(prints[k.print], k)
	}
	keys = make([]*key, len(list))
	for i, n := range list { // by name first, so that of two names with one secret each stays itself
		if k := names[n.Name]; k != nil && k.Secret.Equal(n.Secret) {
			keys[i], k.gone = k, false
		}
	}
	for i, n := range list {
		if keys[i] != nil {
			continue
		}
		digest := n.Secret.Fingerprint(r.pool.opt.Salt)
		if k := renamed(prints[digest], n.Secret); k != nil {
			keys[i], k.gone = k, false
			continue
		}
		keys[i] = &key{print: digest}
		fresh = append(fresh, keys[i])
	}
	r.leaving = slices.DeleteFunc(r.leaving, func(k *key) bool { return k.inflight == 0 })
	for _, k := range r.keys {
		if k.gone && k.inflight > 0 {
			r.leaving = append(r.leaving, k)
		}
	}
	return keys, fresh
}

// renamed finds an old key with that secret which nobody is yet.
func renamed(old []*key, s secret.Value) *key {
	for _, k := range old {
		if k.gone && !s.Empty() && k.Secret.Equal(s) {
			return k
		}
	}
	return nil
}

// keep finds the current key's new place: its own, else that of the next old
// key that is still there, else the first.
func (r *ring) keep(keys []*key, list []Key) int {
	for i := range r.keys {
		was := r.keys[(r.cur+i)%len(r.keys)]
		if at := slices.Index(keys, was); at >= 0 {
			return at
		}
		named := func(k Key) bool { return k.Name == was.Name }
		if at := slices.IndexFunc(list, named); i == 0 && at >= 0 {
			return at
		}
	}
	return 0
}

// group makes the accounts anew: keys with the same label or the same secret
// are one. Each inherits what the accounts knew that its keys come from.
func (r *ring) group(old []*key) {
	roots := r.unite()
	accts := make([]*account, len(r.keys)) // by root
	heirs := make(map[*account]*account, len(r.keys))
	from := make(map[*account][]*account, len(r.keys))
	for i, k := range r.keys {
		a := accts[roots[i]]
		if a == nil {
			a = &account{}
			accts[roots[i]] = a
		}
		if k.acct == nil {
			a.pace.begin(r.pool.rates.Load(), time.Now())
		} else if !slices.Contains(from[a], k.acct) {
			from[a] = append(from[a], k.acct)
			a.merge(k.acct)
			if heirs[k.acct] == nil {
				heirs[k.acct] = a
			}
		}
		a.add(k)
	}
	for _, k := range old {
		k.acct.keys = nil // what leases of removed keys report is told to nobody
	}
	for _, k := range r.leaving {
		if heir := heirs[k.acct]; heir != nil { // its requests still run on that account
			k.acct = heir
			heir.inflight += k.inflight
		}
	}
	for i, k := range r.keys {
		k.acct = accts[roots[i]]
	}
	for _, a := range accts {
		if a != nil {
			a.inherit(from[a], r.seq)
		}
	}
}

// unite gives for each key the index of the first key of its account.
func (r *ring) unite() []int {
	roots := make([]int, len(r.keys))
	root := func(i int) int {
		for roots[i] != i {
			roots[i] = roots[roots[i]]
			i = roots[i]
		}
		return i
	}
	labels := make(map[string]int, len(r.keys))
	prints := make(map[string][]int, len(r.keys))
	for i, k := range r.keys {
		roots[i] = i
		if first, ok := labels[k.Account]; ok {
			roots[i] = root(first)
		} else if k.Account != "" {
			labels[k.Account] = i
		}
		if k.Secret.Empty() {
			continue
		}
		for _, j := range prints[k.print] {
			if r.keys[j].Secret.Equal(k.Secret) {
				lo, hi := root(i), root(j)
				roots[max(lo, hi)] = min(lo, hi)
			}
		}
		prints[k.print] = append(prints[k.print], i)
	}
	for i := range roots {
		roots[i] = root(i)
	}
	return roots
}
