package ui

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"github.com/glmtray/glmtray/internal/ui/state"
)

func someSettings() []state.Setting {
	return []state.Setting{
		{Name: "addr", Value: "127.0.0.1:18080", Origin: "default", Kind: "text", Restart: true},
		{Name: "cooldown", Value: "60s", Origin: "CEREBRAS_COOLDOWN", Kind: "duration", Fixed: true},
		{Name: "start_at_login", Value: "false", Origin: "default", Kind: "bool"},
	}
}

func settingsRig(t *testing.T, p *program) (*rig, *settings) {
	t.Helper()
	r := newRig(t, p, host)
	r.u.turn(tabSettings)
	s := r.u.open.page.(*settings)
	r.until("the settings", func() bool { return len(s.rows) > 0 })
	return r, s
}

func TestASettingIsShownWithItsOriginAndSaved(t *testing.T) {
	p := &program{snap: serving(), settings: someSettings()}
	r, s := settingsRig(t, p)
	r.sees("Addr", "default · after a restart", "fixed by CEREBRAS_COOLDOWN", "Start at login")
	row := s.rows["addr"]
	if !row.save.Disabled() {
		t.Error("there is nothing to save")
	}
	row.entry.SetText("127.0.0.1:9")
	test.Tap(row.save)
	r.asked("set addr 127.0.0.1:9")
	r.sees("settings.toml · after a restart")
	s.rows["start_at_login"].check.SetChecked(true)
	r.asked("set start_at_login true")
	r.until("rest", func() bool { return !s.rows["start_at_login"].busy && !s.loading })
	if !s.rows["start_at_login"].check.Checked {
		t.Error("the tick is lost")
	}
}

func TestWhatTheEnvironmentFixesIsReadOnly(t *testing.T) {
	p := &program{snap: serving(), settings: someSettings()}
	_, s := settingsRig(t, p)
	row := s.rows["cooldown"]
	if !row.entry.Disabled() || row.save.Visible() {
		t.Error("it can be changed")
	}
	row.send("1s")
	if len(p.called()) != 0 {
		t.Errorf("asked %q", p.called())
	}
}

func TestAWrongValueStaysWithItsErrorBelow(t *testing.T) {
	p := &program{snap: serving(), settings: someSettings(), fail: map[string]error{"set": errors.New("addr: a port is a number up to 65535")}}
	r, s := settingsRig(t, p)
	row := s.rows["addr"]
	row.entry.SetText("x")
	row.entry.OnSubmitted("x")
	r.sees("Addr: a port is a number up to 65535.")
	if row.entry.Text != "x" || row.save.Disabled() {
		t.Error("what was typed is lost")
	}
	s.rows["start_at_login"].check.SetChecked(true)
	r.until("the tick to go back", func() bool { return !s.rows["start_at_login"].check.Checked })
}

func TestReadingTheSettingsAgainLeavesWhatIsTyped(t *testing.T) {
	p := &program{snap: serving(), settings: someSettings()}
	r, s := settingsRig(t, p)
	s.rows["addr"].entry.SetText("half a thou")
	p.set(func() { p.settings[2].Value = "true" })
	r.u.turn(tabOverview)
	r.u.turn(tabSettings)
	r.until("the new value", func() bool { return s.rows["start_at_login"].check.Checked })
	if got := s.rows["addr"].entry.Text; got != "half a thou" {
		t.Errorf("the field says %q", got)
	}
}

func firstQuestions() []Question {
	return []Question{
		{ID: "start", Text: "How to begin?", Options: []Option{{"demo", "Look around"}, {"key", "Add a key now"}}},
		{ID: "bodies", Text: "May bodies be kept?", Options: []Option{{"no", "No"}, {"yes", "Yes"}}},
	}
}

func welcomeOf(r *rig) (w *welcome) {
	r.t.Helper()
	r.sees("Welcome to glmtray", "How to begin?", "May bodies be kept?")
	w = r.u.welcome
	return w
}

func TestTheFirstStartAsksOnceAndOpensWhatWasChosen(t *testing.T) {
	for _, tt := range []struct{ choice, option, page string }{
		{"Look around", "demo", tabOverview}, {"Add a key now", "key", tabKeys},
	} {
		t.Run(tt.option, func(t *testing.T) {
			p := &program{snap: serving(), questions: firstQuestions()}
			r := newRig(t, p, host)
			w := welcomeOf(r)
			r.u.turn(tabLog)
			if !strings.Contains(r.text(), "Welcome") {
				t.Error("the questions can be lost from sight")
			}
			w.answers[0].SetSelected(tt.choice)
			if !w.next.Disabled() {
				t.Error("one question is open")
			}
			w.answers[1].SetSelected("No")
			r.tap("Continue")
			r.asked("answer start " + tt.option)
			r.asked("answer bodies no")
			r.until("the page", func() bool { return r.u.open != nil && r.u.open.name == tt.page })
		})
	}
}

func TestAnAnswerThatCannotBeKeptIsSaid(t *testing.T) {
	p := &program{snap: serving(), questions: firstQuestions(), fail: map[string]error{"answer": errNo}}
	r := newRig(t, p, host)
	w := welcomeOf(r)
	w.answers[0].SetSelected("Look around")
	w.answers[1].SetSelected("Yes")
	r.tap("Continue")
	r.sees("The disk is full.")
	r.tap("Ask me later")
	if r.u.open == nil || r.u.open.name != tabOverview {
		t.Error("there is no way on")
	}
}

func TestAVerbThatNeverAnswersIsGivenUp(t *testing.T) {
	r := newRig(t, &program{snap: serving()}, host)
	var said error
	never := make(chan struct{})
	defer close(never)
	act(r.u, 10*time.Millisecond, func(context.Context) error { <-never; return nil }, func(err error) { said = err })
	r.until("the limit", func() bool { return said != nil })
	if !strings.Contains(said.Error(), "no answer within") {
		t.Errorf("said %v", said)
	}
}
