package tiered

import (
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// seriesSet merges the series of both stores. Either may be nil; both are sorted otherwise.
type seriesSet struct {
	durable, hot promstorage.SeriesSet
	notes        annotations.Annotations
	limit        int // 0 for none
	// partial says that the hot series are an answer when the durable store is away.
	partial bool
	beyond  func(error) error // says of the durable store's error what it is about

	begun                  bool
	moreDurable, moreHot   bool // whether the sets stand at a series
	tookDurable, tookHot   bool // which of them At returns
	seen                   int
	durableFailed, hotFail error
}

// Next implements storage.SeriesSet.
func (s *seriesSet) Next() bool {
	if s.limit > 0 && s.seen >= s.limit {
		return false
	}
	if !s.begun || s.tookDurable {
		s.moreDurable = s.nextDurable()
	}
	if !s.begun || s.tookHot {
		s.moreHot = s.nextHot()
	}
	s.begun = true
	if s.Err() != nil || !s.moreDurable && !s.moreHot {
		return false
	}
	s.tookDurable, s.tookHot = s.moreDurable, s.moreHot
	if s.moreDurable && s.moreHot {
		order := labels.Compare(s.durable.At().Labels(), s.hot.At().Labels())
		s.tookDurable, s.tookHot = order <= 0, order >= 0
	}
	s.seen++
	return true
}

func (s *seriesSet) nextDurable() bool {
	if s.durable == nil {
		return false
	}
	if s.durable.Next() {
		return true
	}
	s.notes.Merge(s.durable.Warnings())
	err := s.beyond(s.durable.Err())
	if err != nil && s.partial && errcode.Of(err) == errcode.Unavailable {
		s.notes.Add(err)
		err = nil
	}
	s.durable, s.durableFailed = nil, err
	return false
}

func (s *seriesSet) nextHot() bool {
	if s.hot == nil {
		return false
	}
	if s.hot.Next() {
		return true
	}
	s.notes.Merge(s.hot.Warnings())
	s.hotFail = s.hot.Err()
	s.hot = nil
	return false
}

// At implements storage.SeriesSet.
func (s *seriesSet) At() promstorage.Series {
	switch {
	case !s.tookHot:
		return s.durable.At()
	case !s.tookDurable:
		return s.hot.At()
	}
	return &series{Series: s.durable.At(), hot: s.hot.At()}
}

// Err implements storage.SeriesSet.
func (s *seriesSet) Err() error {
	if s.durableFailed != nil {
		return s.durableFailed
	}
	return s.hotFail
}

// Warnings implements storage.SeriesSet.
func (s *seriesSet) Warnings() annotations.Annotations {
	var all annotations.Annotations
	all.Merge(s.notes)
	if s.durable != nil {
		all.Merge(s.durable.Warnings())
	}
	if s.hot != nil {
		all.Merge(s.hot.Warnings())
	}
	return all
}

// series is a series with samples in both stores: those of the durable one come first.
type series struct {
	promstorage.Series
	hot promstorage.Series
}

// Iterator implements storage.Series.
func (s *series) Iterator(reuse chunkenc.Iterator) chunkenc.Iterator {
	it, ok := reuse.(*iterator)
	if !ok {
		it = &iterator{durable: reuse}
	}
	it.durable = s.Series.Iterator(it.durable)
	it.Iterator, it.of, it.turned, it.first, it.lastKind = it.durable, s, false, false, chunkenc.ValNone
	return it
}

// iterator goes through the samples of the durable store and then through the hot ones.
type iterator struct {
	chunkenc.Iterator                   // the one of the two that it is at
	durable, hot      chunkenc.Iterator // hot is one of another series until it is needed
	of                *series
	turned            bool // it is at the hot samples
	first             bool // it stands at the first of them
	last              int64
	lastKind          chunkenc.ValueType // of the last durable sample, at the time last
}

// Next implements chunkenc.Iterator.
func (it *iterator) Next() chunkenc.ValueType {
	it.first = false
	kind := it.passed(it.Iterator.Next())
	if kind == chunkenc.ValNone && it.turn() {
		return it.Iterator.Next()
	}
	return kind
}

// Seek implements chunkenc.Iterator.
func (it *iterator) Seek(t int64) chunkenc.ValueType {
	if it.first && it.AtT() < t {
		it.first = false
	}
	kind := it.passed(it.Iterator.Seek(t))
	if kind == chunkenc.ValNone && it.turn() {
		return it.Iterator.Seek(t)
	}
	return kind
}

// passed remembers where the last durable histogram was.
func (it *iterator) passed(kind chunkenc.ValueType) chunkenc.ValueType {
	if !it.turned && kind != chunkenc.ValNone {
		if it.lastKind = kind; kind != chunkenc.ValFloat {
			it.last = it.AtT()
		}
	}
	return kind
}

// turn goes over to the hot samples, if that is still to be done.
func (it *iterator) turn() bool {
	if it.turned || it.Err() != nil {
		return false
	}
	it.hot = it.of.hot.Iterator(it.hot)
	it.Iterator, it.turned, it.first = it.hot, true, true
	return true
}

// AtHistogram implements chunkenc.Iterator.
func (it *iterator) AtHistogram(h *histogram.Histogram) (int64, *histogram.Histogram) {
	t, h := it.Iterator.AtHistogram(h)
	if it.first && it.lastKind != chunkenc.ValNone && h.CounterResetHint != histogram.GaugeType {
		first := *h
		first.CounterResetHint = it.resetHint(chunkenc.ValHistogram, h.ToFloat(nil))
		return t, &first
	}
	return t, h
}

// AtFloatHistogram implements chunkenc.Iterator.
func (it *iterator) AtFloatHistogram(h *histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	t, h := it.Iterator.AtFloatHistogram(h)
	if it.first && it.lastKind != chunkenc.ValNone && h.CounterResetHint != histogram.GaugeType {
		first := *h
		first.CounterResetHint = it.resetHint(chunkenc.ValFloatHistogram, h)
		return t, &first
	}
	return t, h
}

// resetHint says whether a counter was reset between the last durable sample and the first hot
// one, as a store would that has both: what the hot store says is about its own samples.
func (it *iterator) resetHint(kind chunkenc.ValueType, first *histogram.FloatHistogram) histogram.CounterResetHint {
	if it.lastKind != kind {
		return histogram.UnknownCounterReset
	}
	durable := it.of.Series.Iterator(nil)
	if durable.Seek(it.last) != it.lastKind {
		return histogram.UnknownCounterReset
	}
	_, last := durable.AtFloatHistogram(nil)
	if value.IsStaleNaN(last.Sum) || last.Schema != first.Schema || last.ZeroThreshold != first.ZeroThreshold {
		return histogram.UnknownCounterReset
	}
	first = first.Copy()
	first.CounterResetHint = histogram.UnknownCounterReset
	if first.DetectReset(last) {
		return histogram.CounterReset
	}
	return histogram.NotCounterReset
}
