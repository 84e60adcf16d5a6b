package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// canary is a key that must not be seen anywhere.
const canary = "csk-canary-0123456789abcdef"

func keysRig(t *testing.T, p *program) (*rig, *keys) {
	t.Helper()
	r := newRig(t, p, host)
	r.u.turn(tabKeys)
	k := r.u.keysPage()
	r.until("the providers", func() bool { return len(k.form.providers) > 0 })
	return r, k
}

func fourKeys() state.Snapshot {
	env := state.Key{Provider: "cerebras", Name: "env-1", Origin: "CEREBRAS_API_KEY", State: state.Ready}
	return serving(desktopKey("a"), desktopKey("b"), desktopKey("c"), env)
}

func TestAKeyIsAdded(t *testing.T) {
	p := &program{snap: serving()}
	r, k := keysRig(t, p)
	r.tap("Add key")
	k.form.provider.SetSelected("Cerebras")
	test.Type(k.form.name, "desk")
	test.Type(k.form.secret, canary)
	test.Type(k.form.account, "mine")
	test.Tap(k.form.submit)
	r.asked("add cerebras desk")
	r.sees("cerebras/desk", "Stored in: keychain")
	n := p.added[0]
	if n.Secret.Len() != len(canary) || n.Account != "mine" || n.Replace || n.Sure || n.PolicyRead {
		t.Errorf("added %+v", n)
	}
	if k.form.secret.Text != "" {
		t.Error("the key's text stays in the form")
	}
	if !k.form.secret.Password {
		t.Error("the key can be read over a shoulder")
	}
}

func TestAddingWithTheEnterKeyAndWithoutAName(t *testing.T) {
	p := &program{snap: serving()}
	r, k := keysRig(t, p)
	k.openForm()
	k.form.provider.SetSelected("Cerebras")
	test.Type(k.form.secret, canary)
	k.form.secret.OnSubmitted(canary)
	r.asked("add cerebras main")
}

func TestWhatIsMissingIsSaidBesideTheForm(t *testing.T) {
	p := &program{snap: serving()}
	r, k := keysRig(t, p)
	k.openForm()
	if !k.form.submit.Disabled() {
		t.Error("a form without a provider can be sent")
	}
	k.form.provider.SetSelected("Cerebras")
	r.sees("Key")
	k.form.send()
	r.sees("Paste the key into the field Key.")
	if len(p.called()) != 0 {
		t.Errorf("asked %q", p.called())
	}
	test.Type(k.form.secret, "x")
	if strings.Contains(r.text(), "Paste the key") {
		t.Error("the error outlives its cause")
	}
}

func TestAPolicyMustBeReadAndAgainForAnotherEndpoint(t *testing.T) {
	p := &program{snap: serving()}
	r, k := keysRig(t, p)
	f := k.form
	k.openForm()
	f.provider.SetSelected("Z.ai")
	r.sees("The coding plan is for coding tools.", "Endpoint")
	test.Tap(f.policyLink)
	if fmt.Sprint(r.desk.opened) != "[https://z.ai/policy]" {
		t.Errorf("opened %q", r.desk.opened)
	}
	if !f.submit.Disabled() {
		t.Error("it can be sent unread")
	}
	f.read.SetChecked(true)
	if f.submit.Disabled() {
		t.Error("it cannot be sent")
	}
	f.endpoint.SetSelected("payg")
	if strings.Contains(r.text(), "coding plan") || f.submit.Disabled() {
		t.Error("an endpoint without a policy asks for one")
	}
	f.endpoint.SetSelected("plan")
	if f.read.Checked {
		t.Error("the tick was for another endpoint")
	}
	f.read.SetChecked(true)
	test.Type(f.secret, canary)
	test.Tap(f.submit)
	r.asked("add zai main")
	if n := p.added[0]; !n.PolicyRead || n.Endpoint != "plan" {
		t.Errorf("added %+v", n)
	}
}

func TestAQuestionOfTheProgramIsAnsweredWithAYes(t *testing.T) {
	tests := []struct {
		what, button string
		agreed       func(NewKey) bool
	}{
		{"replace", "Replace it", func(n NewKey) bool { return n.Replace && !n.Sure }},
		{"sure", "Add it anyway", func(n NewKey) bool { return n.Sure && !n.Replace }},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			p := &program{snap: serving(), fail: map[string]error{"add": &Needs{What: tt.what, Text: "this is odd"}}}
			r, k := keysRig(t, p)
			k.openForm()
			k.form.provider.SetSelected("Cerebras")
			test.Type(k.form.secret, canary)
			test.Tap(k.form.submit)
			r.sees("This is odd.", tt.button)
			if k.form.secret.Text == "" {
				t.Error("the key has to be pasted again")
			}
			p.set(func() { p.fail = nil })
			r.tap(tt.button)
			r.sees("cerebras/main")
			if n := p.added[1]; !tt.agreed(n) {
				t.Errorf("agreed to %+v", n)
			}
		})
	}
}

func TestAYesCountsForThatKeyOnly(t *testing.T) {
	p := &program{snap: serving(), fail: map[string]error{"add": &Needs{What: "sure", Text: "this is odd"}}}
	r, k := keysRig(t, p)
	k.openForm()
	k.form.provider.SetSelected("Cerebras")
	test.Type(k.form.secret, canary)
	test.Tap(k.form.submit)
	r.sees("Add it anyway")
	test.Type(k.form.secret, "x")
	if k.form.yes.Visible() || k.form.agreed.Sure {
		t.Error("another key was agreed to")
	}
}

func TestAPolicyTheFormDidNotKnowIsShownAndRead(t *testing.T) {
	p := &program{snap: serving(), fail: map[string]error{"add": &Needs{What: "policy", Text: "only for tools", Link: "https://x.example"}}}
	r, k := keysRig(t, p)
	k.openForm()
	k.form.provider.SetSelected("Cerebras")
	test.Type(k.form.secret, canary)
	test.Tap(k.form.submit)
	r.sees("only for tools", "This provider has a policy to be read first.")
	p.set(func() { p.fail = nil })
	k.form.read.SetChecked(true)
	test.Tap(k.form.submit)
	r.sees("cerebras/main")
	if !p.added[1].PolicyRead {
		t.Error("it was sent unread")
	}
}

func TestAFailureKeepsTheFormAndShowsNoKey(t *testing.T) {
	p := &program{snap: serving(), fail: map[string]error{"add": errNo}, hold: make(chan struct{})}
	r, k := keysRig(t, p)
	k.openForm()
	k.form.provider.SetSelected("Cerebras")
	test.Type(k.form.secret, canary)
	test.Tap(k.form.submit)
	r.sees("Storing the key…")
	if !k.form.submit.Disabled() {
		t.Error("a busy form can be sent twice")
	}
	k.form.send()
	r.asked("add cerebras main")
	close(p.hold)
	r.sees("The disk is full.")
	if k.form.secret.Text != canary || k.form.submit.Disabled() {
		t.Error("it cannot be tried again")
	}
	if n := len(p.called()); n != 1 {
		t.Errorf("%d calls", n)
	}
	if strings.Contains(test.RenderToMarkup(r.u.win.Canvas()), canary) || strings.Contains(r.text(), canary) {
		t.Error("the key can be read in the window")
	}
}

func TestTheVerbsOfAKey(t *testing.T) {
	p := &program{snap: fourKeys()}
	p.snap.Keys[1].State, p.snap.Keys[1].Reason = state.Parked, "key rejected"
	r, k := keysRig(t, p)
	r.sees("cerebras/b", "parked", "environment")
	k.list.Select(1)
	r.sees("Key rejected.", "Use again now")
	tests := []struct{ button, call, says string }{
		{"Test", "test cerebras b", "works: 2 models"},
		{"Use again now", "retry cerebras b", "It is used again from now on."},
		{"Disable", "enable cerebras b false", ""},
	}
	for _, tt := range tests {
		r.tap(tt.button)
		r.asked(tt.call)
		r.until("rest", func() bool { return !k.card.busy })
		r.sees(tt.says)
	}
	test.Tap(k.card.up)
	r.asked("move cerebras b before a")
	r.until("rest", func() bool { return !k.card.busy })
	test.Tap(k.card.down)
	r.asked("move cerebras b before")
	r.until("rest", func() bool { return !k.card.busy })
	k.card.name.SetText("office")
	test.Tap(k.card.rename)
	r.asked("rename cerebras b office")
	r.until("the key by its new name", func() bool { return k.selected == keyID{"cerebras", "office"} })
	if k.card.title.Text != "cerebras/office" || k.card.name.Text != "office" {
		t.Errorf("the card shows %q", k.card.title.Text)
	}
}

func TestMovesAtTheEnds(t *testing.T) {
	p := &program{snap: fourKeys()}
	r, k := keysRig(t, p)
	k.list.Select(0)
	if !k.card.up.Disabled() || k.card.down.Disabled() {
		t.Error("the first key: up or down is wrong")
	}
	test.Tap(k.card.down)
	r.asked("move cerebras a before c")
	r.until("rest", func() bool { return !k.card.busy })
	k.list.Select(2) // the last that can be moved: the environment's follows
	if k.card.up.Disabled() || !k.card.down.Disabled() {
		t.Error("the last key: up or down is wrong")
	}
}

func TestRemovingAsksOnce(t *testing.T) {
	p := &program{snap: fourKeys()}
	r, k := keysRig(t, p)
	k.list.Select(0)
	r.tap("Remove…")
	r.sees("Remove cerebras/a?")
	r.tap("Keep it")
	if strings.Contains(r.text(), "Remove cerebras/a?") || len(p.called()) != 0 {
		t.Fatal("keeping it does not keep it")
	}
	r.tap("Remove…")
	r.tap("Remove it")
	r.asked("remove cerebras a")
	r.until("the key to go", func() bool { return !strings.Contains(r.text(), "cerebras/a") })
	if k.selected != (keyID{}) {
		t.Error("a key that is gone is selected")
	}
}

func TestAKeyOfTheEnvironmentIsReadOnly(t *testing.T) {
	r, k := keysRig(t, &program{snap: fourKeys()})
	k.list.Select(3)
	r.sees("This key comes from CEREBRAS_API_KEY.", "Test")
	if k.card.own.Visible() {
		t.Error("it can be changed")
	}
}

func TestAVerbThatFailsSaysSoBesideTheKey(t *testing.T) {
	p := &program{snap: fourKeys(), fail: map[string]error{"test": errNo}, hold: make(chan struct{})}
	r, k := keysRig(t, p)
	k.list.Select(0)
	r.tap("Test")
	r.sees("Testing cerebras/a…")
	if !k.card.test.Disabled() || !k.card.remove.Disabled() {
		t.Error("a busy key can be asked twice")
	}
	close(p.hold)
	r.sees("The disk is full.")
	if k.card.test.Disabled() {
		t.Error("it cannot be tried again")
	}
}

func TestAnotherKeysAnswerDoesNotShowOnThisOne(t *testing.T) {
	p := &program{snap: fourKeys(), hold: make(chan struct{})}
	r, k := keysRig(t, p)
	k.list.Select(0)
	r.tap("Test")
	r.asked("test cerebras a")
	k.list.Select(1)
	close(p.hold)
	r.until("rest", func() bool { return !k.card.busy })
	if strings.Contains(r.text(), "works: 2 models") {
		t.Error("b shows what a's test said")
	}
}

// accents are the buttons that a page is for, by their texts.
func (r *rig) accents() []string {
	var out []string
	walk(r.u.win.Content(), func(o fyne.CanvasObject) {
		if b, ok := o.(*button); ok && b.Importance == widget.HighImportance {
			out = append(out, b.Text)
		}
	})
	return out
}

func TestAPageHasOneButtonThatItIsFor(t *testing.T) {
	p := &program{snap: serving(desktopKey("desk")), fail: map[string]error{"add": &Needs{What: "replace", Text: "it is there already"}}}
	r := newRig(t, p, host)
	want := func(where, button string) {
		t.Helper()
		if got := r.accents(); len(got) != 1 || got[0] != button {
			t.Errorf("%s: %q, want %q", where, got, button)
		}
	}
	r.u.turn(tabKeys)
	want("the keys", "Add key")
	r.u.addKey()
	f := r.u.keysPage().form
	r.until("the providers", func() bool { return len(f.providers) > 0 })
	f.provider.SetSelected("Cerebras")
	f.secret.SetText("csk-desk-0123456789abcdef")
	want("the form", "Add key")
	if r.u.keysPage().add.Importance == widget.HighImportance {
		t.Error("it is the one that opened the form")
	}
	test.Tap(f.submit)
	r.sees("It is there already.")
	want("the question", "Replace it")
	f.name.SetText("other")
	want("the question no longer holds", "Add key")
	f.leave()
	want("the keys again", "Add key")
}

func TestAKeysStateCanBeCopiedAsItStandsThere(t *testing.T) {
	p := &program{snap: serving(desktopKey("desk"))}
	r := newRig(t, p, host)
	r.u.showKey("cerebras", "desk")
	card := r.u.keysPage().card
	copied := func() string {
		test.Tap(card.copy)
		return r.desk.Clipboard().Content()
	}
	r.until("the card", func() bool { return card.title.Text != "" })
	if got := copied(); got != "cerebras/desk: ready" {
		t.Errorf("copied %q", got)
	}
	now := time.Now()
	r.u.now = func() time.Time { return now }
	until := now.Add(11 * time.Second)
	p.set(func() {
		p.snap.Keys[0].State, p.snap.Keys[0].CoolUntil, p.snap.Keys[0].Reason = state.Cooling, until, "tokens per minute used up"
	})
	r.publish(event.KeyChanged{
		Time: now, Provider: "cerebras", Key: "desk", State: state.Cooling, CoolUntil: until, Reason: "tokens per minute used up",
	})
	r.sees("back in 0:11")
	for _, figure := range []string{"0:11", "0:10", "0:09"} {
		if got, want := copied(), "cerebras/desk: back in "+figure+". Tokens per minute used up."; got != want {
			t.Errorf("copied %q, want %q", got, want)
		}
		now = now.Add(time.Second)
		r.u.draw(news{})
	}
	now = until
	r.u.draw(news{})
	if got := copied(); got != "cerebras/desk: ready" {
		t.Errorf("after the cooldown copied %q", got)
	}
}
