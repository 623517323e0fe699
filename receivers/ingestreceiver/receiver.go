package ingestreceiver

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/frontdoor"
)

// ingestReceiver serves every protocol. Metrics or logs is nil when no pipeline takes them.
type ingestReceiver struct {
	cfg       *Config
	logger    *zap.Logger
	telemetry *telemetry
	bodies    *bodyReader
	requests  *remoteRequests
	now       func() time.Time

	metrics consumer.Metrics
	logs    consumer.Logs
	gate    gate
}

func newReceiver(set component.TelemetrySettings, cfg *Config) (*ingestReceiver, error) {
	telemetry, err := newTelemetry(set.MeterProvider)
	if err != nil {
		return nil, err
	}
	return &ingestReceiver{
		cfg:       cfg,
		logger:    set.Logger,
		telemetry: telemetry,
		bodies:    newBodyReader(cfg.MaxBodyDecompressed),
		requests:  newRemoteRequests(),
		now:       time.Now,
	}, nil
}

func (r *ingestReceiver) start(_ context.Context, host component.Host) error {
	extension, ok := host.GetExtensions()[r.cfg.Gateway]
	if !ok {
		return fmt.Errorf("gateway: there is no extension %q; add it under extensions and service.extensions", r.cfg.Gateway)
	}
	registrar, ok := extension.(frontdoor.Registrar)
	if !ok {
		return fmt.Errorf("gateway: extension %q has no listeners to register routes with; name a gateway extension", r.cfg.Gateway)
	}
	if err := registrar.Handle(r.routes()...); err != nil {
		return fmt.Errorf("register ingest routes: %w", err)
	}
	if err := registrar.HandleGRPC(auth.ScopeIngest, r.registerGRPC); err != nil {
		return fmt.Errorf("register OTLP gRPC services: %w", err)
	}
	return nil
}

// shutdown waits for the requests that are in the pipeline. Later ones are told to come again:
// the front door stops after the receivers.
func (r *ingestReceiver) shutdown() { r.gate.close() }

func (r *ingestReceiver) routes() []frontdoor.Route {
	both := []frontdoor.Listener{frontdoor.HTTP, frontdoor.OTLPHTTP}
	otlp := func(pattern string, handler http.HandlerFunc) frontdoor.Route {
		return frontdoor.Route{
			Pattern: pattern, Listeners: both, Scope: auth.ScopeIngest,
			WriteError: writeOTLPError, Handler: handler,
		}
	}
	return []frontdoor.Route{
		otlp("POST /v1/metrics", r.handleOTLPMetrics),
		otlp("POST /v1/logs", r.handleOTLPLogs),
		otlp("POST /v1/traces", r.handleOTLPTraces),
		{Pattern: "POST /v1/ingest/metrics", Scope: auth.ScopeIngest, Handler: http.HandlerFunc(r.handleJSONMetrics)},
		{Pattern: "POST /v1/ingest/logs", Scope: auth.ScopeIngest, Handler: http.HandlerFunc(r.handleJSONLogs)},
		{Pattern: "POST /api/v1/write", Scope: auth.ScopeIngest, WriteError: writeRemoteError, Handler: http.HandlerFunc(r.handleRemoteWrite)},
	}
}
