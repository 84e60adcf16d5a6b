//go:build !headless

package main

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy"
	"github.com/glmtray/glmtray/internal/ui"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// Explain implements ui.Backend.
func (d *desktop) Explain(ctx context.Context, q ui.DryRun) (state.Explanation, error) {
	a := d.app.Load()
	if a == nil {
		return state.Explanation{}, errNotServing
	}
	body := []byte(q.Body)
	if q.ID != "" {
		x, err := d.replayable(ctx, q.ID)
		if err != nil {
			return state.Explanation{}, err
		}
		body = x.Sent.Body
	}
	if strings.TrimSpace(string(body)) == "" {
		return state.Explanation{}, state.Error("paste the body of a request, or choose one that was made")
	}
	x, fault := a.server.Explain(body, q.In)
	if fault != nil {
		return state.Explanation{}, errors.New(state.Told(a.scrub.Text(fault.Error())))
	}
	return explained(x), nil
}

// explained is an explanation as the window shows it.
func explained(x *proxy.Explanation) state.Explanation {
	facts := []string{
		state.Tr("{{.Name}} dialect", "Name", x.Dialect), state.Tr("model {{.Name}}", "Name", dash(x.Model)), state.Tr("whole"),
		state.TrN(x.Images, "{{.Count}} picture", "{{.Count}} pictures"), state.TrN(x.Tokens, "about {{.Count}} token", "about {{.Count}} tokens"),
	}
	if x.Stream {
		facts[2] = state.Tr("streamed")
	}
	out := state.Explanation{
		Rule: x.Rule, Reason: x.Reason, Refused: x.Refused,
		Facts: strings.Join(facts, ", "),
	}
	for _, t := range x.Trace {
		tried := event.Tried{Rule: t.Rule, Matched: t.Matched, Reason: t.Reason}
		for _, l := range t.Left {
			tried.Left = append(tried.Left, l.Target+": "+l.Why)
		}
		out.Rules = append(out.Rules, tried)
	}
	for i := range x.Steps {
		s := &x.Steps[i]
		step := state.Step{
			Target: s.Target, Model: s.Model, Why: s.Why, Key: s.Key, Verdict: s.Verdict, Refused: s.Refused,
		}
		for j := range s.Keys {
			k := s.Keys[j]
			words := k.Words(s.Model)
			if left := k.CoolUntil.Sub(x.At); !k.CoolUntil.IsZero() { // as of the moment that is asked for
				words = state.CoolingFor(left, k.Reason)
			}
			step.Keys = append(step.Keys, state.StepKey{Name: k.Name, State: k.State, Words: words})
		}
		out.Steps = append(out.Steps, step)
	}
	return out
}

// Rules implements ui.Backend.
func (d *desktop) Rules(ctx context.Context) (state.Rules, error) {
	s, err := d.wishes(ctx)
	if err != nil {
		return state.Rules{}, err
	}
	origin := s.Origins["rules"]
	out := state.Rules{Origin: string(origin), Default: origin == "" || origin == config.FromDefault}
	for _, r := range s.Rules {
		rule := state.Rule{Was: r.Name, Name: r.Name, Images: r.When.Images, TokensOver: r.When.TokensOver, Model: r.When.Model}
		if r.Canary.Share > 0 {
			rule.Canary = state.Told(r.Canary.String())
		}
		for _, t := range r.Use {
			rule.Use = append(rule.Use, t.String())
		}
		out.List = append(out.List, rule)
	}
	for i := range s.Providers {
		p := &s.Providers[i]
		if p.Demo {
			continue
		}
		for _, role := range config.Roles {
			if len(p.Roles[role]) > 0 {
				out.Targets = append(out.Targets, p.ID+"/"+string(role))
			}
		}
	}
	return out, nil
}

// SetRules implements ui.Backend.
func (d *desktop) SetRules(ctx context.Context, list []state.Rule) error {
	if len(list) == 0 {
		return state.Error("the table needs at least one rule, which holds for every request")
	}
	edits := make([]config.RuleEdit, len(list))
	for i := range list {
		r := &list[i]
		edits[i] = config.RuleEdit{Was: r.Was, Rule: config.Rule{
			Name: strings.TrimSpace(r.Name), When: config.When{Images: r.Images, TokensOver: r.TokensOver, Model: strings.TrimSpace(r.Model)},
		}}
		for _, text := range r.Use {
			t, ok := config.ParseTarget(text)
			if !ok {
				return errors.New(state.Tr("rule {{.Name}}: {{.Target}} is no target: write provider/role or provider/model", "Name", strconv.Quote(r.Name), "Target", strconv.Quote(text)))
			}
			edits[i].Use = append(edits[i].Use, t)
		}
	}
	return d.in(ctx, func(r *keyRoom) error {
		if err := r.edit(func(doc *config.Doc) error { return doc.SetRules(edits) }); err != nil {
			return err
		}
		r.poke()
		return nil
	})
}

// Probe implements ui.Backend.
func (d *desktop) Probe(ctx context.Context, provider, name string) error {
	a := d.app.Load()
	if a == nil {
		return errNotServing
	}
	if err := a.server.Probe(ctx, provider, name); err != nil {
		return errors.New(state.Told(a.scrub.Text(err.Error())))
	}
	return nil
}

// SetAccount implements ui.Backend.
func (d *desktop) SetAccount(ctx context.Context, provider, name, account string) error {
	return d.in(ctx, func(r *keyRoom) error {
		if _, _, err := r.key(provider, name); err != nil {
			return err
		}
		if err := r.edit(func(doc *config.Doc) error { return doc.SetKeyAccount(provider, name, account) }); err != nil {
			return err
		}
		r.poke()
		return nil
	})
}
