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
	urgent := v.Icon != t.shown.Icon || v.Paused != t.shown.Paused || v.URL != t.shown.URL
	if since := now.Sub(t.drawn); !urgent && since >= 0 && since < trayInterval {
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
	m := fyne.NewMenu("glmtray", fyne.NewMenuItem(v.Lines[0], to(tabOverview)))
	if v.Keys > 0 {
		m.Items = append(m.Items, fyne.NewMenuItemSeparator())
	}
	for _, line := range v.Lines[1 : 1+v.Keys] {
		m.Items = append(m.Items, fyne.NewMenuItem(line, to(tabKeys)))
	}
	if rest := v.Lines[1+v.Keys:]; len(rest) > 0 {
		m.Items = append(m.Items, fyne.NewMenuItemSeparator())
		for _, line := range rest {
			m.Items = append(m.Items, fyne.NewMenuItem(line, to(tabLog)))
		}
	}
	flip := fyne.NewMenuItem(tr("Pause"), func() { u.serve(false) })
	if v.Paused {
		flip = fyne.NewMenuItem(tr("Resume"), func() { u.serve(true) })
	}
	copyURL := fyne.NewMenuItem(tr("Copy base URL"), func() { u.copy(v.URL) })
	copyURL.Disabled = v.URL == ""
	quit := fyne.NewMenuItem(tr("Quit"), u.quit)
	quit.IsQuit = true
	m.Items = append(
		m.Items, fyne.NewMenuItemSeparator(), flip, copyURL,
		fyne.NewMenuItem(tr("Open glmtray"), u.reveal), fyne.NewMenuItemSeparator(), quit,
	)
	return m
}
