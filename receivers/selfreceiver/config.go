package selfreceiver

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

const minInterval = 100 * time.Millisecond

// Config is the configuration of the receiver.
type Config struct {
	// CollectionInterval is how often the metrics are read.
	CollectionInterval time.Duration `mapstructure:"collection_interval"`
	// Include is a regular expression of metric names to send. Empty means all.
	Include string `mapstructure:"include"`
	// Exclude is a regular expression of metric names to leave out of those. The default leaves
	// out what the Go runtime says of its scheduler and garbage collector.
	Exclude string `mapstructure:"exclude"`
	// Instance is the label `instance`. Empty means the host's name.
	Instance string `mapstructure:"instance"`
	// Role is the label `role`. Empty means `pharos.role` of the telemetry resource.
	Role string `mapstructure:"role"`
}

func defaultConfig() *Config {
	return &Config{
		CollectionInterval: 5 * time.Second,
		Exclude:            `^go_(gc|godebug|sched|sync|cgo|cpu_classes|memory_classes)_`,
	}
}

// Validate checks the configuration.
func (c *Config) Validate() error {
	var errs []error
	if c.CollectionInterval < minInterval {
		errs = append(errs, fmt.Errorf("collection_interval: %s is too short: use at least %s", c.CollectionInterval, minInterval))
	}
	for _, setting := range []struct{ name, pattern string }{{"include", c.Include}, {"exclude", c.Exclude}} {
		if _, err := regexp.Compile(setting.pattern); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w: use RE2 syntax", setting.name, err))
		}
	}
	return errors.Join(errs...)
}
