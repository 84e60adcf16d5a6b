package ui

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// decisionsShown is how many lines the overview has of them.
const decisionsShown = 100

// overview is the page one glances at: whether it serves, on which keys, until
// when, how fast, and what was decided last.
type overview struct {
	u         *UI
	box       *fyne.Container
	url       *widget.Label
	copyURL   *button
	last      *widget.Label
	pin       *choice
	pins      []string // the providers of its choices, behind the first
	pinning   bool     // the choice is changed by us
	flip      *button
	headline  *widget.Label
	counts    *widget.Label
	blocks    []*providerBlock
	column    *fyne.Container
	noKeys    *fyne.Container
	unknown   *widget.Label // which keys there are
	halves    *fyne.Container
	decisions *listing
	grid      grid
	rows      []state.DecisionRow
	noRows    *widget.Label
}

func newOverview(u *UI) *overview {
	o := &overview{u: u, url: cell(true), last: cell(false), headline: wrapped(""), counts: widget.NewLabel(""), noRows: wrapped("")}
	o.unknown = wrapped(tr("Which keys there are is known once glmtray serves."))
	o.copyURL = quietButton("", theme.ContentCopyIcon(), func() { u.copy(u.st.Server().URL) })
	o.flip = newButton("", func() { u.serve(u.st.Server().State == state.Paused) })
	o.flip.Importance = widget.HighImportance
	o.pin = newChoice(nil, o.pinned)
	o.pin.PlaceHolder = tr("Pin…")
	o.url.Truncation = fyne.TextTruncateOff
	o.last.Alignment = fyne.TextAlignTrailing
	top := container.NewBorder(nil, nil, container.NewHBox(o.url, o.copyURL), container.NewHBox(atLeast(8*apart, 0, o.pin), o.flip), o.last)

	add := newIconButton(tr("Add a key"), theme.ContentAddIcon(), u.addKey)
	o.noKeys = container.NewVBox(wrapped(tr("No keys yet. glmtray uses one key until it runs dry, then the next: "+
		"add those of your providers, and clients need to know none of them.")), inset(container.NewHBox(add)))
	o.column = container.New(layout.NewCustomPaddedVBoxLayout(near))
	o.makeDecisions()
	keys := container.NewVScroll(container.New(layout.NewCustomPaddedVBoxLayout(0), o.column, o.noKeys, o.unknown))
	height := func() float32 { return keys.Content.MinSize().Height }
	decided := container.NewBorder(container.NewHBox(heading(tr("Decisions")), layout.NewSpacer(), o.counts), nil, nil, nil,
		container.NewStack(o.decisions, o.noRows))
	o.halves = container.New(over{wish: height}, keys, decided)
	o.box = container.NewBorder(container.NewVBox(top, o.headline, widget.NewSeparator(), atLeast(0, tight, layout.NewSpacer())), nil, nil, nil, o.halves)
	return o
}

func (o *overview) makeDecisions() {
	o.grid = grid{columns: []column{
		{width: 5 * apart, mono: true},
		{width: 6 * apart, grow: 1},
		{width: 7 * apart, grow: 2},
		{width: apart + near},
		{width: 8 * apart, grow: 2},
		{width: 8 * apart, grow: 3},
	}}
	o.decisions = newListing(
		func() int { return len(o.rows) },
		func() fyne.CanvasObject { return o.grid.line() },
		func(i widget.ListItemID, c fyne.CanvasObject) {
			if i < len(o.rows) {
				r := &o.rows[i]
				c.(*line).set(r.Mark, false, 1<<0, r.At, r.Who, r.What, "→", r.Target, r.Why)
			}
		},
	)
	o.decisions.HideSeparators = true
	o.decisions.OnSelected = func(i widget.ListItemID) {
		o.decisions.UnselectAll()
		if i < len(o.rows) {
			o.u.showRequest(o.rows[i].ID)
		}
	}
}

func (o *overview) object() fyne.CanvasObject { return o.box }

func (o *overview) opened() {}

// tick is in how long something moves by itself: a cooldown's bar, a graph.
func (o *overview) tick(now time.Time) time.Duration {
	const smooth = 250 * time.Millisecond // a bar of 48 that runs down within a minute moves 0.2 in it
	for _, b := range o.blocks {
		for _, k := range b.keys {
			if k.cool.Visible() {
				return smooth
			}
		}
	}
	return o.u.st.SpeedTick(now)
}

func (o *overview) draw(now time.Time) {
	s := o.u.st.Server()
	url := s.URL
	if url == "" {
		url = "–"
	}
	setText(o.url, url)
	enable(o.copyURL, s.URL != "")
	o.drawFlip(s.State)
	headline := o.u.st.Headline(now)
	if s.Problem != "" {
		headline = tr("Not serving") // the banner above says why
	}
	setText(o.headline, headline)
	show(o.headline, s.State != state.Serving || s.Demo || o.u.st.Icon(now) == state.IconNone) // else the rail says it
	o.drawCounts()
	providers := o.u.st.ProviderRows(now)
	o.drawKeys(providers, now, s.Problem != "")
	o.drawPin(providers, s, now)
	if rows := o.u.st.Decisions(decisionsShown); !slices.Equal(rows, o.rows) {
		o.rows = rows
		o.decisions.Refresh()
	}
	last := ""
	if len(o.rows) > 0 {
		last = o.rows[0].Target + " · " + o.rows[0].Rule
	}
	setText(o.last, last)
	setText(o.noRows, o.u.noRequests())
	show(o.noRows, len(o.rows) == 0)
}

// drawKeys gives the keys as much room as they need.
func (o *overview) drawKeys(rows []state.ProviderRow, now time.Time, failed bool) {
	again := o.blocksFor(len(rows))
	for i := range rows {
		again = o.blocks[i].shape(len(rows[i].Keys)) || again
		o.blocks[i].draw(&rows[i], now)
	}
	none := len(rows) == 0
	again = again || o.noKeys.Visible() != (none && !failed) || o.unknown.Visible() != (none && failed)
	show(o.noKeys, none && !failed)
	show(o.unknown, none && failed)
	if again {
		o.column.Refresh()
		o.halves.Refresh()
	}
}

// blocksFor has as many blocks as there are providers, and tells whether that is
// a change.
func (o *overview) blocksFor(providers int) bool {
	if providers == len(o.blocks) {
		return false
	}
	for len(o.blocks) < providers {
		o.blocks = append(o.blocks, newProviderBlock(o.u))
	}
	o.blocks = o.blocks[:providers]
	objects := make([]fyne.CanvasObject, providers)
	for i, b := range o.blocks {
		objects[i] = b.box
	}
	o.column.Objects = objects
	return true
}

// drawPin shows which provider is pinned, and until when.
func (o *overview) drawPin(rows []state.ProviderRow, s state.Server, now time.Time) {
	var ids, options []string
	for i := range rows {
		ids, options = append(ids, rows[i].ID), append(options, tr("Pin {{.Name}} for 15 min", "Name", rows[i].Name))
	}
	chosen := ""
	if s.Pinned != "" && now.Before(s.PinUntil) {
		options = append(options, tr("End the pin"))
		chosen = tr("{{.Name}} until {{.Time}}", "Name", s.Pinned, "Time", s.PinUntil.Local().Format("15:04"))
	}
	o.pins = ids
	if !slices.Equal(options, o.pin.Options) {
		o.pin.SetOptions(options)
	}
	if o.pin.Selected != "" {
		o.pinning = true
		o.pin.ClearSelected()
		o.pinning = false
	}
	if chosen == "" {
		chosen = tr("Pin…")
	}
	if o.pin.PlaceHolder != chosen {
		o.pin.PlaceHolder = chosen
		o.pin.Refresh()
	}
	enable(o.pin, len(ids) > 0 && s.State == state.Serving)
}

func (o *overview) pinned(string) {
	if i := o.pin.SelectedIndex(); i >= 0 && !o.pinning {
		provider := ""
		if i < len(o.pins) {
			provider = o.pins[i]
		}
		o.u.pin(provider)
	}
}

func (o *overview) drawFlip(serving string) {
	word := tr("Pause")
	if serving == state.Paused {
		word = tr("Resume")
	}
	if o.flip.Text != word {
		o.flip.SetText(word)
	}
	enable(o.flip, serving == state.Serving || serving == state.Paused)
}

func (o *overview) drawCounts() {
	c := o.u.st.Counts()
	text := ""
	if c.Requests > 0 || c.Running > 0 {
		text = tr("{{.Answered}} answered · {{.Failed}} failed · {{.Running}} running",
			"Answered", state.Thousands(c.Requests), "Failed", state.Thousands(c.Failed), "Running", state.Thousands(c.Running))
	}
	setText(o.counts, text)
}
