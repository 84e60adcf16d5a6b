package ui

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// someAgents are Claude Code and Codex, installed; Zed by hand; and Cursor.
func someAgents() []state.Agent {
	return []state.Agent{
		{ID: "claude-code", Name: "Claude Code", Writes: true, Found: "/usr/bin/claude", Restart: "New Claude Code sessions use it."},
		{ID: "codex", Name: "Codex CLI", Writes: true, Found: "/usr/bin/codex"},
		{ID: "opencode", Name: "OpenCode", Writes: true},
		{ID: "zed", Name: "Zed", Found: "/usr/bin/zed"},
		{ID: "cursor", Name: "Cursor", Unreachable: "Cursor calls from its servers."},
	}
}

func (p *program) agent(id string, change func(*state.Agent)) (a state.Agent, err error) {
	err = errors.New("there is no such agent")
	p.set(func() {
		for i := range p.agents {
			if p.agents[i].ID == id {
				change(&p.agents[i])
				a, err = p.agents[i], nil
			}
		}
	})
	return a, err
}

func (p *program) Agents(context.Context) ([]state.Agent, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.agents), p.fail["agents"]
}

func (p *program) PlanAgent(ctx context.Context, id string, on bool) (AgentPlan, error) {
	if err := p.call(ctx, "plan", id, strconv.FormatBool(on)); err != nil {
		return AgentPlan{}, err
	}
	a, err := p.agent(id, func(*state.Agent) {})
	plan := AgentPlan{Agent: a}
	if !a.Writes {
		plan.Recipe, plan.Key = "paste (a key of its own)", !a.Connected
		return plan, err
	}
	sign := "+"
	if !on {
		sign = "-"
	}
	plan.Files = []FilePlan{{Path: "/home/me/." + id, Diff: " {\n" + sign + "  \"ANTHROPIC_BASE_URL\": \"http://127.0.0.1:18080\"\n }\n"}}
	return plan, err
}

func (p *program) ConnectAgent(ctx context.Context, id string) (Connected, error) {
	if err := p.call(ctx, "connect", id); err != nil {
		return Connected{}, err
	}
	a, err := p.agent(id, func(a *state.Agent) { a.Connected, a.BaseURL = true, "http://127.0.0.1:18080" })
	if !a.Writes {
		return Connected{Recipe: "paste sk-secret"}, err
	}
	return Connected{Said: "Connected " + a.Name + " to http://127.0.0.1:18080. " + a.Restart}, err
}

func (p *program) DisconnectAgents(ctx context.Context, ids ...string) (string, error) {
	return p.putBack(ids, p.call(ctx, "disconnect", ids...))
}

func (p *program) RestoreAgents(ctx context.Context) (string, error) {
	return p.putBack(nil, p.call(ctx, "restore"))
}

func (p *program) putBack(ids []string, err error) (string, error) {
	if err != nil {
		return p.partly, err
	}
	p.set(func() {
		for i := range p.agents {
			if len(ids) == 0 || slices.Contains(ids, p.agents[i].ID) {
				p.agents[i].Connected = false
			}
		}
	})
	return "Disconnected " + strings.Join(ids, ", ") + ".", nil
}

func (p *program) ClientKeys(context.Context) ([]state.ClientKey, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.clientKeys), p.fail["client keys"]
}

func (p *program) AddClientKey(ctx context.Context, name string) (string, error) {
	if err := p.call(ctx, "add client", name); err != nil {
		return "", err
	}
	p.set(func() {
		p.clientKeys = append(p.clientKeys, state.ClientKey{ID: int64(len(p.clientKeys) + 1), Name: name, Created: time.Now()})
	})
	return "sk-new-" + name, nil
}

func (p *program) RevokeClientKey(ctx context.Context, id int64) error {
	err := p.call(ctx, "revoke", strconv.FormatInt(id, 10))
	p.set(func() { p.clientKeys[id-1].Revoked = time.Now() })
	return err
}

func (p *program) EnableClientKey(ctx context.Context, id int64) error {
	err := p.call(ctx, "enable client", strconv.FormatInt(id, 10))
	p.set(func() { p.clientKeys[id-1].Revoked = time.Time{} })
	return err
}

func (p *program) Pin(ctx context.Context, provider string, d time.Duration) error {
	return p.call(ctx, "pin", provider, d.String())
}

func (p *program) Check(_, value string) error {
	if value == "wrong" {
		return errors.New("must be right")
	}
	return nil
}

func (p *program) Try(ctx context.Context) (string, error) {
	return "Hello there.", p.call(ctx, "try")
}

func (p *program) About(context.Context) (About, error) {
	return About{
		Version: "0.1.0", Go: "go1.26", ConfigFile: "/home/me/settings.toml", DataDir: "/home/me/data", LogDir: "/home/me/logs",
		Modules: []Module{{Path: "fyne.io/fyne/v2", Version: "v2.8.0"}},
	}, nil
}

// SendNotification remembers what a person would be told.
func (d *desk) SendNotification(n *fyne.Notification) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told = append(d.told, n.Title+": "+n.Content)
}

func (d *desk) heard() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.told)
}

// sub finds a line of a submenu.
func (d *desk) sub(label, line string) *fyne.MenuItem {
	i := d.item(label)
	if i == nil || i.ChildMenu == nil {
		return nil
	}
	for _, x := range i.ChildMenu.Items {
		if x.Label == line {
			return x
		}
	}
	return nil
}
