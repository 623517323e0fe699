package pluginreceiver

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
)

const patienceOfTests = 30 * time.Second

// statusHost notes what a part says of itself.
type statusHost struct {
	mu     sync.Mutex
	events []*componentstatus.Event
}

func (h *statusHost) GetExtensions() map[component.ID]component.Component { return nil }

func (h *statusHost) Report(event *componentstatus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, event)
}

// faults returns the texts of all errors that were reported.
func (h *statusHost) faults() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var errs []error
	for _, event := range h.events {
		errs = append(errs, event.Err())
	}
	if err := errors.Join(errs...); err != nil {
		return err.Error()
	}
	return ""
}

func (h *statusHost) last() componentstatus.Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.events) == 0 {
		return componentstatus.StatusNone
	}
	return h.events[len(h.events)-1].Status()
}

// under is a plugin under test.
type under struct {
	cfg     *Config
	host    *statusHost
	metrics *consumertest.MetricsSink
	logs    *consumertest.LogsSink
	reader  *sdkmetric.ManualReader
	parts   []component.Component
}

// fast is a configuration for tests: the test binary behaves in a certain way.
func fast(t *testing.T, mode string) *Config {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	cfg := defaultConfig()
	cfg.Path = path
	cfg.CollectionInterval = 100 * time.Millisecond
	cfg.Environment = map[string]configopaque.String{modeVariable: configopaque.String(mode)}
	cfg.Timeouts.Stop = time.Second
	cfg.Restart = RestartConfig{Initial: 50 * time.Millisecond, Max: time.Minute}
	cfg.Limits.watch = 20 * time.Millisecond
	cfg.Limits.CPU = 0
	return cfg
}

// begin starts a plugin in a pipeline of metrics, and in one of logs when that is wanted.
func begin(t *testing.T, cfg *Config, withLogs bool) *under {
	t.Helper()
	return beginLogged(t, cfg, withLogs, zap.NewNop())
}

func beginLogged(t *testing.T, cfg *Config, withLogs bool, logger *zap.Logger) *under {
	t.Helper()
	require.NoError(t, cfg.Validate())
	u := &under{cfg: cfg, host: &statusHost{}, metrics: &consumertest.MetricsSink{}, logs: &consumertest.LogsSink{}, reader: sdkmetric.NewManualReader()}
	factory := NewFactory()
	set := receivertest.NewNopSettings(factory.Type())
	set.ID = component.MustNewIDWithName("plugin", "mine")
	set.Logger = logger
	set.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(u.reader))
	u.add(t, func() (component.Component, error) { return factory.CreateMetrics(t.Context(), set, cfg, u.metrics) })
	if withLogs {
		u.add(t, func() (component.Component, error) { return factory.CreateLogs(t.Context(), set, cfg, u.logs) })
	}
	for _, part := range u.parts {
		require.NoError(t, part.Start(t.Context(), u.host))
	}
	t.Cleanup(u.end)
	return u
}

func (u *under) add(t *testing.T, create func() (component.Component, error)) {
	t.Helper()
	part, err := create()
	require.NoError(t, err)
	u.parts = append(u.parts, part)
}

func (u *under) end() {
	for _, part := range u.parts {
		_ = part.Shutdown(context.Background()) // it returns none
	}
	u.parts = nil
}

// own returns one of the receiver's own metrics, added up over what has the attribute.
func (u *under) own(t *testing.T, name, key, value string) float64 {
	t.Helper()
	var data metricdata.ResourceMetrics
	require.NoError(t, u.reader.Collect(t.Context(), &data))
	total := 0.0
	for _, scope := range data.ScopeMetrics {
		for _, metric := range scope.Metrics {
			if metric.Name != name {
				continue
			}
			switch numbers := metric.Data.(type) {
			case metricdata.Sum[int64]:
				for _, point := range numbers.DataPoints {
					if found, ok := point.Attributes.Value(attribute.Key(key)); ok && found.AsString() == value {
						total += float64(point.Value)
					}
				}
			case metricdata.Gauge[int64]:
				for _, point := range numbers.DataPoints {
					if found, ok := point.Attributes.Value(attribute.Key(key)); ok && found.AsString() == value {
						total += float64(point.Value)
					}
				}
			case metricdata.Histogram[float64]:
				for _, point := range numbers.DataPoints {
					if found, ok := point.Attributes.Value(attribute.Key(key)); ok && found.AsString() == value {
						total += float64(point.Count)
					}
				}
			}
		}
	}
	return total
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, patienceOfTests, 20*time.Millisecond, what)
}

func TestGoodPlugin(t *testing.T) {
	cfg := fast(t, "good")
	cfg.Config = map[string]any{"greeting": "good morning"}
	u := begin(t, cfg, true)
	eventually(t, "metrics and logs come", func() bool { return u.metrics.DataPointCount() >= 6 && u.logs.LogRecordCount() >= 3 })

	resource := u.metrics.AllMetrics()[0].ResourceMetrics().At(0)
	attributes := resource.Resource().Attributes().AsRaw()
	name, err := os.Hostname()
	require.NoError(t, err)
	assert.Equal(t, "mine", attributes["service.name"], "the second half of the id")
	assert.Equal(t, "test", attributes["pharos.plugin.name"])
	assert.Equal(t, name, attributes["host.name"])
	assert.NotEmpty(t, attributes["service.instance.id"])
	metric := resource.ScopeMetrics().At(0).Metrics().At(0)
	assert.Equal(t, "test.collects", metric.Name())
	assert.True(t, metric.Sum().IsMonotonic())
	assert.Equal(t, map[string]any{"greeting": "good morning"}, metric.Sum().DataPoints().At(0).Attributes().AsRaw())
	assert.WithinDuration(t, time.Now(), metric.Sum().DataPoints().At(0).Timestamp().AsTime(), patienceOfTests)

	record := u.logs.AllLogs()[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
	assert.Equal(t, "record 0", record.Body().Str())
	assert.Equal(t, "warn", record.SeverityText())

	assert.Equal(t, 1.0, u.own(t, "pharos_plugin_state", "state", stateRunning))
	assert.Positive(t, u.own(t, "pharos_plugin_collect_duration", "outcome", "ok"))
	u.end()
	assert.Empty(t, u.host.faults())
	assert.Equal(t, 1.0, u.own(t, "pharos_plugin_state", "state", stateStopped))
}

// refusing is a pipeline that takes nothing for a while.
type refusing struct {
	*consumertest.LogsSink
	mu   sync.Mutex
	left int
}

func (r *refusing) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left > 0 {
		r.left--
		return errors.New("no room")
	}
	return r.LogsSink.ConsumeLogs(ctx, logs)
}

func TestLogsAreSentAgain(t *testing.T) {
	cfg := fast(t, "good")
	factory := NewFactory()
	set := receivertest.NewNopSettings(factory.Type())
	target := &refusing{LogsSink: &consumertest.LogsSink{}, left: 3}
	logs, err := factory.CreateLogs(t.Context(), set, cfg, target)
	require.NoError(t, err)
	host := &statusHost{}
	require.NoError(t, logs.Start(t.Context(), host))
	eventually(t, "logs come", func() bool { return target.LogRecordCount() >= 3 })
	require.NoError(t, logs.Shutdown(t.Context()))
	for i, one := range target.AllLogs()[:3] {
		assert.Equal(t, "record "+string(rune('0'+i)), one.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().Str(), "in order, each once")
	}
	assert.Contains(t, host.faults(), "the pipeline has refused the log records: no room")
	assert.Equal(t, componentstatus.StatusOK, host.last())
}
