package selfreceiver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pharos-obs/pharos/storage/series"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var fakeNow = time.UnixMilli(1_790_000_000_123)

// start starts a receiver whose ticks the test gives, and stops it at the end of the test.
func start(t *testing.T, set receiver.Settings, cfg *Config, source prometheus.Gatherer, next consumer.Metrics) chan<- time.Time {
	t.Helper()
	ticks := make(chan time.Time)
	fake := clock{
		now:  func() time.Time { return fakeNow },
		tick: func(time.Duration) (<-chan time.Time, func()) { return ticks, func() {} },
	}
	r, err := newReceiver(set, cfg, source, next, fake)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, r.Shutdown(context.Background())) })
	return ticks
}

func nopSettings() receiver.Settings {
	return receivertest.NewNopSettings(component.MustNewType("self"))
}

// render writes one line a sample, as in the text format.
func render(t *testing.T, metrics pmetric.Metrics) []string {
	t.Helper()
	scope := metrics.ResourceMetrics().At(0).ScopeMetrics().At(0)
	require.Equal(t, series.ScopeName, scope.Scope().Name())
	require.Zero(t, metrics.ResourceMetrics().At(0).Resource().Attributes().Len())
	var lines []string
	for i := range scope.Metrics().Len() {
		m := scope.Metrics().At(i)
		kind, _ := m.Metadata().Get(series.TypeKey)
		points := m.Gauge().DataPoints()
		for j := range points.Len() {
			point := points.At(j)
			require.Equal(t, fakeNow.UnixMilli(), point.Timestamp().AsTime().UnixMilli())
			var pairs []string
			for name, value := range point.Attributes().All() {
				pairs = append(pairs, fmt.Sprintf("%s=%q", name, value.Str()))
			}
			slices.Sort(pairs)
			lines = append(lines, fmt.Sprintf("%s{%s} %v %s", m.Name(), strings.Join(pairs, ","), point.DoubleValue(), kind.Str()))
		}
	}
	return lines
}

// fill registers one metric of each kind.
func fill(t *testing.T) *prometheus.Registry {
	t.Helper()
	registry := prometheus.NewRegistry()
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"code", "instance"})
	requests.WithLabelValues("200", "db-1").Add(7)
	temperature := prometheus.NewGauge(prometheus.GaugeOpts{Name: "temperature"})
	temperature.Set(-1.5)
	latency := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "latency_seconds", Buckets: []float64{0.5, 1}}, []string{"path"})
	for _, path := range []string{"/a", "/b"} {
		latency.WithLabelValues(path).Observe(0.2)
		latency.WithLabelValues(path).Observe(3)
	}
	size := prometheus.NewSummary(prometheus.SummaryOpts{Name: "size_bytes", Objectives: map[float64]float64{0.5: 0.01}})
	size.Observe(4)
	noise := prometheus.NewGauge(prometheus.GaugeOpts{Name: "go_gc_noise"})
	registry.MustRegister(requests, temperature, latency, size, noise)
	return registry
}

func TestSeries(t *testing.T) {
	cfg := defaultConfig()
	cfg.Instance, cfg.Role = "a-1", "writer"
	sink := new(consumertest.MetricsSink)
	ticks := start(t, nopSettings(), cfg, fill(t), sink)
	ticks <- fakeNow
	ticks <- fakeNow // two cycles have ended

	base := `instance="a-1",job="pharos"`
	tail := `role="writer",service="pharos"`
	assert.Equal(t, []string{
		`latency_seconds_bucket{` + base + `,le="0.5",path="/a",` + tail + `} 1 histogram`,
		`latency_seconds_bucket{` + base + `,le="1.0",path="/a",` + tail + `} 1 histogram`,
		`latency_seconds_bucket{` + base + `,le="+Inf",path="/a",` + tail + `} 2 histogram`,
		`latency_seconds_bucket{` + base + `,le="0.5",path="/b",` + tail + `} 1 histogram`,
		`latency_seconds_bucket{` + base + `,le="1.0",path="/b",` + tail + `} 1 histogram`,
		`latency_seconds_bucket{` + base + `,le="+Inf",path="/b",` + tail + `} 2 histogram`,
		`latency_seconds_sum{` + base + `,path="/a",` + tail + `} 3.2 histogram`,
		`latency_seconds_sum{` + base + `,path="/b",` + tail + `} 3.2 histogram`,
		`latency_seconds_count{` + base + `,path="/a",` + tail + `} 2 histogram`,
		`latency_seconds_count{` + base + `,path="/b",` + tail + `} 2 histogram`,
		`requests_total{code="200",exported_instance="db-1",` + base + `,` + tail + `} 7 counter`,
		`size_bytes{` + base + `,quantile="0.5",` + tail + `} 4 summary`,
		`size_bytes_sum{` + base + `,` + tail + `} 4 summary`,
		`size_bytes_count{` + base + `,` + tail + `} 1 summary`,
		`temperature{` + base + `,` + tail + `} -1.5 gauge`,
	}, render(t, sink.AllMetrics()[0]))
	scope := sink.AllMetrics()[0].ResourceMetrics().At(0).ScopeMetrics().At(0)
	assert.Equal(t, "Requests.", scope.Metrics().At(3).Description())
}

func TestInstanceAndRoleOfTheProgram(t *testing.T) {
	set := nopSettings()
	set.Resource.Attributes().PutStr(roleAttribute, "gateway")
	cfg := defaultConfig()
	cfg.Include = "^temperature$"
	sink := new(consumertest.MetricsSink)
	ticks := start(t, set, cfg, fill(t), sink)
	ticks <- fakeNow
	host, err := os.Hostname()
	require.NoError(t, err)
	assert.Equal(t,
		[]string{`temperature{instance="` + host + `",job="pharos",role="gateway",service="pharos"} -1.5 gauge`},
		render(t, sink.AllMetrics()[0]))
}

func TestWithoutSource(t *testing.T) {
	factory := NewFactory()
	r, err := factory.CreateMetrics(t.Context(), nopSettings(), factory.CreateDefaultConfig(), consumertest.NewNop())
	require.NoError(t, err)
	require.ErrorIs(t, r.Start(t.Context(), componenttest.NewNopHost()), errNoSource)
	require.NoError(t, r.Shutdown(t.Context()))
}

func TestLifecycle(t *testing.T) {
	factory := NewFactoryFor(fill(t))
	assert.Equal(t, component.MustNewType("self"), factory.Type())
	cfg := factory.CreateDefaultConfig().(*Config)
	cfg.CollectionInterval = minInterval
	sink := new(consumertest.MetricsSink)
	r, err := factory.CreateMetrics(t.Context(), nopSettings(), cfg, sink)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
	require.Eventually(t, func() bool { return len(sink.AllMetrics()) >= 2 }, 10*time.Second, time.Millisecond)
	require.NoError(t, r.Shutdown(t.Context()))
}

func TestNothingToSend(t *testing.T) {
	sink := new(consumertest.MetricsSink)
	ticks := start(t, nopSettings(), defaultConfig(), prometheus.NewRegistry(), sink)
	ticks <- fakeNow
	ticks <- fakeNow
	assert.Empty(t, sink.AllMetrics())
}

// TestPartlyGathered has a gatherer that fails in part, and later works.
func TestPartlyGathered(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	set := nopSettings()
	set.Logger = zap.New(core)
	registry := fill(t)
	var broken atomic.Bool
	broken.Store(true)
	source := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		families, err := registry.Gather()
		if broken.Load() {
			err = errors.New("one collector is broken")
		}
		return families, err
	})
	sink := new(consumertest.MetricsSink)
	ticks := start(t, set, defaultConfig(), source, sink)
	ticks <- fakeNow
	ticks <- fakeNow
	assert.NotEmpty(t, sink.AllMetrics(), "the rest is sent")
	assert.Equal(t, 1, logs.FilterLevelExact(zap.WarnLevel).Len(), "logged once")
	broken.Store(false)
	ticks <- fakeNow
	ticks <- fakeNow
	ticks <- fakeNow
	assert.Equal(t, 1, logs.FilterMessageSnippet("taken again").Len())
}

func TestRefused(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	set := nopSettings()
	set.Logger = zap.New(core)
	ticks := start(t, set, defaultConfig(), fill(t), consumertest.NewErr(errors.New("store is full")))
	ticks <- fakeNow
	ticks <- fakeNow
	require.Equal(t, 1, logs.Len())
	assert.Equal(t, "store is full", logs.All()[0].ContextMap()["error"])
}

func TestUnusualFamilies(t *testing.T) {
	count, sum, below, bound := 3.0, 9.0, 2.0, 1.0
	name := "wait_seconds"
	kind := dto.MetricType_GAUGE_HISTOGRAM
	e := encoder{builder: series.NewBuilder(1), now: fakeNow.UnixMilli()}
	e.family(&dto.MetricFamily{Name: &name, Type: &kind, Metric: []*dto.Metric{{Histogram: &dto.Histogram{
		SampleCountFloat: &count, SampleSum: &sum,
		Bucket: []*dto.Bucket{{CumulativeCountFloat: &below, UpperBound: &bound}},
	}}}})
	untyped, value := dto.MetricType_UNTYPED, 5.0
	other := "other"
	e.family(&dto.MetricFamily{Name: &other, Type: &untyped, Metric: []*dto.Metric{{Untyped: &dto.Untyped{Value: &value}}}})
	assert.Equal(t, []string{
		`wait_seconds_bucket{le="1.0"} 2 gaugehistogram`,
		`wait_seconds_bucket{le="+Inf"} 3 gaugehistogram`,
		`wait_seconds_sum{} 9 gaugehistogram`,
		`wait_seconds_count{} 3 gaugehistogram`,
		`other{} 5 unknown`,
	}, render(t, e.builder.Metrics()))
}

// BenchmarkCollect gathers and sends what a server has: some hundred families.
func BenchmarkCollect(b *testing.B) {
	registry := prometheus.NewRegistry()
	for i := range 100 {
		histogram := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: fmt.Sprintf("h%d", i)}, []string{"code"})
		counter := prometheus.NewCounterVec(prometheus.CounterOpts{Name: fmt.Sprintf("c%d_total", i)}, []string{"code"})
		for code := range 3 {
			histogram.WithLabelValues(fmt.Sprint(code)).Observe(1)
			counter.WithLabelValues(fmt.Sprint(code)).Inc()
		}
		registry.MustRegister(histogram, counter)
	}
	r, err := newReceiver(nopSettings(), defaultConfig(), registry, consumertest.NewNop(), systemClock())
	require.NoError(b, err)
	r.labels = []series.Label{{Name: "job", Value: serviceName}}
	b.ReportAllocs()
	for b.Loop() {
		if err := r.collect(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
