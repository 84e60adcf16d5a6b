package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestAPercentileIsRightWithinTwoPercent(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var all sketch
	var values []float64
	for range 4 { // in parts, as intervals are
		var part sketch
		for range 2500 {
			v := math.Exp(rng.NormFloat64()*1.5) * 0.4
			part.add(v)
			values = append(values, v)
		}
		all.merge(part)
	}
	slices.Sort(values)
	for _, q := range []float64{0.05, 0.5, 0.95, 0.99, 1} {
		want := values[int(math.Ceil(q*float64(len(values))))-1]
		if got, ok := all.quantile(q); !ok || math.Abs(got-want) > 0.021*want {
			t.Errorf("p%v is %v, want %v", 100*q, got, want)
		}
	}
	if _, ok := sketch(nil).quantile(0.5); ok {
		t.Error("nothing has a percentile")
	}
}

func TestValuesBeyondAllBucketsAreCounted(t *testing.T) {
	var s sketch
	for _, v := range []float64{-1, 0, math.NaN(), math.Inf(1), 1e300, 1e-9} {
		s.add(v)
	}
	if s.count() != 6 || len(s) != 2 || s[1].bucket != sketchLast {
		t.Errorf("got %v", s)
	}
}

func TestEachIntervalHasItsOwnPercentiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New()
		time.Sleep(time.Until(time.Now().Truncate(time.Hour).Add(time.Hour)))
		begin := time.Now()
		for minute, took := range []time.Duration{time.Second, 10 * time.Second, 0, time.Second} {
			if took > 0 {
				for range 10 {
					b.Request(request(func(r *Request) { r.Took = took; r.FirstByte = took / 2 }))
				}
				b.Request(request(func(r *Request) { r.Status, r.Outcome = 429, "all_keys_cooling" }))
				b.Request(request(func(r *Request) { r.Status, r.Outcome, r.Variant = 502, "server error", "canary" }))
			}
			_ = minute
			time.Sleep(time.Minute)
		}
		v := b.View(begin.Add(6*time.Hour), 6*time.Hour, "production")
		if v.Step != 60 || v.From != begin.Unix() || len(v.Points["ok"]) != 361 {
			t.Fatalf("step %d from %d, %d points", v.Step, v.From-begin.Unix(), len(v.Points["ok"]))
		}
		for i, want := range []float64{1, 10, 0, 1} {
			got, measured := v.Points["took50"][i].(float64)
			if measured != (want > 0) || math.Abs(got-want) > 0.021*want {
				t.Errorf("minute %d: p50 %v, want %v", i, v.Points["took50"][i], want)
			}
			if n := v.Points["limited"][i].(uint32); n != map[bool]uint32{true: 1}[want > 0] {
				t.Errorf("minute %d: %d × 429", i, n)
			}
		}
		if s := v.Sides["canary"]; s == nil || s.Failed != 3 || s.Errors != 100 || v.Totals.Requests != 33 || v.Totals.Limited != 3 {
			t.Errorf("canary %+v, totals %+v", s, v.Totals)
		}
		if fine := b.View(begin.Add(2*time.Minute), 2*time.Minute, All); fine.Step != 5 || fine.Totals.Requests < 24 {
			t.Errorf("step %d: %+v", fine.Step, fine.Totals)
		}
		time.Sleep(8 * 24 * time.Hour)
		b.Request(request())
		if n, m := len(b.intervals.coarse), len(b.intervals.fine); n != 1 || m != 1 {
			t.Errorf("after a week %d minutes and %d short intervals are left", n, m)
		}
	})
}

func TestMinutesOutliveARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New()
		b.Request(request())
		time.Sleep(time.Minute)
		b.Request(request())
		kept := b.Minutes(false)
		if len(kept) != 1 || len(b.Minutes(false)) != 0 {
			t.Fatalf("gave %d minutes", len(kept))
		}
		kept = append(kept, b.Minutes(true)...) // the one that runs
		next := New()
		next.Restore(append(kept, Interval{At: 60, Variant: "long ago"}, Interval{At: 1 << 40, Variant: "the future"}))
		next.Request(request()) // in the same minute
		again := append(kept, next.Minutes(true)...)
		last := New()
		last.Restore(again)
		v := last.View(time.Now(), Longest, All)
		if len(kept) != 2 || v.Totals.OK != 3 || v.Totals.Completion != 153 {
			t.Errorf("%d minutes kept, totals %+v", len(kept), v.Totals)
		}
		if p := v.Totals.Took.P50; p == nil || math.Abs(*p-2) > 0.05 {
			t.Errorf("p50 %v", p)
		}
	})
}

func TestTheNewestRequestsComeFirst(t *testing.T) {
	b := New()
	for i := range maxRecent + 5 {
		b.Request(request(func(r *Request) { r.ID = fmt.Sprint(i) }))
	}
	list := b.Recent()
	if len(list) != maxRecent || list[0].ID != "104" || list[maxRecent-1].ID != "5" {
		t.Errorf("%d, from %s to %s", len(list), list[0].ID, list[len(list)-1].ID)
	}
}

func FuzzDistributionsFromAFile(f *testing.F) {
	f.Add([]byte(`[1,2,3,4]`))
	f.Add([]byte(`[3,2,1,4]`))
	f.Add([]byte(`[1,4294967295,801,1]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s sketch
		if s.UnmarshalJSON(data) != nil {
			return
		}
		text, err := s.MarshalJSON()
		var again sketch
		if err != nil || again.UnmarshalJSON(text) != nil || !slices.Equal(s, again) {
			t.Errorf("%s became %s: %v", data, text, err)
		}
		s.add(1)
		s.quantile(0.5)
	})
}
