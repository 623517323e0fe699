package readinessextension

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension"

	"github.com/pharos-obs/pharos/internal/process"
)

// NewFactory returns a factory with a process scope of its own. Generated code calls it; main
// calls NewFactoryFor.
func NewFactory() extension.Factory { return NewFactoryFor(process.New()) }

// NewFactoryFor returns a factory whose extensions tell p whether it is ready.
func NewFactoryFor(p *process.Process) extension.Factory {
	return extension.NewFactory(
		component.MustNewType("readiness"),
		func() component.Config { return defaultConfig() },
		func(_ context.Context, _ extension.Settings, cfg component.Config) (extension.Extension, error) {
			own, ok := cfg.(*Config)
			if !ok {
				return nil, fmt.Errorf("readiness: configuration is a %T", cfg)
			}
			return &readiness{cfg: own, process: p, parts: map[*componentstatus.InstanceID]part{}}, nil
		},
		component.StabilityLevelBeta,
	)
}
