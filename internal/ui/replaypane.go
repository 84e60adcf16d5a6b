package ui

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// forAnswer is how long an answer is waited for.
const forAnswer = 10 * time.Minute

// replayPane sends a request once more, to a provider that a person names, and
// shows the two answers side by side.
type replayPane struct {
	p        *requestPane
	box      *fyne.Container
	provider *choice
	ids      []string
	send     *button
	note     *widget.Label
	was, now *textPane
	answers  *fyne.Container
	busy     bool
}

func newReplayPane(p *requestPane) *replayPane {
	r := &replayPane{p: p, note: wrapped("")}
	r.was, r.now = newTextPane(p.u, tr("Then")), newTextPane(p.u, tr("Now"))
	r.provider = newChoice(nil, func(string) { r.able() })
	r.provider.PlaceHolder = tr("choose a provider")
	r.send = newButton("", r.do)
	r.answers = container.New(columns{0, 2 * apart, 0}, r.was.box, upright(), r.now.box)
	top := container.NewVBox(container.NewHBox(r.provider, r.send), r.note)
	r.box = container.NewBorder(top, nil, nil, nil, r.answers)
	r.able()
	return r
}

// open shows another request, which was not repeated yet.
func (r *replayPane) open() {
	r.now.say(tr("Now"), state.Body{})
	say(r.note, widget.MediumImportance, "")
	r.able()
}

// draw offers the providers that have keys.
func (r *replayPane) draw() {
	var ids, names []string
	for _, k := range r.p.u.st.Keys(r.p.u.now()) {
		if !slices.Contains(ids, k.Provider) {
			ids, names = append(ids, k.Provider), append(names, k.ProviderName)
		}
	}
	if !slices.Equal(ids, r.ids) {
		r.ids = ids
		r.provider.SetOptions(names)
	}
	r.able()
}

// set takes what is known of the request.
func (r *replayPane) set(x *state.Exchange) {
	if x.ID == "" {
		r.was.say(tr("Then"), state.Body{})
	} else {
		r.was.say(answerTitle(tr("Then"), x), answerBody(x))
	}
	r.able()
}

// answerTitle says who answered, in what time, and how, unless it was well.
func answerTitle(when string, x *state.Exchange) string {
	q := state.RequestOf(&x.Finished)
	row := q.Row(x.Time)
	words := []string{when + ": " + row.Target, row.Status, state.Took(x.Took), tr("{{.Count}} tokens", "Count", row.Out)}
	if x.Status == http.StatusOK {
		words = slices.Delete(words, 1, 2)
	}
	return strings.Join(words, " · ")
}

// answerBody is what an answer says, or the answer itself where that is nothing.
func answerBody(x *state.Exchange) state.Body {
	b := x.Got
	if said := state.AnswerText(b.Text); said != "" {
		b.Text = said
	}
	return b
}

func (r *replayPane) chosen() string {
	if i := r.provider.SelectedIndex(); i >= 0 && i < len(r.ids) {
		return r.ids[i]
	}
	return ""
}

func (r *replayPane) able() {
	word := tr("Send once more")
	if r.chosen() != "" {
		word = tr("Send once more, with your key of {{.Name}}", "Name", r.provider.Selected)
	}
	if r.send.Text != word {
		r.send.SetText(word)
	}
	enable(r.send, !r.busy && r.chosen() != "" && r.p.x.Sent.Text != "" && !r.p.x.Sent.Cut)
	if r.busy || r.note.Text != "" {
		return
	}
	switch {
	case r.p.x.ID != "" && r.p.x.Sent.Text == "":
		setText(r.note, tr("It cannot be sent again: what the client sent is no longer in memory."))
	case r.p.x.Sent.Cut:
		setText(r.note, tr("It cannot be sent again: only its beginning is in memory."))
	default:
		say(r.note, widget.MediumImportance, "")
		return
	}
	r.note.Show()
}

func (r *replayPane) do() {
	id, provider := r.p.id, r.chosen()
	r.busy = true
	say(r.note, widget.MediumImportance, tr("It is sent to {{.Name}}…", "Name", r.provider.Selected))
	r.able()
	work(r.p.u, forAnswer, func(ctx context.Context) (state.Exchange, error) { return r.p.u.b.Replay(ctx, id, provider) },
		func(x state.Exchange, err error) {
			r.busy = false
			if r.p.id != id {
				r.p.u.tell(err)
				r.able()
				return
			}
			if err != nil {
				sayError(r.note, err)
			} else {
				say(r.note, widget.MediumImportance, "")
				r.now.say(answerTitle(tr("Now"), &x), answerBody(&x))
			}
			r.able()
			r.box.Refresh()
		})
}
