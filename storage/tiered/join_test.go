package tiered

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/local/metrics"
)

type promAnnotations = annotations.Annotations

func openLocal(t *testing.T, cfg metrics.Config) storage.MetricStore {
	t.Helper()
	store, err := metrics.Open(t.TempDir(), cfg, zaptest.NewLogger(t, zaptest.Level(zapcore.WarnLevel)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func open(t *testing.T, store storage.MetricStore) storage.OrgMetrics {
	t.Helper()
	org, err := store.Open(t.Context(), testOrg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, org.Close()) })
	return org
}

// counts returns how many samples each series has.
func counts(t *testing.T, set promstorage.SeriesSet) (all []int) {
	t.Helper()
	var it chunkenc.Iterator
	for set.Next() {
		it = set.At().Iterator(it)
		count := 0
		for it.Next() != chunkenc.ValNone {
			count++
		}
		require.NoError(t, it.Err())
		all = append(all, count)
	}
	require.NoError(t, set.Err())
	return all
}

func textOf(notes annotations.Annotations) string {
	warnings, _ := notes.AsStrings("", 0, 0)
	return strings.Join(warnings, "\n")
}

// sample is one to append.
type sample struct {
	ls labels.Labels
	st int64
	t  int64
	v  float64
	h  *histogram.Histogram
	fh *histogram.FloatHistogram
}

// randomSamples makes series of floats, counters, histograms and gaps with stale markers.
func randomSamples(random *rand.Rand, start time.Time, length time.Duration) []sample {
	var all []sample
	for n := range 12 {
		ls := labels.FromStrings(model.MetricNameLabel, fmt.Sprintf("metric_%d", n%3), "instance", fmt.Sprint(n), "kind", []string{"float", "histogram", "float_histogram"}[n%3])
		counter := 0
		begin, end := time.Duration(random.Int64N(int64(length))), time.Duration(random.Int64N(int64(length)))
		if n < 6 {
			begin, end = 0, length
		}
		for at := begin; at < end; at += time.Duration(5+random.IntN(20)) * time.Second {
			s := sample{ls: ls, t: start.Add(at).UnixMilli(), st: start.UnixMilli()}
			if counter += random.IntN(10); random.IntN(50) == 0 {
				counter = 0
			}
			switch {
			case random.IntN(40) == 0:
				s.v = math.Float64frombits(value.StaleNaN)
			case n%3 == 1:
				s.h = tsdbutil.GenerateTestHistogram(int64(counter))
			case n%3 == 2:
				s.fh = tsdbutil.GenerateTestFloatHistogram(int64(counter))
			default:
				s.v = float64(counter)
			}
			all = append(all, s)
		}
	}
	random.Shuffle(len(all)/10, func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func appendAll(t *testing.T, org storage.OrgMetrics, samples []sample) {
	t.Helper()
	app := org.AppenderV2(t.Context())
	for _, s := range samples {
		_, err := app.Append(0, s.ls, s.st, s.t, s.v, s.h, s.fh, promstorage.AppendV2Options{})
		require.NoError(t, err)
	}
	require.NoError(t, app.Commit())
}

// TestJoinIsOneStore compares the join with a store that has everything: every sample, label and
// answer, for random data, cuts, ranges, and deletions.
func TestJoinIsOneStore(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 7))
	t.Logf("seed %d", seed)
	for round := range 6 {
		start := time.Now().Add(-2 * time.Hour).Truncate(time.Second)
		samples := randomSamples(random, start, time.Hour)
		cut := start.Add(time.Duration(random.Int64N(int64(time.Hour)))).Truncate(time.Millisecond)
		if round%2 == 0 {
			cut = time.UnixMilli(samples[random.IntN(len(samples))].t)
		}
		var hot, durable []sample
		for _, s := range samples {
			// Both have more than is read from them, but for one that gets no more later.
			if s.t >= cut.UnixMilli() || random.IntN(2) == 0 {
				hot = append(hot, s)
			}
			if s.t < cut.UnixMilli() || random.IntN(2) == 0 {
				durable = append(durable, s)
			}
		}
		cfg := metrics.DefaultConfig()
		one, h, d := openLocal(t, cfg), openLocal(t, cfg), openLocal(t, cfg)
		appendAll(t, open(t, one), samples)
		appendAll(t, open(t, h), hot)
		appendAll(t, open(t, d), durable)
		progress := &Progress{}
		progress.Set(State{CaughtUp: true, CompleteFrom: cut, Until: time.Now()})
		join := open(t, NewMetrics(h, d, progress))
		if round > 2 {
			from := start.Add(time.Duration(random.Int64N(int64(time.Hour))))
			to := from.Add(time.Duration(random.Int64N(int64(time.Hour))))
			gone := labels.MustNewMatcher(labels.MatchRegexp, "instance", "[0-7]")
			require.NoError(t, join.Delete(t.Context(), from, to, gone))
			require.NoError(t, open(t, one).Delete(t.Context(), from, to, gone))
		}
		for range 20 {
			a, b := start.Add(time.Duration(random.Int64N(int64(time.Hour)))), start.Add(time.Duration(random.Int64N(int64(time.Hour))))
			compare(t, open(t, one), join, earlier(a, b).UnixMilli(), later(a, b).UnixMilli())
		}
		compareQueries(t, open(t, one), join, start, random)
	}
}

// compare reads all there is of a range from both.
func compare(t *testing.T, one, join storage.OrgMetrics, mint, maxt int64) {
	t.Helper()
	for _, matcher := range []*labels.Matcher{
		labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".+"), labels.MustNewMatcher(labels.MatchEqual, "kind", "float"),
		labels.MustNewMatcher(labels.MatchNotEqual, "instance", "3"),
	} {
		assert.Equal(t, read(t, one, mint, maxt, matcher), read(t, join, mint, maxt, matcher))
	}
	got, err := join.Querier(mint, maxt)
	require.NoError(t, err)
	// An index knows no times, so that both may also return what has no samples in the range.
	values, names := map[string]bool{}, map[string]bool{}
	for instance := range read(t, one, mint, maxt, labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".+")) {
		ls, err := parser.NewParser(parser.Options{}).ParseMetric(instance)
		require.NoError(t, err)
		values[ls.Get("instance")] = true
		ls.Range(func(l labels.Label) { names[l.Name] = true })
	}
	joined, _, err := got.LabelNames(t.Context(), nil)
	require.NoError(t, err)
	assert.Subset(t, joined, slices.Collect(maps.Keys(names)))
	assert.True(t, slices.IsSorted(joined))
	joined, _, err = got.LabelValues(t.Context(), "instance", nil)
	require.NoError(t, err)
	assert.Subset(t, joined, slices.Collect(maps.Keys(values)))
	limited, _, err := got.LabelValues(t.Context(), "instance", &promstorage.LabelHints{Limit: 2})
	require.NoError(t, err)
	assert.Equal(t, joined[:min(2, len(joined))], limited)
	require.NoError(t, got.Close())
}

// read returns every sample as text, by series, once by Next and once by Seek.
func read(t *testing.T, org storage.OrgMetrics, mint, maxt int64, matcher *labels.Matcher) map[string][]string {
	t.Helper()
	q, err := org.Querier(mint, maxt)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	found := map[string][]string{}
	set := q.Select(t.Context(), true, nil, matcher)
	var it chunkenc.Iterator
	var order []string
	for set.Next() {
		name := set.At().Labels().String()
		order = append(order, name)
		it = set.At().Iterator(it)
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			found[name] = append(found[name], textAt(it, kind))
		}
		require.NoError(t, it.Err())
		it = set.At().Iterator(it)
		at := 0
		for kind := it.Seek(mint); kind != chunkenc.ValNone; kind = it.Seek(it.AtT() + 1) {
			require.Equal(t, kind, it.Seek(it.AtT()), "it is there already")
			require.Equal(t, found[name][at], textAt(it, kind), "%T %d", org, at)
			at++
		}
		require.Len(t, found[name], at)
	}
	require.NoError(t, set.Err())
	assert.Len(t, order, len(slices.Compact(slices.Clone(order))))
	return found
}

func textAt(it chunkenc.Iterator, kind chunkenc.ValueType) string {
	switch kind {
	case chunkenc.ValHistogram:
		t, h := it.AtHistogram(nil)
		return fmt.Sprint(t, it.AtST(), "h", h)
	case chunkenc.ValFloatHistogram:
		t, h := it.AtFloatHistogram(nil)
		return fmt.Sprint(t, it.AtST(), "fh", h)
	}
	t, v := it.At()
	return fmt.Sprint(t, it.AtST(), math.Float64bits(v))
}

// compareQueries evaluates PromQL on both.
func compareQueries(t *testing.T, one, join storage.OrgMetrics, start time.Time, random *rand.Rand) {
	t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{Timeout: time.Minute, MaxSamples: 1e7, Parser: parser.NewParser(parser.Options{})})
	defer func() { require.NoError(t, engine.Close()) }()
	for _, expr := range []string{
		"metric_0", "rate(metric_0[5m])", "sum by (kind) (count_over_time({__name__=~\"metric.+\"}[3m]))", "metric_0 offset 20m",
		"rate(metric_1[4m])", "histogram_quantile(0.9, increase(metric_2[10m]))", "max_over_time(metric_0[1h])", "absent(metric_0{instance=\"0\"})",
		"resets(metric_0[30m])", "changes(metric_0[7m])",
	} {
		from := start.Add(time.Duration(random.Int64N(int64(40 * time.Minute))))
		var answers [2]string
		for i, org := range []storage.OrgMetrics{one, join} {
			query, err := engine.NewRangeQuery(t.Context(), org, nil, expr, from, from.Add(30*time.Minute), 30*time.Second)
			require.NoError(t, err)
			result := query.Exec(t.Context())
			require.NoError(t, result.Err, expr)
			answers[i] = result.String()
			query.Close()
		}
		assert.Equal(t, answers[0], answers[1], expr)
	}
}
