package kafkaexporter

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
)

const stability = component.StabilityLevelBeta

// NewFactory returns the factory of the exporter.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(
		component.MustNewType("kafka"),
		func() component.Config { return defaultConfig() },
		exporter.WithMetrics(createMetrics, stability),
		exporter.WithLogs(createLogs, stability),
		exporter.WithTraces(createTraces, stability),
	)
}

func createMetrics(_ context.Context, set exporter.Settings, config component.Config) (exporter.Metrics, error) {
	cfg := config.(*Config)
	created, err := newExporter(set, cfg, metricsSignal(cfg.Topics.Metrics))
	if err != nil {
		return nil, err
	}
	return metricsExporter{created}, nil
}

func createLogs(_ context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
	cfg := config.(*Config)
	created, err := newExporter(set, cfg, logsSignal(cfg.Topics.Logs))
	if err != nil {
		return nil, err
	}
	return logsExporter{created}, nil
}

func createTraces(_ context.Context, set exporter.Settings, config component.Config) (exporter.Traces, error) {
	cfg := config.(*Config)
	created, err := newExporter(set, cfg, tracesSignal(cfg.Topics.Traces))
	if err != nil {
		return nil, err
	}
	return tracesExporter{created}, nil
}
