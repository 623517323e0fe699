package limitsprocessor

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/pharos-obs/pharos/storage/rejection"
	"github.com/pharos-obs/pharos/storage/series"
)

func newMetrics(tb testing.TB, cfg *Config, next consumer.Metrics) (*metricLimits, *componenttest.Telemetry) {
	tb.Helper()
	telemetry := componenttest.NewTelemetry()
	set := processortest.NewNopSettings(NewFactory().Type())
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	created, err := NewFactory().CreateMetrics(tb.Context(), set, cfg, next)
	require.NoError(tb, err)
	limits := created.(*metricLimits)
	limits.now = now
	return limits, telemetry
}

// gauge returns a batch with one gauge of good points.
func gauge(name string, points int) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	resource := metrics.ResourceMetrics().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "checkout")
	metric := resource.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	metric.SetName(name)
	data := metric.SetEmptyGauge().DataPoints()
	for i := range points {
		point := data.AppendEmpty()
		point.SetTimestamp(stamp(0))
		point.Attributes().PutStr("host", fmt.Sprintf("host-%d", i))
		point.Attributes().PutStr("region", "eu-west-1")
		point.SetDoubleValue(float64(i))
	}
	return metrics
}

func first(metrics pmetric.Metrics) pmetric.NumberDataPoint {
	return metrics.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Gauge().DataPoints().At(0)
}

func TestTemporality(t *testing.T) {
	temporalities := map[pmetric.AggregationTemporality]string{
		pmetric.AggregationTemporalityCumulative:  "",
		pmetric.AggregationTemporalityDelta:       "delta_temporality",
		pmetric.AggregationTemporalityUnspecified: "value_invalid",
	}
	for temporality, reason := range temporalities {
		metrics := gauge("kept", 2)
		all := metrics.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics()
		sum, histogram, exponential := all.AppendEmpty(), all.AppendEmpty(), all.AppendEmpty()
		sum.SetName("sum")
		sum.SetEmptySum().SetAggregationTemporality(temporality)
		sum.Sum().DataPoints().AppendEmpty().SetTimestamp(stamp(0))
		histogram.SetName("histogram")
		histogram.SetEmptyHistogram().SetAggregationTemporality(temporality)
		histogram.Histogram().DataPoints().AppendEmpty().SetTimestamp(stamp(0))
		exponential.SetName("exponential")
		exponential.SetEmptyExponentialHistogram().SetAggregationTemporality(temporality)
		exponential.ExponentialHistogram().DataPoints().AppendEmpty().SetTimestamp(stamp(0))

		sink := &consumertest.MetricsSink{}
		limits, _ := newMetrics(t, testConfig(), sink)
		report := &rejection.Report{}
		require.NoError(t, limits.ConsumeMetrics(rejection.NewContext(t.Context(), report), metrics))
		if reason == "" {
			assert.Equal(t, 5, sink.DataPointCount())
			assert.Zero(t, report.Count())
			continue
		}
		assert.Equal(t, 2, sink.DataPointCount(), reason)
		assert.Equal(t, 3, report.Count(), reason)
		for _, item := range report.Items() {
			assert.Equal(t, "aggregation_temporality", item.Field)
			assert.Equal(t, reason, item.Reason)
			assert.Contains(t, item.Message, "cumulative")
		}
	}
}

func TestMetricViolations(t *testing.T) {
	tests := []struct {
		name          string
		change        func(pmetric.NumberDataPoint)
		field, reason string
		message       string
	}{
		{"too old", func(p pmetric.NumberDataPoint) { p.SetTimestamp(stamp(-25 * time.Hour)) }, "time", "too_old", "check the sender's clock"},
		{"future", func(p pmetric.NumberDataPoint) { p.SetTimestamp(stamp(time.Hour)) }, "time", "too_far_in_future", "check the sender's clock"},
		{"no time", func(p pmetric.NumberDataPoint) { p.SetTimestamp(0) }, "time", "time_missing", "is missing"},
		{"too many labels", func(p pmetric.NumberDataPoint) { p.Attributes().PutInt("a", 1); p.Attributes().PutInt("b", 1) }, "labels", "label_limit", "4 labels are more than the 3 allowed; send fewer"},
		{"long label name", func(p pmetric.NumberDataPoint) { p.Attributes().PutStr("elevenchars", "") }, "labels", "label_invalid", "is 11 bytes, longer than the 10 allowed"},
		{"long label value", func(p pmetric.NumberDataPoint) { p.Attributes().PutStr("a", "sixteen letters!") }, "labels", "too_large", `the value of "a" is 16 bytes, longer than the 15 allowed; shorten it`},
		{"empty label name", func(p pmetric.NumberDataPoint) { p.Attributes().PutStr("", "x") }, "labels", "label_invalid", "has an empty name"},
		{"label name not UTF-8", func(p pmetric.NumberDataPoint) { p.Attributes().PutStr("\xff", "x") }, "labels", "label_invalid", "not valid UTF-8"},
		{"label value not UTF-8", func(p pmetric.NumberDataPoint) { p.Attributes().PutStr("a", "\xff") }, "labels", "label_invalid", "not valid UTF-8"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sink := &consumertest.MetricsSink{}
			limits, telemetry := newMetrics(t, testConfig(), sink)
			metrics := gauge("queue_length", 3)
			test.change(first(metrics))
			key, at := rejection.SeriesKey("queue_length", first(metrics).Attributes()), rejection.Milliseconds(first(metrics).Timestamp())

			ctx, report := reporting(t)
			require.NoError(t, limits.ConsumeMetrics(ctx, metrics))
			require.Len(t, sink.AllMetrics(), 1)
			assert.Equal(t, 2, sink.AllMetrics()[0].DataPointCount())
			require.Equal(t, 1, report.Count())
			item := report.Items()[0]
			assert.Equal(t, key, item.Key)
			assert.Equal(t, at, item.Time)
			assert.Equal(t, [2]string{test.field, test.reason}, [2]string{item.Field, item.Reason})
			assert.Contains(t, item.Message, test.message)
			assertCounted(t, telemetry, metricdata.DataPoint[int64]{
				Value: 1, Attributes: attribute.NewSet(attribute.String("signal", "metrics"), attribute.String("reason", test.reason)),
			})

			// Nothing left: the next consumer is not called.
			alone := gauge("queue_length", 1)
			test.change(first(alone))
			ctx, report = reporting(t)
			require.NoError(t, limits.ConsumeMetrics(ctx, alone))
			assert.Equal(t, 1, report.Count())
			assert.Len(t, sink.AllMetrics(), 1)
		})
	}
}

func TestMetricNames(t *testing.T) {
	for _, name := range []string{"", strings.Repeat("x", 21), "\xff"} {
		sink := &consumertest.MetricsSink{}
		limits, _ := newMetrics(t, testConfig(), sink)
		ctx, report := reporting(t)
		require.NoError(t, limits.ConsumeMetrics(ctx, gauge(name, 2)))
		assert.Equal(t, [][2]string{{"metric_name", "name_invalid"}, {"metric_name", "name_invalid"}}, rejections(report))
		assert.Empty(t, sink.AllMetrics())
	}
}

func TestResourceViolationRefusesAllOfIt(t *testing.T) {
	sink := &consumertest.MetricsSink{}
	limits, _ := newMetrics(t, testConfig(), sink)
	metrics := gauge("bad", 2)
	metrics.ResourceMetrics().At(0).Resource().Attributes().PutStr("service.name", "\xff")
	gauge("good", 1).ResourceMetrics().MoveAndAppendTo(metrics.ResourceMetrics())
	ctx, report := reporting(t)
	require.NoError(t, limits.ConsumeMetrics(ctx, metrics))
	assert.Equal(t, 2, report.Count())
	assert.Contains(t, report.Summary(), "not valid UTF-8")
	assert.Equal(t, gauge("good", 1), sink.AllMetrics()[0])

	commandLine := gauge("good", 1)
	commandLine.ResourceMetrics().At(0).Resource().Attributes().PutStr("process.command_line", strings.Repeat("x", 20_000))
	ctx, report = reporting(t)
	require.NoError(t, limits.ConsumeMetrics(ctx, commandLine))
	assert.Zero(t, report.Count(), "resources have wider limits")
}

// everyType returns a batch with one good and one old point of each type.
func everyType() pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	scope := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty()
	times := []pcommon.Timestamp{stamp(0), stamp(-48 * time.Hour)}
	appendMetric := func(name string) pmetric.Metric {
		metric := scope.Metrics().AppendEmpty()
		metric.SetName(name)
		return metric
	}
	sum := appendMetric("sum").SetEmptySum()
	histogram := appendMetric("histogram").SetEmptyHistogram()
	exponential := appendMetric("exponential").SetEmptyExponentialHistogram()
	summary := appendMetric("summary").SetEmptySummary().DataPoints()
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	histogram.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	exponential.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	for _, at := range times {
		sum.DataPoints().AppendEmpty().SetTimestamp(at)
		histogram.DataPoints().AppendEmpty().SetTimestamp(at)
		exponential.DataPoints().AppendEmpty().SetTimestamp(at)
		summary.AppendEmpty().SetTimestamp(at)
	}
	return metrics
}

func TestEveryMetricType(t *testing.T) {
	sink := &consumertest.MetricsSink{}
	limits, _ := newMetrics(t, testConfig(), sink)
	ctx, report := reporting(t)
	require.NoError(t, limits.ConsumeMetrics(ctx, everyType()))
	assert.Equal(t, 4, report.Count())
	assert.Equal(t, 4, sink.AllMetrics()[0].DataPointCount())
	assert.Equal(t, 4, sink.AllMetrics()[0].MetricCount())

	for i := range 4 {
		one := everyType()
		index := -1
		one.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().RemoveIf(func(pmetric.Metric) bool { index++; return index != i })
		ctx, report := reporting(t)
		require.NoError(t, limits.ConsumeMetrics(ctx, one))
		assert.Equal(t, 1, report.Count(), "type %d", i)
	}
}

func TestExactHistogramsAndMetadataPass(t *testing.T) {
	sink := &consumertest.MetricsSink{}
	limits, _ := newMetrics(t, testConfig(), sink)
	metrics := pmetric.NewMetrics()
	scope := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty()
	described := scope.Metrics().AppendEmpty()
	described.SetName("described")
	described.SetEmptyGauge()
	histogram := scope.Metrics().AppendEmpty()
	histogram.SetName("sizes")
	exponential := histogram.SetEmptyExponentialHistogram()
	exponential.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	point := exponential.DataPoints().AppendEmpty()
	point.SetTimestamp(stamp(0))
	for _, label := range []string{"a", "b", "c"} {
		point.Attributes().PutStr(label, "x")
	}
	point.Attributes().PutEmptyBytes(series.HistogramKey).FromRaw(bytes.Repeat([]byte{1}, 100))
	ctx, report := reporting(t)
	require.NoError(t, limits.ConsumeMetrics(ctx, metrics))
	assert.Zero(t, report.Count(), "the encoded histogram is no label")

	point.Attributes().PutStr("d", "x")
	ctx, report = reporting(t)
	require.NoError(t, limits.ConsumeMetrics(ctx, metrics))
	assert.Equal(t, [][2]string{{"labels", "label_limit"}}, rejections(report))
	require.Len(t, sink.AllMetrics(), 2)
	assert.Equal(t, 1, sink.AllMetrics()[1].MetricCount(), "the description is still there")
}

func TestNoReportIsFine(t *testing.T) {
	limits, _ := newMetrics(t, testConfig(), consumertest.NewNop())
	assert.NoError(t, limits.ConsumeMetrics(t.Context(), everyType()))
}

func TestNextErrorComesBack(t *testing.T) {
	limits, _ := newMetrics(t, testConfig(), consumertest.NewErr(assert.AnError))
	require.ErrorIs(t, limits.ConsumeMetrics(t.Context(), gauge("up", 1)), assert.AnError)
	assert.ErrorIs(t, limits.ConsumeMetrics(t.Context(), everyType()), assert.AnError)
}

func BenchmarkMetrics(b *testing.B) {
	limits, _ := newMetrics(b, defaultConfig(), consumertest.NewNop())
	metrics := gauge("queue_length", 1000)
	b.ReportAllocs()
	for b.Loop() {
		if err := limits.ConsumeMetrics(b.Context(), metrics); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/point")
}
