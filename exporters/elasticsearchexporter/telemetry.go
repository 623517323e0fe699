package elasticsearchexporter

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/elasticsearch"
	"github.com/pharos-obs/pharos/storage/rejection"
)

const scopeName = "github.com/pharos-obs/pharos/exporters/elasticsearchexporter"

// telemetry holds the exporter's own metrics.
type telemetry struct {
	refused  metric.Int64Counter
	duration metric.Float64Histogram
	observed metric.Registration
	okSet    metric.MeasurementOption
}

func newTelemetry(provider metric.MeterProvider, store *elasticsearch.Store) (*telemetry, error) {
	meter := provider.Meter(scopeName)
	refused, err1 := meter.Int64Counter("pharos_elasticsearch_refused_records",
		metric.WithDescription("Log records that were refused for good, by reason."), metric.WithUnit("{record}"))
	duration, err2 := meter.Float64Histogram("pharos_elasticsearch_write_duration",
		metric.WithDescription("Time from a batch to the cluster's answer, by outcome."), metric.WithUnit("s"),
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
func observe(meter metric.Meter, store *elasticsearch.Store) (metric.Registration, error) {
	records, err1 := meter.Int64ObservableCounter("pharos_elasticsearch_records",
		metric.WithDescription("Log records that were stored."), metric.WithUnit("{record}"))
	duplicates, err2 := meter.Int64ObservableCounter("pharos_elasticsearch_duplicates",
		metric.WithDescription("Log records that were stored before, by their ids."), metric.WithUnit("{record}"))
	retries, err3 := meter.Int64ObservableCounter("pharos_elasticsearch_retries",
		metric.WithDescription("Bulk requests that were sent again, as a whole or in part."), metric.WithUnit("{request}"))
	bytes, err4 := meter.Int64ObservableCounter("pharos_elasticsearch_bytes",
		metric.WithDescription("Bytes in bulk requests, before their compression."), metric.WithUnit("By"))
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	return meter.RegisterCallback(func(_ context.Context, observer metric.Observer) error {
		counted := store.Counters()
		observer.ObserveInt64(records, int64(counted.Written))
		observer.ObserveInt64(duplicates, int64(counted.Duplicates))
		observer.ObserveInt64(retries, int64(counted.Retries))
		observer.ObserveInt64(bytes, int64(counted.Bytes))
		return nil
	}, records, duplicates, retries, bytes)
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
