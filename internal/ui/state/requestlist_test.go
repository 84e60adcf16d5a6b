package state

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

var midday = time.Date(2026, 11, 28, 12, 0, 0, 0, time.Local)

// costs is the price of every request here, in USD.
var costs = 0.42

func endedAt(i int) event.Finished {
	return event.Finished{
		ID: fmt.Sprint("r", i), Time: midday.Add(time.Duration(i) * time.Second), Client: "codex", Asked: "sonnet", Provider: "cerebras",
		Model: "gpt-oss-120b", Key: "desk", Rule: "everything", Status: 200, Outcome: "ok", Attempts: 1, Stream: true,
		Tokens: event.Tokens{Prompt: 131_000, Cached: 2000, Completion: 420}, FirstByte: 210 * time.Millisecond, Took: 1210 * time.Millisecond,
		Streamed: time.Second, TPS: 420, Cost: &costs,
	}
}

func ids(l *Requests) string {
	v := l.View()
	var out []string
	for i := range v.Len() {
		out = append(out, v.At(i).ID)
	}
	return strings.Join(out, " ")
}

func recordedPage(from, to int) []Request {
	var page []Request
	for i := from; i >= to; i-- {
		e := endedAt(i)
		r := RequestOf(&e)
		r.N = int64(i)
		page = append(page, r)
	}
	return page
}

func TestRequestsThatRunStandOnTopAndWhatEndedFollows(t *testing.T) {
	s := New(Snapshot{})
	l := s.Requests()
	s.Apply(event.Routed{ID: "a", Time: midday, Model: "sonnet", Tokens: 1204, Rule: "everything", Chain: []string{"cerebras/gpt-oss-120b"}})
	s.Apply(event.Routed{ID: "b", Time: midday.Add(time.Second), Model: "sonnet", Chain: []string{"zai/glm-5.3"}})
	s.Apply(endedAt(1))
	if got := ids(l); got != "b a r1" {
		t.Errorf("got %s", got)
	}
	v := l.View()
	row := v.At(1).Row(midday.Add(3500 * time.Millisecond))
	if row.Took != "3" || row.In != "~1.2k" || row.Mark != Waiting || row.Status != "–" {
		t.Errorf("a row that runs: %+v", row)
	}
	e := endedAt(0)
	e.ID = "a"
	s.Apply(e)
	if got := ids(l); got != "b a r1" || l.View().running[0].ID != "b" {
		t.Errorf("after its end: %s", got)
	}
	v = l.View()
	row = v.At(1).Row(midday)
	want := RequestRow{
		ID: "a", Mark: Good, Time: "12:00:00", Client: "codex", Asked: "sonnet", Target: "cerebras/gpt-oss-120b", Rule: "everything",
		Status: "200", In: "131k", Cached: "2.0k", Out: "420", First: "0.21", Speed: "420", Took: "1.21", Cost: "$0.42",
	}
	if row != want {
		t.Errorf("row  %+v\nwant %+v", row, want)
	}
}

func TestOlderRequestsComeByPagesAndNoneTwice(t *testing.T) {
	s := New(Snapshot{})
	l := s.Requests()
	for i := 1000; i < 1010; i++ {
		s.Apply(endedAt(i))
	}
	if _, ok := l.Want(0, midday); ok {
		t.Fatal("nobody looks, and a page is asked for")
	}
	l.Open(true)
	q, ok := l.Want(0, midday)
	if !ok || q.Before != 0 || q.BeforeID != "" || q.Limit != RequestPage {
		t.Fatalf("the first page: %+v, %v", q, ok)
	}
	if _, ok := l.Want(0, midday); ok {
		t.Error("it is asked for twice")
	}
	s.Apply(endedAt(1010)) // meanwhile, and the page has it as well
	l.Page(q, recordedPage(1010, 1011-RequestPage))
	v := l.View()
	if v.Len() != RequestPage || v.At(0).ID != "r1010" || v.At(RequestPage-1).ID != fmt.Sprint("r", 1011-RequestPage) {
		t.Fatalf("%d rows, from %s to %s", v.Len(), v.At(0).ID, v.At(v.Len()-1).ID)
	}
	if _, ok := l.Want(10, midday); ok {
		t.Error("the end is far, and a page is asked for")
	}
	q, ok = l.Want(v.Len()-50, midday)
	if !ok || q.Before != int64(1011-RequestPage) {
		t.Fatalf("the second page: %+v, %v", q, ok)
	}
	l.Page(q, recordedPage(1010-RequestPage, 1001-RequestPage))
	if _, ok := l.Want(600, midday); ok || !l.Whole() {
		t.Error("a page that is not full is not the last")
	}
	stale := q
	l.SetFilter(RequestFilter{Client: "codex"})
	l.Page(stale, recordedPage(5, 1))
	if v := l.View(); v.Find("r5", v.Len()) >= 0 {
		t.Error("an answer to an earlier question is taken")
	}
	if q, ok := l.Want(0, midday); !ok || q.Client != "codex" || q.Before != 0 {
		t.Errorf("another filter asks %+v, %v", q, ok)
	}
	s.Load(Snapshot{})
	if _, ok := l.Want(0, midday); !ok {
		t.Error("after events were lost the records are not read again")
	}
}

func TestWhatTheRecordsHaveBeforeItsEventIsToldStandsThereOnce(t *testing.T) {
	for _, c := range []struct {
		name        string
		first, then []int // requests whose end is told before the page comes, and after
	}{
		{"none was told", nil, []int{7, 8, 9}},
		{"some were told", []int{6, 7}, []int{8, 9, 10}},
		{"all were told", []int{7, 8, 9}, []int{10}},
		{"none is recorded", []int{10, 11}, []int{12}},
	} {
		l := New(Snapshot{}).Requests()
		l.Open(true)
		for _, i := range c.first {
			e := endedAt(i)
			l.finished(&e)
		}
		q, _ := l.Want(0, midday)
		l.Page(q, recordedPage(9, 1))
		want := 9
		for _, i := range append(c.first, c.then...) {
			want = max(want, i)
		}
		for _, i := range c.then {
			e := endedAt(i)
			l.finished(&e)
		}
		var all []string
		for i := want; i > 0; i-- {
			all = append(all, fmt.Sprint("r", i))
		}
		if got := ids(l); got != strings.Join(all, " ") {
			t.Errorf("%s: %s, want %s", c.name, got, all)
		}
	}
}

func TestAPageThatCouldNotBeHadIsAskedForAgain(t *testing.T) {
	s := New(Snapshot{})
	l := s.Requests()
	l.Open(true)
	q, ok := l.Want(0, midday)
	if !ok {
		t.Fatal("no page is asked for")
	}
	l.Failed(q, midday)
	if _, ok := l.Want(0, midday.Add(askAgain-time.Millisecond)); ok {
		t.Error("it is asked for with every frame")
	}
	if l.Whole() {
		t.Error("the list is said to be whole")
	}
	if d := s.RequestTick(midday.Add(time.Second)); d != askAgain-time.Second {
		t.Errorf("a frame is wished for in %s", d)
	}
	later := midday.Add(askAgain)
	again, ok := l.Want(0, later)
	if !ok || again != q {
		t.Fatalf("then %+v is asked for, %v", again, ok)
	}
	l.Failed(again, later)
	l.Again() // a person does not want to wait
	if _, ok := l.Want(0, later); !ok {
		t.Error("a person cannot have it asked for at once")
	}
	l.Page(again, recordedPage(5, 1))
	if d := s.RequestTick(later); d != 0 || !l.Whole() {
		t.Errorf("after it has come a frame is wished for in %s; whole: %v", d, l.Whole())
	}
}

func TestRowsWithoutANumberAreFollowedByTheirID(t *testing.T) {
	s := New(Snapshot{})
	l := s.Requests()
	for i := range unrecorded + 5 {
		s.Apply(endedAt(i))
	}
	if v := l.View(); v.Len() != unrecorded {
		t.Fatalf("%d rows while nobody looks", v.Len())
	}
	l.Open(true)
	q, _ := l.Want(unrecorded, midday)
	l.Page(q, recordedPage(unrecorded+4, unrecorded+5-RequestPage)) // all known
	q, ok := l.Want(unrecorded, midday)
	if !ok || q.BeforeID != "r5" {
		t.Errorf("what follows is asked for by %+v, %v", q, ok)
	}
}

func TestAFilterShowsWhatFits(t *testing.T) {
	zai := endedAt(1)
	zai.Provider, zai.Rule, zai.Client = "zai", "vision", "opencode"
	failed := endedAt(2)
	failed.Status, failed.Outcome, failed.Error = 429, "keys_cooling", "every key of Cerebras cools"
	cut := endedAt(3)
	cut.Outcome = "broken off"
	tests := []struct {
		name   string
		filter RequestFilter
		want   string
	}{
		{"everything", RequestFilter{}, "run r3 r2 r1 r0"},
		{"a provider", RequestFilter{Provider: "zai"}, "r1"},
		{"a client", RequestFilter{Client: "codex"}, "run r3 r2 r0"},
		{"a rule", RequestFilter{Rule: "vision"}, "r1"},
		{"a status", RequestFilter{Status: "429"}, "r2"},
		{"a class", RequestFilter{Status: "2xx"}, "r3 r1 r0"},
		{"what failed", RequestFilter{Status: "error"}, "r3 r2"},
		{"a word in either case", RequestFilter{Text: "KEY OF"}, "r2"},
		{"nothing", RequestFilter{Text: "nowhere"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := New(Snapshot{})
			s.Apply(endedAt(0))
			s.Requests().SetFilter(tt.filter)
			s.Apply(event.Routed{ID: "run", Time: midday, Client: "codex", Model: "sonnet", Rule: "everything", Chain: []string{"cerebras/x"}})
			for _, e := range []event.Finished{zai, failed, cut} {
				s.Apply(e)
			}
			if got := ids(s.Requests()); got != tt.want {
				t.Errorf("as they come: %s, want %s", got, tt.want)
			}
			s.Requests().Reload()
			if got := ids(s.Requests()); got != tt.want {
				t.Errorf("anew: %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAViewThatStandsStillMovesOnlyWhenItGoesOn(t *testing.T) {
	s := New(Snapshot{})
	l := s.Requests()
	s.Apply(endedAt(1))
	s.Apply(event.Routed{ID: "a", Time: midday, Model: "sonnet"})
	l.Pause(true)
	s.Apply(endedAt(2))
	s.Apply(event.Routed{ID: "b", Time: midday, Model: "sonnet"})
	ended := endedAt(3)
	ended.ID = "a"
	s.Apply(ended)
	if got := ids(l); got != "a r1" {
		t.Errorf("it shows %s", got)
	}
	v := l.View()
	if row := v.At(0).Row(midday); row.Status != "200" || row.Mark != Good {
		t.Errorf("one that ended meanwhile: %+v", row)
	}
	if n, more := l.Waiting(); n != 2 || more {
		t.Errorf("%d wait, more %v", n, more)
	}
	l.Pause(false)
	if got := ids(l); got != "b a r2 r1" {
		t.Errorf("then it shows %s", got)
	}
	l.Pause(true)
	for i := range unrecorded + 10 {
		s.Apply(endedAt(100 + i))
	}
	if n, more := l.Waiting(); n != unrecorded || !more {
		t.Errorf("%d wait, more %v", n, more)
	}
	l.Pause(false)
	if got := l.View().l.rows.at(0).ID; got != fmt.Sprint("r", 100+unrecorded+9) {
		t.Errorf("the newest is %s", got)
	}
}

func TestTheRingGrowsAtBothEnds(t *testing.T) {
	var r ring
	for i := range 1000 {
		r.pushFront(Request{N: int64(i)})
		r.pushBack(Request{N: int64(-i - 1)})
	}
	for i := range 2000 {
		if want := int64(999 - i); r.at(i).N != want {
			t.Fatalf("at %d stands %d, want %d", i, r.at(i).N, want)
		}
	}
	r.popBack()
	if r.n != 1999 || r.at(1998).N != -999 || r.at(1999) != nil || r.at(-1) != nil {
		t.Error("the last is still there")
	}
}

func BenchmarkARowOfAHundredThousand(b *testing.B) {
	s := New(Snapshot{})
	l := s.Requests()
	l.Open(true)
	for i := range RequestsShown {
		e := endedAt(i)
		l.put(&e)
	}
	v := l.View()
	if v.Len() != RequestsShown {
		b.Fatal(v.Len())
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i = (i + 7919) % v.Len()
		if v.At(i).Row(midday).ID == "" {
			b.Fatal("an empty row")
		}
	}
}

func TestARequestWhoseEndASnapshotBringsRunsNoLonger(t *testing.T) {
	s := New(Snapshot{})
	s.Apply(event.Routed{ID: "a", Time: midday, Model: "sonnet"})
	s.Update(Snapshot{Decisions: []Decision{{ID: "a", Time: midday, Status: 200, Outcome: "ok"}}})
	if n := s.Counts().Running; n != 0 {
		t.Errorf("%d run", n)
	}
	e := endedAt(0)
	e.ID = "a"
	s.Apply(e)
	if got := ids(s.Requests()); got != "a" || s.Counts().Running != 0 {
		t.Errorf("after its event: %s", got)
	}
}

func TestRowsThatRunTickTogether(t *testing.T) {
	s := New(Snapshot{})
	if d := s.RequestTick(midday); d != 0 {
		t.Errorf("nothing runs, and a timer of %s is wished for", d)
	}
	for i, id := range []string{"a", "b", "c"} {
		s.Apply(event.Routed{ID: id, Time: midday.Add(time.Duration(i) * 300 * time.Millisecond), Model: "sonnet"})
	}
	if d := s.RequestTick(midday.Add(2400 * time.Millisecond)); d != 600*time.Millisecond {
		t.Errorf("they are looked at in %s", d)
	}
}
