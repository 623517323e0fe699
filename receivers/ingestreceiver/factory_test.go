package ingestreceiver

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/frontdoor"
)

func TestSignalsShareOneReceiver(t *testing.T) {
	factory := NewFactory()
	set := receivertest.NewNopSettings(factory.Type())
	cfg := defaultConfig()
	metrics, err := factory.CreateMetrics(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	logs, err := factory.CreateLogs(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	assert.Same(t, metrics, logs)
	other, err := factory.CreateLogs(t.Context(), set, defaultConfig(), consumertest.NewNop())
	require.NoError(t, err)
	assert.NotSame(t, metrics, other)

	// After a reload the same configuration makes a new receiver.
	gateway := newGateway()
	require.NoError(t, metrics.Start(t.Context(), hostWith{cfg.Gateway: gateway}))
	require.NoError(t, logs.Start(t.Context(), hostWith{cfg.Gateway: gateway}), "registers once")
	require.NoError(t, metrics.Shutdown(t.Context()))
	require.NoError(t, logs.Shutdown(t.Context()))
	again, err := factory.CreateMetrics(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	assert.NotSame(t, metrics, again)
	require.NoError(t, again.Shutdown(t.Context()), "without a start")
}

func TestEveryRouteAsksForTheIngestScope(t *testing.T) {
	bed := start(t)
	patterns := map[string]int{}
	for _, route := range bed.routes {
		assert.Equal(t, auth.ScopeIngest, route.Scope, route.Pattern)
		patterns[route.Pattern] = len(route.Listeners)
	}
	assert.Equal(t, map[string]int{
		"POST /v1/metrics": 2, "POST /v1/logs": 2, "POST /v1/traces": 2,
		"POST /v1/ingest/metrics": 0, "POST /v1/ingest/logs": 0, "POST /api/v1/write": 0,
	}, patterns)
	assert.Equal(t, auth.ScopeIngest, bed.scope)
}

func TestStartErrors(t *testing.T) {
	failing := newGateway()
	failing.fail = assert.AnError
	gatewayID := component.MustNewID("gateway")
	tests := []struct {
		name string
		host component.Host
		want string
	}{
		{"no extension", componenttest.NewNopHost(), `gateway: there is no extension "gateway"; add it under extensions`},
		{"another extension", hostWith{gatewayID: &sharedReceiver{}}, `gateway: extension "gateway" has no listeners`},
		{"a pattern that clashes", hostWith{gatewayID: failing}, "register ingest routes: " + assert.AnError.Error()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			factory := NewFactory()
			receiver, err := factory.CreateMetrics(t.Context(), receivertest.NewNopSettings(factory.Type()), defaultConfig(), consumertest.NewNop())
			require.NoError(t, err)
			require.ErrorContains(t, receiver.Start(t.Context(), test.host), test.want)
			assert.ErrorContains(t, receiver.Start(t.Context(), test.host), test.want, "the other pipeline learns of it too")
		})
	}
}

func TestSignalWithoutAPipeline(t *testing.T) {
	bed := start(t)
	bed.receiver.logs = nil
	answer := bed.do(frontdoor.HTTP, post("/v1/logs", contentTypeProto, logsProto(t, testLogs(1))))
	assert.Equal(t, 404, answer.Code)
	assert.Contains(t, statusIn(t, answer).GetMessage(), "this server takes no logs")
	bed.receiver.metrics = nil
	assert.Equal(t, 404, bed.do(frontdoor.HTTP, jsonPost("/v1/ingest/metrics", goodMetric)).Code)
}

func TestShutdownWaitsAndRefuses(t *testing.T) {
	bed := start(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	bed.onMetrics = func(context.Context, pmetric.Metrics) error {
		close(entered)
		<-leave
		return nil
	}
	answered := make(chan int, 1)
	go func() {
		answered <- bed.do(frontdoor.HTTP, jsonPost("/v1/ingest/metrics", goodMetric)).Code
	}()
	<-entered
	stopped := make(chan struct{})
	go func() {
		bed.receiver.shutdown()
		close(stopped)
	}()
	select {
	case <-stopped:
		t.Fatal("shut down under a request")
	case <-time.After(20 * time.Millisecond):
	}
	close(leave)
	assert.Equal(t, 200, <-answered)
	<-stopped
	answer := bed.do(frontdoor.HTTP, jsonPost("/v1/ingest/metrics", goodMetric))
	assert.Equal(t, 503, answer.Code)
	assert.Equal(t, "2", answer.Header().Get("Retry-After"))
	assert.Equal(t, 503, bed.do(frontdoor.HTTP, jsonPost("/v1/ingest/logs", goodLog)).Code)
}
