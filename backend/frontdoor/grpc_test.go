package frontdoor

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// healthService is a gRPC service with one call of each kind.
type healthService struct {
	healthpb.UnimplementedHealthServer
}

func (healthService) Check(ctx context.Context, request *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	switch request.GetService() {
	case "panic":
		panic("secret")
	case "busy":
		return nil, StatusError(&errcode.Error{Code: errcode.Unavailable, Message: "the store is away", RetryAfter: 3 * time.Second})
	}
	if org, _ := ctx.Value(orgKey{}).(string); org != "1" {
		return nil, status.Error(codes.Internal, "no organisation")
	}
	return &healthpb.HealthCheckResponse{}, nil
}

func (healthService) Watch(_ *healthpb.HealthCheckRequest, stream grpc.ServerStreamingServer[healthpb.HealthCheckResponse]) error {
	if org, _ := stream.Context().Value(orgKey{}).(string); org != "1" {
		return status.Error(codes.Internal, "no organisation")
	}
	return stream.Send(&healthpb.HealthCheckResponse{})
}

func dial(t *testing.T, f fixture) *grpc.ClientConn {
	t.Helper()
	require.NoError(t, f.HandleGRPC(auth.ScopeIngest, func(r grpc.ServiceRegistrar) { healthpb.RegisterHealthServer(r, healthService{}) }))
	server, err := f.GRPCServer()
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, conn.Close())
		server.Stop()
		assert.NoError(t, <-served)
	})
	return conn
}

// calls makes a call of each kind, which must end the same way.
func calls(t *testing.T, conn *grpc.ClientConn, key string) error {
	t.Helper()
	ctx := t.Context()
	if key != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+key)
	}
	client := healthpb.NewHealthClient(conn)
	_, unary := client.Check(ctx, &healthpb.HealthCheckRequest{})
	stream, err := client.Watch(ctx, &healthpb.HealthCheckRequest{})
	require.NoError(t, err)
	_, streamed := stream.Recv()
	assert.Equal(t, status.Convert(unary).Message(), status.Convert(streamed).Message())
	assert.Equal(t, status.Code(unary), status.Code(streamed))
	return unary
}

func TestCalls(t *testing.T) {
	f := newFixture(t, testConfig())
	conn := dial(t, f)
	tests := []struct {
		name, key string
		code      codes.Code
		says      string
	}{
		{"no credential", "", codes.Unauthenticated, "the request carries no credential"},
		{"unknown", "guess", codes.Unauthenticated, "the credential is not known"},
		{"good", "writer", codes.OK, ""},
		{"admin", "admin", codes.OK, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := calls(t, conn, tt.key)
			assert.Equal(t, tt.code, status.Code(err))
			assert.Contains(t, status.Convert(err).Message(), tt.says)
		})
	}
	f.Close()
	err := calls(t, conn, "writer")
	assert.Equal(t, codes.Unavailable, status.Code(err))
	assert.Equal(t, time.Second, retryDelay(t, err))
	f.Open()
	require.NoError(t, calls(t, conn, "writer"))
}

func retryDelay(t *testing.T, err error) time.Duration {
	t.Helper()
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration()
		}
	}
	require.Fail(t, "no RetryInfo", "%v", err)
	return 0
}

func TestCallWithoutTheScope(t *testing.T) {
	f := newFixture(t, testConfig())
	require.NoError(t, f.HandleGRPC(auth.ScopeQuery, func(r grpc.ServiceRegistrar) { healthpb.RegisterHealthServer(r, healthService{}) }))
	_, err := f.GRPCServer()
	require.NoError(t, err)
	ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("x-api-key", "writer"))
	_, err = f.unary(ctx, nil, &grpc.UnaryServerInfo{FullMethod: "/grpc.health.v1.Health/Check"}, nil)
	assert.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = f.unary(ctx, nil, &grpc.UnaryServerInfo{FullMethod: "/what/Ever"}, nil)
	assert.Equal(t, codes.Unimplemented, status.Code(err))
}

func TestUnknownService(t *testing.T) {
	conn := dial(t, newFixture(t, testConfig()))
	err := conn.Invoke(t.Context(), "/no.Such/Method", &healthpb.HealthCheckRequest{}, &healthpb.HealthCheckResponse{})
	assert.Equal(t, codes.Unimplemented, status.Code(err))
}

func TestCallsAreLimited(t *testing.T) {
	cfg := testConfig()
	cfg.RequestsPerSecond, cfg.Burst = 0.1, 2
	conn := dial(t, newFixture(t, cfg))
	require.NoError(t, calls(t, conn, "writer"))
	err := calls(t, conn, "writer")
	assert.Equal(t, codes.ResourceExhausted, status.Code(err))
	assert.Equal(t, 10*time.Second, retryDelay(t, err))
}

func TestHandlersOfCalls(t *testing.T) {
	f := newFixture(t, testConfig())
	client := healthpb.NewHealthClient(dial(t, f))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-api-key", "writer")

	_, err := client.Check(ctx, &healthpb.HealthCheckRequest{Service: "panic"})
	assert.Equal(t, codes.Internal, status.Code(err))
	assert.NotContains(t, err.Error(), "secret")
	require.Equal(t, 1, f.logs.Len())
	assert.Equal(t, "/grpc.health.v1.Health/Check", f.logs.All()[0].ContextMap()["method"])

	_, err = client.Check(ctx, &healthpb.HealthCheckRequest{Service: "busy"})
	assert.Equal(t, codes.Unavailable, status.Code(err))
	assert.Equal(t, 3*time.Second, retryDelay(t, err))
}

func TestMessageTooLarge(t *testing.T) {
	cfg := testConfig()
	cfg.MaxBody = 100
	client := healthpb.NewHealthClient(dial(t, newFixture(t, cfg)))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-api-key", "writer")
	_, err := client.Check(ctx, &healthpb.HealthCheckRequest{Service: string(make([]byte, 200))})
	assert.Equal(t, codes.ResourceExhausted, status.Code(err))
}

func TestServiceThatRegistersNothing(t *testing.T) {
	f := newFixture(t, testConfig())
	require.NoError(t, f.HandleGRPC(auth.ScopeIngest, func(grpc.ServiceRegistrar) {}))
	_, err := f.GRPCServer()
	assert.ErrorContains(t, err, "one registered nothing")
}

func TestStatusError(t *testing.T) {
	require.NoError(t, StatusError(nil))
	own := status.Error(codes.Aborted, "again")
	assert.Equal(t, own, StatusError(own))
	assert.NotContains(t, StatusError(errors.New("open /secret")).Error(), "secret")
	assert.Equal(t, codes.InvalidArgument, status.Code(StatusError(errcode.InvalidField("step", "is zero", ""))))
}
