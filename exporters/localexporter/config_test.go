package localexporter

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/pharos-obs/pharos/storage/series"
)

func TestExampleConfig(t *testing.T) {
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	want := map[string]*Config{
		"local":      {Storage: component.MustNewID("storage"), CacheSize: series.DefaultCacheSize},
		"local/host": {Storage: component.MustNewID("storage"), DefaultOrg: "default", CacheSize: 50_000},
	}
	for id, expected := range want {
		sub, err := conf.Sub(id)
		require.NoError(t, err)
		cfg := createDefaultConfig()
		require.NoError(t, sub.Unmarshal(cfg))
		assert.Equal(t, expected, cfg)
		assert.NoError(t, cfg.(*Config).Validate())
	}
}

func TestInvalidConfig(t *testing.T) {
	tests := map[string]struct {
		change func(*Config)
		err    string
	}{
		"no storage": {func(c *Config) { c.Storage = component.ID{} }, "storage: is empty (name the storage extension, for example storage)"},
		"no cache":   {func(c *Config) { c.CacheSize = 0 }, "cache_size: is less than 1 (use at least the number of active series)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := createDefaultConfig().(*Config)
			tt.change(cfg)
			assert.EqualError(t, cfg.Validate(), tt.err)
		})
	}
}
