package limitsprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"
)

const stability = component.StabilityLevelBeta

// NewFactory returns the factory of the processor.
func NewFactory() processor.Factory {
	return processor.NewFactory(
		component.MustNewType("limits"),
		func() component.Config { return defaultConfig() },
		processor.WithMetrics(createMetrics, stability),
		processor.WithLogs(createLogs, stability),
	)
}

func createMetrics(_ context.Context, set processor.Settings, cfg component.Config, next consumer.Metrics) (processor.Metrics, error) {
	base, err := newLimits(set.TelemetrySettings, cfg.(*Config), "metrics")
	if err != nil {
		return nil, err
	}
	return &metricLimits{limits: base, next: next}, nil
}

func createLogs(_ context.Context, set processor.Settings, cfg component.Config, next consumer.Logs) (processor.Logs, error) {
	base, err := newLimits(set.TelemetrySettings, cfg.(*Config), "logs")
	if err != nil {
		return nil, err
	}
	return &logLimits{limits: base, next: next}, nil
}
