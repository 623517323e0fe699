package deliveryexporter

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	grpcbackoff "google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

type grpcClient struct {
	connection *grpc.ClientConn
	signal     string
	headers    metadata.MD
	options    []grpc.CallOption
	keys       *keySource
}

func newGRPCClient(cfg *Config, signal string, build component.BuildInfo, keys *keySource) (client, error) {
	parsed, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	secured := insecure.NewCredentials()
	if section := cfg.tls(); section != nil {
		loaded, err := section.Load()
		if err != nil {
			return nil, err
		}
		secured = credentials.NewTLS(loaded)
	}
	connection, err := grpc.NewClient(parsed.Host, grpc.WithTransportCredentials(secured), grpc.WithUserAgent(userAgent(build)),
		// It tries to connect as often as this exporter tries to send.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           grpcbackoff.Config{BaseDelay: cfg.Retry.Initial, Multiplier: 1.5, Jitter: 0.5, MaxDelay: cfg.Retry.Max},
			MinConnectTimeout: cfg.Timeout,
		}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: cfg.Timeout, Timeout: cfg.Timeout}))
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	c := &grpcClient{connection: connection, signal: signal, headers: metadata.MD{}, keys: keys}
	for name, value := range cfg.Headers {
		c.headers.Set(name, string(value))
	}
	if cfg.Compression != "none" {
		c.options = append(c.options, grpc.UseCompressor(gzip.Name)) // what every gRPC server has
	}
	return c, nil
}

func (c *grpcClient) close() error { return c.connection.Close() }

func (c *grpcClient) send(ctx context.Context, compressed codec, body []byte) (outcome, error) {
	content, err := compressed.content(body)
	if err != nil {
		return outcome{}, &refusedError{fmt.Errorf("decompress a record of the queue: %w", err)}
	}
	headers := c.headers.Copy()
	if key := c.keys.key(); key != "" {
		headers.Set("x-api-key", key)
	}
	result, err := c.export(metadata.NewOutgoingContext(ctx, headers), content)
	if err == nil {
		return result, nil
	}
	answered := status.Convert(err)
	err = fmt.Errorf("%s answers %s: %s", c.connection.Target(), answered.Code(), answered.Message())
	switch answered.Code() {
	case codes.InvalidArgument, codes.OutOfRange, codes.FailedPrecondition:
		return result, &refusedError{err}
	case codes.ResourceExhausted:
		// What gRPC itself says of a message that is larger than the server takes.
		if strings.Contains(answered.Message(), "larger than max") {
			return result, &refusedError{err}
		}
	}
	later := &laterError{err: err}
	for _, one := range answered.Details() {
		if info, ok := one.(*errdetails.RetryInfo); ok {
			later.after = info.GetRetryDelay().AsDuration()
		}
	}
	return result, later
}

func (c *grpcClient) export(ctx context.Context, content []byte) (outcome, error) {
	switch c.signal {
	case "metrics":
		request := pmetricotlp.NewExportRequest()
		if err := request.UnmarshalProto(content); err != nil {
			return outcome{}, status.Error(codes.InvalidArgument, err.Error())
		}
		response, err := pmetricotlp.NewGRPCClient(c.connection).Export(ctx, request, c.options...)
		if err != nil {
			return outcome{}, err
		}
		return outcome{int(response.PartialSuccess().RejectedDataPoints()), response.PartialSuccess().ErrorMessage()}, nil
	case "logs":
		request := plogotlp.NewExportRequest()
		if err := request.UnmarshalProto(content); err != nil {
			return outcome{}, status.Error(codes.InvalidArgument, err.Error())
		}
		response, err := plogotlp.NewGRPCClient(c.connection).Export(ctx, request, c.options...)
		if err != nil {
			return outcome{}, err
		}
		return outcome{int(response.PartialSuccess().RejectedLogRecords()), response.PartialSuccess().ErrorMessage()}, nil
	}
	request := ptraceotlp.NewExportRequest()
	if err := request.UnmarshalProto(content); err != nil {
		return outcome{}, status.Error(codes.InvalidArgument, err.Error())
	}
	response, err := ptraceotlp.NewGRPCClient(c.connection).Export(ctx, request, c.options...)
	if err != nil {
		return outcome{}, err
	}
	return outcome{int(response.PartialSuccess().RejectedSpans()), response.PartialSuccess().ErrorMessage()}, nil
}
