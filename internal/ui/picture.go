package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// bar shows a share of something as a length. Fyne's own progress bar looks full
// where it is empty.
type bar struct {
	widget.BaseWidget
	share float32
	name  fyne.ThemeColorName
	thick float32
}

func newBar(thick float32, name fyne.ThemeColorName) *bar {
	b := &bar{thick: thick, name: name}
	b.ExtendBaseWidget(b)
	return b
}

// set shows another share, 0 to 1, in a colour.
func (b *bar) set(share float64, name fyne.ThemeColorName) {
	s := float32(min(max(share, 0), 1))
	if s == b.share && name == b.name {
		return
	}
	b.share, b.name = s, name
	b.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (b *bar) CreateRenderer() fyne.WidgetRenderer {
	r := &barRenderer{b: b, track: canvas.NewRectangle(color.Transparent), fill: canvas.NewRectangle(color.Transparent)}
	r.Refresh()
	return r
}

type barRenderer struct {
	b           *bar
	track, fill *canvas.Rectangle
}

func (r *barRenderer) Destroy() {}

func (r *barRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.track, r.fill} }

func (r *barRenderer) MinSize() fyne.Size { return fyne.NewSize(3*apart, r.b.thick) }

func (r *barRenderer) Layout(size fyne.Size) {
	y := (size.Height - r.b.thick) / 2
	for _, o := range []*canvas.Rectangle{r.track, r.fill} {
		o.CornerRadius = r.b.thick / 2
		o.Move(fyne.NewPos(0, y))
	}
	r.track.Resize(fyne.NewSize(size.Width, r.b.thick))
	r.fill.Resize(fyne.NewSize(size.Width*r.b.share, r.b.thick))
}

func (r *barRenderer) Refresh() {
	r.track.FillColor, r.fill.FillColor = inkOf(theme.ColorNameSeparator), inkOf(r.b.name)
	r.Layout(r.b.Size())
	r.track.Refresh()
	r.fill.Refresh()
}

// bars is a chart of upright bars, each of several parts that stand one on the
// other.
type bars struct {
	widget.BaseWidget
	parts  []fyne.ThemeColorName // the colours of the parts, the lowest first
	values [][]float64           // by bar, by part
	least  fyne.Size
	gap    float32
	top    float64     // the value of a full height; 0: that of the highest bar
	over   func(i int) // the pointer is over bar i; -1: over none
}

func newBars(least fyne.Size, gap float32, parts ...fyne.ThemeColorName) *bars {
	b := &bars{parts: parts, least: least, gap: gap}
	b.ExtendBaseWidget(b)
	return b
}

// set shows other values.
func (b *bars) set(values [][]float64) {
	b.values = values
	b.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (b *bars) CreateRenderer() fyne.WidgetRenderer {
	r := &barsRenderer{b: b, base: canvas.NewRectangle(color.Transparent)}
	r.Refresh()
	return r
}

type barsRenderer struct {
	b     *bars
	base  *canvas.Rectangle
	rects []*canvas.Rectangle
	all   []fyne.CanvasObject
}

func (r *barsRenderer) Destroy() {}

func (r *barsRenderer) Objects() []fyne.CanvasObject { return r.all }

func (r *barsRenderer) MinSize() fyne.Size { return r.b.least }

func (r *barsRenderer) highest() float64 {
	most := r.b.top
	if most > 0 {
		return most
	}
	for _, v := range r.b.values {
		sum := 0.0
		for _, part := range v {
			sum += part
		}
		most = max(most, sum)
	}
	return most
}

func (r *barsRenderer) Layout(size fyne.Size) {
	r.base.Move(fyne.NewPos(0, size.Height-hairline))
	r.base.Resize(fyne.NewSize(size.Width, hairline))
	n := len(r.b.values)
	if n == 0 {
		return
	}
	most := r.highest()
	step := size.Width / float32(n)
	for i, v := range r.b.values {
		y := size.Height - hairline
		for j := range r.b.parts {
			o := r.rects[i*len(r.b.parts)+j]
			h := float32(0)
			if most > 0 && j < len(v) {
				h = (size.Height - hairline) * float32(v[j]/most)
			}
			if h > 0 {
				h = max(h, 1) // what is there can be seen
			}
			y -= h
			o.Move(fyne.NewPos(float32(i)*step, max(y, 0)))
			o.Resize(fyne.NewSize(max(step-r.b.gap, 1), h))
		}
	}
}

func (r *barsRenderer) Refresh() {
	want := len(r.b.values) * len(r.b.parts)
	for len(r.rects) < want {
		r.rects = append(r.rects, canvas.NewRectangle(color.Transparent))
	}
	r.rects = r.rects[:want]
	r.all = append(r.all[:0], r.base)
	r.base.FillColor = inkOf(theme.ColorNameSeparator)
	for i, o := range r.rects {
		o.FillColor = inkOf(r.b.parts[i%len(r.b.parts)])
		r.all = append(r.all, o)
	}
	r.Layout(r.b.Size())
	canvas.Refresh(r.b)
}
