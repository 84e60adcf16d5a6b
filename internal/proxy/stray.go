package proxy

import (
	"slices"
	"sync"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// strayBook remembers what was said of requests that are answered by another
// family of models than they asked for, so that it is said once.
type strayBook struct {
	mu   sync.Mutex
	said map[string]bool
}

// maxStrays bounds the book: the names of models come from clients.
const maxStrays = 32

// first reports whether this is new.
func (b *strayBook) first(words string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.said[words] || len(b.said) >= maxStrays {
		return false
	}
	if b.said == nil {
		b.said = map[string]bool{}
	}
	b.said[words] = true
	return true
}

// all lists what was said, in order.
func (b *strayBook) all() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var words []string
	for w := range b.said {
		words = append(words, w)
	}
	slices.Sort(words)
	return words
}

// noteStray says once, in log, status and events, that clients who ask for one
// family of models get another at the first provider.
func (s *Server) noteStray(words string) {
	if words == "" || !s.strays.first(words) {
		return
	}
	s.log.Warn("another family of models answers", "what", words, "hint", "same_family_first = true puts the asked family first")
	s.opt.Bus.Publish(event.ServerChanged{Time: time.Now(), State: "family", Detail: words})
}
