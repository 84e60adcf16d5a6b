package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// pressed makes a whole row of things one that can be pressed, by the mouse and
// by the keyboard.
type pressed struct {
	widget.BaseWidget
	content fyne.CanvasObject
	ground  *canvas.Rectangle
	press   func()
	inside  bool
	focused bool
}

var (
	_ fyne.Focusable    = (*pressed)(nil)
	_ desktop.Hoverable = (*pressed)(nil)
)

func newPressed(content fyne.CanvasObject, press func()) *pressed {
	p := &pressed{content: content, press: press, ground: canvas.NewRectangle(color.Transparent)}
	p.ground.CornerRadius = tight
	p.ExtendBaseWidget(p)
	return p
}

// CreateRenderer implements fyne.Widget.
func (p *pressed) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewStack(p.ground, p.content))
}

func (p *pressed) paint() {
	p.ground.FillColor, p.ground.StrokeWidth = color.Transparent, 0
	if p.inside {
		p.ground.FillColor = inkOf(theme.ColorNameHover)
	}
	if p.focused {
		p.ground.StrokeColor, p.ground.StrokeWidth = inkOf(theme.ColorNamePrimary), hairline
	}
	p.ground.Refresh()
}

// Tapped implements fyne.Tappable.
func (p *pressed) Tapped(*fyne.PointEvent) { p.press() }

// MouseIn implements desktop.Hoverable.
func (p *pressed) MouseIn(*desktop.MouseEvent) { p.inside = true; p.paint() }

// MouseMoved implements desktop.Hoverable.
func (p *pressed) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (p *pressed) MouseOut() { p.inside = false; p.paint() }

// FocusGained implements fyne.Focusable.
func (p *pressed) FocusGained() { p.focused = true; p.paint() }

// FocusLost implements fyne.Focusable.
func (p *pressed) FocusLost() { p.focused = false; p.paint() }

// TypedRune implements fyne.Focusable.
func (p *pressed) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (p *pressed) TypedKey(k *fyne.KeyEvent) {
	if !escapes(p, k) && (k.Name == fyne.KeySpace || k.Name == fyne.KeyReturn || k.Name == fyne.KeyEnter) {
		p.press()
	}
}
