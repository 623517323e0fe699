package backendextension

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
)

func TestReadmeExample(t *testing.T) {
	path := filepath.Join("testdata", "config.yaml")
	example, err := os.ReadFile(path)
	require.NoError(t, err)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	assert.Contains(t, string(readme), "```yaml\n"+string(example)+"```")

	conf, err := confmaptest.LoadConf(path)
	require.NoError(t, err)
	section, err := conf.Sub("extensions::backend")
	require.NoError(t, err)
	cfg := defaultConfig()
	require.NoError(t, section.Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))

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
	tests := []struct {
		name   string
		change func(*Config)
		says   string
	}{
		{"no storage", func(c *Config) { c.Storage = component.ID{} }, "storage is empty: name an extension, for example storage"},
		{"no auth", func(c *Config) { c.Auth = component.ID{} }, "auth is empty"},
		{"no gateway", func(c *Config) { c.Gateway = component.ID{} }, "gateway is empty"},
		{"relative URL", func(c *Config) { c.PublicURL = "pharos.example.org" }, `public_url is "pharos.example.org": use http:// or https:// and a host`},
		{"URL of something else", func(c *Config) { c.PublicURL = "ftp://host" }, "public_url is"},
		{"query", func(c *Config) { c.Query.MaxSamples = 0 }, "query: max_samples: is below 1"},
		{"logs", func(c *Config) { c.Logs.Timeout = 0 }, "logs: timeout: is not positive"},
		{"live", func(c *Config) { c.Live.QueueLength = 0 }, "live: queue_length: is below 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := defaultConfig()
			tt.change(cfg)
			assert.ErrorContains(t, confmap.Validate(cfg), tt.says)
		})
	}
}
