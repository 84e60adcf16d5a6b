package ui

import (
	"context"
	"errors"
	"io"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
)

// saveSize is that of the dialog, within a window of its least size.
var saveSize = fyne.NewSize(leastWidth-4*apart, leastHeight-4*apart)

// save asks a person for a file, which is first called name, and writes a text
// into it. Done is called with where it is, or with why it is not; not at all if
// the person thinks better of it.
func (u *UI) save(name, text string, done func(path string, err error)) {
	d := dialog.NewFileSave(func(file fyne.URIWriteCloser, err error) {
		u.dialog = nil
		if file == nil || err != nil {
			if err != nil {
				done("", err)
			}
			return
		}
		path := file.URI().Path()
		act(u, forDisk, func(context.Context) error {
			_, err := io.WriteString(file, text)
			return errors.Join(err, file.Close())
		}, func(err error) { done(path, err) })
	}, u.win)
	d.SetFileName(name)
	u.dialog = d
	d.Show()
	d.Resize(saveSize) // which it cannot bear before it is shown
}
