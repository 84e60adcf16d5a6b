package secret

import (
	"strings"
	"sync"
	"sync/atomic"
)

// Scrubber replaces every known key, and what looks like one of the vendors'
// keys, in foreign text. The zero Scrubber is ready.
type Scrubber struct {
	mu    sync.Mutex
	known map[string]int // text -> how often added
	all   atomic.Pointer[keys]
}

// minScrub keeps a short test key ("k1") from turning every text into marks.
const minScrub = 8

// keys are texts to look for. They are never changed.
type keys struct {
	pairs [1 << 16 / 64]uint64 // bit set of the two bytes that one begins with
	heads map[string]struct{}  // what one begins with, minScrub bytes of it
	repl  *strings.Replacer
}

// Set replaces the keys that are known. Both a key's text and its JSON and URL
// forms are the same for every vendor's alphabet, so the text alone is kept.
func (s *Scrubber) Set(keys ...Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = make(map[string]int, len(keys))
	for _, k := range keys {
		if k.Len() >= minScrub {
			s.known[*k.p]++
		}
	}
	s.build()
}

// Add makes one more key known.
func (s *Scrubber) Add(k Value) {
	if k.Len() < minScrub {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]int{}
	}
	if s.known[*k.p]++; s.known[*k.p] == 1 {
		s.build()
	}
}

func (s *Scrubber) build() {
	all := &keys{heads: make(map[string]struct{}, len(s.known))}
	pairs := make([]string, 0, 2*len(s.known))
	for text := range s.known {
		pairs = append(pairs, text, Mark)
		at := pairAt(text)
		all.pairs[at/64] |= 1 << (at % 64)
		all.heads[text[:minScrub]] = struct{}{}
	}
	all.repl = strings.NewReplacer(pairs...)
	s.all.Store(all)
}

func pairAt(text string) int { return int(text[0])<<8 | int(text[1]) }

// replace gives text without the keys. Nearly all texts have none, and a
// Replacer would make room for a copy before it knows.
func (k *keys) replace(text string) string {
	if k == nil || !k.mayBeIn(text) {
		return text
	}
	return k.repl.Replace(text)
}

// mayBeIn reports whether something in text begins as a key does.
func (k *keys) mayBeIn(text string) bool {
	for i := 0; i+minScrub <= len(text); i++ {
		if at := pairAt(text[i:]); k.pairs[at/64]&(1<<(at%64)) == 0 {
			continue
		}
		if _, ok := k.heads[text[i:i+minScrub]]; ok {
			return true
		}
	}
	return false
}

func (s *Scrubber) now() *keys {
	if s == nil {
		return nil
	}
	return s.all.Load()
}

// Text gives text without any key in it. A nil Scrubber only masks what looks
// like a key.
func (s *Scrubber) Text(text string) string { return maskShapes(s.now().replace(text)) }

// Known replaces the known keys alone and leaves what merely looks like a key.
// It is for answers on their way to a client, which may speak of keys of the
// client's own. body is returned itself if no key is in it.
func (s *Scrubber) Known(body []byte) []byte {
	all := s.now()
	if all == nil || len(body) == 0 {
		return body
	}
	text := string(body)
	clean := all.replace(text)
	if clean == text {
		return body
	}
	return []byte(clean)
}

// Bytes is Text for a body. The slice given is not changed.
func (s *Scrubber) Bytes(body []byte) []byte {
	text := string(body)
	clean := s.Text(text)
	if clean == text {
		return body
	}
	return []byte(clean)
}
