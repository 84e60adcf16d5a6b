package state

import (
	"slices"
	"strings"
	"time"
)

// Agent is a coding agent or an editor that can be connected.
type Agent struct {
	ID, Name    string
	Found       string // how it was found on this machine; "": it was not
	Writes      bool   // its files are written; otherwise a person types a recipe
	Connected   bool
	Since       time.Time
	BaseURL     string // which it was given
	Files       []string
	Changed     []string // values of ours that somebody has changed since
	Restart     string   // what has to be started again
	Unreachable string   // why it cannot be connected at all
}

// Mark is how an agent stands, as a shape.
func (a *Agent) Mark() Mark {
	switch {
	case a.Connected && len(a.Changed) > 0:
		return Waiting
	case a.Connected:
		return Good
	case a.Unreachable != "":
		return Off
	}
	return Plain
}

// Word says how an agent stands.
func (a *Agent) Word() string {
	switch {
	case a.Connected && len(a.Changed) > 0:
		return Tr("changed since")
	case a.Connected && !a.Writes:
		return Tr("has a key")
	case a.Connected:
		return Tr("connected")
	case a.Unreachable != "":
		return Tr("unreachable")
	case !a.Writes && a.Found != "":
		return Tr("installed, by hand")
	case !a.Writes:
		return Tr("by hand")
	case a.Found != "":
		return Tr("installed")
	}
	return Tr("not found")
}

// Same reports whether nothing that is shown differs.
func (a *Agent) Same(b *Agent) bool {
	return a.ID == b.ID && a.Found == b.Found && a.Connected == b.Connected && a.BaseURL == b.BaseURL && a.Since.Equal(b.Since) &&
		slices.Equal(a.Files, b.Files) && slices.Equal(a.Changed, b.Changed)
}

// SetAgents takes over what is known of the agents.
func (s *State) SetAgents(list []Agent) { s.agents = list }

// Agents are those that are known, in their order.
func (s *State) Agents() []Agent { return s.agents }

// Agent finds one by its id.
func (s *State) Agent(id string) (Agent, bool) {
	for i := range s.agents {
		if s.agents[i].ID == id {
			return s.agents[i], true
		}
	}
	return Agent{}, false
}

// ConnectedNames are the agents whose files point here: "Claude Code and Codex".
func (s *State) ConnectedNames() string {
	var names []string
	for i := range s.agents {
		if s.agents[i].Connected && s.agents[i].Writes {
			names = append(names, s.agents[i].Name)
		}
	}
	return And(names)
}

// And joins names as people do.
func And(names []string) string {
	if n := len(names) - 1; n > 0 {
		return Tr("{{.Names}} and {{.Last}}", "Names", strings.Join(names[:n], ", "), "Last", names[n])
	}
	return strings.Join(names, "")
}

// ClientKey is a key that a tool or a person shows to the proxy.
type ClientKey struct {
	ID                         int64
	Name                       string
	Created, Revoked, LastUsed time.Time // zero: never
	Uses                       int64
	Agent                      string // the agent that it was made for; "": none
}

// Mark is how a client's key stands, as a shape.
func (k *ClientKey) Mark() Mark {
	if k.Revoked.IsZero() {
		return Good
	}
	return Off
}

// Word says whether the key is accepted.
func (k *ClientKey) Word() string {
	if k.Revoked.IsZero() {
		return Tr("active")
	}
	return Tr("revoked")
}

// Last says when the key was used last: "2 min ago".
func (k *ClientKey) Last(now time.Time) string {
	if k.LastUsed.IsZero() {
		return Tr("never")
	}
	return Ago(k.LastUsed, now)
}
