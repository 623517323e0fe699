package tiered

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/rollup"
)

// querier reads one organisation's series, divided at the cut that was when it was made.
type querier struct {
	handle *handle
	cut    cut
	span   span
	opened []promstorage.Querier
}

var _ promstorage.Querier = (*querier)(nil)

// Close implements storage.Querier.
func (q *querier) Close() error {
	errs := make([]error, 0, len(q.opened))
	for _, opened := range q.opened {
		errs = append(errs, opened.Close())
	}
	q.opened = nil
	return errors.Join(errs...)
}

// readHot returns a querier of the hot store.
func (q *querier) readHot(s span) (promstorage.Querier, error) {
	return q.keep(q.handle.hot.Querier(s.from, s.to))
}

// readDurable returns a querier of the durable store.
func (q *querier) readDurable(ctx context.Context, s span) (promstorage.Querier, error) {
	durable, err := q.handle.openDurable(ctx)
	if err == nil {
		var opened promstorage.Querier
		if opened, err = q.keep(durable.Querier(s.from, s.to)); err == nil {
			return opened, nil
		}
	}
	return nil, q.beyond(err)
}

func (q *querier) keep(opened promstorage.Querier, err error) (promstorage.Querier, error) {
	if err == nil {
		q.opened = append(q.opened, opened)
	}
	return opened, err
}

// beyond says of an error of the durable store what it is about.
func (q *querier) beyond(err error) error {
	if err == nil || q.cut.why != "" {
		return err
	}
	return fmt.Errorf("read samples before %s, which are in the durable store: %w", moment(time.UnixMilli(q.cut.at)), err)
}

// divide splits a range, and counts.
func (q *querier) divide(s span) (durable, hot span, notes annotations.Annotations) {
	durable, hot = q.cut.split(s)
	counts := &q.handle.metrics.counts
	switch {
	case durable.empty():
		counts.hot.Add(1)
	case hot.empty():
		counts.durable.Add(1)
	default:
		counts.both.Add(1)
	}
	if notes = q.cut.warnings(s); len(notes) > 0 {
		counts.holes.Add(1)
	}
	return durable, hot, notes
}

// Select implements storage.Querier.
func (q *querier) Select(ctx context.Context, sortSeries bool, hints *promstorage.SelectHints, matchers ...*labels.Matcher) promstorage.SeriesSet {
	wanted := q.span.within(hints)
	durable, hot, notes := q.divide(wanted)
	if durable.empty() && hot.empty() {
		return promstorage.EmptySeriesSet()
	}
	both := !durable.empty() && !hot.empty()
	set := &seriesSet{notes: notes}
	if hints != nil {
		set.limit = hints.Limit
		set.partial = both && hints.Func == "series"
	}
	if !hot.empty() {
		opened, err := q.readHot(hot)
		if err != nil {
			return promstorage.ErrSeriesSet(err)
		}
		set.hot = opened.Select(ctx, sortSeries || both, hot.hints(hints), matchers...)
		if request, ok := rollup.FromContext(ctx); ok {
			set.hot = rollup.Set(set.hot, request)
		}
	}
	if !durable.empty() {
		set.beyond = q.beyond
		opened, err := q.readDurable(ctx, durable)
		switch {
		case err == nil:
			set.durable = opened.Select(ctx, sortSeries || both, durable.hints(hints), matchers...)
		case set.partial && errcode.Of(err) == errcode.Unavailable:
			set.notes.Add(err)
		default:
			return promstorage.ErrSeriesSet(err)
		}
	}
	if len(set.notes) == 0 && set.durable == nil {
		return set.hot
	}
	return set
}

// LabelValues implements storage.LabelQuerier.
func (q *querier) LabelValues(ctx context.Context, name string, hints *promstorage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return q.texts(ctx, hints, func(from promstorage.Querier) ([]string, annotations.Annotations, error) {
		return from.LabelValues(ctx, name, hints, matchers...)
	})
}

// LabelNames implements storage.LabelQuerier.
func (q *querier) LabelNames(ctx context.Context, hints *promstorage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return q.texts(ctx, hints, func(from promstorage.Querier) ([]string, annotations.Annotations, error) {
		return from.LabelNames(ctx, hints, matchers...)
	})
}

// texts merges what each store returns. It is for finding one's way: while the durable store is
// away it returns what the hot one has, with a warning.
func (q *querier) texts(ctx context.Context, hints *promstorage.LabelHints, read func(promstorage.Querier) ([]string, annotations.Annotations, error)) ([]string, annotations.Annotations, error) {
	durable, hot, notes := q.divide(q.span)
	var merged []string
	if !hot.empty() {
		opened, err := q.readHot(hot)
		if err != nil {
			return nil, nil, err
		}
		found, warnings, err := read(opened)
		if err != nil {
			return nil, nil, err
		}
		merged = slices.Clone(found)
		notes.Merge(warnings)
	}
	if !durable.empty() {
		opened, err := q.readDurable(ctx, durable)
		var found []string
		var warnings annotations.Annotations
		if err == nil {
			found, warnings, err = read(opened)
			err = q.beyond(err)
		}
		if err != nil && (hot.empty() || errcode.Of(err) != errcode.Unavailable) {
			return nil, nil, err
		}
		if err != nil {
			notes.Add(err)
		}
		merged = append(merged, found...)
		notes.Merge(warnings)
	}
	slices.Sort(merged)
	merged = slices.Compact(merged)
	if hints != nil && hints.Limit > 0 && len(merged) > hints.Limit {
		merged = merged[:hints.Limit]
	}
	return merged, notes, nil
}

// chunkQuerier encodes what a querier reads.
type chunkQuerier struct{ *querier }

// Select implements storage.ChunkQuerier.
func (q chunkQuerier) Select(ctx context.Context, sortSeries bool, hints *promstorage.SelectHints, matchers ...*labels.Matcher) promstorage.ChunkSeriesSet {
	return promstorage.NewSeriesSetToChunkSet(q.querier.Select(ctx, sortSeries, hints, matchers...))
}
