package ui

import (
	"context"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// settingRow is one setting: what it is called and does, its value, where that
// came from.
type settingRow struct {
	s       *settings
	v       state.Setting
	box     *fyne.Container
	entry   *field  // for everything that is written
	check   *tick   // for what is on or off
	choice  *choice // for one of a few
	save    *button
	origin  *widget.Label
	message *widget.Label
	busy    bool
	setting bool // the value is changed by us
}

func newSettingRow(s *settings, v state.Setting) *settingRow {
	r := &settingRow{s: s, origin: small(""), message: wrapped("")}
	r.origin.Wrapping = fyne.TextWrapWord
	r.message.Hide()
	var value fyne.CanvasObject
	switch v.Kind {
	case "bool":
		r.check = newTick("", func(on bool) { r.chosen(strconv.FormatBool(on)) })
		value = r.check
	case "choice":
		r.choice = newChoice(v.Options, r.chosen)
		value = r.choice
	default:
		r.entry = s.u.field("")
		r.entry.OnSubmitted = func(string) { r.send(r.entry.Text) }
		r.entry.OnChanged = func(string) { r.typed() }
		r.save = primary(tr("Save"), func() { r.send(r.entry.Text) })
		r.save.Hide()
		value = container.NewBorder(nil, nil, nil, r.save, r.entry)
	}
	_, _, words := sectionOf(v.Name)
	name := container.New(layout.NewCustomPaddedVBoxLayout(-near), widget.NewLabel(tr(words.title)), faint(helpText(words.help)))
	r.box = container.NewVBox(
		container.New(columns{-5, -4, 10 * apart}, middle(name), middle(container.NewVBox(value, r.message)), middle(faint(r.origin))),
		widget.NewSeparator(),
	)
	r.set(v)
	return r
}

// helpText is the small print below a setting's name.
func helpText(text string) *widget.Label {
	l := small("")
	if text != "" {
		l.SetText(tr(text))
	}
	l.Wrapping = fyne.TextWrapWord
	return l
}

// middle keeps an object at its own height, in the middle of a row.
func middle(o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewVBox(layout.NewSpacer(), o, layout.NewSpacer())
}

// set shows a value. What somebody has typed and not saved stays.
func (r *settingRow) set(v state.Setting) {
	typed := r.entry != nil && r.entry.Text != r.v.Value && r.v.Name != ""
	r.v = v
	from := state.Told(v.Origin)
	if v.Fixed {
		from = tr("fixed by {{.Origin}}", "Origin", v.Origin)
	}
	if v.Restart {
		from += " · " + tr("after a restart")
	}
	setText(r.origin, from)
	r.setting = true
	switch {
	case r.entry != nil && !typed:
		r.entry.SetText(v.Value)
	case r.check != nil:
		r.check.SetChecked(v.Value == "true")
	case r.choice != nil:
		r.choice.SetSelected(v.Value)
	}
	r.setting = false
	r.able()
}

// able enables what can be done now.
func (r *settingRow) able() {
	free := !r.busy && !r.v.Fixed
	switch {
	case r.check != nil:
		enable(r.check, free)
	case r.choice != nil:
		enable(r.choice, free)
	default:
		enable(r.entry, free)
		save := !r.v.Fixed && r.entry.Text != r.v.Value
		if save != r.save.Visible() {
			show(r.save, save)
			r.box.Refresh() // who shows a part does not have the whole laid out anew
		}
		enable(r.save, free && r.s.u.b.Check(r.v.Name, r.entry.Text) == nil)
	}
}

// typed tells what is wrong with a value as it is typed.
func (r *settingRow) typed() {
	if r.setting {
		return
	}
	var err error
	if r.entry.Text != r.v.Value {
		err = r.s.u.b.Check(r.v.Name, r.entry.Text)
	}
	r.tell(err)
	r.able()
}

// tell shows an error below the field, or takes it away.
func (r *settingRow) tell(err error) {
	was := r.message.Visible()
	sayError(r.message, err)
	if was != r.message.Visible() {
		r.s.lines.Refresh()
	}
}

// chosen saves what is chosen with one click.
func (r *settingRow) chosen(value string) {
	if !r.setting {
		r.send(value)
	}
}

// send saves a value. A wrong one stays in the field with the error below it.
func (r *settingRow) send(value string) {
	if r.busy || r.v.Fixed || value == r.v.Value {
		return
	}
	r.busy = true
	r.tell(nil)
	r.able()
	name := r.v.Name
	act(r.s.u, forDisk, func(ctx context.Context) error { return r.s.u.b.Set(ctx, name, value) }, func(err error) {
		r.busy = false
		r.tell(err)
		if err != nil {
			r.set(r.v)
			return
		}
		r.v.Value = value
		r.able()
		r.s.load()
	})
}
