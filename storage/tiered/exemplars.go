package tiered

import (
	"cmp"
	"context"
	"slices"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// exemplarQuerier reads exemplars from both stores over the whole range: a hot store keeps only
// the newest ones, and the durable one does not have these yet.
type exemplarQuerier struct {
	ctx    context.Context //nolint:containedctx // Prometheus' interface gives Select none.
	handle *handle
	cut    cut
}

var _ promstorage.ExemplarQuerier = (*exemplarQuerier)(nil)

// ExemplarQuerier implements storage.ExemplarQueryable.
func (h *handle) ExemplarQuerier(ctx context.Context) (promstorage.ExemplarQuerier, error) {
	q, err := h.querier(0, 0)
	if err != nil {
		return nil, err
	}
	return &exemplarQuerier{ctx: ctx, handle: h, cut: q.cut}, nil
}

// Select implements storage.ExemplarQuerier.
func (q *exemplarQuerier) Select(start, end int64, matchers ...[]*labels.Matcher) ([]exemplar.QueryResult, error) {
	older, err := q.selectDurable(start, end, matchers)
	if q.handle.hot == nil || err != nil && (errcode.Of(err) != errcode.Unavailable || start < q.cut.at) {
		return older, err
	}
	hot, err := q.handle.hot.ExemplarQuerier(q.ctx)
	if err != nil {
		return nil, err
	}
	newer, err := hot.Select(start, end, matchers...)
	if err != nil {
		return nil, err
	}
	return mergeExemplars(older, newer), nil
}

func (q *exemplarQuerier) selectDurable(start, end int64, matchers [][]*labels.Matcher) ([]exemplar.QueryResult, error) {
	durable, err := q.handle.openDurable(q.ctx)
	if err != nil {
		return nil, err
	}
	opened, err := durable.ExemplarQuerier(q.ctx)
	if err != nil {
		return nil, err
	}
	return opened.Select(start, end, matchers...)
}

// mergeExemplars adds to the results what they do not have.
func mergeExemplars(results, more []exemplar.QueryResult) []exemplar.QueryResult {
	place := make(map[string]int, len(results))
	for i := range results {
		place[results[i].SeriesLabels.String()] = i
	}
	for _, result := range more {
		at, known := place[result.SeriesLabels.String()]
		if !known {
			results = append(results, result)
			continue
		}
		all := results[at].Exemplars
		for _, e := range result.Exemplars {
			if !hasExemplar(all, e) {
				all = append(all, e)
			}
		}
		sortExemplars(all)
		results[at].Exemplars = all
	}
	return results
}

// hasExemplar leaves out of account whether an exemplar came with a time of its own, which a
// store may forget.
func hasExemplar(all []exemplar.Exemplar, wanted exemplar.Exemplar) bool {
	return slices.ContainsFunc(all, func(e exemplar.Exemplar) bool {
		return e.Ts == wanted.Ts && e.Value == wanted.Value && labels.Equal(e.Labels, wanted.Labels)
	})
}

func sortExemplars(all []exemplar.Exemplar) {
	slices.SortStableFunc(all, func(a, b exemplar.Exemplar) int { return cmp.Compare(a.Ts, b.Ts) })
}
