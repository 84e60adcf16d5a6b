package metrics

import (
	"net/http"
	"time"
)

// Tally is what happened in one interval, or in several together: sums and
// distributions, which add up.
type Tally struct {
	OK       uint32 `json:"ok,omitempty"`
	Limited  uint32 `json:"limited,omitempty"` // answered 429
	Refused  uint32 `json:"refused,omitempty"` // any other 4xx
	Failed   uint32 `json:"failed,omitempty"`  // 5xx, and streams that broke
	Left     uint32 `json:"left,omitempty"`    // the client left
	Stream   uint32 `json:"stream,omitempty"`
	Tries    uint32 `json:"tries,omitempty"`
	Missed   uint32 `json:"missed,omitempty"` // tries that failed
	Throttle uint32 `json:"throttle,omitempty"`
	Moved    uint32 `json:"moved,omitempty"` // tries at another provider than the one before

	Prompt     uint64  `json:"prompt,omitempty"` // tokens, cached ones included
	Cached     uint64  `json:"cached,omitempty"`
	Completion uint64  `json:"completion,omitempty"`
	Reasoning  uint64  `json:"reasoning,omitempty"`
	Cost       float64 `json:"cost,omitempty"`     // USD, of what has a price
	Plan       float64 `json:"plan,omitempty"`     // of Cost: what plans' keys would have cost without a plan
	Unpriced   uint32  `json:"unpriced,omitempty"` // requests with tokens but no known price
	Peak       uint32  `json:"peak,omitempty"`     // most requests that ran at once

	Took   sketch `json:"took,omitempty"`   // seconds
	First  sketch `json:"first,omitempty"`  // seconds to the first token, of streams
	Speed  sketch `json:"speed,omitempty"`  // tokens per second, of streams
	Waited sketch `json:"waited,omitempty"` // seconds for a worker and keys
}

// request adds one request that is over.
func (t *Tally) request(r *Request) {
	switch {
	case r.Status == statusLeft:
		t.Left++
	case r.Status == tooMany:
		t.Limited++
	case r.Status >= http.StatusInternalServerError, r.Status < http.StatusBadRequest && r.Outcome != outcomeOK:
		t.Failed++
	case r.Status >= http.StatusBadRequest:
		t.Refused++
	default:
		t.OK++
	}
	t.Peak = max(t.Peak, uint32(max(r.InFlight, 0))) //nolint:gosec // bounded by max_workers
	t.Waited.add(r.Waited.Seconds())
	if r.Outcome != outcomeOK {
		return
	}
	t.Took.add(r.Took.Seconds())
	if !r.Chat {
		return
	}
	if r.Stream {
		t.Stream++
		t.First.add(r.FirstByte.Seconds())
	}
	if v, ok := Speed(&r.Finished); ok {
		t.Speed.add(v)
	}
}

// tokens adds what a request used, whatever became of it.
func (t *Tally) tokens(r *Request) {
	if r.Tokens.Prompt == 0 && r.Tokens.Completion == 0 {
		return
	}
	t.Prompt += count(r.Tokens.Prompt)
	t.Cached += count(r.Tokens.Cached)
	t.Completion += count(r.Tokens.Completion)
	t.Reasoning += count(r.Tokens.Reasoning)
	if r.Cost == nil {
		t.Unpriced++
		return
	}
	t.Cost += *r.Cost
	if r.CostEquivalent {
		t.Plan += *r.Cost
	}
}

// statusLeft is nginx's code for a client that left, as records have it.
const statusLeft = 499

func (t *Tally) attempt(a *Attempt, moved bool) {
	t.Tries++
	if a.Class != outcomeOK && a.Class != outcomeCancelled {
		t.Missed++
	}
	if a.Status == tooMany {
		t.Throttle++
	}
	if moved {
		t.Moved++
	}
}

// Requests counts those that are over, whatever became of them.
func (t *Tally) Requests() uint32 { return t.OK + t.Limited + t.Refused + t.Failed + t.Left }

// merge adds all of another tally.
func (t *Tally) merge(o *Tally) {
	t.OK += o.OK
	t.Limited += o.Limited
	t.Refused += o.Refused
	t.Failed += o.Failed
	t.Left += o.Left
	t.Stream += o.Stream
	t.Tries += o.Tries
	t.Missed += o.Missed
	t.Throttle += o.Throttle
	t.Moved += o.Moved
	t.Unpriced += o.Unpriced
	t.Prompt += o.Prompt
	t.Cached += o.Cached
	t.Completion += o.Completion
	t.Reasoning += o.Reasoning
	t.Cost += o.Cost
	t.Plan += o.Plan
	t.Peak = max(t.Peak, o.Peak)
	t.Took.merge(o.Took)
	t.First.merge(o.First)
	t.Speed.merge(o.Speed)
	t.Waited.merge(o.Waited)
}

// Interval is what happened on one side of a canary in one interval.
type Interval struct {
	At      int64  `json:"t"` // its begin, in seconds since 1970
	Variant string `json:"v"`
	Tally
}

// The two grains that are kept, and how long.
const (
	fine       = 5 * time.Second
	fineKept   = 24 * time.Hour
	coarse     = time.Minute
	coarseKept = 7 * 24 * time.Hour
)
