package kafkareceiver

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/pharos-obs/pharos/exporters/kafkaexporter"
	"github.com/pharos-obs/pharos/internal/orgcontext"
)

// samples is a request of 10 hosts with 100 gauges each.
func samples(request int) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	at := pcommon.NewTimestampFromTime(time.Now())
	for host := range 10 {
		resource := metrics.ResourceMetrics().AppendEmpty()
		resource.Resource().Attributes().PutStr("service.name", fmt.Sprintf("service-%d", host))
		resource.Resource().Attributes().PutStr("service.instance.id", fmt.Sprintf("host-%d", host))
		list := resource.ScopeMetrics().AppendEmpty().Metrics()
		for n := range 100 {
			metric := list.AppendEmpty()
			metric.SetName(fmt.Sprintf("metric_%d", n))
			point := metric.SetEmptyGauge().DataPoints().AppendEmpty()
			point.SetTimestamp(at)
			point.SetDoubleValue(float64(request*n) * 1.37)
			point.Attributes().PutStr("region", "eu-west-1")
			point.Attributes().PutInt("cpu", int64(n%8))
		}
	}
	return metrics
}

func benchExporter(b *testing.B, cfg *Config) exporter.Metrics {
	b.Helper()
	factory := kafkaexporter.NewFactory()
	exporterConfig := factory.CreateDefaultConfig().(*kafkaexporter.Config)
	exporterConfig.Config = cfg.Config
	exp, err := factory.CreateMetrics(b.Context(), exportertest.NewNopSettings(factory.Type()), exporterConfig)
	require.NoError(b, err)
	require.NoError(b, exp.Start(b.Context(), componenttest.NewNopHost()))
	b.Cleanup(func() { require.NoError(b, exp.Shutdown(context.Background())) })
	ctx := orgcontext.With(b.Context(), acme)
	require.Eventually(b, func() bool { return exp.ConsumeMetrics(ctx, samples(0)) == nil }, time.Minute, 20*time.Millisecond)
	return exp
}

// produce writes b.N requests of 1000 samples with 8 senders.
func produce(b *testing.B, exp exporter.Metrics) {
	b.Helper()
	ctx := orgcontext.With(b.Context(), acme)
	var next atomic.Int64
	var senders sync.WaitGroup
	requests := []pmetric.Metrics{samples(1), samples(2), samples(3), samples(4)}
	for range 8 {
		senders.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if err := exp.ConsumeMetrics(ctx, requests[n%4]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	senders.Wait()
}

// cpu returns the processor time of this process without the kernel's rounding to seconds.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		b.Skip("needs /proc")
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	ticks := 0
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		require.NoError(b, err)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

func report(b *testing.B, used time.Duration) {
	b.Helper()
	count := float64(b.N) * 1000
	b.ReportMetric(count/b.Elapsed().Seconds(), "samples/s")
	b.ReportMetric(count/max(used.Seconds(), .01), "samples/cpu-s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkProduce measures encode and produce, acks=all, against a real broker. The processor
// time is ours, without the broker's.
func BenchmarkProduce(b *testing.B) {
	exp := benchExporter(b, testConfig(b, 6))
	before := cpu(b)
	b.ResetTimer()
	produce(b, exp)
	b.StopTimer()
	report(b, cpu(b)-before)
}

// BenchmarkConsume measures fetch, decode and commit of what was written before.
func BenchmarkConsume(b *testing.B) {
	cfg := testConfig(b, 6)
	cfg.MaxWait = defaultConfig().MaxWait
	produce(b, benchExporter(b, cfg))
	var got atomic.Int64
	next, err := consumer.NewMetrics(func(_ context.Context, metrics pmetric.Metrics) error {
		got.Add(int64(metrics.DataPointCount()))
		return nil
	})
	require.NoError(b, err)
	created, err := createMetrics(b.Context(), receivertest.NewNopSettings(NewFactory().Type()), cfg, next)
	require.NoError(b, err)
	running := created.(*kafkaReceiver[pmetric.Metrics])
	require.NoError(b, running.Start(b.Context(), componenttest.NewNopHost()))
	for got.Load() == 0 { // joined
		time.Sleep(time.Millisecond)
	}
	before, first := cpu(b), got.Load()
	b.ResetTimer()
	for got.Load() < int64(b.N+1)*1000 {
		time.Sleep(time.Millisecond)
	}
	b.StopTimer()
	used := cpu(b) - before
	b.ReportMetric(float64(got.Load()-first)/b.Elapsed().Seconds(), "samples/s")
	b.ReportMetric(float64(got.Load()-first)/max(used.Seconds(), .01), "samples/cpu-s")
	b.ReportMetric(0, "ns/op")
	require.NoError(b, running.Shutdown(context.Background()))
}
