package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Nothing of the window has a theme of its own: for each part that has one the
// toolkit reads all its fonts anew (container.ThemeOverride of Fyne 2.8: about 7
// MiB for each style of text in it, measured 2026-11-28; with dozens of them the
// program held 750 MiB). Rows are low because what they hold reaches beyond
// them, and texts are faint by their importance.

// tucked lays out rows of 28: what a label keeps free around its text reaches
// beyond the row, above and below.
type tucked struct{ inner fyne.Layout }

// MinSize implements fyne.Layout.
func (t tucked) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := t.inner.MinSize(objects)
	return fyne.NewSize(size.Width, max(size.Height-2*tight, 0))
}

// Layout implements fyne.Layout.
func (t tucked) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	t.inner.Layout(objects, fyne.NewSize(size.Width, size.Height+2*tight))
	for _, o := range objects {
		o.Move(o.Position().SubtractXY(0, tight))
	}
}

// faint shows texts in a lighter ink.
func faint(o fyne.CanvasObject) fyne.CanvasObject {
	switch o := o.(type) {
	case *widget.Label:
		o.Importance = widget.LowImportance
		o.Refresh()
	case *fyne.Container:
		for _, child := range o.Objects {
			faint(child)
		}
	}
	return o
}

// textLine is one line of a monospaced text, with nothing above and below it in
// a list.
type textLine struct {
	widget.BaseWidget
	text string
	ink  fyne.ThemeColorName
}

func newTextLine() fyne.CanvasObject {
	l := &textLine{ink: theme.ColorNameForeground}
	l.ExtendBaseWidget(l)
	return l
}

func (l *textLine) set(text string, ink fyne.ThemeColorName) {
	if l.text != text || l.ink != ink {
		l.text, l.ink = text, ink
		l.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (l *textLine) CreateRenderer() fyne.WidgetRenderer {
	t := canvas.NewText(l.text, color.Black)
	t.TextSize, t.TextStyle.Monospace = textSize, true
	r := &textLineRenderer{l: l, text: t}
	r.Refresh()
	return r
}

type textLineRenderer struct {
	l    *textLine
	text *canvas.Text
}

// Destroy implements fyne.WidgetRenderer.
func (r *textLineRenderer) Destroy() {}

// Objects implements fyne.WidgetRenderer.
func (r *textLineRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.text} }

// MinSize implements fyne.WidgetRenderer: a list puts its padding between lines.
func (r *textLineRenderer) MinSize() fyne.Size {
	return fyne.NewSize(apart, fyne.MeasureText("0", textSize, r.text.TextStyle).Height-tight)
}

// Layout implements fyne.WidgetRenderer.
func (r *textLineRenderer) Layout(size fyne.Size) {
	h := r.text.MinSize().Height
	r.text.Move(fyne.NewPos(0, (size.Height-h)/2))
	r.text.Resize(fyne.NewSize(size.Width, h))
}

// Refresh implements fyne.WidgetRenderer.
func (r *textLineRenderer) Refresh() {
	r.text.Text, r.text.Color = r.l.text, inkOf(r.l.ink)
	r.text.Refresh()
}
