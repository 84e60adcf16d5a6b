package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// textPane shows a body: a megabyte of it as well as a line. It is a list of
// lines, so that only what can be seen is drawn; a label would lay out all of
// it, on the window's thread.
type textPane struct {
	name   string
	box    *fyne.Container
	title  *widget.Label
	copy   *widget.Button
	list   *widget.List
	body   state.Body
	lines  []string
	places int // of a line, as they were broken
}

func newTextPane(u *UI, name string) *textPane {
	p := &textPane{name: name, title: heading(name)}
	p.copy = widget.NewButton(tr("Copy"), func() { u.copy(p.body.Text) })
	p.list = widget.NewList(
		func() int { return len(p.lines) },
		func() fyne.CanvasObject { return cell(true) },
		func(i widget.ListItemID, o fyne.CanvasObject) {
			if i < len(p.lines) {
				o.(*widget.Label).SetText(p.lines[i])
			}
		},
	)
	p.list.HideSeparators = true
	p.list.OnSelected = func(widget.ListItemID) { p.list.UnselectAll() }
	text := container.New(fitted{p}, container.NewThemeOverride(p.list, look{text: true}))
	p.box = container.NewBorder(
		container.NewHBox(p.title, layout.NewSpacer(), p.copy), nil, nil, nil,
		container.New(layout.NewCustomPaddedLayout(0, 0, near, 0), text),
	)
	return p
}

func (p *textPane) set(b state.Body) {
	p.body = b
	p.title.SetText(p.name + ": " + b.Extent())
	enable(p.copy, b.Text != "")
	p.places = 0
	p.list.ScrollToTop()
	p.fit(p.list.Size().Width)
}

// fit breaks the text into lines for a width.
func (p *textPane) fit(width float32) {
	const sample = "mmmmmmmmmm"
	one := fyne.MeasureText(sample, textSize, fyne.TextStyle{Monospace: true}).Width / float32(len(sample))
	places := int((width - near) / one) // beside the scroll bar
	if places == p.places {
		return
	}
	p.places = places
	p.lines = state.Wrap(p.body.Text, places)
	p.list.Refresh()
}

// fitted gives a pane's list all the room, and its lines that width.
type fitted struct{ p *textPane }

// MinSize implements fyne.Layout.
func (f fitted) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

// Layout implements fyne.Layout.
func (f fitted) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Move(fyne.NewPos(0, 0))
	objects[0].Resize(size)
	f.p.fit(size.Width)
}
