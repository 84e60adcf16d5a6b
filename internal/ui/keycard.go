package ui

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// keyCard is one key with all that is known of it and can be done to it.
type keyCard struct {
	k                              *keys
	box                            *fyne.Container
	row                            state.KeyRow
	busy, drawn                    bool
	title, word, why, facts, fixed *widget.Label
	mark                           *widget.Icon
	copy                           *button
	test, retry, up, down, onoff   *button
	name, account                  *field
	label, probe                   *button
	shared                         *fyne.Container // another key that seems to be of the same account
	sharedText                     *widget.Label
	join                           *button
	policy                         *fyne.Container // what the vendor's plan permits
	policyText                     *widget.Label
	policyLink                     *button
	link                           string
	rename, remove, sure, keep     *button
	own, asking                    *fyne.Container
	message                        *widget.Label
	question                       *widget.Label
}

func newKeyCard(k *keys) *keyCard {
	c := &keyCard{
		k: k, title: heading(""), mark: widget.NewIcon(shapes[state.Good]), word: widget.NewLabel(""), why: wrapped(""),
		facts: wrapped(""), fixed: wrapped(""), message: wrapped(""), question: wrapped(""), name: k.u.field(""),
		account: k.u.field(tr("an account of its own")), policyText: caption(""), sharedText: wrapped(""),
	}
	c.word.TextStyle.Monospace = true
	c.copy = quietButton("", theme.ContentCopyIcon(), func() { k.u.copy(c.sentence()) })
	c.test = newButton(tr("Test"), c.doTest)
	c.probe = newButton(tr("Probe now"), c.doProbe)
	c.label = newButton(tr("Set"), c.doAccount)
	c.account.OnSubmitted = func(string) { c.doAccount() }
	c.account.OnChanged = func(string) { c.able() }
	c.join = newButton(tr("Give them one account"), c.doJoin)
	c.shared = container.NewVBox(c.sharedText, inset(container.NewHBox(c.join)))
	c.policyLink = quietButton(tr("Open the policy"), nil, func() { k.u.openLink(c.link) })
	c.policy = container.New(layout.NewCustomPaddedVBoxLayout(0), c.policyText, container.NewHBox(c.policyLink))
	c.retry = newButton(tr("Use again now"), c.doRetry)
	c.up = newIconButton("", theme.MoveUpIcon(), func() { c.doMove(true) })
	c.down = newIconButton("", theme.MoveDownIcon(), func() { c.doMove(false) })
	c.onoff = newButton(tr("Disable"), c.doEnable)
	c.rename = newButton(tr("Rename"), c.doRename)
	c.name.OnSubmitted = func(string) { c.doRename() }
	c.name.OnChanged = func(string) { c.able() }
	c.remove = newButton(tr("Remove…"), func() { c.ask(true) })
	c.sure = newButton(tr("Remove it"), c.doRemove)
	c.sure.Importance = widget.DangerImportance
	c.keep = newButton(tr("Keep it"), func() { c.ask(false) })
	c.asking = container.NewVBox(c.question, inset(container.NewHBox(c.sure, c.keep)))
	c.own = container.NewVBox(
		labelled(tr("Name"), container.NewBorder(nil, nil, nil, c.rename, c.name)),
		labelled(tr("Account"), container.NewBorder(nil, nil, nil, c.label, c.account)),
		caption(tr("Keys of one account share its limits: give them one account, and they cool down together.")),
		c.shared,
		inset(container.NewHBox(c.up, c.down, c.onoff, c.remove)), c.asking,
	)
	c.box = container.NewVBox(
		container.NewHBox(c.title, layout.NewSpacer(), c.copy), container.NewHBox(atLeast(markWidth, 0, centred(c.mark)), c.word), c.why, c.facts,
		inset(container.NewHBox(c.test, c.probe, c.retry)), c.own, c.fixed, c.message, c.policy,
	)
	return c
}

// sentence is what stands on the card of the key's state, as it is copied:
// "cerebras/desk: back in 0:11. Tokens per minute used up."
func (c *keyCard) sentence() string {
	text := c.title.Text + ": " + c.word.Text
	if c.why.Text != "" {
		text += ". " + c.why.Text
	}
	return text
}

// open shows another key.
func (c *keyCard) open(r state.KeyRow) {
	c.row, c.drawn = state.KeyRow{}, false
	c.name.SetText(r.Name)
	c.account.SetText(r.Account)
	c.drawPolicy(&r)
	say(c.message, widget.MediumImportance, "")
	c.ask(false)
	c.show(r)
}

// show shows what changed of the key.
func (c *keyCard) show(r state.KeyRow) {
	if c.drawn && r == c.row {
		c.able() // its neighbours may have changed
		return
	}
	c.row, c.drawn = r, true
	setText(c.title, r.Provider+"/"+r.Name)
	if c.mark.Resource != shapes[r.Mark] {
		c.mark.SetResource(shapes[r.Mark])
	}
	setText(c.word, r.Word)
	setText(c.why, sentence(r.Detail)) // "" if there is nothing to say
	show(c.why, r.Detail != "")
	setText(c.facts, facts(&r))
	c.drawShared(&r)
	show(c.own, !r.Fixed)
	show(c.fixed, r.Fixed)
	setText(c.fixed, tr("This key comes from {{.Origin}}. It is changed there, and in force at the next start.", "Origin", r.Origin))
	show(c.retry, r.State == state.Cooling || r.State == state.Parked)
	again := tr("Clear the cooldown")
	if r.State == state.Parked {
		again = tr("Use again now")
	}
	if c.retry.Text != again {
		c.retry.SetText(again)
	}
	word := tr("Disable")
	if r.State == state.Disabled {
		word = tr("Enable")
	}
	if c.onoff.Text != word {
		c.onoff.SetText(word)
	}
	c.able()
}

// facts is what is known of a key, a line each; what is not known has none.
func facts(r *state.KeyRow) string {
	text := tr("Stored in") + ": " + state.Told(r.Origin)
	add := func(name, value string) {
		if value != "" {
			text += "\n" + name + ": " + value
		}
	}
	add(tr("Account"), r.Account)
	add(tr("Endpoint"), r.Endpoint)
	add(tr("Fingerprint"), r.Fingerprint)
	if r.Uses > 0 {
		add(tr("Used since the start"), state.Thousands(r.Uses))
	}
	if !r.LastUsed.IsZero() {
		add(tr("Last used"), state.Clock(r.LastUsed))
	}
	if r.Errors > 0 {
		add(tr("Errors in a row"), strconv.Itoa(r.Errors))
	}
	if r.State == state.Ready {
		add(tr("Last error"), state.Told(r.Reason))
	}
	add(tr("Tokens left"), r.Tokens.Detail)
	add(tr("Requests left"), r.Requests.Detail)
	return text
}

// able enables what can be done now.
func (c *keyCard) able() {
	_, _, up, down := c.k.neighbours(c.id())
	free := !c.busy
	enable(c.test, free && c.row.State != state.Missing)
	enable(c.probe, free && c.row.State != state.Missing)
	enable(c.label, free && strings.TrimSpace(c.account.Text) != c.row.Account)
	enable(c.join, free)
	enable(c.retry, free)
	enable(c.up, free && up)
	enable(c.down, free && down)
	enable(c.onoff, free)
	enable(c.remove, free)
	enable(c.sure, free)
	enable(c.keep, free)
	enable(c.rename, free && c.name.Text != "" && c.name.Text != c.row.Name)
}

func (c *keyCard) id() keyID { return keyID{c.row.Provider, c.row.Name} }

func (c *keyCard) ask(on bool) {
	c.question.SetText(tr("Remove {{.Key}}?", "Key", c.id()) + " " +
		tr("Its text is taken out of the keychain and cannot be brought back from here."))
	show(c.asking, on)
}

func (c *keyCard) work(doing string) {
	c.busy = true
	say(c.message, widget.MediumImportance, doing)
	c.able()
}

func (c *keyCard) rest() {
	c.busy = false
	c.able()
}

func (c *keyCard) said(text string) { say(c.message, widget.MediumImportance, text) }

func (c *keyCard) fail(err error) { sayError(c.message, err) }

func (c *keyCard) doTest() {
	id := c.id()
	c.k.verb(tr("Testing {{.Key}}…", "Key", id), forNetwork, id, id, func(ctx context.Context) (string, error) {
		return c.k.u.b.TestKey(ctx, id.provider, id.name)
	})
}

// quiet is a verb that has nothing to say but that it is done.
func (c *keyCard) quiet(doing, done string, after keyID, slow func(context.Context) error) {
	c.k.verb(doing, forKeys, c.id(), after, func(ctx context.Context) (string, error) { return done, slow(ctx) })
}

func (c *keyCard) doRetry() {
	id := c.id()
	c.quiet(tr("Taking it back…"), tr("It is used again from now on."), id, func(ctx context.Context) error {
		return c.k.u.b.Retry(ctx, id.provider, id.name)
	})
}

// doProbe asks for the provider's models, with the running proxy's own hands: a
// key that works again is used again.
func (c *keyCard) doProbe() {
	id := c.id()
	c.k.verb(tr("Asking {{.Name}} for its models…", "Name", id.provider), forNetwork, id, id, func(ctx context.Context) (string, error) {
		return tr("It works, and is used from now on."), c.k.u.b.Probe(ctx, id.provider, id.name)
	})
}

func (c *keyCard) doAccount() {
	id, account := c.id(), strings.TrimSpace(c.account.Text)
	if c.busy || account == c.row.Account {
		return
	}
	c.quiet(tr("Changing it…"), tr("Its account is changed."), id, func(ctx context.Context) error {
		return c.k.u.b.SetAccount(ctx, id.provider, id.name, account)
	})
}

// drawShared says which other key's limits move with this one's.
func (c *keyCard) drawShared(r *state.KeyRow) {
	show(c.shared, r.SharesWith != "")
	if r.SharesWith != "" {
		setText(c.sharedText, tr("What is left of {{.Key}} moves with this key's: they seem to be of one account. "+
			"As one account they cool down together, and neither is tried in vain.", "Key", keyID{r.Provider, r.SharesWith}))
	}
}

// doJoin gives a key and the one it seems to share its limits with one account:
// the one that either has, else this key's name.
func (c *keyCard) doJoin() {
	id, twin, mine, theirs := c.id(), c.row.SharesWith, c.row.Account, ""
	for _, r := range c.k.u.st.Keys(c.k.u.now()) {
		if r.Provider == id.provider && r.Name == twin {
			theirs = r.Account
		}
	}
	account := cmp.Or(mine, theirs, id.name)
	c.quiet(tr("Changing it…"), tr("They are one account now."), id, func(ctx context.Context) error {
		if theirs != account {
			if err := c.k.u.b.SetAccount(ctx, id.provider, twin, account); err != nil {
				return err // as of a key that the environment brings
			}
		}
		if mine == account {
			return nil
		}
		return c.k.u.b.SetAccount(ctx, id.provider, id.name, account)
	})
}

// drawPolicy says what the vendor's plan permits, where the key belongs to one.
func (c *keyCard) drawPolicy(r *state.KeyRow) {
	text := ""
	for _, p := range c.k.form.providers {
		for i, e := range p.Endpoints {
			if p.ID == r.Provider && (e.ID == r.Endpoint || (r.Endpoint == "" && i == 0)) {
				text, c.link = e.PolicyText, e.PolicyLink
			}
		}
	}
	setText(c.policyText, text)
	show(c.policy, text != "")
}

func (c *keyCard) doMove(up bool) {
	id := c.id()
	before, after, canUp, canDown := c.k.neighbours(id)
	if (up && !canUp) || (!up && !canDown) {
		return
	}
	if !up {
		before = after
	}
	c.quiet(tr("Moving it…"), "", id, func(ctx context.Context) error {
		return c.k.u.b.MoveKey(ctx, id.provider, id.name, before)
	})
}

func (c *keyCard) doEnable() {
	id, on := c.id(), c.row.State == state.Disabled
	c.quiet(tr("Changing it…"), "", id, func(ctx context.Context) error {
		return c.k.u.b.EnableKey(ctx, id.provider, id.name, on)
	})
}

func (c *keyCard) doRename() {
	id, to := c.id(), c.name.Text
	if c.busy || to == "" || to == id.name {
		return
	}
	c.quiet(tr("Renaming it…"), tr("Renamed."), keyID{id.provider, to}, func(ctx context.Context) error {
		return c.k.u.b.RenameKey(ctx, id.provider, id.name, to)
	})
}

func (c *keyCard) doRemove() {
	id := c.id()
	c.quiet(tr("Removing it…"), tr("Removed."), id, func(ctx context.Context) error {
		return c.k.u.b.RemoveKey(ctx, id.provider, id.name)
	})
	c.ask(false)
}
