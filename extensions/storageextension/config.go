package storageextension

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/pharos-obs/pharos/storage/elasticsearch"
	"github.com/pharos-obs/pharos/storage/local/logs"
	"github.com/pharos-obs/pharos/storage/local/metrics"
	"github.com/pharos-obs/pharos/storage/metadata"
	"github.com/pharos-obs/pharos/storage/timescale"
)

// Config configures the stores.
type Config struct {
	// Directory holds everything that is stored on this machine. One process may use it. Only
	// stores on this machine need it.
	Directory string `mapstructure:"directory"`
	// Durability says what acknowledged data on this machine survives: `process` the death of the
	// program, `fsync` also the loss of power, at the price of speed.
	Durability string `mapstructure:"durability"`
	// MinFree is how much room the disk must have; below it writes are refused with 507 and
	// reads go on.
	MinFree units.Base2Bytes `mapstructure:"min_free"`
	// Metrics configures the metric store.
	Metrics MetricsConfig `mapstructure:"metrics"`
	// Logs configures the log store.
	Logs LogsConfig `mapstructure:"logs"`
	// Metadata configures the database of organisations, users and keys.
	Metadata MetadataConfig `mapstructure:"metadata"`
	// Hot is another storage extension that holds the newest metrics and the tail of the logs on
	// this machine: metrics are read from both, and logs are followed there.
	Hot component.ID `mapstructure:"hot"`
}

// MetricsConfig configures the metric store. What is not of the chosen store is left out.
type MetricsConfig struct {
	// Store is local, timescale or none.
	Store string `mapstructure:"store"`
	// Retention is how long the local store keeps samples, for example 30d.
	Retention model.Duration `mapstructure:"retention"`
	// MaxBytes bounds the disk space of one organisation's metrics; the oldest go first. 0 means no bound.
	MaxBytes units.Base2Bytes `mapstructure:"max_bytes"`
	// OutOfOrderWindow is how far behind the newest sample of its series a sample may be.
	OutOfOrderWindow model.Duration `mapstructure:"out_of_order_window"`
	// MaxSeries bounds the active series of one organisation.
	MaxSeries int `mapstructure:"max_series"`
	// Timescale is the database of the store timescale.
	Timescale configoptional.Optional[timescale.Config] `mapstructure:"timescale"`
}

// LogsConfig configures the log store. What is not of the chosen store is left out.
type LogsConfig struct {
	// Store is local, elasticsearch, live or none. live keeps nothing and hands on what is written.
	Store string `mapstructure:"store"`
	// Retention is how long the local store keeps records, for example 7d.
	Retention model.Duration `mapstructure:"retention"`
	// MaxBytes bounds the disk space of all logs; the oldest day goes first. 0 means no bound.
	MaxBytes units.Base2Bytes `mapstructure:"max_bytes"`
	// Memory bounds the caches of the local log store.
	Memory units.Base2Bytes `mapstructure:"memory"`
	// Elasticsearch is the cluster of the store elasticsearch.
	Elasticsearch configoptional.Optional[elasticsearch.Config] `mapstructure:"elasticsearch"`
}

// MetadataConfig configures the database of organisations, users and keys.
type MetadataConfig struct {
	// Store is sqlite, postgresql or none.
	Store string `mapstructure:"store"`
	// PostgreSQL is the database of the store postgresql.
	PostgreSQL configoptional.Optional[metadata.PostgreSQLConfig] `mapstructure:"postgresql"`
}

// Values of Store.
const (
	storeLocal         = "local"
	storeTimescale     = "timescale"
	storeElasticsearch = "elasticsearch"
	storeSQLite        = "sqlite"
	storePostgreSQL    = "postgresql"
	storeLive          = "live"
	storeNone          = "none"
)

// Values of Config.Durability.
const (
	durabilityProcess = "process"
	durabilityFsync   = "fsync"
)

func defaultConfig() *Config {
	m, l := metrics.DefaultConfig(), logs.DefaultConfig()
	return &Config{
		Directory:  "./data",
		Durability: durabilityProcess,
		MinFree:    256 << 20,
		Metrics: MetricsConfig{
			Store:            storeLocal,
			Retention:        model.Duration(m.RetentionTime),
			MaxBytes:         units.Base2Bytes(m.RetentionBytes),
			OutOfOrderWindow: model.Duration(m.OutOfOrderWindow),
			MaxSeries:        m.MaxSeries,
			Timescale:        configoptional.Default(timescale.DefaultConfig()),
		},
		Logs: LogsConfig{
			Store:         storeLocal,
			Retention:     model.Duration(l.Retention),
			MaxBytes:      units.Base2Bytes(l.RetentionBytes),
			Memory:        units.Base2Bytes(l.MemoryBytes),
			Elasticsearch: configoptional.Default(elasticsearch.DefaultConfig()),
		},
		Metadata: MetadataConfig{Store: storeSQLite, PostgreSQL: configoptional.Default(metadata.DefaultPostgreSQLConfig())},
	}
}

// Validate checks the configuration; the sections of stores check themselves.
func (c *Config) Validate() error {
	var errs []error
	if c.Directory == "" && c.onDisk() {
		errs = append(errs, errors.New("directory is empty: name the folder for the data, for example ./data"))
	}
	if c.Durability != durabilityProcess && c.Durability != durabilityFsync {
		errs = append(errs, fmt.Errorf("durability is %q: use %s or %s", c.Durability, durabilityProcess, durabilityFsync))
	}
	if c.MinFree < 0 {
		errs = append(errs, errors.New("min_free cannot be negative"))
	}
	if c.hasHot() && c.Metrics.Store == storeNone && c.Logs.Store == storeNone {
		errs = append(errs, fmt.Errorf("hot is %s while there are no stores to join it with: choose metrics::store and logs::store, or remove it", c.Hot))
	}
	return errors.Join(errs...)
}

func (c *Config) hasHot() bool { return c.Hot.Type() != component.Type{} }

// References returns the extensions that this one needs, by setting.
func (c *Config) References() map[string]component.ID {
	if !c.hasHot() {
		return nil
	}
	return map[string]component.ID{"hot": c.Hot}
}

// onDisk says whether something is stored on this machine.
func (c *Config) onDisk() bool {
	return c.Metrics.Store == storeLocal || c.Logs.Store == storeLocal || c.Metadata.Store == storeSQLite
}

// chosen checks that a store is one of those that there are, and that just its section is given.
// Sections are those of the stores that have one, by name, and whether they are given.
func chosen(store string, stores []string, sections map[string]bool) error {
	if !slices.Contains(stores, store) {
		return fmt.Errorf("store is %q: use %s", store, strings.Join(stores, ", "))
	}
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		switch given := sections[name]; {
		case given && name != store:
			return fmt.Errorf("%s is given while store is %s: set store to %s, or remove the section", name, store, name)
		case !given && name == store:
			return fmt.Errorf("%s is missing while store is %s: say where it is in this section", name, store)
		}
	}
	return nil
}

// Validate checks the configuration.
func (c *MetricsConfig) Validate() error {
	errs := []error{chosen(c.Store, []string{storeLocal, storeTimescale, storeNone}, map[string]bool{storeTimescale: c.Timescale.HasValue()})}
	if time.Duration(c.Retention) < time.Hour {
		errs = append(errs, fmt.Errorf("retention is %s: use at least 1h", c.Retention))
	}
	if c.OutOfOrderWindow < 0 {
		errs = append(errs, errors.New("out_of_order_window cannot be negative"))
	}
	if c.MaxSeries < 1 {
		errs = append(errs, errors.New("max_series must be at least 1"))
	}
	if c.MaxBytes < 0 {
		errs = append(errs, errors.New("max_bytes cannot be negative"))
	}
	return errors.Join(errs...)
}

// Validate checks the configuration.
func (c *LogsConfig) Validate() error {
	errs := []error{chosen(c.Store, []string{storeLocal, storeElasticsearch, storeLive, storeNone}, map[string]bool{storeElasticsearch: c.Elasticsearch.HasValue()})}
	if time.Duration(c.Retention) < 24*time.Hour {
		errs = append(errs, fmt.Errorf("retention is %s: use at least 1d, because logs are dropped by the day", c.Retention))
	}
	if c.MaxBytes < 0 {
		errs = append(errs, errors.New("max_bytes cannot be negative"))
	}
	if c.Memory < 16<<20 {
		errs = append(errs, fmt.Errorf("memory is %s: use at least 16MiB", c.Memory))
	}
	return errors.Join(errs...)
}

// Validate checks the configuration.
func (c *MetadataConfig) Validate() error {
	return chosen(c.Store, []string{storeSQLite, storePostgreSQL, storeNone}, map[string]bool{storePostgreSQL: c.PostgreSQL.HasValue()})
}

func (c *Config) fsync() bool { return c.Durability == durabilityFsync }
