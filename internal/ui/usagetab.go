package ui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// usage is the page of what was used, as a picture and as tables.
type usage struct {
	u       *UI
	box     *fyne.Container
	period  *segments
	by      *segments
	head    *widget.Label
	cost    *widget.Label
	saved   *widget.Label
	chart   *bars
	axis    *axis
	most    *widget.Label // the value at the chart's top
	point   *widget.Label // the bar under the pointer
	list    *listing
	grid    grid
	rows    []state.Used
	empty   *widget.Label
	message *widget.Label
	data    state.Usage
	loading bool
	loaded  time.Time
	asked   string
}

var usagePeriods = []struct{ word, period string }{
	{spoken("Today"), state.PeriodToday}, {spoken("7 days"), state.PeriodWeek}, {spoken("30 days"), state.PeriodMonth},
}

// freshUsage is how old the figures may grow while somebody looks.
const freshUsage = 10 * time.Second

func newUsage(u *UI) *usage {
	g := &usage{u: u, head: heading(""), cost: wrapped(""), saved: wrapped(""), message: wrapped(""), empty: wrapped(""), most: small(""), point: cell(false)}
	words := make([]string, len(usagePeriods))
	for i := range usagePeriods {
		words[i] = tr(usagePeriods[i].word)
	}
	g.period = newSegments(words, func(int) { g.load() })
	g.by = newSegments([]string{tr("By provider"), tr("By model"), tr("By client")}, func(int) { g.table() })
	g.chart = newBars(fyne.NewSize(20*apart, 9*apart), 3, theme.ColorNamePrimary, colorHalf, colorThird)
	g.chart.over = g.pointed
	g.axis = newAxis()
	legend := container.NewHBox(
		key(theme.ColorNamePrimary, tr("answers")), key(colorHalf, tr("prompts")), key(colorThird, tr("prompts from a cache")),
	)
	figures := func(name string, width float32) column {
		return column{name: name, width: width, right: true, mono: true}
	}
	g.grid = grid{columns: []column{
		{name: tr("Name"), width: 12 * apart, grow: 1},
		figures(tr("Requests"), 80), figures(tr("Failed"), 72), figures(tr("Prompt"), 80),
		figures(tr("Cached"), 80), figures(tr("Answers"), 80), figures(tr("Cost"), 88), figures(tr("By plan"), 88),
	}}
	g.list = newListing(
		func() int { return len(g.rows) },
		func() fyne.CanvasObject { return g.grid.line() },
		func(i widget.ListItemID, o fyne.CanvasObject) {
			if i < len(g.rows) {
				r := g.rows[i].Row()
				o.(*line).set(state.Plain, false, 0, r.Name, r.Requests, r.Failed, r.Prompt, r.Cached, r.Completion, r.Cost, r.Plan)
			}
		},
	)
	g.list.HideSeparators = true
	g.list.OnSelected = func(widget.ListItemID) { g.list.UnselectAll() }
	g.message.Hide()
	top := container.NewVBox(container.NewHBox(heading(tr("Usage")), layout.NewSpacer(), g.period.box), widget.NewSeparator(), g.message,
		container.New(layout.NewCustomPaddedVBoxLayout(0), g.head, g.cost, g.saved))
	picture := container.NewBorder(
		container.NewBorder(nil, nil, g.most, legend, faint(g.point)), g.axis, nil, nil, g.chart,
	)
	tables := container.NewBorder(container.NewVBox(container.NewHBox(g.by.box), g.grid.header()), nil, nil, nil, container.NewStack(g.list, g.empty))
	g.box = container.NewBorder(container.NewVBox(top, picture), nil, nil, nil, tables)
	return g
}

// key is a colour of the picture, and what it means.
func key(name fyne.ThemeColorName, word string) fyne.CanvasObject {
	b := newBars(fyne.NewSquareSize(near+2), 0, name)
	b.set([][]float64{{1}})
	return container.NewHBox(container.NewCenter(b), faint(small(word)))
}

func (g *usage) object() fyne.CanvasObject { return g.box }

func (g *usage) opened() { g.load() }

// draw reads the figures again now and then, while requests come.
func (g *usage) draw(now time.Time) {
	if !g.loaded.IsZero() && now.Sub(g.loaded) >= freshUsage && g.u.st.Counts().Requests > 0 {
		g.load()
	}
}

func (g *usage) load() {
	period := usagePeriods[g.period.chosen].period
	if g.loading && g.asked == period {
		return
	}
	g.loading, g.asked = true, period
	work(g.u, forDisk, func(ctx context.Context) (state.Usage, error) { return g.u.b.Usage(ctx, period) },
		func(data state.Usage, err error) {
			if g.asked != period {
				return
			}
			g.loading, g.loaded = false, g.u.now()
			if err == nil {
				g.set(data)
			}
			sayError(g.message, err)
		})
}

func (g *usage) set(data state.Usage) {
	g.data = data
	t := &data.Total
	setText(g.head, trN(t.Requests, "{{.Count}} request, {{.Failed}} failed · {{.Prompt}} tokens in, {{.Cached}} of them cached · {{.Out}} out",
		"{{.Count}} requests, {{.Failed}} failed · {{.Prompt}} tokens in, {{.Cached}} of them cached · {{.Out}} out",
		"Failed", state.Thousands(t.Failed), "Prompt", state.Tokens(int(t.Prompt)),
		"Cached", state.Tokens(int(t.Cached)), "Out", state.Tokens(int(t.Completion))))
	setText(g.cost, tr("Cost: {{.Costs}}", "Costs", t.CostWords()))
	saved := ""
	if data.Against != "" {
		saved = tr("Time saved: {{.Time}}, against what {{.Provider}} would have taken", "Time", state.Took(data.Saved), "Provider", data.Against)
	}
	setText(g.saved, saved)
	show(g.saved, saved != "")
	values := make([][]float64, len(data.Times))
	words := make([]string, len(data.Times))
	most := int64(0)
	for i := range data.Times {
		b := &data.Times[i]
		values[i] = []float64{float64(b.Completion), float64(b.Prompt - b.Cached), float64(b.Cached)}
		most = max(most, b.Tokens())
		words[i] = b.Start.Format("01-02")
		if data.Hourly {
			words[i] = b.Start.Format("15")
		}
	}
	g.chart.set(values)
	g.axis.set(words)
	setText(g.most, tr("{{.Count}} tokens", "Count", state.Tokens(int(most))))
	g.table()
}

// pointed tells what a bar stands for.
func (g *usage) pointed(i int) {
	text := ""
	if i >= 0 && i < len(g.data.Times) {
		b := &g.data.Times[i]
		when := b.Start.Format("2006-01-02")
		if g.data.Hourly {
			when = b.Start.Format("15:04")
		}
		r := b.Row()
		text = when + ": " + trN(b.Requests, "{{.Count}} request, {{.Prompt}} tokens in, {{.Cached}} of them cached, {{.Out}} out",
			"{{.Count}} requests, {{.Prompt}} tokens in, {{.Cached}} of them cached, {{.Out}} out", "Prompt", r.Prompt, "Cached", r.Cached, "Out", r.Completion) + " · " + b.CostWords()
	}
	setText(g.point, text)
}

func (g *usage) table() {
	g.rows = [][]state.Used{g.data.Providers, g.data.Models, g.data.Clients}[g.by.chosen]
	g.list.Refresh()
	none := len(g.rows) == 0
	setText(g.empty, tr("Nothing was used in this time. What requests use stands here, by provider, model and client."))
	show(g.empty, none && g.data.Period != "")
}
