package timescale

import (
	"context"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
)

// exemplarQuerier reads the exemplars of one organisation.
type exemplarQuerier struct {
	ctx    context.Context //nolint:containedctx // Prometheus' interface gives Select none.
	handle *handle
}

var _ promstorage.ExemplarQuerier = (*exemplarQuerier)(nil)

// Select implements storage.ExemplarQuerier.
func (q *exemplarQuerier) Select(start, end int64, matchers ...[]*labels.Matcher) ([]exemplar.QueryResult, error) {
	if err := q.handle.usable(); err != nil {
		return nil, err
	}
	within := q.handle.querier(start, end)
	var results []exemplar.QueryResult
	place := map[int64]int{} // of a series' result; -1 when it was found and has none
	for _, all := range matchers {
		found, err := within.find(q.ctx, all)
		if err != nil {
			return nil, err
		}
		var fresh []known
		for _, series := range found {
			if _, seen := place[series.id]; !seen {
				place[series.id] = -1
				fresh = append(fresh, series)
			}
		}
		if len(fresh) == 0 {
			continue
		}
		if results, err = q.read(within, fresh, place, results); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// read appends the exemplars of series to the results.
func (q *exemplarQuerier) read(within *querier, of []known, place map[int64]int, results []exemplar.QueryResult) ([]exemplar.QueryResult, error) {
	ids, byID := make([]int64, len(of)), make(map[int64]labels.Labels, len(of))
	for i, series := range of {
		ids[i] = series.id
		byID[series.id] = series.labels
	}
	rows, err := within.pool.Query(q.ctx, within.store.sql(`SELECT series_id, floor(extract(epoch FROM time) * 1000)::bigint, value, labels::text
		FROM pharos.exemplars WHERE series_id = ANY($1) AND time BETWEEN $2 AND $3 ORDER BY series_id, time, hash`), ids, timeOf(within.mint), timeOf(within.maxt))
	if err != nil {
		return nil, coded("read exemplars", err)
	}
	defer rows.Close()
	builder := labels.NewScratchBuilder(4)
	for rows.Next() {
		var id int64
		var encoded []byte
		e := exemplar.Exemplar{HasTs: true}
		if err := rows.Scan(&id, &e.Ts, &e.Value, &encoded); err != nil {
			return nil, coded("read exemplars", err)
		}
		if e.Labels, err = decodeLabels(&builder, "", encoded); err != nil {
			return nil, coded("read exemplars", err)
		}
		if place[id] < 0 {
			place[id] = len(results)
			results = append(results, exemplar.QueryResult{SeriesLabels: byID[id]})
		}
		results[place[id]].Exemplars = append(results[place[id]].Exemplars, e)
	}
	return results, coded("read exemplars", rows.Err())
}
