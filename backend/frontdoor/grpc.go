package frontdoor

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// GRPCServer returns a server with all registered services behind the same checks as the
// HTTP routes.
func (d *Door) GRPCServer(options ...grpc.ServerOption) (*grpc.Server, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	options = append(options,
		grpc.MaxRecvMsgSize(int(d.cfg.MaxBody)),
		grpc.ChainUnaryInterceptor(d.unary),
	)
	server := grpc.NewServer(options...)
	known := make(map[string]struct{})
	for _, s := range d.services {
		s.register(server)
		for name := range server.GetServiceInfo() {
			if _, ok := known[name]; !ok {
				known[name] = struct{}{}
				d.scopes[name] = s.scope
			}
		}
	}
	if len(d.services) > 0 && len(known) == 0 {
		return nil, fmt.Errorf("register gRPC services: none was registered")
	}
	return server, nil
}

// unary is the gRPC side of guard.
func (d *Door) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (response any, err error) {
	started := d.clockwork()
	defer func() {
		d.instr.grpc.Record(ctx, d.clockwork().Sub(started).Seconds(), metric.WithAttributes(
			attribute.String("rpc.method", strings.TrimPrefix(info.FullMethod, "/")),
			attribute.String("rpc.response.status_code", status.Code(err).String()),
		))
	}()
	if !d.opened.Load() {
		return nil, StatusError(errStarting())
	}
	serviceName, _, _ := strings.Cut(strings.TrimPrefix(info.FullMethod, "/"), "/")
	scope, ok := d.scopes[serviceName]
	if !ok {
		return nil, StatusError(errcode.New(errcode.Unimplemented, "there is no service %s", serviceName))
	}
	remote := ""
	if p, ok := peer.FromContext(ctx); ok {
		remote = remoteHost(p.Addr.String())
	}
	md, _ := metadata.FromIncomingContext(ctx)
	credential, err := auth.CredentialFromMetadata(maps.Clone(md))
	if err != nil {
		return nil, StatusError(err)
	}
	ctx, err = d.authorize(ctx, credential, scope, remote)
	if err != nil {
		return nil, StatusError(err)
	}
	return handler(ctx, request)
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
