package storageextension

import (
	"errors"
	"fmt"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"

	"github.com/pharos-obs/pharos/storage/local/logs"
	"github.com/pharos-obs/pharos/storage/local/metrics"
)

// Config configures the stores.
type Config struct {
	// Directory holds everything that is stored on this machine. One process may use it.
	Directory string `mapstructure:"directory"`
	// Durability says what acknowledged data survives: `process` the death of the program,
	// `fsync` also the loss of power, at the price of speed.
	Durability string `mapstructure:"durability"`
	// MinFree is how much room the disk must have; below it writes are refused with 507 and
	// reads go on.
	MinFree units.Base2Bytes `mapstructure:"min_free"`
	// Metrics configures the metric store.
	Metrics MetricsConfig `mapstructure:"metrics"`
	// Logs configures the log store.
	Logs LogsConfig `mapstructure:"logs"`
}

// MetricsConfig configures the metric store.
type MetricsConfig struct {
	// Retention is how long samples are kept, for example 30d.
	Retention model.Duration `mapstructure:"retention"`
	// MaxBytes bounds the disk space of one organisation's metrics; the oldest go first. 0 means no bound.
	MaxBytes units.Base2Bytes `mapstructure:"max_bytes"`
	// OutOfOrderWindow is how far behind the newest sample of its series a sample may be.
	OutOfOrderWindow model.Duration `mapstructure:"out_of_order_window"`
	// MaxSeries bounds the active series of one organisation.
	MaxSeries int `mapstructure:"max_series"`
}

// LogsConfig configures the log store.
type LogsConfig struct {
	// Retention is how long records are kept, for example 7d.
	Retention model.Duration `mapstructure:"retention"`
	// MaxBytes bounds the disk space of all logs; the oldest day goes first. 0 means no bound.
	MaxBytes units.Base2Bytes `mapstructure:"max_bytes"`
	// Memory bounds the caches of the log store.
	Memory units.Base2Bytes `mapstructure:"memory"`
}

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
			Retention:        model.Duration(m.RetentionTime),
			MaxBytes:         units.Base2Bytes(m.RetentionBytes),
			OutOfOrderWindow: model.Duration(m.OutOfOrderWindow),
			MaxSeries:        m.MaxSeries,
		},
		Logs: LogsConfig{
			Retention: model.Duration(l.Retention),
			MaxBytes:  units.Base2Bytes(l.RetentionBytes),
			Memory:    units.Base2Bytes(l.MemoryBytes),
		},
	}
}

// Validate checks the configuration.
func (c *Config) Validate() error {
	var errs []error
	if c.Directory == "" {
		errs = append(errs, errors.New("directory is empty: name the folder for the data, for example ./data"))
	}
	if c.Durability != durabilityProcess && c.Durability != durabilityFsync {
		errs = append(errs, fmt.Errorf("durability is %q: use %s or %s", c.Durability, durabilityProcess, durabilityFsync))
	}
	if time.Duration(c.Metrics.Retention) < time.Hour {
		errs = append(errs, fmt.Errorf("metrics::retention is %s: use at least 1h", c.Metrics.Retention))
	}
	if time.Duration(c.Logs.Retention) < 24*time.Hour {
		errs = append(errs, fmt.Errorf("logs::retention is %s: use at least 1d, because logs are dropped by the day", c.Logs.Retention))
	}
	if c.Metrics.OutOfOrderWindow < 0 {
		errs = append(errs, errors.New("metrics::out_of_order_window cannot be negative"))
	}
	if c.Metrics.MaxSeries < 1 {
		errs = append(errs, errors.New("metrics::max_series must be at least 1"))
	}
	for name, size := range map[string]units.Base2Bytes{
		"min_free": c.MinFree, "metrics::max_bytes": c.Metrics.MaxBytes, "logs::max_bytes": c.Logs.MaxBytes,
	} {
		if size < 0 {
			errs = append(errs, fmt.Errorf("%s cannot be negative", name))
		}
	}
	if c.Logs.Memory < 16<<20 {
		errs = append(errs, fmt.Errorf("logs::memory is %s: use at least 16MiB", c.Logs.Memory))
	}
	return errors.Join(errs...)
}

func (c *Config) fsync() bool { return c.Durability == durabilityFsync }
