package hostreceiver

import (
	"context"
	"fmt"

	otelattribute "go.opentelemetry.io/otel/attribute"
	otelmetric "go.opentelemetry.io/otel/metric"
)

// telemetry counts what the receiver itself does.
type telemetry struct {
	failures otelmetric.Int64Counter
}

func newTelemetry(provider otelmetric.MeterProvider) (*telemetry, error) {
	failures, err := provider.Meter(scopeName).Int64Counter("pharos.host.scrape.failures",
		otelmetric.WithUnit("{run}"),
		otelmetric.WithDescription("Runs of a scraper of the host receiver that failed wholly or in part."))
	if err != nil {
		return nil, fmt.Errorf("create pharos.host.scrape.failures: %w", err)
	}
	return &telemetry{failures: failures}, nil
}

func (t *telemetry) scraped(ctx context.Context, scraper string, err error) {
	if err == nil {
		return
	}
	t.failures.Add(ctx, 1, otelmetric.WithAttributes(otelattribute.String("scraper", scraper)))
}
