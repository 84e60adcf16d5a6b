package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/secret"
)

// requestNo makes a request whose fields all differ.
func requestNo(i int) Request {
	provider := []string{"cerebras", "zai", "synthetic"}[i%3]
	r := Request{
		Finished: event.Finished{
			ID: fmt.Sprintf("%016x", uint64(i+1)*0x9e3779b97f4a7c15), Time: time.UnixMilli(1_790_000_000_000 + int64(i)).UTC(),
			Client: fmt.Sprint("client-", i%5), Method: "POST", Path: "/v1/chat/completions", Asked: "glm-4.6", Provider: provider,
			Model: "gpt-oss-120b", Key: "desk", Rule: "everything", Reason: "no other rule matched", Attempts: 1, Status: 200,
			Stream: i%2 == 0, Outcome: "ok", In: 1000, Out: 2000,
			Tokens:    event.Tokens{Prompt: 11, Cached: 5, CacheWrite: 1, Completion: 7, Reasoning: 3},
			FirstByte: 20 * time.Millisecond, Took: 120 * time.Millisecond,
		},
		Tries: []Try{{Provider: provider, Model: "gpt-oss-120b", Key: "desk", Status: 200, Class: "ok", Took: time.Millisecond}},
	}
	if r.Stream {
		r.Streamed = 100 * time.Millisecond
		r.TPS = event.Rate(r.Tokens.Completion, r.Streamed)
	}
	if i%10 != 9 {
		cost := 0.000_012_345
		r.Cost, r.CostEquivalent = &cost, provider == "zai"
	} else {
		r.Status, r.Outcome, r.Error = 429, "keys_cooling", "every key of "+provider+" cools"
		r.Tries[0].Status, r.Tries[0].Class, r.Tries[0].Reason = 429, "rate limited", "tokens per minute used up"
	}
	return r
}

func putAll(t testing.TB, s *Store, list ...Request) {
	t.Helper()
	w := NewRequestWriter(s, RequestOptions{})
	for _, r := range list {
		if !w.Put(r) {
			t.Fatal("a record was lost")
		}
	}
	if err := w.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestARequestComesBackAsItWasPut(t *testing.T) {
	s := openAt(t, t.TempDir())
	want := requestNo(9)
	want.Changed = []string{"removed: seed", "renamed: max_tokens"}
	want.Demo = true
	putAll(t, s, want, requestNo(1))
	got, err := s.FindRequest(t.Context(), want.ID[:6])
	if err != nil {
		t.Fatal(err)
	}
	want.N, want.BytesIn, want.BytesOut = 1, want.In, want.Out
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got, err := s.FindRequest(t.Context(), requestNo(1).ID); err != nil || !reflect.DeepEqual(got.Tries, requestNo(1).Tries) || got.Attempts != 1 {
		t.Errorf("the one good try: %+v, %v", got.Tries, err)
	}
	renamed := requestNo(4)
	renamed.Tries[0].Model = "glm-4.6"
	failed := requestNo(5)
	failed.Tries[0].Reason = "why"
	putAll(t, s, renamed, failed)
	for _, want := range []Request{renamed, failed} {
		if got, err := s.FindRequest(t.Context(), want.ID); err != nil || !reflect.DeepEqual(got.Tries, want.Tries) {
			t.Errorf("got %+v, %v, want %+v", got.Tries, err, want.Tries)
		}
	}
	for _, id := range []string{"", "zz", "%"} {
		if _, err := s.FindRequest(t.Context(), id); !errors.Is(err, ErrNoRequest) {
			t.Errorf("%q: %v", id, err)
		}
	}
	twin := requestNo(2)
	twin.ID = want.ID[:6] + "0000000000"
	putAll(t, s, twin)
	if _, err := s.FindRequest(t.Context(), want.ID[:6]); err == nil || !strings.Contains(err.Error(), twin.ID) || !strings.Contains(err.Error(), want.ID) {
		t.Errorf("several fit: %v", err)
	}
}

// Rows of one kind go another way into the table than others.
func TestRowsThatAreAlikeAndRowsThatAreNotKeepTheirOrderAndWhatIsTheirs(t *testing.T) {
	s := openAt(t, t.TempDir())
	var want []Request
	for i := range 5 * requestRows {
		r := requestNo(0)
		own := requestNo(i)
		r.ID, r.Time = own.ID, own.Time
		r.In, r.Out, r.Tokens.Prompt, r.FirstByte, r.Took = int64(i), int64(2*i), i, time.Duration(i)*time.Microsecond, time.Duration(3*i)*time.Microsecond
		r.Tries = []Try{r.goodTry(time.Duration(i) * time.Microsecond)}
		switch {
		case i >= 2*requestRows && i < 3*requestRows:
			r.Changed = []string{"removed: seed"}
		case i == 3*requestRows+7:
			r.Client = "another"
		case i == 4*requestRows+3:
			r.Changed = []string{"removed: seed"}
		}
		want = append(want, r)
	}
	putAll(t, s, want...)
	got, err := s.Requests(t.Context(), RequestQuery{Limit: 1000})
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	slices.Reverse(got)
	for i := range want {
		w := want[i]
		w.N, w.BytesIn, w.BytesOut = int64(i+1), w.In, w.Out
		if !reflect.DeepEqual(got[i], w) {
			t.Errorf("row %d\ngot  %+v\nwant %+v", i, got[i], w)
		}
	}
}

func TestRequestsAreFilteredAndPaged(t *testing.T) {
	s := openAt(t, t.TempDir())
	var list []Request
	for i := range 100 {
		list = append(list, requestNo(i))
	}
	list[40].Rule = "vision"
	list[50].Outcome = "cut" // 200, and yet it failed
	list[51].Asked, list[51].Path, list[51].Status, list[51].Outcome = "100%_x", "/v1/embeddings", 404, "caller's fault"
	putAll(t, s, list...)
	for _, c := range []struct {
		name  string
		q     RequestQuery
		n     int
		first int64
	}{
		{"the newest page", RequestQuery{Limit: 10}, 10, 100},
		{"the next page", RequestQuery{Limit: 10, Before: 91}, 10, 90},
		{"the page behind an id", RequestQuery{Limit: 10, BeforeID: list[90].ID}, 10, 90},
		{"nothing behind an id that nobody has", RequestQuery{BeforeID: "nobody"}, 0, 0},
		{"a rule", RequestQuery{Rule: "vision"}, 1, 41},
		{"a rule of others", RequestQuery{Rule: "vision", Provider: list[41].Provider}, 0, 0},
		{"the default limit", RequestQuery{}, 50, 100},
		{"what is new", RequestQuery{After: 95}, 5, 96},
		{"what is new of one client", RequestQuery{After: 95, Client: "client-0"}, 1, 96},
		{"a provider", RequestQuery{Provider: "zai", Limit: 100}, 33, 98},
		{"nobody's provider", RequestQuery{Provider: "nobody"}, 0, 0},
		{"a status", RequestQuery{Status: "429", Limit: 100}, 10, 100},
		{"a class of statuses", RequestQuery{Status: "4xx", Limit: 100}, 11, 100},
		{"all that failed", RequestQuery{Status: "error", Limit: 100}, 12, 100},
		{"since", RequestQuery{Since: list[90].Time, Limit: 100}, 10, 100},
		{"a model as asked for", RequestQuery{Model: "100%_x"}, 1, 52},
		{"a model as it answered", RequestQuery{Model: "gpt-oss-120b", Limit: 1000}, 100, 100},
		{"a word in either case", RequestQuery{Grep: "KEY OF ZAI", Limit: 100}, 3, 80},
		{"a word of a try", RequestQuery{Grep: "tokens per minute", Limit: 100}, 10, 100},
		{"a percent sign is one", RequestQuery{Grep: "0%_"}, 1, 52},
		{"a path", RequestQuery{Grep: "embeddings"}, 1, 52},
		{"several at once", RequestQuery{Provider: "zai", Status: "error", Grep: "cools", Before: 80}, 2, 50},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := s.Requests(t.Context(), c.q)
			if err != nil || len(got) != c.n || c.n > 0 && got[0].N != c.first {
				t.Fatalf("%d requests, %v, first %+v; want %d, first %d", len(got), err, firstOf(got), c.n, c.first)
			}
			for i := 1; i < len(got); i++ {
				if (got[i].N > got[i-1].N) != (c.q.After > 0) {
					t.Errorf("wrong order: %d after %d", got[i].N, got[i-1].N)
				}
			}
		})
	}
	for _, bad := range []string{"6xx", "99", "600", "bad", "4x", "-1"} {
		if _, err := s.Requests(t.Context(), RequestQuery{Status: bad}); err == nil {
			t.Errorf("status %q was taken", bad)
		}
	}
	if n, err := s.LastRequest(t.Context()); n != 100 || err != nil {
		t.Errorf("last %d, %v", n, err)
	}
}

func firstOf(list []Request) any {
	if len(list) == 0 {
		return "none"
	}
	return list[0].N
}

func TestKeysAreTakenOutOfRecordsAndLongTextsAreCut(t *testing.T) {
	s := openAt(t, t.TempDir())
	key := "opaque-0123456789abcdef"
	scrub := new(secret.Scrubber)
	scrub.Set(secret.New(key))
	w := NewRequestWriter(s, RequestOptions{Scrub: scrub})
	r := requestNo(0)
	r.Error, r.Asked = "your key "+key+" is wrong", "csk-0123456789abcdef0123456789"
	r.Reason = strings.Repeat("é", 5000)
	r.Tries[0].Reason = "wrong key " + key
	w.Put(r)
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := s.FindRequest(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%+v", got); strings.Contains(text, "0123456789abcdef") || strings.Count(text, secret.Mark) != 3 {
		t.Error(text)
	}
	if len(got.Reason) > maxRequestText+8 || !strings.HasSuffix(got.Reason, "é…") {
		t.Errorf("a reason of %d bytes", len(got.Reason))
	}
}

func TestRecordsWaitForALockedDatabaseAndAreLostOnlyWhenTheQueueIsFull(t *testing.T) {
	s := openAt(t, t.TempDir())
	var log strings.Builder
	const room = 100
	one := requestNo(0)
	w := NewRequestWriter(s, RequestOptions{QueueBytes: room * one.weight(), Log: slog.New(slog.NewTextHandler(&log, nil))})
	// Whoever holds the one writing connection holds up the writer.
	tx, err := s.writer.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for range room + 7 {
		if w.Put(one) {
			kept++
		}
	}
	if kept != room || w.Dropped() != 7 {
		t.Errorf("%d were kept, %d lost", kept, w.Dropped())
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := s.LastRequest(t.Context()); n != room || err != nil {
		t.Errorf("%d are written, %v", n, err)
	}
	if !strings.Contains(log.String(), "lost=7") {
		t.Errorf("the log says nothing of it:\n%s", log.String())
	}
	if w.Put(one) {
		t.Error("a closed writer took a record")
	}
}

// idleWriter is a writer that writes only when flush is called.
func idleWriter(s *Store) *RequestWriter {
	return &RequestWriter{
		store: s, opt: RequestOptions{QueueBytes: 1 << 40, Log: slog.New(slog.DiscardHandler)},
		wake: make(chan struct{}, 1), full: make(chan struct{}, 1),
	}
}

func TestAfterAFailureNothingIsWrittenTwiceAndNothingIsMissing(t *testing.T) {
	s := openAt(t, t.TempDir())
	var log strings.Builder
	exec := func(text string) {
		t.Helper()
		if _, err := s.writer.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	exec(`CREATE TRIGGER full BEFORE INSERT ON requests WHEN new.id = 'bad' BEGIN SELECT raise(ABORT, 'disk full'); END`)
	w := idleWriter(s)
	w.opt.Log = slog.New(slog.NewTextHandler(&log, nil))
	bad := requestNo(1)
	bad.ID = "bad"
	for _, r := range []Request{requestNo(0), bad, requestNo(2)} {
		w.Put(r)
	}
	if w.flush() == nil {
		t.Fatal("it was written")
	}
	if w.flush() == nil {
		t.Fatal("it was written the second time")
	}
	exec(`DROP TRIGGER full`)
	defer w.finalize()
	if err := w.flush(); err != nil {
		t.Fatal(err)
	}
	if len(w.queue) != 0 || w.bytes != 0 {
		t.Errorf("%d records, %d bytes still wait", len(w.queue), w.bytes)
	}
	got, err := s.Requests(t.Context(), RequestQuery{})
	if err != nil || len(got) != 3 || got[2].ID != requestNo(0).ID || got[1].ID != "bad" {
		t.Errorf("%d records, %v", len(got), err)
	}
	if text := log.String(); strings.Count(text, "request records wait") != 1 || !strings.Contains(text, "written again") {
		t.Errorf("the log:\n%s", text)
	}
}

func TestADatabaseOfTheFirstVersionIsMigrated(t *testing.T) {
	dir := t.TempDir()
	old, err := openWith(t.Context(), dir, nil, migrations()[:1])
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Remember(t.Context(), "port", "18081", time.Time{}); err != nil {
		t.Fatal(err)
	}
	closed(t, old)
	s := openAt(t, dir)
	putAll(t, s, requestNo(0))
	if _, _, err := s.AddClient(t.Context(), "desk"); err != nil {
		t.Error(err)
	}
	if v, ok, err := s.Recall(t.Context(), "port"); v != "18081" || !ok || err != nil {
		t.Errorf("port %q %v %v", v, ok, err)
	}
	if copies, _ := filepath.Glob(filepath.Join(dir, "glmtray.before-2-*.db")); len(copies) != 1 {
		t.Errorf("copies %q", copies)
	}
	if len(s.Notices()) != 0 {
		t.Errorf("notices %q", s.Notices())
	}
}
