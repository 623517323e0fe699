package storagetest

import (
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/test/matrix"
)

// SeriesLimit is how many series an organisation may have in the store that RunMetricStore
// opens.
const SeriesLimit = 100

// OutOfOrderWindow is how far back the store that RunMetricStore opens takes samples.
const OutOfOrderWindow = time.Hour

// RunMetricStore tests what storage.MetricStore promises. Each call of open gives the store
// of one subtest, empty the first time and with what was stored after that, closed by the
// suite; it has an out-of-order window of OutOfOrderWindow and a limit of SeriesLimit.
func RunMetricStore(t *testing.T, open func(t *testing.T, dir string) storage.MetricStore) {
	t.Helper()
	tests := map[string]func(*metricSuite){
		"append and read":   testAppendAndRead,
		"duplicates":        testDuplicates,
		"out of order":      testOutOfOrder,
		"rollback":          testRollback,
		"references":        testReferences,
		"exemplars":         testExemplars,
		"native histograms": testNativeHistograms,
		"staleness":         testStaleness,
		"metadata":          testMetadata,
		"describe family":   testDescribeFamily,
		"delete":            testDelete,
		"organisations":     testOrganisations,
		"series limit":      testSeriesLimit,
		"matchers":          testMatchers,
		"reopen":            testReopen,
		"statistics":        testStatistics,
		"bad organisation":  testBadOrganisation,
		"closed":            testClosed,
	}
	suite := matrix.Begin(t, "conformance of metric stores", matrix.Store(t))
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			suite.Part(t)
			s := &metricSuite{T: t, dir: t.TempDir(), open: open, now: time.Now().Truncate(time.Second).UnixMilli()}
			s.store = open(t, s.dir)
			s.capabilities = s.store.Capabilities()
			t.Cleanup(func() { assert.NoError(t, s.store.Close()) })
			test(s)
		})
	}
}

// The organisations of the suite.
const (
	orgA storage.OrgID = "6d9a2a3e-0000-4000-8000-00000000000a"
	orgB storage.OrgID = "6d9a2a3e-0000-4000-8000-00000000000b"
)

// metricSuite is one subtest with its store.
type metricSuite struct {
	*testing.T
	dir          string
	open         func(t *testing.T, dir string) storage.MetricStore
	store        storage.MetricStore
	capabilities storage.MetricCapabilities
	now          int64
}

// reopen closes the store and opens it again.
func (s *metricSuite) reopen() {
	require.NoError(s, s.store.Close())
	s.store = s.open(s.T, s.dir)
}

// with calls fn with an organisation's metrics.
func (s *metricSuite) with(org storage.OrgID, fn func(storage.OrgMetrics)) {
	metrics, err := s.store.Open(s.Context(), org)
	require.NoError(s, err)
	defer func() { require.NoError(s, metrics.Close()) }()
	fn(metrics)
}

// put is one sample to append.
type put struct {
	labels labels.Labels
	t      int64
	v      float64
	h      *histogram.Histogram
	fh     *histogram.FloatHistogram
	opts   promstorage.AppendV2Options
}

// append commits samples, and returns the error that refused each, from Append or Commit.
func (s *metricSuite) append(org storage.OrgID, puts ...put) []error {
	errs := make([]error, len(puts))
	s.with(org, func(metrics storage.OrgMetrics) {
		app := metrics.AppenderV2(s.Context())
		for i, p := range puts {
			_, errs[i] = app.Append(0, p.labels, 0, p.t, p.v, p.h, p.fh, p.opts)
		}
		require.NoError(s, app.Commit())
	})
	return errs
}

// mustAppend commits samples that must all be taken.
func (s *metricSuite) mustAppend(org storage.OrgID, puts ...put) {
	for i, err := range s.append(org, puts...) {
		require.NoError(s, err, "sample %d", i)
	}
}

// point is a sample that was read.
type point struct {
	t  int64
	v  float64
	h  *histogram.Histogram
	fh *histogram.FloatHistogram
}

// read returns the points of the series that match, by the text of their labels.
func (s *metricSuite) read(org storage.OrgID, mint, maxt int64, matchers ...*labels.Matcher) map[string][]point {
	found := map[string][]point{}
	s.with(org, func(metrics storage.OrgMetrics) {
		querier, err := metrics.Querier(mint, maxt)
		require.NoError(s, err)
		defer func() { require.NoError(s, querier.Close()) }()
		set := querier.Select(s.Context(), true, nil, matchers...)
		for set.Next() {
			found[set.At().Labels().String()] = s.points(set.At().Iterator(nil))
		}
		require.NoError(s, set.Err())
	})
	return found
}

func (s *metricSuite) points(it chunkenc.Iterator) []point {
	var points []point
	for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
		var p point
		switch kind {
		case chunkenc.ValHistogram:
			p.t, p.h = it.AtHistogram(nil)
			_, float := it.AtFloatHistogram(nil) // PromQL asks for floats alone
			require.NotNil(s, float)
			assert.True(s, p.h.ToFloat(nil).Equals(float), "%s is %s as floats", p.h, float)
		case chunkenc.ValFloatHistogram:
			p.t, p.fh = it.AtFloatHistogram(nil)
		default:
			p.t, p.v = it.At()
		}
		points = append(points, p)
	}
	require.NoError(s, it.Err())
	return points
}

// exemplars returns all exemplars of a metric.
func (s *metricSuite) exemplars(org storage.OrgID, name string) []exemplar.Exemplar {
	var found []exemplar.Exemplar
	s.with(org, func(metrics storage.OrgMetrics) {
		querier, err := metrics.ExemplarQuerier(s.Context())
		require.NoError(s, err)
		results, err := querier.Select(0, s.now+time.Hour.Milliseconds(), []*labels.Matcher{equal(model.MetricNameLabel, name)})
		require.NoError(s, err)
		for _, result := range results {
			found = append(found, result.Exemplars...)
		}
	})
	return found
}

func equal(name, value string) *labels.Matcher {
	return labels.MustNewMatcher(labels.MatchEqual, name, value)
}

func named(name string, pairs ...string) labels.Labels {
	return labels.FromStrings(append([]string{model.MetricNameLabel, name}, pairs...)...)
}
