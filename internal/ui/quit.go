package ui

import (
	"context"
	"time"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// forQuit is how long a person who quits waits for a look at the agents' files.
const forQuit = 3 * time.Second

// quit ends the program. Agents that are connected would find nobody at the
// address that they have, so a person is asked first what becomes of them.
func (u *UI) quit() {
	if u.quitting {
		return
	}
	u.quitting = true
	work(u, forQuit, u.b.Agents, func(list []state.Agent, err error) {
		if err == nil {
			u.st.SetAgents(list)
		}
		names := u.st.ConnectedNames()
		if names == "" {
			u.end()
			return
		}
		u.askQuit(names)
	})
}

func (u *UI) askQuit(names string) {
	u.reveal()
	if u.sheet != nil {
		u.sheet.escape()
	}
	text := wrapped(tr("{{.Names}} would find nobody here until glmtray runs again. Put back what stood in their settings "+
		"before, or leave them connected for the next start.", "Names", names))
	message := wrapped("")
	message.Hide()
	var s *sheet
	var back, leave, stay *button
	back = u.primary(tr("Put back and quit"), func() {
		for _, b := range []*button{back, leave} {
			b.Disable()
		}
		work(u, forDisk, func(ctx context.Context) (string, error) { return u.b.DisconnectAgents(ctx) }, func(_ string, err error) {
			if err == nil {
				u.end()
				return
			}
			enable(leave, true)
			enable(back, true)
			sayError(message, err)
			s.popup.Refresh()
		})
	})
	leave = u.button(tr("Leave and quit"), u.end)
	stay = u.button(tr("Cancel"), func() { s.escape() })
	s = u.lay(tr("Quit glmtray?"), stacked(text, message), func() { u.quitting = false }, stay, leave, back)
}

// end ends the program without a question.
func (u *UI) end() {
	if u.opt.Quit != nil {
		u.opt.Quit()
		return
	}
	u.app.Quit()
}
