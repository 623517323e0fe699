package agentreceiver

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"

	"github.com/pharos-obs/pharos/extensions/agentstatusextension"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type fakeStatus struct {
	component.StartFunc
	component.ShutdownFunc
	reader sdkmetric.Reader
	parts  []agentstatusextension.Part
}

func (f *fakeStatus) Parts() []agentstatusextension.Part { return f.parts }
func (f *fakeStatus) Started() time.Time                 { return time.Now().Add(-time.Minute) }
func (f *fakeStatus) Version() string                    { return "1.2.3" }
func (f *fakeStatus) ConfigDigest() string               { return "c0ffee" }
func (f *fakeStatus) Metrics(ctx context.Context, data *metricdata.ResourceMetrics) error {
	return f.reader.Collect(ctx, data)
}

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

func TestReceiver(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("test")
	taken, err := meter.Int64Counter("pharos_delivery_taken_items", metric.WithUnit("{item}"))
	require.NoError(t, err)
	taken.Add(t.Context(), 5, metric.WithAttributes(attribute.String("signal", "logs"), attribute.Int("n", 3), attribute.Bool("b", true), attribute.Float64("f", .5)))
	took, err := meter.Float64Histogram("pharos_took", metric.WithExplicitBucketBoundaries(1, 2))
	require.NoError(t, err)
	took.Record(t.Context(), 1.5)
	for _, name := range []string{"otelcol_receiver_refused_metric_points", "otelcol_receiver_accepted_metric_points"} {
		counter, err := meter.Int64Counter(name)
		require.NoError(t, err)
		counter.Add(t.Context(), 4, metric.WithAttributes(attribute.String("receiver", "host")))
		counter.Add(t.Context(), 0, metric.WithAttributes(attribute.String("receiver", "other")))
	}
	level, err := meter.Float64Gauge("pharos_level")
	require.NoError(t, err)
	level.Record(t.Context(), .25)

	since := time.Now().Add(-time.Hour)
	known := &fakeStatus{reader: reader, parts: []agentstatusextension.Part{
		{Kind: "exporter", ID: "delivery", State: agentstatusextension.StateFailing, Error: strings.Repeat("é", 400), Since: since},
		{Kind: "receiver", ID: "host", State: agentstatusextension.StateOK},
	}}
	sink, factory := new(consumertest.MetricsSink), NewFactory()
	cfg := defaultConfig()
	cfg.HostName = "web-1"
	set := receivertest.NewNopSettings(factory.Type())
	set.BuildInfo.Command, set.BuildInfo.Version = "pharos-agent", "1.2.3"
	r, err := factory.CreateMetrics(t.Context(), set, cfg, sink)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), host{component.MustNewID("agent_status"): known}))
	require.Eventually(t, func() bool { return len(sink.AllMetrics()) == 1 }, 10*time.Second, time.Millisecond, "at the start")
	require.NoError(t, r.Shutdown(t.Context()))

	resource := sink.AllMetrics()[0].ResourceMetrics().At(0)
	attributes := resource.Resource().Attributes().AsRaw()
	assert.Equal(t, "pharos-agent", attributes["service.name"])
	assert.Equal(t, "1.2.3", attributes["service.version"])
	assert.Equal(t, "web-1", attributes["host.name"])
	found := map[string]pmetric.Metric{}
	for _, one := range resource.ScopeMetrics().At(0).Metrics().All() {
		found[one.Name()] = one
	}
	assert.Positive(t, found["process.memory.usage"].Gauge().DataPoints().At(0).IntValue())
	assert.Equal(t, 2, found["process.cpu.time"].Sum().DataPoints().Len())
	assert.GreaterOrEqual(t, found["process.uptime"].Gauge().DataPoints().At(0).DoubleValue(), 60.0)
	assert.Positive(t, found["go.goroutine.count"].Gauge().DataPoints().At(0).IntValue())
	assert.Equal(t, map[string]any{"version": "1.2.3", "config": "c0ffee"}, found["pharos_agent_info"].Gauge().DataPoints().At(0).Attributes().AsRaw())
	assert.NotContains(t, found, "otelcol_receiver_accepted_metric_points")
	refused := found["otelcol_receiver_refused_metric_points"].Sum().DataPoints()
	require.Equal(t, 1, refused.Len(), "only losses")
	assert.Equal(t, map[string]any{"receiver": "host"}, refused.At(0).Attributes().AsRaw())
	up := found["pharos_agent_part_up"].Gauge().DataPoints()
	require.Equal(t, 2, up.Len())
	assert.Zero(t, up.At(0).IntValue())
	assert.EqualValues(t, 1, up.At(1).IntValue())
	failing := found["pharos_agent_part_failure"].Gauge().DataPoints()
	require.Equal(t, 1, failing.Len())
	reason, _ := failing.At(0).Attributes().Get("reason")
	assert.Equal(t, strings.Repeat("é", 299)+"…", reason.Str())
	assert.InDelta(t, float64(since.UnixMilli())/1000, failing.At(0).DoubleValue(), .001)
	counter := found["pharos_delivery_taken_items"]
	assert.True(t, counter.Sum().IsMonotonic())
	assert.EqualValues(t, 5, counter.Sum().DataPoints().At(0).IntValue())
	assert.Equal(t, map[string]any{"signal": "logs", "n": int64(3), "b": true, "f": .5}, counter.Sum().DataPoints().At(0).Attributes().AsRaw())
	assert.Equal(t, []uint64{0, 1, 0}, found["pharos_took"].Histogram().DataPoints().At(0).BucketCounts().AsRaw())
	assert.InDelta(t, .25, found["pharos_level"].Gauge().DataPoints().At(0).DoubleValue(), 0)
}

func TestWithoutTheExtension(t *testing.T) {
	factory := NewFactory()
	r, err := factory.CreateMetrics(t.Context(), receivertest.NewNopSettings(factory.Type()), defaultConfig(), consumertest.NewNop())
	require.NoError(t, err)
	require.ErrorContains(t, r.Start(t.Context(), host{}), `there is no extension "agent_status" that knows how the agent is`)
	require.NoError(t, r.Shutdown(t.Context()))
}
