package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// railItem is a page's place in the rail: its icon, its word and, where work
// waits, a count. The parts of a page have such items, too, without an icon.
type railItem struct {
	widget.DisableableWidget
	word             string
	icon             fyne.Resource
	count            string
	chosen           bool
	hovered, focused bool
	tapped           func()
}

var (
	_ fyne.Tappable     = (*railItem)(nil)
	_ fyne.Focusable    = (*railItem)(nil)
	_ desktop.Hoverable = (*railItem)(nil)
)

func newRailItem(word string, icon fyne.Resource, tapped func()) *railItem {
	i := &railItem{word: word, icon: icon, tapped: tapped}
	i.ExtendBaseWidget(i)
	return i
}

// set shows what changed, and draws nothing if nothing did.
func (i *railItem) set(chosen bool, count string) {
	if i.chosen == chosen && i.count == count {
		return
	}
	i.chosen, i.count = chosen, count
	i.Refresh()
}

// Tapped implements fyne.Tappable.
func (i *railItem) Tapped(*fyne.PointEvent) {
	if !i.Disabled() {
		i.tapped()
	}
}

// MouseIn implements desktop.Hoverable.
func (i *railItem) MouseIn(*desktop.MouseEvent) { i.hover(true) }

// MouseMoved implements desktop.Hoverable.
func (i *railItem) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (i *railItem) MouseOut() { i.hover(false) }

func (i *railItem) hover(on bool) {
	i.hovered = on
	i.Refresh()
}

// FocusGained implements fyne.Focusable.
func (i *railItem) FocusGained() {
	i.focused = true
	i.Refresh()
}

// FocusLost implements fyne.Focusable.
func (i *railItem) FocusLost() {
	i.focused = false
	i.Refresh()
}

// TypedRune implements fyne.Focusable.
func (i *railItem) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (i *railItem) TypedKey(k *fyne.KeyEvent) {
	if !escapes(i, k) && (k.Name == fyne.KeySpace || k.Name == fyne.KeyReturn || k.Name == fyne.KeyEnter) {
		i.Tapped(nil)
	}
}

// CreateRenderer implements fyne.Widget.
func (i *railItem) CreateRenderer() fyne.WidgetRenderer {
	r := &railRenderer{
		i: i, ground: canvas.NewRectangle(color.Transparent), edge: canvas.NewRectangle(color.Transparent),
		icon: widget.NewIcon(i.icon), word: canvas.NewText(i.word, color.Transparent), count: canvas.NewText("", color.Transparent),
	}
	r.ground.CornerRadius, r.edge.CornerRadius = corner, hairline
	r.count.TextStyle.Monospace = true
	r.count.Alignment = fyne.TextAlignTrailing
	r.Refresh()
	return r
}

type railRenderer struct {
	i            *railItem
	ground, edge *canvas.Rectangle
	icon         *widget.Icon
	word, count  *canvas.Text
}

func (r *railRenderer) MinSize() fyne.Size {
	return fyne.NewSize(railWidth-2*near, rowHeight)
}

func (r *railRenderer) Layout(size fyne.Size) {
	place := func(o fyne.CanvasObject, x, y, w, h float32) {
		o.Move(fyne.NewPos(x, y))
		o.Resize(fyne.NewSize(w, h))
	}
	place(r.ground, 0, 0, size.Width, size.Height)
	place(r.edge, 0, near, hairline*2, size.Height-2*near)
	left := near
	if r.i.icon != nil {
		place(r.icon, near, (size.Height-apart)/2, apart, apart)
		left += apart + near
	}
	place(r.word, left, 0, size.Width-left-near, size.Height)
	place(r.count, left, 0, size.Width-left-near, size.Height)
}

func (r *railRenderer) Refresh() {
	i := r.i
	v := fyne.CurrentApp().Settings().ThemeVariant()
	of := func(n fyne.ThemeColorName) color.Color { return i.Theme().Color(n, v) }
	ink := theme.ColorNamePlaceHolder
	switch {
	case i.Disabled():
		ink = theme.ColorNameDisabled
	case i.chosen:
		ink = theme.ColorNameForeground
	}
	r.ground.FillColor, r.edge.FillColor = color.Transparent, color.Transparent
	r.ground.StrokeWidth = 0
	switch {
	case i.chosen:
		r.ground.FillColor, r.edge.FillColor = of(theme.ColorNameButton), of(theme.ColorNamePrimary)
	case i.hovered && !i.Disabled():
		r.ground.FillColor = of(theme.ColorNameHover)
	}
	if i.focused {
		r.ground.StrokeWidth, r.ground.StrokeColor = hairline, of(theme.ColorNamePrimary)
	}
	if i.icon != nil {
		r.icon.SetResource(theme.NewColoredResource(i.icon, ink))
	}
	r.word.Text, r.word.Color, r.word.TextSize = i.word, of(ink), textSize
	r.count.Text, r.count.Color, r.count.TextSize = i.count, of(theme.ColorNamePrimary), textSize
	r.word.TextStyle.Bold = i.chosen
	for _, o := range r.Objects() {
		o.Refresh()
	}
}

func (r *railRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ground, r.edge, r.icon, r.word, r.count}
}

func (r *railRenderer) Destroy() {}
