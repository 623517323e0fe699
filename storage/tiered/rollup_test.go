package tiered

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/local/metrics"
	"github.com/pharos-obs/pharos/storage/rollup"
)

// rolling is a durable store with rollups, which it makes of its samples.
type rolling struct{ storage.MetricStore }

func (rolling) RollupWidths() []time.Duration { return []time.Duration{time.Minute} }

func (r rolling) Open(ctx context.Context, org storage.OrgID) (storage.OrgMetrics, error) {
	opened, err := r.MetricStore.Open(ctx, org)
	return rollingOrg{opened}, err
}

type rollingOrg struct{ storage.OrgMetrics }

func (r rollingOrg) Querier(mint, maxt int64) (promstorage.Querier, error) {
	querier, err := r.OrgMetrics.Querier(mint, maxt)
	return rollingQuerier{querier}, err
}

type rollingQuerier struct{ promstorage.Querier }

func (r rollingQuerier) Select(ctx context.Context, sorted bool, hints *promstorage.SelectHints, matchers ...*labels.Matcher) promstorage.SeriesSet {
	set := r.Querier.Select(ctx, sorted, hints, matchers...)
	if request, ok := rollup.FromContext(ctx); ok {
		request.Read.Store(true)
		return rollup.Set(set, request)
	}
	return set
}

// asking is a Queryable whose selections ask for buckets.
type asking struct {
	promstorage.Queryable
	request rollup.Request
}

func (a asking) Querier(mint, maxt int64) (promstorage.Querier, error) {
	querier, err := a.Queryable.Querier(mint, maxt)
	return askingQuerier{querier, a.request}, err
}

type askingQuerier struct {
	promstorage.Querier
	request rollup.Request
}

func (a askingQuerier) Select(ctx context.Context, sorted bool, hints *promstorage.SelectHints, matchers ...*labels.Matcher) promstorage.SeriesSet {
	return a.Querier.Select(rollup.NewContext(ctx, a.request), sorted, hints, matchers...)
}

// TestRollupsPassThroughTheJoin cuts in the middle of a bucket.
func TestRollupsPassThroughTheJoin(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	start := time.Now().Add(-2 * time.Hour).Truncate(time.Hour)
	cut := start.Add(31*time.Minute + 17*time.Second)
	var hot, durable []sample
	for _, s := range randomSamples(random, start, time.Hour) {
		if s.t >= cut.UnixMilli() {
			hot = append(hot, s)
		} else {
			durable = append(durable, s)
		}
	}
	h, d := openLocal(t, metrics.DefaultConfig()), openLocal(t, metrics.DefaultConfig())
	appendAll(t, open(t, h), hot)
	appendAll(t, open(t, d), durable)
	progress := &Progress{}
	progress.Set(State{CaughtUp: true, CompleteFrom: cut, Until: time.Now()})
	store := NewMetrics(h, rolling{d}, progress)
	assert.Equal(t, []time.Duration{time.Minute}, store.RollupWidths())
	assert.Empty(t, NewMetrics(h, d, progress).RollupWidths())
	join := open(t, store)
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1_000_000, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{})})
	ask := func(on promstorage.Queryable, function string) string {
		query, err := engine.NewRangeQuery(t.Context(), on, nil, function+`({kind=~".+"}[5m])`, start, start.Add(time.Hour), 2*time.Minute)
		require.NoError(t, err)
		result := query.Exec(t.Context())
		require.NoError(t, result.Err)
		return result.Value.String()
	}
	for function, queries := range map[rollup.Func][2]string{
		rollup.Min: {"min_over_time", "min_over_time"}, rollup.Max: {"max_over_time", "max_over_time"},
		rollup.Last: {"last_over_time", "last_over_time"}, rollup.Count: {"count_over_time", "sum_over_time"},
	} {
		request := rollup.Request{Width: time.Minute, Func: function, Read: &atomic.Bool{}}
		assert.Equal(t, ask(join, queries[0]), ask(asking{join, request}, queries[1]), fmt.Sprint(function))
		assert.True(t, request.Read.Load())
	}
}
