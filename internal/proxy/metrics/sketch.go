package metrics

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// A sketch is a distribution in buckets that grow by 4 %: a percentile read from
// it is right within 2 %. It holds only the buckets that have something in them,
// in order, and two sketches make one by addition.
type sketch []cell

type cell struct {
	bucket uint16
	n      uint32
}

const (
	sketchLeast = 1e-4 // all that is smaller is as small
	sketchGrow  = 1.04
	sketchLast  = 800 // 4e9 times the least
)

var sketchStep = 1 / math.Log(sketchGrow)

func bucketOf(v float64) uint16 {
	if !(v > sketchLeast) { // NaN as well
		return 0
	}
	return uint16(min(math.Ceil(math.Log(v/sketchLeast)*sketchStep), sketchLast))
}

// valueOf is the middle of a bucket.
func valueOf(bucket uint16) float64 {
	if bucket == 0 {
		return 0
	}
	return sketchLeast * math.Pow(sketchGrow, float64(bucket)-0.5)
}

// add puts one value in.
func (s *sketch) add(v float64) { s.put(cell{bucketOf(v), 1}) }

func (s *sketch) put(c cell) {
	i, found := slices.BinarySearchFunc(*s, c.bucket, func(c cell, b uint16) int { return int(c.bucket) - int(b) })
	if found {
		(*s)[i].n += c.n
		return
	}
	*s = slices.Insert(*s, i, c)
}

// merge adds all of another sketch.
func (s *sketch) merge(o sketch) {
	for _, c := range o {
		s.put(c)
	}
}

func (s sketch) count() (n uint64) {
	for _, c := range s {
		n += uint64(c.n)
	}
	return n
}

// quantile is the value that a share q of all is not above; false if there is
// none.
func (s sketch) quantile(q float64) (float64, bool) {
	count := s.count()
	if count == 0 {
		return 0, false
	}
	rank := uint64(math.Ceil(q * float64(count)))
	var seen uint64
	for _, c := range s {
		if seen += uint64(c.n); seen >= rank {
			return valueOf(c.bucket), true
		}
	}
	return valueOf(s[len(s)-1].bucket), true
}

// MarshalJSON writes [bucket, count, bucket, count, …].
func (s sketch) MarshalJSON() ([]byte, error) {
	flat := make([]uint32, 0, 2*len(s))
	for _, c := range s {
		flat = append(flat, uint32(c.bucket), c.n)
	}
	return json.Marshal(flat)
}

var errSketch = errors.New("no pairs of ascending buckets and counts")

// UnmarshalJSON reads what MarshalJSON wrote, and nothing else: it stood in a
// file.
func (s *sketch) UnmarshalJSON(data []byte) error {
	var flat []uint32
	if err := json.Unmarshal(data, &flat); err != nil {
		return fmt.Errorf("reading a distribution: %w", err)
	}
	if len(flat)%2 != 0 {
		return errSketch
	}
	*s = nil
	for i := 0; i < len(flat); i += 2 {
		if flat[i] > sketchLast || i > 0 && flat[i] <= flat[i-2] {
			return errSketch
		}
		*s = append(*s, cell{uint16(flat[i]), flat[i+1]})
	}
	return nil
}
