package ui

import (
	"context"
	"errors"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// clientKeyForm is where a client's key is made, and shown this once.
type clientKeyForm struct {
	c       *clients
	box     *fyne.Container
	name    *field
	make    *button
	cancel  *button
	key     *widget.Label
	copy    *button
	made    *fyne.Container
	message *widget.Label
	busy    bool
}

func newClientKeyForm(c *clients) *clientKeyForm {
	f := &clientKeyForm{c: c, name: c.u.field(tr("which program or person it is for")), key: cell(true), message: wrapped("")}
	f.key.Truncation = fyne.TextTruncateOff
	f.key.Selectable = true
	f.make = primary(tr("Make the key"), f.send)
	f.cancel = newButton(tr("Cancel"), func() { c.escape() })
	f.copy = newButton("", func() { c.u.copy(f.key.Text) })
	f.copy.Icon, f.copy.Importance = theme.ContentCopyIcon(), widget.LowImportance
	f.name.OnSubmitted = func(string) { f.send() }
	f.name.OnChanged = func(string) { f.able() }
	f.made = container.NewBorder(nil, nil, nil, f.copy, container.NewHScroll(f.key))
	f.box = container.NewVBox(
		heading(tr("New client key")),
		wrapped(tr("A program that shows it is named in the records, and is let in where a key is wanted. It is kept as a hash, so it is shown this once.")),
		labelled(tr("Name"), f.name), f.made, f.message, inset(container.NewHBox(f.make, layout.NewSpacer(), f.cancel)),
	)
	return f
}

// open empties the form.
func (f *clientKeyForm) open() {
	f.name.SetText("")
	f.key.SetText("")
	f.made.Hide()
	say(f.message, widget.MediumImportance, "")
	rename(f.cancel, tr("Cancel"))
	f.make.Show()
	enable(f.name, true)
	f.able()
}

func (f *clientKeyForm) able() { enable(f.make, !f.busy && strings.TrimSpace(f.name.Text) != "") }

func (f *clientKeyForm) send() {
	name := strings.TrimSpace(f.name.Text)
	if f.busy || !f.make.Visible() {
		return
	}
	if name == "" {
		sayError(f.message, errors.New(tr("give it a name, so that you know it again")))
		return
	}
	f.busy = true
	f.able()
	work(f.c.u, forDisk, func(ctx context.Context) (string, error) { return f.c.u.b.AddClientKey(ctx, name) }, func(key string, err error) {
		f.busy = false
		f.able()
		if err != nil {
			sayError(f.message, err)
			return
		}
		f.key.SetText(key)
		f.c.u.copy(key)
		f.made.Show()
		f.make.Hide()
		f.c.u.win.Canvas().Unfocus() // a field that is disabled takes the window's shortcuts, and passes none on
		enable(f.name, false)
		f.cancel.SetText(tr("Done"))
		say(f.message, widget.SuccessImportance, tr("The key of {{.Name}} is copied. It is not shown again.", "Name", name))
		f.c.load()
	})
}

// clientKeyCard is one client's key.
type clientKeyCard struct {
	c       *clients
	box     *fyne.Container
	title   *widget.Label
	facts   *widget.Label
	flip    *button
	close   *button
	message *widget.Label
	k       state.ClientKey
	busy    bool
}

func newClientKeyCard(c *clients) *clientKeyCard {
	k := &clientKeyCard{c: c, title: heading(""), facts: wrapped(""), message: wrapped("")}
	k.flip = newButton("", k.send)
	k.close = newButton(tr("Close"), func() { c.escape() })
	k.box = container.NewVBox(k.title, k.facts, k.message, inset(container.NewHBox(k.flip, layout.NewSpacer(), k.close)))
	return k
}

func (k *clientKeyCard) open(key state.ClientKey) {
	say(k.message, widget.MediumImportance, "")
	k.show(key)
}

// refresh takes over what became of the key.
func (k *clientKeyCard) refresh(list []state.ClientKey) {
	if i := slices.IndexFunc(list, func(x state.ClientKey) bool { return x.ID == k.k.ID }); i >= 0 {
		k.show(list[i])
	}
}

func (k *clientKeyCard) show(key state.ClientKey) {
	k.k = key
	setText(k.title, key.Name)
	lines := []string{
		tr("Made") + ": " + key.Created.Local().Format("2006-01-02 15:04"),
		tr("Last used") + ": " + key.Last(k.c.u.now()),
		tr("Requests") + ": " + state.Thousands(int(key.Uses)),
	}
	if key.Agent != "" {
		lines = append(lines, tr("Made for {{.Agent}} when it was connected.", "Agent", key.Agent))
	}
	word := tr("Revoke")
	if !key.Revoked.IsZero() {
		lines = append(lines, tr("Revoked")+": "+key.Revoked.Local().Format("2006-01-02 15:04"))
		word = tr("Accept it again")
	}
	setText(k.facts, strings.Join(lines, "\n"))
	rename(k.flip, word)
	enable(k.flip, !k.busy)
}

// send revokes, or takes that back.
func (k *clientKeyCard) send() {
	id, revoke := k.k.ID, k.k.Revoked.IsZero()
	k.busy = true
	enable(k.flip, false)
	act(k.c.u, forDisk, func(ctx context.Context) error {
		if revoke {
			return k.c.u.b.RevokeClientKey(ctx, id)
		}
		return k.c.u.b.EnableClientKey(ctx, id)
	}, func(err error) {
		k.busy = false
		enable(k.flip, true)
		sayError(k.message, err)
		if err == nil {
			text := tr("It is accepted again.")
			if revoke {
				text = tr("It is accepted no longer, within two seconds. You can take that back here.")
			}
			say(k.message, widget.MediumImportance, text)
		}
		k.c.load()
	})
}
