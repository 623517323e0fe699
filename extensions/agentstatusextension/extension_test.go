package agentstatusextension

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStatus(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("test")
	dropped, err := meter.Int64Counter("pharos_delivery_dropped_items")
	require.NoError(t, err)
	for reason, items := range map[string]int64{"too_old": 2, "queue_full": 3} {
		dropped.Add(t.Context(), items, metric.WithAttributes(attribute.String("signal", "logs"), attribute.String("reason", reason)))
	}
	waiting, err := meter.Int64Gauge("pharos_delivery_queue_items")
	require.NoError(t, err)
	waiting.Record(t.Context(), 7, metric.WithAttributes(attribute.String("signal", "logs")))

	cfg := defaultConfig()
	cfg.File = filepath.Join(t.TempDir(), "new", "status.json")
	reload, faults := &Reload{}, NewFaults()
	reload.Configured("c0ffee", nil)
	factory := NewFactoryFor(Sources{Reader: reader, Faults: faults, Reload: reload})
	set := extensiontest.NewNopSettings(factory.Type())
	set.BuildInfo.Version = "1.2.3"
	created, err := factory.Create(t.Context(), set, cfg)
	require.NoError(t, err)
	e, ok := created.(*Extension)
	require.True(t, ok)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	host := componentstatus.NewInstanceID(component.MustNewID("host"), component.KindReceiver, pipeline.NewID(pipeline.SignalMetrics))
	kept := componentstatus.NewInstanceID(component.MustNewID("delivery"), component.KindExporter, pipeline.NewID(pipeline.SignalMetrics))
	lost := componentstatus.NewInstanceID(component.MustNewID("delivery"), component.KindExporter, pipeline.NewID(pipeline.SignalLogs))
	e.Changed(host, componentstatus.NewEvent(componentstatus.StatusOK))
	e.Changed(kept, componentstatus.NewEvent(componentstatus.StatusOK))
	require.NoError(t, e.Ready())

	e.Changed(lost, componentstatus.NewRecoverableErrorEvent(errors.New("the server is away")))
	var status Status
	require.Eventually(t, func() bool {
		status, err = ReadStatus(cfg.File)
		return err == nil && len(status.Parts) == 3 && status.Parts[1].State == StateFailing
	}, 10*time.Second, 5*time.Millisecond, "at once, not after the interval")
	assert.Equal(t, "1.2.3", status.Version)
	assert.Equal(t, os.Getpid(), status.PID)
	assert.Equal(t, "c0ffee", status.Config)
	assert.Equal(t, "delivery", status.Parts[1].ID)
	assert.Equal(t, "the server is away", status.Parts[1].Error)
	assert.Equal(t, Part{Kind: "receiver", ID: "host", State: StateOK, Since: status.Parts[2].Since}, status.Parts[2])
	assert.Equal(t, []Queue{{Signal: "logs", Items: 7, Dropped: 5}}, status.Queues)

	e.Changed(lost, componentstatus.NewEvent(componentstatus.StatusOK))
	require.Eventually(t, func() bool {
		status, err = ReadStatus(cfg.File)
		return err == nil && status.Parts[1].State == StateOK
	}, 10*time.Second, 5*time.Millisecond)

	reload.Configured("c0ffee", errors.New("no such part"))
	faults.failed(partKey{"receiver", "host"}, "it says so in its log")
	require.Eventually(t, func() bool {
		status, err = ReadStatus(cfg.File)
		return err == nil && status.Parts[2].State == StateFailing
	}, 10*time.Second, 5*time.Millisecond, "at once, not after the interval")
	assert.Equal(t, "it says so in its log", status.Parts[2].Error)
	assert.Equal(t, "configuration", status.Parts[0].Kind)
	assert.Equal(t, "refused, the old one goes on: no such part", status.Parts[0].Error)
	require.NoError(t, e.NotReady())
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestWithoutMetrics(t *testing.T) {
	factory := NewFactory()
	created, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), factory.CreateDefaultConfig())
	require.NoError(t, err)
	e, ok := created.(*Extension)
	require.True(t, ok)
	require.NoError(t, e.Ready())
	require.ErrorContains(t, e.Metrics(context.Background(), &metricdata.ResourceMetrics{}), "NewFactoryFor")
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestReadStatus(t *testing.T) {
	_, err := ReadStatus(filepath.Join(t.TempDir(), "none"))
	require.ErrorContains(t, err, "read the status")
	path := filepath.Join(t.TempDir(), "status.json")
	require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
	_, err = ReadStatus(path)
	require.ErrorContains(t, err, path)
}
