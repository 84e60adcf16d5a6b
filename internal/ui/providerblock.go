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

// providerBlock is one provider in the overview: how fast it is, and its keys.
type providerBlock struct {
	u      *UI
	box    *fyne.Container
	name   *widget.Label
	graph  *bars
	speed  *widget.Label
	first  *widget.Label
	keys   []*keyLine
	shown  state.Speed
	column *fyne.Container
}

// Sizes of the overview's parts.
const (
	graphWidth, graphHeight = float32(120), float32(20)
	gaugeWidth              = 13 * apart
	coolWidth               = 3 * apart
)

func newProviderBlock(u *UI) *providerBlock {
	b := &providerBlock{u: u, name: heading(""), speed: figure(), first: figure()}
	b.graph = newBars(fyne.NewSize(graphWidth, graphHeight), 1, theme.ColorNamePrimary)
	figures := container.NewHBox(
		container.NewCenter(b.graph), atLeast(7*apart, 0, lowered(b.speed)), atLeast(5*apart, 0, lowered(b.first)),
	)
	b.column = container.New(layout.NewCustomPaddedVBoxLayout(0))
	b.box = container.New(layout.NewCustomPaddedVBoxLayout(0), container.NewBorder(nil, nil, b.name, figures), b.column)
	return b
}

// shape makes as many lines as there are keys; it reports whether that changed.
func (b *providerBlock) shape(n int) bool {
	if n == len(b.keys) {
		return false
	}
	for len(b.keys) < n {
		b.keys = append(b.keys, newKeyLine(b.u))
	}
	b.keys = b.keys[:n]
	objects := make([]fyne.CanvasObject, n)
	for i, k := range b.keys {
		objects[i] = k.box
	}
	b.column.Objects = objects
	b.column.Refresh()
	return true
}

func (b *providerBlock) draw(p *state.ProviderRow, now time.Time) {
	setText(b.name, p.Name)
	speed, first := tr("{{.Speed}} tok/s", "Speed", state.PerSecond(p.Speed.PerSecond)), state.First(p.Speed.First)
	if p.Speed.PerSecond == 0 {
		speed = state.PerSecond(0)
	}
	setText(b.speed, speed)
	setText(b.first, first)
	if b.graph.values == nil || b.shown.Line != p.Speed.Line {
		b.graph.set(inTwos(&p.Speed.Line))
	}
	b.shown = p.Speed
	for i := range p.Keys {
		b.keys[i].draw(&p.Keys[i], now)
	}
}

// inTwos gives two seconds to each bar of the graph.
func inTwos(line *[state.SpeedPoints]float64) [][]float64 {
	values := make([][]float64, 0, len(line)/2)
	for i := 0; i+1 < len(line); i += 2 {
		values = append(values, []float64{line[i] + line[i+1]})
	}
	return values
}

// keyLine is one key in the overview.
type keyLine struct {
	box      *pressed
	id       keyID
	mark     *widget.Icon
	name     *widget.Label
	word     *widget.Label
	cool     *bar
	tokens   *gauge
	requests *gauge
	note     *widget.Label
	turn     *widget.Label
	row      state.KeyRow
	drawn    bool
}

func newKeyLine(u *UI) *keyLine {
	k := &keyLine{
		mark: widget.NewIcon(shapes[state.Good]), name: cell(false), word: cell(true), cool: newBar(tight, theme.ColorNameWarning),
		tokens: newGauge(tr("tokens")), requests: newGauge(tr("requests")), note: cell(false), turn: figure(),
	}
	line := container.New(tucked{keyColumns{k}}, k.mark, k.name, k.word, k.cool, k.tokens.box, k.requests.box, k.note, k.turn)
	k.box = newPressed(line, func() { u.showKey(k.id.provider, k.id.name) })
	return k
}

func (k *keyLine) draw(r *state.KeyRow, now time.Time) {
	share, cooling := r.CoolShare(now)
	show(k.cool, cooling)
	if cooling {
		k.cool.set(share, theme.ColorNameWarning)
	}
	if k.drawn && *r == k.row {
		return
	}
	k.drawn, k.row, k.id = true, *r, keyID{r.Provider, r.Name}
	if k.mark.Resource != shapes[r.Mark] {
		k.mark.SetResource(shapes[r.Mark])
	}
	setText(k.name, r.Name)
	setText(k.word, r.Word)
	told := r.Detail == ""
	k.tokens.draw(&r.Tokens, told)
	k.requests.draw(&r.Requests, told)
	note := r.Detail
	switch {
	case told && r.Errors > 0:
		note = trN(r.Errors, "its last use failed", "{{.Count}} errors in a row")
	}
	setText(k.note, note)
	turn := ""
	switch {
	case r.InFlight > 0:
		turn = state.Thousands(r.InFlight) + " ↗"
	case r.Current:
		turn = tr("next")
	}
	setText(k.turn, turn)
	k.box.content.Refresh()
}

// keyColumns places the parts of a key's line. What its limits leave stands where
// else stands why it is not ready.
type keyColumns struct{ k *keyLine }

// MinSize implements fyne.Layout.
func (keyColumns) MinSize(objects []fyne.CanvasObject) fyne.Size {
	h := float32(0)
	for _, o := range objects {
		h = max(h, o.MinSize().Height)
	}
	return fyne.NewSize(30*apart, h)
}

// Layout implements fyne.Layout.
func (c keyColumns) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	k := c.k
	put := func(o fyne.CanvasObject, x, w float32) {
		o.Move(fyne.NewPos(x, drop(o)))
		o.Resize(fyne.NewSize(max(w, 0), size.Height))
	}
	k.mark.Move(fyne.NewPos(tight, (size.Height-apart)/2))
	k.mark.Resize(fyne.NewSquareSize(apart))
	names := min(9*apart, size.Width/5)
	x := markWidth
	put(k.name, x, names)
	x += names
	word := 7 * apart
	put(k.word, x, word)
	x += word
	const turn = 4 * apart
	end := size.Width - turn
	put(k.turn, end, turn)
	if k.cool.Visible() {
		put(k.cool, x, coolWidth)
		x += coolWidth + near
	}
	if k.tokens.box.Visible() || k.requests.box.Visible() { // of one that is not known the place stays free
		w := min(gaugeWidth, (end-x)/2)
		put(k.tokens.box, x, w-apart)
		put(k.requests.box, x+w, w-apart)
		x += 2 * w
	}
	put(k.note, x, end-x)
}

// gauge is what is left of a limit: its name, a bar, a figure.
type gauge struct {
	box   *fyne.Container
	bar   *bar
	text  *widget.Label
	shown state.Gauge
}

func newGauge(name string) *gauge {
	g := &gauge{bar: newBar(tight+2, theme.ColorNameSuccess), text: figure()}
	g.box = container.NewBorder(nil, nil, faint(small(name)), atLeast(3*apart, 0, lowered(g.text)), g.bar)
	return g
}

// draw shows what is left; nobody is told of what is not known.
func (g *gauge) draw(v *state.Gauge, shown bool) {
	show(g.box, shown && v.Known)
	if !v.Known || *v == g.shown {
		return
	}
	g.shown = *v
	name := theme.ColorNameSuccess
	switch {
	case v.Share < 0.1:
		name = theme.ColorNameError
	case v.Share < 0.3:
		name = theme.ColorNameWarning
	}
	g.bar.set(v.Share, name)
	setText(g.text, v.Text)
}
