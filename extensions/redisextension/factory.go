package redisextension

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
)

// NewFactory returns the factory of the extension `redis`.
func NewFactory() extension.Factory {
	return extension.NewFactory(
		component.MustNewType("redis"),
		func() component.Config { return defaultConfig() },
		func(_ context.Context, _ extension.Settings, cfg component.Config) (extension.Extension, error) {
			own, ok := cfg.(*Config)
			if !ok {
				return nil, fmt.Errorf("redis: configuration is a %T", cfg)
			}
			return &Extension{cfg: own}, nil
		},
		component.StabilityLevelBeta,
	)
}
