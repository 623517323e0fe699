package hosts

import (
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// sameReport is how far apart the samples of one report may be, in milliseconds.
const sameReport = 1000

// samples is what there is to know of a series within a time. Times are Unix milliseconds.
type samples struct {
	count       int
	first, last int64
	gap         int64 // between the last two
	start       float64
	value       float64
	increase    float64 // of a counter, resets included
}

// read goes through a series; staleness markers and histograms are no samples.
func read(iterator chunkenc.Iterator) (samples, error) {
	var s samples
	for kind := iterator.Next(); kind != chunkenc.ValNone; kind = iterator.Next() {
		if kind != chunkenc.ValFloat {
			continue
		}
		t, v := iterator.At()
		if value.IsStaleNaN(v) {
			continue
		}
		switch {
		case s.count == 0:
			s.first, s.start = t, v
		case v < s.value:
			s.increase += v
		default:
			s.increase += v - s.value
		}
		if s.count > 0 {
			s.gap = t - s.last
		}
		s.last, s.value = t, v
		s.count++
	}
	return s, iterator.Err()
}

// grown is how much a counter grew, of a program that has been reporting since a time: a counter
// that appears later begins at zero.
func (s samples) grown(since int64) float64 {
	if s.first > since+sameReport {
		return s.increase + s.start
	}
	return s.increase
}
