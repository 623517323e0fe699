package metrics

import (
	"context"

	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// trimmingQuerier cuts samples to the range itself. The TSDB does so by adding what lies outside
// to the deleted intervals of a series, which panics when a deletion reaches over the end of the
// range (tombstones.Intervals.Add with an open end and more than one interval).
type trimmingQuerier struct {
	promstorage.Querier
	mint, maxt int64
}

// hasTombstones says whether any samples were deleted that are still on the disk.
func hasTombstones(db *tsdb.DB) bool {
	if deleted, err := db.Head().Tombstones(); err != nil || deleted.Total() > 0 {
		return true
	}
	for _, block := range db.Blocks() {
		if block.Meta().Stats.NumTombstones > 0 {
			return true
		}
	}
	return false
}

// Select implements storage.Querier.
func (q *trimmingQuerier) Select(ctx context.Context, sortSeries bool, hints *promstorage.SelectHints, matchers ...*labels.Matcher) promstorage.SeriesSet {
	untrimmed := promstorage.SelectHints{Start: q.mint, End: q.maxt}
	if hints != nil {
		untrimmed = *hints
	}
	untrimmed.DisableTrimming = true
	set := q.Querier.Select(ctx, sortSeries, &untrimmed, matchers...)
	if hints != nil && (hints.DisableTrimming || hints.Func == "series") {
		return set
	}
	return &trimmedSet{SeriesSet: set, mint: untrimmed.Start, maxt: untrimmed.End}
}

type trimmedSet struct {
	promstorage.SeriesSet
	mint, maxt int64
}

// At implements storage.SeriesSet.
func (s *trimmedSet) At() promstorage.Series {
	return &trimmedSeries{Series: s.SeriesSet.At(), mint: s.mint, maxt: s.maxt}
}

type trimmedSeries struct {
	promstorage.Series
	mint, maxt int64
}

// Iterator implements storage.Series.
func (s *trimmedSeries) Iterator(reuse chunkenc.Iterator) chunkenc.Iterator {
	it, ok := reuse.(*trimmedIterator)
	if !ok {
		it = &trimmedIterator{Iterator: reuse}
	}
	*it = trimmedIterator{Iterator: s.Series.Iterator(it.Iterator), mint: s.mint, maxt: s.maxt}
	return it
}

type trimmedIterator struct {
	chunkenc.Iterator
	mint, maxt  int64
	begun, over bool
}

// Next implements chunkenc.Iterator.
func (it *trimmedIterator) Next() chunkenc.ValueType {
	if !it.begun {
		return it.Seek(it.mint)
	}
	if it.over {
		return chunkenc.ValNone
	}
	return it.inRange(it.Iterator.Next())
}

// Seek implements chunkenc.Iterator.
func (it *trimmedIterator) Seek(t int64) chunkenc.ValueType {
	it.begun = true
	if it.over {
		return chunkenc.ValNone
	}
	return it.inRange(it.Iterator.Seek(max(t, it.mint)))
}

func (it *trimmedIterator) inRange(kind chunkenc.ValueType) chunkenc.ValueType {
	if kind != chunkenc.ValNone && it.AtT() > it.maxt {
		kind = chunkenc.ValNone
	}
	it.over = kind == chunkenc.ValNone
	return kind
}
