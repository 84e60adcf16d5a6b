package ui

import (
	"context"
	"errors"
	"fmt"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// contents is what the program has for the pages.
type contents struct {
	records []state.Request // the newest first
	answer  state.Exchange  // to a replay
	way     func(q DryRun) (state.Explanation, error)
	rules   state.Rules
	usage   map[string]state.Usage
}

func (p *program) Requests(ctx context.Context, q state.RequestQuery) ([]state.Request, error) {
	if err := p.call(ctx, "requests", fmt.Sprintf("before %d %s of %+v", q.Before, q.BeforeID, q.RequestFilter)); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var page []state.Request
	begun := q.Before == 0 && q.BeforeID == ""
	for _, r := range p.records {
		if begun && len(page) < q.Limit && (q.Provider == "" || q.Provider == r.Provider) {
			page = append(page, r)
		}
		begun = begun || r.ID == q.BeforeID || (q.Before > 0 && r.N == q.Before)
	}
	return page, nil
}

func (p *program) Replay(ctx context.Context, id, provider string) (state.Exchange, error) {
	return p.answer, p.call(ctx, "replay", id, provider)
}

func (p *program) Explain(ctx context.Context, q DryRun) (state.Explanation, error) {
	if err := p.call(ctx, "explain", q.ID, q.Body, q.In.String()); err != nil {
		return state.Explanation{}, err
	}
	if p.way == nil {
		return state.Explanation{}, errors.New("this is no request")
	}
	return p.way(q)
}

func (p *program) Rules(ctx context.Context) (state.Rules, error) {
	err := p.call(ctx, "rules")
	p.mu.Lock()
	defer p.mu.Unlock()
	rules := p.rules
	rules.List = cloneRules(rules.List)
	return rules, err
}

func (p *program) SetRules(ctx context.Context, list []state.Rule) error {
	if err := p.call(ctx, "set rules"); err != nil {
		return err
	}
	p.set(func() {
		p.rules.List, p.rules.Origin, p.rules.Default = cloneRules(list), "settings.toml:3", false
		for i := range p.rules.List {
			p.rules.List[i].Was = p.rules.List[i].Name
		}
	})
	return nil
}

func (p *program) Probe(ctx context.Context, provider, name string) error {
	return p.call(ctx, "probe", provider, name)
}

func (p *program) SetAccount(ctx context.Context, provider, name, account string) error {
	return p.call(ctx, "account", provider, name, account)
}

func (p *program) Usage(ctx context.Context, period string) (state.Usage, error) {
	err := p.call(ctx, "usage", period)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.usage[period], err
}
