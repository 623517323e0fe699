package rollup

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// Set answers a request from the samples of a set: for stores without rollups.
func Set(of promstorage.SeriesSet, request Request) promstorage.SeriesSet {
	return &seriesSet{of, request}
}

type seriesSet struct {
	promstorage.SeriesSet
	request Request
}

// At implements storage.SeriesSet.
func (s *seriesSet) At() promstorage.Series {
	return &series{s.SeriesSet.At(), s.request}
}

type series struct {
	promstorage.Series
	request Request
}

// Iterator implements storage.Series.
func (s *series) Iterator(reuse chunkenc.Iterator) chunkenc.Iterator {
	samples, err := Samples(s.Series.Iterator(reuse), s.request)
	if err != nil {
		return failed{chunkenc.NewNopIterator(), err}
	}
	return promstorage.NewListSeries(labels.EmptyLabels(), samples).Iterator(nil)
}

// failed is the iterator of a series that can't be read.
type failed struct {
	chunkenc.Iterator
	err error
}

// Err implements chunkenc.Iterator.
func (f failed) Err() error { return f.err }

// Samples makes the samples of buckets from those of a series, each at the time of the last one
// that is in it. Native histograms stay as they are, and staleness markers go: functions over a
// range do not see them.
func Samples(of chunkenc.Iterator, request Request) ([]chunks.Sample, error) {
	var made []chunks.Sample
	var b bucket
	for kind := of.Next(); kind != chunkenc.ValNone; kind = of.Next() {
		next := sample{t: of.AtT(), st: of.AtST()}
		switch kind {
		case chunkenc.ValFloat:
			_, next.f = of.At()
		case chunkenc.ValHistogram:
			_, next.h = of.AtHistogram(nil)
		case chunkenc.ValFloatHistogram:
			_, next.fh = of.AtFloatHistogram(nil)
		}
		if next.stale() {
			continue
		}
		if end := request.End(next.t); end != b.end {
			made = b.finish(made, request.Func)
			b = bucket{end: end}
		}
		if next.Type() != chunkenc.ValFloat && request.Func != Count && request.Func != Last {
			made = append(made, next)
			continue
		}
		b.add(next)
	}
	return b.finish(made, request.Func), of.Err()
}

// bucket gathers the samples of one.
type bucket struct {
	end      int64
	count    int
	min, max float64
	sum, low float64 // low is what the sum has lost by rounding
	last     sample
}

func (b *bucket) add(s sample) {
	if b.count == 0 {
		b.min, b.max = s.f, s.f
	}
	b.count++
	b.last = s
	if s.f < b.min || math.IsNaN(b.min) {
		b.min = s.f
	}
	if s.f > b.max || math.IsNaN(b.max) {
		b.max = s.f
	}
	sum := b.sum + s.f
	switch {
	case math.IsInf(sum, 0):
		b.low = 0
	case math.Abs(b.sum) >= math.Abs(s.f):
		b.low += (b.sum - sum) + s.f
	default:
		b.low += (s.f - sum) + b.sum
	}
	b.sum = sum
}

// finish appends what the function needs of the bucket. Histograms that were appended before it
// may be later than it; they are put behind it.
func (b *bucket) finish(made []chunks.Sample, function Func) []chunks.Sample {
	if b.count == 0 {
		return made
	}
	result := sample{t: b.last.t, st: b.last.st}
	switch function {
	case Min:
		result.f = b.min
	case Max:
		result.f = b.max
	case Sum:
		result.f = b.sum + b.low
	case Count:
		result.f = float64(b.count)
	case Last:
		result = b.last
	}
	made = append(made, result)
	for i := len(made) - 1; i > 0 && made[i-1].T() > made[i].T(); i-- {
		made[i-1], made[i] = made[i], made[i-1]
	}
	return made
}

// sample implements chunks.Sample.
type sample struct {
	t, st int64
	f     float64
	h     *histogram.Histogram
	fh    *histogram.FloatHistogram
}

func (s sample) stale() bool {
	switch {
	case s.h != nil:
		return value.IsStaleNaN(s.h.Sum)
	case s.fh != nil:
		return value.IsStaleNaN(s.fh.Sum)
	}
	return value.IsStaleNaN(s.f)
}

func (s sample) T() int64                { return s.t }
func (s sample) ST() int64               { return s.st }
func (s sample) F() float64              { return s.f }
func (s sample) H() *histogram.Histogram { return s.h }

// FH converts an integer histogram: PromQL asks for it whatever the type is.
func (s sample) FH() *histogram.FloatHistogram {
	if s.fh == nil && s.h != nil {
		return s.h.ToFloat(nil)
	}
	return s.fh
}

func (s sample) Type() chunkenc.ValueType {
	switch {
	case s.h != nil:
		return chunkenc.ValHistogram
	case s.fh != nil:
		return chunkenc.ValFloatHistogram
	}
	return chunkenc.ValFloat
}

func (s sample) Copy() chunks.Sample {
	if s.h != nil {
		s.h = s.h.Copy()
	}
	if s.fh != nil {
		s.fh = s.fh.Copy()
	}
	return s
}
