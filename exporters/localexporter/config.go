package localexporter

import (
	"go.opentelemetry.io/collector/component"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// Config sets up the exporter.
type Config struct {
	// Storage is the id of the extension that holds the stores.
	Storage component.ID `mapstructure:"storage"`
	// DefaultOrg is the id of the organisation of data that comes without one, such as this
	// host's own; `default` is the organisation that exists from the first start. Without it
	// such data is refused. Never set it in a pipeline that takes data from others.
	DefaultOrg string `mapstructure:"default_org"`
	// CacheSize is how many series are remembered to save their translation, at about 300
	// bytes each.
	CacheSize int `mapstructure:"cache_size"`
}

var _ component.Config = (*Config)(nil)

// Validate implements xconfmap.Validator.
func (c *Config) Validate() error {
	if c.Storage.Type() == (component.Type{}) {
		return errcode.InvalidField("storage", "is empty", "name the storage extension, for example storage")
	}
	if c.CacheSize < 1 {
		return errcode.InvalidField("cache_size", "is less than 1", "use at least the number of active series")
	}
	return nil
}

// References returns the extensions that the exporter needs, by setting.
func (c *Config) References() map[string]component.ID {
	return map[string]component.ID{"storage": c.Storage}
}
