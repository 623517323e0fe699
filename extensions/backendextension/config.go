package backendextension

import (
	"errors"
	"fmt"
	"net/url"

	"go.opentelemetry.io/collector/component"

	"github.com/pharos-obs/pharos/backend/live"
	"github.com/pharos-obs/pharos/backend/logsearch"
	"github.com/pharos-obs/pharos/backend/query"
)

// Config configures the backend.
type Config struct {
	// Storage is the extension that holds the stores.
	Storage component.ID `mapstructure:"storage"`
	// Auth is the extension that knows users and keys.
	Auth component.ID `mapstructure:"auth"`
	// Gateway is the extension that the backend is reached through.
	Gateway component.ID `mapstructure:"gateway"`
	// BootstrapFile takes what the first start creates: organisation, admin, API key. Empty
	// means that the first start creates nothing.
	BootstrapFile string `mapstructure:"bootstrap_file"`
	// PublicURL is where people and agents find the server; it is written into BootstrapFile.
	PublicURL string `mapstructure:"public_url"`
	// Query limits metric queries.
	Query query.Config `mapstructure:"query"`
	// Logs limits log queries.
	Logs logsearch.Config `mapstructure:"logs"`
	// Cache is the extension that keeps calculated parts of answers, for example redis. Without it
	// each answer is calculated.
	Cache component.ID `mapstructure:"cache"`
	// Live limits live connections.
	Live live.Config `mapstructure:"live"`
}

func defaultConfig() *Config {
	return &Config{
		Storage: component.MustNewID("storage"),
		Auth:    component.MustNewID("auth"),
		Gateway: component.MustNewID("gateway"),
		Query:   query.DefaultConfig(),
		Logs:    logsearch.DefaultConfig(),
		Live:    live.DefaultConfig(),
	}
}

// Validate checks the configuration. The sections check themselves.
func (c *Config) Validate() error {
	var errs []error
	for name, id := range c.required() {
		if id == (component.ID{}) {
			errs = append(errs, fmt.Errorf("%s is empty: name an extension, for example %s", name, name))
		}
	}
	if c.PublicURL != "" {
		parsed, err := url.Parse(c.PublicURL)
		if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
			errs = append(errs, fmt.Errorf("public_url is %q: use http:// or https:// and a host", c.PublicURL))
		}
	}
	return errors.Join(errs...)
}

// References returns the extensions that the backend works on, by setting.
func (c *Config) References() map[string]component.ID {
	all := c.required()
	if c.Cache != (component.ID{}) {
		all["cache"] = c.Cache
	}
	return all
}

func (c *Config) required() map[string]component.ID {
	return map[string]component.ID{"storage": c.Storage, "auth": c.Auth, "gateway": c.Gateway}
}
