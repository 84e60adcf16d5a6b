package metrics

import (
	"math"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// amount is a sum that grows by fractions.
type amount struct{ bits atomic.Uint64 }

func (a *amount) add(v float64) {
	for {
		old := a.bits.Load()
		if a.bits.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v)) {
			return
		}
	}
}

func (a *amount) value() float64 { return math.Float64frombits(a.bits.Load()) }

// histogram counts values in fixed buckets. Its count is the sum of its buckets,
// so that a reader never sees the two disagree.
type histogram struct {
	bounds []float64       // upper bounds, included; ascending
	n      []atomic.Uint64 // one more than bounds: the last is for what is above
	sum    amount
}

func newHistogram(bounds []float64) histogram {
	return histogram{bounds: bounds, n: make([]atomic.Uint64, len(bounds)+1)}
}

func (h *histogram) observe(v float64) {
	i := 0
	for i < len(h.bounds) && v > h.bounds[i] {
		i++
	}
	h.n[i].Add(1)
	h.sum.add(v)
}

func (h *histogram) count() (n uint64) {
	for i := range h.n {
		n += h.n[i].Load()
	}
	return n
}

// merge adds what another histogram of the same buckets holds.
func (h *histogram) merge(o *histogram) {
	for i := range o.n {
		h.n[i].Add(o.n[i].Load())
	}
	h.sum.add(o.sum.value())
}

// metric is the histogram as it stands now, nil if nothing was observed.
func (h *histogram) metric(d *prometheus.Desc, labels ...string) prometheus.Metric {
	buckets := make(map[float64]uint64, len(h.bounds))
	var count uint64
	for i := range h.n {
		count += h.n[i].Load()
		if i < len(h.bounds) {
			buckets[h.bounds[i]] = count
		}
	}
	if count == 0 {
		return nil
	}
	return prometheus.MustNewConstHistogram(d, count, h.sum.value(), buckets, labels...)
}

// growing gives n bounds from the first, each by a factor above the last.
func growing(first, factor float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = first
		first *= factor
	}
	return out
}

// The buckets. Those of zai_proxy_* are the predecessor's, for the boards that
// name them.
var (
	zaiSeconds = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300}
	zaiBytes   = growing(100, 10, 8)
	zaiWait    = []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2, 5, 10}
	zaiRate    = []float64{10, 50, 100, 250, 500, 1e3, 2.5e3, 5e3, 1e4, 2.5e4, 5e4, 1e5}

	// OpenTelemetry's GenAI conventions, v1.41.0: 0.01 s doubling to 81.92 s.
	// Three more, because reasoning models take longer than that.
	genSeconds = growing(0.01, 2, 17)
	genTokens  = growing(1, 4, 14)

	waitSeconds = []float64{.001, .005, .01, .05, .1, .5, 1, 2, 5, 10, 30, 60, 90}
	speeds      = []float64{5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000}
)
