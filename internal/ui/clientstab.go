package ui

import (
	"context"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// clients is the page of those who ask: the agents of this machine, each with a
// switch, and the keys that clients show. Beside the lists stands one of them.
type clients struct {
	u       *UI
	box     *fyne.Container
	add     *button
	agents  *fyne.Container
	shown   []state.Agent
	rows    map[string]*agentRow
	keys    *listing
	grid    grid
	keyRows []state.ClientKey
	none    *widget.Label
	message *widget.Label
	side    *fyne.Container
	hint    fyne.CanvasObject
	card    *agentCard
	keyCard *clientKeyCard
	form    *clientKeyForm
	loading bool
	failed  [2]error // of the client keys, and of the agents: each is read by itself
}

// What is read for the page.
const (
	readKeys = iota
	readAgents
)

func newClients(u *UI) *clients {
	c := &clients{u: u, rows: map[string]*agentRow{}, agents: container.NewVBox(), message: wrapped("")}
	c.message.Hide()
	c.add = newButton(tr("New client key"), u.newClientKey)
	c.add.Icon = theme.ContentAddIcon()
	c.add.Importance = widget.HighImportance
	c.hint = faint(wrapped(tr("Switch an agent on, and its own settings point here. What would be written is shown first; " +
		"switched off, it gets back what stood there before.")))
	c.none = wrapped(tr("No client key yet. An agent that is connected gets one by itself; make one for your own programs."))
	c.grid = grid{columns: []column{
		{name: tr("Client keys"), width: 6 * apart, grow: 1},
		{width: 4 * apart, rank: 1}, // its mark says the same
		{name: tr("Last used"), width: 6 * apart},
		{name: tr("Requests"), width: 4 * apart, right: true, mono: true},
	}}
	c.keys = newListing(
		func() int { return len(c.keyRows) },
		func() fyne.CanvasObject { return c.grid.line() },
		func(i widget.ListItemID, o fyne.CanvasObject) {
			if i < len(c.keyRows) {
				k := &c.keyRows[i]
				o.(*line).set(k.Mark(), false, 0, k.Name, k.Word(), k.Last(u.now()), state.Thousands(int(k.Uses)))
			}
		},
	)
	c.keys.HideSeparators = true
	c.keys.OnSelected = func(i widget.ListItemID) {
		c.keys.UnselectAll() // so that the same can be chosen once more
		if i < len(c.keyRows) {
			c.keyCard.open(c.keyRows[i])
			c.put(c.keyCard.box)
		}
	}
	c.card, c.keyCard, c.form = newAgentCard(c), newClientKeyCard(c), newClientKeyForm(c)
	c.side = container.NewStack(c.hint)
	head := container.NewHBox(heading(tr("Clients")), layout.NewSpacer(), c.add)
	keys := container.NewBorder(c.grid.header(), nil, nil, nil, container.NewStack(c.keys, c.none))
	agents := container.NewBorder(faint(small(tr("Coding agents"))), nil, nil, nil,
		container.New(layout.NewCustomPaddedLayout(0, near, tight, 0), c.agents))
	left := container.New(over{wish: func() float32 { return agents.MinSize().Height }, share: agentsShare}, container.NewVScroll(agents), keys)
	halves := container.New(columns{0, 2 * apart, 0}, left, upright(), c.side)
	c.box = container.NewBorder(container.NewVBox(head, widget.NewSeparator(), c.message), nil, nil, nil, halves)
	return c
}

// agentsShare is how much of the page's height the agents may have.
const agentsShare = 0.7

func (c *clients) object() fyne.CanvasObject { return c.box }

func (c *clients) opened() { c.load() }

// escape puts away what stands beside the lists.
func (c *clients) escape() bool {
	if c.side.Objects[0] == c.hint {
		return false
	}
	c.put(c.hint)
	return true
}

// load looks at the agents and the client keys.
func (c *clients) load() {
	if c.loading {
		return
	}
	c.loading = true
	work(c.u, forDisk, func(ctx context.Context) ([]state.ClientKey, error) { return c.u.b.ClientKeys(ctx) },
		func(list []state.ClientKey, err error) {
			c.loading = false
			c.told(readKeys, err)
			if err == nil {
				c.setKeys(list)
			}
		})
	c.loadAgents()
}

func (c *clients) loadAgents() {
	work(c.u, forDisk, c.u.b.Agents, func(list []state.Agent, err error) {
		c.told(readAgents, err)
		if err == nil || len(list) > 0 {
			c.u.setAgents(list)
		}
	})
}

// told shows what could not be read, as long as that is so.
func (c *clients) told(what int, err error) {
	c.failed[what] = err
	var texts []string
	for _, err := range c.failed {
		if err != nil {
			texts = append(texts, sentence(err.Error()))
		}
	}
	say(c.message, widget.DangerImportance, strings.Join(slices.Compact(texts), "\n"))
	c.box.Refresh() // who shows a part does not have the whole laid out anew
}

func (c *clients) setKeys(list []state.ClientKey) {
	c.keyRows = list
	c.keys.Refresh()
	show(c.none, len(list) == 0)
	c.keyCard.refresh(list)
}

func (c *clients) draw(time.Time) {
	list := c.u.st.Agents()
	if slices.EqualFunc(list, c.shown, func(a, b state.Agent) bool { return a.Same(&b) }) {
		return
	}
	c.shown = list
	objects := make([]fyne.CanvasObject, 0, len(list))
	for i := range list {
		r := c.rows[list[i].ID]
		if r == nil {
			r = newAgentRow(c, list[i])
			c.rows[list[i].ID] = r
		}
		r.set(list[i])
		objects = append(objects, r.box)
	}
	c.agents.Objects = objects
	c.agents.Refresh()
	c.card.refresh()
	c.box.Refresh()
}

func (c *clients) put(o fyne.CanvasObject) {
	weigh(c.add, o == c.hint) // what stands there has a button of its own to be pressed
	if len(c.side.Objects) == 1 && c.side.Objects[0] == o {
		return
	}
	c.side.Objects = []fyne.CanvasObject{o}
	c.side.Refresh()
	for _, r := range c.rows {
		r.put() // a switch that was moved and not carried out goes back
	}
}

// clientsPage finds the page of this kind.
func (u *UI) clientsPage() *clients {
	for _, t := range u.tabs {
		if c, ok := t.page.(*clients); ok {
			return c
		}
	}
	return nil
}

// newClientKey opens the form for a client's key.
func (u *UI) newClientKey() {
	if u.turn(tabClients); u.welcome == nil {
		c := u.clientsPage()
		c.form.open()
		c.put(c.form.box)
		u.win.Canvas().Focus(c.form.name)
	}
}

// showAgent opens what would be written to connect an agent, or put back.
func (u *UI) showAgent(id string, on bool) {
	if u.turn(tabClients); u.welcome == nil {
		u.clientsPage().plan(id, on)
	}
}

func (c *clients) plan(id string, on bool) {
	a, ok := c.u.st.Agent(id)
	if !ok {
		return
	}
	c.card.open(a, on)
	c.put(c.card.box)
}

// agentRow is an agent with its switch.
type agentRow struct {
	c     *clients
	a     state.Agent
	box   *fyne.Container
	mark  *widget.Icon
	on    *tick
	name  *widget.Label
	word  *widget.Label
	open  *button
	moved bool // the switch is moved by us
}

func newAgentRow(c *clients, a state.Agent) *agentRow {
	r := &agentRow{c: c, a: a, mark: widget.NewIcon(shapes[state.Plain]), name: cell(false), word: cell(false)}
	r.on = newTick(a.Name, func(on bool) {
		if !r.moved {
			c.plan(r.a.ID, on)
		}
	})
	r.open = newButton("", func() { c.plan(r.a.ID, !r.a.Connected || len(r.a.Changed) > 0) })
	r.open.Importance = widget.LowImportance
	r.open.Icon = theme.NavigateNextIcon()
	var who fyne.CanvasObject = r.on
	if !a.Writes {
		r.name.SetText(a.Name)
		who = r.name
	}
	r.box = container.New(tucked{columns{markWidth, 0, 6*apart + near, 2 * apart}}, centred(r.mark), who, r.word, r.open)
	return r
}

func (r *agentRow) set(a state.Agent) {
	r.a = a
	r.mark.SetResource(shapes[a.Mark()])
	setText(r.word, a.Word())
	r.put()
	enable(r.on, a.Found != "" || a.Connected)
}

// put moves the switch to where the agent stands.
func (r *agentRow) put() {
	r.moved = true
	r.on.SetChecked(r.a.Connected)
	r.moved = false
}
