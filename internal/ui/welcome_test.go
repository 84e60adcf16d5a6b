package ui

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

func firstQuestions() []Question {
	return []Question{
		{ID: "start", Text: "How to begin?", Options: []Option{{"demo", "Look around"}, {"key", "Add a key now"}}},
		{ID: "bodies", Text: "May bodies be kept?", Options: []Option{{"no", "No"}, {"yes", "Yes"}}},
	}
}

func firstStart(t *testing.T, p *program) *rig {
	t.Helper()
	p.questions = firstQuestions()
	p.snap = serving()
	p.snap.AtLogin = state.SwitchedOff
	r := newRig(t, p, host)
	r.sees("Welcome to glmtray", "May bodies be kept?")
	return r
}

func TestLookingAroundAsksOnceAndKeepsNoBodies(t *testing.T) {
	p := &program{}
	r := firstStart(t, p)
	r.u.turn(tabLog)
	if !strings.Contains(r.text(), "Welcome") {
		t.Error("the questions can be lost from sight")
	}
	r.tap("Look around")
	r.asked("answer start demo")
	r.asked("answer bodies no")
	r.until("the overview", func() bool { return r.u.open != nil && r.u.open.name == tabOverview })
}

func TestAnAnswerThatCannotBeKeptIsSaid(t *testing.T) {
	r := firstStart(t, &program{fail: map[string]error{"answer": errNo}})
	r.tap("Look around")
	r.sees("The disk is full.")
	r.tap("Ask me later")
	if r.u.open == nil || r.u.open.name != tabOverview {
		t.Error("there is no way on")
	}
}

func TestWhoHasAKeyIsAskedAboutBodiesOnly(t *testing.T) {
	p := &program{snap: serving(desktopKey("desk")), questions: firstQuestions()[1:]}
	r := newRig(t, p, host)
	r.sees("May bodies be kept?")
	var group *widget.RadioGroup
	r.walk(func(o fyne.CanvasObject) {
		if g, ok := o.(*widget.RadioGroup); ok {
			group = g
		}
	})
	group.SetSelected("Yes")
	r.tap("Continue")
	r.asked("answer bodies yes")
	r.until("the overview", func() bool { return r.u.open != nil && r.u.open.name == tabOverview })
}

// clicks counts what a person clicks; what is pasted is no click.
type clicks struct {
	r *rig
	n int
}

func (c *clicks) tap(text string) {
	c.r.t.Helper()
	c.r.until("the button "+text, func() bool {
		ok := false
		c.r.walk(func(o fyne.CanvasObject) {
			b, is := o.(*button)
			ok = ok || is && b.Text == text && !b.Disabled()
		})
		return ok
	})
	c.r.tap(text)
	c.n++
}

func TestAFirstStartLeadsToAConnectedAgentInSixClicks(t *testing.T) {
	p := &program{agents: someAgents()}
	r := firstStart(t, p)
	c := &clicks{r: r}
	c.tap("Add a key now")
	r.sees("Your first key", "2 of 4")
	f := r.u.keysPage().form
	r.until("a provider", func() bool { return f.current().ID == "cerebras" })
	c.n += 2 // opening the list and choosing in it, for whoever has another provider
	if r.u.win.Canvas().Focused() != f.secret {
		t.Error("one has to click to paste the key")
	}
	test.Type(f.secret, "csk-1")
	c.tap("Add key")
	r.asked("add cerebras main")
	r.asked("test cerebras main")
	r.sees("Connect your agents", "works: 2 models", "+  \"ANTHROPIC_BASE_URL\"")
	if !r.check("Claude Code").Checked || r.check("Codex CLI").Checked {
		t.Error("Claude Code is ticked beforehand, and nothing else")
	}
	if slices.Contains(p.called(), "connect claude-code") {
		t.Error("it was written before the diff was seen")
	}
	c.tap("Connect")
	r.asked("connect claude-code")
	r.asked("set start_at_login true")
	if c.n > 6 {
		t.Errorf("it takes %d clicks", c.n)
	}
	r.sees("A first request", "Connected Claude Code")
	r.tap("Ask for a hello")
	r.sees("“Hello there.”")
	r.tap("Done")
	if r.u.open == nil || r.u.open.name != tabOverview || f.after != nil || f.cancel.Text != "Cancel" {
		t.Error("the first start is not over")
	}
}

func TestEveryStepCanBeSkipped(t *testing.T) {
	p := &program{agents: someAgents()}
	r := firstStart(t, p)
	c := &clicks{r: r}
	c.tap("Add a key now")
	c.tap("Skip")
	r.sees("Connect your agents")
	r.until("the plans", func() bool { return strings.Contains(r.text(), "Codex CLI") })
	c.tap("Skip")
	r.sees("A first request")
	c.tap("Done")
	if got := p.called(); slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "connect") || strings.HasPrefix(s, "add") }) {
		t.Errorf("done: %q", got)
	}
}

func TestAKeyThatDoesNotAnswerIsToldAndTheWayGoesOn(t *testing.T) {
	p := &program{fail: map[string]error{"test": errors.New("key rejected"), "connect": errNo}, agents: someAgents()}
	r := firstStart(t, p)
	c := &clicks{r: r}
	c.tap("Add a key now")
	f := r.u.keysPage().form
	r.until("a provider", func() bool { return f.current().ID != "" })
	test.Type(f.secret, "csk-1")
	c.tap("Add key")
	r.sees("Key rejected.")
	c.tap("Continue")
	c.tap("Connect")
	r.sees("The disk is full.")
	c.tap("Skip")
	r.sees("A first request")
}

func TestWithoutAnAgentTheFirstStartSaysWhereToLook(t *testing.T) {
	r := firstStart(t, &program{agents: someAgents()[2:]})
	c := &clicks{r: r}
	c.tap("Add a key now")
	c.tap("Skip")
	r.sees("No coding agent was found")
	c.tap("Continue")
	r.sees("A first request")
}

func TestWhatIsToldAtAFirstStartStays(t *testing.T) {
	addKey := func(p *program) (*rig, *clicks) {
		r := firstStart(t, p)
		c := &clicks{r: r}
		c.tap("Add a key now")
		f := r.u.keysPage().form
		r.until("a provider", func() bool { return f.current().ID != "" })
		test.Type(f.secret, "csk-1")
		c.tap("Add key")
		return r, c
	}
	t.Run("an agent that cannot be looked at beside one that can", func(t *testing.T) {
		r, _ := addKey(&program{agents: someAgents(), fail: map[string]error{"plan codex true": errNo}})
		r.sees("+  \"ANTHROPIC_BASE_URL\"", "works: 2 models\nThe disk is full.")
	})
	t.Run("the key's test where there is no agent", func(t *testing.T) {
		r, _ := addKey(&program{agents: someAgents()[2:]})
		r.sees("No coding agent was found", "works: 2 models")
	})
	t.Run("the first of two agents", func(t *testing.T) {
		p := &program{agents: someAgents(), fail: map[string]error{"connect codex": errNo}}
		r, c := addKey(p)
		r.sees("Codex CLI")
		r.check("Codex CLI").SetChecked(true)
		c.tap("Connect")
		r.sees("Connected Claude Code to http://127.0.0.1:18080. New Claude Code sessions use it.\nThe disk is full.")
	})
	t.Run("a system that starts nothing at login is not asked to", func(t *testing.T) {
		p := &program{agents: someAgents()}
		r, c := addKey(p)
		r.sees("Codex CLI")
		p.set(func() { p.snap.AtLogin = state.Unknown })
		r.until("that it is not known", func() bool {
			r.u.pump.wake()
			return r.u.st.AtLogin() == state.Unknown
		})
		c.r.u.welcome.connect()
		r.until("the plans", func() bool { return strings.Contains(r.text(), "Codex CLI") })
		if strings.Contains(r.text(), "Start glmtray at login") {
			t.Error("it is offered")
		}
	})
}
