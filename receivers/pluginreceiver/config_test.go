package pluginreceiver

import (
	"testing"
	"time"

	"github.com/alecthomas/units"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/pharos-obs/pharos/internal/configtest"
)

func TestReadmeExample(t *testing.T) {
	cfg := configtest.Example(t, "receivers::plugin/orders-db", defaultConfig())
	assert.Equal(t, "/usr/lib/pharos-agent/plugins/pharos-plugin-postgresql", cfg.File())
	assert.Equal(t, 30*time.Second, cfg.CollectionInterval)
	assert.Equal(t, 64*units.MiB, cfg.Limits.Memory)
	settings, err := cfg.Settings()
	require.NoError(t, err)
	assert.JSONEq(t, `{"dsn":"postgres://pharos@127.0.0.1:5432/orders"}`, settings)
	assert.Equal(t, []string{"PGPASSFILE=/etc/pharos-agent/pgpass"}, cfg.Spec("/p", "1", nil).Env)
}

func TestValidate(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(defaultConfig()))
	named := func() *Config {
		cfg := defaultConfig()
		cfg.Name = "redis"
		return cfg
	}
	configtest.Faults(t, named, map[string]func(*Config){
		"name: is empty":                  func(c *Config) { c.Name = "" },
		`name: is "../x"`:                 func(c *Config) { c.Name = "../x" },
		`path: is "plugin"`:               func(c *Config) { c.Path = "plugin" },
		`directory: is "plugins"`:         func(c *Config) { c.Directory = "plugins" },
		`sha256: is "abc"`:                func(c *Config) { c.SHA256 = "abc" },
		`environment: has the name "A=B"`: func(c *Config) { c.Environment = map[string]configopaque.String{"A=B": ""} },
		"config: json: unsupported type":  func(c *Config) { c.Config = map[string]any{"a": func() {}} },
		"collection_interval: is 1ms":     func(c *Config) { c.CollectionInterval = time.Millisecond },
		"limits::memory: is 1MiB":         func(c *Config) { c.Limits.Memory = units.MiB },
		"limits::cpu: is -1":              func(c *Config) { c.Limits.CPU = -1 },
		"limits::cpu_window: is 1ms":      func(c *Config) { c.Limits.CPUWindow = time.Millisecond },
		"limits::nice: is 20":             func(c *Config) { c.Limits.Nice = 20 },
		"limits::message: is 1KiB":        func(c *Config) { c.Limits.Message = units.KiB },
		"limits::points: is 0":            func(c *Config) { c.Limits.Points = 0 },
		"limits::log_records: is 0":       func(c *Config) { c.Limits.LogRecords = 0 },
		"limits::output_lines: is 0":      func(c *Config) { c.Limits.OutputLines = 0 },
		"timeouts::start: is 0s":          func(c *Config) { c.Timeouts.Start = 0 },
		"timeouts::collect: is 0s":        func(c *Config) { c.Timeouts.Collect = 0 },
		"timeouts::stop: is 0s":           func(c *Config) { c.Timeouts.Stop = 0 },
		"restart: is from 1h0m0s to 5m0s": func(c *Config) { c.Restart.Initial = time.Hour },
		"restart: is from 0s to 5m0s":     func(c *Config) { c.Restart.Initial = 0 },
	})
}
