package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// The pages by name.
const (
	tabOverview = "Overview"
	tabKeys     = "Keys"
	tabLog      = "Log"
	tabSettings = "Settings"
)

// page is what a tab shows.
type page interface {
	object() fyne.CanvasObject
	// opened is called whenever the page comes to the front.
	opened()
	// draw shows what changed. It is called often, and only while the page can
	// be seen.
	draw(now time.Time)
}

// tab is a page and its place in the rail.
type tab struct {
	name   string
	icon   fyne.Resource
	key    fyne.KeyName // with Ctrl
	page   page
	button *widget.Button
}

func (u *UI) pages() []*tab {
	return []*tab{
		{name: tabOverview, icon: theme.HomeIcon(), key: fyne.Key1, page: newOverview(u)},
		{name: tabKeys, icon: keyShape, key: fyne.Key2, page: newKeys(u)},
		{name: tabLog, icon: theme.ListIcon(), key: fyne.Key3, page: newLog(u)},
		{name: tabSettings, icon: theme.SettingsIcon(), key: fyne.Key4, page: newSettings(u)},
	}
}

// frame is what stands around every page: the rail and the banner.
type frame struct {
	u       *UI
	mark    *widget.Icon
	word    *widget.Label
	version *widget.Label
	banner  *banner
	page    *fyne.Container
	content *fyne.Container // the banner above the page
	rail    *fyne.Container
}

// build puts the window together.
func (u *UI) build() {
	f := &frame{
		u: u, mark: widget.NewIcon(shapes[state.Waiting]), word: heading(""), version: widget.NewLabel(""),
		banner: newBanner(u), page: container.NewStack(),
	}
	f.word.Truncation = fyne.TextTruncateEllipsis
	u.frame = f
	u.tabs, u.detail = u.pages(), newDetail(u)
	rail := container.NewVBox(container.New(columns{markWidth + near, 0}, f.mark, f.word), widget.NewSeparator())
	for _, t := range u.tabs {
		t.button = widget.NewButtonWithIcon(tr(t.name), t.icon, func() { u.turn(t.name) })
		t.button.Alignment = widget.ButtonAlignLeading
		t.button.Importance = widget.LowImportance
		rail.Add(t.button)
		u.bind(t.key, func() { u.turn(t.name) })
	}
	f.rail = container.NewBorder(nil, f.version, nil, nil, rail)
	side := container.NewBorder(nil, nil, nil, widget.NewSeparator(), atLeast(railWidth, 0, around(near, f.rail)))
	f.content = container.NewBorder(f.banner.box, nil, nil, nil, around(apart, f.page))
	u.win.SetContent(atLeast(leastWidth, leastHeight, container.NewBorder(nil, nil, side, nil, f.content)))
	u.win.Canvas().SetOnTypedKey(u.typed)
	u.turn(tabOverview)
}

// typed takes the keys that no widget with the focus wants.
func (u *UI) typed(k *fyne.KeyEvent) {
	if k.Name == fyne.KeyEscape && u.open != nil && u.open.page == u.detail {
		u.detail.back()
	}
}

// turn opens a page, unless there are questions to be answered first.
func (u *UI) turn(name string) {
	if u.welcome != nil {
		return
	}
	u.win.Canvas().Unfocus() // a cursor that blinks on a page nobody sees redraws the window
	for _, t := range u.tabs {
		t.button.Importance = widget.LowImportance
		if t.name == name {
			t.button.Importance = widget.MediumImportance
			u.open = t
			u.frame.page.Objects = []fyne.CanvasObject{t.page.object()}
			u.frame.page.Refresh()
			t.page.opened()
		}
		t.button.Refresh()
	}
	u.redraw()
}

var railWords = map[state.Icon]struct {
	mark state.Mark
	word string
}{
	state.IconServing: {state.Good, "Serving"},
	state.IconCooling: {state.Waiting, "Serving"},
	state.IconNone:    {state.Bad, "No key ready"},
	state.IconPaused:  {state.Off, "Paused"},
	state.IconError:   {state.Bad, "Not serving"},
}

func (f *frame) draw(now time.Time) {
	v := f.u.st.Tray(now)
	w := railWords[v.Icon]
	word := w.word
	switch s := f.u.st.Server(); {
	case s.State == state.Starting || s.State == "":
		word = "Starting"
	case s.State == state.Stopping:
		word = "Stopping"
	case s.Demo && s.State == state.Serving:
		word = "Demo"
	}
	if f.mark.Resource != shapes[w.mark] {
		f.mark.SetResource(shapes[w.mark])
	}
	setText(f.word, tr(word))
	setText(f.version, f.u.st.Version())
	was := f.banner.box.Visible()
	f.banner.draw()
	if f.banner.box.Visible() != was {
		f.content.Refresh() // who shows a part does not have the whole laid out anew
	}
}
