package deliveryexporter

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pharos-obs/pharos/exporters/deliveryexporter/queue"
)

const scopeName = "github.com/pharos-obs/pharos/exporters/deliveryexporter"

// telemetry holds the exporter's own metrics.
type telemetry struct {
	taken, delivered, dropped, refused metric.Int64Counter
	requests, retries, bytes           metric.Int64Counter
	observed                           metric.Registration

	last      atomic.Int64 // Unix nanoseconds of the last success
	signal    attribute.KeyValue
	signalSet metric.MeasurementOption
}

func newTelemetry(provider metric.MeterProvider, signal string, stats func() queue.Stats) (*telemetry, error) {
	meter := provider.Meter(scopeName)
	t := &telemetry{signal: attribute.String("signal", signal)}
	t.signalSet = metric.WithAttributeSet(attribute.NewSet(t.signal))
	var errs []error
	for _, one := range []struct {
		to                *metric.Int64Counter
		name, about, unit string
	}{
		{&t.taken, "pharos_delivery_taken_items", "Data points, log records and spans that the queue took.", "{item}"},
		{&t.delivered, "pharos_delivery_delivered_items", "Items that the server has.", "{item}"},
		{&t.dropped, "pharos_delivery_dropped_items", "Items that were taken and never reached the server, by reason.", "{item}"},
		{&t.refused, "pharos_delivery_refused_items", "Items that the queue did not take, by reason; their source tries again where that can help.", "{item}"},
		{&t.requests, "pharos_delivery_requests", "Requests to the server, by outcome.", "{request}"},
		{&t.retries, "pharos_delivery_retries", "Requests that are made again.", "{request}"},
		{&t.bytes, "pharos_delivery_sent_bytes", "Bytes in the bodies of requests.", "By"},
	} {
		counter, err := meter.Int64Counter(one.name, metric.WithDescription(one.about), metric.WithUnit(one.unit))
		*one.to, errs = counter, append(errs, err)
		if err == nil && one.to != &t.dropped && one.to != &t.refused && one.to != &t.requests {
			counter.Add(context.Background(), 0, t.signalSet) // from 0 on: the first one would else be no increase
		}
	}
	items, err1 := meter.Int64ObservableGauge("pharos_delivery_queue_items", metric.WithDescription("Items that wait in the queue."), metric.WithUnit("{item}"))
	size, err2 := meter.Int64ObservableGauge("pharos_delivery_queue_bytes", metric.WithDescription("Bytes of the queue on disk."), metric.WithUnit("By"))
	age, err3 := meter.Float64ObservableGauge("pharos_delivery_queue_age", metric.WithDescription("Age of the oldest item in the queue."), metric.WithUnit("s"))
	since, err4 := meter.Float64ObservableGauge("pharos_delivery_last_success", metric.WithDescription("When the server last took data, as Unix time."), metric.WithUnit("s"))
	if err := errors.Join(append(errs, err1, err2, err3, err4)...); err != nil {
		return nil, err
	}
	registration, err := meter.RegisterCallback(func(_ context.Context, observer metric.Observer) error {
		now := stats()
		observer.ObserveInt64(items, int64(now.Items), t.signalSet)
		observer.ObserveInt64(size, now.Bytes, t.signalSet)
		oldest := 0.0
		if !now.Oldest.IsZero() {
			oldest = max(0, time.Since(now.Oldest).Seconds())
		}
		observer.ObserveFloat64(age, oldest, t.signalSet)
		if last := t.last.Load(); last != 0 {
			observer.ObserveFloat64(since, float64(last)/1e9, t.signalSet)
		}
		return nil
	}, items, size, age, since)
	t.observed = registration
	return t, err
}

func (t *telemetry) stop() error { return t.observed.Unregister() }

func (t *telemetry) take(items int) { t.taken.Add(context.Background(), int64(items), t.signalSet) }

func (t *telemetry) deliver(items int, now time.Time) {
	t.delivered.Add(context.Background(), int64(items), t.signalSet)
	t.last.Store(now.UnixNano())
}

func (t *telemetry) drop(reason string, items int) {
	t.dropped.Add(context.Background(), int64(items), metric.WithAttributes(t.signal, attribute.String("reason", reason)))
}

func (t *telemetry) refuse(reason string, items int) {
	t.refused.Add(context.Background(), int64(items), metric.WithAttributes(t.signal, attribute.String("reason", reason)))
}

func (t *telemetry) retry() { t.retries.Add(context.Background(), 1, t.signalSet) }

func (t *telemetry) request(bytes int, err error) {
	outcome := "ok"
	var refused *refusedError
	switch {
	case errors.As(err, &refused):
		outcome = "refused"
	case err != nil:
		outcome = "failed"
	}
	t.requests.Add(context.Background(), 1, metric.WithAttributes(t.signal, attribute.String("outcome", outcome)))
	t.bytes.Add(context.Background(), int64(bytes), t.signalSet)
}
