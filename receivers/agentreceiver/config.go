package agentreceiver

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
)

// Config configures the receiver.
type Config struct {
	// CollectionInterval is how often the agent measures itself.
	CollectionInterval time.Duration `mapstructure:"collection_interval"`
	// Status is the extension that knows how the agent is.
	Status component.ID `mapstructure:"status"`
	// HostName replaces the host's own name, as in the host receiver.
	HostName string `mapstructure:"host_name"`
}

var _ component.Config = (*Config)(nil)

func defaultConfig() *Config {
	return &Config{CollectionInterval: 30 * time.Second, Status: component.MustNewID("agent_status")}
}

// Validate checks the configuration.
func (c *Config) Validate() error {
	if c.CollectionInterval < 100*time.Millisecond {
		return fmt.Errorf("collection_interval is %s: use at least 100ms", c.CollectionInterval)
	}
	return nil
}

// References returns the extensions that the receiver works on, by setting.
func (c *Config) References() map[string]component.ID {
	return map[string]component.ID{"status": c.Status}
}
