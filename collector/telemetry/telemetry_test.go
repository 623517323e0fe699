package telemetry

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/service/telemetry"
	otelmetric "go.opentelemetry.io/otel/metric"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/process"
)

func TestMain(m *testing.M) {
	// lumberjack keeps the goroutine that removes old files for as long as the process lives.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("gopkg.in/natefinch/lumberjack%2ev2.(*Logger).millRun"))
}

func TestDefaults(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(defaultConfig()))
	require.NoError(t, defaultConfig().Validate())
	assert.InDelta(t, 1.0, defaultConfig().Traces.SampleRatio, 0, "who names an endpoint wants the traces")
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		says   string
	}{
		{"level", func(c *Config) { c.Logs.Level = "loud" }, `logs::level is "loud": use debug, info, warn or error`},
		{"level of no use", func(c *Config) { c.Logs.Level = "fatal" }, `logs::level is "fatal"`},
		{"format", func(c *Config) { c.Logs.Format = "xml" }, `logs::format is "xml": use console or json`},
		{"ratio", func(c *Config) { c.Traces.SampleRatio = 1.5 }, "traces::sample_ratio is 1.5: use a number from 0 to 1"},
		{"operations", func(c *Config) { c.Operations.Endpoint = "8081" }, `operations::endpoint is "8081": use host:port`},
		{"traces", func(c *Config) { c.Traces.Endpoint = "http://host" }, `traces::endpoint is "http://host": use host:port`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := defaultConfig()
			tt.change(cfg)
			assert.ErrorContains(t, confmap.Validate(cfg), tt.says)
		})
	}
}

func build() component.BuildInfo { return component.BuildInfo{Command: "pharos", Version: "1.2.3"} }

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

func TestForeignConfiguration(t *testing.T) {
	factory := NewFactory()
	_, _, err := factory.CreateResource(t.Context(), telemetry.Settings{}, struct{}{})
	require.ErrorContains(t, err, "service::telemetry is a struct {}, not ours")
}

func TestResource(t *testing.T) {
	cfg := defaultConfig()
	cfg.Resource = map[string]string{"pharos.role": "gateway"}
	res, _, err := NewFactory().CreateResource(t.Context(), telemetry.Settings{BuildInfo: build()}, cfg)
	require.NoError(t, err)
	for name, want := range map[string]string{"service.name": "pharos", "service.version": "1.2.3", "pharos.role": "gateway"} {
		got, ok := res.Attributes().Get(name)
		require.True(t, ok, name)
		assert.Equal(t, want, got.Str())
	}
	assert.Equal(t, 4, sdkResource(&res).Len())
	assert.Zero(t, sdkResource(nil).Len())
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

func TestOperations(t *testing.T) {
	p, cfg := process.New(), defaultConfig()
	cfg.Operations.Endpoint = freeAddress(t)
	base := "http://" + cfg.Operations.Endpoint
	for range 2 { // as a reload does
		provider, err := NewFactoryFor(p).CreateMeterProvider(t.Context(), telemetry.MeterSettings{
			Settings: telemetry.Settings{BuildInfo: build()}, Logger: zap.NewNop(),
		}, cfg)
		require.NoError(t, err)
		counter, err := provider.Meter("test").Int64Counter("pharos.test.things", otelmetric.WithUnit("{thing}"))
		require.NoError(t, err)
		counter.Add(t.Context(), 3)

		code, _ := get(t, base+"/livez")
		assert.Equal(t, http.StatusOK, code)
		code, body := get(t, base+"/readyz")
		assert.Equal(t, http.StatusServiceUnavailable, code)
		assert.Contains(t, body, "the server is starting")
		full := errcode.New(errcode.OutOfSpace, "the disk is full")
		p.SetReady(func(context.Context) []process.Dependency {
			return []process.Dependency{{Name: "storage::log_store", Required: true, Err: full}}
		})
		code, body = get(t, base+"/readyz")
		assert.Equal(t, http.StatusInsufficientStorage, code)
		assert.Contains(t, body, "the disk is full")
		p.SetReady(func(context.Context) []process.Dependency {
			return []process.Dependency{{Name: "storage::log_store", Required: true}, {Name: "cache", Err: errors.New("away")}}
		})
		code, body = get(t, base+"/readyz")
		assert.Equal(t, http.StatusOK, code)
		assert.JSONEq(t, `{"state":"degraded","dependencies":[
			{"name":"storage::log_store","status":"ok","required":true},
			{"name":"cache","status":"down","required":false,"message":"away"}]}`, body)
		p.SetReady(nil)

		_, body = get(t, base+"/metrics")
		assert.Contains(t, body, "\npharos_test_things_total 3\n")
		assert.Contains(t, body, `pharos_build_info{command="pharos",version="1.2.3"} 1`)
		assert.Contains(t, body, "\nprocess_resident_memory_bytes ")
		families, err := p.Gather()
		require.NoError(t, err)
		assert.NotEmpty(t, families)

		require.NoError(t, provider.Shutdown(t.Context()))
		require.NoError(t, provider.Shutdown(t.Context()), "a second time")
	}
	require.NoError(t, p.Release())
}

func TestOperationsPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { assert.NoError(t, taken.Close()) }()
	cfg := defaultConfig()
	cfg.Operations.Endpoint = taken.Addr().String()
	_, err = NewFactory().CreateMeterProvider(t.Context(), telemetry.MeterSettings{Logger: zap.NewNop()}, cfg)
	require.Equal(t, errcode.Conflict, errcode.Of(err))
	require.ErrorContains(t, err, "service::telemetry::operations::endpoint")
}

// The socket goes back at once, even when the server had no time to begin.
func TestStopRightAfterStart(t *testing.T) {
	p, addr := process.New(), freeAddress(t)
	for range 50 {
		stop, err := serveOperations(t.Context(), addr, p, zap.NewNop())
		require.NoError(t, err)
		require.NoError(t, stop(t.Context()))
	}
	require.NoError(t, p.Release())
	stop, err := serveOperations(t.Context(), "", p, zap.NewNop())
	require.NoError(t, err)
	require.NoError(t, stop(t.Context()), "no listener")
}

func TestLogFile(t *testing.T) {
	cfg := defaultConfig()
	cfg.Logs.File = filepath.Join(t.TempDir(), "log", "pharos.log")
	cfg.Logs.Level = "warn"
	logger, shutdown, err := createLogger(t.Context(), telemetry.LoggerSettings{}, cfg)
	require.NoError(t, err)
	logger.Info("not severe enough")
	logger.Warn("The disk is nearly full", zap.Int("percent", 95), zap.Error(errors.New("boom")))
	if err := shutdown(t.Context()); err != nil {
		require.ErrorContains(t, err, "stderr", "some kinds of standard error cannot be synced")
	}

	content, err := os.ReadFile(cfg.Logs.File)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(content), "\n"))
	var entry map[string]any
	require.NoError(t, json.Unmarshal(content, &entry))
	assert.Equal(t, "warn", entry["level"])
	assert.Equal(t, "The disk is nearly full", entry["message"])
	assert.Equal(t, "boom", entry["error"])
	assert.InDelta(t, 95, entry["percent"], 0)
	assert.NotEmpty(t, entry["time"])

	cfg.Logs.File = filepath.Join(cfg.Logs.File, "in a file")
	_, _, err = createLogger(t.Context(), telemetry.LoggerSettings{}, cfg)
	require.ErrorContains(t, err, "logs::file")
}

// sink is an OTLP server for traces.
type sink struct {
	collectortrace.UnimplementedTraceServiceServer
	names chan string
}

func (s *sink) Export(_ context.Context, request *collectortrace.ExportTraceServiceRequest) (*collectortrace.ExportTraceServiceResponse, error) {
	for _, spans := range request.GetResourceSpans()[0].GetScopeSpans() {
		for _, span := range spans.GetSpans() {
			s.names <- span.GetName()
		}
	}
	return &collectortrace.ExportTraceServiceResponse{}, nil
}

func TestTraces(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server, received := grpc.NewServer(), &sink{names: make(chan string, 1)}
	collectortrace.RegisterTraceServiceServer(server, received)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	cfg := defaultConfig()
	cfg.Traces.Endpoint, cfg.Traces.Insecure = listener.Addr().String(), true
	provider, err := NewFactory().CreateTracerProvider(t.Context(), telemetry.TracerSettings{}, cfg)
	require.NoError(t, err)
	_, span := provider.Tracer("test").Start(t.Context(), "query")
	assert.True(t, span.SpanContext().IsSampled())
	span.End()
	require.NoError(t, provider.Shutdown(t.Context()), "it sends what is left")
	assert.Equal(t, "query", <-received.names)
	server.Stop()
	require.NoError(t, <-served)
}

func TestNoTraces(t *testing.T) {
	provider, err := NewFactory().CreateTracerProvider(t.Context(), telemetry.TracerSettings{}, defaultConfig())
	require.NoError(t, err)
	_, span := provider.Tracer("test").Start(t.Context(), "query")
	assert.False(t, span.IsRecording())
	require.NoError(t, provider.Shutdown(t.Context()))
}
