package ui

import (
	"context"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// Connecting is what the window needs to connect agents and to look after the
// keys that clients show. Like everything of Backend it may take its time.
type Connecting interface {
	// Agents looks at every agent that is known. A *[LostRecord] is the error where
	// it cannot be read what was written into their settings.
	Agents(ctx context.Context) ([]state.Agent, error)
	// PlanAgent says what connecting an agent would write, or what disconnecting
	// it would put back. Nothing of it is done.
	PlanAgent(ctx context.Context, id string, on bool) (AgentPlan, error)
	// ConnectAgent connects and says what a person should know of it.
	ConnectAgent(ctx context.Context, id string) (Connected, error)
	// DisconnectAgents puts back what stood in the agents' files; no ids means
	// all whose files were written. It says what was done.
	DisconnectAgents(ctx context.Context, ids ...string) (string, error)
	// RestoreAgents puts everything back at once, also what the record does not
	// know any more. It says what was done.
	RestoreAgents(ctx context.Context) (string, error)

	ClientKeys(ctx context.Context) ([]state.ClientKey, error)
	// AddClientKey makes a key and gives it, this once.
	AddClientKey(ctx context.Context, name string) (key string, err error)
	RevokeClientKey(ctx context.Context, id int64) error
	EnableClientKey(ctx context.Context, id int64) error
}

// LostRecord is an error: the record of what was written into the agents' settings
// cannot be read. RestoreAgents helps, and nothing else.
type LostRecord struct{ Text string }

func (l *LostRecord) Error() string { return l.Text }

// AgentPlan is what would be done to connect or disconnect an agent.
type AgentPlan struct {
	Agent  state.Agent
	Files  []FilePlan // those of agents that come along, too
	Notes  []string   // what a person should know: what stands in the way
	Recipe string     // what to type, where no file can be written
	Key    bool       // the recipe needs a key that is yet to be made
}

// Changes reports whether a file would be written.
func (p *AgentPlan) Changes() bool {
	for i := range p.Files {
		if p.Files[i].Diff != "" {
			return true
		}
	}
	return false
}

// FilePlan is what would be done to one file.
type FilePlan struct {
	Path string
	New  bool
	Diff string // for people, without keys; "" if nothing changes
}

// Connected is what came of connecting an agent.
type Connected struct {
	Said   string // "Connected Claude Code to …. New sessions use it."
	Recipe string // with the key that was made, this once
}
