package ui

import (
	"context"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// settings is the page of what can be wished for. Each line is a setting, its
// value and where that came from.
type settings struct {
	u       *UI
	box     *fyne.Container
	lines   *fyne.Container
	rows    map[string]*settingRow
	message *widget.Label
	loading bool
}

func newSettings(u *UI) *settings {
	s := &settings{u: u, lines: container.NewVBox(), rows: map[string]*settingRow{}, message: wrapped("")}
	s.message.Hide()
	folder := widget.NewButton(tr("Data folder"), func() {
		act(u, forDisk, func(context.Context) error { return u.b.Folder("data") }, u.tell)
	})
	s.box = container.NewBorder(
		container.NewVBox(container.NewHBox(heading(tr("Settings")), layout.NewSpacer(), folder), widget.NewSeparator(), s.message),
		nil, nil, nil, container.NewVScroll(s.lines),
	)
	return s
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
	work(s.u, forDisk, func(context.Context) ([]state.Setting, error) { return s.u.b.Settings(), nil },
		func(list []state.Setting, err error) {
			s.loading = false
			text := ""
			if err != nil {
				text = sentence(err.Error())
			}
			say(s.message, widget.DangerImportance, text)
			if err == nil {
				s.set(list)
			}
		})
}

func (s *settings) set(list []state.Setting) {
	objects := make([]fyne.CanvasObject, 0, 2*len(list))
	for _, v := range list {
		r := s.rows[v.Name]
		if r == nil || r.v.Kind != v.Kind || r.v.Fixed != v.Fixed {
			r = newSettingRow(s, v)
			s.rows[v.Name] = r
		} else {
			r.set(v)
		}
		objects = append(objects, r.box, widget.NewSeparator())
	}
	s.lines.Objects = objects
	s.lines.Refresh()
}

// settingRow is one setting.
type settingRow struct {
	s       *settings
	v       state.Setting
	box     *fyne.Container
	entry   *field        // for everything that is written
	check   *widget.Check // for what is on or off
	save    *widget.Button
	origin  *widget.Label
	message *widget.Label
	busy    bool
	setting bool // the check is changed by us
}

func newSettingRow(s *settings, v state.Setting) *settingRow {
	r := &settingRow{s: s, origin: cell(false), message: wrapped("")}
	r.message.Hide()
	var value fyne.CanvasObject
	if v.Kind == "bool" {
		r.check = widget.NewCheck("", r.flipped)
		value = r.check
	} else {
		r.entry = s.u.field("")
		r.entry.OnSubmitted = func(string) { r.send(r.entry.Text) }
		r.entry.OnChanged = func(string) { r.able() }
		r.save = widget.NewButton(tr("Save"), func() { r.send(r.entry.Text) })
		value = container.NewBorder(nil, nil, nil, r.save, r.entry)
	}
	r.box = container.NewVBox(
		container.New(columns{15 * apart, 0, 16 * apart}, widget.NewLabel(title(v.Name)), value, r.origin), r.message,
	)
	r.set(v)
	return r
}

// title writes "start_at_login" as "Start at login".
func title(name string) string {
	if name == "addr" {
		return tr("Address")
	}
	return strings.TrimSuffix(sentence(strings.ReplaceAll(strings.ReplaceAll(name, "_", " "), ".", " · ")), ".")
}

// set shows a value. What somebody has typed and not saved stays.
func (r *settingRow) set(v state.Setting) {
	typed := r.entry != nil && r.entry.Text != r.v.Value && r.v.Name != ""
	r.v = v
	from := v.Origin
	if v.Fixed {
		from = tr("fixed by") + " " + v.Origin
	}
	if v.Restart {
		from += " · " + tr("after a restart")
	}
	setText(r.origin, from)
	if r.entry != nil && !typed {
		r.entry.SetText(v.Value)
	}
	if r.check != nil {
		r.setting = true
		r.check.SetChecked(v.Value == "true")
		r.setting = false
	}
	r.able()
}

func (r *settingRow) able() {
	free := !r.busy && !r.v.Fixed
	if r.check != nil {
		enable(r.check, free)
		return
	}
	enable(r.entry, free)
	show(r.save, !r.v.Fixed)
	enable(r.save, free && r.entry.Text != r.v.Value)
}

func (r *settingRow) flipped(on bool) {
	if !r.setting {
		r.send(strconv.FormatBool(on))
	}
}

// send saves a value. A wrong one stays in the field with the error below it.
func (r *settingRow) send(value string) {
	if r.busy || r.v.Fixed {
		return
	}
	r.busy = true
	say(r.message, widget.MediumImportance, "")
	r.able()
	name := r.v.Name
	act(r.s.u, forDisk, func(ctx context.Context) error { return r.s.u.b.Set(ctx, name, value) }, func(err error) {
		r.busy = false
		if err != nil {
			say(r.message, widget.DangerImportance, sentence(err.Error()))
			r.set(r.v)
			return
		}
		r.v.Value = value
		r.able()
		r.s.load()
	})
}
