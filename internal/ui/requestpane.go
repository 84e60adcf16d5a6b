package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// The parts of a request's pane.
var paneParts = []string{spoken("Why"), spoken("Request"), spoken("Answer"), spoken("Replay")}

const (
	partWhy = iota
	partSent
	partGot
	partReplay
)

// requestPane is one request: why it went where it went, what was said, as long
// as that is in memory, and what another provider says to it.
type requestPane struct {
	r                     *requests
	u                     *UI
	box                   *fyne.Container
	mark                  *widget.Icon
	title                 *widget.Label
	parts                 *segments
	curl, save, more, all *button
	note                  *widget.Label
	body                  *fyne.Container
	why                   *whyPane
	sent, got             *textPane
	plain                 *tick // the answer as text, not as it came over the wire
	answer                *fyne.Container
	replay                *replayPane
	x                     state.Exchange
	id                    string
	loading               bool
	done                  bool // nothing more is to come
	large                 bool // the list is hidden
}

func newRequestPane(r *requests) *requestPane {
	u := r.u
	p := &requestPane{r: r, u: u, mark: widget.NewIcon(shapes[state.Off]), title: heading(""), note: wrapped("")}
	p.title.Truncation = fyne.TextTruncateEllipsis
	p.why = newWhyPane()
	p.sent, p.got = newTextPane(u, tr("Request")), newTextPane(u, tr("Answer"))
	p.plain = newTick(tr("Only what it says"), func(bool) { p.drawAnswer() })
	p.plain.SetChecked(true)
	p.answer = container.NewBorder(nil, container.NewHBox(p.plain), nil, nil, p.got.box)
	p.replay = newReplayPane(p)
	words := make([]string, len(paneParts))
	for i := range paneParts {
		words[i] = tr(paneParts[i])
	}
	p.parts = newSegments(words, func(int) { p.lay() })
	p.curl = quietButton(tr("Copy as curl"), nil, func() { u.copy(p.x.Curl(u.st.Server().URL)) })
	p.save = quietButton(tr("Save…"), nil, p.export)
	p.all = quietButton(tr("Copy all"), nil, func() { u.copy(p.x.Text()) })
	p.more = quietButton("", theme.ViewFullScreenIcon(), func() {
		p.large = !p.large
		r.lay()
	})
	shut := quietButton("", theme.CancelIcon(), r.close)
	top := container.NewBorder(nil, nil, container.NewHBox(centred(p.mark), p.parts.box),
		container.NewHBox(p.all, p.curl, p.save, p.more, shut), p.title)
	p.body = container.NewStack()
	p.box = container.NewBorder(container.NewVBox(top, p.note, widget.NewSeparator()), nil, nil, nil, p.body)
	return p
}

// open shows another request.
func (p *requestPane) open(id string) {
	if p.id == id && p.done {
		return
	}
	p.id, p.done = id, false
	p.mark.SetResource(shapes[state.Waiting])
	p.set(state.Exchange{})
	p.title.SetText(id)
	say(p.note, widget.MediumImportance, "")
	p.replay.open()
	p.load()
}

// draw looks whether a request that ran when it was chosen has ended.
func (p *requestPane) draw() {
	if d, known := p.u.st.Decision(p.id); p.id != "" && known && !d.Running() && !p.done && !p.loading {
		p.load()
	}
	p.replay.draw()
}

func (p *requestPane) load() {
	id := p.id
	d, known := p.u.st.Decision(id)
	runs := known && d.Running()
	p.loading = true
	if runs {
		say(p.note, widget.MediumImportance, tr("It still runs. What it says stands here once it has ended."))
	}
	work(p.u, forDisk, func(ctx context.Context) (state.Exchange, error) { return p.u.b.Exchange(ctx, id) },
		func(x state.Exchange, err error) {
			if p.id != id {
				return // another one was chosen meanwhile
			}
			p.loading = false
			p.done = err == nil || !runs
			switch {
			case err == nil:
				say(p.note, widget.MediumImportance, "")
				p.set(x)
			case !runs:
				sayError(p.note, err)
			}
			p.box.Refresh()
		})
}

// set shows what is known of a request; nothing of none.
func (p *requestPane) set(x state.Exchange) {
	p.x = x
	there := x.ID != ""
	for _, b := range []*button{p.all, p.save} {
		enable(b, there)
	}
	enable(p.curl, x.Sent.Text != "" && !x.Sent.Cut)
	if there {
		p.mark.SetResource(shapes[x.Mark()])
		p.title.SetText(x.Summary())
	}
	p.why.set(&x)
	p.sent.set(x.Sent)
	p.drawAnswer()
	p.replay.set(&x)
	p.lay()
}

// drawAnswer shows what the answer says, or the answer as it came.
func (p *requestPane) drawAnswer() {
	b, title := p.x.Got, p.got.name+": "+p.x.Got.Extent()
	said := state.AnswerText(b.Text)
	enable(p.plain, said != "")
	if p.plain.Checked && said != "" {
		b.Text = said
	}
	p.got.say(title, b)
}

// lay shows the part that was chosen.
func (p *requestPane) lay() {
	part := p.parts.chosen
	var o fyne.CanvasObject
	absent := p.x.ID != "" && p.x.Absent != "" && (part == partSent || part == partGot)
	switch {
	case absent:
		o = wrapped(p.x.Absent)
	case part == partWhy:
		o = p.why.box
	case part == partSent:
		o = p.sent.box
	case part == partGot:
		o = p.answer
	default:
		o = p.replay.box
	}
	p.body.Objects = []fyne.CanvasObject{o}
	p.body.Refresh()
}

// export writes everything into a file of a person's choice.
func (p *requestPane) export() {
	id, text := p.id, p.x.Text()
	name := "glmtray-request-" + p.x.Time.Local().Format("20060102-150405") + "-" + id + ".txt"
	p.u.save(name, text, func(path string, err error) {
		switch {
		case p.id != id:
			p.u.tell(err)
		case err != nil:
			sayError(p.note, err)
		default:
			say(p.note, widget.MediumImportance, tr("Saved as {{.Path}}", "Path", path))
		}
		p.box.Refresh()
	})
}

// whyPane tells a request's way, in lines.
type whyPane struct {
	box  *fyne.Container
	list *fyne.Container
}

func newWhyPane() *whyPane {
	w := &whyPane{list: container.New(layout.NewCustomPaddedVBoxLayout(0))}
	w.box = container.NewStack(container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 0, 0, near), w.list)))
	return w
}

var whyHeads = map[string]string{
	state.WhyRule: spoken("Rules"), state.WhyKey: spoken("Keys passed over"), state.WhyTry: spoken("Tries"),
}

func (w *whyPane) set(x *state.Exchange) {
	var objects []fyne.CanvasObject
	if x.ID != "" {
		kind := ""
		for _, row := range x.WhyRows() {
			if row.Kind != kind {
				kind = row.Kind
				objects = append(objects, heading(tr(whyHeads[kind])))
			}
			objects = append(objects, whyLine(&row, whyColumns))
		}
		objects = append(objects, heading(tr("Facts")))
		for _, f := range x.Facts() {
			objects = append(objects, container.New(tucked{whyColumns}, layout.NewSpacer(), faint(widget.NewLabel(f.Name)), wrapped(f.Text), layout.NewSpacer()))
		}
	}
	w.list.Objects = objects
	w.list.Refresh()
}

// whyLine is one step of a way in columns: a mark, what it is about, the reason,
// the time.
func whyLine(row *state.WhyRow, in columns) fyne.CanvasObject {
	name, took := cell(false), figure()
	name.SetText(row.Name)
	took.SetText(row.Took)
	text := wrapped(row.Text)
	icon := container.New(layout.NewCustomPaddedLayout(near, 0, tight, tight), container.NewGridWrap(fyne.NewSquareSize(apart), widget.NewIcon(shapes[row.Mark])))
	return container.New(tucked{in}, icon, name, text, took)
}

// whyColumns are those of a step, and the last is free beside the scroll bar.
var whyColumns = columns{markWidth, 10 * apart, 0, 5 * apart}

// centred is a mark in its column, in its own size.
func centred(mark *widget.Icon) fyne.CanvasObject {
	return container.NewCenter(atLeast(apart, apart, mark))
}
