package ui

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/secret"
)

// keyForm is where a key is added.
type keyForm struct {
	k             *keys
	box           *fyne.Container
	head          *widget.Label
	providers     []Provider
	busy          bool
	eager         bool   // the first provider is chosen once they are there
	pressed       bool   // something was tried: errors are shown from now on
	agreed        NewKey // what was answered with a yes; its other fields are empty
	asks          string // the question that is open: Needs.What
	link          string // of the policy that is shown
	provider      *choice
	endpoint      *choice
	endpointRow   *fyne.Container
	name, account *field
	secret        *field
	policy        *fyne.Container
	policyText    *widget.Label
	policyLink    *button
	read          *tick
	message       *widget.Label
	submit, yes   *button
	cancel        *button

	// At a first start the form stands elsewhere: what follows a key that was
	// stored, and a key that is not given. nil: the page of keys.
	after func(keyID)
	skip  func()
}

func newKeyForm(k *keys) *keyForm {
	f := &keyForm{
		k: k, name: k.u.field("main"), account: k.u.field(tr("optional")), secret: k.u.secretField(tr("paste the key")),
		policyText: wrapped(""), message: wrapped(""), head: heading(tr("Add a key")),
	}
	f.provider = newChoice(nil, func(string) { f.chosen() })
	f.provider.PlaceHolder = tr("choose a provider")
	f.endpoint = newChoice(nil, func(string) { f.drawPolicy() })
	f.policyLink = newButton(tr("Open the policy"), func() { k.u.openLink(f.link) })
	f.policyLink.Importance = widget.LowImportance
	f.read = newTick(tr("I have read this"), func(bool) { f.able() })
	f.submit = newButton(tr("Add key"), f.send)
	f.submit.Importance = widget.HighImportance
	f.yes = newButton("", f.confirm)
	f.cancel = newButton(tr("Cancel"), f.leave)
	for _, e := range []*field{f.name, f.account, f.secret} {
		e.OnSubmitted = func(string) { f.send() }
		e.OnChanged = func(string) { f.edited() }
	}
	f.endpointRow = labelled(tr("Endpoint"), f.endpoint)
	f.policy = container.NewVBox(f.policyText, container.NewHBox(f.policyLink, f.read))
	f.box = container.NewVBox(
		f.head, labelled(tr("Provider"), f.provider), f.endpointRow,
		labelled(tr("Name"), f.name), labelled(tr("Key"), f.secret), labelled(tr("Account"), f.account),
		caption(tr("Keys of one account share its limits: give them one account, and they cool down together.")),
		f.policy, f.message, labelled("", container.NewHBox(f.submit, f.yes, f.cancel)),
	)
	f.reset()
	return f
}

// labelled is a field with its name before it.
func labelled(name string, o fyne.CanvasObject) *fyne.Container {
	return container.New(columns{6 * apart, 0}, widget.NewLabel(name), o)
}

func caption(text string) *widget.Label {
	l := wrapped(text)
	l.SizeName = theme.SizeNameCaptionText
	return l
}

// load fetches the providers anew.
func (f *keyForm) load() {
	work(f.k.u, forDisk, f.k.u.b.Providers,
		func(list []Provider, err error) {
			if err != nil {
				f.fail(err)
				return
			}
			f.setProviders(list)
		})
}

func (f *keyForm) setProviders(list []Provider) {
	chosen := f.current().ID
	f.providers = list
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = p.Name
	}
	f.provider.Options = names
	for i, p := range list {
		if p.ID == chosen && f.provider.Selected != names[i] {
			f.provider.SetSelected(names[i])
		}
	}
	f.provider.Refresh()
	if f.eager && chosen == "" && len(names) > 0 {
		f.eager = false
		f.provider.SetSelected(names[0])
	}
}

// chooseFirst chooses the first provider, now or as soon as they are there.
func (f *keyForm) chooseFirst() {
	f.eager = true
	if len(f.providers) > 0 {
		f.setProviders(f.providers)
	}
}

// current is the provider that is chosen, an empty one if none is.
func (f *keyForm) current() Provider {
	if i := f.provider.SelectedIndex(); i >= 0 && i < len(f.providers) {
		return f.providers[i]
	}
	return Provider{}
}

func (f *keyForm) currentEndpoint() Endpoint {
	p := f.current()
	if i := f.endpoint.SelectedIndex(); i >= 0 && i < len(p.Endpoints) {
		return p.Endpoints[i]
	}
	if len(p.Endpoints) > 0 {
		return p.Endpoints[0]
	}
	return Endpoint{}
}

// chosen offers the endpoints of the provider.
func (f *keyForm) chosen() {
	p := f.current()
	ids := make([]string, len(p.Endpoints))
	for i, e := range p.Endpoints {
		ids[i] = e.ID
	}
	f.endpoint.Options = ids
	f.endpoint.ClearSelected()
	if len(ids) > 0 {
		f.endpoint.SetSelectedIndex(0)
	}
	show(f.endpointRow, len(ids) > 1)
	f.drawPolicy()
}

// drawPolicy shows the vendor's policy for the endpoint, which must be read
// once more whenever it is another one.
func (f *keyForm) drawPolicy() {
	e := f.currentEndpoint()
	f.setPolicy(e.PolicyText, e.PolicyLink)
	f.edited()
}

func (f *keyForm) setPolicy(text, link string) {
	if text != f.policyText.Text {
		f.read.SetChecked(false)
	}
	f.policyText.SetText(text)
	f.link = link
	show(f.policyLink, link != "")
	show(f.policy, text != "")
	f.able()
}

// reset empties the form.
func (f *keyForm) reset() {
	show(f.head, f.after == nil) // a first start has a title of its own
	f.secret.SetText("")
	f.name.SetText("")
	f.account.SetText("")
	f.read.SetChecked(false)
	f.provider.ClearSelected()
	f.pressed = false
	f.chosen()
	f.fail(nil)
}

func (f *keyForm) focus() {
	f.k.u.win.Canvas().Focus(f.provider)
}

func (f *keyForm) leave() {
	f.reset()
	if f.skip != nil {
		f.skip()
		return
	}
	f.k.put(f.k.hint)
}

// edited takes back what was agreed to: it was agreed for another key.
func (f *keyForm) edited() {
	f.agreed = NewKey{}
	f.ask("")
	if f.pressed {
		f.pressed = false
		f.fail(nil)
	}
	f.able()
}

func (f *keyForm) able() {
	need := f.policyText.Text != "" && !f.read.Checked
	enable(f.submit, !f.busy && f.current().ID != "" && !need)
	enable(f.yes, !f.busy)
	enable(f.cancel, !f.busy)
}

func (f *keyForm) fail(err error) {
	text := ""
	if err != nil {
		text = sentence(err.Error())
	}
	say(f.message, widget.DangerImportance, text)
}

// missing says what has to be filled in first.
func (f *keyForm) missing() error {
	switch {
	case f.current().ID == "":
		return errors.New(tr("choose the key's provider"))
	case secret.New(f.secret.Text).Empty():
		return errors.New(tr("paste the key into the field Key"))
	case f.policyText.Text != "" && !f.read.Checked:
		return errors.New(tr("tick that you have read the provider's policy"))
	}
	return nil
}

// send adds the key. Its text leaves the form only once it is stored: a typing
// error must not cost a person the key.
func (f *keyForm) send() {
	if f.busy {
		return
	}
	f.pressed = true
	if err := f.missing(); err != nil {
		f.fail(err)
		return
	}
	n := f.agreed
	n.Provider, n.Endpoint = f.current().ID, f.currentEndpoint().ID
	n.Name, n.Account = strings.TrimSpace(f.name.Text), strings.TrimSpace(f.account.Text)
	if n.Name == "" {
		n.Name = f.name.PlaceHolder
	}
	n.Secret = secret.New(f.secret.Text)
	n.PolicyRead = n.PolicyRead || (f.policyText.Text != "" && f.read.Checked)
	f.busy = true
	say(f.message, widget.MediumImportance, tr("Storing the key…"))
	f.able()
	id := keyID{n.Provider, n.Name}
	act(f.k.u, forKeys, func(ctx context.Context) error { return f.k.u.b.AddKey(ctx, n) }, func(err error) { f.sent(id, err) })
}

// sent shows what came of it.
func (f *keyForm) sent(id keyID, err error) {
	f.busy = false
	f.able()
	var needs *Needs
	switch {
	case err == nil && f.after != nil:
		f.reset()
		f.after(id)
	case err == nil:
		f.reset()
		f.k.put(f.k.hint)
		f.k.hint.SetText(tr("{{.Key}} is stored, and used from now on.", "Key", id))
		f.k.choose(id)
	case errors.As(err, &needs):
		f.question(needs)
	default:
		f.fail(err)
	}
}

// question shows what a person can answer with a yes.
func (f *keyForm) question(n *Needs) {
	if n.What == "policy" {
		f.fail(errors.New(tr("this provider has a policy to be read first")))
		f.setPolicy(n.Text, n.Link)
		return
	}
	say(f.message, widget.WarningImportance, sentence(n.Error()))
	word := tr("Add it anyway")
	if n.What == "replace" {
		word = tr("Replace it")
	}
	f.yes.SetText(word)
	f.ask(n.What)
}

// ask opens the question, or closes it with "". While it is open the answer is
// what the page is for, and no longer the button that led to it.
func (f *keyForm) ask(what string) {
	f.asks = what
	show(f.yes, what != "")
	weigh(f.submit, what == "")
	weigh(f.yes, what != "")
}

func (f *keyForm) confirm() {
	switch f.asks {
	case "replace":
		f.agreed.Replace = true
	case "sure":
		f.agreed.Sure = true
	}
	f.ask("")
	f.send()
}
