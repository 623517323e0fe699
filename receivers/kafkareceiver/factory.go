package kafkareceiver

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
)

const stability = component.StabilityLevelBeta

// NewFactory returns the factory of the receiver.
func NewFactory() receiver.Factory {
	return receiver.NewFactory(
		component.MustNewType("kafka"),
		func() component.Config { return defaultConfig() },
		receiver.WithMetrics(createMetrics, stability),
		receiver.WithLogs(createLogs, stability),
		receiver.WithTraces(createTraces, stability),
	)
}

func createMetrics(_ context.Context, set receiver.Settings, config component.Config, next consumer.Metrics) (receiver.Metrics, error) {
	cfg := config.(*Config)
	return newReceiver(set, cfg, metricsSignal(cfg.Topics.Metrics, next))
}

func createLogs(_ context.Context, set receiver.Settings, config component.Config, next consumer.Logs) (receiver.Logs, error) {
	cfg := config.(*Config)
	return newReceiver(set, cfg, logsSignal(cfg.Topics.Logs, next)) //nolint:contextcheck // counters begin at 0 outside of any request
}

func createTraces(_ context.Context, set receiver.Settings, config component.Config, next consumer.Traces) (receiver.Traces, error) {
	cfg := config.(*Config)
	return newReceiver(set, cfg, tracesSignal(cfg.Topics.Traces, next))
}
