package simulator

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// maxBody is the largest request that is read.
const maxBody = 64 << 20

// Provider is the simulated provider: an http.Handler.
type Provider struct {
	fast    atomic.Pointer[fastAnswers]
	control atomic.Bool

	mu       sync.Mutex
	script   *Script
	accounts map[string]*account
	faults   []*faultState
	calls    []*Call
	counts   map[string]int
	n        int // calls so far
	told     int // answers that could have told of limits
}

// New makes a provider. It panics if the script is wrong, as regexp.MustCompile
// does; check a script from outside with Script.Check first.
func New(s Script) *Provider {
	p := &Provider{counts: map[string]int{}}
	if err := p.SetScript(s); err != nil {
		panic("simulator: " + err.Error())
	}
	return p
}

// SetScript replaces the script: limits are full again and faults start anew.
// The call log stays. A wrong script changes nothing.
func (p *Provider) SetScript(s Script) error {
	if err := s.Check(); err != nil {
		return fmt.Errorf("checking script: %w", err)
	}
	p.fast.Store(newFast(&s))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script, p.accounts = &s, map[string]*account{}
	p.setFaults(s.Faults)
	return nil
}

// SetFaults replaces the script's faults and leaves its limits as they are.
func (p *Provider) SetFaults(faults ...Fault) error {
	for i := range faults {
		if err := faults[i].check(); err != nil {
			return fmt.Errorf("checking fault %d: %w", i, err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.setFaults(faults)
	return nil
}

// Reset forgets the calls, fills the limits and starts the faults anew.
func (p *Provider) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls, p.counts, p.n, p.told = nil, map[string]int{}, 0, 0
	p.accounts = map[string]*account{}
	for _, f := range p.faults {
		f.seen, f.fired, f.since = 0, 0, time.Now()
	}
}

// AllowControl lets the provider be driven over HTTP, under /_sim/.
func (p *Provider) AllowControl() { p.control.Store(true) }
