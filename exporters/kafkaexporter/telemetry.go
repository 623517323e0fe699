package kafkaexporter

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pharos-obs/pharos/internal/errcode"
)

const scopeName = "github.com/pharos-obs/pharos/exporters/kafkaexporter"

// telemetry holds the exporter's own metrics.
type telemetry struct {
	items    metric.Int64Counter
	messages metric.Int64Counter
	bytes    metric.Int64Counter
	refused  metric.Int64Counter
	duration metric.Float64Histogram
	pending  metric.Registration

	signal    attribute.KeyValue
	signalSet metric.MeasurementOption
	okSet     metric.MeasurementOption
}

func newTelemetry(provider metric.MeterProvider, signal string, pending func() int64) (*telemetry, error) {
	meter := provider.Meter(scopeName)
	items, err1 := meter.Int64Counter("pharos_kafka_produced_items",
		metric.WithDescription("Data points, log records and spans that Kafka has acknowledged."), metric.WithUnit("{item}"))
	messages, err2 := meter.Int64Counter("pharos_kafka_produced_messages",
		metric.WithDescription("Messages that Kafka has acknowledged."), metric.WithUnit("{message}"))
	bytes, err3 := meter.Int64Counter("pharos_kafka_produced_bytes",
		metric.WithDescription("Bytes in the messages that Kafka has acknowledged, before compression."), metric.WithUnit("By"))
	refused, err4 := meter.Int64Counter("pharos_kafka_refused_items",
		metric.WithDescription("Items that were refused for good, by reason."), metric.WithUnit("{item}"))
	duration, err5 := meter.Float64Histogram("pharos_kafka_produce_duration",
		metric.WithDescription("Time from a batch to its acknowledgement, by outcome."), metric.WithUnit("s"),
		metric.WithExplicitBucketBoundaries(.002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10))
	gauge, err6 := meter.Int64ObservableGauge("pharos_kafka_pending_bytes",
		metric.WithDescription("Bytes that wait for Kafka's acknowledgement."), metric.WithUnit("By"))
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		return nil, err
	}
	t := &telemetry{
		items: items, messages: messages, bytes: bytes, refused: refused, duration: duration,
		signal: attribute.String("signal", signal),
	}
	t.signalSet = metric.WithAttributeSet(attribute.NewSet(t.signal))
	t.okSet = metric.WithAttributeSet(attribute.NewSet(t.signal, attribute.String("outcome", "ok")))
	for _, counter := range []metric.Int64Counter{items, messages, bytes} {
		// From 0 on: the first write would else be no increase.
		counter.Add(context.Background(), 0, t.signalSet)
	}
	registration, err := meter.RegisterCallback(func(_ context.Context, observer metric.Observer) error {
		observer.ObserveInt64(gauge, pending(), t.signalSet)
		return nil
	}, gauge)
	t.pending = registration
	return t, err
}

func (t *telemetry) stop() error { return t.pending.Unregister() }

// finish counts a batch: how long it took and how it ended.
func (t *telemetry) finish(ctx context.Context, begin time.Time, parts []part, err error) {
	if err != nil {
		outcome := attribute.String("outcome", string(errcode.Of(err)))
		t.duration.Record(ctx, time.Since(begin).Seconds(), metric.WithAttributes(t.signal, outcome))
		return
	}
	t.duration.Record(ctx, time.Since(begin).Seconds(), t.okSet)
	items, bytes := 0, 0
	for i := range parts {
		items += parts[i].items
		bytes += len(parts[i].value)
	}
	t.items.Add(ctx, int64(items), t.signalSet)
	t.messages.Add(ctx, int64(len(parts)), t.signalSet)
	t.bytes.Add(ctx, int64(bytes), t.signalSet)
}

func (t *telemetry) refuse(ctx context.Context, reason string, items int) {
	t.refused.Add(ctx, int64(items), metric.WithAttributes(t.signal, attribute.String("reason", reason)))
}
