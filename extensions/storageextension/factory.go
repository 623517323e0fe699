package storageextension

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
)

// NewFactory returns the factory of the extension `storage`.
func NewFactory() extension.Factory {
	return extension.NewFactory(
		component.MustNewType("storage"),
		func() component.Config { return defaultConfig() },
		func(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
			own, ok := cfg.(*Config)
			if !ok {
				return nil, fmt.Errorf("storage: configuration is a %T", cfg)
			}
			return &Extension{cfg: own, logger: set.Logger, meters: set.MeterProvider}, nil
		},
		component.StabilityLevelBeta,
	)
}
