package journaldreceiver

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/metric"
)

// telemetry holds the receiver's own metrics.
type telemetry struct {
	taken, dropped metric.Int64Counter
}

func newTelemetry(provider metric.MeterProvider) (*telemetry, error) {
	meter := provider.Meter(scopeName)
	taken, err1 := meter.Int64Counter("pharos_journald_entries", metric.WithUnit("{entry}"), metric.WithDescription("Entries of the journal that were handed over."))
	dropped, err2 := meter.Int64Counter("pharos_journald_dropped_entries", metric.WithUnit("{entry}"), metric.WithDescription("Entries that the next part refuses for good."))
	return &telemetry{taken, dropped}, errors.Join(err1, err2)
}

func (t *telemetry) take(entries int) { t.taken.Add(context.Background(), int64(entries)) }

func (t *telemetry) drop(entries int) { t.dropped.Add(context.Background(), int64(entries)) }
