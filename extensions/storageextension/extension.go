package storageextension

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/elasticsearch"
	"github.com/pharos-obs/pharos/storage/livelogs"
	"github.com/pharos-obs/pharos/storage/local/logs"
	"github.com/pharos-obs/pharos/storage/local/metrics"
	"github.com/pharos-obs/pharos/storage/metadata"
	"github.com/pharos-obs/pharos/storage/timescale"
)

var (
	_ extension.Extension             = (*Extension)(nil)
	_ extensioncapabilities.Dependent = (*Extension)(nil)
)

// defaultOrg is the name of the organisation that exists from the first start.
const defaultOrg = "default"

// Extension holds the open stores. Other parts find it among the host's extensions and take
// what they need at their Start.
type Extension struct {
	cfg    *Config
	logger *zap.Logger
	meters metric.MeterProvider

	lock     *flock.Flock
	metrics  storage.MetricStore // nil when there is none, as the others
	logs     storage.LogStore
	metadata *metadata.DB
	hot      hotTier
}

// Start implements component.Component.
func (e *Extension) Start(ctx context.Context, host component.Host) (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Shutdown(ctx))
		}
	}()
	e.hot.began = time.Now()
	if e.cfg.onDisk() {
		if e.lock, err = lockDirectory(e.cfg.Directory); err != nil {
			return err
		}
	}
	if err := e.openMetadata(ctx); err != nil {
		return fmt.Errorf("open the metadata store: %w", err)
	}
	if err := e.openMetrics(ctx); err != nil {
		return fmt.Errorf("open the metric store: %w", err)
	}
	if err := e.openLogs(ctx); err != nil {
		return fmt.Errorf("open the log store: %w", err)
	}
	return e.joinHot(host)
}

func (e *Extension) openMetadata(ctx context.Context) (err error) {
	var cfg metadata.Config
	switch e.cfg.Metadata.Store {
	case storeSQLite:
		cfg.Path = filepath.Join(e.cfg.Directory, "metadata.db")
	case storePostgreSQL:
		cfg.PostgreSQL = *e.cfg.Metadata.PostgreSQL.Get()
	default:
		return nil
	}
	e.metadata, err = metadata.Open(ctx, cfg, e.logger)
	return err
}

func (e *Extension) openMetrics(ctx context.Context) error {
	switch e.cfg.Metrics.Store {
	case storeLocal:
		opened, err := metrics.Open(filepath.Join(e.cfg.Directory, "metrics"), e.metricsConfig(), e.logger)
		if err != nil {
			return err
		}
		e.metrics = opened
	case storeTimescale:
		opened, err := timescale.Open(ctx, *e.cfg.Metrics.Timescale.Get(), e.logger)
		if err != nil {
			return err
		}
		e.metrics = opened
	}
	return nil
}

func (e *Extension) openLogs(ctx context.Context) error {
	switch e.cfg.Logs.Store {
	case storeLocal:
		return e.openLocalLogs(ctx)
	case storeElasticsearch:
		opened, err := elasticsearch.Open(ctx, *e.cfg.Logs.Elasticsearch.Get(), e.logger)
		if err != nil {
			return err
		}
		e.logs = opened
	case storeLive:
		e.logs = livelogs.New()
	}
	return nil
}

func (e *Extension) openLocalLogs(ctx context.Context) error {
	engineCrashed, err := e.watchCrashes()
	if err != nil {
		return err
	}
	cfg := e.logsConfig()
	if engineCrashed {
		cfg.ReadDay = func(day string) error { return e.readDay(ctx, day) }
	}
	opened, err := logs.Open(filepath.Join(e.cfg.Directory, "logs"), cfg, e.logger)
	if err != nil {
		return err
	}
	e.logs = opened
	return nil
}

func (e *Extension) metricsConfig() metrics.Config {
	cfg := metrics.DefaultConfig()
	cfg.RetentionTime = time.Duration(e.cfg.Metrics.Retention)
	cfg.RetentionBytes = int64(e.cfg.Metrics.MaxBytes)
	cfg.OutOfOrderWindow = time.Duration(e.cfg.Metrics.OutOfOrderWindow)
	cfg.MaxSeries = e.cfg.Metrics.MaxSeries
	cfg.MinFreeBytes = int64(e.cfg.MinFree)
	cfg.Sync = e.cfg.fsync()
	return cfg
}

func (e *Extension) logsConfig() logs.Config {
	cfg := logs.DefaultConfig()
	cfg.Retention = time.Duration(e.cfg.Logs.Retention)
	cfg.RetentionBytes = int64(e.cfg.Logs.MaxBytes)
	cfg.MemoryBytes = int64(e.cfg.Logs.Memory)
	cfg.MinFreeBytes = int64(e.cfg.MinFree)
	cfg.Sync = e.cfg.fsync()
	return cfg
}

// MetricStore returns the metric store, joined with that of the hot tier; nil when there is none.
func (e *Extension) MetricStore() storage.MetricStore {
	if e.hot.metrics != nil {
		return e.hot.metrics
	}
	return e.metrics
}

// LogStore returns the log store, with the tail of the hot tier; nil when there is none.
func (e *Extension) LogStore() storage.LogStore {
	if e.hot.logs != nil {
		return e.hot.logs
	}
	return e.logs
}

// Metadata returns the metadata database, nil when there is none.
func (e *Extension) Metadata() *metadata.DB { return e.metadata }

// Directory returns the folder that holds the data.
func (e *Extension) Directory() string { return e.cfg.Directory }

// DefaultOrg returns the organisation that exists from the first start; empty before
// authentication has created it.
func (e *Extension) DefaultOrg() storage.OrgID {
	if e.metadata == nil {
		return ""
	}
	org, err := e.metadata.OrgByName(context.Background(), defaultOrg)
	if err != nil {
		return ""
	}
	return org.ID
}

// Health returns what is wrong with the stores, or nil.
func (e *Extension) Health(ctx context.Context) error {
	var errs []error
	for name, check := range e.Checks() {
		if err := check(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// Checks returns the health check of each store by name; none before Start.
func (e *Extension) Checks() map[string]func(context.Context) error {
	checks := make(map[string]func(context.Context) error)
	if e.metrics != nil {
		checks["metric_store"] = e.metrics.Health
	}
	if e.logs != nil {
		checks["log_store"] = e.logs.Health
	}
	if e.metadata != nil {
		checks["metadata"] = e.metadata.Health
	}
	if e.hot.asked.Load() {
		checks["hot_tier"] = func(context.Context) error { return e.hot.progress.Health() }
		checks["hot_replay"] = func(context.Context) error { return e.hot.progress.Replayed(e.hot.began) }
	}
	return checks
}

// Shutdown implements component.Component. The stores stay in place, closed, so that a health
// check that comes late hears that instead of finding nothing.
func (e *Extension) Shutdown(context.Context) error {
	errs := []error{e.hot.close()}
	if e.cfg.Logs.Store == storeLocal {
		errs = append(errs, e.unwatchCrashes())
	}
	if e.logs != nil {
		errs = append(errs, e.logs.Close())
	}
	if e.metrics != nil {
		errs = append(errs, e.metrics.Close())
	}
	if e.metadata != nil {
		errs = append(errs, e.metadata.Close())
	}
	if e.lock != nil {
		errs = append(errs, e.lock.Unlock())
	}
	return errors.Join(errs...)
}
