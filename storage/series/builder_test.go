package series_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/model/value"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/pharos-obs/pharos/storage/rejection"
	"github.com/pharos-obs/pharos/storage/series"
)

// TestRoundTrip builds series, sends them over the wire, and appends them: what arrives is
// what was sent.
func TestRoundTrip(t *testing.T) {
	integer := &histogram.Histogram{
		CounterResetHint: histogram.GaugeType, Schema: 1, ZeroThreshold: 0.001, ZeroCount: 2, Count: 7, Sum: 18.4,
		PositiveSpans: []histogram.Span{{Offset: 0, Length: 2}}, PositiveBuckets: []int64{1, 1},
		NegativeSpans: []histogram.Span{{Offset: 1, Length: 1}}, NegativeBuckets: []int64{2},
	}
	custom := &histogram.Histogram{
		Schema: histogram.CustomBucketsSchema, Count: 3, Sum: 4, CustomValues: []float64{0.5, 1},
		PositiveSpans: []histogram.Span{{Offset: 0, Length: 3}}, PositiveBuckets: []int64{1, 0, 0},
	}
	stale := &histogram.Histogram{Sum: math.Float64frombits(value.StaleNaN)}
	float := integer.ToFloat(nil)
	float.Count += 0.5
	float.ZeroCount += 0.5
	job := []series.Label{{Name: "job", Value: "ä pi"}}
	sent := exemplar.Exemplar{Labels: labels.FromStrings("trace_id", "x", "a", "b"), Value: 0.25, Ts: 999, HasTs: true}

	builder := series.NewBuilder(8)
	want := &capture{}
	app := want.AppenderV2(t.Context())
	expect := func(name string, st, ts int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, opts promstorage.AppendV2Options) {
		_, err := app.Append(0, labels.FromStrings("__name__", name, "job", "ä pi"), st, ts, v, h, fh, opts)
		require.NoError(t, err)
	}
	for i, v := range []float64{1.5, math.Inf(1), math.NaN(), math.Float64frombits(value.StaleNaN), math.Copysign(0, -1)} {
		builder.AddSample("up.time", job, int64(1000+i), v, series.Meta{Type: "gauge", Unit: "s", Help: "Help."})
		expect("up.time", 0, int64(1000+i), v, nil, nil, promstorage.AppendV2Options{
			MetricFamilyName: "up.time", Metadata: metadata.Metadata{Type: model.MetricTypeGauge, Unit: "s", Help: "Help."},
		})
	}
	builder.AddSample("latency_bucket", append(job, series.Label{Name: "__name__", Value: "other"}), 1000, 2, series.Meta{Type: "histogram"})
	builder.SetStart(500)
	builder.AddExemplar(series.Exemplar{Labels: []series.Label{{Name: "trace_id", Value: "x"}, {Name: "a", Value: "b"}}, Value: 0.25, Time: 999})
	expect("latency_bucket", 500, 1000, 2, nil, nil, promstorage.AppendV2Options{
		MetricFamilyName: "latency", Metadata: metadata.Metadata{Type: model.MetricTypeHistogram}, Exemplars: []exemplar.Exemplar{sent},
	})
	for i, h := range []*histogram.Histogram{integer, custom, stale} {
		encoded := writev2.FromIntHistogram(100, int64(2000+i), h)
		require.NoError(t, builder.AddHistogram("native", job, &encoded, series.Meta{}))
		decoded := encoded.ToIntHistogram()
		expect("native", 100, int64(2000+i), 0, decoded, nil, promstorage.AppendV2Options{MetricFamilyName: "native"})
	}
	encoded := writev2.FromFloatHistogram(100, 3000, float)
	require.NoError(t, builder.AddHistogram("native", job, &encoded, series.Meta{}))
	builder.AddExemplar(series.Exemplar{Labels: []series.Label{{Name: "trace_id", Value: "x"}, {Name: "a", Value: "b"}}, Value: 0.25, Time: 999})
	expect("native", 100, 3000, 0, nil, encoded.ToFloatHistogram(), promstorage.AppendV2Options{MetricFamilyName: "native", Exemplars: []exemplar.Exemplar{sent}})

	assert.Equal(t, 10, builder.Len())
	assert.Equal(t, 3, builder.Metrics().MetricCount(), "samples of one name share a metric")
	received, err := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(marshal(t, builder.Metrics()))
	require.NoError(t, err)
	expected := want.take()
	writer, got := series.NewWriter(100), &capture{}
	for range 2 {
		report := &rejection.Report{}
		require.NoError(t, writer.Append(rejection.NewContext(t.Context(), report), benchOrg, got, received))
		assert.Zero(t, report.Count(), report.Summary())
		assert.Equal(t, expected, got.take())
	}
}

func TestMarkedScopeRefusesWhatIsNoSeries(t *testing.T) {
	tests := map[string]struct {
		spoil  func(pmetric.Metric)
		reason string
	}{
		"no name":        {func(m pmetric.Metric) { m.SetName("") }, "name_invalid"},
		"kind":           {func(m pmetric.Metric) { m.SetEmptySummary().DataPoints().AppendEmpty() }, "value_invalid"},
		"name twice":     {func(m pmetric.Metric) { m.Gauge().DataPoints().At(0).Attributes().PutStr("__name__", "x") }, "label_invalid"},
		"empty label":    {func(m pmetric.Metric) { m.Gauge().DataPoints().At(0).Attributes().PutStr("", "x") }, "label_invalid"},
		"no histogram":   {func(m pmetric.Metric) { m.SetEmptyExponentialHistogram().DataPoints().AppendEmpty() }, "value_invalid"},
		"bad histogram":  {func(m pmetric.Metric) { spoiltHistogram(m, []byte{0xff}) }, "value_invalid"},
		"wrong count":    {func(m pmetric.Metric) { spoiltHistogram(m, wrongCount()) }, "value_invalid"},
		"wrong span sum": {func(m pmetric.Metric) { spoiltHistogram(m, wrongSpans()) }, "value_invalid"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			builder := series.NewBuilder(2)
			builder.AddSample("spoilt", nil, 1, 1, series.Meta{})
			builder.AddSample("kept", nil, 1, 1, series.Meta{})
			md := builder.Metrics()
			tt.spoil(md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0))
			store, report := &capture{}, &rejection.Report{}
			require.NoError(t, series.NewWriter(10).Append(rejection.NewContext(t.Context(), report), benchOrg, store, md))
			assert.Len(t, store.take(), 1)
			require.Equal(t, 1, report.Count())
			assert.Equal(t, tt.reason, report.Items()[0].Reason)
		})
	}
}

func spoiltHistogram(metric pmetric.Metric, encoded []byte) {
	metric.SetEmptyExponentialHistogram().DataPoints().AppendEmpty().Attributes().PutEmptyBytes(series.HistogramKey).FromRaw(encoded)
}

func wrongCount() []byte {
	h := writev2.FromIntHistogram(0, 1, &histogram.Histogram{Count: 1, PositiveSpans: []histogram.Span{{Length: 1}}, PositiveBuckets: []int64{5}})
	encoded, _ := h.Marshal()
	return encoded
}

func wrongSpans() []byte {
	h := writev2.FromIntHistogram(0, 1, &histogram.Histogram{Count: 5, PositiveSpans: []histogram.Span{{Length: 3}}, PositiveBuckets: []int64{5}})
	encoded, _ := h.Marshal()
	return encoded
}

func TestTimesThatPdataCannotSay(t *testing.T) {
	for _, ms := range []int64{math.MinInt64, -1, math.MaxInt64} {
		t.Run(fmt.Sprint(ms), func(t *testing.T) {
			builder := series.NewBuilder(1)
			builder.AddSample("up", nil, ms, 1, series.Meta{})
			got := builder.Metrics().ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Gauge().DataPoints().At(0).Timestamp().AsTime().UnixMilli()
			if ms < 0 {
				assert.Zero(t, got)
			} else {
				assert.Equal(t, int64(math.MaxInt64)/1_000_000, got)
			}
		})
	}
}

func TestSamplesOfANameShareAMetric(t *testing.T) {
	builder := series.NewBuilder(0)
	for i, name := range []string{"a", "b", "a", "b", "a"} {
		builder.AddSample(name, nil, int64(i+1), float64(i), series.Meta{Type: "gauge"})
	}
	builder.AddSample("a", nil, 6, 5, series.Meta{Type: "counter"})
	require.NoError(t, builder.AddHistogram("b", nil, &writev2.Histogram{Timestamp: 7}, series.Meta{Type: "gauge"}))
	builder.AddSample("a", nil, 8, 7, series.Meta{Type: "counter"})

	var got []string
	for _, metric := range builder.Metrics().ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		points := metric.Name() + " " + metric.Type().String()
		if metric.Type() == pmetric.MetricTypeGauge {
			for _, point := range metric.Gauge().DataPoints().All() {
				points += fmt.Sprintf(" %d", point.Timestamp().AsTime().UnixMilli())
			}
		}
		got = append(got, points)
	}
	assert.Equal(t, []string{"a Gauge 1 3 5", "b Gauge 2 4", "a Gauge 6 8", "b ExponentialHistogram"}, got)
	assert.Equal(t, 8, builder.Len())
}
