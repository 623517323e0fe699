package timescaleexporter

import (
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/pharos-obs/pharos/internal/configtest"
)

// nowhere is an address without a server.
const nowhere = "postgres://pharos@127.0.0.1:1/metrics"

func configOf(dsn string) *Config {
	cfg := defaultConfig()
	cfg.DSN = dsn
	return cfg
}

func TestReadmeExample(t *testing.T) {
	cfg := configtest.Example(t, "exporters::timescale", defaultConfig())
	want := configOf("postgres://pharos@timescale.internal:5432/metrics?sslmode=verify-full")
	want.MaxSeries = 500_000
	want.RetentionTime = model.Duration(90 * 24 * time.Hour)
	assert.Equal(t, want, cfg)
}

func TestDefaults(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(defaultConfig()))
	assert.Zero(t, defaultConfig().OutOfOrderWindow, "what waited in Kafka is not refused")
}

func TestValidate(t *testing.T) {
	configtest.Faults(t, func() *Config { return configOf(nowhere) }, map[string]func(*Config){
		"dsn: is empty; use a URL such as postgres://": func(c *Config) { c.DSN = "" },
		"retention: is 1h; use at least 24h":           func(c *Config) { c.RetentionTime = model.Duration(time.Hour) },
		"policies.rollup_window: is 1m; use at least":  func(c *Config) { c.Policies.RollupWindow = model.Duration(time.Minute) },
		`default_org: is "acme" (use the id`:           func(c *Config) { c.DefaultOrg = "acme" },
		"cache_size: is less than 1":                   func(c *Config) { c.CacheSize = 0 },
		"timeout: is 10ms (use at least 1s)":           func(c *Config) { c.Timeout = 10 * time.Millisecond },
	})
}
