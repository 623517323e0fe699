package localexporter

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/orgcontext"
	"github.com/pharos-obs/pharos/internal/recordid"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/series"
)

const scopeName = "github.com/pharos-obs/pharos/exporters/localexporter"

// stores is what the storage extension gives.
type stores interface {
	MetricStore() storage.MetricStore
	LogStore() storage.LogStore
}

// defaultOrganisation is given by a storage extension that knows the organisation `default`.
type defaultOrganisation interface {
	DefaultOrg() storage.OrgID
}

// defaultOrgName is the word in Config.DefaultOrg that the extension resolves.
const defaultOrgName = "default"

// Signals, by the names of the sections of the storage extension.
const (
	signalMetrics = "metrics"
	signalLogs    = "logs"
)

type localExporter struct {
	cfg    *Config
	signal string
	writer *series.Writer
	tracer trace.Tracer
	stores stores
	named  defaultOrganisation // nil when the extension has no default organisation
}

var (
	_ exporter.Metrics = (*localExporter)(nil)
	_ exporter.Logs    = (*localExporter)(nil)
)

func newExporter(set exporter.Settings, cfg *Config, signal string) *localExporter {
	return &localExporter{
		cfg: cfg, signal: signal, writer: series.NewWriter(cfg.CacheSize), tracer: set.TracerProvider.Tracer(scopeName),
	}
}

// Start implements component.Component.
func (e *localExporter) Start(_ context.Context, host component.Host) error {
	extension, ok := host.GetExtensions()[e.cfg.Storage]
	if !ok {
		return fmt.Errorf("storage: there is no extension %q; add it to service.extensions", e.cfg.Storage)
	}
	if e.stores, ok = extension.(stores); !ok {
		return fmt.Errorf("storage: extension %q has no metric and log store; name the storage extension", e.cfg.Storage)
	}
	if e.signal == signalMetrics && e.stores.MetricStore() == nil || e.signal == signalLogs && e.stores.LogStore() == nil {
		return fmt.Errorf("storage: extension %q has no store of %s; choose one in its section %s", e.cfg.Storage, e.signal, e.signal)
	}
	e.named, _ = extension.(defaultOrganisation)
	if e.cfg.DefaultOrg == defaultOrgName && e.named == nil {
		return fmt.Errorf("default_org: extension %q knows no organisation %q; use an organisation's id", e.cfg.Storage, defaultOrgName)
	}
	return nil
}

// Shutdown implements component.Component. The stores belong to the extension.
func (e *localExporter) Shutdown(context.Context) error { return nil }

// Capabilities implements consumer. Data of this host's own comes from receivers that know
// nothing of record ids, so that the exporter writes them.
func (e *localExporter) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: e.cfg.DefaultOrg != ""}
}

// ConsumeMetrics stores metrics; when it returns nil they are durable.
func (e *localExporter) ConsumeMetrics(ctx context.Context, metrics pmetric.Metrics) error {
	ctx, span := e.begin(ctx)
	err := e.storeMetrics(ctx, metrics)
	end(span, err)
	return outcome(err)
}

// begin starts the span of writing to a store.
func (e *localExporter) begin(ctx context.Context) (context.Context, trace.Span) {
	return e.tracer.Start(ctx, "write "+e.signal, trace.WithAttributes(attribute.String("pharos.storage", e.cfg.Storage.String())))
}

func end(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
	span.End()
}

func (e *localExporter) storeMetrics(ctx context.Context, metrics pmetric.Metrics) (err error) {
	org, err := e.org(ctx)
	if err != nil {
		return err
	}
	opened, err := e.stores.MetricStore().Open(ctx, org)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	return e.writer.Append(ctx, org, opened, metrics)
}

// ConsumeLogs stores logs; when it returns nil they are durable.
func (e *localExporter) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	ctx, span := e.begin(ctx)
	err := e.storeLogs(ctx, logs)
	end(span, err)
	return outcome(err)
}

func (e *localExporter) storeLogs(ctx context.Context, logs plog.Logs) error {
	org, err := e.org(ctx)
	if err != nil {
		return err
	}
	if e.cfg.DefaultOrg != "" {
		recordid.Identify(logs, uuid.NewString)
	}
	return e.stores.LogStore().Write(ctx, org, logs)
}

// org returns the organisation that the data belongs to.
func (e *localExporter) org(ctx context.Context) (storage.OrgID, error) {
	if org, ok := orgcontext.From(ctx); ok {
		return storage.OrgID(org), nil
	}
	switch e.cfg.DefaultOrg {
	case "":
		return "", errcode.InvalidField("org", "is missing: the data came without authentication", "set default_org of the local exporter for data of this server's own")
	case defaultOrgName:
		if org := e.named.DefaultOrg(); org != "" {
			return org, nil
		}
		return "", errcode.New(errcode.Unavailable, "the organisation %q does not exist yet", defaultOrgName)
	}
	return storage.OrgID(e.cfg.DefaultOrg), nil
}

// outcome marks errors that stay as permanent, so that nobody sends the data again. The code
// of the error can still be found.
func outcome(err error) error {
	if err == nil || errcode.Retryable(err) || errcode.Of(err) == errcode.Canceled {
		return err
	}
	return consumererror.NewPermanent(err)
}
