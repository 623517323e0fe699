package timescale

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pharos-obs/pharos/storage/rollup"
)

// querier reads the series of one organisation in a time range.
type querier struct {
	store      *Store
	pool       *pgxpool.Pool
	org        *org
	mint, maxt int64

	asked   int64           // where the range begins, retention left aside
	request *rollup.Request // what to read in place of samples
}

var _ promstorage.Querier = (*querier)(nil)

// Close implements storage.Querier. Nothing is held between calls.
func (q *querier) Close() error { return nil }

// known is a series in the database.
type known struct {
	id     int64
	labels labels.Labels
}

// find returns the series that match, in the order of their labels.
func (q *querier) find(ctx context.Context, matchers []*labels.Matcher) ([]known, error) {
	if q.mint > q.maxt && (q.request == nil || q.asked > q.maxt) {
		return nil, nil
	}
	where, err := q.org.where(matchers)
	if err != nil {
		return nil, fmt.Errorf("find series: %w", err)
	}
	rows, err := q.pool.Query(ctx, q.store.sql("SELECT id, metric_name, labels::text FROM pharos.series WHERE ")+where.String(), where.args...)
	if err != nil {
		return nil, coded("find series", err)
	}
	defer rows.Close()
	var found []known
	builder := labels.NewScratchBuilder(16)
	for rows.Next() {
		var id int64
		var name string
		var encoded []byte
		if err := rows.Scan(&id, &name, &encoded); err != nil {
			return nil, coded("find series", err)
		}
		ls, err := decodeLabels(&builder, name, encoded)
		if err != nil {
			return nil, fmt.Errorf("read the labels of series %d: %w", id, err)
		}
		if matches(ls, matchers) {
			found = append(found, known{id, ls})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, coded("find series", err)
	}
	slices.SortFunc(found, func(a, b known) int { return labels.Compare(a.labels, b.labels) })
	return found, nil
}

// decodeLabels reads labels as they are stored; the name may be empty.
func decodeLabels(builder *labels.ScratchBuilder, name string, encoded []byte) (labels.Labels, error) {
	var others map[string]string
	if err := json.Unmarshal(encoded, &others); err != nil {
		return labels.EmptyLabels(), err
	}
	builder.Reset()
	if name != "" {
		builder.Add(model.MetricNameLabel, name)
	}
	for label, value := range others {
		builder.Add(label, value)
	}
	builder.Sort()
	return builder.Labels(), nil
}

// inRange leaves the series that have samples in the time range.
func (q *querier) inRange(ctx context.Context, found []known) ([]known, error) {
	if len(found) == 0 || q.mint == minTime && q.maxt == maxTime {
		return found, nil
	}
	ids := make([]int64, len(found))
	for i, series := range found {
		ids[i] = series.id
	}
	rows, err := q.pool.Query(ctx, q.store.sql(`SELECT id FROM unnest($1::bigint[]) AS id
		WHERE EXISTS (SELECT FROM pharos.samples WHERE series_id = id AND time BETWEEN $2 AND $3)`), ids, timeOf(q.mint), timeOf(q.maxt))
	if err != nil {
		return nil, coded("look for samples", err)
	}
	defer rows.Close()
	there := make(map[int64]struct{}, len(found))
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, coded("look for samples", err)
		}
		there[id] = struct{}{}
	}
	kept := slices.DeleteFunc(found, func(series known) bool {
		_, ok := there[series.id]
		return !ok
	})
	return kept, coded("look for samples", rows.Err())
}

// Select implements storage.Querier. Series are always sorted. Samples are read some series at a
// time, so that a query holds no connection while the caller works with what it got.
func (q *querier) Select(ctx context.Context, _ bool, hints *promstorage.SelectHints, matchers ...*labels.Matcher) promstorage.SeriesSet {
	narrow := q.within(hints)
	if request, ok := rollup.FromContext(ctx); ok && !namesOnly(hints) {
		narrow = narrow.rolledUp(hints, request)
	}
	return &seriesSet{ctx: ctx, querier: narrow, matchers: matchers, hints: hints, at: -1}
}

// within narrows the range to what the caller will look at.
func (q *querier) within(hints *promstorage.SelectHints) *querier {
	if hints == nil || hints.DisableTrimming || namesOnly(hints) {
		return q
	}
	narrow := *q
	narrow.mint, narrow.maxt = max(q.mint, hints.Start), min(q.maxt, hints.End)
	return &narrow
}

// LabelValues implements storage.LabelQuerier.
func (q *querier) LabelValues(ctx context.Context, name string, hints *promstorage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return q.collect(ctx, hints, matchers, func(ls labels.Labels, add func(string)) {
		if value := ls.Get(name); value != "" {
			add(value)
		}
	})
}

// LabelNames implements storage.LabelQuerier.
func (q *querier) LabelNames(ctx context.Context, hints *promstorage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return q.collect(ctx, hints, matchers, func(ls labels.Labels, add func(string)) {
		ls.Range(func(l labels.Label) { add(l.Name) })
	})
}

// collect gathers texts of the series that match and have samples in the range.
func (q *querier) collect(ctx context.Context, hints *promstorage.LabelHints, matchers []*labels.Matcher, of func(labels.Labels, func(string))) ([]string, annotations.Annotations, error) {
	found, err := q.find(ctx, matchers)
	if err != nil {
		return nil, nil, err
	}
	if found, err = q.inRange(ctx, found); err != nil {
		return nil, nil, err
	}
	texts := map[string]struct{}{}
	for _, series := range found {
		of(series.labels, func(text string) { texts[text] = struct{}{} })
	}
	sorted := make([]string, 0, len(texts))
	for text := range texts {
		sorted = append(sorted, text)
	}
	slices.Sort(sorted)
	if hints != nil && hints.Limit > 0 && len(sorted) > hints.Limit {
		sorted = sorted[:hints.Limit]
	}
	return sorted, nil, nil
}

// chunkQuerier encodes what a querier reads.
type chunkQuerier struct{ *querier }

// Select implements storage.ChunkQuerier.
func (q chunkQuerier) Select(ctx context.Context, sortSeries bool, hints *promstorage.SelectHints, matchers ...*labels.Matcher) promstorage.ChunkSeriesSet {
	return promstorage.NewSeriesSetToChunkSet(q.querier.Select(ctx, sortSeries, hints, matchers...))
}
