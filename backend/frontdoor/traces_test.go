package frontdoor

import (
	"context"
	"net/http"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/problem"
)

const (
	sentTrace  = "0af7651916cd43dd8448eb211c80319c"
	sentParent = "00-" + sentTrace + "-b7ad6b7169203331-01"
)

// recording returns a configuration whose spans can be looked at.
func recording(t *testing.T, trusted ...string) (Config, *tracetest.SpanRecorder) {
	t.Helper()
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	t.Cleanup(func() { assert.NoError(t, provider.Shutdown(context.WithoutCancel(t.Context()))) })
	cfg := testConfig()
	cfg.Tracer = provider.Tracer("test")
	for _, network := range trusted {
		cfg.TrustedProxies = append(cfg.TrustedProxies, netip.MustParsePrefix(network))
	}
	return cfg, recorder
}

// httptestPeer is the network of httptest's requests.
const httptestPeer = "192.0.2.0/24"

func TestSpans(t *testing.T) {
	cfg, spans := recording(t)
	f := newFixture(t, cfg)
	var inside trace.SpanContext
	f.handle(t, "POST /v1/logs", auth.ScopeIngest, func(_ http.ResponseWriter, r *http.Request) {
		inside = trace.SpanContextFromContext(r.Context())
	})
	f.handle(t, "GET /broken", "", func(w http.ResponseWriter, _ *http.Request) {
		problem.Write(w, errcode.New(errcode.Unavailable, "the store is away"))
	})
	f.Forward(http.HandlerFunc(sayForwarded))

	f.ask(http.MethodPost, "/v1/logs", "X-Api-Key", "writer")
	f.ask(http.MethodPost, "/v1/logs")
	f.ask(http.MethodGet, "/broken")
	f.ask(http.MethodPut, "/v1/dashboards/7")

	ended := spans.Ended()
	require.Len(t, ended, 4)
	assert.Equal(t, ended[0].SpanContext(), inside)
	for i, want := range []struct {
		name, route, org string
		status           int64
		code             codes.Code
	}{
		{"POST /v1/logs", "/v1/logs", "1", http.StatusOK, codes.Unset},
		{"POST /v1/logs", "/v1/logs", "", http.StatusUnauthorized, codes.Unset},
		{"GET /broken", "/broken", "", http.StatusServiceUnavailable, codes.Error},
		{"PUT (forwarded)", "(forwarded)", "", http.StatusOK, codes.Unset},
	} {
		set := attribute.NewSet(ended[i].Attributes()...)
		org, _ := set.Value("pharos.org.id")
		route, _ := set.Value("http.route")
		status, _ := set.Value("http.response.status_code")
		assert.Equal(t, want.name, ended[i].Name())
		assert.Equal(t, trace.SpanKindServer, ended[i].SpanKind())
		assert.Equal(t, want.route, route.AsString())
		assert.Equal(t, want.org, org.AsString())
		assert.Equal(t, want.status, status.AsInt64())
		assert.Equal(t, want.code, ended[i].Status().Code)
	}
}

// Only a trusted proxy says which trace a request belongs to. A client's is linked to.
func TestTraceOfTheSender(t *testing.T) {
	for _, trusted := range []bool{true, false} {
		var networks []string
		if trusted {
			networks = []string{httptestPeer, "127.0.0.0/8"}
		}
		cfg, spans := recording(t, networks...)
		f := newFixture(t, cfg)
		f.handle(t, "GET /v1/things", "", whoami)
		f.ask(http.MethodGet, "/v1/things", "Traceparent", sentParent, "X-Forwarded-For", "203.0.113.9")
		client := healthpb.NewHealthClient(dial(t, f))
		ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer writer", "traceparent", sentParent)
		_, err := client.Check(ctx, &healthpb.HealthCheckRequest{})
		require.NoError(t, err)

		ended := spans.Ended()
		require.Len(t, ended, 2)
		assert.Equal(t, "grpc.health.v1.Health/Check", ended[1].Name())
		for _, span := range ended {
			if trusted {
				assert.Equal(t, sentTrace, span.SpanContext().TraceID().String(), span.Name())
				assert.Empty(t, span.Links())
				continue
			}
			assert.False(t, span.Parent().IsValid(), span.Name())
			require.Len(t, span.Links(), 1)
			assert.Equal(t, sentTrace, span.Links()[0].SpanContext.TraceID().String())
		}
	}
}

func TestSpanOfACall(t *testing.T) {
	cfg, spans := recording(t)
	client := healthpb.NewHealthClient(dial(t, newFixture(t, cfg)))
	_, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{})
	require.Error(t, err)
	ended := spans.Ended()
	require.Len(t, ended, 1)
	set := attribute.NewSet(ended[0].Attributes()...)
	code, _ := set.Value("rpc.response.status_code")
	assert.Equal(t, "Unauthenticated", code.AsString())
	assert.Equal(t, codes.Error, ended[0].Status().Code)
}
