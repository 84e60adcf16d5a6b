package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// The one question whose answer opens a page: with this option of it, a person
// wants to add a key.
const (
	questionStart = "start"
	optionKey     = "key"
)

// welcome is the page of a first start: the questions only a person can answer,
// all at once and once.
type welcome struct {
	u         *UI
	box       *fyne.Container
	questions []Question
	answers   []*widget.RadioGroup
	next      *widget.Button
	later     *widget.Button
	message   *widget.Label
	busy      bool
}

// ask looks whether there is something to ask, and asks it in the pages' place.
func (u *UI) ask() {
	work(u, forDisk, func(context.Context) ([]Question, error) { return u.b.Questions(), nil },
		func(list []Question, err error) {
			if err != nil || len(list) == 0 {
				return
			}
			w := newWelcome(u, list)
			for _, t := range u.tabs {
				enable(t.button, false)
			}
			u.open, u.welcome = nil, w
			u.frame.page.Objects = []fyne.CanvasObject{container.NewVScroll(w.box)}
			u.frame.page.Refresh()
			if !u.shown {
				u.reveal()
			}
		})
}

func newWelcome(u *UI, list []Question) *welcome {
	w := &welcome{u: u, questions: list, message: wrapped("")}
	w.message.Hide()
	w.box = container.NewVBox(heading(tr("Welcome to glmtray")))
	for _, q := range list {
		texts := make([]string, len(q.Options))
		for i, o := range q.Options {
			texts[i] = o.Text
		}
		group := widget.NewRadioGroup(texts, func(string) { w.able() })
		w.answers = append(w.answers, group)
		w.box.Add(wrapped(q.Text))
		w.box.Add(group)
		w.box.Add(widget.NewSeparator())
	}
	w.next = widget.NewButton(tr("Continue"), w.send)
	w.next.Importance = widget.HighImportance
	w.later = widget.NewButton(tr("Ask me later"), func() { w.leave("") })
	w.box.Add(w.message)
	w.box.Add(inset(container.NewHBox(w.next, w.later)))
	w.able()
	return w
}

// chosen is the option a question was answered with, "" if it was not.
func (w *welcome) chosen(i int) string {
	for j, o := range w.questions[i].Options {
		if w.answers[i].Selected == o.Text {
			return w.questions[i].Options[j].ID
		}
	}
	return ""
}

func (w *welcome) able() {
	all := !w.busy
	for i := range w.answers {
		all = all && w.chosen(i) != ""
	}
	enable(w.next, all)
	enable(w.later, !w.busy)
}

// send remembers the answers. If one cannot be remembered the page stays.
func (w *welcome) send() {
	type answer struct{ question, option string }
	var list []answer
	start := ""
	for i, q := range w.questions {
		list = append(list, answer{q.ID, w.chosen(i)})
		if q.ID == questionStart {
			start = w.chosen(i)
		}
	}
	w.busy = true
	say(w.message, widget.MediumImportance, "")
	w.able()
	act(w.u, forKeys, func(ctx context.Context) error {
		for _, a := range list {
			if err := w.u.b.Answer(ctx, a.question, a.option); err != nil {
				return err
			}
		}
		return nil
	}, func(err error) {
		w.busy = false
		w.able()
		if err != nil {
			say(w.message, widget.DangerImportance, sentence(err.Error()))
			return
		}
		w.leave(start)
	})
}

func (w *welcome) leave(start string) {
	w.u.welcome = nil
	for _, t := range w.u.tabs {
		enable(t.button, true)
	}
	if start == optionKey {
		w.u.addKey()
		return
	}
	w.u.turn(tabOverview)
}
