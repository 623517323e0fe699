package agentstatusextension

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
)

// Config says where the status goes.
type Config struct {
	// File takes the status as JSON, for `pharos-agent status`. Empty means none.
	File string `mapstructure:"file"`
	// Interval is how often the file is written. A part that begins to fail, or works again, is
	// written at once.
	Interval time.Duration `mapstructure:"interval"`
}

var _ component.Config = (*Config)(nil)

func defaultConfig() *Config { return &Config{Interval: 10 * time.Second} }

// Validate checks the configuration.
func (c *Config) Validate() error {
	if c.Interval < 100*time.Millisecond {
		return fmt.Errorf("interval is %s: use at least 100ms", c.Interval)
	}
	return nil
}
