package timescaleexporter

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/component"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/series"
	"github.com/pharos-obs/pharos/storage/timescale"
)

// Config sets up the exporter.
type Config struct {
	timescale.Config `mapstructure:",squash"`

	// DefaultOrg is the id of the organisation of data that comes without one, such as this
	// host's own. Without it such data is refused. Never set it in a pipeline that takes data
	// from others.
	DefaultOrg string `mapstructure:"default_org"`
	// CacheSize is how many series are remembered to save their translation, at about 300
	// bytes each.
	CacheSize int `mapstructure:"cache_size"`
	// Timeout is after which time a write that the database has not committed is answered with a
	// retryable error. Behind a receiver that waits for nobody it should be less than the
	// time-out of the senders.
	Timeout time.Duration `mapstructure:"timeout"`
}

var _ component.Config = (*Config)(nil)

func defaultConfig() *Config {
	return &Config{Config: timescale.DefaultConfig(), CacheSize: series.DefaultCacheSize, Timeout: 30 * time.Second}
}

// Validate implements xconfmap.Validator.
func (c *Config) Validate() error {
	if err := c.Config.Validate(); err != nil {
		return err
	}
	if c.DefaultOrg != "" && uuid.Validate(c.DefaultOrg) != nil {
		return errcode.InvalidField("default_org", fmt.Sprintf("is %q", c.DefaultOrg), "use the id of an organisation, which is a UUID")
	}
	if c.CacheSize < 1 {
		return errcode.InvalidField("cache_size", "is less than 1", "use at least the number of active series")
	}
	if c.Timeout < time.Second {
		return errcode.InvalidField("timeout", fmt.Sprintf("is %s", c.Timeout), "use at least 1s")
	}
	return nil
}
