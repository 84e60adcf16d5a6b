package ui

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// key adds a key and tries it.
func (w *welcome) key() {
	f := w.u.keysPage().form
	f.after, f.skip = w.tried, w.connect
	f.reset()
	f.load()
	f.chooseFirst()
	f.cancel.SetText(tr("Skip"))
	w.show("2", tr("Your first key"), container.NewVScroll(f.box))
	w.u.win.Canvas().Focus(f.secret)
}

// tried tests the key that was stored.
func (w *welcome) tried(id keyID) {
	again := newButton(tr("Add another key"), w.key)
	on := primary(tr("Continue"), w.connect)
	on.Disable()
	w.show("2", tr("Your first key"), wrapped(tr("{{.Key}} is stored in this system's keychain. It is tried with one short request.", "Key", id)), on, again)
	say(w.message, widget.MediumImportance, tr("Testing {{.Key}}…", "Key", id))
	work(w.u, forNetwork, func(ctx context.Context) (string, error) { return w.u.b.TestKey(ctx, id.provider, id.name) },
		func(said string, err error) {
			if w.u.welcome != w {
				return
			}
			on.Enable()
			if err != nil {
				sayError(w.message, err)
				w.box.Refresh()
				return
			}
			w.connect()
			say(w.message, widget.SuccessImportance, said)
			w.box.Refresh()
		})
}

// connect points the agents that are here at the proxy.
func (w *welcome) connect() {
	f := w.u.keysPage().form
	f.after, f.skip = nil, nil
	w.show("3", tr("Connect your agents"), wrapped(tr("Looking which are here…")), newButton(tr("Skip"), w.request))
	work(w.u, forDisk, func(ctx context.Context) (plans []AgentPlan, err error) {
		list, err := w.u.b.Agents(ctx)
		for i := range list {
			if a := &list[i]; a.Writes && a.Found != "" && !a.Connected {
				p, planErr := w.u.b.PlanAgent(ctx, a.ID, true)
				if planErr == nil {
					plans = append(plans, p)
				}
				err = errors.Join(err, planErr)
			}
		}
		return plans, err
	}, func(plans []AgentPlan, err error) {
		if w.u.welcome == w {
			w.offer(plans, err)
		}
	})
}

// offer shows what would be written for the agents that are ticked.
func (w *welcome) offer(plans []AgentPlan, err error) {
	said, importance := w.message.Text, w.message.Importance // of the key's test
	defer func() {
		if err != nil { // of an agent that could not be looked at; the others are offered
			said, importance = strings.TrimSpace(said+"\n"+sentence(err.Error())), widget.DangerImportance
		}
		say(w.message, importance, said)
		w.box.Refresh()
	}()
	skip := newButton(tr("Skip"), w.request)
	if len(plans) == 0 {
		w.show("3", tr("Connect your agents"), wrapped(tr("No coding agent was found whose settings could be written. "+
			"The page Clients tells what to type for others.")), primary(tr("Continue"), w.request))
		return
	}
	diff := newDiffPane()
	checks := make([]*tick, len(plans))
	login := newTick(tr("Start glmtray at login, so that it is there"), nil)
	login.Checked = true
	var do *button
	redraw := func() {
		var text strings.Builder
		ticked := false
		for i := range plans {
			if checks[i] != nil && checks[i].Checked {
				ticked = true
				text.WriteString(diffText(&plans[i]))
			}
		}
		diff.set(text.String())
		enable(do, ticked)
	}
	do = primary(tr("Connect"), func() {
		var ids []string
		for i := range plans {
			if checks[i].Checked {
				ids = append(ids, plans[i].Agent.ID)
			}
		}
		w.write(ids, login.Checked && login.Visible(), do, skip)
	})
	row := container.NewHBox()
	for i := range plans {
		checks[i] = newTick(plans[i].Agent.Name, func(bool) { redraw() })
		checks[i].Checked = i == 0
		row.Add(checks[i])
	}
	show(login, w.u.st.AtLogin() == state.SwitchedOff)
	redraw()
	top := container.NewVBox(wrapped(tr("This is written into their own settings, value by value; disconnecting puts back what stood there.")), row)
	w.show("3", tr("Connect your agents"), container.NewBorder(top, login, nil, nil, around(near, diff.box)), do, layout.NewSpacer(), skip)
}

// write connects them.
func (w *welcome) write(ids []string, login bool, buttons ...*button) {
	for _, b := range buttons {
		b.Disable()
	}
	say(w.message, widget.MediumImportance, tr("Writing…"))
	work(w.u, forDisk, func(ctx context.Context) (said string, err error) {
		for _, id := range ids {
			done, err := w.u.b.ConnectAgent(ctx, id)
			if err != nil {
				return said, err
			}
			said = strings.TrimSpace(said + "\n" + done.Said)
		}
		if login {
			err = w.u.b.Set(ctx, settingAtLogin, "true")
		}
		return said, err
	}, func(said string, err error) {
		w.u.lookAgents()
		if w.u.welcome != w {
			return
		}
		if err != nil {
			for _, b := range buttons {
				b.Enable()
			}
			say(w.message, widget.DangerImportance, strings.TrimSpace(said+"\n"+sentence(err.Error()))) // some may be connected
			w.box.Refresh()
			return
		}
		w.request()
		say(w.message, widget.SuccessImportance, said)
		w.box.Refresh()
	})
}

// request waits for a first request, and can make one itself.
func (w *welcome) request() {
	seen := wrapped(tr("Waiting for a request…"))
	answer := wrapped("")
	done := newButton(tr("Done"), w.leave)
	var ask *button
	ask = primary(tr("Ask for a hello"), func() {
		ask.Disable()
		say(w.message, widget.MediumImportance, tr("Asking…"))
		work(w.u, forNetwork, w.u.b.Try, func(said string, err error) {
			ask.Enable()
			sayError(w.message, err)
			if err == nil {
				answer.SetText("“" + said + "”")
				weigh(ask, false)
				weigh(done, true)
			}
			w.box.Refresh()
		})
	})
	text := tr("Start your agent as always: what it asks for, and who answers, stands here. Or have glmtray ask for a hello.")
	w.show("4", tr("A first request"), container.NewVBox(wrapped(text), seen, answer),
		ask, layout.NewSpacer(), done)
	w.draws = func(time.Time) {
		if rows := w.u.st.Decisions(1); len(rows) > 0 {
			r := &rows[0] // without an arrow: Fyne takes what follows one from the arrow's font
			setText(seen, tr("{{.At}}: {{.Who}} asked for {{.What}}, {{.Target}} answers. Rule: {{.Why}}.",
				"At", r.At, "Who", cmp.Or(r.Client, tr("somebody")), "What", r.What, "Target", r.Target, "Why", r.Why))
		}
	}
	w.draws(w.u.now())
}
