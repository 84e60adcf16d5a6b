package ui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// noticeTitles are what a notification is called.
var noticeTitles = map[state.NoticeKind]string{
	state.NoticeCooling:  spoken("All keys cool down"),
	state.NoticeRejected: spoken("A key is not accepted"),
	state.NoticeFallback: spoken("Another provider answers"),
	state.NoticeModels:   spoken("A model is gone"),
	state.NoticeFamily:   spoken("Another family of models answers"),
	state.NoticeQuota:    spoken("A limit is nearly used up"),
}

// notify tells a person who does not look: whoever has the window before them
// sees the same there.
func (u *UI) notify(list []state.Notice) {
	for _, n := range list {
		if u.shown && u.looked || u.opt.Notify != nil && !u.opt.Notify(n.Kind) {
			continue
		}
		note := fyne.NewNotification(tr(noticeTitles[n.Kind]), n.Text)
		go u.app.SendNotification(note) // the session bus may take its time
	}
}

// freshAgents is how old what is known of the agents may grow while something
// happens: a command may have connected one, or a person changed its files.
const freshAgents = 10 * time.Second

// lookAgents looks at the agents, for the tray's menu.
func (u *UI) lookAgents() {
	u.agentsAt = u.now()
	work(u, forDisk, u.b.Agents, func(list []state.Agent, err error) {
		if err == nil || len(list) > 0 {
			u.setAgents(list)
		}
	})
}

func (u *UI) setAgents(list []state.Agent) {
	u.st.SetAgents(list)
	u.redraw()
}

// pin sends everything to one provider for a while, or ends that.
func (u *UI) pin(provider string) {
	limit := pinFor
	if provider == "" {
		limit = 0
	}
	act(u, forDisk, func(ctx context.Context) error { return u.b.Pin(ctx, provider, limit) }, u.tell)
}
