package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestKindsDifferInAllThatIsSharedAndInNothingElse(t *testing.T) {
	first := requestNo(0)
	said := new(memo)
	same := first.kind(said)
	for name, change := range map[string]func(r *Request){
		"client": func(r *Request) { r.Client = "x" }, "method": func(r *Request) { r.Method = "x" }, "path": func(r *Request) { r.Path = "x" },
		"asked": func(r *Request) { r.Asked = "x" }, "provider": func(r *Request) { r.Provider = "x" }, "model": func(r *Request) { r.Model = "x" },
		"key": func(r *Request) { r.Key = "x" }, "rule": func(r *Request) { r.Rule = "x" }, "reason": func(r *Request) { r.Reason = "x" },
		"status": func(r *Request) { r.Status = 201 }, "outcome": func(r *Request) { r.Outcome = "x" }, "error": func(r *Request) { r.Error = "x" },
		"stream": func(r *Request) { r.Stream = !r.Stream }, "demo": func(r *Request) { r.Demo = !r.Demo },
		"counted": func(r *Request) { r.Counted = true }, "plan": func(r *Request) { r.CostEquivalent = true },
		"changed": func(r *Request) { r.Changed = []string{"x"} }, "try": func(r *Request) { r.Tries[0].Reason = "x" },
	} {
		r := requestNo(0)
		change(&r)
		if kind := r.kind(said); kind == same || slices.Equal(kind.digest(), same.digest()) {
			t.Errorf("another %s is of the same kind", name)
		}
	}
	r := requestNo(30)
	if kind := r.kind(said); kind != same || !slices.Equal(kind.digest(), same.digest()) {
		t.Error("requests that differ in what is their own are of two kinds")
	}
	if n := len(same.args()); n != strings.Count(kindColumns, ",")+1 {
		t.Errorf("%d values for %s", n, kindColumns)
	}
}

func TestAMemoSaysWhatWasThereBefore(t *testing.T) {
	said := new(memo)
	for i := range 3 * maxMemo {
		r := requestNo(i)
		r.Changed = [][]string{nil, {fmt.Sprint(i % 7)}, {"a", "b"}, {fmt.Sprint(i)}}[i%4]
		r.Tries = r.Tries[:min(len(r.Tries), 1+i%2)]
		if i%3 == 0 && len(r.Tries) > 0 {
			r.Tries[0].Reason, r.Tries[0].Took = fmt.Sprint(i%5), 7
		}
		fresh := r.kind(new(memo))
		for range 2 {
			if kind := r.kind(said); kind != fresh {
				t.Fatalf("request %d is remembered as %+v, not %+v", i, kind, fresh)
			}
		}
	}
	if len(said.lists) > maxMemo || len(said.only) > maxMemo {
		t.Errorf("%d lists and %d tries are remembered", len(said.lists), len(said.only))
	}
}

func TestNoPageReadsAWholeTableOrSortsOne(t *testing.T) {
	s := openAt(t, t.TempDir())
	plan := func(text string, args ...any) string {
		t.Helper()
		rows, err := s.reader.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var plan strings.Builder
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan.WriteString(detail + "\n")
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return plan.String()
	}
	for _, since := range []int64{0, 7} {
		for _, oldest := range []bool{false, true} {
			p := span{low: 1, high: 9, since: since, oldestFirst: oldest, limit: 50}
			for name, want := range map[string]string{
				"": "SEARCH requests USING INTEGER PRIMARY KEY", kindIs: "SEARCH requests USING INDEX requests_kind", kindIsOne + "failed = 1)": "SEARCH requests USING INTEGER PRIMARY KEY",
			} {
				var args []any
				if name == kindIs {
					args = []any{3}
				}
				text, all := p.statement(name, args...)
				if since == 0 && name == kindIs {
					want = "SEARCH requests USING COVERING INDEX requests_kind"
				}
				if got := plan(text, all...); !strings.HasPrefix(got, want) || strings.Contains(got, "SCAN requests\n") || strings.Contains(got, "TEMP B-TREE") {
					t.Errorf("%s\nis done so:\n%s", text, got)
				}
			}
		}
	}
	if got := plan(sinceFirst, 7, maxAtOnce); !strings.Contains(got, "SEARCH requests USING COVERING INDEX requests_time") || strings.Contains(got, "TEMP B-TREE") {
		t.Errorf("since: %s", got)
	}
}

func TestFiltersWorkWhereNearlyEveryRequestIsOfAKindOfItsOwn(t *testing.T) {
	s := openAt(t, t.TempDir())
	var list []Request
	const all = maxSeeks + 1000
	for i := range all {
		r := requestNo(i)
		r.Error = fmt.Sprint("request ", i, " is unlike any other")
		list = append(list, r)
	}
	putAll(t, s, list...)
	for _, c := range []struct {
		q     RequestQuery
		n     int
		first int64
	}{
		{RequestQuery{Client: "client-1"}, 50, all - 3},
		{RequestQuery{Client: "client-1", Since: list[all-2000].Time, Limit: all}, 400, all - 3},
		{RequestQuery{Grep: "unlike any"}, 50, all},
		{RequestQuery{Grep: "unlike any", Limit: 2 * all}, all, all},
		{RequestQuery{Grep: "unlike any", After: 10}, 50, 11},
		{RequestQuery{Grep: "unlike any", Since: list[all-2000].Time, Limit: all}, 2000, all},
		{RequestQuery{Grep: "request 1234 "}, 1, 1235},
	} {
		got, err := s.Requests(t.Context(), c.q)
		if err != nil || len(got) != c.n || got[0].N != c.first {
			t.Errorf("%+v: %d requests, %v, first %v; want %d, first %d", c.q, len(got), err, firstOf(got), c.n, c.first)
		}
	}
}
