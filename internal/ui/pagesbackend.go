package ui

import (
	"context"
	"time"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// Contents is what the pages of requests, routing, keys and usage need of the
// program; see Backend.
type Contents interface {
	// Requests is a page of the records, the newest first.
	Requests(ctx context.Context, q state.RequestQuery) ([]state.Request, error)
	// Replay sends what a request's client sent once more, to that provider and
	// this once, and gives what came of it. It may cost what a request costs.
	Replay(ctx context.Context, id, provider string) (state.Exchange, error)

	// Explain says which way a request would go. Nothing is sent.
	Explain(ctx context.Context, q DryRun) (state.Explanation, error)
	Rules(ctx context.Context) (state.Rules, error)
	// SetRules writes the whole table; the error names rule and field.
	SetRules(ctx context.Context, list []state.Rule) error

	// Probe asks the provider for its models with one key, and uses the key again
	// if it works.
	Probe(ctx context.Context, provider, name string) error
	// SetAccount says to which account a key belongs; "" for one of its own.
	SetAccount(ctx context.Context, provider, name, account string) error

	// Usage is what was used in one of state's periods, up to now.
	Usage(ctx context.Context, period string) (state.Usage, error)
}

// DryRun is a request whose way is asked for: one that was made, by its ID, or
// a body.
type DryRun struct {
	ID, Body string
	In       time.Duration // from now
}
