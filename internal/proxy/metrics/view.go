package metrics

import (
	"slices"
	"time"
)

// View is a stretch of the history as a page draws it.
type View struct {
	From    int64              `json:"from"` // begin of the first point, in seconds since 1970
	Step    int64              `json:"step"` // seconds from point to point
	Now     float64            `json:"now"`  // when it was made: the newest point may not be over
	Points  map[string][]any   `json:"points"`
	Totals  Totals             `json:"totals"`   // of the variant that was asked for
	Sides   map[string]*Totals `json:"variants"` // of each variant
	Variant string             `json:"variant"`  // that was asked for; "all"
}

// Totals sums up a stretch of the history.
type Totals struct {
	Requests uint32  `json:"requests"`
	OK       uint32  `json:"ok"`
	Limited  uint32  `json:"limited"`
	Refused  uint32  `json:"refused"`
	Failed   uint32  `json:"failed"`
	Left     uint32  `json:"left"`
	Streams  uint32  `json:"streams"`
	Tries    uint32  `json:"tries"`
	Missed   uint32  `json:"missed"`
	Throttle uint32  `json:"throttled"`
	Moved    uint32  `json:"failovers"`
	Errors   float64 `json:"errors_pct"` // limited and failed, of all that did not leave

	Prompt     uint64   `json:"prompt"`
	Cached     uint64   `json:"cached"`
	Completion uint64   `json:"completion"`
	Reasoning  uint64   `json:"reasoning"`
	Cost       *float64 `json:"cost"` // USD; null: nothing of it has a known price
	Plan       float64  `json:"plan"` // of it: what plans' keys would have cost without a plan
	Unpriced   uint32   `json:"unpriced"`
	Peak       uint32   `json:"peak"`

	Took   Spread `json:"took"`   // seconds
	First  Spread `json:"first"`  // seconds
	Speed  Spread `json:"speed"`  // tokens per second
	Waited Spread `json:"waited"` // seconds
}

// Spread is a distribution in four figures; null where nothing was measured.
type Spread struct {
	P5  *float64 `json:"p5"`
	P50 *float64 `json:"p50"`
	P95 *float64 `json:"p95"`
	P99 *float64 `json:"p99"`
}

func (s sketch) spread() Spread {
	at := func(q float64) *float64 {
		v, ok := s.quantile(q)
		if !ok {
			return nil
		}
		return &v
	}
	return Spread{at(0.05), at(0.5), at(0.95), at(0.99)}
}

// All asks [Book.View] for both sides of a canary together.
const All = "all"

// The widths that a point may have, and how many points a view has at most.
var steps = []time.Duration{fine, 15 * time.Second, coarse, 5 * time.Minute, 30 * time.Minute}

const maxPoints = 400

// Longest is the longest stretch that a view may have.
const Longest = coarseKept

// View gives the history of a time (at most [Longest], at least a minute) up to
// its end. It is made of whole points, so it may begin a little earlier. What the
// finer history no longer has is drawn from the minutes.
func (b *Book) View(end time.Time, span time.Duration, variant string) *View {
	span = min(max(span, time.Minute), Longest)
	step := steps[len(steps)-1]
	for _, s := range steps {
		old := s < coarse && time.Since(end)+span > fineKept
		if !old && span <= s*maxPoints {
			step = s
			break
		}
	}
	to := floor(end.Unix(), step)
	from := floor(end.Add(-span).Unix(), step)
	v := &View{
		From: from, Step: int64(step / time.Second), Now: float64(time.Now().UnixMilli()) / 1000, Variant: variant,
		Sides: map[string]*Totals{},
	}
	points := make([]Tally, (to-from)/v.Step+1)
	var total Tally
	sides := map[string]*Tally{}
	i := &b.intervals
	i.mu.Lock()
	list := i.fine
	if step >= coarse {
		list = i.coarse
	}
	for _, x := range list.since(from) {
		if x.At >= to+v.Step {
			break
		}
		if sides[x.Variant] == nil {
			sides[x.Variant] = new(Tally)
		}
		sides[x.Variant].merge(&x.Tally)
		if variant == All || variant == x.Variant {
			points[(x.At-from)/v.Step].merge(&x.Tally)
			total.merge(&x.Tally)
		}
	}
	i.mu.Unlock()
	v.Totals = total.totals()
	for name, t := range sides {
		sum := t.totals()
		v.Sides[name] = &sum
	}
	v.Points = columns(points)
	return v
}

// totals sums a tally up.
func (t *Tally) totals() Totals {
	sum := Totals{
		Requests: t.Requests(), OK: t.OK, Limited: t.Limited, Refused: t.Refused, Failed: t.Failed, Left: t.Left, Streams: t.Stream,
		Tries: t.Tries, Missed: t.Missed, Throttle: t.Throttle, Moved: t.Moved,
		Prompt: t.Prompt, Cached: t.Cached, Completion: t.Completion, Reasoning: t.Reasoning, Plan: t.Plan, Unpriced: t.Unpriced, Peak: t.Peak,
		Took: t.Took.spread(), First: t.First.spread(), Speed: t.Speed.spread(), Waited: t.Waited.spread(),
	}
	if stayed := sum.Requests - sum.Left; stayed > 0 {
		sum.Errors = 100 * float64(t.Limited+t.Failed) / float64(stayed)
	}
	if t.Cost > 0 {
		sum.Cost = &t.Cost
	}
	return sum
}

// columns turns points into lists of figures, as charts want them. What was not
// measured is null, never 0.
func columns(points []Tally) map[string][]any {
	out := map[string][]any{}
	for i := range points {
		p := &points[i]
		put := func(name string, v any) { out[name] = append(out[name], v) }
		for name, n := range map[string]uint32{
			"ok": p.OK, "limited": p.Limited, "refused": p.Refused, "failed": p.Failed, "left": p.Left,
			"missed": p.Missed, "throttled": p.Throttle, "failovers": p.Moved, "peak": p.Peak,
		} {
			put(name, n)
		}
		for name, n := range map[string]uint64{"prompt": p.Prompt - min(p.Cached, p.Prompt), "cached": p.Cached, "completion": p.Completion} {
			put(name, n)
		}
		for name, s := range map[string]sketch{"took": p.Took, "first": p.First, "speed": p.Speed, "waited": p.Waited} {
			for q, at := range map[string]float64{"5": 0.05, "50": 0.5, "95": 0.95, "99": 0.99} {
				put(name+q, rounded(s.quantile(at)))
			}
		}
		if p.Cost > 0 {
			put("cost", p.Cost)
		} else {
			put("cost", nil)
		}
	}
	return out
}

// rounded spares the digits that a bucket of 4 % has not got.
func rounded(v float64, ok bool) any {
	if !ok {
		return nil
	}
	scale := 1e4
	if v >= 10 {
		scale = 100
	}
	return float64(int64(v*scale+0.5)) / scale
}

// Variants lists the variants of the history, sorted.
func (b *Book) Variants() []string {
	i := &b.intervals
	i.mu.Lock()
	defer i.mu.Unlock()
	var out []string
	for _, x := range i.coarse {
		if !slices.Contains(out, x.Variant) {
			out = append(out, x.Variant)
		}
	}
	slices.Sort(out)
	return out
}
