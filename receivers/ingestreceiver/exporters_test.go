package ingestreceiver

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/exporter/otlpexporter"
	"go.opentelemetry.io/collector/exporter/otlphttpexporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// failOnce refuses the first batch with an error that passes.
func failOnce() func() error {
	var calls atomic.Int32
	return func() error {
		if calls.Add(1) == 1 {
			return &errcode.Error{Code: errcode.Unavailable, Message: "away", RetryAfter: 10 * time.Millisecond}
		}
		return nil
	}
}

// TestCollectorExporters sends by the exporters that agents and users' Collectors have: what is
// refused for a moment comes again, under the same ids.
func TestCollectorExporters(t *testing.T) {
	exporters := map[string]func(*testing.T, *testbed) (exporter.Factory, component.Config){
		"otlp": func(t *testing.T, bed *testbed) (exporter.Factory, component.Config) {
			t.Helper()
			factory := otlpexporter.NewFactory()
			cfg := factory.CreateDefaultConfig().(*otlpexporter.Config)
			var listen net.ListenConfig
			listener, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
			require.NoError(t, err)
			served := make(chan error, 1)
			go func() { served <- bed.grpc.Serve(listener) }()
			t.Cleanup(func() {
				bed.grpc.Stop()
				assert.NoError(t, <-served)
			})
			cfg.ClientConfig.Endpoint = listener.Addr().String()
			cfg.ClientConfig.TLS.Insecure = true
			cfg.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
			cfg.RetryConfig.InitialInterval = time.Millisecond
			return factory, cfg
		},
		"otlphttp": func(t *testing.T, bed *testbed) (exporter.Factory, component.Config) {
			t.Helper()
			factory := otlphttpexporter.NewFactory()
			cfg := factory.CreateDefaultConfig().(*otlphttpexporter.Config)
			server := httptest.NewServer(http.HandlerFunc(bed.mux[frontdoor.OTLPHTTP].ServeHTTP))
			t.Cleanup(server.Close)
			cfg.ClientConfig.Endpoint = server.URL
			cfg.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
			cfg.RetryConfig.InitialInterval = time.Millisecond
			return factory, cfg
		},
	}
	for name, configure := range exporters {
		t.Run(name, func(t *testing.T) {
			bed := start(t)
			factory, cfg := configure(t, bed)
			set := exportertest.NewNopSettings(factory.Type())
			metrics, err := factory.CreateMetrics(t.Context(), set, cfg)
			require.NoError(t, err)
			logs, err := factory.CreateLogs(t.Context(), set, cfg)
			require.NoError(t, err)
			for _, part := range []component.Component{metrics, logs} {
				require.NoError(t, part.Start(t.Context(), componenttest.NewNopHost()))
				defer func() { assert.NoError(t, part.Shutdown(context.Background())) }()
			}
			assertDelivered(t, bed, metrics, logs)
		})
	}
}

func assertDelivered(t *testing.T, bed *testbed, metrics consumer.Metrics, logs consumer.Logs) {
	t.Helper()
	metricsFail, logsFail := failOnce(), failOnce()
	var ids [][]string
	bed.onMetrics = func(context.Context, pmetric.Metrics) error { return metricsFail() }
	bed.onLogs = func(_ context.Context, logs plog.Logs) error {
		ids = append(ids, recordIDs(logs))
		return logsFail()
	}
	require.NoError(t, metrics.ConsumeMetrics(t.Context(), testMetrics(5)))
	require.NoError(t, logs.ConsumeLogs(t.Context(), testLogs(3)))
	require.Len(t, bed.metrics, 1)
	assert.Equal(t, testMetrics(5), bed.metrics[0])
	require.Len(t, bed.logs, 1)
	require.Len(t, ids, 2)
	assert.Equal(t, ids[0], ids[1], "the retry is known as one")
}
