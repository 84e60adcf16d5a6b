package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"
)

// sheet is a question that lies over the window until it is answered. Escape
// answers it with a no.
type sheet struct {
	u     *UI
	popup *widget.PopUp
	no    func()      // what Escape does besides closing; may be nil
	busy  func() bool // what Escape ends first, if it runs; may be nil
}

// lay lays a question over the window: a title, what it is about, and the
// answers, of which the last is the one that is meant.
func (u *UI) lay(title string, about fyne.CanvasObject, no func(), answers ...fyne.CanvasObject) *sheet {
	s := &sheet{u: u, no: no}
	row := append([]fyne.CanvasObject{layout.NewSpacer()}, answers...)
	card := container.NewBorder(heading(title), container.NewHBox(row...), nil, nil, about)
	s.popup = widget.NewModalPopUp(atLeast(sheetWidth, 0, around(near, card)), u.win.Canvas())
	u.win.Canvas().Unfocus()
	u.sheet = s
	s.popup.Show()
	return s
}

// close takes the question away.
func (s *sheet) close() {
	s.popup.Hide()
	if s.u.sheet == s {
		s.u.sheet = nil
	}
}

// escape is a no.
func (s *sheet) escape() {
	if s.busy != nil && s.busy() {
		return
	}
	s.close()
	if s.no != nil {
		s.no()
	}
}
