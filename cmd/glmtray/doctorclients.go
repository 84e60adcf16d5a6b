package main

import (
	"cmp"
	"strings"

	"github.com/glmtray/glmtray/internal/connect"
)

// checkConnections looks at the agents that are connected, and at what has a say
// beside their files.
func (d *doctor) checkConnections() {
	const name = "agents"
	around := d.e.surroundings()
	states, err := connect.New(around, d.settings.DataDir).Detect()
	if err != nil {
		d.fail(name, putBack, "%v", err)
		return
	}
	base := "" // where it runs
	if d.run != nil {
		base = d.run.URL
	}
	var fine []string
	for i := range states {
		if states[i].Connected && d.checkAgent(&states[i], base) {
			fine = append(fine, states[i].Client.ID)
		}
	}
	if len(fine) > 0 {
		d.ok(name, "connected: %s", sortedList(fine))
	} else if baseOf(states) == "" {
		d.ok(name, "none is connected; see: glmtray connect --list")
	}
	for _, o := range connect.Overrides(around, cmp.Or(base, baseOf(states))) {
		d.warn(name, "take it away, or see that the agent you mean is not affected", "%s", o)
	}
	for _, text := range connect.Elsewhere(around) {
		d.warn(name, "", "%s", text)
	}
}

// checkAgent reports whether a connected agent is as it should be.
func (d *doctor) checkAgent(s *connect.State, base string) bool {
	switch {
	case base != "" && s.BaseURL != base:
		d.warn("agents", "glmtray connect "+s.Client.ID, "%s is pointed at %s, but glmtray runs at %s", s.Client.Name, s.BaseURL, base)
	case len(s.Changed) > 0:
		d.warn("agents", "to use glmtray again: glmtray connect "+s.Client.ID, "%s: changed by somebody else since it was connected: %s",
			s.Client.Name, strings.Join(s.Changed, ", "))
	default:
		return true
	}
	return false
}
