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
	r.sees("Start at login", "In the tray, so that connected agents always find it.")
	s.turn("Routing basics")
	r.sees("Cooldown", "fixed by CEREBRAS_COOLDOWN")
	s.turn("Server")
	r.sees("Address", "default · after a restart")
	row := s.rows["addr"]
	if row.save.Visible() {
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

func TestSettingsThatCannotBeReadAreTold(t *testing.T) {
	p := &program{snap: serving(), fail: map[string]error{"settings": errNo, "providers": errNo}}
	r := newRig(t, p, host)
	r.u.turn(tabSettings)
	r.sees("The disk is full.")
	r.u.addKey()
	r.sees("Add a key", "The disk is full.")
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
	s.turn("Server")
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

func TestAWrongValueIsToldWhileItIsTyped(t *testing.T) {
	p := &program{snap: serving(), settings: someSettings()}
	r, s := settingsRig(t, p)
	s.turn("Server")
	row := s.rows["addr"]
	row.entry.SetText("")
	test.Type(row.entry, "wrong")
	r.sees("Must be right.")
	if !row.save.Disabled() {
		t.Error("it can be saved")
	}
	test.Type(row.entry, "er")
	if strings.Contains(r.text(), "Must be right.") || row.save.Disabled() {
		t.Error("it is right and told to be wrong")
	}
	if len(p.called()) > 0 {
		t.Errorf("written while it was typed: %q", p.called())
	}
}

func TestAChoiceAndASettingNobodyKnowsAreShown(t *testing.T) {
	p := &program{snap: serving(), settings: append(someSettings(),
		state.Setting{Name: "log_level", Value: "info", Kind: "choice", Options: []string{"info", "debug"}, Origin: "default"},
		state.Setting{Name: "short_wait", Value: "3s", Kind: "duration", Origin: "default"},
	)}
	r, s := settingsRig(t, p)
	s.turn("Others")
	r.sees("Short wait")
	s.turn("Logging and privacy")
	s.rows["log_level"].choice.SetSelected("debug")
	r.asked("set log_level debug")
	s.turn("About")
	r.sees("0.1.0 · go1.26", "/home/me/settings.toml", "fyne.io/fyne/v2")
	s.about.list.Select(0)
	if got := r.desk.opened; len(got) != 1 || got[0] != "https://pkg.go.dev/fyne.io/fyne/v2@v2.8.0?tab=licenses" {
		t.Errorf("opened %q", got)
	}
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
