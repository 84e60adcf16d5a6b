package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/ui/state"
)

func ended(id string) event.Finished {
	return event.Finished{
		ID: id, Time: time.Now(), Client: "codex", Asked: "sonnet", Provider: "cerebras", Model: "gpt-oss-120b", Key: "home",
		Rule: "everything", Reason: "no other rule applies", Status: 200, Outcome: "ok", Attempts: 2,
	}
}

func exchange(id string) state.Exchange {
	return state.Exchange{
		Finished: ended(id),
		Tries: []state.Try{
			{Provider: "cerebras", Model: "gpt-oss-120b", Key: "desk", Status: 429, Class: "rate limited", Reason: "tokens per minute used up"},
			{Provider: "cerebras", Model: "gpt-oss-120b", Key: "home", Status: 200, Class: "ok"},
		},
		Why: event.Why{
			Estimate: 1204, Rules: []event.Tried{
				{Rule: "long context", Reason: "1,204 tokens, not over 120,000"}, {Rule: "everything", Matched: true, Reason: "no other rule applies"},
			},
			Passed: []event.Passed{{Provider: "cerebras", Key: "old", State: state.Cooling, Reason: "too many", Wait: 10500 * time.Millisecond}},
		},
		Sent: state.Body{Text: "{\n  \"question\": \"which " + id + "\"\n}", Size: 4812},
		Got:  state.Body{Text: "{\n  \"answer\": \"this " + id + "\"\n}", Size: 5 << 20, Cut: true},
	}
}

// pane is the pane of the page of requests.
func (r *rig) pane() *requestPane { return r.requests().pane }

func (r *rig) requests() *requests {
	for _, t := range r.u.tabs {
		if p, ok := t.page.(*requests); ok {
			return p
		}
	}
	return nil
}

func openedDetail(t *testing.T) (*rig, *program) {
	t.Helper()
	p := &program{snap: serving(desktopKey("desk")), exchanges: map[string]state.Exchange{"a": exchange("a"), "b": exchange("b")}}
	r := newRig(t, p, host)
	r.publish(ended("a"))
	r.sees("codex")
	r.u.open.page.(*overview).decisions.Select(0)
	r.asked("exchange a")
	return r, p
}

func TestADecisionOpensWithItsTriesAndWhatWasSaid(t *testing.T) {
	r, _ := openedDetail(t)
	r.sees("everything: no other rule applies · about 1,204 tokens · 2 tries", "cerebras/home, model gpt-oss-120b", "codex",
		"Rules", "long context", "1,204 tokens, not over 120,000", "Keys passed over", "cerebras/old", "cooling, back in 0:11: too many",
		"Tries", "cerebras/desk", "429 rate limited: tokens per minute used up", "200 ok")
	r.tap("Request")
	r.sees("Request: 4.7 KiB", `  "question": "which a"`)
	r.tap("Answer")
	r.sees("Answer: 5.0 MiB, cut: its beginning only", `  "answer": "this a"`)
	copied := func(what string) string {
		test.Tap(map[string]*textPane{"sent": r.pane().sent, "got": r.pane().got}[what].copy)
		return r.desk.Clipboard().Content()
	}
	if got := copied("sent"); got != exchange("a").Sent.Text {
		t.Errorf("copied %q", got)
	}
	if got := copied("got"); got != exchange("a").Got.Text {
		t.Errorf("copied %q", got)
	}
	r.tap("Copy all")
	if got := r.desk.Clipboard().Content(); !strings.Contains(got, "Try 1: cerebras/desk") || !strings.Contains(got, `"this a"`) {
		t.Errorf("copied %q", got)
	}
	r.u.escape()
	if r.u.open.name != tabOverview {
		t.Errorf("it goes back to %s", r.u.open.name)
	}
}

func TestALineOfTheLogOpensItsRequestAgainAndAgain(t *testing.T) {
	p := &program{snap: serving(desktopKey("desk")), exchanges: map[string]state.Exchange{"a": exchange("a")}}
	r := newRig(t, p, host)
	r.u.turn(tabLog)
	r.publish(event.Logged{Time: time.Now(), Text: "a line of the program"}, ended("a"))
	r.sees("2 / 2 lines")
	l := r.u.open.page.(*logPage)
	l.list.Select(0)
	if r.u.open.page != l {
		t.Fatal("a line without a request opens one")
	}
	for range 2 {
		l.list.Select(1)
		r.sees("everything: no other rule applies")
		r.u.typed(&fyne.KeyEvent{Name: fyne.KeyEscape})
		if r.u.open.page != l {
			t.Fatalf("Escape goes back to %s", r.u.open.name)
		}
	}
	if l.follow.Checked || !l.whole.Visible() {
		t.Error("the log does not stand at the line that was chosen")
	}
}

func TestARequestThatRunsIsShownWholeOnceItHasEnded(t *testing.T) {
	p := &program{snap: serving(desktopKey("desk")), exchanges: map[string]state.Exchange{}}
	r := newRig(t, p, host)
	r.publish(event.Routed{ID: "a", Time: time.Now(), Client: "codex", Model: "sonnet", Rule: "everything", Chain: []string{"cerebras/large"}})
	r.sees("codex")
	r.u.open.page.(*overview).decisions.Select(0)
	r.sees("It still runs.")
	p.set(func() { p.exchanges["a"] = exchange("a") })
	r.publish(ended("a"))
	r.sees("429 rate limited: tokens per minute used up")
	if strings.Contains(r.text(), "It still runs") {
		t.Error("it is said to run still")
	}
	n := strings.Count(fmt.Sprint(p.called()), "exchange")
	for range 5 {
		r.u.draw(news{})
	}
	if strings.Count(fmt.Sprint(p.called()), "exchange") != n {
		t.Error("what is known whole is asked for again")
	}
}

func TestWhatIsNoLongerThereIsSaid(t *testing.T) {
	r, p := openedDetail(t)
	old := exchange("old")
	old.Absent, old.Sent, old.Got = "What was said is no longer in memory.", state.Body{}, state.Body{}
	p.set(func() { p.exchanges["old"] = old })
	r.u.showRequest("old")
	r.sees("Tries", "200 ok")
	for _, part := range []string{"Request", "Answer"} {
		r.tap(part)
		r.sees("What was said is no longer in memory.")
	}
	r.tap("Replay")
	r.sees("It cannot be sent again")
	r.tap("Why")
	r.u.showRequest("unknown")
	r.sees("Nothing is known of this request.")
	if !r.pane().all.Disabled() || strings.Contains(r.text(), "200 ok") {
		t.Errorf("another request's remains:\n%s", r.text())
	}
	r.u.escape()
	if r.u.open.name != tabOverview {
		t.Errorf("it goes back to %s", r.u.open.name)
	}
}

func TestALateAnswerDoesNotReplaceAnotherRequest(t *testing.T) {
	p := &program{snap: serving(desktopKey("desk")), exchanges: map[string]state.Exchange{"a": exchange("a"), "b": exchange("b")}}
	r := newRig(t, p, host)
	hold := make(chan struct{})
	p.set(func() { p.hold = hold })
	r.u.showRequest("a")
	r.asked("exchange a")
	p.set(func() { p.hold = nil })
	r.u.showRequest("b")
	r.tap("Request")
	r.sees("which b")
	close(hold)
	r.u.showRequest("b") // whatever waits is carried out before this is seen
	r.sees("which b")
	if strings.Contains(r.text(), "which a") {
		t.Error("the other one is shown")
	}
}

func TestALargeBodyIsALotOfLinesOfWhichFewAreDrawn(t *testing.T) {
	p := &program{snap: serving(desktopKey("desk"))}
	large := exchange("large")
	large.Sent.Text = strings.Repeat("0123456789", 100_000)
	p.exchanges = map[string]state.Exchange{"large": large}
	r := newRig(t, p, host)
	r.u.showRequest("large")
	r.tap("Request")
	pane := r.pane().sent
	lines := func() []state.FoldLine { return pane.fold.Lines() }
	r.until("its lines", func() bool { return len(lines()) == 60 })
	if !strings.Contains(lines()[59].Text, "more lines") {
		t.Errorf("its last line is %q", lines()[59].Text)
	}
	pane.list.Select(59)
	r.until("all of it", func() bool { return len(lines()) > 1000 })
	if n := len(lines()); n*pane.places < 1_000_000 || (n-1)*pane.places > 1_000_000 {
		t.Errorf("%d lines of %d", n, pane.places)
	}
	if w := fyne.MeasureText(foldNone+lines()[0].Text, textSize, fyne.TextStyle{Monospace: true}).Width; w > pane.list.Size().Width {
		t.Errorf("a line is %v wide, there is room for %v", w, pane.list.Size().Width)
	}
	was := pane.places
	r.u.win.Resize(fyne.NewSize(windowWidth+400, windowHeight))
	if pane.places <= was {
		t.Errorf("a wider window has lines of %d, not of more than %d", pane.places, was)
	}
	if got := len(lines()[0].Text); got != pane.places {
		t.Errorf("a line has %d", got)
	}
}

func TestABodyThatIsTooLargeToBeShownIsCopiedWhole(t *testing.T) {
	x := exchange("a")
	x.Sent.Text = strings.Repeat("€ of words\n", shownMost/10)
	p := &program{snap: serving(desktopKey("desk")), exchanges: map[string]state.Exchange{"a": x}}
	r := newRig(t, p, host)
	r.u.showRequest("a")
	r.until("the request", func() bool { return r.pane().x.ID == "a" })
	r.tap("Request")
	pane := r.pane().sent
	lines := pane.fold.Lines()
	if last := lines[len(lines)-1].Text; !strings.Contains(last, "KiB more: they are copied and saved") {
		t.Errorf("its last line is %q", last)
	}
	test.Tap(pane.copy)
	if got := r.desk.Clipboard().Content(); got != x.Sent.Text {
		t.Errorf("%d bytes of %d are copied", len(got), len(x.Sent.Text))
	}
}
