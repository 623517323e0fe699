package elasticsearchexporter

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/orgcontext"
	"github.com/pharos-obs/pharos/internal/recordid"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/elasticsearch"
	"github.com/pharos-obs/pharos/storage/rejection"
)

type elasticsearchExporter struct {
	cfg    *Config
	set    exporter.Settings
	tracer trace.Tracer

	store     *elasticsearch.Store
	telemetry *telemetry
	health    health
	stop      context.CancelFunc
	done      sync.WaitGroup
}

var _ exporter.Logs = (*elasticsearchExporter)(nil)

func newExporter(set exporter.Settings, cfg *Config) *elasticsearchExporter {
	return &elasticsearchExporter{cfg: cfg, set: set, tracer: set.TracerProvider.Tracer(scopeName), stop: func() {}}
}

// Start implements component.Component. It does not wait for the cluster: what comes before it is
// there is answered with a retryable error.
func (e *elasticsearchExporter) Start(ctx context.Context, host component.Host) error {
	store, err := elasticsearch.Open(ctx, e.cfg.Config, e.set.Logger)
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
func (e *elasticsearchExporter) Shutdown(context.Context) error {
	e.stop()
	e.done.Wait()
	if e.store == nil {
		return nil
	}
	return errors.Join(e.telemetry.stop(), e.store.Close())
}

// Capabilities implements consumer. Records of this host's own come from receivers that know
// nothing of record ids, so that the exporter writes them.
func (e *elasticsearchExporter) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: e.cfg.DefaultOrg != ""}
}

// ConsumeLogs stores logs; when it returns nil the cluster has them.
func (e *elasticsearchExporter) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	begin := time.Now()
	ctx, span := e.tracer.Start(ctx, "write logs", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("db.system.name", "elasticsearch"), attribute.Int("db.operation.batch.size", logs.LogRecordCount())))
	defer span.End()
	if e.cfg.DefaultOrg != "" {
		recordid.Identify(logs, uuid.NewString)
	}
	err := e.write(ctx, logs)
	e.telemetry.finish(ctx, begin, err)
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
	return outcome(err)
}

// write stores logs of one organisation. Single records that the store won't take are left out and
// reported; without a report the error says so, after the others are stored.
func (e *elasticsearchExporter) write(ctx context.Context, logs plog.Logs) error {
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
	timed, cancel := context.WithTimeout(rejection.NewContext(ctx, report), e.cfg.WriteTimeout)
	defer cancel()
	err = e.store.Write(timed, org, logs)
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

// org returns the organisation that the data belongs to.
func (e *elasticsearchExporter) org(ctx context.Context) (storage.OrgID, error) {
	if org, ok := orgcontext.From(ctx); ok {
		return storage.OrgID(org), nil
	}
	if e.cfg.DefaultOrg == "" {
		return "", errcode.InvalidField("org", "is missing: the data came without authentication", "set default_org of the elasticsearch exporter for data of this server's own")
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

// watchEvery is how often the cluster is asked whether it works, as when nothing is written.
const watchEvery = 10 * time.Second

// watch tells the Collector of a cluster that is away, also when there is nothing to write.
func (e *elasticsearchExporter) watch(ctx context.Context) {
	opening, cancel := context.WithTimeout(ctx, watchEvery)
	_ = e.store.AwaitReady(opening) // Health says what is wrong
	cancel()
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

// health tells the Collector when the cluster begins to fail, and when it works again.
type health struct {
	host component.Host
	bad  atomic.Bool
}

// note takes the outcome of a call. What is wrong with the data says nothing of the cluster.
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
