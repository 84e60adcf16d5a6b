package ui

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// settings is the page of what can be wished for: its parts on the left, beside
// them the settings of one, each with its value and where that came from.
type settings struct {
	u       *UI
	box     *fyne.Container
	parts   *fyne.Container
	items   map[string]*railItem
	lines   *fyne.Container
	rows    map[string]*settingRow
	about   *about
	message *widget.Label
	list    []state.Setting
	open    string
	loading bool
}

func newSettings(u *UI) *settings {
	s := &settings{
		u: u, parts: container.NewVBox(), items: map[string]*railItem{}, lines: container.NewVBox(), rows: map[string]*settingRow{},
		message: wrapped(""), about: newAbout(u),
	}
	s.message.Hide()
	for i := range settingSections {
		s.part(settingSections[i].name)
	}
	s.part(sectionAbout)
	body := container.NewBorder(s.message, nil, nil, nil, container.NewStack(container.NewVScroll(s.lines), s.about.box))
	s.box = container.NewBorder(
		container.NewVBox(heading(tr("Settings")), widget.NewSeparator()), nil,
		container.NewBorder(nil, nil, nil, upright(), around(tight, atLeast(10*apart, 0, s.parts))), nil, around(near, body),
	)
	s.turn(settingSections[0].name)
	return s
}

// part adds a part of the page.
func (s *settings) part(name string) {
	item := newRailItem(tr(name), nil, func() { s.turn(name) })
	s.items[name] = item
	s.parts.Add(item)
}

// turn opens a part.
func (s *settings) turn(name string) {
	s.open = name
	for part, item := range s.items {
		item.set(part == name, "")
	}
	show(s.about.box, name == sectionAbout)
	if name == sectionAbout {
		s.about.load()
	}
	s.show()
}

func (s *settings) object() fyne.CanvasObject { return s.box }

func (s *settings) draw(time.Time) {}

func (s *settings) opened() { s.load() }

// load reads the settings anew. A line that somebody is typing in stays.
func (s *settings) load() {
	if s.loading {
		return
	}
	s.loading = true
	work(s.u, forDisk, s.u.b.Settings,
		func(list []state.Setting, err error) {
			s.loading = false
			sayError(s.message, err)
			if err == nil {
				s.set(list)
			}
		})
}

// set takes over the settings, in the order of their parts.
func (s *settings) set(list []state.Setting) {
	s.list = list
	slices.SortStableFunc(s.list, func(a, b state.Setting) int {
		_, i, _ := sectionOf(a.Name)
		_, j, _ := sectionOf(b.Name)
		return cmp.Compare(i, j)
	})
	for _, v := range list {
		if r := s.rows[v.Name]; r == nil || r.v.Kind != v.Kind || r.v.Fixed != v.Fixed {
			s.rows[v.Name] = newSettingRow(s, v)
		} else {
			r.set(v)
		}
		if part, _, _ := sectionOf(v.Name); s.items[part] == nil {
			s.part(part)
		}
	}
	s.show()
}

// show shows the settings of the part that is open.
func (s *settings) show() {
	var objects []fyne.CanvasObject
	for _, v := range s.list {
		if part, _, _ := sectionOf(v.Name); part == s.open {
			objects = append(objects, s.rows[v.Name].box)
		}
	}
	if slices.Equal(objects, s.lines.Objects) {
		return
	}
	s.lines.Objects = objects
	s.lines.Refresh()
}

// title writes "short_wait" as "Short wait".
func title(name string) string {
	return strings.TrimSuffix(sentence(strings.ReplaceAll(strings.ReplaceAll(name, "_", " "), ".", " · ")), ".")
}
