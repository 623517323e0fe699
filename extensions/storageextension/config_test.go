package storageextension

import (
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"

	"github.com/pharos-obs/pharos/internal/configtest"
	"github.com/pharos-obs/pharos/storage/elasticsearch"
	"github.com/pharos-obs/pharos/storage/metadata"
	"github.com/pharos-obs/pharos/storage/timescale"
)

func TestReadmeExample(t *testing.T) {
	cfg := configtest.Example(t, "extensions::storage", defaultConfig())
	day := model.Duration(24 * time.Hour)
	assert.Equal(t, &Config{
		Directory: "/var/lib/pharos", Durability: "fsync", MinFree: 1 << 30,
		Metrics:  MetricsConfig{Store: "local", Timescale: configoptional.Default(timescale.DefaultConfig()), Retention: 90 * day, MaxBytes: 200 << 30, OutOfOrderWindow: day, MaxSeries: 2_000_000},
		Logs:     LogsConfig{Store: "local", Retention: 14 * day, MaxBytes: 100 << 30, Memory: 512 << 20, Elasticsearch: configoptional.Default(elasticsearch.DefaultConfig())},
		Metadata: MetadataConfig{Store: "sqlite", PostgreSQL: configoptional.Default(metadata.DefaultPostgreSQLConfig())},
	}, cfg)
}

// The README names the defaults; a change of one must change the other.
func TestDefaults(t *testing.T) {
	cfg := defaultConfig()
	require.NoError(t, componenttest.CheckConfigStruct(cfg))
	require.NoError(t, confmap.Validate(cfg))
	day := model.Duration(24 * time.Hour)
	assert.Equal(t, &Config{
		Directory: "./data", Durability: "process", MinFree: 256 << 20,
		Metrics:  MetricsConfig{Store: "local", Timescale: configoptional.Default(timescale.DefaultConfig()), Retention: 30 * day, MaxBytes: 10 << 30, OutOfOrderWindow: day, MaxSeries: 1_000_000},
		Logs:     LogsConfig{Store: "local", Retention: 7 * day, MaxBytes: 10 << 30, Memory: 256 << 20, Elasticsearch: configoptional.Default(elasticsearch.DefaultConfig())},
		Metadata: MetadataConfig{Store: "sqlite", PostgreSQL: configoptional.Default(metadata.DefaultPostgreSQLConfig())},
	}, cfg)
}

func TestValidate(t *testing.T) {
	configtest.Faults(t, defaultConfig, map[string]func(*Config){
		"directory is empty: name the folder":                     func(c *Config) { c.Directory = "" },
		`durability is "disk": use process or fsync`:              func(c *Config) { c.Durability = "disk" },
		"min_free cannot be negative":                             func(c *Config) { c.MinFree = -1 },
		"metrics: retention is 1m: use at least 1h":               func(c *Config) { c.Metrics.Retention = model.Duration(time.Minute) },
		"metrics: max_bytes cannot be negative":                   func(c *Config) { c.Metrics.MaxBytes = -1 },
		"metrics: out_of_order_window cannot be negative":         func(c *Config) { c.Metrics.OutOfOrderWindow = -1 },
		"metrics: max_series must be at least 1":                  func(c *Config) { c.Metrics.MaxSeries = 0 },
		"logs: retention is 1h: use at least 1d":                  func(c *Config) { c.Logs.Retention = model.Duration(time.Hour) },
		"logs: max_bytes cannot be negative":                      func(c *Config) { c.Logs.MaxBytes = -1 },
		"logs: memory is 1MiB: use at least 16MiB":                func(c *Config) { c.Logs.Memory = 1 << 20 },
		`metrics: store is "mysql": use local, timescale, none`:   func(c *Config) { c.Metrics.Store = "mysql" },
		`logs: store is "": use local, elasticsearch, live, none`: func(c *Config) { c.Logs.Store = "" },
		"hot is storage/hot while there are no stores to join it with": func(c *Config) {
			c.Hot, c.Metrics.Store, c.Logs.Store = component.MustNewIDWithName("storage", "hot"), "none", "none"
		},
		`metadata: store is "etcd": use sqlite, postgresql, none`:                                 func(c *Config) { c.Metadata.Store = "etcd" },
		"metrics: timescale is missing while store is timescale":                                  func(c *Config) { c.Metrics.Store = "timescale" },
		"metadata: postgresql is given while store is sqlite: set store to postgresql, or remove": func(c *Config) { c.Metadata.PostgreSQL.GetOrInsertDefault().DSN = "postgres://h/d" },
		"logs::elasticsearch: endpoints: is empty":                                                func(c *Config) { c.Logs.Store = "elasticsearch"; c.Logs.Elasticsearch.GetOrInsertDefault() },
		"logs: elasticsearch is missing while store is elasticsearch":                             func(c *Config) { c.Logs.Store = "elasticsearch" },
		"metrics::timescale: dsn: is empty":                                                       func(c *Config) { c.Metrics.Store = "timescale"; c.Metrics.Timescale.GetOrInsertDefault() },
	})
}

func TestReferences(t *testing.T) {
	cfg := defaultConfig()
	assert.Empty(t, cfg.References())
	cfg.Hot = component.MustNewIDWithName("storage", "hot")
	assert.Equal(t, map[string]component.ID{"hot": cfg.Hot}, cfg.References())
}
