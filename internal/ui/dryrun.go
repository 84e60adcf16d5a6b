package ui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// ahead is how far a dry run looks beside now.
const ahead = 60 * time.Second

// dryRun asks which way a request would go, now and in a while. Nothing is sent.
type dryRun struct {
	u        *UI
	box      *fyne.Container
	body     *field
	recent   *choice
	ids      []string
	ask      *button
	message  *widget.Label
	facts    *widget.Label
	ways     [2]*wayPane
	busy     bool
	choosing bool
	id       string // of the request that was chosen; "" if a body is meant
}

// wayPane is a way at one moment.
type wayPane struct {
	box    *fyne.Container
	answer *widget.Label
	list   *fyne.Container
}

func newWayPane(when string) *wayPane {
	w := &wayPane{answer: wrapped(""), list: container.New(layout.NewCustomPaddedVBoxLayout(0))}
	w.box = container.NewBorder(container.New(layout.NewCustomPaddedVBoxLayout(0), heading(when), w.answer), nil, nil, nil, container.NewVScroll(w.list))
	return w
}

func (w *wayPane) set(x *state.Explanation) {
	setText(w.answer, sentence(x.Answer()))
	objects := make([]fyne.CanvasObject, 0, 16)
	for _, row := range x.Way() {
		if row.Kind == state.WhyKey {
			row.Name = "    " + row.Name
		}
		objects = append(objects, whyLine(&row, wayColumns))
	}
	w.list.Objects = objects
	w.list.Refresh()
}

// wayColumns are narrow: two ways stand side by side, and a step that is not made
// takes no time.
var wayColumns = columns{markWidth, 7 * apart, 0, near}

func newDryRun(u *UI) *dryRun {
	d := &dryRun{u: u, message: wrapped(""), facts: cell(false)}
	d.body = u.field("")
	d.body.MultiLine = true
	d.body.Wrapping = fyne.TextWrapWord
	d.body.TextStyle.Monospace = true
	d.body.SetPlaceHolder(tr("paste the JSON body of a request here"))
	d.body.OnChanged = func(string) { d.typed() }
	d.recent = newChoice(nil, d.picked)
	d.recent.PlaceHolder = tr("or a request that was made…")
	d.ask = newButton(tr("Which way would it go?"), d.run)
	d.message.Hide()
	d.ways = [2]*wayPane{newWayPane(tr("Now")), newWayPane(tr("In {{.Seconds}} s", "Seconds", int(ahead.Seconds())))}
	left := container.NewBorder(nil, container.NewVBox(d.recent, d.ask, d.message), nil, nil, d.body)
	ways := container.New(columns{0, 2 * apart, 0}, d.ways[0].box, upright(), d.ways[1].box)
	right := container.NewBorder(d.facts, nil, nil, nil, ways)
	d.box = container.NewBorder(heading(tr("Dry run")), nil, nil, nil, container.New(columns{17 * apart, apart, 0}, left, layout.NewSpacer(), right))
	d.ways[0].answer.SetText(tr("Paste a request or choose one: each rule and each key says here what would become of it. Nothing is sent."))
	d.ways[1].answer.SetText(tr("The same for then, when the cooldowns that end meanwhile are over."))
	d.able()
	return d
}

// offer lists the last requests.
func (d *dryRun) offer() {
	var words []string
	d.ids = nil
	for _, r := range d.u.st.Decisions(dryRuns) {
		if !r.Running() {
			d.ids, words = append(d.ids, r.ID), append(words, r.At+"  "+r.Who+"  "+r.What)
		}
	}
	d.choosing = true
	d.recent.SetOptions(words)
	d.choosing = false
}

// dryRuns is how many requests can be chosen.
const dryRuns = 20

func (d *dryRun) picked(string) {
	i := d.recent.SelectedIndex()
	if d.choosing || i < 0 || i >= len(d.ids) {
		return
	}
	d.id = d.ids[i]
	d.able()
	d.run()
}

// typed makes the body what is meant.
func (d *dryRun) typed() {
	if d.id != "" {
		d.id, d.choosing = "", true
		d.recent.ClearSelected()
		d.choosing = false
	}
	d.able()
}

func (d *dryRun) able() { enable(d.ask, !d.busy && (d.id != "" || d.body.Text != "")) }

// run asks for both moments.
func (d *dryRun) run() {
	if d.busy {
		return
	}
	d.busy = true
	d.able()
	q := DryRun{ID: d.id}
	if q.ID == "" {
		q.Body = d.body.Text
	}
	work(d.u, forDisk, func(ctx context.Context) (both [2]state.Explanation, err error) {
		for i, in := range []time.Duration{0, ahead} {
			q.In = in
			if both[i], err = d.u.b.Explain(ctx, q); err != nil {
				return both, err
			}
		}
		return both, nil
	}, func(both [2]state.Explanation, err error) {
		d.busy = false
		d.able()
		sayError(d.message, err)
		if err == nil {
			setText(d.facts, both[0].Facts)
			for i := range both {
				d.ways[i].set(&both[i])
			}
		}
		d.box.Refresh()
	})
}
