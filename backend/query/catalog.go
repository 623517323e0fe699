package query

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/promql/parser"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// Selection says which series a look-up is about. Series that match any of the sets count; no
// set means all. A zero From or To leaves that side open.
type Selection struct {
	Matchers [][]*labels.Matcher
	From, To time.Time
	After    labels.Labels // Series leaves out this series and all sorted before it
	Limit    int           // 0 means no limit
}

// Catalog is the answer to a look-up of series or labels.
type Catalog[T any] struct {
	Items     []T
	Warnings  []string
	Truncated bool // the limit cut something off
}

// bounds returns the time range in milliseconds, in the widest form that Prometheus' stores
// can still calculate with.
func (s Selection) bounds() (int64, int64) {
	const unixToZero = 62135596801
	from, to := int64(math.MinInt64/1000+unixToZero)*1000, int64(math.MaxInt64/1000-unixToZero)*1000
	if !s.From.IsZero() {
		from = s.From.UnixMilli()
	}
	if !s.To.IsZero() {
		to = s.To.UnixMilli()
	}
	return from, to
}

// ParseSelectors parses series selectors. Each must have a matcher that does not match the
// empty string, so that nobody selects everything by accident.
func (e *Engine) ParseSelectors(selectors []string) ([][]*labels.Matcher, error) {
	sets, err := e.parser.ParseMetricSelectors(selectors)
	if err != nil {
		return nil, errcode.InvalidField("match[]", err.Error(), `use a series selector such as up{job="api"}`)
	}
	for _, set := range sets {
		if !slices.ContainsFunc(set, func(m *labels.Matcher) bool { return m != nil && !m.Matches("") }) {
			return nil, errcode.InvalidField("match[]", "must contain at least one non-empty matcher", `name the metric, or a label: {job="api"}`)
		}
	}
	return sets, nil
}

// Series returns the label sets of the series that match, sorted.
func (e *Engine) Series(ctx context.Context, org storage.OrgID, selection Selection) (Catalog[labels.Labels], error) {
	var out Catalog[labels.Labels]
	err := e.look(ctx, org, selection, func(ctx context.Context, q promstorage.Querier) (annotations.Annotations, error) {
		set := selectSeries(ctx, q, selection)
		for seen := 0; set.Next(); seen++ {
			if seen%128 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			series := set.At().Labels()
			if !selection.After.IsEmpty() && labels.Compare(series, selection.After) <= 0 {
				continue
			}
			if selection.Limit > 0 && len(out.Items) == selection.Limit {
				out.Truncated = true
				break
			}
			out.Items = append(out.Items, series)
		}
		return set.Warnings(), set.Err()
	}, &out.Warnings)
	return out, err
}

func selectSeries(ctx context.Context, q promstorage.Querier, selection Selection) promstorage.SeriesSet {
	from, to := selection.bounds()
	limit := 0
	if selection.Limit > 0 && selection.After.IsEmpty() {
		limit = selection.Limit + 1
	}
	// There is no function of this name; stores know it as a look-up that needs no samples.
	hints := &promstorage.SelectHints{Start: from, End: to, Func: "series", Limit: limit}
	sets := make([]promstorage.SeriesSet, 0, len(selection.Matchers))
	for _, matchers := range selection.Matchers {
		sets = append(sets, q.Select(ctx, true, hints, matchers...))
	}
	if len(sets) == 0 {
		all := labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".*")
		sets = append(sets, q.Select(ctx, true, hints, all))
	}
	if len(sets) == 1 {
		return sets[0]
	}
	return promstorage.NewMergeSeriesSet(sets, limit, promstorage.ChainedSeriesMerge)
}

// LabelNames returns the label names of the series that match, sorted.
func (e *Engine) LabelNames(ctx context.Context, org storage.OrgID, selection Selection) (Catalog[string], error) {
	return e.lookStrings(ctx, org, selection, func(ctx context.Context, q promstorage.Querier, hints *promstorage.LabelHints, matchers []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.LabelNames(ctx, hints, matchers...)
	})
}

// LabelValues returns the values of one label among the series that match, sorted.
func (e *Engine) LabelValues(ctx context.Context, org storage.OrgID, name string, selection Selection) (Catalog[string], error) {
	return e.lookStrings(ctx, org, selection, func(ctx context.Context, q promstorage.Querier, hints *promstorage.LabelHints, matchers []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.LabelValues(ctx, name, hints, matchers...)
	})
}

type lookFunc func(context.Context, promstorage.Querier, *promstorage.LabelHints, []*labels.Matcher) ([]string, annotations.Annotations, error)

// lookStrings joins the answers for every set of matchers. The strings are copied: a store may
// hand out ones that live in a mapped file, which closing the querier unmaps.
func (e *Engine) lookStrings(ctx context.Context, org storage.OrgID, selection Selection, look lookFunc) (Catalog[string], error) {
	sets := selection.Matchers
	if len(sets) == 0 {
		sets = [][]*labels.Matcher{nil}
	}
	out := Catalog[string]{Items: []string{}}
	err := e.look(ctx, org, selection, func(ctx context.Context, q promstorage.Querier) (annotations.Annotations, error) {
		var warnings annotations.Annotations
		found := map[string]struct{}{}
		for _, matchers := range sets {
			hints := &promstorage.LabelHints{}
			if selection.Limit > 0 {
				hints.Limit = selection.Limit + 1
			}
			values, more, err := look(ctx, q, hints, matchers)
			if err != nil {
				return warnings, err
			}
			warnings.Merge(more)
			for _, value := range values {
				found[strings.Clone(value)] = struct{}{}
			}
		}
		out.Items = slices.AppendSeq(out.Items, maps.Keys(found))
		return warnings, nil
	}, &out.Warnings)
	slices.Sort(out.Items)
	if selection.Limit > 0 && len(out.Items) > selection.Limit {
		out.Items, out.Truncated = out.Items[:selection.Limit], true
	}
	return out, err
}

// Exemplars returns the exemplars of the series that an expression selects.
func (e *Engine) Exemplars(ctx context.Context, org storage.OrgID, expr string, selection Selection) ([]exemplar.QueryResult, error) {
	parsed, err := e.parser.ParseExpr(expr)
	if err != nil {
		return nil, e.parseError(ctx, err)
	}
	selectors := parser.ExtractSelectors(parsed)
	if len(selectors) == 0 {
		return nil, nil
	}
	var out []exemplar.QueryResult
	err = e.open(ctx, org, func(ctx context.Context, metrics storage.OrgMetrics) error {
		querier, err := metrics.ExemplarQuerier(ctx)
		if err != nil {
			return err
		}
		from, to := selection.bounds()
		out, err = querier.Select(from, to, selectors...)
		return err
	})
	return out, err
}

// Metadata returns type, unit and help of metric families by name; an empty name means all.
func (e *Engine) Metadata(ctx context.Context, org storage.OrgID, metric string, limit int) (map[string][]metadata.Metadata, error) {
	var out map[string][]metadata.Metadata
	err := e.open(ctx, org, func(ctx context.Context, metrics storage.OrgMetrics) error {
		var err error
		out, err = metrics.Metadata(ctx, metric, limit)
		return err
	})
	return out, err
}

// Stats measures the organisation's metrics.
func (e *Engine) Stats(ctx context.Context, org storage.OrgID) (storage.MetricStats, error) {
	var out storage.MetricStats
	err := e.open(ctx, org, func(ctx context.Context, metrics storage.OrgMetrics) error {
		var err error
		out, err = metrics.Stats(ctx)
		return err
	})
	return out, err
}

// look runs fn with a querier over the selection's time.
func (e *Engine) look(ctx context.Context, org storage.OrgID, selection Selection, fn func(context.Context, promstorage.Querier) (annotations.Annotations, error), warnings *[]string) error {
	return e.open(ctx, org, func(ctx context.Context, metrics storage.OrgMetrics) error {
		from, to := selection.bounds()
		querier, err := metrics.Querier(from, to)
		if err != nil {
			return err
		}
		notes, err := fn(ctx, querier)
		*warnings, _ = notes.AsStrings("", maxAnnotations, maxAnnotations)
		if closeErr := querier.Close(); closeErr != nil && err == nil {
			err = fmt.Errorf("close the querier: %w", closeErr)
		}
		return err
	})
}

// open runs fn with the organisation's metrics, in a slot and within the time-out.
func (e *Engine) open(ctx context.Context, org storage.OrgID, fn func(context.Context, storage.OrgMetrics) error) error {
	ctx, cancel := context.WithTimeout(ctx, e.config.Timeout)
	defer cancel()
	release, err := e.acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	metrics, err := e.store.Open(ctx, org)
	if err != nil {
		return fmt.Errorf("open the metrics: %w", err)
	}
	defer e.closeQuietly(metrics)
	if err := fn(ctx, metrics); err != nil {
		if ctx.Err() != nil {
			return e.executionError(ctx.Err())
		}
		return storageError(err)
	}
	return nil
}

// EachSeries calls fn with the series that match, sorted, while samples within the selection's
// time may be read from them. Strings of a series are good for the call only.
func (e *Engine) EachSeries(ctx context.Context, org storage.OrgID, selection Selection, fn func(promstorage.Series) error) error {
	var warnings []string
	return e.look(ctx, org, selection, func(ctx context.Context, q promstorage.Querier) (annotations.Annotations, error) {
		from, to := selection.bounds()
		for _, matchers := range selection.Matchers {
			set := q.Select(ctx, true, &promstorage.SelectHints{Start: from, End: to}, matchers...)
			for seen := 0; set.Next(); seen++ {
				if seen%128 == 0 && ctx.Err() != nil {
					return nil, ctx.Err()
				}
				if err := fn(set.At()); err != nil {
					return nil, err
				}
			}
			if err := set.Err(); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}, &warnings)
}
