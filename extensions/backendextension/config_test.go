package backendextension

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"

	"github.com/pharos-obs/pharos/internal/configtest"
)

func TestReadmeExample(t *testing.T) {
	cfg := configtest.Example(t, "extensions::backend", defaultConfig())

	want := defaultConfig()
	want.BootstrapFile, want.PublicURL = "/var/lib/pharos/bootstrap.json", "https://pharos.example.org:8080"
	want.Query.Timeout, want.Query.MaxSamples = 10*time.Second, 20_000_000
	want.Logs.MaxRows, want.Live.MaxConnections = 5000, 200
	assert.Equal(t, want, cfg)
}

func TestDefaults(t *testing.T) {
	cfg := defaultConfig()
	require.NoError(t, componenttest.CheckConfigStruct(cfg))
	require.NoError(t, confmap.Validate(cfg))
	for name, id := range cfg.References() {
		assert.Equal(t, component.MustNewID(name), id)
	}
}

func TestValidate(t *testing.T) {
	configtest.Faults(t, defaultConfig, map[string]func(*Config){
		"storage is empty: name an extension, for example storage": func(c *Config) { c.Storage = component.ID{} },
		"auth is empty":    func(c *Config) { c.Auth = component.ID{} },
		"gateway is empty": func(c *Config) { c.Gateway = component.ID{} },
		`public_url is "pharos.example.org": use http:// or https:// and a host`: func(c *Config) { c.PublicURL = "pharos.example.org" },
		"public_url is":                  func(c *Config) { c.PublicURL = "ftp://host" },
		"query: max_samples: is below 1": func(c *Config) { c.Query.MaxSamples = 0 },
		"logs: timeout: is not positive": func(c *Config) { c.Logs.Timeout = 0 },
		"live: queue_length: is below 1": func(c *Config) { c.Live.QueueLength = 0 },
	})
}
