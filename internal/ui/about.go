package ui

import (
	"cmp"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// about is the part of the settings that tells of the program: its version, its
// folders, and what it is built of.
type about struct {
	u       *UI
	box     *fyne.Container
	version *widget.Label
	places  map[string]*widget.Label
	list    *listing
	modules []Module
	loaded  bool
}

func newAbout(u *UI) *about {
	a := &about{u: u, version: widget.NewLabel(""), places: map[string]*widget.Label{}}
	place := func(name, folder string) fyne.CanvasObject {
		path := cell(true)
		a.places[folder] = path
		copied := newButton("", func() { u.copy(path.Text) })
		copied.Icon, copied.Importance = theme.ContentCopyIcon(), widget.LowImportance
		open := newButton(tr("Open"), func() { u.folder(folder) })
		return container.New(columns{7 * apart, 0}, widget.NewLabel(name), container.NewBorder(nil, nil, nil, container.NewHBox(copied, open), path))
	}
	licence := wrapped(tr("glmtray is free software under the MIT licence. It is built of these modules; choosing one opens its licence."))
	a.list = newListing(
		func() int { return len(a.modules) },
		func() fyne.CanvasObject {
			return container.New(columns{0, 18 * apart, near}, cell(false), figure(), layout.NewSpacer())
		},
		func(i widget.ListItemID, o fyne.CanvasObject) {
			if i < len(a.modules) {
				objects := o.(*fyne.Container).Objects
				objects[0].(*widget.Label).SetText(a.modules[i].Path)
				objects[1].(*widget.Label).SetText(a.modules[i].Version)
			}
		},
	)
	a.list.OnSelected = func(i widget.ListItemID) {
		a.list.UnselectAll()
		if i < len(a.modules) {
			m := a.modules[i]
			u.openLink(cmp.Or(m.Licence, "https://pkg.go.dev/"+m.Path+"@"+m.Version+"?tab=licenses"))
		}
	}
	top := container.NewVBox(
		container.New(columns{7 * apart, 0}, widget.NewLabel(tr("Version")), a.version),
		place(tr("Settings"), "settings"), place(tr("Data"), "data"), place(tr("Logs"), "logs"), licence,
	)
	a.box = container.NewBorder(top, nil, nil, nil, container.New(layout.NewCustomPaddedLayout(0, 0, tight, 0), a.list))
	a.box.Hide()
	return a
}

func (a *about) load() {
	if a.loaded {
		return
	}
	work(a.u, forDisk, a.u.b.About, func(x About, err error) {
		a.u.tell(err)
		a.loaded = err == nil
		a.version.SetText(x.Version + " · " + x.Go)
		for folder, path := range map[string]string{"settings": x.ConfigFile, "data": x.DataDir, "logs": x.LogDir} {
			a.places[folder].SetText(path)
		}
		a.modules = x.Modules
		a.list.Refresh()
	})
}
