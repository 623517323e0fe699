package gatewayextension

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/pharos-obs/pharos/internal/process"
)

// NewFactory returns a factory with a process scope of its own. Generated code calls it; main
// calls NewFactoryFor.
func NewFactory() extension.Factory { return NewFactoryFor(process.New()) }

// NewFactoryFor returns a factory whose extensions take their sockets from p and tell it when
// they serve.
func NewFactoryFor(p *process.Process) extension.Factory {
	return extension.NewFactory(
		component.MustNewType("gateway"),
		func() component.Config { return defaultConfig() },
		func(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
			own, ok := cfg.(*Config)
			if !ok {
				return nil, fmt.Errorf("gateway: configuration is a %T", cfg)
			}
			return &gateway{cfg: own, set: set.TelemetrySettings, process: p}, nil
		},
		component.StabilityLevelBeta,
	)
}
