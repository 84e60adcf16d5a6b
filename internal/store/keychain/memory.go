package keychain

import (
	"sync"
	"time"

	"github.com/zalando/go-keyring"
)

// Mem is a keychain in memory, for tests. It goes through the same checks,
// encoding and time limit as the system's, and fails when told to.
type Mem struct {
	*guard
	memory *memory
}

// Memory gives an empty one.
func Memory() *Mem {
	m := &memory{items: map[string]string{}}
	return &Mem{guard: newGuard(m), memory: m}
}

// Fail makes every call fail with err (as ErrUnavailable) from now on; nil ends
// that.
func (m *Mem) Fail(err error) {
	m.memory.mu.Lock()
	defer m.memory.mu.Unlock()
	m.memory.fail = err
}

// Slow makes every call take d. Longer than Limit is what a locked keychain
// looks like.
func (m *Mem) Slow(d time.Duration) {
	m.memory.mu.Lock()
	defer m.memory.mu.Unlock()
	m.memory.delay = d
}

// PutText puts an item's text there as another program might.
func (m *Mem) PutText(provider, name, text string) {
	m.memory.mu.Lock()
	defer m.memory.mu.Unlock()
	m.memory.items[provider+"/"+name] = text
}

// Text gives an item's text as it is kept.
func (m *Mem) Text(provider, name string) (string, bool) {
	m.memory.mu.Lock()
	defer m.memory.mu.Unlock()
	text, ok := m.memory.items[provider+"/"+name]
	return text, ok
}

// Calls is how many calls reached the keychain.
func (m *Mem) Calls() int {
	m.memory.mu.Lock()
	defer m.memory.mu.Unlock()
	return m.memory.calls
}

type memory struct {
	mu    sync.Mutex
	items map[string]string
	fail  error
	delay time.Duration
	calls int
}

// wait does what every call does first, and returns with the lock held.
func (m *memory) wait() error {
	m.mu.Lock()
	m.calls++
	delay := m.delay
	m.mu.Unlock()
	if delay > 0 {
		time.Sleep(delay) // a stand-in for a slow system
	}
	m.mu.Lock()
	return m.fail
}

func (m *memory) get(user string) (string, error) {
	err := m.wait()
	defer m.mu.Unlock()
	text, ok := m.items[user]
	if err == nil && !ok {
		err = keyring.ErrNotFound
	}
	return text, err
}

func (m *memory) set(user, text string) error {
	err := m.wait()
	defer m.mu.Unlock()
	if err == nil {
		m.items[user] = text
	}
	return err
}

func (m *memory) remove(user string) error {
	err := m.wait()
	defer m.mu.Unlock()
	if _, ok := m.items[user]; err == nil && !ok {
		err = keyring.ErrNotFound
	}
	if err == nil {
		delete(m.items, user)
	}
	return err
}
