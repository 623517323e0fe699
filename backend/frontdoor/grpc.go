package frontdoor

import (
	"context"
	"errors"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// maxStreams bounds the calls that run at once on one connection.
const maxStreams = 250

// GRPCServer returns a server with all registered services behind the same checks as the
// HTTP routes. Services that are registered later are not on it.
func (d *Door) GRPCServer(options ...grpc.ServerOption) (*grpc.Server, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	server := grpc.NewServer(append(options,
		grpc.MaxRecvMsgSize(int(d.cfg.MaxBody)),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.ChainUnaryInterceptor(d.unary),
		grpc.ChainStreamInterceptor(d.stream),
	)...)
	scopes := make(map[string]auth.Scope)
	for _, s := range d.services {
		before := len(server.GetServiceInfo())
		s.register(server)
		registered := server.GetServiceInfo()
		if len(registered) == before {
			return nil, errors.New("register gRPC services: one registered nothing")
		}
		for name := range registered {
			if _, ok := scopes[name]; !ok {
				scopes[name] = s.scope
			}
		}
	}
	d.scopes.Store(&scopes)
	return server, nil
}

// unary is the gRPC side of guard.
func (d *Door) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (response any, err error) {
	err = d.call(ctx, info.FullMethod, func(ctx context.Context) error {
		response, err = handler(ctx, request)
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// stream is unary for calls with streams.
func (d *Door) stream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return d.call(stream.Context(), info.FullMethod, func(ctx context.Context) error {
		return handler(server, &streamWithContext{stream, ctx})
	})
}

// streamWithContext hands the context of an admitted call to its handler.
type streamWithContext struct {
	grpc.ServerStream
	ctx context.Context //nolint:containedctx // grpc.ServerStream gives it by a method
}

// Context implements grpc.ServerStream.
func (s *streamWithContext) Context() context.Context { return s.ctx }

// call admits a call, runs and counts it. A panic becomes an error; without that it would end
// the process.
func (d *Door) call(ctx context.Context, method string, handle func(context.Context) error) (err error) {
	started := d.clockwork()
	name := strings.TrimPrefix(method, "/")
	ctx, span := d.beginCall(ctx, name)
	defer func() {
		if fault := recover(); fault != nil {
			d.logger.Error("A handler panicked", zap.String("method", method), zap.Any("fault", fault), zap.Stack("stack"))
			err = StatusError(errcode.New(errcode.Internal, "a handler panicked"))
		}
		code := status.Code(err).String()
		d.instr.grpc.Record(context.WithoutCancel(ctx), d.clockwork().Sub(started).Seconds(), metric.WithAttributes(
			attribute.String("rpc.method", name), attribute.String("rpc.response.status_code", code),
		))
		endCall(span, code, err)
	}()
	admitted, err := d.admitCall(ctx, method)
	if err != nil {
		return StatusError(err)
	}
	identified(admitted, span)
	return handle(admitted)
}

// admitCall is admit for gRPC.
func (d *Door) admitCall(ctx context.Context, method string) (context.Context, error) {
	if !d.opened.Load() {
		return nil, errStarting()
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	scope, ok := (*d.scopes.Load())[name]
	if !ok {
		return nil, errcode.New(errcode.Unimplemented, "there is no service %s", name)
	}
	remote := ""
	if p, ok := peer.FromContext(ctx); ok {
		remote = p.Addr.String()
	}
	md, _ := metadata.FromIncomingContext(ctx)
	remote = d.cfg.TrustedProxies.caller(remote, md)
	credential, unusable := auth.CredentialFromMetadata(md)
	return d.authorize(ctx, credential, unusable, scope, remote)
}

// StatusError returns the gRPC status of err, with RetryInfo where trying again can help.
// An error that has a gRPC status already is returned as it is.
func StatusError(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	message := err.Error()
	if errcode.Of(err) == errcode.Internal {
		message = "something went wrong on the server; its log says what"
	}
	st := status.New(errcode.GRPCCode(err), message)
	if wait := errcode.RetryAfter(err); wait > 0 {
		if detailed, err := st.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(wait)}); err == nil {
			st = detailed
		}
	}
	return st.Err()
}
