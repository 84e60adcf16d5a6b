package ui

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/ui/state"
)

var host = Options{TrayHost: true}

func cooling(name string, d time.Duration) event.KeyChanged {
	return event.KeyChanged{
		Time: time.Now(), Provider: "cerebras", Key: name, State: state.Cooling,
		CoolUntil: time.Now().Add(d), Reason: "tokens per minute used up",
	}
}

func TestTheOverviewShowsStateKeysAndDecisions(t *testing.T) {
	p := &program{snap: serving(desktopKey("desk"), desktopKey("home"))}
	r := newRig(t, p, host)
	r.sees("http://127.0.0.1:18080", "2 keys ready", "Cerebras", "desk", "No requests yet", "0.1.0")
	until := time.Now().Add(time.Hour)
	p.set(func() {
		p.snap.Keys[0].State, p.snap.Keys[0].CoolUntil, p.snap.Keys[0].Reason = state.Cooling, until, "tokens per minute used up"
	})
	r.publish(cooling("desk", time.Hour), event.Finished{
		ID: "1", Time: time.Now(), Client: "codex", Asked: "sonnet", Provider: "cerebras", Key: "home",
		Rule: "everything", Status: 200, Outcome: "ok",
	})
	r.sees("back in ", "tokens per minute used up", "1 of 2 keys ready", "codex", "cerebras/home · everything", "1 answered · 0 failed")
	if strings.Contains(r.text(), "No requests yet") {
		t.Error("the page still teaches")
	}
	test.Tap(r.u.tabs[0].page.(*overview).copyURL)
	if got := r.desk.Clipboard().Content(); got != "http://127.0.0.1:18080" {
		t.Errorf("copied %q", got)
	}
}

func TestOneLimitThatIsKnownStandsInItsColumn(t *testing.T) {
	snap := serving(desktopKey("both"), desktopKey("one"))
	limit := func(key, kind string) state.Limit {
		return state.Limit{Provider: "cerebras", Account: key, Kind: kind, Window: "day", Limit: 100, Remaining: 60, Reset: time.Now().Add(time.Hour)}
	}
	snap.Limits = []state.Limit{limit("both", "tokens"), limit("both", "requests"), limit("one", "requests")}
	r := newRig(t, &program{snap: snap}, host)
	r.sees("60 %")
	keys := r.u.page(tabOverview).(*overview).blocks[0].keys
	both, one := keys[0].requests.box, keys[1].requests.box
	if !one.Visible() || keys[1].tokens.box.Visible() || one.Position() != both.Position() || one.Size() != both.Size() {
		t.Errorf("it stands at %v, %v, and the one above at %v, %v", one.Position(), one.Size(), both.Position(), both.Size())
	}
}

func TestALongFailureIsCutInTheBannerAndCopiedWhole(t *testing.T) {
	why := "settings.toml:1: unknown setting; known: " + strings.Repeat("a_setting, ", 90) + "the_last"
	p := &program{snap: serving()}
	p.snap.Server = state.Server{State: state.Failed, Problem: why, WayOut: "mend the file"}
	r := newRig(t, p, host)
	r.sees("Settings.toml:1: unknown setting", "…")
	b := r.u.frame.banner
	if n := len([]rune(b.text.Text)); n > bannerMost {
		t.Errorf("it shows %d characters", n)
	}
	test.Tap(b.copy)
	if got := r.desk.Clipboard().Content(); !strings.HasSuffix(got, "the_last. Mend the file.") {
		t.Errorf("copied %q", got)
	}
}

func TestAnEmptyOverviewTeaches(t *testing.T) {
	r := newRig(t, &program{snap: serving()}, host)
	r.sees("No keys yet", "Point a client at http://127.0.0.1:18080")
	r.tap("Add a key")
	r.sees("Add a key", "paste the key"[:0]+"Provider")
	if r.u.open.name != tabKeys {
		t.Errorf("the page is %s", r.u.open.name)
	}
}

func TestPauseAndResumeInTheWindow(t *testing.T) {
	r := newRig(t, &program{snap: serving(desktopKey("desk"))}, host)
	r.tap("Pause")
	r.asked("pause")
	r.sees("Resume", "Paused: clients are told to wait")
	r.tap("Resume")
	r.asked("resume")
	r.until("nothing to say that it pauses", func() bool { return !strings.Contains(r.text(), "clients are told to wait") })
	r.sees("Pause")
}

func TestACooldownRunsDownWhileSomebodyLooks(t *testing.T) {
	k := desktopKey("desk")
	k.State, k.CoolUntil = state.Cooling, time.Now().Add(1200*time.Millisecond)
	p := &program{snap: serving(k, desktopKey("home"))}
	r := newRig(t, p, host)
	r.sees("back in 0:0")
	r.sees("2 keys ready") // nothing but the clock says so
	r.until("the tray's icon", func() bool { return r.desk.icon == "tray-serving.png" })
}

func TestNothingIsRedrawnWhileHiddenAndNoTimerRunsWithoutACountdown(t *testing.T) {
	p := &program{snap: serving(desktopKey("desk"))}
	r := newRig(t, p, host)
	if o := r.u.draw(news{}); o.next != 0 {
		t.Errorf("nothing cools, and a timer of %s is wished for", o.next)
	}
	r.u.close()
	if r.u.shown {
		t.Fatal("closing did not hide")
	}
	before := r.u.tabs[0].page.(*overview).headline.Text
	p.set(func() { p.snap.Keys[0].State = state.Parked })
	s := p.Snapshot()
	r.u.draw(news{snap: &s})
	if got := r.u.tabs[0].page.(*overview).headline.Text; got != before {
		t.Errorf("a hidden page was redrawn: %q", got)
	}
	if r.desk.icon != "tray-none.png" {
		t.Errorf("the tray shows %s", r.desk.icon)
	}
	r.u.draw(news{events: []event.Event{cooling("desk", 30*time.Second)}})
	if o := r.u.draw(news{}); o.next <= 0 || o.next > 5*time.Second {
		t.Errorf("the hidden window's tray is looked at in %s", o.next)
	}
	r.u.opt.TrayHost = false
	if o := r.u.draw(news{}); o.next != 0 {
		t.Errorf("nobody looks, and a timer of %s is wished for", o.next)
	}
	r.u.reveal()
	if got := r.u.tabs[0].page.(*overview).headline.Text; got == before {
		t.Error("shown again it shows what was")
	}
}

func TestClosing(t *testing.T) {
	tests := []struct {
		name   string
		opt    Options
		hidden bool
	}{
		{"goes to the tray", Options{TrayHost: true}, true},
		{"ends where nobody shows a tray", Options{}, false},
		{"ends if the settings say so", Options{TrayHost: true, CloseToTray: func() bool { return false }}, false},
		{"goes to the tray if the settings say so", Options{TrayHost: true, CloseToTray: func() bool { return true }}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			quits := 0
			tt.opt.Quit = func() { quits++ }
			r := newRig(t, &program{snap: serving()}, tt.opt)
			r.u.close()
			if !tt.hidden {
				r.until("the end", func() bool { return quits == 1 })
			}
			if hidden := !r.u.shown; hidden != tt.hidden || (quits == 1) == tt.hidden {
				t.Errorf("hidden %v, quits %d", hidden, quits)
			}
		})
	}
}

func TestStartingHidden(t *testing.T) {
	ask := []Question{{ID: "bodies", Text: "Keep bodies?", Options: []Option{{"no", "No"}}}}
	var open func()
	r := newRig(t, &program{snap: serving()}, Options{TrayHost: true, StartHidden: true, TrayTap: func(f func()) { open = f }})
	if r.u.shown {
		t.Error("it shows")
	}
	open()
	r.until("a tap on the tray to show it", func() bool { return r.u.shown })

	r = newRig(t, &program{snap: serving()}, Options{StartHidden: true})
	if !r.u.shown {
		t.Error("without a tray it would be lost")
	}
	r.sees("Nobody shows tray icons here")
	r = newRig(t, &program{snap: serving(), questions: ask}, Options{TrayHost: true, StartHidden: true})
	r.until("the questions to show it", func() bool { return r.u.shown })
}

func TestATrayHostThatGoesBringsTheWindowBack(t *testing.T) {
	r := newRig(t, &program{snap: serving()}, Options{TrayHost: true, StartHidden: true})
	r.u.SetTrayHost(false)
	r.until("the window", func() bool { return r.u.shown })
	r.sees("Nobody shows tray icons here")
	r.tap("Got it")
	if strings.Contains(r.text(), "Nobody shows") {
		t.Error("it cannot be put away")
	}
	r.u.Raise()
	r.until("raising", func() bool { return r.u.shown })
}

func TestAProblemStandsAboveEveryPageWithTheWayOut(t *testing.T) {
	p := &program{snap: state.Snapshot{Server: state.Server{
		State: state.Failed, Problem: "port 18080 is taken by python3", WayOut: "choose another port in the settings",
	}}}
	r := newRig(t, p, host)
	for _, tab := range r.u.tabs {
		r.u.turn(tab.name)
		r.sees("Port 18080 is taken by python3. Choose another port in the settings.")
	}
	if r.desk.icon != "tray-error.png" {
		t.Errorf("the tray shows %s", r.desk.icon)
	}
	r.tap("Try again")
	r.asked("resume")
	p.set(func() { p.snap.Server = serving().Server })
	r.u.pump.wake()
	r.until("the banner to go", func() bool { return !strings.Contains(r.text(), "Port 18080") })
}

func TestTheTrayShowsStateKeysAndLastRoute(t *testing.T) {
	quits := 0
	p := &program{snap: serving(desktopKey("desk"), desktopKey("home"))}
	r := newRig(t, p, Options{TrayHost: true, Quit: func() { quits++ }})
	if r.desk.icon != "tray-serving.png" || r.desk.menus != 1 {
		t.Errorf("icon %s, %d menus", r.desk.icon, r.desk.menus)
	}
	until := time.Now().Add(10 * time.Minute)
	p.set(func() { p.snap.Keys[0].State, p.snap.Keys[0].CoolUntil = state.Cooling, until })
	r.publish(cooling("desk", 10*time.Minute), event.Routed{
		ID: "1", Time: time.Now(), Model: "sonnet", Rule: "vision", Reason: "1 image", Chain: []string{"zai/vision"},
	})
	r.until("the cooldown in the menu", func() bool {
		return strings.Contains(r.desk.labels(), "cerebras/desk: back in 10:00") &&
			strings.Contains(r.desk.labels(), "Last: sonnet → zai/vision (vision: 1 image)")
	})
	if r.desk.icon != "tray-cooling.png" {
		t.Errorf("icon %s", r.desk.icon)
	}
	r.desk.item("Copy base URL").Action()
	if r.desk.Clipboard().Content() != "http://127.0.0.1:18080" {
		t.Error("the base URL is not copied")
	}
	r.desk.item("Pause").Action()
	r.asked("pause")
	r.until("Resume in the menu", func() bool { return r.desk.item("Resume") != nil })
	r.u.close()
	r.desk.item("cerebras/home: ready").Action()
	if !r.u.shown || r.u.open.name != tabKeys {
		t.Error("a key's line does not open the keys")
	}
	r.u.close()
	r.desk.item("Open glmtray").Action()
	if !r.u.shown {
		t.Error("Open does not open")
	}
	last := r.desk.menu.Items[len(r.desk.menu.Items)-1]
	if last.Label != "Quit" || !last.IsQuit {
		t.Errorf("the last line is %q: Fyne would add a Quit of its own", last.Label)
	}
	last.Action()
	r.until("the end", func() bool { return quits == 1 })
}

func TestTheMenuIsRebuiltOnlyForALineAndNotTooOften(t *testing.T) {
	r := newRig(t, &program{snap: serving(desktopKey("desk"))}, host)
	now := time.Now()
	r.u.now = func() time.Time { return now }
	r.u.tray.drawn = now
	for range 20 {
		r.u.draw(news{events: []event.Event{event.Logged{Text: "x"}}})
	}
	if r.desk.menus != 1 {
		t.Fatalf("%d menus for nothing", r.desk.menus)
	}
	var o outcome
	for i := range 20 {
		o = r.u.draw(news{events: []event.Event{event.Routed{ID: fmt.Sprint(i), Time: now, Model: fmt.Sprint("m", i), Chain: []string{"a/b"}}}})
	}
	if r.desk.menus != 1 || o.next <= 0 || o.next > trayInterval {
		t.Errorf("%d menus, the next look in %s", r.desk.menus, o.next)
	}
	now = now.Add(trayInterval)
	r.u.draw(news{})
	if r.desk.menus != 2 || !strings.Contains(r.desk.labels(), "m19") {
		t.Errorf("%d menus, %s", r.desk.menus, r.desk.labels())
	}
	r.u.draw(news{events: []event.Event{event.ServerChanged{State: "paused"}}})
	if r.desk.menus != 3 {
		t.Error("a pause has to wait")
	}
}

func TestWithoutATrayTheWindowIsAllThereIs(t *testing.T) {
	u := start(test.NewTempApp(t), &program{snap: serving()}, Options{}, func(func()) {})
	defer u.Close()
	if o := u.draw(news{}); o.next != 0 || !u.shown {
		t.Errorf("%+v", o)
	}
}

func TestShortcutsTurnPagesAlsoFromWithinAField(t *testing.T) {
	r := newRig(t, &program{snap: serving()}, host)
	s := &desktop.CustomShortcut{KeyName: fyne.Key7, Modifier: fyne.KeyModifierShortcutDefault}
	r.u.turn(tabSettings)
	f := r.u.field("")
	r.u.turn(tabLog)
	r.u.win.Canvas().Focus(r.u.open.page.(*logPage).text)
	r.u.turn(tabSettings)
	f.TypedShortcut(s)
	if r.u.win.Canvas().Focused() != nil {
		t.Error("a cursor blinks where nobody sees it")
	}
	if r.u.open.name != tabLog {
		t.Errorf("the page is %s", r.u.open.name)
	}
	f.SetText("abc")
	f.TypedShortcut(&fyne.ShortcutSelectAll{})
	if f.SelectedText() != "abc" {
		t.Error("the field lost its own shortcuts")
	}
}

func TestTheLogIsLiveFilteredAndCopied(t *testing.T) {
	r := newRig(t, &program{snap: serving()}, host)
	r.u.turn(tabLog)
	r.sees("Nothing happened yet")
	r.publish(
		event.Logged{Time: time.Now(), Level: slog.LevelDebug, Text: "a detail"},
		event.Logged{Time: time.Now(), Level: slog.LevelInfo, Text: "listening", Attrs: "addr=127.0.0.1:18080"},
		event.Finished{ID: "1", Time: time.Now(), Asked: "sonnet", Provider: "zai", Key: "plan", Rule: "everything", Status: 502, Outcome: "silent"},
	)
	r.sees("listening  addr=127.0.0.1:18080", "sonnet → zai/plan", "2 / 3 lines")
	l := r.u.open.page.(*logPage)
	if l.empty.Visible() {
		t.Error("the empty page's text stands over the lines")
	}
	test.Type(l.text, "SONNET")
	r.sees("1 / 3 lines")
	l.list.Select(0) // it tells of a request, which opens
	r.until("the request", func() bool { return r.u.open.name == tabRequests })
	r.u.escape()
	test.Tap(l.copyLine)
	if got := r.desk.Clipboard().Content(); !strings.HasSuffix(got, "silent") || !strings.Contains(got, "error") {
		t.Errorf("copied %q", got)
	}
	if l.follow.Checked {
		t.Error("a selected line runs away")
	}
	l.text.SetText("")
	l.level.SetSelected("Errors")
	r.sees("1 / 3 lines")
	l.level.SetSelected("All")
	r.sees("3 / 3 lines")
	r.publish(event.Logged{Time: time.Now(), Text: "later"})
	r.sees("1 new")
	l.follow.SetChecked(true)
	r.sees("later", "4 / 4 lines")
	test.Tap(l.copyAll)
	if got := r.desk.Clipboard().Content(); strings.Count(got, "\n") != 4 {
		t.Errorf("copied %q", got)
	}
	l.text.SetText("nowhere")
	r.sees("No line matches.")
}

func TestDropsAreToldAndTheSnapshotIsReadAgain(t *testing.T) {
	p := &program{snap: serving(desktopKey("desk"))}
	r := newRig(t, p, host)
	r.sees("1 key ready")
	p.set(func() { p.snap.Keys[0].State = state.Parked })
	for i := range 3000 { // its ring holds 1024, and the window's goroutine does nothing meanwhile
		r.publish(event.Logged{Time: time.Now(), Text: fmt.Sprint(i)})
	}
	r.sees("0 of 1 key ready")
	r.u.turn(tabLog)
	r.sees("events came too fast to be shown")
}
