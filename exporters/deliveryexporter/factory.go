package deliveryexporter

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
)

const stability = component.StabilityLevelBeta

// NewFactory returns the factory of the exporter.
func NewFactory() exporter.Factory {
	shared := &compressors{}
	return exporter.NewFactory(
		component.MustNewType("delivery"),
		func() component.Config { return defaultConfig() },
		exporter.WithMetrics(func(_ context.Context, set exporter.Settings, cfg component.Config) (exporter.Metrics, error) {
			created, err := newDelivery(set, cfg.(*Config), shared, "metrics")
			return &metricsExporter{delivery: created}, err
		}, stability),
		exporter.WithLogs(func(_ context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
			created, err := newDelivery(set, cfg.(*Config), shared, "logs")
			return &logsExporter{delivery: created}, err
		}, stability),
		exporter.WithTraces(func(_ context.Context, set exporter.Settings, cfg component.Config) (exporter.Traces, error) {
			created, err := newDelivery(set, cfg.(*Config), shared, "traces")
			return &tracesExporter{delivery: created}, err
		}, stability),
	)
}
