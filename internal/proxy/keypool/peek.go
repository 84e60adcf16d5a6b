package keypool

import "time"

// Next names the key that would serve a request for model now, "" if none
// would. It changes nothing, the pointer included.
func (p *Pool) Next(provider, model string) string {
	r := p.ring(provider)
	if r == nil {
		return ""
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	cur := r.cur
	k := r.pick(&wish{Ask: Ask{Provider: provider, Model: model}, cost: Cost{}.amounts()}, time.Now())
	r.cur = cur
	if k == nil {
		return ""
	}
	return k.Name
}
