package series_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/local/metrics"
	"github.com/pharos-obs/pharos/storage/series"
)

const benchOrg storage.OrgID = "6d9a2a3e-0000-4000-8000-00000000000a"

// hostMetrics returns one sample of each of 100 metrics for some hosts.
func hostMetrics(first, hosts int, at time.Time) pmetric.Metrics {
	md := pmetric.NewMetrics()
	for host := first; host < first+hosts; host++ {
		rm := md.ResourceMetrics().AppendEmpty()
		rm.Resource().Attributes().PutStr("service.name", "bench")
		rm.Resource().Attributes().PutStr("host.name", fmt.Sprintf("host-%d", host))
		rm.Resource().Attributes().PutStr("service.instance.id", fmt.Sprintf("host-%d", host))
		slice := rm.ScopeMetrics().AppendEmpty().Metrics()
		for m := range 100 {
			metric := slice.AppendEmpty()
			metric.SetName(fmt.Sprintf("system.bench.metric%d", m))
			metric.SetUnit("By")
			metric.SetDescription("A metric of the benchmark.")
			var point pmetric.NumberDataPoint
			if m%2 == 0 {
				point = metric.SetEmptyGauge().DataPoints().AppendEmpty()
			} else {
				sum := metric.SetEmptySum()
				sum.SetIsMonotonic(true)
				sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
				point = sum.DataPoints().AppendEmpty()
			}
			point.Attributes().PutStr("device", "sda1")
			point.Attributes().PutStr("state", "used")
			point.SetTimestamp(pcommon.NewTimestampFromTime(at))
			point.SetDoubleValue(float64(m) + 0.5)
		}
	}
	return md
}

// BenchmarkAppend is 100 hosts with 100 metrics, 1,000 samples a request; "converter" is what
// it takes when the converter translates every sample.
func BenchmarkAppend(b *testing.B) {
	for name, cacheSize := range map[string]int{"cached": series.DefaultCacheSize, "converter": 1} {
		b.Run(name, func(b *testing.B) { benchmarkAppend(b, cacheSize) })
	}
}

func benchmarkAppend(b *testing.B, cacheSize int) {
	b.Helper()
	store, err := metrics.Open(b.TempDir(), metrics.DefaultConfig(), zap.NewNop())
	require.NoError(b, err)
	defer func() { require.NoError(b, store.Close()) }()
	writer := series.NewWriter(cacheSize)
	start := time.Now().Truncate(time.Second).Add(-time.Hour)
	var requests []pmetric.Metrics
	for i := range 10 {
		requests = append(requests, hostMetrics(i*10, 10, start))
	}
	send := func(round int) {
		at := pcommon.NewTimestampFromTime(start.Add(time.Duration(round) * time.Second))
		for _, request := range requests {
			b.StopTimer()
			for _, rm := range request.ResourceMetrics().All() {
				for _, metric := range rm.ScopeMetrics().At(0).Metrics().All() {
					var point pmetric.NumberDataPointSlice
					if metric.Type() == pmetric.MetricTypeGauge {
						point = metric.Gauge().DataPoints()
					} else {
						point = metric.Sum().DataPoints()
					}
					point.At(0).SetTimestamp(at)
					point.At(0).SetDoubleValue(point.At(0).DoubleValue() + 1)
				}
			}
			b.StartTimer()
			org, err := store.Open(b.Context(), benchOrg)
			require.NoError(b, err)
			require.NoError(b, writer.Append(b.Context(), benchOrg, org, request))
			require.NoError(b, org.Close())
		}
	}
	send(0)
	b.ResetTimer()
	for round := range b.N {
		send(round + 1)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/sample")
}

// BenchmarkAppendHistograms is 100 histograms of 15 series each in a request.
func BenchmarkAppendHistograms(b *testing.B) {
	for name, cacheSize := range map[string]int{"cached": series.DefaultCacheSize, "converter": 1} {
		b.Run(name, func(b *testing.B) { benchmarkHistograms(b, cacheSize) })
	}
}

func benchmarkHistograms(b *testing.B, cacheSize int) {
	b.Helper()
	store, err := metrics.Open(b.TempDir(), metrics.DefaultConfig(), zap.NewNop())
	require.NoError(b, err)
	defer func() { require.NoError(b, store.Close()) }()
	org, err := store.Open(b.Context(), benchOrg)
	require.NoError(b, err)
	defer func() { require.NoError(b, org.Close()) }()
	writer := series.NewWriter(cacheSize)
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "bench")
	metric := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	metric.SetName("http.server.request.duration")
	metric.SetUnit("s")
	histogram := metric.SetEmptyHistogram()
	histogram.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	bounds := []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 7.5, 10}
	for i := range 100 {
		point := histogram.DataPoints().AppendEmpty()
		point.Attributes().PutStr("http.route", fmt.Sprintf("/route/%d", i))
		point.Attributes().PutInt("http.response.status_code", 200)
		point.ExplicitBounds().FromRaw(bounds)
		point.SetSum(1)
	}
	start := time.Now().Truncate(time.Second).Add(-time.Hour)
	send := func(round int) {
		for _, point := range histogram.DataPoints().All() {
			point.SetTimestamp(pcommon.NewTimestampFromTime(start.Add(time.Duration(round) * 10 * time.Millisecond)))
			point.SetCount(uint64(13 * round))
			counts := make([]uint64, len(bounds)+1)
			for i := range counts {
				counts[i] = uint64(round)
			}
			point.BucketCounts().FromRaw(counts)
		}
		require.NoError(b, writer.Append(b.Context(), benchOrg, org, md))
	}
	send(0)
	b.ResetTimer()
	for round := range b.N {
		send(round + 1)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1500, "ns/sample")
}
