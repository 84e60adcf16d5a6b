package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"
)

// segments are choices side by side, of which one is made.
type segments struct {
	box     *fyne.Container
	buttons []*button
	chosen  int
	changed func(int)
}

func newSegments(words []string, changed func(int)) *segments {
	s := &segments{box: container.New(layout.NewCustomPaddedHBoxLayout(0)), changed: changed}
	for i, word := range words {
		b := newButton(word, func() { s.choose(i) })
		s.buttons = append(s.buttons, b)
		s.box.Add(b)
	}
	s.paint()
	return s
}

func (s *segments) choose(i int) {
	s.chosen = i
	s.paint()
	s.changed(i)
}

func (s *segments) paint() {
	for i, b := range s.buttons {
		importance := widget.LowImportance
		if i == s.chosen {
			importance = widget.MediumImportance
		}
		if b.Importance != importance {
			b.Importance = importance
			b.Refresh()
		}
	}
}
