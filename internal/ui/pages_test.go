package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/ui/state"
)

func records(n int) []state.Request {
	list := make([]state.Request, n)
	for i := range list {
		e := ended(fmt.Sprint("old", i))
		e.Provider = []string{"cerebras", "zai"}[i%2]
		list[i] = state.RequestOf(&e)
		list[i].N, list[i].Time = int64(n-i), list[i].Time.Add(-time.Duration(i)*time.Second)
		list[i].Prompt, list[i].Completion, list[i].Took = 100+i%5000, 10+i%777, time.Duration(i%9999)*time.Millisecond
	}
	return list
}

func requestsRig(t *testing.T, p *program) (*rig, *requests) {
	t.Helper()
	r := newRig(t, p, host)
	r.u.turn(tabRequests)
	return r, r.requests()
}

func TestRequestsAreLiveFilteredAndGoBackIntoTheRecords(t *testing.T) {
	p := &program{snap: serving(desktopKey("desk")), contents: contents{records: records(1200)}}
	r, q := requestsRig(t, p)
	r.until("the first page", func() bool { return q.view.Len() == state.RequestPage })
	r.publish(event.Routed{ID: "a", Time: time.Now(), Client: "codex", Model: "sonnet", Tokens: 131_000, Rule: "vision", Chain: []string{"zai/glm-4.6v"}})
	r.until("one that runs, on top", func() bool { return q.view.Running() == 1 && q.view.At(0).ID == "a" })
	if got := q.count(time.Now()); got != "1" {
		t.Errorf("the rail counts %q", got)
	}
	done := ended("a")
	done.Rule = "vision"
	r.publish(done)
	r.until("its end", func() bool { return q.view.Running() == 0 && q.view.At(0).ID == "a" && !q.view.At(0).Running })
	q.list.ScrollToBottom()
	r.u.redraw()
	r.until("the next page", func() bool { return q.view.Len() > state.RequestPage+1 })
	r.asked(fmt.Sprintf("requests before %d  of %+v", 1200-state.RequestPage+1, state.RequestFilter{}))

	q.picks[0].box.SetSelected("zai")
	r.until("those of zai alone", func() bool {
		for i := range q.view.Len() {
			if q.view.At(i).Provider != "zai" {
				return false
			}
		}
		return q.view.Len() > 100
	})
	q.picks[0].box.SetSelectedIndex(0)
	test.Type(q.text, "nowhere")
	r.asked(fmt.Sprintf("requests before 0  of %+v", state.RequestFilter{Text: "nowhere"}))
}

func TestAnEmptyListOfRequestsTeaches(t *testing.T) {
	r, q := requestsRig(t, &program{snap: serving()})
	r.sees("No requests yet. Point a client at http://127.0.0.1:18080")
	q.text.SetText("x")
	r.sees("No request matches.")
	if r.u.search(); r.u.win.Canvas().Focused() != q.text {
		t.Error("Ctrl+F does not go to the search")
	}
}

func TestRecordsThatCannotBeReadAreToldAtTheFoot(t *testing.T) {
	p := &program{snap: serving(), contents: contents{records: records(3)}, fail: map[string]error{"requests": errNo}}
	r, q := requestsRig(t, p)
	r.sees("The older ones cannot be read now. The disk is full.", "Try again")
	p.set(func() { p.fail = nil })
	r.tap("Try again")
	r.until("the records", func() bool { return q.view.Len() == 3 })
	if text := r.text(); strings.Contains(text, "The disk is full.") || strings.Contains(text, "Try again") {
		t.Errorf("what is over is still told:\n%s", text)
	}
}

func TestRecordsThatCannotBeReadAreReadAgainByThemselves(t *testing.T) {
	all := records(2 * state.RequestPage)
	p := &program{snap: serving(), contents: contents{records: all}}
	r, q := requestsRig(t, p)
	r.until("a page of records", func() bool { return q.view.Len() == state.RequestPage })
	p.set(func() { p.fail = map[string]error{"requests": errNo} })
	q.page(state.RequestPage - 1) // somebody has scrolled to the end
	r.sees("The disk is full.")
	p.set(func() { p.fail = nil })
	at := time.Now().Add(time.Minute)
	r.u.now = func() time.Time { return at }
	r.u.redraw()
	r.until("the page that follows", func() bool { return q.view.Len() == len(all) })
}

func TestAListOfRequestsThatStandsStill(t *testing.T) {
	r, q := requestsRig(t, &program{snap: serving(desktopKey("desk")), contents: contents{records: records(3)}})
	r.until("the records", func() bool { return q.view.Len() == 3 })
	test.Tap(q.pause)
	r.publish(ended("new"))
	r.sees("1 new one waits", "Go on")
	if q.view.Len() != 3 {
		t.Error("it moves")
	}
	test.Tap(q.pause)
	r.until("what waited", func() bool { return q.view.Len() == 4 && q.view.At(0).ID == "new" })
}

func TestTheRowUnderThePointerIsShownWhole(t *testing.T) {
	r, q := requestsRig(t, &program{snap: serving(desktopKey("desk")), contents: contents{records: records(3)}})
	r.until("the records", func() bool { return q.view.Len() == 3 })
	l := q.newLine().(*line)
	q.fillLine(1, l)
	l.MouseIn(&desktop.MouseEvent{})
	if !strings.Contains(q.foot.Text, "asked for sonnet · went to zai/gpt-oss-120b · key home · rule everything") ||
		!strings.HasPrefix(q.foot2.Text, "200 ok · 2 attempts · ") {
		t.Errorf("the foot says %q, %q", q.foot.Text, q.foot2.Text)
	}
	l.MouseOut()
	if !strings.Contains(q.foot.Text, "3 requests") {
		t.Errorf("the foot says %q", q.foot.Text)
	}
}

func TestWhatIsLookedAtStaysWhereItIs(t *testing.T) {
	r, q := requestsRig(t, &program{snap: serving(desktopKey("desk")), contents: contents{records: records(400)}})
	r.until("the records", func() bool { return q.view.Len() == 400 })
	q.list.ScrollToOffset(1000)
	r.publish(ended("x"), ended("y"))
	r.until("two more rows", func() bool { return q.view.Len() == 402 })
	if got := q.list.GetScrollOffset(); got != 1000+2*rowHeight {
		t.Errorf("the offset is %v", got)
	}
}

func TestColumnsGoWhereThereIsLittleRoom(t *testing.T) {
	g := requestGrid()
	shown := func(width float32) (names string) {
		for i, p := range g.fit(width) {
			if p.w > 0 {
				names += g.columns[i].name + " "
			}
		}
		return names
	}
	if got := shown(1600); !strings.Contains(got, "Cost") || !strings.Contains(got, "Cached") {
		t.Errorf("a wide window has %s", got)
	}
	narrow := shown(leastWidth - railWidth - 2*apart)
	for _, name := range []string{"Time", "Asked", "Went to", "Status", "Took"} {
		if !strings.Contains(narrow, name) {
			t.Errorf("a narrow window lacks %s: %s", name, narrow)
		}
	}
	for _, width := range []float32{700, 900, 1100, 3000} {
		places := g.fit(width)
		end := float32(0)
		for _, p := range places {
			if p.w > 0 && p.x < end {
				t.Errorf("%v: a column begins at %v, within the one before, which ends at %v", width, p.x, end)
			}
			end = max(end, p.x+p.w)
		}
		if end > width+0.01 {
			t.Errorf("%v: the columns end at %v", width, end)
		}
	}
}

func TestATextThatIsTooLongIsCutWithAnEllipsis(t *testing.T) {
	test.NewTempApp(t)
	for _, mono := range []bool{false, true} {
		style := fyne.TextStyle{Monospace: mono}
		cut := fitText("cerebras/gpt-oss-120b", 80, textSize, style, false)
		if !strings.HasSuffix(cut, "…") || fyne.MeasureText(cut, textSize, style).Width > 80 {
			t.Errorf("%q is %v wide", cut, fyne.MeasureText(cut, textSize, style).Width)
		}
		if got := fitText("short", 200, textSize, style, false); got != "short" {
			t.Errorf("got %q", got)
		}
	}
}

func TestANameThatIsTooLongKeepsBothEnds(t *testing.T) {
	test.NewTempApp(t)
	cut := fitText("synthetic/syn:large:vision", 110, textSize, fyne.TextStyle{}, true)
	if !strings.HasPrefix(cut, "synt") || !strings.HasSuffix(cut, "vision") || !strings.Contains(cut, "…") {
		t.Errorf("got %q", cut)
	}
	if w := fyne.MeasureText(cut, textSize, fyne.TextStyle{}).Width; w > 110 {
		t.Errorf("%q is %v wide", cut, w)
	}
}

func TestAWindowOfItsFirstSizeHasEveryColumnOfTheRequests(t *testing.T) {
	_, q := requestsRig(t, &program{snap: serving()})
	for i, p := range q.grid.fit(q.list.Size().Width) {
		if p.w == 0 {
			t.Errorf("there is no room for %s in %v", q.grid.columns[i].name, q.list.Size().Width)
		}
	}
}

func TestARequestIsSentOnceMoreToAnotherProvider(t *testing.T) {
	now := exchange("again")
	now.Provider, now.Model, now.Got.Text = "zai", "glm-5.3", `{"choices":[{"message":{"content":"another answer"}}]}`
	zai := state.Key{Provider: "zai", ProviderName: "Z.ai", Name: "plan", Origin: state.FromKeychain, State: state.Ready}
	p := &program{
		snap: serving(desktopKey("desk"), zai), exchanges: map[string]state.Exchange{"a": exchange("a")}, hold: nil,
		contents: contents{answer: now},
	}
	r := newRig(t, p, host)
	r.u.showRequest("a")
	r.sees("no other rule applies")
	r.tap("Replay")
	if !r.button("Send once more").Disabled() {
		t.Error("it can be sent to nobody")
	}
	r.pane().replay.provider.SetSelected("Z.ai")
	r.tap("Send once more, with your key of Z.ai")
	r.asked("replay a zai")
	r.sees("Then: cerebras/gpt-oss-120b · ", "this a", "Now: zai/glm-5.3 · ", "another answer")

	p.set(func() { p.fail = map[string]error{"replay": errNo} })
	r.tap("Send once more, with your key of Z.ai")
	r.sees("The disk is full.")
	if r.pane().replay.send.Disabled() {
		t.Error("it cannot be tried again")
	}
}

func TestARequestIsCopiedAsACommandAndSaved(t *testing.T) {
	p := &program{snap: serving(desktopKey("desk")), exchanges: map[string]state.Exchange{"a": exchange("a")}}
	r := newRig(t, p, host)
	r.u.showRequest("a")
	r.sees("no other rule applies")
	r.tap("Copy as curl")
	if got := r.desk.Clipboard().Content(); !strings.HasPrefix(got, "curl 'http://127.0.0.1:18080") || !strings.Contains(got, `"which a"`) {
		t.Errorf("copied %q", got)
	}
	dir := t.TempDir()
	r.tap("Save…")
	r.u.escape()
	if r.u.dialog != nil || r.u.win.Canvas().Overlays().Top() != nil {
		t.Error("Escape is no answer")
	}
	r.tap("Save…")
	folder, err := storage.ListerForURI(storage.NewFileURI(dir))
	if err != nil {
		t.Fatal(err)
	}
	r.u.dialog.SetLocation(folder)
	for _, o := range test.LaidOutObjects(r.u.win.Canvas().Overlays().Top()) {
		if b, ok := o.(*widget.Button); ok && b.Text == "Save" {
			test.Tap(b)
		}
	}
	r.sees("Saved as " + dir + "/glmtray-request-")
	files, err := filepath.Glob(filepath.Join(dir, "glmtray-request-*-a.txt"))
	if err != nil || len(files) != 1 {
		t.Fatalf("written: %v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil || !strings.Contains(string(text), `"which a"`) || !strings.Contains(string(text), "Rule long context") {
		t.Errorf("%s has %q, %v", files[0], text, err)
	}
	test.Tap(r.pane().more)
	if strings.Contains(r.text(), "any provider") {
		t.Error("the list is still there")
	}
	r.u.escape()
	if r.u.open.name != tabOverview {
		t.Errorf("Escape leads to %s", r.u.open.name)
	}
}

func BenchmarkTheListOfAHundredThousandRequests(b *testing.B) {
	test.NewTempApp(b)
	s := state.New(state.Snapshot{})
	q := &requests{u: &UI{st: s}, grid: requestGrid()}
	s.Requests().Open(true)
	page := records(state.RequestPage)
	for n := 0; n < state.RequestsShown; n += len(page) {
		want, ok := s.Requests().Want(n, time.Now())
		if !ok {
			b.Fatal(n)
		}
		s.Requests().Page(want, page)
	}
	q.view, q.at = s.Requests().View(), time.Now()
	if q.view.Len() != state.RequestsShown {
		b.Fatal(q.view.Len())
	}
	rows := make([]*line, 24) // that a window shows
	for i := range rows {
		rows[i] = q.newLine().(*line)
		rows[i].Resize(fyne.NewSize(900, rowHeight-tight))
	}
	at := 0
	b.ResetTimer()
	for b.Loop() { // a frame of a scroll: every row shows another request
		at = (at + 7919) % (q.view.Len() - len(rows))
		for i, l := range rows {
			q.fillLine(at+i, l)
		}
	}
}

// What nobody can read is drawn less often.
func TestWhereMoreComesThanCanBeReadFramesAreCalmer(t *testing.T) {
	many := func(n int) (events []event.Event) {
		for i := range n {
			events = append(events, ended(fmt.Sprint(n, "-", i)))
		}
		return events
	}
	r, q := requestsRig(t, &program{snap: serving(desktopKey("desk")), contents: contents{records: records(3)}})
	r.until("the records", func() bool { return q.view.Len() == 3 })
	for _, page := range []string{tabRequests, tabLog} {
		r.u.turn(page)
		r.u.draw(news{events: many(1)}) // whatever was there is seen now
		seen := int(q.list.Size().Height / rowHeight)
		for n, want := range map[int]time.Duration{2: calm, seen/2 - 1: calm, seen/2 + 1: calmest, 900: calmest} {
			if o := r.u.draw(news{events: many(n)}); o.rest != want {
				t.Errorf("%s: %d more, and the next frame is %s off", page, n, o.rest)
			}
		}
		if o := r.u.draw(news{}); o.rest != calm {
			t.Errorf("%s: nothing came, and the next frame is %s off", page, o.rest)
		}
	}
	r.u.hide()
	if o := r.u.draw(news{events: many(1)}); o.rest != calmer {
		t.Errorf("nobody looks, and the next frame is %s off", o.rest)
	}
}
