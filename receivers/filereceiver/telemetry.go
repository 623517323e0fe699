package filereceiver

import (
	"context"
	"errors"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// telemetry holds the receiver's own metrics.
type telemetry struct {
	records, bytes, cut, dropped metric.Int64Counter

	following  atomic.Int64
	registered metric.Registration
}

func newTelemetry(provider metric.MeterProvider) (*telemetry, error) {
	meter := provider.Meter(scopeName)
	t := &telemetry{}
	var errs [5]error
	t.records, errs[0] = meter.Int64Counter("pharos_files_records", metric.WithUnit("{record}"), metric.WithDescription("Log records that were handed over."))
	t.bytes, errs[1] = meter.Int64Counter("pharos_files_read_bytes", metric.WithUnit("By"), metric.WithDescription("Bytes of files in them."))
	t.cut, errs[2] = meter.Int64Counter("pharos_files_cut_records", metric.WithUnit("{record}"), metric.WithDescription("Records that are a part of a line that is too long."))
	t.dropped, errs[3] = meter.Int64Counter("pharos_files_dropped_records", metric.WithUnit("{record}"), metric.WithDescription("Records that were not handed over, by reason."))
	following, err := meter.Int64ObservableGauge("pharos_files_followed", metric.WithUnit("{file}"), metric.WithDescription("Files that are followed."))
	errs[4] = err
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	t.registered, err = meter.RegisterCallback(func(_ context.Context, observer metric.Observer) error {
		observer.ObserveInt64(following, t.following.Load())
		return nil
	}, following)
	return t, err
}

func (t *telemetry) stop() error { return t.registered.Unregister() }

func (t *telemetry) deliver(records, cut int, spans []span) {
	ctx, bytes := context.Background(), int64(0)
	for _, part := range spans {
		bytes += part.To.Offset - part.From
	}
	t.records.Add(ctx, int64(records))
	t.bytes.Add(ctx, bytes)
	if cut > 0 {
		t.cut.Add(ctx, int64(cut))
	}
}

func (t *telemetry) refuse(records int) { t.drop("refused", records) }

func (t *telemetry) lose(records int) { t.drop("gone", records) }

func (t *telemetry) drop(reason string, records int) {
	t.dropped.Add(context.Background(), int64(records), metric.WithAttributes(attribute.String("reason", reason)))
}
