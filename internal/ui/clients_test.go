package ui

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/ui/state"
)

func clientsRig(t *testing.T, p *program) (*rig, *clients) {
	t.Helper()
	if p.snap.Server.State == "" {
		p.snap = serving(desktopKey("desk"))
	}
	if p.agents == nil {
		p.agents = someAgents()
	}
	r := newRig(t, p, Options{TrayHost: true, Quit: func() { p.set(func() { p.calls = append(p.calls, "quit") }) }})
	r.u.turn(tabClients)
	r.sees("Claude Code", "Codex CLI", "Cursor")
	return r, r.u.clientsPage()
}

func TestAnAgentIsSwitchedOnAfterTheDiffWasShown(t *testing.T) {
	p := &program{snap: serving(desktopKey("desk"))}
	p.snap.AtLogin = state.SwitchedOff
	r, c := clientsRig(t, p)
	r.check("Claude Code").SetChecked(true)
	r.asked("plan claude-code true")
	r.sees("Connect Claude Code", "+  \"ANTHROPIC_BASE_URL\": \"http://127.0.0.1:18080\"", "New Claude Code sessions use it.")
	if slices.Contains(p.called(), "connect claude-code") {
		t.Fatal("it was written before anybody had seen what")
	}
	if !c.card.login.Checked || !c.card.login.Visible() {
		t.Error("start at login is not offered, ticked")
	}
	r.tap("Connect")
	r.sees("Connected Claude Code to http://127.0.0.1:18080. New Claude Code sessions use it.")
	r.asked("set start_at_login true")
	r.until("the switch", func() bool { return c.rows["claude-code"].on.Checked && c.rows["claude-code"].word.Text == "connected" })
	r.until("the tray's tick", func() bool {
		i := r.desk.sub("Connect", "Claude Code")
		return i != nil && i.Checked
	})

	r.check("Claude Code").SetChecked(false)
	r.asked("plan claude-code false")
	r.sees("Disconnect Claude Code", "-  \"ANTHROPIC_BASE_URL\"")
	r.tap("Disconnect")
	r.asked("disconnect claude-code")
	r.until("the switch to go back", func() bool {
		return !c.rows["claude-code"].on.Checked && c.rows["claude-code"].word.Text == "installed"
	})
}

func TestASwitchThatIsNotCarriedOutGoesBack(t *testing.T) {
	r, c := clientsRig(t, &program{})
	r.check("Codex CLI").SetChecked(true)
	r.sees("Connect Codex CLI")
	r.u.typed(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if c.rows["codex"].on.Checked {
		t.Error("the switch says that it is connected")
	}
	r.sees("Switch an agent on")
}

func TestAFileThatCannotBeWrittenIsTold(t *testing.T) {
	r, _ := clientsRig(t, &program{fail: map[string]error{"connect": errNo}})
	r.check("Codex CLI").SetChecked(true)
	r.sees("Connect Codex CLI")
	r.until("the plan", func() bool { return strings.Contains(r.text(), "ANTHROPIC_BASE_URL") })
	r.tap("Connect")
	r.sees("The disk is full.")
}

func TestWhatWasChangedSinceIsShown(t *testing.T) {
	agents := someAgents()
	agents[0].Connected, agents[0].Changed = true, []string{"/home/me/.claude: ANTHROPIC_BASE_URL"}
	r, c := clientsRig(t, &program{agents: agents})
	if got := c.rows["claude-code"].word.Text; got != "changed since" {
		t.Errorf("it is said to be %q", got)
	}
	test.Tap(c.rows["claude-code"].open)
	r.sees("Connect again", "Disconnect…")
	r.tap("Disconnect…")
	r.asked("plan claude-code false")
	r.sees("Somebody has changed this since; it stays so: /home/me/.claude: ANTHROPIC_BASE_URL")
}

func TestAClientByHandGetsItsKeyAndWhatToType(t *testing.T) {
	r, c := clientsRig(t, &program{})
	test.Tap(c.rows["zed"].open)
	r.sees("Zed, by hand", "paste (a key of its own)")
	r.tap("Make its key")
	r.sees("paste sk-secret", "not shown again")
	if got := r.desk.Clipboard().Content(); got != "paste sk-secret" {
		t.Errorf("copied %q", got)
	}
	test.Tap(c.rows["cursor"].open)
	r.sees("Cursor calls from its servers.")
	if c.card.do.Visible() {
		t.Error("what cannot be connected can be")
	}
}

func TestAClientKeyIsMadeShownOnceRevokedAndTakenBack(t *testing.T) {
	p := &program{}
	r, c := clientsRig(t, p)
	r.desk.item("New client key…").Action()
	r.sees("It is kept as a hash")
	if r.u.win.Canvas().Focused() != c.form.name {
		t.Error("one has to click to type the name")
	}
	c.form.send()
	r.sees("Give it a name, so that you know it again.")
	test.Type(c.form.name, "ci")
	r.tap("Make the key")
	r.sees("sk-new-ci", "The key of ci is copied. It is not shown again.")
	if got := r.desk.Clipboard().Content(); got != "sk-new-ci" {
		t.Errorf("copied %q", got)
	}
	r.tap("Done")
	if strings.Contains(r.text(), "sk-new-ci") {
		t.Error("it is shown still")
	}
	r.until("the key in the list", func() bool { return len(c.keyRows) == 1 })
	c.keys.Select(0)
	r.sees("Made: ", "Last used: never")
	r.tap("Revoke")
	r.asked("revoke 1")
	r.sees("It is accepted no longer", "Accept it again", "revoked")
	r.tap("Accept it again")
	r.asked("enable client 1")
	r.sees("It is accepted again.", "active")
	r.u.newClientKey()
	if strings.Contains(r.text(), "sk-new-ci") {
		t.Error("the next form shows the last key")
	}
}

func TestTheTrayConnectsPinsAndStartsAtLogin(t *testing.T) {
	p := &program{snap: serving(desktopKey("desk"))}
	p.snap.Providers = []state.Provider{{ID: "cerebras", Name: "Cerebras"}, {ID: "zai", Name: "Z.ai"}}
	p.snap.AtLogin = state.SwitchedOff
	r, _ := clientsRig(t, p)
	r.until("the agents in the menu", func() bool { return r.desk.sub("Connect", "Codex CLI") != nil })
	if r.desk.sub("Connect", "OpenCode") != nil || r.desk.sub("Connect", "Zed") != nil {
		t.Error("the menu connects what is not here, or cannot be written")
	}
	r.u.hide()
	r.desk.sub("Connect", "Codex CLI").Action()
	if !r.u.shown {
		t.Error("the diff is shown in a hidden window")
	}
	r.sees("Connect Codex CLI")
	r.desk.sub("Pin a provider for 15 minutes", "Z.ai").Action()
	r.asked("pin zai 15m0s")
	until := time.Now().Add(15 * time.Minute)
	p.set(func() { p.snap.Server.Pinned, p.snap.Server.PinUntil = "zai", until })
	r.publish(event.ServerChanged{State: "pinned", Detail: "zai", Until: until})
	pinned := "Pinned: zai until " + until.Format("15:04")
	r.until("the pin in the menu", func() bool { return r.desk.sub(pinned, "Z.ai") != nil && r.desk.sub(pinned, "Z.ai").Checked })
	r.desk.sub(pinned, "End the pin").Action()
	r.asked("pin  0s")
	r.desk.item("Start at login").Action()
	r.asked("set start_at_login true")
	r.desk.item("Logs folder").Action()
	r.asked("folder logs")
}

func TestQuittingNamesWhoIsConnected(t *testing.T) {
	connected := func() *program {
		a := someAgents()
		a[0].Connected, a[1].Connected, a[3].Connected = true, true, true
		return &program{agents: a}
	}
	quit := func(p *program) func() bool { return func() bool { return slices.Contains(p.called(), "quit") } }
	t.Run("put back", func(t *testing.T) {
		p := connected()
		r, _ := clientsRig(t, p)
		r.u.hide()
		r.desk.item("Quit").Action()
		r.sees("Quit glmtray?", "Claude Code and Codex CLI would find nobody here")
		if !r.u.shown {
			t.Error("the question is asked where nobody sees it")
		}
		r.tap("Put back and quit")
		r.asked("disconnect")
		r.until("the end", quit(p))
	})
	t.Run("leave", func(t *testing.T) {
		p := connected()
		r, _ := clientsRig(t, p)
		r.u.quit()
		r.sees("Quit glmtray?")
		r.tap("Leave and quit")
		r.until("the end", quit(p))
		if slices.Contains(p.called(), "disconnect") {
			t.Error("they were put back")
		}
	})
	t.Run("cancel, and ask again", func(t *testing.T) {
		p := connected()
		r, _ := clientsRig(t, p)
		r.u.quit()
		r.sees("Quit glmtray?")
		r.u.typed(&fyne.KeyEvent{Name: fyne.KeyEscape})
		if strings.Contains(r.text(), "Quit glmtray?") || quit(p)() {
			t.Error("Escape is no answer")
		}
		r.u.quit()
		r.sees("Quit glmtray?")
		r.tap("Cancel")
	})
	for name, no := range map[string]func(r *rig){
		"cancel while it is put back": func(r *rig) { r.tap("Cancel") },
		"escape while it is put back": func(r *rig) { r.u.typed(&fyne.KeyEvent{Name: fyne.KeyEscape}) },
	} {
		t.Run(name, func(t *testing.T) {
			p := connected()
			p.hold, p.partly = make(chan struct{}), "Disconnected Claude Code."
			r, _ := clientsRig(t, p)
			r.u.quit()
			r.sees("Quit glmtray?")
			r.tap("Put back and quit")
			r.asked("disconnect")
			if !r.button("Leave and quit").Disabled() {
				t.Error("it can be left while it is put back")
			}
			no(r) // nobody lets go of the hold: only the context ends it
			r.sees("Disconnected Claude Code.", "Context canceled.")
			if quit(p)() || !strings.Contains(r.text(), "Quit glmtray?") {
				t.Errorf("the question is gone, quit %v", quit(p)())
			}
			close(p.hold)
			no(r)
			if strings.Contains(r.text(), "Quit glmtray?") {
				t.Error("a second no does not close it")
			}
			r.u.quit()
			r.sees("Quit glmtray?")
			r.tap("Put back and quit")
			r.until("the end", quit(p))
		})
	}
	t.Run("all was put back before the cancel came", func(t *testing.T) {
		p := connected()
		p.hold, p.deaf = make(chan struct{}), true
		r, _ := clientsRig(t, p)
		r.u.quit()
		r.sees("Quit glmtray?")
		r.tap("Put back and quit")
		r.asked("disconnect")
		r.tap("Cancel")
		close(p.hold)
		r.sees("Disconnected")
		if quit(p)() {
			t.Error("it quits after a no")
		}
	})
	t.Run("the record is lost", func(t *testing.T) {
		for name, agents := range map[string][]state.Agent{"the notes know": connected().agents, "nothing is known": someAgents()} {
			p := &program{agents: agents}
			r, _ := clientsRig(t, p)
			p.set(func() { p.fail = map[string]error{"agents": &LostRecord{"the record of connections cannot be read"}} })
			r.u.quit()
			r.sees("Quit glmtray?", "Restore puts back what stood there before", "The record of connections cannot be read.")
			r.tap("Restore and quit")
			r.asked("restore")
			r.until("the end, "+name, quit(p))
		}
	})
	t.Run("what cannot be put back is told", func(t *testing.T) {
		p := connected()
		p.fail, p.partly = map[string]error{"disconnect": errNo}, "Disconnected Claude Code."
		r, _ := clientsRig(t, p)
		r.u.quit()
		r.sees("Quit glmtray?")
		r.tap("Put back and quit")
		r.sees("The disk is full.", "Disconnected Claude Code.")
		r.tap("Leave and quit")
		r.until("the end", quit(p))
	})
}

func TestFilesThatCannotBeReadDoNotKeepFromQuitting(t *testing.T) {
	p := &program{agents: someAgents()}
	r, _ := clientsRig(t, p)
	p.set(func() { p.fail = map[string]error{"agents": errors.New("no")} })
	r.u.quit()
	r.until("the end", func() bool { return slices.Contains(p.called(), "quit") })
}

func TestWhatCouldNotBeReadOfClientsIsToldUntilItIsRead(t *testing.T) {
	p := &program{agents: someAgents(), fail: map[string]error{"agents": errNo}}
	r, c := clientsRig(t, p)
	r.until("both answers", func() bool { return c.failed[readAgents] != nil && !c.loading })
	r.sees("The disk is full.") // whichever came last
	p.set(func() { p.fail = map[string]error{"client keys": errors.New("the database is locked")} })
	c.load()
	r.until("both answers", func() bool { return c.failed[readAgents] == nil && c.failed[readKeys] != nil })
	if got := c.message.Text; got != "The database is locked." || !c.message.Visible() {
		t.Errorf("it says %q", got)
	}
	p.set(func() { p.fail = nil })
	c.load()
	r.until("nothing to tell", func() bool { return !c.message.Visible() })
}

func TestWhoDoesNotLookIsTold(t *testing.T) {
	wanted := true
	p := &program{snap: serving(desktopKey("desk"))}
	r := newRig(t, p, Options{TrayHost: true, Notify: func(state.NoticeKind) bool { return wanted }})
	parked := func(name string) event.KeyChanged {
		return event.KeyChanged{Provider: "cerebras", Key: name, State: state.Parked, Reason: "key rejected"}
	}
	r.u.looked = true
	r.u.draw(news{events: []event.Event{parked("desk")}})
	r.u.looked = false
	r.u.notices = state.Notices{}
	r.u.draw(news{events: []event.Event{parked("desk")}})
	r.until("a notification", func() bool { return len(r.desk.heard()) == 1 })
	if got := r.desk.heard()[0]; got != "A key is not accepted: cerebras/desk: key rejected. Test the key, or replace it." {
		t.Errorf("told %q", got)
	}
	wanted = false
	r.u.notices = state.Notices{}
	r.u.draw(news{events: []event.Event{parked("desk")}})
	if n := len(r.desk.heard()); n != 1 {
		t.Errorf("told %d times", n)
	}
}

func TestWhatWaitsForItsMinuteIsToldByItself(t *testing.T) {
	p := &program{snap: serving(desktopKey("desk"), desktopKey("home"))}
	r := newRig(t, p, Options{TrayHost: true, StartHidden: true})
	parked := func(name string) event.KeyChanged {
		return event.KeyChanged{Provider: "cerebras", Key: name, State: state.Parked, Reason: "key rejected"}
	}
	at := time.Now()
	r.u.now = func() time.Time { return at }
	o := r.u.draw(news{events: []event.Event{parked("desk"), parked("home")}})
	if o.next != time.Minute {
		t.Errorf("the next frame is wished for in %s", o.next)
	}
	at = at.Add(time.Minute)
	r.u.draw(news{})
	r.until("both", func() bool { return len(r.desk.heard()) == 2 })
}
