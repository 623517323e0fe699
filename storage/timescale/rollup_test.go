package timescale

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/rollup"
)

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

// evaluate runs a range query.
func evaluate(t *testing.T, on promstorage.Queryable, query string, from, to time.Time, step time.Duration) promql.Matrix {
	t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{Logger: slog.Default(), MaxSamples: 10_000_000, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{})})
	q, err := engine.NewRangeQuery(t.Context(), on, nil, query, from, to, step)
	require.NoError(t, err)
	result := q.Exec(t.Context())
	require.NoError(t, result.Err)
	matrix, err := result.Matrix()
	require.NoError(t, err)
	return matrix
}

// alike compares answers; sums may differ by rounding.
func alike(t *testing.T, want, got promql.Matrix, message string) {
	t.Helper()
	require.Len(t, got, len(want), message)
	for i := range want {
		require.Equal(t, want[i].Metric, got[i].Metric, message)
		require.Len(t, got[i].Floats, len(want[i].Floats), message)
		require.Len(t, got[i].Histograms, len(want[i].Histograms), message)
		for j, point := range want[i].Floats {
			found := got[i].Floats[j]
			require.Equal(t, point.T, found.T, message)
			near := math.Abs(point.F-found.F) <= 1e-9*math.Max(1, math.Abs(point.F))
			require.True(t, near || point.F == found.F || math.IsNaN(point.F) && math.IsNaN(found.F), "%s: %v is %v at %d", message, found.F, point.F, point.T)
		}
		for j, point := range want[i].Histograms {
			found := got[i].Histograms[j]
			require.Equal(t, point.T, found.T, message)
			require.True(t, point.H.Equals(found.H), "%s: %s is %s", message, found.H, point.H)
		}
	}
}

// compare asks for everything with and without rollups, and returns whether rollups were read.
func compare(t *testing.T, org storage.OrgMetrics, from, to time.Time) (read bool) {
	t.Helper()
	for function, query := range map[rollup.Func][2]string{
		rollup.Min: {"min_over_time", "min_over_time"}, rollup.Max: {"max_over_time", "max_over_time"},
		rollup.Sum: {"sum_over_time", "sum_over_time"}, rollup.Last: {"last_over_time", "last_over_time"},
		rollup.Count: {"count_over_time", "sum_over_time"},
	} {
		for _, c := range []struct{ width, window, step time.Duration }{
			{time.Minute, 3 * time.Minute, 7 * time.Minute},
			{5 * time.Minute, 15 * time.Minute, 10 * time.Minute},
			{time.Hour, time.Hour, time.Hour},
			{time.Hour, 3 * time.Hour, 2 * time.Hour},
			{2 * time.Minute, 2 * time.Minute, 4 * time.Minute},
		} {
			request := rollup.Request{Width: c.width, Func: function, Read: &atomic.Bool{}}
			begin := from.Truncate(time.Hour)
			ask := func(on promstorage.Queryable, function string) promql.Matrix {
				return evaluate(t, on, fmt.Sprintf(`%s({__name__=~".+"}[%s])`, function, c.window), begin, to, c.step)
			}
			alike(t, ask(org, query[0]), ask(asking{org, request}, query[1]), fmt.Sprintf("%s, window %s, step %s, width %s", query[0], c.window, c.step, c.width))
			read = read || request.Read.Load()
		}
	}
	return read
}

// randomValue is mostly ordinary.
func randomValue(random *rand.Rand) float64 {
	switch random.IntN(40) {
	case 0:
		return math.NaN()
	case 1:
		return math.Inf(1 - 2*random.IntN(2))
	case 2:
		return math.Float64frombits(value.StaleNaN)
	case 3:
		return 1e305 * random.Float64()
	case 4:
		return math.Copysign(0, -1)
	}
	return random.NormFloat64() * 100
}

// fill stores random samples between two times, many of them at full minutes.
func fill(t *testing.T, org storage.OrgMetrics, random *rand.Rand, from, to time.Time, samples int) {
	t.Helper()
	app := org.AppenderV2(t.Context())
	for range samples {
		n := random.IntN(6)
		at := from.UnixMilli() + random.Int64N(to.UnixMilli()-from.UnixMilli())
		if random.IntN(3) == 0 {
			at = floor(at, time.Minute.Milliseconds())
		}
		v := randomValue(random)
		if n > 3 { // calm series
			v = float64(random.IntN(100))
		}
		var h *histogram.Histogram
		if n == 0 && random.IntN(20) == 0 {
			h = &histogram.Histogram{Count: 2, Sum: 3, ZeroThreshold: 0.001, PositiveSpans: []histogram.Span{{Length: 1}}, PositiveBuckets: []int64{2}}
		}
		_, err := app.Append(0, numbered(n), 0, at, v, h, nil, promstorage.AppendV2Options{})
		if err != nil { // another value at the same time
			require.ErrorIs(t, err, promstorage.ErrDuplicateSampleForTimestamp)
		}
	}
	require.NoError(t, app.Commit())
}

// TestRollupsAnswerAsSamples stores, rolls up, stores late samples, deletes, and compares after each.
func TestRollupsAnswerAsSamples(t *testing.T) {
	places := engines()
	places["pgbouncer"] = onPgBouncer
	for name, on := range places {
		t.Run(name, func(t *testing.T) {
			cfg := on(t).config()
			store := openIn(t, cfg)
			org := openOrg(t, store)
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 0))
			now := time.Now()
			from := now.Add(-9 * time.Hour)
			fill(t, org, random, from, now, 3000)
			assert.False(t, compare(t, org, from, now), "nothing is rolled up")
			require.NoError(t, store.RollUp(t.Context()))
			assert.True(t, compare(t, org, from, now), "some is rolled up")
			assert.Positive(t, store.Counters().RolledUp)

			fill(t, org, random, from.Add(2*time.Hour), from.Add(3*time.Hour), 50)
			assert.True(t, compare(t, org, from, now), "late samples")
			waiting := store.Counters().RollupWait
			require.NoError(t, store.RollUp(t.Context()))
			assert.True(t, compare(t, org, from, now), "late samples, rolled up")
			assert.LessOrEqual(t, store.Counters().RollupWait, waiting+2)

			all := labels.MustNewMatcher(labels.MatchEqual, "n", "4")
			require.NoError(t, org.Delete(t.Context(), from.Add(4*time.Hour), from.Add(5*time.Hour), all))
			require.NoError(t, org.Delete(t.Context(), time.UnixMilli(0), now, labels.MustNewMatcher(labels.MatchEqual, "n", "3")))
			assert.True(t, compare(t, org, from, now), "deleted")
			require.NoError(t, store.RollUp(t.Context()))
			assert.True(t, compare(t, org, from, now), "deleted, rolled up")
		})
	}
}
