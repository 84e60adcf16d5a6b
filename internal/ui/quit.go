package ui

import (
	"context"
	"errors"
	"time"

	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// forQuit is how long a person who quits waits for a look at the agents' files.
const forQuit = 3 * time.Second

// quit ends the program. Agents that are connected would find nobody at the
// address that they have, so a person is asked first what becomes of them; so are
// agents of which nobody knows, because the record of them is lost.
func (u *UI) quit() {
	if u.quitting {
		return
	}
	u.quitting = true
	work(u, forQuit, u.b.Agents, func(list []state.Agent, err error) {
		var lost *LostRecord
		if err == nil || len(list) > 0 {
			u.setAgents(list)
		}
		if names := u.st.ConnectedNames(); errors.As(err, &lost) || names != "" {
			u.askQuit(names, lost)
			return
		}
		u.end()
	})
}

// parting is the question what becomes of the agents at the end.
type parting struct {
	u                 *UI
	sheet             *sheet
	said              *widget.Label // what was put back
	message           *widget.Label // what was not
	back, leave, stay *button
	putBack           func(context.Context) (string, error)
	stop              func() // ends what runs; nil: nothing does
	stopped           bool   // a person has had enough of it
}

func (u *UI) askQuit(names string, lost *LostRecord) {
	u.reveal()
	if u.sheet != nil {
		u.sheet.escape()
	}
	p := &parting{u: u, said: wrapped(""), message: wrapped("")}
	p.said.Hide()
	p.message.Hide()
	text, word := wrapped(tr("{{.Names}} would find nobody here until glmtray runs again. Put back what stood in their settings "+
		"before, or leave them connected for the next start.", "Names", names)), tr("Put back and quit")
	p.putBack = func(ctx context.Context) (string, error) { return u.b.DisconnectAgents(ctx) }
	if lost != nil {
		text, word = wrapped(tr("The record of what glmtray has written into the settings of agents cannot be read. Restore puts back what "+
			"stood there before, as far as the copies beside it tell, or leave all as it is.")), tr("Restore and quit")
		p.putBack = u.b.RestoreAgents
		sayError(p.message, lost)
	}
	p.back = primary(word, p.carryOut)
	p.leave = newButton(tr("Leave and quit"), u.end)
	p.stay = newButton(tr("Cancel"), func() { p.sheet.escape() })
	p.sheet = u.lay(tr("Quit glmtray?"), stacked(text, p.said, p.message), func() { u.quitting = false }, p.stay, p.leave, p.back)
	p.sheet.busy = p.interrupt
}

// carryOut puts back, and quits if all of it is.
func (p *parting) carryOut() {
	asked, stop := context.WithCancel(context.Background())
	p.stop, p.stopped = stop, false
	p.able(false)
	work(p.u, forDisk, func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(asked, cancel)()
		return p.putBack(ctx)
	}, p.done)
}

// interrupt ends what runs, and reports whether something did. What was begun of
// one agent is finished, so it takes its moment.
func (p *parting) interrupt() bool {
	if p.stop == nil {
		return false
	}
	p.stop()
	p.stopped = true
	enable(p.stay, false)
	return true
}

// done ends the program, or says what was put back and what was not.
func (p *parting) done(said string, err error) {
	p.stop()
	p.stop = nil
	if err == nil && !p.stopped {
		p.u.end()
		return
	}
	say(p.said, widget.MediumImportance, said)
	sayError(p.message, err)
	p.able(true)
	p.sheet.popup.Refresh()
	p.u.lookAgents()
}

// able lets a person choose, or only stop.
func (p *parting) able(on bool) {
	enable(p.back, on)
	enable(p.leave, on)
	enable(p.stay, true)
}

// end ends the program without a question.
func (u *UI) end() {
	if u.opt.Quit != nil {
		u.opt.Quit()
		return
	}
	u.app.Quit()
}
