package ui

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/ui/state"
)

func routingRig(t *testing.T) (*rig, *program, *routing) {
	t.Helper()
	p := &program{snap: serving(desktopKey("desk")), contents: contents{rules: state.Rules{
		Origin: "default", Default: true, Targets: []string{"cerebras/large", "zai/large"},
		List: []state.Rule{
			{Was: "long", Name: "long", TokensOver: 120_000, Use: []string{"zai/large"}},
			{Was: "everything", Name: "everything", Use: []string{"cerebras/large", "zai/large"}, Canary: "5 % to zai/glm-5.3 first"},
		},
	}}}
	r := newRig(t, p, host)
	r.u.turn(tabRouting)
	page := r.u.open.page.(*routing)
	r.sees("long", "over 120,000 tokens", "every other request", "cerebras/large", "no key", "(5 % to zai/glm-5.3 first)", "These are the default ones.")
	return r, p, page
}

func TestARuleIsChangedAndWritten(t *testing.T) {
	r, p, page := routingRig(t)
	if !page.save.Disabled() {
		t.Error("nothing was changed, and it can be saved")
	}
	page.choose(0)
	page.editor.tokens.SetText("100k")
	page.editor.model.SetText("*opus*")
	page.editor.targets.SetSelected("cerebras/large")
	r.sees("over 100,000 tokens and model *opus*")
	if got := page.editor.use.Text; got != "zai/large, cerebras/large" {
		t.Errorf("targets %q", got)
	}
	r.tap("Save")
	r.asked("set rules")
	r.sees("Saved. It holds from the next request on.", "from settings.toml:3")
	if got := p.rules.List[0]; got.TokensOver != 100_000 || got.Model != "*opus*" || len(got.Use) != 2 {
		t.Errorf("written: %+v", got)
	}
}

func TestWhatIsWrongWithARuleStandsBesideTheField(t *testing.T) {
	r, _, page := routingRig(t)
	page.choose(0)
	page.editor.tokens.SetText("many")
	r.sees("Must be a whole number of tokens, or nothing.")
	page.editor.tokens.SetText("")
	r.sees("It holds for every request, so no rule after it is ever reached")
	page.editor.model.SetText("*x*")
	page.editor.use.SetText("acme/large")
	r.sees("There is no provider acme.")
	if !page.save.Disabled() {
		t.Error("it can be saved")
	}
	r.tap("Undo")
	if page.dirty() || strings.Contains(r.text(), "acme") {
		t.Error("it is not undone")
	}
}

func TestRulesAreAddedMovedAndRemoved(t *testing.T) {
	r, p, page := routingRig(t)
	r.tap("Add a rule")
	page.editor.name.SetText("opus")
	test.Tap(page.rows[1].up)
	names := func(list []state.Rule) (out string) {
		for _, rule := range list {
			out += rule.Name + " "
		}
		return out
	}
	if got := names(page.draft); got != "opus long everything " || page.chosen != 0 {
		t.Fatalf("%s, chosen %d", got, page.chosen)
	}
	test.Tap(page.rows[1].drop)
	r.tap("Save")
	r.until("the table", func() bool { return names(page.rules.List) == "opus everything " && !page.dirty() && !page.busy })
	p.set(func() { p.fail = map[string]error{"set rules": errNo} })
	page.choose(0)
	page.editor.name.SetText("sonnet")
	r.tap("Save")
	r.sees("The disk is full.")
	if page.draft[0].Name != "sonnet" {
		t.Error("the draft is lost")
	}
}

func TestADryRunLooksAtNowAndAhead(t *testing.T) {
	r, p, page := routingRig(t)
	p.way = func(q DryRun) (state.Explanation, error) {
		x := state.Explanation{Facts: "openai dialect", Rule: "everything", Rules: []event.Tried{{Rule: "everything", Matched: true, Reason: "no other rule matched"}}}
		step := state.Step{Target: "zai/large", Key: "plan", Verdict: "taken"}
		if q.In > 0 {
			step = state.Step{Target: "cerebras/large", Key: "desk", Verdict: "taken"}
		}
		x.Steps = []state.Step{step}
		return x, nil
	}
	if !page.dry.ask.Disabled() {
		t.Error("nothing can be asked")
	}
	page.dry.body.SetText("{}")
	r.tap("Which way would it go?")
	r.asked("explain  {} 0s")
	r.asked("explain  {} 1m0s")
	r.sees("Goes to zai/large with key plan, by the rule everything.", "Goes to cerebras/large with key desk", "openai dialect")

	r.publish(ended("a"))
	r.until("the request", func() bool { return len(r.u.st.Decisions(1)) == 1 })
	page.opened()
	page.dry.recent.SetSelectedIndex(0)
	r.asked("explain a  0s")
	r.until("both answers", func() bool { return !page.dry.busy })
	page.dry.body.SetText("{ }")
	if page.dry.id != "" || page.dry.recent.Selected != "" {
		t.Error("a body is typed, and the request is meant")
	}
	p.set(func() { p.way = nil })
	r.tap("Which way would it go?")
	r.sees("This is no request.")
}

func TestUsageIsAPictureAndATable(t *testing.T) {
	used := func(name string, n int) state.Used {
		return state.Used{Name: name, Requests: n, Prompt: 2000, Cached: 500, Completion: 900, Cost: 0.42, Priced: n}
	}
	p := &program{snap: serving(), contents: contents{usage: map[string]state.Usage{
		state.PeriodToday: {
			Period: state.PeriodToday, Hourly: true, Total: used("", 3), Times: []state.Used{{Start: time.Now()}, used("", 3)},
			Providers: []state.Used{used("cerebras", 3)}, Clients: []state.Used{used("codex", 3)}, Saved: 90 * time.Second, Against: "zai",
		},
		state.PeriodWeek: {Period: state.PeriodWeek, Total: state.Used{}, Times: []state.Used{{Start: time.Now()}}},
	}}}
	r := newRig(t, p, host)
	r.u.turn(tabUsage)
	page := r.u.open.page.(*usage)
	r.sees("3 requests, 0 failed · 2.0k tokens in, 500 of them cached · 900 out", "Cost: $0.42", "cerebras", "Time saved: 1 min 30 s, against what zai would have taken")
	if len(page.chart.values) != 2 || page.chart.values[1][0] != 900 || page.chart.values[1][1] != 1500 || page.chart.values[1][2] != 500 {
		t.Errorf("the picture shows %v", page.chart.values)
	}
	page.chart.Resize(fyne.NewSize(200, 100))
	page.chart.MouseMoved(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(150, 10)}})
	r.sees("3 requests, 2.0k tokens in, 500 of them cached, 900 out · $0.42")
	page.chart.MouseOut()
	r.tap("By client")
	r.sees("codex")
	r.tap("7 days")
	r.asked("usage week")
	r.sees("Nothing was used in this time.")
	if strings.Contains(r.text(), "Time saved") {
		t.Error("time is saved that nobody knows of")
	}
	p.set(func() { p.fail = map[string]error{"usage": errNo} })
	r.tap("30 days")
	r.sees("The disk is full.")
}

func TestAKeyIsProbedGivenAnAccountAndItsPolicyTold(t *testing.T) {
	zai := state.Key{Provider: "zai", ProviderName: "Z.ai", Name: "plan", Endpoint: "plan", Origin: state.FromKeychain, State: state.Ready}
	p := &program{snap: serving(zai)}
	r, k := keysRig(t, p)
	r.until("the providers", func() bool { return len(k.form.providers) > 0 })
	k.list.Select(0)
	r.sees("The coding plan is for coding tools.", "Keys of one account share its limits")
	r.tap("Open the policy")
	if len(r.desk.opened) != 1 || r.desk.opened[0] != "https://z.ai/policy" {
		t.Errorf("opened %v", r.desk.opened)
	}
	r.tap("Probe now")
	r.asked("probe zai plan")
	r.sees("It works, and is used from now on.")
	k.card.account.SetText("office")
	r.tap("Set")
	r.asked("account zai plan office")
	r.sees("Its account is changed.")
}

func TestKeysThatShareTheirLimitsAreJoinedAtAClick(t *testing.T) {
	desk, home := desktopKey("desk"), desktopKey("home")
	desk.SharesWith, home.SharesWith = "home", "desk"
	home.Account = "private"
	p := &program{snap: serving(desk, home)}
	r, k := keysRig(t, p)
	k.list.Select(0)
	r.sees("What is left of cerebras/home moves with this key's")
	r.tap("Give them one account")
	r.asked("account cerebras desk private")
	r.sees("They are one account now.")
	p.set(func() {
		for i := range p.snap.Keys {
			p.snap.Keys[i].SharesWith = ""
		}
	})
	r.u.redraw()
	r.until("nothing more to join", func() bool { return !k.card.shared.Visible() })
}

func TestAProviderIsPinnedFromTheOverview(t *testing.T) {
	p := &program{snap: serving(desktopKey("desk"))}
	r := newRig(t, p, host)
	o := r.u.open.page.(*overview)
	p.set(func() { p.snap.Server.Pinned, p.snap.Server.PinUntil = "cerebras", time.Now().Add(pinFor) })
	o.pin.SetSelected("Pin Cerebras for 15 min")
	r.asked("pin cerebras 15m0s")
	r.until("until when it is pinned", func() bool { return strings.HasPrefix(o.pin.PlaceHolder, "cerebras until ") })
	o.pin.SetSelected("End the pin")
	r.asked("pin  0s")
}

func TestTheOverviewShowsWhatIsLeftAndHowFastItIs(t *testing.T) {
	p := &program{snap: serving(desktopKey("desk"))}
	p.snap.Limits = []state.Limit{{Provider: "cerebras", Account: "desk", Kind: "tokens", Window: "minute", Limit: 100, Remaining: 71, Reset: time.Now().Add(time.Hour)}}
	r := newRig(t, p, host)
	r.sees("tokens", "71 %")
	e := ended("a")
	e.Time, e.Stream, e.FirstByte, e.Took = time.Now().Add(-time.Second), true, 210*time.Millisecond, 710*time.Millisecond
	e.Tokens.Completion = 520
	r.publish(e)
	r.sees("1,040 tok/s", "0.21 s")
	o := r.u.open.page.(*overview)
	if o.tick(time.Now()) != 500*time.Millisecond {
		t.Error("the line of the speed stands still")
	}
	r.u.hide()
	r.u.opt.TrayHost = false
	if out := r.u.draw(news{}); out.next != 0 {
		t.Errorf("nobody looks, and a timer of %s is wished for", out.next)
	}
}

func TestTargetsThatHaveNoRoomAreCounted(t *testing.T) {
	test.NewTempApp(t)
	label := func(text string) fyne.CanvasObject { return widget.NewLabel(text) }
	chain := []fyne.CanvasObject{label("cerebras/large"), label("synthetic/large"), label("zai/large"), label("")}
	more := chain[3].(*widget.Label)
	whole := float32(0)
	for _, o := range chain[:3] {
		whole += o.MinSize().Width
	}
	f := asManyAsFit{}
	for _, tt := range []struct {
		width float32
		shown int
		more  string
	}{{whole, 3, ""}, {whole - 1, 2, "+1"}, {whole * 0.6, 1, "+2"}, {10, 0, "+3"}, {whole + 100, 3, ""}} {
		f.Layout(chain, fyne.NewSize(tt.width, rowHeight))
		shown := 0
		for _, o := range chain[:3] {
			if o.Visible() {
				shown++
			}
		}
		if shown != tt.shown || more.Text != tt.more {
			t.Errorf("%v wide: %d are shown and %q stands behind", tt.width, shown, more.Text)
		}
		if end := more.Position().X + more.MinSize().Width; tt.more != "" && shown > 0 && end > tt.width {
			t.Errorf("%v wide: it ends at %v", tt.width, end)
		}
	}
}
