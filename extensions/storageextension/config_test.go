package storageextension

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
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
	section, err := conf.Sub("extensions::storage")
	require.NoError(t, err)
	cfg := defaultConfig()
	require.NoError(t, section.Unmarshal(cfg))
	require.NoError(t, cfg.Validate())
	day := model.Duration(24 * time.Hour)
	assert.Equal(t, &Config{
		Directory: "/var/lib/pharos", Durability: "fsync", MinFree: 1 << 30,
		Metrics: MetricsConfig{Retention: 90 * day, MaxBytes: 200 << 30, OutOfOrderWindow: day, MaxSeries: 2_000_000},
		Logs:    LogsConfig{Retention: 14 * day, MaxBytes: 100 << 30, Memory: 512 << 20},
	}, cfg)
}

// The README names the defaults; a change of one must change the other.
func TestDefaults(t *testing.T) {
	cfg := defaultConfig()
	require.NoError(t, componenttest.CheckConfigStruct(cfg))
	require.NoError(t, cfg.Validate())
	day := model.Duration(24 * time.Hour)
	assert.Equal(t, &Config{
		Directory: "./data", Durability: "process", MinFree: 256 << 20,
		Metrics: MetricsConfig{Retention: 30 * day, MaxBytes: 10 << 30, OutOfOrderWindow: day, MaxSeries: 1_000_000},
		Logs:    LogsConfig{Retention: 7 * day, MaxBytes: 10 << 30, Memory: 256 << 20},
	}, cfg)
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		says   string
	}{
		{"no directory", func(c *Config) { c.Directory = "" }, "directory is empty: name the folder"},
		{"durability", func(c *Config) { c.Durability = "disk" }, `durability is "disk": use process or fsync`},
		{"room", func(c *Config) { c.MinFree = -1 }, "min_free cannot be negative"},
		{"metrics retention", func(c *Config) { c.Metrics.Retention = model.Duration(time.Minute) }, "metrics::retention is 1m: use at least 1h"},
		{"metrics size", func(c *Config) { c.Metrics.MaxBytes = -1 }, "metrics::max_bytes cannot be negative"},
		{"window", func(c *Config) { c.Metrics.OutOfOrderWindow = -1 }, "metrics::out_of_order_window cannot be negative"},
		{"series", func(c *Config) { c.Metrics.MaxSeries = 0 }, "metrics::max_series must be at least 1"},
		{"logs retention", func(c *Config) { c.Logs.Retention = model.Duration(time.Hour) }, "logs::retention is 1h: use at least 1d"},
		{"logs size", func(c *Config) { c.Logs.MaxBytes = -1 }, "logs::max_bytes cannot be negative"},
		{"logs memory", func(c *Config) { c.Logs.Memory = 1 << 20 }, "logs::memory is 1MiB: use at least 16MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := defaultConfig()
			tt.change(cfg)
			assert.ErrorContains(t, cfg.Validate(), tt.says)
		})
	}
}
