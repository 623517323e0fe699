package ingestreceiver

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/storage/rejection"
	"github.com/pharos-obs/pharos/storage/series"
)

const (
	typeV2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
	at     = int64(1795482123004)
)

func snapped(data []byte) []byte { return snappy.Encode(nil, data) }

func postV1(t *testing.T, request *prompb.WriteRequest) *http.Request {
	t.Helper()
	encoded, err := request.Marshal()
	require.NoError(t, err)
	return post("/api/v1/write", contentTypeProto, snapped(encoded), "Content-Encoding", "snappy")
}

func postV2(t *testing.T, request *writev2.Request) *http.Request {
	t.Helper()
	encoded, err := request.Marshal()
	require.NoError(t, err)
	return post("/api/v1/write", typeV2, snapped(encoded), "Content-Encoding", "snappy")
}

// labelsV1 makes labels of name, value, name, value ...
func labelsV1(pairs ...string) []prompb.Label {
	var labels []prompb.Label
	for i := 0; i+1 < len(pairs); i += 2 {
		labels = append(labels, prompb.Label{Name: pairs[i], Value: pairs[i+1]})
	}
	return labels
}

func seriesV1(v float64, pairs ...string) prompb.TimeSeries {
	return prompb.TimeSeries{Labels: labelsV1(pairs...), Samples: []prompb.Sample{{Timestamp: at, Value: v}}}
}

func testHistogram() *histogram.Histogram {
	return &histogram.Histogram{
		Schema: 3, Count: 7, Sum: 12.5, ZeroThreshold: 0.001, ZeroCount: 1,
		PositiveSpans: []histogram.Span{{Offset: -2, Length: 2}}, PositiveBuckets: []int64{2, 2},
	}
}

// histograms returns the native histograms that the sink got.
func histograms(t *testing.T, metrics pmetric.Metrics) []*writev2.Histogram {
	t.Helper()
	var found []*writev2.Histogram
	for _, metric := range metrics.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		if metric.Type() != pmetric.MetricTypeExponentialHistogram {
			continue
		}
		for _, point := range metric.ExponentialHistogram().DataPoints().All() {
			encoded, ok := point.Attributes().Get(series.HistogramKey)
			require.True(t, ok)
			h := &writev2.Histogram{}
			require.NoError(t, h.Unmarshal(encoded.Bytes().AsRaw()))
			found = append(found, h)
		}
	}
	return found
}

func TestRemoteWriteV1(t *testing.T) {
	bed := start(t)
	answer := bed.do(frontdoor.HTTP, postV1(t, &prompb.WriteRequest{
		Timeseries: []prompb.TimeSeries{
			{Labels: labelsV1("__name__", "latency", "job", "a"), Exemplars: []prompb.Exemplar{{Labels: labelsV1("trace_id", "t1"), Value: 0.5, Timestamp: at}}},
			{Labels: labelsV1("__name__", "lost"), Exemplars: []prompb.Exemplar{{Labels: labelsV1("trace_id", "t2"), Value: 0.5, Timestamp: at}}},
			seriesV1(1.5, "__name__", "latency", "empty", "", "job", "a"),
			seriesV1(math.Float64frombits(value.StaleNaN), "__name__", "gone.with.dots"),
			{Labels: labelsV1("__name__", "sizes"), Histograms: []prompb.Histogram{prompb.FromIntHistogram(at, testHistogram()), prompb.FromFloatHistogram(at+1, testHistogram().ToFloat(nil))}},
		},
		Metadata: []prompb.MetricMetadata{{Type: prompb.MetricMetadata_COUNTER, MetricFamilyName: "requests_total", Help: "Requests.", Unit: "1"}},
	}))
	require.Equal(t, http.StatusNoContent, answer.Code, answer.Body.String())
	assert.Empty(t, answer.Header().Get(headerSamplesWritten), "a header of version 2")

	metrics := bed.metrics[0]
	scope := metrics.ResourceMetrics().At(0).ScopeMetrics().At(0)
	require.Equal(t, series.ScopeName, scope.Scope().Name())
	latency := scope.Metrics().At(0).Gauge().DataPoints().At(0)
	assert.Equal(t, map[string]any{"job": "a"}, latency.Attributes().AsRaw())
	assert.InDelta(t, 1.5, latency.DoubleValue(), 0)
	assert.Equal(t, at, rejection.Milliseconds(latency.Timestamp()))
	require.Equal(t, 1, latency.Exemplars().Len(), "Prometheus sends exemplars apart from their sample")
	assert.Equal(t, map[string]any{"trace_id": "t1"}, latency.Exemplars().At(0).FilteredAttributes().AsRaw())
	stale := scope.Metrics().At(1)
	assert.Equal(t, "gone.with.dots", stale.Name(), "names are stored as they are sent")
	assert.True(t, stale.Gauge().DataPoints().At(0).Flags().NoRecordedValue())
	found := histograms(t, metrics)
	require.Len(t, found, 2)
	assert.True(t, testHistogram().Equals(found[0].ToIntHistogram()))
	assert.True(t, testHistogram().ToFloat(nil).Equals(found[1].ToFloatHistogram()))
	metadata := scope.Metrics().At(scope.Metrics().Len() - 1)
	assert.Equal(t, "requests_total", metadata.Name())
	assert.Equal(t, "Requests.", metadata.Description())
	kind, _ := metadata.Metadata().Get(series.TypeKey)
	assert.Equal(t, "counter", kind.Str())
}

// symbols interns strings as a sender of version 2 does.
type symbols struct{ table []string }

func (s *symbols) refs(texts ...string) []uint32 {
	var refs []uint32
	for _, text := range texts {
		refs = append(refs, uint32(len(s.table)))
		s.table = append(s.table, text)
	}
	return refs
}

func TestRemoteWriteV2(t *testing.T) {
	bed := start(t)
	table := &symbols{table: []string{""}}
	help, unit := table.refs("Requests.")[0], table.refs("seconds")[0]
	finer := testHistogram()
	finer.Schema = 10
	request := &writev2.Request{
		Timeseries: []writev2.TimeSeries{
			{
				LabelsRefs: table.refs("__name__", "requests_total", "job", "a"),
				Samples:    []writev2.Sample{{Timestamp: at, Value: 1, StartTimestamp: at - 1000}, {Timestamp: at + 1, Value: 2}},
				Exemplars:  []writev2.Exemplar{{LabelsRefs: table.refs("trace_id", "t1"), Value: 1, Timestamp: at}},
				Metadata:   writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_COUNTER, HelpRef: help, UnitRef: unit},
			},
			{LabelsRefs: table.refs("__name__", "sizes"), Histograms: []writev2.Histogram{writev2.FromIntHistogram(at-5, at, testHistogram()), writev2.FromIntHistogram(0, at+1, finer)}},
		},
	}
	request.Symbols = table.table
	answer := bed.do(frontdoor.HTTP, postV2(t, request))
	require.Equal(t, http.StatusNoContent, answer.Code, answer.Body.String())
	assert.Equal(t, []string{"2", "2", "1"}, written(answer))

	metric := bed.metrics[0].ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0)
	assert.Equal(t, "Requests.", metric.Description())
	assert.Equal(t, "seconds", metric.Unit())
	assert.Equal(t, at-1000, rejection.Milliseconds(metric.Gauge().DataPoints().At(0).StartTimestamp()))
	assert.Equal(t, 1, metric.Gauge().DataPoints().At(1).Exemplars().Len())
	found := histograms(t, bed.metrics[0])
	require.Len(t, found, 2)
	assert.True(t, testHistogram().Equals(found[0].ToIntHistogram()))
	assert.Equal(t, at-5, found[0].StartTimestamp)
	assert.EqualValues(t, 8, found[1].Schema, "reduced to what stores keep")
}

func written(answer *httptest.ResponseRecorder) []string {
	return []string{answer.Header().Get(headerSamplesWritten), answer.Header().Get(headerHistogramsWritten), answer.Header().Get(headerExemplarsWritten)}
}

func TestRemoteWriteStoresTheGoodAndRefusesTheRest(t *testing.T) {
	broken := testHistogram()
	broken.PositiveBuckets = broken.PositiveBuckets[:1]
	good := seriesV1(1, "__name__", "good")
	tests := []struct {
		name    string
		bad     prompb.TimeSeries
		message string
	}{
		{"no name", seriesV1(1, "job", "a"), "a series has no __name__"},
		{"empty name", seriesV1(1, "__name__", ""), "a series has no __name__"},
		{"label twice", seriesV1(1, "__name__", "up", "a", "1", "a", "2"), `label "a" is there twice`},
		{"label twice, not sorted", seriesV1(1, "a", "1", "__name__", "up", "a", "2"), `label "a" is there twice`},
		{"name twice", seriesV1(1, "__name__", "up", "__name__", "down"), `label "__name__" is there twice`},
		{"label without a name", seriesV1(1, "__name__", "up", "", "x"), "a label has an empty name"},
		{"not UTF-8", seriesV1(1, "__name__", "up", "a", "\xff"), `label "a" is not valid UTF-8`},
		{"broken histogram", prompb.TimeSeries{Labels: labelsV1("__name__", "up"), Histograms: []prompb.Histogram{prompb.FromIntHistogram(at, broken)}, Exemplars: []prompb.Exemplar{{Value: 1}}}, "a histogram of up is invalid"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bed := start(t)
			answer := bed.do(frontdoor.HTTP, postV1(t, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{good, test.bad, good}}))
			assert.Equal(t, http.StatusBadRequest, answer.Code)
			assert.Contains(t, answer.Body.String(), "1 refused, the rest was stored: "+test.message)
			require.Len(t, bed.metrics, 1)
			assert.Equal(t, 2, bed.metrics[0].DataPointCount())
			for _, point := range bed.metrics[0].ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Gauge().DataPoints().All() {
				assert.Zero(t, point.Exemplars().Len(), "an exemplar goes to its own series or nowhere")
			}
		})
	}
}

func TestRemoteWriteV2Refusals(t *testing.T) {
	table := &symbols{table: []string{""}}
	sample := []writev2.Sample{{Timestamp: at, Value: 1}}
	good := writev2.TimeSeries{LabelsRefs: table.refs("__name__", "good"), Samples: sample}
	up := table.refs("__name__", "up")
	tests := []struct {
		name    string
		bad     writev2.TimeSeries
		message string
		stored  []string
	}{
		{"odd references", writev2.TimeSeries{LabelsRefs: []uint32{1}, Samples: sample}, "1 references are not pairs", []string{"1", "0", "0"}},
		{"reference outside", writev2.TimeSeries{LabelsRefs: []uint32{1, 99}, Samples: sample}, "outside of the symbols table", []string{"1", "0", "0"}},
		{"neither sample nor histogram", writev2.TimeSeries{LabelsRefs: up}, "a series of up has neither samples nor histograms", []string{"1", "0", "0"}},
		{"metadata outside", writev2.TimeSeries{LabelsRefs: up, Samples: sample, Metadata: writev2.Metadata{HelpRef: 99}}, "help_ref 99 outside", []string{"1", "0", "0"}},
		{"exemplar outside", writev2.TimeSeries{LabelsRefs: up, Samples: sample, Exemplars: []writev2.Exemplar{{LabelsRefs: []uint32{0, 99}}}}, "an exemplar of up", []string{"2", "0", "0"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			answer := start(t).do(frontdoor.HTTP, postV2(t, &writev2.Request{Symbols: table.table, Timeseries: []writev2.TimeSeries{good, test.bad}}))
			assert.Equal(t, http.StatusBadRequest, answer.Code)
			assert.Contains(t, answer.Body.String(), test.message)
			assert.Equal(t, test.stored, written(answer))
		})
	}
}

func TestRemoteWriteRefusedLater(t *testing.T) {
	bed := start(t)
	bed.onMetrics = func(ctx context.Context, metrics pmetric.Metrics) error {
		for _, metric := range metrics.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
			item := rejection.Item{Field: "time", Reason: "too_old", Message: "is too old"}
			if metric.Type() == pmetric.MetricTypeGauge {
				point := metric.Gauge().DataPoints().At(0)
				item.Key, item.Time = rejection.SeriesKey(metric.Name(), point.Attributes()), rejection.Milliseconds(point.Timestamp())
			} else {
				point := metric.ExponentialHistogram().DataPoints().At(0)
				point.Attributes().Remove(series.HistogramKey)
				item.Key, item.Time = rejection.SeriesKey(metric.Name(), point.Attributes()), rejection.Milliseconds(point.Timestamp())
			}
			rejection.FromContext(ctx).Add(item)
		}
		return nil
	}
	table := &symbols{table: []string{""}}
	request := &writev2.Request{Timeseries: []writev2.TimeSeries{
		{LabelsRefs: table.refs("__name__", "up"), Samples: []writev2.Sample{{Timestamp: at}, {Timestamp: at + 1}}},
		{LabelsRefs: table.refs("__name__", "sizes"), Histograms: []writev2.Histogram{writev2.FromIntHistogram(0, at, testHistogram())}},
	}}
	request.Symbols = table.table
	answer := bed.do(frontdoor.HTTP, postV2(t, request))
	assert.Equal(t, http.StatusBadRequest, answer.Code)
	assert.Contains(t, answer.Body.String(), "2 refused, the rest was stored: time: is too old; time: is too old")
	assert.Equal(t, []string{"1", "0", "0"}, written(answer))
}

func TestRemoteWriteErrors(t *testing.T) {
	encoded, err := (&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{seriesV1(1, "__name__", "up")}}).Marshal()
	require.NoError(t, err)
	huge := append([]byte{0xff, 0xff, 0xff, 0x1f}, "claims 64 MiB"...)
	tests := []struct {
		name    string
		request *http.Request
		status  int
		message string
	}{
		{"no content type is version 1", post("/api/v1/write", "", snapped(encoded)), 204, ""},
		{"zstd", post("/api/v1/write", contentTypeProto, zstded(t, encoded), "Content-Encoding", "zstd"), 204, ""},
		{"nothing", post("/api/v1/write", contentTypeProto+";proto="+messageV1, snapped(nil)), 204, ""},
		{"JSON", post("/api/v1/write", contentTypeJSON, snapped(encoded)), 415, "use application/x-protobuf;proto=io.prometheus.write.v2.Request or application/x-protobuf"},
		{"another message", post("/api/v1/write", contentTypeProto+";proto=x.Y", snapped(encoded)), 415, "is not supported here"},
		{"encoding", post("/api/v1/write", contentTypeProto, encoded, "Content-Encoding", "br"), 415, "use snappy, zstd or gzip"},
		{"not snappy", post("/api/v1/write", contentTypeProto, []byte("hello"), "Content-Encoding", "snappy"), 400, "not valid snappy"},
		{"snappy that lies about its size", post("/api/v1/write", contentTypeProto, huge, "Content-Encoding", "snappy"), 400, "not valid snappy"},
		{"snappy over the limit", post("/api/v1/write", contentTypeProto, []byte{0xff, 0xff, 0xff, 0xff, 0x0f, 0}, "Content-Encoding", "snappy"), 413, "larger than"},
		{"not protobuf", post("/api/v1/write", contentTypeProto, snapped([]byte("hello"))), 400, "not prometheus.WriteRequest"},
		{"not protobuf 2", post("/api/v1/write", typeV2, snapped([]byte("hello"))), 400, "not io.prometheus.write.v2.Request"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			answer := start(t).do(frontdoor.HTTP, test.request)
			assert.Equal(t, test.status, answer.Code, answer.Body.String())
			assert.Contains(t, answer.Body.String(), test.message)
		})
	}
	bed := start(t)
	bed.onMetrics = func(context.Context, pmetric.Metrics) error { return errors.New("away") }
	answer := bed.do(frontdoor.HTTP, post("/api/v1/write", contentTypeProto, snapped(encoded)))
	assert.Equal(t, http.StatusServiceUnavailable, answer.Code, "a sender tries again on 5xx alone")
	assert.Equal(t, "1", answer.Header().Get("Retry-After"))
}

func TestRemoteWriteMetadataAlone(t *testing.T) {
	bed := start(t)
	answer := bed.do(frontdoor.HTTP, postV1(t, &prompb.WriteRequest{Metadata: []prompb.MetricMetadata{
		{Type: prompb.MetricMetadata_GAUGE, MetricFamilyName: "up", Help: "Whether."}, {MetricFamilyName: "\xff"},
	}}))
	assert.Equal(t, http.StatusBadRequest, answer.Code)
	require.Len(t, bed.metrics, 1)
	assert.Equal(t, 1, bed.metrics[0].MetricCount())
}

func TestRefusalIsShort(t *testing.T) {
	batch := newRemoteBatch(0)
	for i := range 100 {
		batch.refuse(1, reasonLabel, "%d is wrong", i)
	}
	text := batch.refusal(nil).Error()
	assert.Contains(t, text, "100 refused")
	assert.Contains(t, text, "4 is wrong (and 95 more)")
	assert.Equal(t, maxRefusalMessages, strings.Count(text, "is wrong"))
}

func FuzzRemoteWrite(f *testing.F) {
	v1, err := (&prompb.WriteRequest{
		Timeseries: []prompb.TimeSeries{
			seriesV1(1, "__name__", "up", "job", "a"),
			{Labels: labelsV1("__name__", "up", "job", "a"), Exemplars: []prompb.Exemplar{{Labels: labelsV1("trace_id", "x")}}},
			{Labels: labelsV1("__name__", "h"), Histograms: []prompb.Histogram{prompb.FromIntHistogram(at, testHistogram())}},
		},
		Metadata: []prompb.MetricMetadata{{MetricFamilyName: "up"}},
	}).Marshal()
	require.NoError(f, err)
	f.Add(v1, false)
	v2, err := (&writev2.Request{
		Symbols: []string{"", "__name__", "up"},
		Timeseries: []writev2.TimeSeries{
			{LabelsRefs: []uint32{1, 2}, Samples: []writev2.Sample{{Timestamp: at}}, Exemplars: []writev2.Exemplar{{LabelsRefs: []uint32{2, 2}}}},
			{LabelsRefs: []uint32{1, 2}, Histograms: []writev2.Histogram{writev2.FromFloatHistogram(0, at, testHistogram().ToFloat(nil))}},
		},
	}).Marshal()
	require.NoError(f, err)
	f.Add(v2, true)
	f.Fuzz(func(t *testing.T, body []byte, second bool) {
		version := 1
		if second {
			version = 2
		}
		requests := newRemoteRequests()
		request, err := requests.decode(body, version)
		sameAsGenerated(t, body, version, request, err)
		if err != nil {
			return
		}
		defer requests.release(request, version)
		batch := request.batch()
		assert.Equal(t, batch.added.samples+batch.added.histograms, batch.builder.Len())
		assert.Equal(t, batch.builder.Len(), batch.builder.Metrics().DataPointCount())
		encoded, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(batch.builder.Metrics())
		require.NoError(t, err)
		_, err = (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(encoded)
		require.NoError(t, err)
		again := request.batch()
		assert.Equal(t, batch.added, again.added, "converting does not use up the request")
		assert.Equal(t, batch.added, again.written(&rejection.Report{}))
	})
}
