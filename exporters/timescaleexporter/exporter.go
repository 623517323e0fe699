package timescaleexporter

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/orgcontext"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/rejection"
	"github.com/pharos-obs/pharos/storage/series"
	"github.com/pharos-obs/pharos/storage/timescale"
)

type timescaleExporter struct {
	cfg    *Config
	set    exporter.Settings
	writer *series.Writer
	tracer trace.Tracer

	store     *timescale.Store
	telemetry *telemetry
	health    health
	stop      context.CancelFunc
	done      sync.WaitGroup
}

var _ exporter.Metrics = (*timescaleExporter)(nil)

func newExporter(set exporter.Settings, cfg *Config) *timescaleExporter {
	return &timescaleExporter{
		cfg: cfg, set: set, writer: series.NewWriter(cfg.CacheSize), tracer: set.TracerProvider.Tracer(scopeName),
		stop: func() {},
	}
}

// Start implements component.Component. It does not wait for the database: what comes before it
// is there is answered with a retryable error.
func (e *timescaleExporter) Start(ctx context.Context, host component.Host) error {
	store, err := timescale.Open(ctx, e.cfg.Config, e.set.Logger)
	if err != nil {
		return err
	}
	if e.telemetry, err = newTelemetry(e.set.MeterProvider, store); err != nil {
		return errors.Join(err, store.Close())
	}
	e.store, e.health = store, health{host: host}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.stop = stop
	e.done.Go(func() { e.watch(watching) })
	return nil
}

// Shutdown implements component.Component.
func (e *timescaleExporter) Shutdown(context.Context) error {
	e.stop()
	e.done.Wait()
	if e.store == nil {
		return nil
	}
	return errors.Join(e.telemetry.stop(), e.store.Close())
}

// Capabilities implements consumer.
func (e *timescaleExporter) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// ConsumeMetrics stores metrics; when it returns nil they are committed.
func (e *timescaleExporter) ConsumeMetrics(ctx context.Context, metrics pmetric.Metrics) error {
	begin := time.Now()
	ctx, span := e.tracer.Start(ctx, "write metrics", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("db.system.name", "postgresql"), attribute.String("db.namespace", e.cfg.Schema)))
	defer span.End()
	err := e.storeMetrics(ctx, metrics)
	e.telemetry.finish(ctx, begin, err)
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
	return outcome(err)
}

// storeMetrics stores metrics of one organisation. Single samples that the store won't take are left out and
// reported; without a report the error says so, after the others are stored.
func (e *timescaleExporter) storeMetrics(ctx context.Context, metrics pmetric.Metrics) error {
	org, err := e.org(ctx)
	if err != nil {
		return err
	}
	report := rejection.FromContext(ctx)
	alone := report == nil
	if alone {
		report = &rejection.Report{}
	}
	before := report.Count()
	err = e.append(rejection.NewContext(ctx, report), org, metrics)
	e.health.note(err)
	if err != nil {
		return err
	}
	e.telemetry.refuse(ctx, report, before)
	if alone && report.Count() > 0 {
		return errcode.New(errcode.Invalid, "%s", report.Summary())
	}
	return nil
}

func (e *timescaleExporter) append(ctx context.Context, org storage.OrgID, metrics pmetric.Metrics) (err error) {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.Timeout)
	defer cancel()
	opened, err := e.store.Open(ctx, org)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	return e.writer.Append(ctx, org, opened, metrics)
}

// org returns the organisation that the data belongs to.
func (e *timescaleExporter) org(ctx context.Context) (storage.OrgID, error) {
	if org, ok := orgcontext.From(ctx); ok {
		return storage.OrgID(org), nil
	}
	if e.cfg.DefaultOrg == "" {
		return "", errcode.InvalidField("org", "is missing: the data came without authentication", "set default_org of the timescale exporter for data of this server's own")
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

// watchEvery is how often the database is asked whether it works, as when nothing is written.
const watchEvery = 10 * time.Second

// watch tells the Collector of a database that is away, also when there is nothing to write.
func (e *timescaleExporter) watch(ctx context.Context) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		err := e.store.Health(ctx)
		if ctx.Err() != nil {
			return
		}
		e.health.note(err)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// health tells the Collector when the database begins to fail, and when it works again.
type health struct {
	host component.Host
	bad  atomic.Bool
}

// note takes the outcome of a call. What is wrong with the data says nothing of the database.
func (h *health) note(err error) {
	switch {
	case err == nil:
		if h.bad.CompareAndSwap(true, false) {
			componentstatus.ReportStatus(h.host, componentstatus.NewEvent(componentstatus.StatusOK))
		}
	case errcode.Retryable(err):
		if h.bad.CompareAndSwap(false, true) {
			componentstatus.ReportStatus(h.host, componentstatus.NewRecoverableErrorEvent(err))
		}
	}
}
