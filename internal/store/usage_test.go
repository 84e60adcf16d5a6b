package store

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

func usageOf(t *testing.T, s *Store, q UsageQuery) []UsageGroup {
	t.Helper()
	list, err := s.Usage(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// summed adds up all rows of requests by the same rules, read from the database.
func summed(t *testing.T, s *Store) Usage {
	t.Helper()
	var sums usageSums
	if err := s.EachRequest(t.Context(), RequestQuery{}, func(r *Request) error {
		sums.add(r)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var total Usage
	for _, u := range sums.rows {
		total.Add(u)
	}
	return total
}

func TestUsageIsToldByWhateverIsAsked(t *testing.T) {
	s := openAt(t, t.TempDir())
	var list []Request
	for i := range 100 {
		r := requestNo(i)
		r.Time = time.Date(2026, 11, 20+i/50, i%50/10, 30, 0, 0, time.UTC) // ten an hour, on two days
		if i == 9 {                                                        // refused by one key, answered by another
			r = requestNo(0)
			r.Time = time.Date(2026, 11, 20, 0, 30, 0, 0, time.UTC)
			r.Tries = append([]Try{{Provider: "cerebras", Model: "gpt-oss-120b", Key: "home", Status: 429, Class: "rate limited"}}, r.Tries...)
		}
		list = append(list, r)
	}
	list[99].Provider, list[99].Model, list[99].Key, list[99].Tries = "", "", "", nil // nobody
	list[98].Counted, list[98].Cost = true, nil
	putAll(t, s, list...)
	total := usageOf(t, s, UsageQuery{})
	if len(total) != 1 {
		t.Fatalf("%d groups", len(total))
	}
	u := total[0].Usage
	if u.Requests != 100 || u.Failed != 9 || u.Attempts != 100 || u.Limited != 9 || u.Prompt != 1100 || u.Cached != 500 || u.CacheWrite != 100 ||
		u.Completion != 700 || u.Reasoning != 300 || u.Counted != 1 || u.Unpriced != 1 || u.Priced+u.PricedPlan != 90 || u.Cost != u.Priced*12345 ||
		u.CostPlan != u.PricedPlan*12345 || u.Firsts != 51 || u.FirstSum != 51*20*time.Millisecond || u.Speeds != 51 || math.Abs(u.Pace()-70) > 1e-9 {
		t.Errorf("%+v", u)
	}
	if first, ok := u.First.Quantile(0.5); !ok || first < 18 || first > 22 {
		t.Errorf("half of the streams began within %v ms", first)
	}
	if want := summed(t, s); !reflect.DeepEqual(u, want) {
		t.Errorf("the hours have\n%+v\nthe rows\n%+v", u, want)
	}
	here := time.Local
	t.Cleanup(func() { time.Local = here })
	west := time.FixedZone("", -2*3600)
	for _, c := range []struct {
		q    UsageQuery
		want string         // requests of each group
		zone *time.Location // of the machine; nil: UTC
	}{
		{UsageQuery{By: ByProvider}, "cerebras// 33|synthetic// 33|zai// 33|// 1|", nil},
		{UsageQuery{By: ByKey, Provider: "cerebras"}, "cerebras//desk 33|cerebras//home 0|", nil},
		{UsageQuery{By: ByModel, Client: "client-1"}, "cerebras/gpt-oss-120b/ 7|zai/gpt-oss-120b/ 7|synthetic/gpt-oss-120b/ 6|", nil},
		{UsageQuery{By: ByDay}, "11-20 00h 50|11-21 00h 50|", nil},
		{UsageQuery{By: ByDay}, "11-19 00h 20|11-20 00h 50|11-21 00h 30|", west},
		{UsageQuery{By: ByHour, Since: time.Date(2026, 11, 21, 3, 59, 0, 0, time.UTC)}, "11-21 03h 10|11-21 04h 10|", nil},
		{UsageQuery{By: ByHour, Until: time.Date(2026, 11, 20, 1, 1, 0, 0, time.UTC)}, "11-20 00h 10|11-20 01h 10|", nil},
		{UsageQuery{Provider: "nobody"}, "", nil},
	} {
		got := ""
		time.Local = cmp.Or(c.zone, time.UTC)
		for _, g := range usageOf(t, s, c.q) {
			if g.Start.IsZero() {
				got += fmt.Sprintf("%s/%s/%s %d|", g.Provider, g.Model, g.Key, g.Requests)
			} else {
				got += g.Start.Format("01-02 15h ") + fmt.Sprint(g.Requests) + "|"
			}
		}
		if got != c.want {
			t.Errorf("%+v:\ngot  %s\nwant %s", c.q, got, c.want)
		}
	}
}

func TestTimeSavedIsMeasuredAgainstTheSlowestProviderWithEnoughStreams(t *testing.T) {
	group := func(provider string, streams, tokens int64, took time.Duration) UsageGroup {
		return UsageGroup{Provider: provider, Usage: Usage{Speeds: streams, SpeedTokens: tokens, SpeedTime: took}}
	}
	fast, slow := group("cerebras", 100, 100_000, 100*time.Second), group("zai", 20, 2000, 40*time.Second)
	s, ok := SavedBy([]UsageGroup{fast, slow, group("synthetic", 19, 19, 100*time.Second), group("", 30, 30, time.Hour)})
	if want := (Saved{1900 * time.Second, "zai", 50}); !ok || s != want {
		t.Errorf("got %+v, %v, want %+v", s, ok, want)
	}
	if s, ok := SavedBy([]UsageGroup{fast}); ok {
		t.Errorf("one provider alone has saved %+v", s)
	}
}

func TestPercentilesAreWithinATenth(t *testing.T) {
	var all, back Buckets
	for i := 1; i <= 10_000; i++ {
		all.Add(float64(i))
	}
	all.Add(math.Inf(1))
	all.Add(-1)
	all.Add(math.NaN())
	if err := back.merge(all.bytes()); err != nil || back != all {
		t.Errorf("they came back as %v, %v", back, err)
	}
	for _, q := range []float64{0.01, 0.5, 0.95, 0.99} {
		if got, ok := back.Quantile(q); !ok || math.Abs(got/(q*10_000)-1) > 0.1 {
			t.Errorf("%v: got %v", q, got)
		}
	}
	if _, ok := new(Buckets).Quantile(0.5); ok {
		t.Error("nothing has a percentile")
	}
	for _, bad := range [][]byte{{200, 1}, {1}, {0x80}, {1, 0x80}} {
		if new(Buckets).merge(bad) == nil {
			t.Errorf("%v was read", bad)
		}
	}
}

func FuzzBuckets(f *testing.F) {
	f.Add([]byte{1, 2, 127, 200, 1})
	f.Fuzz(func(t *testing.T, text []byte) {
		var b, again Buckets
		if b.merge(text) != nil {
			return
		}
		if err := again.merge(b.bytes()); err != nil || again != b {
			t.Errorf("%v came back as %v, %v", b, again, err)
		}
	})
}

func TestRequestsOfAnOlderDatabaseAreTakenOver(t *testing.T) {
	dir := t.TempDir()
	old, err := openWith(t.Context(), dir, nil, migrations()[:3])
	if err != nil {
		t.Fatal(err)
	}
	var want []Request
	for i := range requestChunk + 10 {
		r := requestNo(i)
		r.N, r.BytesIn, r.BytesOut = int64(i+3), r.In, r.Out // the first ones are gone
		r.Cost, r.CostEquivalent, r.Tokens.CacheWrite = nil, false, 0
		if r.Streamed = 0; r.Stream && !r.Failed() {
			r.Streamed = r.Took - r.FirstByte
		}
		r.TPS = event.Rate(r.Tokens.Completion, r.Streamed)
		tries := toList(r.Tries)
		if r.tried(new(memo)) == "" {
			tries = r.times()
		}
		if _, err := old.writer.ExecContext(t.Context(), `INSERT INTO requests VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
			r.N, r.ID, r.Time.UnixMilli(), r.Client, r.Method, r.Path, r.Asked, r.Provider, r.Model, r.Key, r.Rule, r.Reason, r.Status, r.Outcome,
			r.Failed(), r.Error, r.Stream, r.Demo, r.In, r.Out, r.Tokens.Prompt, r.Tokens.Cached, r.Tokens.Completion, r.Tokens.Reasoning,
			r.FirstByte.Microseconds(), r.Took.Microseconds(), toList(r.Changed), tries); err != nil {
			t.Fatal(err)
		}
		want = append(want, r)
	}
	closed(t, old)
	s := openAt(t, dir)
	got, err := s.Requests(t.Context(), RequestQuery{Limit: 10_000})
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d requests, %v", len(got), err)
	}
	slices.Reverse(got)
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("request %d\ngot  %+v\nwant %+v", i, got[i], want[i])
		}
	}
	if u := usageOf(t, s, UsageQuery{})[0].Usage; u.Requests != int64(len(want)) || !reflect.DeepEqual(u, summed(t, s)) {
		t.Errorf("usage %+v", u)
	}
	putAll(t, s, requestNo(0))
	if n, err := s.LastRequest(t.Context()); n != int64(requestChunk+13) || err != nil {
		t.Errorf("the next number is %d, %v", n, err)
	}
	if copies, _ := filepath.Glob(filepath.Join(dir, "glmtray.before-4-*.db")); len(copies) != 1 {
		t.Errorf("copies %q", copies)
	}
	if err := quickCheck(t.Context(), s.writer); err != nil {
		t.Error(err)
	}
}
