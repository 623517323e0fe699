package ingestreceiver

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/orgcontext"
	"github.com/pharos-obs/pharos/storage/rejection"
)

func TestGRPCStores(t *testing.T) {
	bed := start(t)
	org := ""
	bed.onMetrics = func(ctx context.Context, _ pmetric.Metrics) error { org, _ = orgcontext.From(ctx); return nil }
	conn := bed.dial(t)
	for _, option := range [][]grpc.CallOption{nil, {grpc.UseCompressor("gzip")}} {
		metrics, err := pmetricotlp.NewGRPCClient(conn).Export(t.Context(), pmetricotlp.NewExportRequestFromMetrics(testMetrics(3)), option...)
		require.NoError(t, err)
		assert.Zero(t, metrics.PartialSuccess().RejectedDataPoints())
		logs, err := plogotlp.NewGRPCClient(conn).Export(t.Context(), plogotlp.NewExportRequestFromLogs(testLogs(2)), option...)
		require.NoError(t, err)
		assert.Zero(t, logs.PartialSuccess().RejectedLogRecords())
	}
	assert.Equal(t, auth.ScopeIngest, bed.scope)
	assert.Equal(t, testOrg, org)
	require.Len(t, bed.metrics, 2)
	assert.Equal(t, testMetrics(3), bed.metrics[1])
	require.Len(t, bed.logs, 2)
	assert.Equal(t, recordIDs(bed.logs[0]), recordIDs(bed.logs[1]), "a retry has the same ids")
}

func TestGRPCIdempotencyKey(t *testing.T) {
	bed := start(t)
	client := plogotlp.NewGRPCClient(bed.dial(t))
	for _, key := range []string{"a", "a", "b"} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", key)
		_, err := client.Export(ctx, plogotlp.NewExportRequestFromLogs(testLogs(2)))
		require.NoError(t, err)
	}
	assert.Equal(t, recordIDs(bed.logs[0]), recordIDs(bed.logs[1]))
	assert.NotEqual(t, recordIDs(bed.logs[0]), recordIDs(bed.logs[2]))
}

func TestGRPCPartialSuccess(t *testing.T) {
	bed := start(t)
	bed.onLogs = func(ctx context.Context, _ plog.Logs) error {
		rejection.FromContext(ctx).Add(rejection.Item{Reason: "too_large", Message: "the message is too large"})
		return nil
	}
	answer, err := plogotlp.NewGRPCClient(bed.dial(t)).Export(t.Context(), plogotlp.NewExportRequestFromLogs(testLogs(2)))
	require.NoError(t, err)
	assert.EqualValues(t, 1, answer.PartialSuccess().RejectedLogRecords())
	assert.Equal(t, "the message is too large", answer.PartialSuccess().ErrorMessage())
}

func TestGRPCErrors(t *testing.T) {
	bed := start(t)
	bed.onMetrics = func(context.Context, pmetric.Metrics) error { return errors.New("broker away") }
	conn := bed.dial(t)

	_, err := pmetricotlp.NewGRPCClient(conn).Export(t.Context(), pmetricotlp.NewExportRequestFromMetrics(testMetrics(1)))
	s, _ := status.FromError(err)
	assert.Equal(t, codes.Unavailable, s.Code())
	require.Len(t, s.Details(), 1)
	assert.EqualValues(t, 1, s.Details()[0].(*errdetails.RetryInfo).GetRetryDelay().GetSeconds())

	_, err = ptraceotlp.NewGRPCClient(conn).Export(t.Context(), ptraceotlp.NewExportRequest())
	assert.Equal(t, codes.Unimplemented, status.Code(err))
	require.ErrorContains(t, err, "traces are not stored yet")

	for _, service := range []string{metricsServiceName, logsServiceName} {
		err = conn.Invoke(t.Context(), "/"+service+"/Export", encodedAnswer("not protobuf"), &tracesCall{})
		assert.Equal(t, codes.InvalidArgument, status.Code(err), "not Internal: the fault is the client's")
		assert.ErrorContains(t, err, "not OTLP in protobuf")
	}
}
