package storagetest

import (
	"fmt"
	"math"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/model/value"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

func testAppendAndRead(s *metricSuite) {
	up := named("up", "job", "api")
	s.mustAppend(orgA, put{labels: up, t: s.now - 1000, v: 1}, put{labels: up, t: s.now, v: 0})

	want := map[string][]point{up.String(): {{t: s.now - 1000, v: 1}, {t: s.now, v: 0}}}
	assert.Equal(s, want, s.read(orgA, s.now-1000, s.now, equal("job", "api")))
	assert.Equal(s, map[string][]point{up.String(): {{t: s.now, v: 0}}}, s.read(orgA, s.now, s.now, equal("job", "api")),
		"a sample at the end of the range is in it")
	assert.Empty(s, s.read(orgA, s.now+1, s.now+1000, equal("job", "api")))
}

func testDuplicates(s *metricSuite) {
	up := named("up")
	for range 3 {
		s.mustAppend(orgA, put{labels: up, t: s.now - 5000, v: 1}, put{labels: up, t: s.now, v: 2}, put{labels: up, t: s.now - 5000, v: 1})
	}
	assert.Equal(s, []point{{t: s.now - 5000, v: 1}, {t: s.now, v: 2}}, s.read(orgA, 0, s.now, equal(model.MetricNameLabel, "up"))[up.String()])
	errs := s.append(orgA, put{labels: up, t: s.now, v: 3})
	require.ErrorIs(s, errs[0], promstorage.ErrDuplicateSampleForTimestamp)
	s.reopen()
	assert.Equal(s, []point{{t: s.now - 5000, v: 1}, {t: s.now, v: 2}}, s.read(orgA, 0, s.now, equal(model.MetricNameLabel, "up"))[up.String()])
}

func testOutOfOrder(s *metricSuite) {
	up, other := named("up"), named("other")
	s.mustAppend(orgA, put{labels: up, t: s.now, v: 1})
	old := s.now - OutOfOrderWindow.Milliseconds()/2
	tooOld := s.now - 3*OutOfOrderWindow.Milliseconds()

	errs := s.append(orgA, put{labels: up, t: tooOld, v: 9}, put{labels: up, t: old, v: 2}, put{labels: other, t: tooOld, v: 9}, put{labels: other, t: s.now, v: 3})
	require.ErrorIs(s, errs[0], promstorage.ErrTooOldSample)
	require.NoError(s, errs[1])
	require.ErrorIs(s, errs[2], promstorage.ErrTooOldSample)
	require.NoError(s, errs[3])

	want := map[string][]point{up.String(): {{t: old, v: 2}, {t: s.now, v: 1}}, other.String(): {{t: s.now, v: 3}}}
	all := labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".+")
	assert.Equal(s, want, s.read(orgA, 0, s.now, all))
	s.reopen()
	assert.Equal(s, want, s.read(orgA, 0, s.now, all))
}

func testRollback(s *metricSuite) {
	s.with(orgA, func(metrics storage.OrgMetrics) {
		app := metrics.AppenderV2(s.Context())
		_, err := app.Append(0, named("up"), 0, s.now, 1, nil, nil, promstorage.AppendV2Options{})
		require.NoError(s, err)
		require.NoError(s, app.Rollback())
	})
	assert.Empty(s, s.read(orgA, 0, s.now, equal(model.MetricNameLabel, "up")))
}

// testReferences uses a reference of one opening in another, where it may mean another series.
func testReferences(s *metricSuite) {
	var refs []promstorage.SeriesRef
	first, second := named("first"), named("second")
	appendBoth := func(org storage.OrgID, a, b labels.Labels, t int64) {
		s.with(org, func(metrics storage.OrgMetrics) {
			app := metrics.AppenderV2(s.Context())
			for i, ls := range []labels.Labels{a, b} {
				known := promstorage.SeriesRef(0)
				if len(refs) == 2 {
					known = refs[i]
				}
				ref, err := app.Append(known, ls, 0, t, float64(i), nil, nil, promstorage.AppendV2Options{})
				require.NoError(s, err)
				if known == 0 {
					refs = append(refs, ref)
				}
			}
			require.NoError(s, app.Commit())
		})
	}
	appendBoth(orgA, first, second, s.now-1000)
	appendBoth(orgA, first, second, s.now)
	appendBoth(orgB, second, first, s.now) // the references of orgA, the other way round
	s.reopen()
	appendBoth(orgB, second, first, s.now+1000)

	assert.Equal(s, []point{{t: s.now - 1000, v: 1}, {t: s.now, v: 1}}, s.read(orgA, 0, s.now, equal(model.MetricNameLabel, "second"))[second.String()])
	assert.Equal(s, []point{{t: s.now, v: 0}, {t: s.now + 1000, v: 0}}, s.read(orgB, 0, s.now+1000, equal(model.MetricNameLabel, "second"))[second.String()])
	assert.Equal(s, []point{{t: s.now, v: 1}, {t: s.now + 1000, v: 1}}, s.read(orgB, 0, s.now+1000, equal(model.MetricNameLabel, "first"))[first.String()])
}

func testExemplars(s *metricSuite) {
	if s.capabilities.NoExemplars {
		return
	}
	sent := exemplar.Exemplar{Labels: labels.FromStrings("trace_id", "abc"), Value: 7, Ts: s.now, HasTs: true}
	latency := put{labels: named("latency_bucket"), t: s.now, v: 1, opts: promstorage.AppendV2Options{Exemplars: []exemplar.Exemplar{sent}}}
	s.mustAppend(orgA, latency)
	s.mustAppend(orgA, latency)
	assert.Empty(s, s.exemplars(orgA, "up"))
	for range 2 {
		found := s.exemplars(orgA, "latency_bucket")
		require.Len(s, found, 1)
		found[0].HasTs = true // the TSDB forgets it over a restart, and keeps the time
		assert.Equal(s, sent, found[0])
		s.reopen()
	}
}

func testNativeHistograms(s *metricSuite) {
	if s.capabilities.NoNativeHistograms {
		return
	}
	integer := &histogram.Histogram{
		Schema: 1, ZeroThreshold: 0.001, ZeroCount: 2, Count: 7, Sum: 18.4,
		PositiveSpans: []histogram.Span{{Offset: 0, Length: 2}}, PositiveBuckets: []int64{1, 1},
		NegativeSpans: []histogram.Span{{Offset: 1, Length: 1}}, NegativeBuckets: []int64{2},
	}
	custom := &histogram.Histogram{
		Schema: histogram.CustomBucketsSchema, Count: 3, Sum: 4, CustomValues: []float64{0.5, 1},
		PositiveSpans: []histogram.Span{{Offset: 0, Length: 3}}, PositiveBuckets: []int64{1, 0, 0},
	}
	float := integer.ToFloat(nil)
	s.mustAppend(orgA,
		put{labels: named("integer"), t: s.now, h: integer},
		put{labels: named("custom"), t: s.now, h: custom},
		put{labels: named("float"), t: s.now, fh: float})

	got := s.read(orgA, 0, s.now, labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".+"))
	require.Len(s, got, 3)
	for name, want := range map[string]*histogram.Histogram{"integer": integer, "custom": custom} {
		points := got[named(name).String()]
		require.Len(s, points, 1)
		require.NotNil(s, points[0].h, name)
		assert.True(s, want.Equals(points[0].h), "%s: %s", name, points[0].h)
	}
	points := got[named("float").String()]
	require.Len(s, points, 1)
	require.NotNil(s, points[0].fh)
	assert.True(s, float.Equals(points[0].fh), "%s", points[0].fh)
}

func testStaleness(s *metricSuite) {
	up := named("up")
	s.mustAppend(orgA, put{labels: up, t: s.now - 1000, v: math.NaN()}, put{labels: up, t: s.now, v: math.Float64frombits(value.StaleNaN)})
	points := s.read(orgA, 0, s.now, equal(model.MetricNameLabel, "up"))[up.String()]
	require.Len(s, points, 2)
	assert.False(s, value.IsStaleNaN(points[0].v), "an ordinary NaN is no marker")
	assert.True(s, value.IsStaleNaN(points[1].v))
}

// testDescribeFamily is for stores whose appenders take metadata without samples.
func testDescribeFamily(s *metricSuite) {
	if !s.describes() {
		return
	}
	gauge := metadata.Metadata{Type: model.MetricTypeGauge, Help: "Load."}
	s.with(orgA, func(metrics storage.OrgMetrics) {
		app := metrics.AppenderV2(s.Context())
		app.(storage.FamilyDescriber).DescribeFamily("load", gauge)
		require.NoError(s, app.Commit())
	})
	s.reopen()
	s.with(orgA, func(metrics storage.OrgMetrics) {
		all, err := metrics.Metadata(s.Context(), "load", 0)
		require.NoError(s, err)
		assert.Equal(s, map[string][]metadata.Metadata{"load": {gauge}}, all)
	})
}

// describes says whether the store's appenders take metadata without samples.
func (s *metricSuite) describes() bool {
	ok := false
	s.with(orgA, func(metrics storage.OrgMetrics) {
		app := metrics.AppenderV2(s.Context())
		_, ok = app.(storage.FamilyDescriber)
		require.NoError(s, app.Rollback())
	})
	return ok
}

func testMetadata(s *metricSuite) {
	counter := metadata.Metadata{Type: model.MetricTypeCounter, Unit: "seconds", Help: "Time, \"spent\"\nwell."}
	gauge := metadata.Metadata{Type: model.MetricTypeGauge}
	s.mustAppend(orgA,
		put{labels: named("cpu_bucket"), t: s.now, opts: promstorage.AppendV2Options{MetricFamilyName: "cpu", Metadata: counter}},
		put{labels: named("load"), t: s.now, opts: promstorage.AppendV2Options{Metadata: gauge}},
		put{labels: named("bare"), t: s.now})
	for range 2 {
		s.with(orgA, func(metrics storage.OrgMetrics) {
			all, err := metrics.Metadata(s.Context(), "", 0)
			require.NoError(s, err)
			assert.Equal(s, map[string][]metadata.Metadata{"cpu": {counter}, "load": {gauge}}, all)
			one, err := metrics.Metadata(s.Context(), "load", 0)
			require.NoError(s, err)
			assert.Equal(s, map[string][]metadata.Metadata{"load": {gauge}}, one)
			limited, err := metrics.Metadata(s.Context(), "", 1)
			require.NoError(s, err)
			assert.Len(s, limited, 1)
			none, err := metrics.Metadata(s.Context(), "unknown", 0)
			require.NoError(s, err)
			assert.Empty(s, none)
		})
		s.reopen()
	}
}

func testDelete(s *metricSuite) {
	api, db := named("up", "job", "api"), named("up", "job", "db")
	late := s.now - OutOfOrderWindow.Milliseconds()/2
	for _, ls := range []labels.Labels{api, db} {
		s.mustAppend(orgA, put{labels: ls, t: s.now - 1000, v: 1}, put{labels: ls, t: s.now, v: 2})
		s.mustAppend(orgA, put{labels: ls, t: late, v: 3})
	}
	s.with(orgA, func(metrics storage.OrgMetrics) {
		require.NoError(s, metrics.Delete(s.Context(), time.UnixMilli(0), time.UnixMilli(s.now-1000), equal("job", "api")))
	})
	want := map[string][]point{
		api.String(): {{t: s.now, v: 2}},
		db.String():  {{t: late, v: 3}, {t: s.now - 1000, v: 1}, {t: s.now, v: 2}},
	}
	for range 3 {
		assert.Equal(s, want, s.read(orgA, 0, s.now, equal(model.MetricNameLabel, "up")))
		s.reopen()
	}
}

func testOrganisations(s *metricSuite) {
	up := named("up")
	s.mustAppend(orgA, put{labels: up, t: s.now, v: 1})
	s.mustAppend(orgB, put{labels: up, t: s.now, v: 2})
	assert.Equal(s, map[string][]point{up.String(): {{t: s.now, v: 1}}}, s.read(orgA, 0, s.now, equal(model.MetricNameLabel, "up")))
	assert.Equal(s, map[string][]point{up.String(): {{t: s.now, v: 2}}}, s.read(orgB, 0, s.now, equal(model.MetricNameLabel, "up")))
}

func testSeriesLimit(s *metricSuite) {
	var puts []put
	for i := range SeriesLimit + 5 {
		puts = append(puts, put{labels: named("up", "instance", fmt.Sprint(i)), t: s.now, v: 1})
	}
	refused := 0
	for _, err := range s.append(orgA, puts...) {
		if err != nil {
			require.ErrorIs(s, err, storage.ErrSeriesLimit)
			refused++
		}
	}
	assert.Equal(s, 5, refused)
	assert.Len(s, s.read(orgA, 0, s.now, equal(model.MetricNameLabel, "up")), SeriesLimit)
	s.reopen()
	assert.Len(s, s.read(orgA, 0, s.now, equal(model.MetricNameLabel, "up")), SeriesLimit)
	s.mustAppend(orgA, put{labels: named("up", "instance", "0"), t: s.now + 1, v: 1})
	require.ErrorIs(s, s.append(orgA, put{labels: named("one_more"), t: s.now})[0], storage.ErrSeriesLimit)
}

func testMatchers(s *metricSuite) {
	for _, job := range []string{"api", "db", "web"} {
		s.mustAppend(orgA, put{labels: named("up", "job", job), t: s.now, v: 1})
	}
	s.mustAppend(orgA, put{labels: named("up"), t: s.now, v: 1})
	for text, want := range map[string]int{"=api": 1, "!=api": 3, "=~a.*|db": 2, "!~a.*|db": 2, "=": 1, "!=": 3, "=none": 0} {
		kind, pattern := labels.MatchEqual, text[1:]
		switch text[:min(2, len(text))] {
		case "!=":
			kind, pattern = labels.MatchNotEqual, text[2:]
		case "=~":
			kind, pattern = labels.MatchRegexp, text[2:]
		case "!~":
			kind, pattern = labels.MatchNotRegexp, text[2:]
		}
		found := s.read(orgA, 0, s.now, equal(model.MetricNameLabel, "up"), labels.MustNewMatcher(kind, "job", pattern))
		assert.Len(s, found, want, text)
	}
}

func testReopen(s *metricSuite) {
	up := named("up")
	var want []point
	for i := range int64(500) {
		want = append(want, point{t: s.now + i*10, v: float64(i)})
		s.mustAppend(orgA, put{labels: up, t: s.now + i*10, v: float64(i)})
	}
	for range 2 {
		s.reopen()
		assert.Equal(s, want, s.read(orgA, 0, math.MaxInt64/2, equal(model.MetricNameLabel, "up"))[up.String()])
	}
}

func testStatistics(s *metricSuite) {
	s.with(orgA, func(metrics storage.OrgMetrics) {
		stats, err := metrics.Stats(s.Context())
		require.NoError(s, err)
		assert.Zero(s, stats.Samples)
		assert.True(s, stats.Oldest.IsZero())
	})
	s.mustAppend(orgA, put{labels: named("up"), t: s.now - 1000, v: 1}, put{labels: named("up"), t: s.now, v: 1}, put{labels: named("down"), t: s.now, v: 1})
	for range 2 {
		s.with(orgA, func(metrics storage.OrgMetrics) {
			stats, err := metrics.Stats(s.Context())
			require.NoError(s, err)
			assert.Equal(s, uint64(2), stats.ActiveSeries)
			assert.Equal(s, uint64(3), stats.Samples)
			assert.Positive(s, stats.Bytes)
			assert.Equal(s, s.now-1000, stats.Oldest.UnixMilli())
			assert.Equal(s, s.now, stats.Newest.UnixMilli())
		})
		s.reopen()
	}
}

func testBadOrganisation(s *metricSuite) {
	for _, bad := range []storage.OrgID{"", ".", "..", "../a", "a/b", "a\\b"} {
		_, err := s.store.Open(s.Context(), bad)
		assert.Equal(s, errcode.Invalid, errcode.Of(err), "%q", bad)
	}
}

func testClosed(s *metricSuite) {
	require.NoError(s, s.store.Health(s.Context()))
	metrics, err := s.store.Open(s.Context(), orgA)
	require.NoError(s, err)
	require.NoError(s, metrics.Close())
	require.NoError(s, s.store.Close())
	_, err = s.store.Open(s.Context(), orgA)
	assert.Equal(s, errcode.Unavailable, errcode.Of(err))
	assert.Equal(s, errcode.Unavailable, errcode.Of(s.store.Health(s.Context())))
}
