package loadgen

import (
	"math/bits"
	"time"
)

// Histogram counts durations in buckets of 3 % width at most, from 1 µs to two
// minutes. The zero Histogram is empty.
type Histogram struct {
	counts [12 * subBuckets]uint32
	total  uint64
	max    time.Duration
}

// subBuckets is into how many parts the first 64 µs are cut; each doubling after
// that is cut into half as many.
const subBuckets = 64

// add counts one duration.
func (h *Histogram) add(d time.Duration) {
	h.counts[bucketOf(d)]++
	h.total++
	h.max = max(h.max, d)
}

// bucketOf is the bucket that a duration is counted in.
func bucketOf(d time.Duration) int {
	v := uint64(max(d.Microseconds(), 0))
	shift := max(bits.Len64(v)-6, 0)
	i := shift*subBuckets/2 + int(v>>shift)
	return min(i, len(Histogram{}.counts)-1)
}

// upper is the largest duration of a bucket.
func upper(bucket int) time.Duration {
	shift := max(bucket/(subBuckets/2)-1, 0)
	v := uint64(bucket-shift*subBuckets/2+1)<<shift - 1
	return time.Duration(v) * time.Microsecond
}

// Quantile is the duration that the given share (0 to 1) of all stays within, to
// the width of a bucket; 0 when nothing was counted.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := uint64(q * float64(h.total))
	var seen uint64
	for i, n := range h.counts {
		seen += uint64(n)
		if n > 0 && seen >= max(rank, 1) {
			return min(upper(i), h.max)
		}
	}
	return h.max
}

// Count is how many durations were added.
func (h *Histogram) Count() uint64 { return h.total }

// Max is the longest duration that was added.
func (h *Histogram) Max() time.Duration { return h.max }
