package store

import (
	"encoding/binary"
	"errors"
	"math"
)

// Buckets count values by size, so that percentiles of any span of hours can be
// told from what each hour has kept. Bucket i holds values from 2^(i/4) up to
// 2^((i+1)/4): a percentile is off by a tenth at most. Smaller values are in the
// first one.
type Buckets [128]uint32

// Add counts a value.
func (b *Buckets) Add(value float64) {
	at := 0
	if value > 1 {
		at = int(min(4*math.Log2(value), float64(len(b)-1)))
	}
	b[at]++
}

// Merge adds what another has counted.
func (b *Buckets) Merge(o *Buckets) {
	for i, n := range o {
		b[i] += n
	}
}

// Quantile gives the value below which the share q (0 to 1) of all values lies;
// ok is false if there are none.
func (b *Buckets) Quantile(q float64) (value float64, ok bool) {
	total := uint64(0)
	for _, n := range b {
		total += uint64(n)
	}
	if total == 0 {
		return 0, false
	}
	want := max(1, uint64(math.Ceil(q*float64(total))))
	for i, n := range b {
		if want <= uint64(n) {
			return math.Exp2((float64(i) + 0.5) / 4), true
		}
		want -= uint64(n)
	}
	return math.Exp2(float64(len(b)) / 4), true
}

// bytes writes the buckets that are not empty: number and count, as uvarints.
func (b *Buckets) bytes() []byte {
	out := []byte{}
	for i, n := range b {
		if n > 0 {
			out = binary.AppendUvarint(binary.AppendUvarint(out, uint64(i)), uint64(n)) //nolint:gosec // 0 to 127
		}
	}
	return out
}

var errBuckets = errors.New("reading buckets: the bytes are none")

func (b *Buckets) merge(text []byte) error {
	for len(text) > 0 {
		at, n := binary.Uvarint(text)
		if n <= 0 || at >= uint64(len(b)) {
			return errBuckets
		}
		count, m := binary.Uvarint(text[n:])
		if m <= 0 || count > math.MaxUint32 {
			return errBuckets
		}
		b[at] += uint32(count)
		text = text[n+m:]
	}
	return nil
}
