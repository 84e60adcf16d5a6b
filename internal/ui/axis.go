package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// axis are the words below the bars of a chart, as many as there is room for.
type axis struct {
	widget.BaseWidget
	words []string
}

func newAxis() *axis {
	a := &axis{}
	a.ExtendBaseWidget(a)
	return a
}

func (a *axis) set(words []string) {
	a.words = words
	a.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (a *axis) CreateRenderer() fyne.WidgetRenderer { return &axisRenderer{a: a} }

type axisRenderer struct {
	a     *axis
	texts []*canvas.Text
	all   []fyne.CanvasObject
}

func (r *axisRenderer) Destroy() {}

func (r *axisRenderer) Objects() []fyne.CanvasObject { return r.all }

func (r *axisRenderer) MinSize() fyne.Size { return fyne.NewSize(20*apart, apart) }

func (r *axisRenderer) Layout(size fyne.Size) {
	n := len(r.texts)
	if n == 0 {
		return
	}
	step := size.Width / float32(n)
	every, widest := 1, float32(0)
	for _, t := range r.texts {
		widest = max(widest, t.MinSize().Width)
	}
	for float32(every)*step < widest+near && every < n {
		every++
	}
	for i, t := range r.texts {
		show(t, i%every == 0)
		w := t.MinSize().Width
		t.Move(fyne.NewPos(min(max(float32(i)*step+(step-w)/2, 0), size.Width-w), 0))
		t.Resize(t.MinSize())
	}
}

func (r *axisRenderer) Refresh() {
	r.texts, r.all = r.texts[:0], r.all[:0]
	for _, w := range r.a.words {
		t := canvas.NewText(w, inkOf(theme.ColorNamePlaceHolder))
		t.TextSize = textSize - 2
		r.texts, r.all = append(r.texts, t), append(r.all, t)
	}
	r.Layout(r.a.Size())
	canvas.Refresh(r.a)
}

var _ desktop.Hoverable = (*bars)(nil)

// MouseIn implements desktop.Hoverable.
func (b *bars) MouseIn(e *desktop.MouseEvent) { b.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (b *bars) MouseMoved(e *desktop.MouseEvent) {
	if n := len(b.values); b.over != nil && n > 0 && b.Size().Width > 0 {
		b.over(min(int(e.Position.X/b.Size().Width*float32(n)), n-1))
	}
}

// MouseOut implements desktop.Hoverable.
func (b *bars) MouseOut() {
	if b.over != nil {
		b.over(-1)
	}
}
