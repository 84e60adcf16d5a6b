package main

import (
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
		d.fail(name, "put everything back with: glmtray restore", "%v", err)
		return
	}
	base := ""
	if d.run != nil {
		base = clientURL(d.run.URL)
	}
	var fine []string
	for i := range states {
		s := &states[i]
		switch {
		case !s.Connected:
			continue
		case base != "" && s.BaseURL != base:
			d.warn(name, "glmtray connect "+s.Client.ID, "%s is pointed at %s, but glmtray runs at %s", s.Client.Name, s.BaseURL, base)
		case len(s.Changed) > 0:
			d.warn(name, "to use glmtray again: glmtray connect "+s.Client.ID, "%s: changed by somebody else since it was connected: %s",
				s.Client.Name, strings.Join(s.Changed, ", "))
		default:
			fine = append(fine, s.Client.ID)
		}
	}
	if base == "" {
		base = baseOf(states)
	}
	if len(fine) > 0 {
		d.ok(name, "connected: %s", sortedList(fine))
	} else if baseOf(states) == "" {
		d.ok(name, "none is connected; see: glmtray connect --list")
	}
	for _, o := range connect.Overrides(around, base) {
		d.warn(name, "take it away, or see that the agent you mean is not affected", "%s", o)
	}
	for _, text := range connect.Elsewhere(around) {
		d.warn(name, "", "%s", text)
	}
}
