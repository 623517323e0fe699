package ingestreceiver

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // lets the gRPC server take gzip
	"google.golang.org/grpc/metadata"

	"github.com/pharos-obs/pharos/internal/errcode"
)

const (
	metricsServiceName = "opentelemetry.proto.collector.metrics.v1.MetricsService"
	logsServiceName    = "opentelemetry.proto.collector.logs.v1.LogsService"
	tracesServiceName  = "opentelemetry.proto.collector.trace.v1.TraceService"
)

// The services are registered by descriptions of our own and not by pdata's: those take a
// *grpc.Server only, and decode before anybody can hash the bytes, which is where the ids of log
// records come from. The messages below are encoded by pdata's codec, which takes any type
// with these three methods; importing plogotlp registers it.
type grpcMessage interface {
	SizeProto() int
	MarshalProto(buf []byte) int
	UnmarshalProto(data []byte) error
}

var (
	_ grpcMessage = (*metricsCall)(nil)
	_ grpcMessage = (*logsCall)(nil)
	_ grpcMessage = (*tracesCall)(nil)
	_ grpcMessage = encodedAnswer(nil)
)

// grpcCall is a request that knows how to be served.
type grpcCall interface {
	grpcMessage
	serve(ctx context.Context) (encodedAnswer, error)
}

func (r *ingestReceiver) registerGRPC(server grpc.ServiceRegistrar) {
	register := func(name string, newCall func(ctx context.Context) grpcCall) {
		server.RegisterService(&grpc.ServiceDesc{
			ServiceName: name,
			HandlerType: (*any)(nil),
			Methods:     []grpc.MethodDesc{{MethodName: "Export", Handler: exportMethod("/"+name+"/Export", newCall)}},
		}, r)
	}
	register(metricsServiceName, func(context.Context) grpcCall {
		return &metricsCall{receiver: r, begin: time.Now(), request: pmetricotlp.NewExportRequest()}
	})
	register(logsServiceName, func(ctx context.Context) grpcCall {
		return &logsCall{receiver: r, begin: time.Now(), request: plogotlp.NewExportRequest(), ids: newIDSource(orgOf(ctx), incomingIdempotencyKey(ctx))}
	})
	register(tracesServiceName, func(context.Context) grpcCall { return &tracesCall{} })
}

// exportMethod serves one method. The context is the one that the interceptors made: they ran
// before only when they are stream or tap handlers, so the call is made inside of them.
func exportMethod(fullMethod string, newCall func(context.Context) grpcCall) func(any, context.Context, func(any) error, grpc.UnaryServerInterceptor) (any, error) {
	return func(srv any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
		handle := func(ctx context.Context, _ any) (any, error) {
			call := newCall(ctx)
			if err := decode(call); err != nil {
				return nil, err
			}
			answer, err := call.serve(ctx)
			if err != nil {
				return nil, statusOf(err).Err()
			}
			return answer, nil
		}
		if interceptor == nil {
			return handle(ctx, nil)
		}
		return interceptor(ctx, nil, &grpc.UnaryServerInfo{Server: srv, FullMethod: fullMethod}, handle)
	}
}

func incomingIdempotencyKey(ctx context.Context) string {
	if values := metadata.ValueFromIncomingContext(ctx, idempotencyHeader); len(values) > 0 {
		return values[0]
	}
	return ""
}

// metricsCall is one Export of the metrics service.
type metricsCall struct {
	noReply
	receiver *ingestReceiver
	begin    time.Time
	request  pmetricotlp.ExportRequest
	invalid  error
}

// UnmarshalProto keeps the error for serve: the gRPC server would call it Internal.
func (c *metricsCall) UnmarshalProto(data []byte) error {
	c.invalid = decodeOTLP(c.request, contentTypeProto, data)
	return nil
}

func (c *metricsCall) serve(ctx context.Context) (encodedAnswer, error) {
	from := source{signalMetrics, protocolGRPC}
	answer, err := c.export(ctx, from)
	c.receiver.telemetry.finish(ctx, from, c.begin, err)
	c.receiver.logFault(err, from)
	return answer, err
}

func (c *metricsCall) export(ctx context.Context, from source) (encodedAnswer, error) {
	if c.invalid != nil {
		return nil, c.invalid
	}
	response, err := c.receiver.exportMetrics(ctx, c.request.Metrics(), from)
	if err != nil {
		return nil, err
	}
	return encodeOTLP(response, contentTypeProto)
}

// logsCall is one Export of the logs service.
type logsCall struct {
	noReply
	receiver *ingestReceiver
	begin    time.Time
	request  plogotlp.ExportRequest
	ids      idSource
	invalid  error
}

// UnmarshalProto keeps the error for serve: the gRPC server would call it Internal.
func (c *logsCall) UnmarshalProto(data []byte) error {
	c.invalid = decodeOTLP(c.request, contentTypeProto, data)
	if c.invalid == nil && c.ids.wantsBody(c.request.Logs()) {
		c.ids.hashBody(data)
	}
	return nil
}

func (c *logsCall) serve(ctx context.Context) (encodedAnswer, error) {
	from := source{signalLogs, protocolGRPC}
	answer, err := c.export(ctx, from)
	c.receiver.telemetry.finish(ctx, from, c.begin, err)
	c.receiver.logFault(err, from)
	return answer, err
}

func (c *logsCall) export(ctx context.Context, from source) (encodedAnswer, error) {
	if c.invalid != nil {
		return nil, c.invalid
	}
	response, err := c.receiver.exportLogs(ctx, c.request.Logs(), c.ids, from)
	if err != nil {
		return nil, err
	}
	return encodeOTLP(response, contentTypeProto)
}

// tracesCall refuses without looking.
type tracesCall struct{ noReply }

// UnmarshalProto takes anything.
func (*tracesCall) UnmarshalProto([]byte) error { return nil }

func (*tracesCall) serve(context.Context) (encodedAnswer, error) { return nil, errNoTraces() }

// noReply is the half of grpcMessage that a request never needs.
type noReply struct{}

// SizeProto implements grpcMessage.
func (noReply) SizeProto() int { return 0 }

// MarshalProto implements grpcMessage.
func (noReply) MarshalProto([]byte) int { return 0 }

// encodedAnswer is an answer in protobuf.
type encodedAnswer []byte

// SizeProto implements grpcMessage.
func (a encodedAnswer) SizeProto() int { return len(a) }

// MarshalProto implements grpcMessage.
func (a encodedAnswer) MarshalProto(buf []byte) int { return copy(buf, a) }

// UnmarshalProto implements grpcMessage.
func (encodedAnswer) UnmarshalProto([]byte) error {
	return errcode.New(errcode.Internal, "an answer is not decoded")
}
