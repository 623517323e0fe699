package hostreceiver

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
)

// scopeName names the instrumentation scope of what the receiver sends and of its own metrics.
const scopeName = "github.com/pharos-obs/pharos/receivers/hostreceiver"

// NewFactory returns the factory of the `host` receiver.
func NewFactory() receiver.Factory {
	return receiver.NewFactory(
		component.MustNewType("host"),
		func() component.Config { return defaultConfig() },
		receiver.WithMetrics(createMetrics, component.StabilityLevelBeta),
	)
}

func createMetrics(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Metrics) (receiver.Metrics, error) {
	return newReceiver(set, cfg.(*Config), next, systemClock())
}
