//go:build !headless

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/glmtray/glmtray/internal/connect"
	"github.com/glmtray/glmtray/internal/store"
	"github.com/glmtray/glmtray/internal/ui"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// Agents implements ui.Backend.
func (d *desktop) Agents(ctx context.Context) ([]state.Agent, error) {
	r, err := d.as(ctx).connectRoom()
	if err != nil {
		return nil, shown(err)
	}
	states, err := r.states()
	list := make([]state.Agent, len(states))
	for i := range states {
		list[i] = agentShown(&states[i])
	}
	if errors.Is(err, connect.ErrLedger) {
		return list, &ui.LostRecord{Text: shown(err).Error()}
	}
	return list, shown(err)
}

func agentShown(s *connect.State) state.Agent {
	c := &s.Client
	return state.Agent{
		ID: c.ID, Name: state.Told(c.Name), Found: s.Found, Writes: c.Writes(), Connected: s.Connected, Since: s.Since, BaseURL: s.BaseURL,
		Files: s.Files, Changed: s.Changed, Restart: state.Told(c.Restart), Unreachable: state.Told(c.Unreachable),
	}
}

// agent is how one agent stands.
func (r *connectRoom) agent(id string) (state.Agent, error) {
	states, err := r.states()
	for i := range states {
		if states[i].Client.ID == id {
			return agentShown(&states[i]), err
		}
	}
	return state.Agent{}, errors.Join(err, errors.New(state.Tr("there is no client {{.Name}}", "Name", strconv.Quote(id))))
}

// PlanAgent implements ui.Backend.
func (d *desktop) PlanAgent(ctx context.Context, id string, on bool) (ui.AgentPlan, error) {
	r, err := d.as(ctx).connectRoom()
	if err != nil {
		return ui.AgentPlan{}, shown(err)
	}
	var p ui.AgentPlan
	if p.Agent, err = r.agent(id); err != nil {
		return p, shown(err)
	}
	if on {
		err = r.planOn(id, &p)
	} else {
		err = r.planOff(id, &p)
	}
	return p, shown(err)
}

func (r *connectRoom) planOn(id string, p *ui.AgentPlan) error {
	if err := r.findProxy(); err != nil {
		return err
	}
	connections, err := r.connections()
	if err != nil {
		return err
	}
	for _, name := range r.along([]string{id}) {
		j, err := r.plan(name, connections[name])
		if errors.Is(err, connect.ErrCannotEdit) {
			client, _ := connect.Find(name)
			p.Notes = append(p.Notes, state.Tr("{{.Why}}. Nothing is written; do it by hand.", "Why", state.Told(err.Error())))
			p.Recipe = toType(client.Recipe(r.surroundings, r.wish))
			continue
		}
		if err != nil {
			return err
		}
		v := r.view(j)
		for _, note := range v.Notes {
			p.Notes = append(p.Notes, state.Told(note))
		}
		for _, f := range v.Files {
			p.Files = append(p.Files, ui.FilePlan{Path: f.Path, New: f.New, Diff: toCome(f.Diff)})
		}
		if name == id && v.Recipe != "" {
			p.Recipe, p.Key = toType(v.Recipe), j.plan.NeedsKey && !p.Agent.Connected
		}
	}
	for _, o := range connect.Overrides(r.surroundings, r.wish.BaseURL) {
		p.Notes = append(p.Notes, state.Told(o.String()))
	}
	return nil
}

// toType is a recipe in the reader's language, but for what is to be typed.
func toType(recipe string) string { return toCome(state.ToldLines(recipe)) }

// toCome names a key that is not made yet in the reader's language.
func toCome(text string) string {
	return strings.ReplaceAll(text, connect.KeyToCome, state.Tr("(a key of its own)"))
}

func (r *connectRoom) planOff(id string, p *ui.AgentPlan) error {
	connections, err := r.connections()
	if err != nil {
		return err
	}
	for _, name := range companions([]string{id}, connections) {
		files, err := r.connector.PlanUndo(name)
		if err != nil {
			return err
		}
		for i := range files {
			p.Files = append(p.Files, ui.FilePlan{Path: files[i].Path, Diff: files[i].Diff})
		}
	}
	return nil
}

// ConnectAgent implements ui.Backend.
func (d *desktop) ConnectAgent(ctx context.Context, id string) (ui.Connected, error) {
	r, err := d.as(ctx).connectRoom()
	if err == nil {
		err = r.findProxy()
	}
	if err != nil {
		return ui.Connected{}, shown(err)
	}
	connections, err := r.connections()
	if err != nil {
		return ui.Connected{}, shown(err)
	}
	var done ui.Connected
	var names []string
	var url string
	for _, name := range r.along([]string{id}) {
		j, err := r.plan(name, connections[name])
		if err == nil {
			err = r.carryOut(j)
		}
		if err != nil {
			return done, shown(err)
		}
		v := r.view(j)
		if v.Recipe != "" {
			done.Recipe = toType(v.Recipe)
			done.Said = state.Told(v.Restart)
			continue
		}
		names = append(names, v.Name)
		if name == id {
			url, done.Said = v.BaseURL, state.Told(v.Restart)
		}
	}
	if len(names) > 0 {
		done.Said = strings.TrimSpace(state.Tr("Connected {{.Names}} to {{.URL}}.", "Names", state.And(names), "URL", url) + " " + done.Said)
	}
	return done, nil
}

// DisconnectAgents implements ui.Backend.
func (d *desktop) DisconnectAgents(ctx context.Context, ids ...string) (string, error) {
	return d.putBack(ctx, func(r *connectRoom) ([]connect.Undone, error) {
		connections, err := r.connections()
		if err != nil {
			return nil, err
		}
		names := companions(ids, connections)
		if len(ids) == 0 {
			for _, name := range slices.Sorted(maps.Keys(connections)) {
				if client, ok := connect.Find(name); ok && client.Writes() {
					names = append(names, name)
				}
			}
		}
		return r.undo(names)
	})
}

// RestoreAgents implements ui.Backend: what `restore` does.
func (d *desktop) RestoreAgents(ctx context.Context) (string, error) {
	return d.putBack(ctx, (*connectRoom).restore)
}

// putBack undoes connections and says what was done.
func (d *desktop) putBack(ctx context.Context, undo func(*connectRoom) ([]connect.Undone, error)) (string, error) {
	var said strings.Builder
	e := d.as(ctx)
	e.stdout = &said
	r, err := e.connectRoom()
	if err != nil {
		return "", shown(err)
	}
	undone, failed := undo(r)
	failed = r.tellUndone(undone, failed, false)
	return state.ToldLines(strings.TrimSpace(said.String())), shown(failed)
}

// ClientKeys implements ui.Backend.
func (d *desktop) ClientKeys(ctx context.Context) (out []state.ClientKey, err error) {
	e := d.as(ctx)
	agents := map[int64]string{}
	if r, err := e.connectRoom(); err == nil {
		connections, _ := r.connector.Connections() // a ledger that cannot be read is told where agents are shown
		for id, c := range connections {
			client, _ := connect.Find(id)
			agents[c.KeyID] = state.Told(client.Name)
		}
	}
	err = e.withStore(func(s *store.Store) error {
		list, err := s.AllClients(ctx)
		for i := range list {
			c := &list[i]
			out = append(out, state.ClientKey{
				ID: c.ID, Name: c.Name, Created: c.Created, Revoked: c.Revoked, LastUsed: c.LastUsed, Uses: c.Uses, Agent: agents[c.ID],
			})
		}
		return err
	})
	return out, shown(err)
}

// AddClientKey implements ui.Backend: what `clients add` does.
func (d *desktop) AddClientKey(ctx context.Context, name string) (key string, err error) {
	e := d.as(ctx)
	err = e.withStore(func(s *store.Store) error {
		_, key, err = addClient(e, s, name)
		return err
	})
	return key, shown(err)
}

// RevokeClientKey implements ui.Backend.
func (d *desktop) RevokeClientKey(ctx context.Context, id int64) error {
	return d.clientKey(ctx, id, (*store.Store).RevokeClient)
}

// EnableClientKey implements ui.Backend.
func (d *desktop) EnableClientKey(ctx context.Context, id int64) error {
	return d.clientKey(ctx, id, (*store.Store).EnableClient)
}

func (d *desktop) clientKey(ctx context.Context, id int64, do func(*store.Store, context.Context, int64) error) error {
	err := d.as(ctx).withStore(func(s *store.Store) error { return do(s, ctx, id) })
	if errors.Is(err, store.ErrNoClient) {
		err = fmt.Errorf("%s: %w", state.Tr("client key {{.ID}} is gone", "ID", id), err)
	}
	return shown(err)
}
