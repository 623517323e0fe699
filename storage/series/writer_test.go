package series_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote/otlptranslator/prometheusremotewrite"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/rejection"
	"github.com/pharos-obs/pharos/storage/series"
)

// reference translates OTLP metrics with nothing but Prometheus' converter.
func reference(t *testing.T, md pmetric.Metrics) []string {
	t.Helper()
	store := &capture{}
	for _, rm := range md.ResourceMetrics().All() {
		settings := prometheusremotewrite.Settings{
			AddMetricSuffixes: true,
			PromoteResourceAttributes: prometheusremotewrite.NewPromoteResourceAttributes(config.OTLPConfig{PromoteResourceAttributes: []string{
				"host.name", "service.namespace", "deployment.environment.name", "cloud.region", "k8s.pod.name", "k8s.pod.label.app",
			}}),
		}
		if service, ok := rm.Resource().Attributes().Get("service.name"); ok {
			settings.ExternalLabels = map[string]string{"service": service.AsString()}
		}
		single := pmetric.NewMetrics()
		rm.CopyTo(single.ResourceMetrics().AppendEmpty())
		_, err := prometheusremotewrite.NewPrometheusConverter(store.AppenderV2(t.Context())).FromMetrics(t.Context(), single, settings)
		require.NoError(t, err)
	}
	return store.take()
}

// TestWriterEqualsConverter sends random metrics twice, when the cache is cold and when it is
// warm, with caches of several sizes.
func TestWriterEqualsConverter(t *testing.T) {
	for _, size := range []int{1, 7, 10_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, uint64(size)))
			writer, store := series.NewWriter(size), &capture{}
			for range 300 {
				md := randomMetrics(random)
				want := reference(t, md)
				before := marshal(t, md)
				for range 2 {
					report := &rejection.Report{}
					require.NoError(t, writer.Append(rejection.NewContext(t.Context(), report), benchOrg, store, md))
					require.Equal(t, want, store.take())
					require.Zero(t, report.Count(), report.Summary())
				}
				require.Equal(t, before, marshal(t, md), "the metrics are the caller's")
			}
		})
	}
}

func marshal(t *testing.T, md pmetric.Metrics) []byte {
	t.Helper()
	encoded, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(md)
	require.NoError(t, err)
	return encoded
}

func randomMetrics(random *rand.Rand) pmetric.Metrics {
	md := pmetric.NewMetrics()
	for range 1 + random.IntN(3) {
		rm := md.ResourceMetrics().AppendEmpty()
		few := rand.New(rand.NewPCG(7, random.Uint64N(6))) // resources come again, so that the cache is hit
		randomAttributes(few, rm.Resource().Attributes(), "service.name", "service.namespace", "service.instance.id",
			"host.name", "cloud.region", "deployment.environment.name", "k8s.pod.name", "k8s.pod.label.app", "os.type")
		for range 1 + random.IntN(2) {
			scope := rm.ScopeMetrics().AppendEmpty()
			scope.Scope().SetName("library")
			for range 1 + random.IntN(5) {
				randomMetric(random, scope.Metrics().AppendEmpty())
			}
		}
	}
	return md
}

func randomAttributes(random *rand.Rand, attributes pcommon.Map, names ...string) {
	for _, name := range names {
		switch random.IntN(6) {
		case 0:
			attributes.PutStr(name, "")
		case 1:
			attributes.PutStr(name, "one")
		case 2:
			attributes.PutStr(name, "twö;")
		case 3:
			attributes.PutInt(name, random.Int64N(2))
		}
	}
}

// at is a time within some minutes.
func at(random *rand.Rand) pcommon.Timestamp {
	base := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	return pcommon.NewTimestampFromTime(base.Add(time.Duration(random.IntN(600)) * time.Second))
}

func randomMetric(random *rand.Rand, metric pmetric.Metric) {
	metric.SetName([]string{"http.requests", "http_requests", "system.memory.usage", "9lives", "latency"}[random.IntN(5)])
	metric.SetUnit([]string{"", "By", "s", "1", "{request}", "By/s"}[random.IntN(6)])
	metric.SetDescription([]string{"", "Some help."}[random.IntN(2)])
	switch random.IntN(7) {
	case 0, 1:
		randomNumbers(random, metric.SetEmptyGauge().DataPoints())
	case 2, 3:
		sum := metric.SetEmptySum()
		sum.SetIsMonotonic(random.IntN(2) == 0)
		sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		randomNumbers(random, sum.DataPoints())
	case 4:
		h := metric.SetEmptyHistogram()
		h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		for range 1 + random.IntN(3) {
			randomHistogram(random, h.DataPoints().AppendEmpty())
		}
	case 5:
		for range 1 + random.IntN(3) {
			randomSummary(random, metric.SetEmptySummary().DataPoints().AppendEmpty())
		}
	case 6:
		h := metric.SetEmptyExponentialHistogram()
		h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		point := h.DataPoints().AppendEmpty()
		point.SetTimestamp(at(random))
		point.SetScale(int32(random.IntN(14) - 4))
		point.SetCount(6)
		point.SetSum(2.5)
		point.Positive().BucketCounts().FromRaw([]uint64{1, 2, 3})
		randomAttributes(random, point.Attributes(), "route")
	}
}

func randomHistogram(random *rand.Rand, point pmetric.HistogramDataPoint) {
	point.SetTimestamp(at(random))
	point.SetStartTimestamp(at(random))
	point.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(random.IntN(5) == 0))
	point.SetCount(6)
	if random.IntN(3) > 0 {
		point.SetSum(2.5)
	}
	bounds := [][]float64{{0.1, 1}, {0.1, 2}, {0.1}, {}}[random.IntN(4)]
	point.ExplicitBounds().FromRaw(bounds)
	counts := []uint64{1, 2, 3}[:len(bounds)+1]
	if random.IntN(8) == 0 {
		counts = nil
	}
	point.BucketCounts().FromRaw(counts)
	randomAttributes(random, point.Attributes(), "route", "le")
	for _, value := range []float64{0.05, 0.5, 9} {
		if random.IntN(6) == 0 {
			point.Exemplars().AppendEmpty().SetDoubleValue(value)
		}
	}
}

func randomSummary(random *rand.Rand, point pmetric.SummaryDataPoint) {
	point.SetTimestamp(at(random))
	point.SetStartTimestamp(at(random))
	point.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(random.IntN(5) == 0))
	point.SetCount(random.Uint64N(10))
	point.SetSum(float64(random.IntN(10)))
	for _, q := range []float64{0, 0.5, 0.99} {
		if random.IntN(2) == 0 {
			quantile := point.QuantileValues().AppendEmpty()
			quantile.SetQuantile(q)
			quantile.SetValue(random.Float64())
		}
	}
	randomAttributes(random, point.Attributes(), "route", "quantile")
}

func randomNumbers(random *rand.Rand, slice pmetric.NumberDataPointSlice) {
	for range 1 + random.IntN(3) {
		point := slice.AppendEmpty()
		point.SetTimestamp(at(random))
		point.SetStartTimestamp(at(random))
		if random.IntN(2) == 0 {
			randomAttributes(random, point.Attributes(), "device", "a.b", "a_b", "service", "job", "__name__")
		}
		switch random.IntN(4) {
		case 0:
			point.SetIntValue(random.Int64N(100))
		case 1:
			point.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
		default:
			point.SetDoubleValue(random.Float64())
		}
		if random.IntN(4) == 0 {
			exemplar := point.Exemplars().AppendEmpty()
			exemplar.SetDoubleValue(1)
			exemplar.SetTimestamp(at(random))
			exemplar.SetTraceID([16]byte{1, 2})
			exemplar.FilteredAttributes().PutStr("user", "7")
		}
	}
}

func TestDeltaTemporalityIsRefused(t *testing.T) {
	md := pmetric.NewMetrics()
	slice := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	delta := slice.AppendEmpty()
	delta.SetName("requests")
	delta.SetEmptySum().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	for range 2 {
		delta.Sum().DataPoints().AppendEmpty().SetTimestamp(5_000_000)
	}
	histogram := slice.AppendEmpty()
	histogram.SetName("latency")
	histogram.SetEmptyHistogram().DataPoints().AppendEmpty()
	kept := slice.AppendEmpty()
	kept.SetName("kept")
	kept.SetEmptyGauge().DataPoints().AppendEmpty().SetDoubleValue(1)

	store, report := &capture{}, &rejection.Report{}
	require.NoError(t, series.NewWriter(10).Append(rejection.NewContext(t.Context(), report), benchOrg, store, md))

	assert.Len(t, store.take(), 1)
	items := report.Items()
	require.Len(t, items, 3)
	assert.Equal(t, rejection.SeriesKey("requests", pcommon.NewMap()), items[0].Key)
	assert.Equal(t, int64(5), items[0].Time)
	assert.Equal(t, "delta_temporality", items[0].Reason)
	assert.Contains(t, items[0].Message, "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=cumulative")
	assert.Equal(t, "value_invalid", items[2].Reason, "no temporality at all")
}

func TestRefusedSamplesDoNotFailOthers(t *testing.T) {
	tests := map[error]string{
		promstorage.ErrTooOldSample:                "too_old",
		promstorage.ErrOutOfBounds:                 "too_old",
		promstorage.ErrDuplicateSampleForTimestamp: "duplicate_timestamp",
		storage.ErrSeriesLimit:                     "series_limit",
	}
	for refusal, reason := range tests {
		t.Run(reason, func(t *testing.T) {
			store := &capture{refuse: func(ls labels.Labels, _ promstorage.SeriesRef, _ int64) error {
				if ls.Get("bad") != "" {
					return fmt.Errorf("append: %w", refusal)
				}
				return nil
			}}
			writer := series.NewWriter(100)
			for range 2 { // translated, and from the cache
				report := &rejection.Report{}
				require.NoError(t, writer.Append(rejection.NewContext(t.Context(), report), benchOrg, store, halfBad()))
				assert.Len(t, store.take(), 1+5+1, "gauge, histogram and marked sample")
				items := report.Items()
				require.Len(t, items, 3)
				for _, item := range items {
					assert.Equal(t, reason, item.Reason)
					assert.NotEmpty(t, item.Message)
				}
			}
		})
	}
}

// TestFieldsTheStoreCantHoldDoNotFailOthers is for faults that only one kind of store knows.
func TestFieldsTheStoreCantHoldDoNotFailOthers(t *testing.T) {
	for field, reason := range map[string]string{"labels": "label_invalid", "value": "value_invalid"} {
		store := &capture{refuse: func(ls labels.Labels, _ promstorage.SeriesRef, _ int64) error {
			if ls.Get("bad") != "" {
				return errcode.InvalidField(field, "has a zero byte", "leave it out")
			}
			return nil
		}}
		writer := series.NewWriter(100)
		for range 2 { // translated, and from the cache
			report := &rejection.Report{}
			require.NoError(t, writer.Append(rejection.NewContext(t.Context(), report), benchOrg, store, halfBad()))
			assert.Len(t, store.take(), 1+5+1)
			items := report.Items()
			require.Len(t, items, 3)
			for _, item := range items {
				assert.Equal(t, [2]string{field, reason}, [2]string{item.Field, item.Reason})
				assert.Contains(t, item.Message, "can't be stored: has a zero byte (leave it out)")
			}
		}
	}
	whole := errcode.New(errcode.Invalid, "not one sample's fault")
	store := &capture{refuse: func(labels.Labels, promstorage.SeriesRef, int64) error { return whole }}
	require.ErrorIs(t, series.NewWriter(100).Append(t.Context(), benchOrg, store, halfBad()), whole)
}

// halfBad has a gauge, a histogram and a marked sample, and each again with the label bad.
func halfBad() pmetric.Metrics {
	builder := series.NewBuilder(2)
	builder.AddSample("marked", nil, 1, 1, series.Meta{})
	builder.AddSample("marked", []series.Label{{Name: "bad", Value: "1"}}, 1, 1, series.Meta{})
	md := builder.Metrics()
	slice := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	gauge := slice.AppendEmpty()
	gauge.SetName("gauge")
	histogram := slice.AppendEmpty()
	histogram.SetName("histogram")
	histogram.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	points := gauge.SetEmptyGauge().DataPoints()
	points.AppendEmpty().SetDoubleValue(1)
	points.AppendEmpty().Attributes().PutStr("bad", "1")
	for i := range 2 {
		point := histogram.Histogram().DataPoints().AppendEmpty()
		point.ExplicitBounds().FromRaw([]float64{0.1, 1})
		point.BucketCounts().FromRaw([]uint64{1, 2, 3})
		point.SetSum(1)
		if i == 1 {
			point.Attributes().PutStr("bad", "1")
		}
	}
	return md
}

func TestErrorsOfTheStoreAreReturned(t *testing.T) {
	full := errors.New("disk full")
	store := &capture{refuse: func(labels.Labels, promstorage.SeriesRef, int64) error { return full }}
	report := &rejection.Report{}
	ctx := rejection.NewContext(t.Context(), report)
	for _, md := range []pmetric.Metrics{halfBad(), hostMetrics(0, 1, time.Now())} {
		require.ErrorIs(t, series.NewWriter(10).Append(ctx, benchOrg, store, md), full)
	}
	assert.Zero(t, report.Count())
	assert.Zero(t, store.committed)
	assert.Equal(t, 2, store.rolled)
}

func TestCancelledContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	store := &capture{}
	require.ErrorIs(t, series.NewWriter(10).Append(ctx, benchOrg, store, hostMetrics(0, 1, time.Now())), context.Canceled)
	assert.Zero(t, store.committed)
}

func TestTargetInfoIsBounded(t *testing.T) {
	md := hostMetrics(0, 1, time.Now())
	md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Gauge().DataPoints().At(0).SetTimestamp(0)
	store := &capture{}
	require.NoError(t, series.NewWriter(10).Append(t.Context(), benchOrg, store, md))
	assert.Less(t, len(store.take()), 1000)
}
