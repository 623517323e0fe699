package agentstatusextension

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// Sources is where an extension learns of the program what no part tells it. What is nil tells
// nothing.
type Sources struct {
	// Reader reads the program's own metrics.
	Reader sdkmetric.Reader
	// Faults watches the program's log.
	Faults *Faults
	// Reload knows the configurations.
	Reload *Reload
}

// NewFactory returns a factory whose extensions know no metrics of the program. Generated code
// calls it; main calls NewFactoryFor.
func NewFactory() extension.Factory { return NewFactoryFor(Sources{}) }

// NewFactoryFor returns a factory whose extensions learn of the program from the sources.
func NewFactoryFor(sources Sources) extension.Factory {
	return extension.NewFactory(
		component.MustNewType("agent_status"),
		func() component.Config { return defaultConfig() },
		func(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
			own, ok := cfg.(*Config)
			if !ok {
				return nil, fmt.Errorf("agent_status: configuration is a %T", cfg)
			}
			return newExtension(own, sources, set), nil
		},
		component.StabilityLevelBeta,
	)
}
