package ui

import (
	"context"
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// tabRequest names the page that no button of the rail opens.
const tabRequest = "Request"

// detail is one request that was chosen in the overview or in the log: what was
// decided, what was tried and why, and what was said, as long as it is in memory.
type detail struct {
	u         *UI
	box       *fyne.Container
	mark      *widget.Icon
	title     *widget.Label
	copyAll   *widget.Button
	facts     *fyne.Container
	tries     *fyne.Container
	note      *widget.Label
	known     *fyne.Container // all above the bodies
	bodies    *fyne.Container
	sent, got *textPane
	x         state.Exchange
	id        string
	from      string // the page to go back to
	loading   bool
	whole     bool // nothing more is to come
}

func newDetail(u *UI) *detail {
	lines := layout.NewCustomPaddedVBoxLayout(0)
	d := &detail{
		u: u, mark: widget.NewIcon(shapes[state.Off]), title: heading(""), note: wrapped(""),
		facts: container.New(lines), tries: container.New(lines),
		sent: newTextPane(u, tr("Request")), got: newTextPane(u, tr("Answer")),
	}
	d.note.Hide()
	back := widget.NewButtonWithIcon(tr("Back"), theme.NavigateBackIcon(), d.back)
	d.copyAll = widget.NewButton(tr("Copy all"), func() { u.copy(d.x.Text()) })
	top := container.NewHBox(back, atLeast(markWidth, 0, d.mark), d.title, layout.NewSpacer(), d.copyAll)
	d.known = container.NewVBox(dense(container.New(layout.NewCustomPaddedLayout(0, 0, tight, 0), d.facts)), dense(d.tries), d.note)
	d.bodies = container.New(columns{0, 2 * apart, 0}, d.sent.box, upright(), d.got.box)
	lower := container.NewBorder(widget.NewSeparator(), nil, nil, nil, d.bodies)
	d.box = container.NewBorder(container.NewVBox(top, widget.NewSeparator()), nil, nil, nil, container.New(
		over{func() float32 { return d.known.MinSize().Height }}, container.NewVScroll(d.known), lower,
	))
	return d
}

func (d *detail) object() fyne.CanvasObject { return d.box }

func (d *detail) opened() {}

// showRequest opens a request over the page it was chosen on.
func (u *UI) showRequest(id string) {
	if u.welcome != nil || id == "" {
		return
	}
	d := u.detail
	if u.open.page != d {
		d.from = u.open.name
	}
	u.win.Canvas().Unfocus() // the list that it was chosen in would take the Escape key
	u.open = &tab{name: tabRequest, page: d}
	u.frame.page.Objects = []fyne.CanvasObject{d.box}
	u.frame.page.Refresh()
	d.open(id)
	u.redraw()
}

func (d *detail) back() { d.u.turn(d.from) }

// open shows another request.
func (d *detail) open(id string) {
	d.id, d.whole = id, false
	d.mark.SetResource(shapes[state.Waiting])
	d.title.SetText(tr("Request") + " " + id)
	d.set(state.Exchange{})
	d.note.SetText("")
	d.load()
}

// draw looks whether a request that ran when it was chosen has ended.
func (d *detail) draw(time.Time) {
	if r, known := d.u.st.Decision(d.id); known && !r.Running() && !d.whole && !d.loading {
		d.load()
	}
}

func (d *detail) load() {
	id := d.id
	r, known := d.u.st.Decision(id)
	runs := known && r.Running()
	d.loading = true
	if runs {
		d.note.SetText(tr("It still runs. What it says stands here once it has ended."))
	}
	work(d.u, forDisk, func(ctx context.Context) (state.Exchange, error) { return d.u.b.Exchange(ctx, id) },
		func(x state.Exchange, err error) {
			if d.id != id {
				return // another one was chosen meanwhile
			}
			d.loading = false
			d.whole = err == nil || !runs
			switch {
			case err == nil:
				d.set(x)
			case !runs:
				d.note.SetText(sentence(err.Error()))
				d.box.Refresh()
			}
		})
}

// set shows what is known of a request; nothing of none.
func (d *detail) set(x state.Exchange) {
	d.x = x
	there := x.ID != ""
	enable(d.copyAll, there)
	var facts, tries []fyne.CanvasObject
	if there {
		d.mark.SetResource(shapes[x.Mark()])
		for _, f := range x.Facts() {
			facts = append(facts, labelled(tr(f.Name), wrapped(f.Text)))
		}
		for i := range x.Tries {
			tries = append(tries, tryRow(i, &x.Tries[i]))
		}
	}
	d.facts.Objects, d.tries.Objects = facts, tries
	d.note.SetText(x.Absent)
	show(d.note, !there || x.Absent != "")
	show(d.bodies, there && x.Absent == "")
	d.sent.set(x.Sent)
	d.got.set(x.Got)
	d.box.Refresh()
}

// tryRow is one attempt in a line.
func tryRow(i int, t *state.Try) fyne.CanvasObject {
	line := row(columns{markWidth, 4*apart - near, 10 * apart, 10 * apart, 4 * apart, 0})
	fill(line, t.Mark(), tr("Try")+" "+strconv.Itoa(i+1), t.Target(), t.Model, state.Took(t.Took), t.Ended())
	return line
}
