package readinessextension

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
)

// Config says what readiness depends on.
type Config struct {
	// Required are the dependencies without which the process is not ready, by their names in
	// /readyz: `storage::metadata`, `exporter::kafka`. The name of an extension means all of its
	// checks. Others that are away make the process degraded, and ready.
	Required []string `mapstructure:"required"`
	// Timeout bounds a check; one that takes longer counts as failed.
	Timeout time.Duration `mapstructure:"timeout"`
}

var _ component.Config = (*Config)(nil)

func defaultConfig() *Config { return &Config{Timeout: 1500 * time.Millisecond} }

// Validate checks the configuration.
func (c *Config) Validate() error {
	if c.Timeout < 10*time.Millisecond {
		return fmt.Errorf("timeout is %s: use at least 10ms", c.Timeout)
	}
	for _, name := range c.Required {
		if strings.TrimSpace(name) == "" {
			return fmt.Errorf("required has an empty name: use those of /readyz, for example exporter::kafka")
		}
	}
	return nil
}

// required says whether readiness depends on a name.
func (c *Config) required(name string) bool {
	return slices.ContainsFunc(c.Required, func(one string) bool {
		return one == name || strings.HasPrefix(name, one+"::")
	})
}
