package elasticsearchexporter

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/component"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/elasticsearch"
)

// Config sets up the exporter.
type Config struct {
	elasticsearch.Config `mapstructure:",squash"`

	// DefaultOrg is the id of the organisation of data that comes without one, such as this
	// host's own. Without it such data is refused. Never set it in a pipeline that takes data
	// from others.
	DefaultOrg string `mapstructure:"default_org"`
	// WriteTimeout is after which time a batch that the cluster has not taken is answered with a
	// retryable error. Behind a receiver that waits for nobody it should be less than the time-out
	// of the senders.
	WriteTimeout time.Duration `mapstructure:"write_timeout"`
}

var _ component.Config = (*Config)(nil)

func defaultConfig() *Config {
	return &Config{Config: elasticsearch.DefaultConfig(), WriteTimeout: time.Minute}
}

// Validate implements xconfmap.Validator.
func (c *Config) Validate() error {
	if err := c.Config.Validate(); err != nil {
		return err
	}
	if c.DefaultOrg != "" && uuid.Validate(c.DefaultOrg) != nil {
		return errcode.InvalidField("default_org", fmt.Sprintf("is %q", c.DefaultOrg), "use the id of an organisation, which is a UUID")
	}
	if c.WriteTimeout < time.Second {
		return errcode.InvalidField("write_timeout", fmt.Sprintf("is %s", c.WriteTimeout), "use at least 1s")
	}
	return nil
}
