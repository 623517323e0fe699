package backendextension

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

// NewFactoryFor returns a factory whose extensions show the metrics of p.
func NewFactoryFor(p *process.Process) extension.Factory {
	return extension.NewFactory(
		component.MustNewType("backend"),
		func() component.Config { return defaultConfig() },
		func(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
			own, ok := cfg.(*Config)
			if !ok {
				return nil, fmt.Errorf("backend: configuration is a %T", cfg)
			}
			return &backend{cfg: own, logger: set.Logger, build: set.BuildInfo, process: p}, nil
		},
		component.StabilityLevelBeta,
	)
}
