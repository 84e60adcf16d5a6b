package metrics

import (
	"maps"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// maxSeries bounds the combinations of labels of one table. A client may send
// any model name, and what is counted must not be what it likes.
const maxSeries = 1000

// table finds the counters of a combination of labels. Looking up one that is
// there takes no lock.
type table[K comparable, V any] struct {
	m     atomic.Pointer[map[K]*V]
	mu    sync.Mutex
	fresh func() *V
	other K // where everything goes that is over the bound
}

func newTable[K comparable, V any](other K, fresh func() *V) *table[K, V] {
	t := &table[K, V]{fresh: fresh, other: other}
	t.m.Store(&map[K]*V{})
	return t
}

// of gives the counters of k.
func (t *table[K, V]) of(k K) *V {
	if v, ok := (*t.m.Load())[k]; ok {
		return v
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	old := *t.m.Load()
	if len(old) >= maxSeries {
		k = t.other
	}
	if v, ok := old[k]; ok {
		return v
	}
	m := make(map[K]*V, len(old)+1)
	maps.Copy(m, old)
	v := t.fresh()
	m[k] = v
	t.m.Store(&m)
	return v
}

// all is what there is now; it must not be changed.
func (t *table[K, V]) all() map[K]*V { return *t.m.Load() }

// other is the label of what is over a bound.
const other = "other"

// maxNames bounds how many different model ids are told apart, maxName how long
// they may be, in bytes.
const (
	maxNames = 50
	maxName  = 100
)

// names gives a bounded number of texts a label of their own.
type names struct {
	known atomic.Pointer[map[string]bool]
	mu    sync.Mutex
}

// label is the text itself for the first maxNames texts, and "other" for all
// further ones and for what can be no label: one that once was a label never
// becomes another, so counters never fall.
func (n *names) label(text string) string {
	known := n.known.Load()
	if known != nil && (*known)[text] {
		return text
	}
	if known != nil && len(*known) >= maxNames || len(text) > maxName || !utf8.ValidString(text) {
		return other
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	next := map[string]bool{}
	if known = n.known.Load(); known != nil {
		maps.Copy(next, *known)
	}
	if len(next) >= maxNames && !next[text] {
		return other
	}
	next[text] = true
	n.known.Store(&next)
	return text
}
