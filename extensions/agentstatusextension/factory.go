package agentstatusextension

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// NewFactory returns a factory whose extensions know no metrics of the program. Generated code
// calls it; main calls NewFactoryFor.
func NewFactory() extension.Factory { return NewFactoryFor(nil) }

// NewFactoryFor returns a factory whose extensions read the program's own metrics from reader.
func NewFactoryFor(reader sdkmetric.Reader) extension.Factory {
	return extension.NewFactory(
		component.MustNewType("agent_status"),
		func() component.Config { return defaultConfig() },
		func(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
			own, ok := cfg.(*Config)
			if !ok {
				return nil, fmt.Errorf("agent_status: configuration is a %T", cfg)
			}
			return newExtension(own, reader, set), nil
		},
		component.StabilityLevelBeta,
	)
}
