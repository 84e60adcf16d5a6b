package ui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// The one question whose answer leads on: with this option of it, a person wants
// to add a key.
const (
	questionStart = "start"
	optionKey     = "key"
)

// welcome is the first start, in the pages' place: the questions only a person
// can answer, then a key, an agent, and a first request. Each step can be
// skipped; whoever has answered is not asked again.
type welcome struct {
	u         *UI
	box       *fyne.Container
	title     *widget.Label
	place     *widget.Label // "2 of 4"
	body      *fyne.Container
	message   *widget.Label
	buttons   *fyne.Container
	questions []Question
	answers   []*widget.RadioGroup // nil where the answers are buttons
	busy      bool
	draws     func(now time.Time) // what the step shows as time goes by; may be nil
}

// steps is how many there are.
const steps = "4"

// ask looks whether there is something to ask, and asks it in the pages' place.
func (u *UI) ask() {
	work(u, forDisk, func(context.Context) ([]Question, error) { return u.b.Questions(), nil },
		func(list []Question, err error) {
			if err != nil || len(list) == 0 {
				return
			}
			w := newWelcome(u, list)
			for _, t := range u.tabs {
				enable(t.item, false)
			}
			u.open, u.welcome = nil, w
			u.frame.page.Objects = []fyne.CanvasObject{container.New(middling{welcomeWidth}, w.box)}
			u.frame.page.Refresh()
			if !u.shown {
				u.reveal()
			}
			u.redraw()
		})
}

func newWelcome(u *UI, list []Question) *welcome {
	w := &welcome{
		u: u, questions: list, title: heading(""), place: small(""), message: wrapped(""), body: container.NewStack(),
		buttons: container.NewHBox(),
	}
	w.title.SizeName = theme.SizeNameSubHeadingText
	w.message.Hide()
	w.box = container.NewBorder(
		container.NewVBox(container.NewHBox(w.title, layout.NewSpacer(), middle(faint(w.place))), widget.NewSeparator()),
		container.NewVBox(w.message, inset(w.buttons)), nil, nil, container.New(layout.NewCustomPaddedLayout(near, near, 0, 0), w.body),
	)
	w.first()
	return w
}

// show opens a step.
func (w *welcome) show(place, title string, body fyne.CanvasObject, buttons ...fyne.CanvasObject) {
	w.draws = nil
	w.title.SetText(title)
	text := ""
	if place != "" {
		text = tr("{{.Step}} of {{.Steps}}", "Step", place, "Steps", steps)
	}
	w.place.SetText(text)
	w.body.Objects = []fyne.CanvasObject{body}
	w.buttons.Objects = buttons
	say(w.message, widget.MediumImportance, "")
	w.box.Refresh()
}

// draw shows what changed.
func (w *welcome) draw(now time.Time) {
	if w.draws != nil {
		w.draws(now)
	}
}

// first asks the questions. The first option of each is the careful one, and
// chosen beforehand; how to begin is answered by a button.
func (w *welcome) first() {
	body := container.NewVBox(wrapped(tr("glmtray gives your coding agents one local address for all your keys: it uses one until it runs dry, " +
		"then the next, then another provider. Nothing leaves this computer but the requests themselves.")))
	var buttons []fyne.CanvasObject
	for i := range w.questions {
		q := &w.questions[i]
		if q.ID == questionStart {
			w.answers = append(w.answers, nil)
			for _, o := range q.Options {
				b := newButton(o.Text, func() { w.send(o.ID) })
				weigh(b, o.ID == optionKey)
				if o.ID == optionKey {
					buttons = append([]fyne.CanvasObject{b}, buttons...)
				} else {
					buttons = append(buttons, b)
				}
			}
			continue
		}
		texts := make([]string, len(q.Options))
		for i, o := range q.Options {
			texts[i] = o.Text
		}
		group := widget.NewRadioGroup(texts, nil)
		group.Required = true
		if len(texts) > 0 {
			group.SetSelected(texts[0])
		}
		w.answers = append(w.answers, group)
		body.Add(wrapped(q.Text))
		body.Add(group)
	}
	place := "1"
	if len(buttons) == 0 {
		place = "" // there is no way on: a key is there already
		buttons = append(buttons, primary(tr("Continue"), func() { w.send("") }))
	}
	buttons = append(buttons, layout.NewSpacer(), newButton(tr("Ask me later"), w.leave))
	w.show(place, tr("Welcome to glmtray"), container.NewVScroll(body), buttons...)
}

// chosen is the option a question was answered with.
func (w *welcome) chosen(i int) string {
	for _, o := range w.questions[i].Options {
		if w.answers[i].Selected == o.Text {
			return o.ID
		}
	}
	return ""
}

// send remembers the answers. If one cannot be remembered the step stays.
func (w *welcome) send(start string) {
	if w.busy {
		return
	}
	type answer struct{ question, option string }
	var list []answer
	for i, q := range w.questions {
		option := start
		if w.answers[i] != nil {
			option = w.chosen(i)
		}
		list = append(list, answer{q.ID, option})
	}
	w.busy = true
	act(w.u, forKeys, func(ctx context.Context) error {
		for _, a := range list {
			if err := w.u.b.Answer(ctx, a.question, a.option); err != nil {
				return err
			}
		}
		return nil
	}, func(err error) {
		w.busy = false
		switch {
		case err != nil:
			sayError(w.message, err)
			w.box.Refresh()
		case start == optionKey:
			w.key()
		default:
			w.leave()
		}
	})
}

// leave ends the first start.
func (w *welcome) leave() {
	w.u.welcome = nil
	k := w.u.keysPage()
	k.form.after, k.form.skip = nil, nil
	k.form.reset()
	k.form.cancel.SetText(tr("Cancel"))
	for _, t := range w.u.tabs {
		enable(t.item, true)
	}
	w.u.turn(tabOverview)
}

// middling lays one object out in the middle, at most so wide.
type middling struct{ most float32 }

// MinSize implements fyne.Layout.
func (m middling) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

// Layout implements fyne.Layout.
func (m middling) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	w := min(size.Width, m.most)
	objects[0].Move(fyne.NewPos((size.Width-w)/2, 0))
	objects[0].Resize(fyne.NewSize(w, size.Height))
}
