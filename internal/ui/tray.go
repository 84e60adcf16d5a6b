package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"github.com/glmtray/glmtray/assets"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// trayInterval is the shortest time between two rebuilds that nothing but a
// line's text asks for: a menu is rebuilt whole, flickers if it is open, and
// drops a click meanwhile.
const trayInterval = time.Second

// tray is the icon and its menu. It holds no truth: it shows a TrayView.
type tray struct {
	u     *UI
	desk  desktop.App // nil: this system has no tray
	root  *fyne.Menu  // one for good: Fyne shows the first it was given once more when the tray is ready
	shown state.TrayView
	drawn time.Time
	icons map[state.Icon]fyne.Resource
}

func newTray(u *UI) *tray {
	t := &tray{u: u, icons: map[state.Icon]fyne.Resource{}}
	t.desk, _ = u.app.(desktop.App)
	for _, i := range []state.Icon{state.IconServing, state.IconCooling, state.IconNone, state.IconPaused, state.IconError} {
		t.icons[i] = fyne.NewStaticResource("tray-"+string(i)+".png", assets.Tray(string(i)))
	}
	if t.desk != nil {
		now := u.now()
		t.shown = u.st.Tray(now)
		t.desk.SetSystemTrayIcon(t.icons[t.shown.Icon])
		t.show(t.shown)
		t.drawn = now
	}
	return t
}

// draw rebuilds the tray if a line changed, and tells in how long it is to be
// looked at again by itself; 0: not.
func (t *tray) draw(now time.Time) time.Duration {
	if t.desk == nil {
		return 0
	}
	v := t.u.st.Tray(now)
	wait := t.u.st.TrayTick(now)
	if v.Same(t.shown) {
		return wait
	}
	if since := now.Sub(t.drawn); !v.Urgent(t.shown) && since >= 0 && since < trayInterval {
		return sooner(wait, trayInterval-since)
	}
	if v.Icon != t.shown.Icon {
		t.desk.SetSystemTrayIcon(t.icons[v.Icon])
	}
	t.show(v)
	t.shown, t.drawn = v, now
	return wait
}

func (t *tray) show(v state.TrayView) {
	if t.root == nil {
		t.root = fyne.NewMenu("glmtray")
	}
	t.root.Items = t.menu(v).Items
	t.desk.SetSystemTrayMenu(t.root)
}

func (t *tray) menu(v state.TrayView) *fyne.Menu {
	u := t.u
	to := func(name string) func() {
		return func() {
			u.turn(name)
			u.reveal()
		}
	}
	line := fyne.NewMenuItem
	m := fyne.NewMenu("glmtray", line(v.Lines[0], to(tabOverview)))
	add := func(items ...*fyne.MenuItem) { m.Items = append(m.Items, items...) }
	if v.Keys > 0 {
		add(fyne.NewMenuItemSeparator())
	}
	for _, text := range v.Lines[1 : 1+v.Keys] {
		add(line(text, to(tabKeys)))
	}
	if rest := v.Lines[1+v.Keys:]; len(rest) > 0 {
		add(fyne.NewMenuItemSeparator())
		for i, text := range rest {
			open := to(tabUsage)
			if i == 0 && v.Last != "" {
				open = func() {
					u.showRequest(v.Last)
					u.reveal()
				}
			}
			add(line(text, open))
		}
	}
	add(fyne.NewMenuItemSeparator(), t.flip(v.Paused), t.pins(v))
	copyURL := line(tr("Copy base URL"), func() { u.copy(v.URL) })
	copyURL.Disabled = v.URL == ""
	add(copyURL, line(tr("New client key…"), func() {
		u.reveal()
		u.newClientKey()
	}), t.connects(v), fyne.NewMenuItemSeparator())
	login := line(tr("Start at login"), func() { u.startAtLogin(v.AtLogin != state.SwitchedOn) })
	login.Checked, login.Disabled = v.AtLogin == state.SwitchedOn, v.AtLogin == state.Unknown
	quit := line(tr("Quit"), u.quit)
	quit.IsQuit = true
	add(line(tr("Open glmtray"), u.reveal), line(tr("Logs folder"), func() { u.folder("logs") }), login, fyne.NewMenuItemSeparator(), quit)
	return m
}

func (t *tray) flip(paused bool) *fyne.MenuItem {
	if paused {
		return fyne.NewMenuItem(tr("Resume"), func() { t.u.serve(true) })
	}
	return fyne.NewMenuItem(tr("Pause"), func() { t.u.serve(false) })
}

// pinFor is how long a pin lasts.
const pinFor = 15 * time.Minute

// pins is the choice of a provider that is to have everything for a while.
func (t *tray) pins(v state.TrayView) *fyne.MenuItem {
	top := fyne.NewMenuItem(tr("Pin a provider for 15 minutes"), nil)
	if v.Pinned != "" {
		top.Label = tr("Pinned: {{.For}}", "For", v.PinnedFor)
	}
	top.Disabled = len(v.Providers) == 0
	top.ChildMenu = fyne.NewMenu("")
	for _, p := range v.Providers {
		item := fyne.NewMenuItem(p.Name, func() { t.u.pin(p.ID) })
		if p.ID == v.Pinned {
			item.Checked = true
			item.Action = func() { t.u.pin("") }
		}
		top.ChildMenu.Items = append(top.ChildMenu.Items, item)
	}
	if v.Pinned != "" {
		top.ChildMenu.Items = append(top.ChildMenu.Items, fyne.NewMenuItemSeparator(), fyne.NewMenuItem(tr("End the pin"), func() { t.u.pin("") }))
	}
	return top
}

// connects are the agents that are here. Choosing one opens the window, which
// shows what would be written.
func (t *tray) connects(v state.TrayView) *fyne.MenuItem {
	top := fyne.NewMenuItem(tr("Connect"), nil)
	top.ChildMenu = fyne.NewMenu("")
	for _, a := range v.Agents {
		item := fyne.NewMenuItem(a.Name, func() {
			t.u.reveal()
			t.u.showAgent(a.ID, !a.Connected)
		})
		item.Checked = a.Connected
		top.ChildMenu.Items = append(top.ChildMenu.Items, item)
	}
	more := fyne.NewMenuItem(tr("Others…"), func() {
		t.u.turn(tabClients)
		t.u.reveal()
	})
	if len(v.Agents) > 0 {
		top.ChildMenu.Items = append(top.ChildMenu.Items, fyne.NewMenuItemSeparator())
	}
	top.ChildMenu.Items = append(top.ChildMenu.Items, more)
	return top
}
