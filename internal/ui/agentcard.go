package ui

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// agentCard is one agent with what connecting it would write, or what
// disconnecting it would put back.
type agentCard struct {
	c       *clients
	box     *fyne.Container
	title   *widget.Label
	about   *widget.Label // since when, which files, what was changed
	notes   *widget.Label
	diff    *diffPane
	login   *tick
	do      *button
	off     *button
	cancel  *button
	copy    *button
	message *widget.Label
	plan    AgentPlan
	id      string
	on      bool
	busy    bool
	ready   bool // the plan is there
	over    bool // it was carried out
}

func newAgentCard(c *clients) *agentCard {
	k := &agentCard{c: c, title: heading(""), about: wrapped(""), notes: wrapped(""), message: wrapped(""), diff: newDiffPane()}
	k.notes.Importance = widget.WarningImportance
	k.login = newTick(tr("Start glmtray at login, so that it is there"), nil)
	k.do = primary("", k.carryOut)
	k.off = newButton(tr("Disconnect…"), func() { k.open(k.agent(), false) })
	k.cancel = newButton(tr("Cancel"), func() { c.escape() })
	k.copy = newButton(tr("Copy"), func() { c.u.copy(k.plan.Recipe) })
	k.copy.Icon = theme.ContentCopyIcon()
	top := container.NewVBox(k.title, k.about, k.notes)
	bottom := container.NewVBox(k.login, k.message, inset(container.NewHBox(k.do, k.copy, k.off, layout.NewSpacer(), k.cancel)))
	k.box = container.NewBorder(top, bottom, nil, nil, around(near, k.diff.box))
	return k
}

// agent is how it stands now.
func (k *agentCard) agent() state.Agent {
	a, _ := k.c.u.st.Agent(k.id)
	return a
}

// open asks what would be done, and shows that.
func (k *agentCard) open(a state.Agent, on bool) {
	k.id, k.on, k.ready, k.over = a.ID, on, false, false
	k.plan = AgentPlan{Agent: a}
	say(k.message, widget.MediumImportance, "")
	k.show()
	if a.Unreachable != "" {
		return
	}
	id := a.ID
	work(k.c.u, forDisk, func(ctx context.Context) (AgentPlan, error) { return k.c.u.b.PlanAgent(ctx, id, on) },
		func(p AgentPlan, err error) {
			if k.id != id || k.on != on {
				return // another was chosen meanwhile
			}
			sayError(k.message, err)
			if err == nil {
				k.plan, k.ready = p, true
				k.login.SetChecked(true)
			}
			k.show()
		})
}

// show draws the plan.
func (k *agentCard) show() {
	a := k.plan.Agent
	title := tr("Connect {{.Name}}", "Name", a.Name)
	switch {
	case a.Unreachable != "", k.over:
		title = a.Name
	case !k.on:
		title = tr("Disconnect {{.Name}}", "Name", a.Name)
	case !a.Writes:
		title = tr("{{.Name}}, by hand", "Name", a.Name)
	}
	setText(k.title, title)
	about := k.facts(&a)
	setText(k.about, about)
	show(k.about, about != "")
	notes := strings.Join(k.plan.Notes, "\n")
	setText(k.notes, notes)
	show(k.notes, notes != "")
	switch {
	case a.Unreachable != "":
		k.diff.set("")
	case k.plan.Recipe != "" && k.on:
		k.diff.set(k.plan.Recipe)
	default:
		k.diff.set(diffText(&k.plan))
	}
	k.able()
	k.box.Refresh()
}

// facts are what is known of the agent's connection.
func (k *agentCard) facts(a *state.Agent) string {
	var lines []string
	add := func(text string) { lines = append(lines, text) }
	switch {
	case a.Unreachable != "":
		add(a.Unreachable)
	case a.Connected && !a.Since.IsZero():
		add(tr("Connected to {{.URL}} since {{.Since}}.", "URL", a.BaseURL, "Since", a.Since.Local().Format("2006-01-02 15:04")))
	}
	if len(a.Changed) > 0 && !k.on { // else a note tells
		add(tr("Somebody has changed this since; it stays so: {{.Values}}", "Values", strings.Join(a.Changed, ", ")))
	}
	switch {
	case !k.ready:
	case !k.on:
		add(tr("This is put back. Running sessions keep what they have read until they are started again."))
	case k.plan.Key:
		add(tr("Type this. It needs a key of its own, which is made now and shown this once."))
	case !a.Writes:
		add(tr("Type this. Its key was shown when it was made; for another one, disconnect it first."))
	case !k.plan.Changes() && a.Connected:
		add(tr("Its settings are as they should be."))
	default:
		add(tr("This is written, value by value; comments and order stay.") + " " + a.Restart)
	}
	return strings.Join(lines, "\n")
}

// verb is what the card's button does, and whether there is something for it.
func (k *agentCard) verb() (word string, needed bool) {
	a := &k.plan.Agent
	switch {
	case a.Unreachable != "":
		return "", false
	case !k.on:
		return tr("Disconnect"), k.ready
	case !a.Writes:
		return tr("Make its key"), k.ready && k.plan.Key
	case a.Connected:
		return tr("Connect again"), k.ready && k.plan.Changes()
	}
	return tr("Connect"), k.ready && k.plan.Changes()
}

// able shows the buttons that there is something for.
func (k *agentCard) able() {
	a := &k.plan.Agent
	word, needed := k.verb()
	rename(k.do, word)
	show(k.do, needed)
	enable(k.do, !k.busy)
	away := tr("Close")
	if needed {
		away = tr("Cancel")
	}
	rename(k.cancel, away)
	show(k.off, k.on && a.Connected && a.Unreachable == "")
	show(k.copy, k.on && k.plan.Recipe != "")
	show(k.login, needed && k.on && a.Writes && k.c.u.st.AtLogin() == state.SwitchedOff)
}

// carryOut connects or disconnects.
func (k *agentCard) carryOut() {
	if k.busy {
		return
	}
	k.busy = true
	say(k.message, widget.MediumImportance, tr("Writing…"))
	k.able()
	id, on, login := k.id, k.on, k.login.Visible() && k.login.Checked
	u := k.c.u
	work(u, forDisk, func(ctx context.Context) (done Connected, err error) {
		if !on {
			done.Said, err = u.b.DisconnectAgents(ctx, id)
			return done, err
		}
		if done, err = u.b.ConnectAgent(ctx, id); err == nil && login {
			err = u.b.Set(ctx, settingAtLogin, "true")
		}
		return done, err
	}, func(done Connected, err error) {
		k.busy = false
		k.c.load()
		if k.id != id {
			u.tell(err) // its card is not open any more
			return
		}
		k.done(done, err)
	})
}

// done shows what came of it.
func (k *agentCard) done(done Connected, err error) {
	if err != nil {
		sayError(k.message, err)
		k.able()
		return
	}
	say(k.message, widget.SuccessImportance, done.Said)
	k.ready, k.over = false, true
	k.plan.Agent.Connected = k.on
	k.plan.Files, k.plan.Notes = nil, nil
	k.plan.Recipe = done.Recipe
	if done.Recipe != "" {
		k.c.u.copy(done.Recipe)
		say(k.message, widget.SuccessImportance, tr("Its key is made, and all of this is copied. The key is not shown again."))
	}
	k.show()
}

// refresh takes over how the agent stands after it was changed.
func (k *agentCard) refresh() {
	if a := k.agent(); k.over && a.ID != "" {
		k.plan.Agent = a
		k.show()
	}
}

// diffText is what a plan does to the files.
func diffText(p *AgentPlan) string {
	var b strings.Builder
	for i := range p.Files {
		b.WriteString(p.Files[i].Diff)
	}
	return b.String()
}
