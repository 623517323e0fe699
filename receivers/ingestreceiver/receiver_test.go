package ingestreceiver

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/internal/orgcontext"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testOrg = "11111111-1111-1111-1111-111111111111"

// gateway is a front door that lets everybody in as testOrg.
type gateway struct {
	component.StartFunc
	component.ShutdownFunc
	routes []frontdoor.Route
	mux    map[frontdoor.Listener]*http.ServeMux
	grpc   *grpc.Server
	scope  auth.Scope
	fail   error
}

func newGateway() *gateway {
	setOrg := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		return next(orgcontext.With(ctx, testOrg), req)
	}
	return &gateway{
		mux:  map[frontdoor.Listener]*http.ServeMux{frontdoor.HTTP: http.NewServeMux(), frontdoor.OTLPHTTP: http.NewServeMux()},
		grpc: grpc.NewServer(grpc.UnaryInterceptor(setOrg)),
	}
}

const testWireLimit = 1 << 20

func (g *gateway) Handle(routes ...frontdoor.Route) error {
	if g.fail != nil {
		return g.fail
	}
	g.routes = append(g.routes, routes...)
	for _, route := range routes {
		listeners := route.Listeners
		if len(listeners) == 0 {
			listeners = []frontdoor.Listener{frontdoor.HTTP}
		}
		for _, listener := range listeners {
			g.mux[listener].HandleFunc(route.Pattern, func(w http.ResponseWriter, r *http.Request) {
				r.Body = http.MaxBytesReader(w, r.Body, testWireLimit)
				route.Handler.ServeHTTP(w, r.WithContext(orgcontext.With(r.Context(), testOrg)))
			})
		}
	}
	return nil
}

func (g *gateway) HandleGRPC(scope auth.Scope, register func(grpc.ServiceRegistrar)) error {
	g.scope = scope
	register(g.grpc)
	return g.fail
}

type hostWith map[component.ID]component.Component

func (h hostWith) GetExtensions() map[component.ID]component.Component { return h }

// sink keeps what it is given, after edit has had its way with it.
type sink struct {
	mu      sync.Mutex
	metrics []pmetric.Metrics
	logs    []plog.Logs
	// onMetrics and onLogs stand for the rest of the pipeline.
	onMetrics func(context.Context, pmetric.Metrics) error
	onLogs    func(context.Context, plog.Logs) error
}

func (s *sink) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

func (s *sink) ConsumeMetrics(ctx context.Context, metrics pmetric.Metrics) error {
	if s.onMetrics != nil {
		if err := s.onMetrics(ctx, metrics); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.metrics = append(s.metrics, metrics)
	return nil
}

func (s *sink) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	if s.onLogs != nil {
		if err := s.onLogs(ctx, logs); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logs = append(s.logs, logs)
	return nil
}

// bench is a started receiver between a gateway and a sink.
type testbed struct {
	*gateway
	*sink
	receiver *ingestReceiver
	meters   *componenttest.Telemetry
}

func start(tb testing.TB, options ...func(*Config)) *testbed {
	tb.Helper()
	cfg := defaultConfig()
	for _, option := range options {
		option(cfg)
	}
	bed := &testbed{gateway: newGateway(), sink: &sink{}, meters: componenttest.NewTelemetry()}
	set := receivertest.NewNopSettings(NewFactory().Type())
	set.TelemetrySettings = bed.meters.NewTelemetrySettings()
	factory := NewFactory()
	metrics, err := factory.CreateMetrics(tb.Context(), set, cfg, bed.sink)
	require.NoError(tb, err)
	logs, err := factory.CreateLogs(tb.Context(), set, cfg, bed.sink)
	require.NoError(tb, err)
	host := hostWith{cfg.Gateway: bed.gateway}
	require.NoError(tb, metrics.Start(tb.Context(), host))
	require.NoError(tb, logs.Start(tb.Context(), host))
	bed.receiver = metrics.(*sharedReceiver).receiver
	tb.Cleanup(func() {
		assert.NoError(tb, metrics.Shutdown(context.Background()))
		assert.NoError(tb, logs.Shutdown(context.Background()))
		bed.grpc.Stop()
		assert.NoError(tb, bed.meters.Shutdown(context.Background()))
	})
	return bed
}

// do sends a request to a listener.
func (b *testbed) do(listener frontdoor.Listener, req *http.Request) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	b.mux[listener].ServeHTTP(recorder, req)
	return recorder
}

// dial serves gRPC in memory and returns a connection to it.
func (b *testbed) dial(t *testing.T) *grpc.ClientConn {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	served := make(chan error, 1)
	go func() { served <- b.grpc.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///bufconn",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, conn.Close())
		b.grpc.Stop()
		assert.NoError(t, <-served)
	})
	return conn
}
