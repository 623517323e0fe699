package timescaleexporter

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/rejection"
	"github.com/pharos-obs/pharos/storage/timescale"
)

const scopeName = "github.com/pharos-obs/pharos/exporters/timescaleexporter"

// telemetry holds the exporter's own metrics.
type telemetry struct {
	refused  metric.Int64Counter
	duration metric.Float64Histogram
	observed metric.Registration
	okSet    metric.MeasurementOption
}

func newTelemetry(provider metric.MeterProvider, store *timescale.Store) (*telemetry, error) {
	meter := provider.Meter(scopeName)
	refused, err1 := meter.Int64Counter("pharos_timescale_refused_items",
		metric.WithDescription("Data points that were refused for good, by reason."), metric.WithUnit("{item}"))
	duration, err2 := meter.Float64Histogram("pharos_timescale_write_duration",
		metric.WithDescription("Time from a batch to its commit, by outcome."), metric.WithUnit("s"),
		metric.WithExplicitBucketBoundaries(.002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30))
	registration, err3 := observe(meter, store)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	return &telemetry{
		refused: refused, duration: duration, observed: registration,
		okSet: metric.WithAttributeSet(attribute.NewSet(attribute.String("outcome", "ok"))),
	}, nil
}

// observe reads what the store counts whenever metrics are collected.
func observe(meter metric.Meter, store *timescale.Store) (metric.Registration, error) {
	rows, err1 := meter.Int64ObservableCounter("pharos_timescale_rows",
		metric.WithDescription("Samples that were stored."), metric.WithUnit("{sample}"))
	created, err2 := meter.Int64ObservableCounter("pharos_timescale_series_created",
		metric.WithDescription("Series that were new."), metric.WithUnit("{series}"))
	duplicates, err3 := meter.Int64ObservableCounter("pharos_timescale_duplicates",
		metric.WithDescription("Samples that were stored before, by series and time."), metric.WithUnit("{sample}"))
	conflicts, err4 := meter.Int64ObservableCounter("pharos_timescale_conflicts",
		metric.WithDescription("Duplicates with another value than the stored one, which was kept."), metric.WithUnit("{sample}"))
	repeated, err5 := meter.Int64ObservableCounter("pharos_timescale_repeated_batches",
		metric.WithDescription("Batches that took a second transaction, by reason."), metric.WithUnit("{batch}"))
	connections, err6 := meter.Int64ObservableGauge("pharos_db_connections",
		metric.WithDescription("Connections to the database, by pool and state."), metric.WithUnit("{connection}"))
	most, err7 := meter.Int64ObservableGauge("pharos_db_connections_max",
		metric.WithDescription("Connections to the database that a pool can have."), metric.WithUnit("{connection}"))
	rolled, err8 := meter.Int64ObservableCounter("pharos_timescale_rollup_buckets",
		metric.WithDescription("Buckets of rollups that this process has brought up to date."), metric.WithUnit("{bucket}"))
	waiting, err9 := meter.Int64ObservableGauge("pharos_timescale_rollup_waiting",
		metric.WithDescription("Buckets of rollups that were not up to date after this process' last run; some always are, the newest."), metric.WithUnit("{bucket}"))
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9); err != nil {
		return nil, err
	}
	because := func(reason string) metric.ObserveOption {
		return metric.WithAttributeSet(attribute.NewSet(attribute.String("reason", reason)))
	}
	staged, stale, contention := because("duplicates"), because("deleted_series"), because("contention")
	return meter.RegisterCallback(func(_ context.Context, observer metric.Observer) error {
		counted := store.Counters()
		observer.ObserveInt64(rows, int64(counted.Rows))
		observer.ObserveInt64(created, int64(counted.Series))
		observer.ObserveInt64(duplicates, int64(counted.Duplicates))
		observer.ObserveInt64(conflicts, int64(counted.Conflicts))
		observer.ObserveInt64(repeated, int64(counted.Staged), staged)
		observer.ObserveInt64(repeated, int64(counted.StaleIDs), stale)
		observer.ObserveInt64(repeated, int64(counted.Retries), contention)
		observer.ObserveInt64(rolled, int64(counted.RolledUp))
		observer.ObserveInt64(waiting, int64(counted.RollupWait))
		for _, pool := range store.Connections() {
			database, name := attribute.String("database", "timescale"), attribute.String("pool", pool.Pool)
			observer.ObserveInt64(connections, pool.InUse, metric.WithAttributes(database, name, attribute.String("state", "in_use")))
			observer.ObserveInt64(connections, pool.Idle, metric.WithAttributes(database, name, attribute.String("state", "idle")))
			observer.ObserveInt64(most, pool.Max, metric.WithAttributes(database, name))
		}
		return nil
	}, rows, created, duplicates, conflicts, repeated, connections, most, rolled, waiting)
}

func (t *telemetry) stop() error { return t.observed.Unregister() }

// finish counts a batch: how long it took and how it ended.
func (t *telemetry) finish(ctx context.Context, begin time.Time, err error) {
	set := t.okSet
	if err != nil {
		set = metric.WithAttributes(attribute.String("outcome", string(errcode.Of(err))))
	}
	t.duration.Record(ctx, time.Since(begin).Seconds(), set)
}

// unlisted is the reason of what a report only counts.
const unlisted = "unlisted"

// refuse counts what a report has got since it had some before.
func (t *telemetry) refuse(ctx context.Context, report *rejection.Report, before int) {
	count := report.Count() - before
	if count == 0 {
		return
	}
	reasons := map[string]int64{}
	items := report.Items()
	for _, item := range items[min(before, len(items)):] {
		reasons[item.Reason]++
		count--
	}
	if count > 0 {
		reasons[unlisted] = int64(count)
	}
	for reason, items := range reasons {
		t.refused.Add(ctx, items, metric.WithAttributes(attribute.String("reason", reason)))
	}
}
