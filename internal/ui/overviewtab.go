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
// when, and what was decided last.
type overview struct {
	u         *UI
	box       *fyne.Container
	url       *widget.Label
	copyURL   *widget.Button
	flip      *widget.Button
	headline  *widget.Label
	counts    *widget.Label
	keys      *widget.List
	keyRows   []state.KeyRow
	noKeys    *fyne.Container
	unknown   *widget.Label // which keys there are
	halves    *fyne.Container
	decisions *widget.List
	rows      []state.DecisionRow
	noRows    *widget.Label
}

func newOverview(u *UI) *overview {
	o := &overview{u: u, url: cell(true), headline: wrapped(""), counts: widget.NewLabel(""), noRows: wrapped("")}
	o.unknown = wrapped(tr("Which keys there are is known once glmtray serves."))
	o.copyURL = widget.NewButtonWithIcon("", theme.ContentCopyIcon(), func() { u.copy(u.st.Server().URL) })
	o.copyURL.Importance = widget.LowImportance
	o.flip = widget.NewButton("", func() { u.serve(u.st.Server().State == state.Paused) })
	o.flip.Importance = widget.HighImportance
	o.url.Truncation = fyne.TextTruncateOff
	top := container.NewHBox(o.url, o.copyURL, layout.NewSpacer(), o.flip)

	o.keys = widget.NewList(
		func() int { return len(o.keyRows) },
		overviewKey, o.fillKey,
	)
	o.keys.OnSelected = func(i widget.ListItemID) {
		o.keys.UnselectAll()
		if i < len(o.keyRows) {
			u.showKey(o.keyRows[i].Provider, o.keyRows[i].Name)
		}
	}
	add := widget.NewButtonWithIcon(tr("Add a key"), theme.ContentAddIcon(), u.addKey)
	o.noKeys = container.NewVBox(wrapped(tr("No keys yet. glmtray uses one key until it runs dry, then the next: "+
		"add those of your providers, and clients need to know none of them.")), container.NewHBox(add))
	o.decisions = widget.NewList(
		func() int { return len(o.rows) },
		func() fyne.CanvasObject {
			return row(columns{markWidth, 5 * apart, 7 * apart, 9 * apart, markWidth, 0, 0}, 1)
		},
		func(i widget.ListItemID, c fyne.CanvasObject) {
			if i < len(o.rows) {
				r := &o.rows[i]
				// The arrow stands alone: Fyne takes what follows it from the arrow's font.
				fill(c, r.Mark, r.At, r.Who, r.What, "→", r.Target, r.Why)
			}
		},
	)
	o.decisions.OnSelected = func(i widget.ListItemID) {
		o.decisions.UnselectAll()
		if i < len(o.rows) {
			u.showRequest(o.rows[i].ID)
		}
	}
	title := heading(tr("Keys"))
	keys := container.NewBorder(title, nil, nil, nil, container.NewStack(dense(o.keys), o.noKeys, o.unknown))
	line := dense(overviewKey()).MinSize().Height + tight // as a list sets its rows
	height := func() float32 {
		rows := line * float32(len(o.keyRows))
		for _, text := range []fyne.CanvasObject{o.noKeys, o.unknown} {
			if text.Visible() {
				rows = max(rows, text.MinSize().Height)
			}
		}
		return title.MinSize().Height + tight + rows
	}
	decided := container.NewBorder(container.NewHBox(heading(tr("Decisions")), layout.NewSpacer(), o.counts), nil, nil, nil,
		container.NewStack(dense(o.decisions), o.noRows))
	o.halves = container.New(over{height}, keys, decided)
	o.box = container.NewBorder(container.NewVBox(top, o.headline, widget.NewSeparator()), nil, nil, nil, o.halves)
	return o
}

// overviewKey is a key's line: its name, its state, why, and whose turn it is.
func overviewKey() fyne.CanvasObject {
	line := row(columns{markWidth, 14 * apart, 7 * apart, 0, 5 * apart}, 2)
	line.Objects[4].(*widget.Label).Alignment = fyne.TextAlignTrailing
	return line
}

func (o *overview) object() fyne.CanvasObject { return o.box }

func (o *overview) opened() {}

func (o *overview) fillKey(i widget.ListItemID, c fyne.CanvasObject) {
	if i >= len(o.keyRows) {
		return
	}
	r := &o.keyRows[i]
	turn := ""
	switch {
	case r.InFlight > 0:
		turn = state.Thousands(r.InFlight) + " " + tr("running")
	case r.Current:
		turn = tr("next")
	}
	fill(c, r.Mark, r.Provider+"/"+r.Name, r.Word, r.Detail, turn)
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
	o.drawCounts()
	o.drawKeys(now, s.Problem != "")
	if rows := o.u.st.Decisions(decisionsShown); !slices.Equal(rows, o.rows) {
		o.rows = rows
		o.decisions.Refresh()
	}
	if s.URL != "" {
		setText(o.noRows, tr("No requests yet. Point a client at")+" "+s.URL+
			" "+tr("with any key and any model: what it asks for, and who answers, stands here."))
	} else {
		setText(o.noRows, tr("No requests yet."))
	}
	show(o.noRows, len(o.rows) == 0)
}

// drawKeys gives the keys as much room as they need.
func (o *overview) drawKeys(now time.Time, failed bool) {
	was := len(o.keyRows)
	if rows := o.u.st.Keys(now); !slices.Equal(rows, o.keyRows) {
		o.keyRows = rows
		o.keys.Refresh()
	}
	none := len(o.keyRows) == 0
	again := was != len(o.keyRows) || o.noKeys.Visible() != (none && !failed) || o.unknown.Visible() != (none && failed)
	show(o.noKeys, none && !failed)
	show(o.unknown, none && failed)
	if again {
		o.halves.Refresh()
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
		text = state.Thousands(c.Requests) + " " + tr("answered") + " · " + state.Thousands(c.Failed) + " " + tr("failed") +
			" · " + state.Thousands(c.Running) + " " + tr("running")
	}
	setText(o.counts, text)
}
