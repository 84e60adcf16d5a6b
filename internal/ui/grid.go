package ui

import (
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// column is one column of a grid.
type column struct {
	name   string
	width  float32 // least width, its distance to the next included
	grow   float32 // its share of what is left
	right  bool    // figures
	mono   bool
	middle bool // what is too long is cut in its middle: both ends tell names of models apart
	rank   int  // where there is little room, the columns of the highest rank go first; 0: never
}

// grid is what the rows of one list have in common. Rows are drawn with canvas
// texts: a label lays out rich text, which a list that runs cannot afford.
type grid struct {
	columns []column
	width   float32
	places  []place
}

// place is where a column stands; w 0: there is no room for it.
type place struct{ x, w float32 }

// fit gives the columns their places in a width.
func (g *grid) fit(width float32) []place {
	if g.places != nil && width == g.width {
		return g.places
	}
	width -= near // beside the scroll bar
	shown, need, grow := g.shown(width - markWidth)
	spare := max(width-markWidth-need, 0)
	g.width, g.places = width+near, make([]place, len(g.columns))
	x := markWidth
	for i, c := range g.columns {
		if !shown[i] {
			continue
		}
		w := c.width
		if grow > 0 {
			w += spare * c.grow / grow
		}
		g.places[i] = place{x, w}
		x += w
	}
	return g.places
}

// shown tells which columns have room, what they need, and the sum of their
// shares in what is left.
func (g *grid) shown(room float32) (shown []bool, need, grow float32) {
	shown = make([]bool, len(g.columns))
	for i, c := range g.columns {
		shown[i] = true
		need += c.width
		grow += c.grow
	}
	for need > room {
		worst := g.worst(shown)
		if worst < 0 {
			break
		}
		shown[worst] = false
		need -= g.columns[worst].width
		grow -= g.columns[worst].grow
	}
	return shown, need, grow
}

// worst is the column that is missed least; -1 if all of them must stay.
func (g *grid) worst(shown []bool) int {
	worst := -1
	for i, c := range g.columns {
		if shown[i] && c.rank > 0 && (worst < 0 || c.rank > g.columns[worst].rank) {
			worst = i
		}
	}
	return worst
}

// least is the narrowest a grid can be.
func (g *grid) least() float32 {
	w := markWidth
	for _, c := range g.columns {
		if c.rank == 0 {
			w += c.width
		}
	}
	return w
}

// line is a recycled row of a grid: a mark and texts. Whoever fills it sets
// everything, for it showed another row before.
type line struct {
	widget.BaseWidget
	g       *grid
	head    bool // the names of the columns
	marked  bool // it has a mark
	mark    state.Mark
	texts   []string
	quiet   int // bit i: text i is faint
	chosen  bool
	inside  bool // the pointer is over it
	hovered func(in bool)
}

var _ desktop.Hoverable = (*line)(nil)

func (g *grid) line() *line {
	l := &line{g: g, texts: make([]string, len(g.columns))}
	l.ExtendBaseWidget(l)
	return l
}

// header is the row of the columns' names.
func (g *grid) header() *line {
	l := g.line()
	l.head = true
	for i, c := range g.columns {
		l.texts[i] = c.name
	}
	return l
}

// set fills the row. No text of it is kept.
func (l *line) set(m state.Mark, chosen bool, quiet int, texts ...string) {
	same := l.marked && l.mark == m && l.chosen == chosen && l.quiet == quiet
	for i, text := range texts {
		same = same && l.texts[i] == text
		l.texts[i] = text
	}
	if same {
		return
	}
	l.marked, l.mark, l.chosen, l.quiet = true, m, chosen, quiet
	l.Refresh()
}

// MouseIn implements desktop.Hoverable.
func (l *line) MouseIn(*desktop.MouseEvent) { l.hover(true) }

// MouseMoved implements desktop.Hoverable.
func (l *line) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (l *line) MouseOut() { l.hover(false) }

func (l *line) hover(in bool) {
	if l.head {
		return
	}
	l.inside = in
	if l.hovered != nil {
		l.hovered(in)
	}
	l.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (l *line) CreateRenderer() fyne.WidgetRenderer {
	r := &lineRenderer{l: l, ground: canvas.NewRectangle(color.Transparent), icon: widget.NewIcon(nil)}
	r.ground.CornerRadius = tight
	r.all = []fyne.CanvasObject{r.ground, r.icon}
	for _, c := range l.g.columns {
		t := canvas.NewText("", color.Black)
		t.TextSize = textSize
		if l.head {
			t.TextSize = textSize - 2
		}
		t.TextStyle.Monospace = c.mono && !l.head
		if c.right {
			t.Alignment = fyne.TextAlignTrailing
		}
		r.texts = append(r.texts, t)
		r.all = append(r.all, t)
	}
	r.Refresh()
	return r
}

type lineRenderer struct {
	l      *line
	ground *canvas.Rectangle
	icon   *widget.Icon
	texts  []*canvas.Text
	all    []fyne.CanvasObject
	laid   float32
}

// Destroy implements fyne.WidgetRenderer.
func (r *lineRenderer) Destroy() {}

// Objects implements fyne.WidgetRenderer.
func (r *lineRenderer) Objects() []fyne.CanvasObject { return r.all }

// MinSize implements fyne.WidgetRenderer.
func (r *lineRenderer) MinSize() fyne.Size {
	h := rowHeight - tight // a list puts its padding between the rows
	if r.l.head {
		h = textSize + near
	}
	return fyne.NewSize(r.l.g.least(), h)
}

// Layout implements fyne.WidgetRenderer.
func (r *lineRenderer) Layout(size fyne.Size) {
	r.ground.Resize(size)
	r.icon.Resize(fyne.NewSquareSize(apart))
	r.icon.Move(fyne.NewPos(tight, (size.Height-apart)/2))
	for i, p := range r.l.g.fit(size.Width) {
		t := r.texts[i]
		if p.w == 0 {
			t.Hide()
			continue
		}
		t.Show()
		h := t.MinSize().Height
		t.Move(fyne.NewPos(p.x, stand(t, size.Height)))
		t.Resize(fyne.NewSize(p.w-near, h))
	}
	if r.laid != size.Width {
		r.laid = size.Width
		r.Refresh()
	}
}

// Refresh implements fyne.WidgetRenderer.
func (r *lineRenderer) Refresh() {
	l := r.l
	v := fyne.CurrentApp().Settings().ThemeVariant()
	p := paletteOf(v)
	// This one value is not drawn at all: any other that is as clear is, over the whole
	// row, and where the processor draws that is most of what a list costs.
	var ground color.Color = color.Transparent
	switch {
	case l.chosen:
		ground = p.selected
	case l.inside:
		ground = p.hover
	}
	if r.ground.FillColor != ground {
		r.ground.FillColor = ground
		r.ground.Refresh()
	}
	if l.marked {
		if r.icon.Resource != shapes[l.mark] {
			r.icon.SetResource(shapes[l.mark])
		}
	}
	places := l.g.fit(max(r.laid, l.g.least()))
	for i, t := range r.texts {
		ink := p.ink
		if l.head || l.quiet&(1<<i) != 0 {
			ink = p.ink64
		}
		text := l.texts[i]
		if places[i].w > 0 {
			text = fitText(text, places[i].w-near, t.TextSize, t.TextStyle, l.g.columns[i].middle)
		}
		if t.Text != text || t.Color != color.Color(ink) {
			t.Text, t.Color = text, ink
			t.Refresh()
		}
	}
}

// stand is how far down a text begins that stands in the middle of a row of a height: all
// of them on one line, whatever their face, and on whole pixels, so that none of them is
// rounded another way than those beside it.
func stand(t *canvas.Text, height float32) float32 {
	scale := scaleOf(t)
	plain, _ := baselines(t.TextSize)
	y := float32(math.Round(float64((height-plain.height)/2*scale))) / scale
	if t.TextStyle.Monospace {
		y += lower(t.TextSize, scale)
	}
	return y
}

// cutTexts remembers what was shortened: the same few texts stand in most rows.
var cutTexts = map[cutText]string{}

type cutText struct {
	text   string
	width  float32
	size   float32
	style  fyne.TextStyle
	middle bool
}

// fitText shortens a text to a width, with an ellipsis where something is left
// out: at its end, or in its middle. Window's goroutine only.
func fitText(text string, width, size float32, style fyne.TextStyle, middle bool) string {
	if text == "" || width <= 0 {
		return ""
	}
	if style.Monospace {
		return fitMono(text, width, size)
	}
	id := cutText{text, width, size, style, middle}
	if cut, ok := cutTexts[id]; ok {
		return cut
	}
	if len(cutTexts) > 5000 {
		clear(cutTexts)
	}
	cut := text
	if fyne.MeasureText(text, size, style).Width > width {
		runes := []rune(text)
		keep := func(n int) string {
			tail := 0
			if middle {
				tail = n / 2
			}
			return string(runes[:n-tail]) + "…" + string(runes[len(runes)-tail:])
		}
		low, high := 0, len(runes)-1
		for low < high {
			mid := (low + high + 1) / 2
			if fyne.MeasureText(keep(mid), size, style).Width <= width {
				low = mid
			} else {
				high = mid - 1
			}
		}
		cut = keep(low)
	}
	cutTexts[id] = cut
	return cut
}

var monoWidths = map[float32]float32{}

// monoWidth is how wide one character of the monospaced face is.
func monoWidth(size float32) float32 {
	w, ok := monoWidths[size]
	if !ok {
		const sample = "0000000000"
		w = fyne.MeasureText(sample, size, fyne.TextStyle{Monospace: true}).Width / float32(len(sample))
		monoWidths[size] = w
	}
	return w
}

func fitMono(text string, width, size float32) string {
	places := int(width / monoWidth(size))
	if len(text) <= places {
		return text
	}
	runes := []rune(text)
	if len(runes) <= places {
		return text
	}
	return string(runes[:max(places-1, 0)]) + "…"
}

// inkOf is a colour of the theme that is in force.
func inkOf(name fyne.ThemeColorName) color.Color {
	return theme.Color(name)
}
