package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// The pages by name.
const (
	tabOverview = "Overview"
	tabRequests = "Requests"
	tabRouting  = "Routing"
	tabKeys     = "Keys"
	tabClients  = "Clients"
	tabUsage    = "Usage"
	tabLog      = "Log"
	tabSettings = "Settings"
)

// page is what a tab shows. Besides these a page may be a searcher, an escaper
// or a counter.
type page interface {
	object() fyne.CanvasObject
	// opened is called whenever the page comes to the front.
	opened()
	// draw shows what changed. It is called often, and only while the page can
	// be seen.
	draw(now time.Time)
}

// searcher is a page with a field to search in, which Ctrl+F goes to.
type searcher interface{ search() fyne.Focusable }

// escaper is a page with something that Escape closes; it reports whether there
// was something.
type escaper interface{ escape() bool }

// counter is a page where work may wait: what stands beside its word in the
// rail, "" for nothing. It is called with each frame, whichever page is open.
type counter interface{ count(now time.Time) string }

// ticker is a page on which something moves by itself; tick tells in how long,
// 0 for not at all.
type ticker interface {
	tick(now time.Time) time.Duration
}

// flooded is a page to which more may have come at once than can be read.
type flooded interface {
	flooded() bool
}

// tab is a page and its place in the rail.
type tab struct {
	name string
	icon fyne.Resource
	key  fyne.KeyName // with Ctrl; a page's number stays the same for good
	page page
	item *railItem
}

func (u *UI) pages() []*tab {
	return []*tab{
		{name: tabOverview, icon: theme.HomeIcon(), key: fyne.Key1, page: newOverview(u)},
		{name: tabRequests, icon: requestsShape, key: fyne.Key2, page: newRequests(u)},
		{name: tabRouting, icon: routingShape, key: fyne.Key3, page: newRouting(u)},
		{name: tabKeys, icon: keyShape, key: fyne.Key4, page: newKeys(u)},
		{name: tabClients, icon: plugShape, key: fyne.Key5, page: newClients(u)},
		{name: tabUsage, icon: usageShape, key: fyne.Key6, page: newUsage(u)},
		{name: tabLog, icon: theme.ListIcon(), key: fyne.Key7, page: newLog(u)},
		{name: tabSettings, icon: theme.SettingsIcon(), key: fyne.Key8, page: newSettings(u)},
	}
}

// frame is what stands around every page: the rail and the banner.
type frame struct {
	u       *UI
	mark    *widget.Icon
	word    *widget.Label
	keys    *widget.Label // "2 of 3 keys ready"
	version *widget.Label
	banner  *banner
	page    *fyne.Container
	content *fyne.Container // the banner above the page
	rail    *fyne.Container
}

// build puts the window together.
func (u *UI) build() {
	f := &frame{
		u: u, mark: widget.NewIcon(shapes[state.Waiting]), word: heading(""), keys: small(""), version: small(""),
		banner: newBanner(u), page: container.NewStack(),
	}
	f.word.Truncation = fyne.TextTruncateEllipsis
	f.keys.Truncation = fyne.TextTruncateEllipsis
	u.frame = f
	u.tabs = u.pages()
	state := container.New(columns{apart, 0}, f.mark, container.New(layout.NewCustomPaddedVBoxLayout(-near), f.word, faint(f.keys)))
	rail := container.NewVBox(container.New(layout.NewCustomPaddedLayout(0, near, near, 0), state))
	for _, t := range u.tabs {
		t.item = newRailItem(tr(t.name), t.icon, func() { u.turn(t.name) })
		rail.Add(t.item)
		u.bind(t.key, func() { u.turn(t.name) })
	}
	u.bind(fyne.KeyF, u.search)
	u.bind(fyne.KeyW, u.close)
	u.bind(fyne.KeyQ, u.quit)
	f.rail = container.NewBorder(nil, faint(f.version), nil, nil, rail)
	side := container.NewBorder(nil, nil, nil, widget.NewSeparator(), atLeast(railWidth, 0, around(near, f.rail)))
	f.content = container.NewBorder(f.banner.box, nil, nil, nil, around(apart, f.page))
	u.win.SetContent(atLeast(leastWidth, leastHeight, container.NewBorder(nil, nil, side, nil, f.content)))
	u.win.Canvas().SetOnTypedKey(u.typed)
	u.turn(tabOverview)
}

// search goes to the open page's field to search in.
func (u *UI) search() {
	if u.open == nil {
		return
	}
	if s, ok := u.open.page.(searcher); ok {
		u.win.Canvas().Focus(s.search())
	}
}

// typed takes the keys that no widget with the focus wants.
func (u *UI) typed(k *fyne.KeyEvent) {
	if k.Name == fyne.KeyEscape {
		u.escape()
	}
}

// escape closes what lies on top: a question, then what the page has open.
func (u *UI) escape() {
	u.win.Canvas().Unfocus()
	if u.dialog != nil {
		u.dialog.Dismiss()
		return
	}
	if u.sheet != nil {
		u.sheet.escape()
		return
	}
	if u.open == nil {
		return
	}
	if e, ok := u.open.page.(escaper); ok {
		e.escape()
	}
}

// turn opens a page, unless there are questions to be answered first.
func (u *UI) turn(name string) {
	if u.welcome != nil {
		return
	}
	u.win.Canvas().Unfocus() // a cursor that blinks on a page nobody sees redraws the window
	for _, t := range u.tabs {
		if t.name == name {
			u.open = t
			u.frame.page.Objects = []fyne.CanvasObject{t.page.object()}
			u.frame.page.Refresh()
			t.page.opened()
		}
	}
	u.redraw()
}

var railWords = map[state.Icon]struct {
	mark state.Mark
	word string
}{
	state.IconServing: {state.Good, spoken("Serving")},
	state.IconCooling: {state.Waiting, spoken("Serving")},
	state.IconNone:    {state.Bad, spoken("No key ready")},
	state.IconPaused:  {state.Off, spoken("Paused")},
	state.IconError:   {state.Bad, spoken("Not serving")},
}

func (f *frame) draw(now time.Time) {
	w := railWords[f.u.st.Icon(now)]
	word := w.word
	switch s := f.u.st.Server(); {
	case s.State == state.Starting || s.State == "":
		word = spoken("Starting")
	case s.State == state.Stopping:
		word = spoken("Stopping")
	case s.Demo && s.State == state.Serving:
		word = spoken("Demo")
	}
	if f.mark.Resource != shapes[w.mark] {
		f.mark.SetResource(shapes[w.mark])
	}
	setText(f.word, tr(word))
	setText(f.keys, f.u.st.KeysReady(now))
	setText(f.version, f.u.st.Version())
	for _, t := range f.u.tabs {
		count := ""
		if c, ok := t.page.(counter); ok {
			count = c.count(now)
		}
		t.item.set(f.u.open != nil && f.u.open.name == t.name, count)
	}
	was := f.banner.box.Visible()
	f.banner.draw()
	if f.banner.box.Visible() != was {
		f.content.Refresh() // who shows a part does not have the whole laid out anew
	}
}
