package syslogreceiver

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// telemetry holds the receiver's own metrics.
type telemetry struct {
	taken, cut, dropped, refused metric.Int64Counter
}

func newTelemetry(provider metric.MeterProvider) (*telemetry, error) {
	meter := provider.Meter(scopeName)
	t := &telemetry{}
	var errs [4]error
	t.taken, errs[0] = meter.Int64Counter("pharos_syslog_messages", metric.WithUnit("{message}"), metric.WithDescription("Messages that were handed over."))
	t.cut, errs[1] = meter.Int64Counter("pharos_syslog_cut_messages", metric.WithUnit("{message}"), metric.WithDescription("Messages that were too long; their rest was left out."))
	t.dropped, errs[2] = meter.Int64Counter("pharos_syslog_dropped_messages", metric.WithUnit("{message}"), metric.WithDescription("Messages that were not handed over, by reason."))
	t.refused, errs[3] = meter.Int64Counter("pharos_syslog_refused_connections", metric.WithUnit("{connection}"), metric.WithDescription("Connections beyond max_connections."))
	return t, errors.Join(errs[:]...)
}

func (t *telemetry) take(messages, cuts int) {
	t.taken.Add(context.Background(), int64(messages))
	if cuts > 0 {
		t.cut.Add(context.Background(), int64(cuts))
	}
}

func (t *telemetry) drop(reason string, messages int) {
	t.dropped.Add(context.Background(), int64(messages), metric.WithAttributes(attribute.String("reason", reason)))
}

func (t *telemetry) refuse() { t.refused.Add(context.Background(), 1) }
