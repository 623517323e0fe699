package timescaleexporter

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
)

// NewFactory returns the factory of the exporter.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(
		component.MustNewType("timescale"),
		func() component.Config { return defaultConfig() },
		exporter.WithMetrics(createMetrics, component.StabilityLevelBeta),
	)
}

func createMetrics(_ context.Context, set exporter.Settings, config component.Config) (exporter.Metrics, error) {
	return newExporter(set, config.(*Config)), nil
}
