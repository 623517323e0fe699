package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/metadata"
	"github.com/pharos-obs/pharos/storage/timescale"
)

// What a database on a server is for.
const (
	ofMetrics  = "metrics"
	ofMetadata = "metadata"
)

// database is one on a server, whose tables have versions.
type database struct {
	of    string // ofMetrics or ofMetadata
	where string // without a password
	open  func(context.Context, *zap.Logger) (migrator, error)
}

// migrator brings the tables of a database to a version.
type migrator interface {
	Up(ctx context.Context) error
	Down(ctx context.Context, to uint) error
	Status(ctx context.Context) (tables, error)
	Close() error
}

// tables is where the tables of a database stand.
type tables struct {
	engine          string
	version, newest uint
	pending         []uint
	dirty           bool
}

// metricMigrator adapts the migrator of the metric store.
type metricMigrator struct{ *timescale.Migrator }

// Status implements migrator.
func (m metricMigrator) Status(ctx context.Context) (tables, error) {
	at, err := m.Migrator.Status(ctx)
	return tables{string(at.Engine), at.Version, at.Newest, at.Pending, at.Dirty}, err
}

// Close implements migrator.
func (m metricMigrator) Close() error {
	m.Migrator.Close()
	return nil
}

// metadataMigrator adapts the migrator of the metadata.
type metadataMigrator struct{ *metadata.Migrator }

// Status implements migrator.
func (m metadataMigrator) Status(ctx context.Context) (tables, error) {
	at, err := m.Migrator.Status(ctx)
	return tables{string(at.Engine), at.Version, at.Newest, at.Pending, at.Dirty}, err
}

func metricDatabase(cfg timescale.Config) (database, error) {
	if err := cfg.Validate(); err != nil {
		return database{}, err
	}
	return database{of: ofMetrics, where: location(cfg.DSN, cfg.Schema), open: func(ctx context.Context, logger *zap.Logger) (migrator, error) {
		opened, err := timescale.NewMigrator(ctx, cfg, logger)
		return metricMigrator{opened}, err
	}}, nil
}

func metadataDatabase(cfg metadata.PostgreSQLConfig) (database, error) {
	if err := cfg.Validate(); err != nil {
		return database{}, err
	}
	return database{of: ofMetadata, where: location(cfg.DSN, cfg.Schema), open: func(ctx context.Context, logger *zap.Logger) (migrator, error) {
		opened, err := metadata.NewMigrator(ctx, metadata.Config{PostgreSQL: cfg}, logger)
		return metadataMigrator{opened}, err
	}}, nil
}

// location says where a database is, without its password.
func location(dsn, schema string) string {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return schema
	}
	return fmt.Sprintf("%s/%s, schema %s", net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port))), cfg.Database, schema)
}

// configured finds the databases on servers that a configuration uses, each once. Of the rest of
// the configuration nothing has to be right.
func configured(ctx context.Context, uris []string) ([]database, error) {
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{URIs: uris, ProviderFactories: providers(), DefaultScheme: "env"})
	if err != nil {
		return nil, errcode.New(errcode.Invalid, "read the configuration: %w", err)
	}
	conf, err := resolver.Resolve(ctx)
	if err := errors.Join(err, resolver.Shutdown(ctx)); err != nil {
		return nil, errcode.New(errcode.Invalid, "read the configuration: %w", err)
	}
	var parts struct {
		Exporters  map[component.ID]map[string]any `mapstructure:"exporters"`
		Extensions map[component.ID]map[string]any `mapstructure:"extensions"`
		Service    struct {
			Extensions []component.ID `mapstructure:"extensions"`
			Pipelines  map[string]struct {
				Exporters []component.ID `mapstructure:"exporters"`
			} `mapstructure:"pipelines"`
		} `mapstructure:"service"`
	}
	if err := conf.Unmarshal(&parts, confmap.WithIgnoreUnused()); err != nil {
		return nil, errcode.New(errcode.Invalid, "read the configuration: %w", err)
	}
	used := map[component.ID]bool{}
	for _, line := range parts.Service.Pipelines {
		for _, id := range line.Exporters {
			used[id] = true
		}
	}
	var found []database
	for _, id := range sortedIDs(parts.Exporters) {
		if id.Type().String() == "timescale" && used[id] {
			found, err = appendMetrics(found, err, "exporters::"+id.String(), parts.Exporters[id])
		}
	}
	for _, id := range sortedIDs(parts.Extensions) {
		if id.Type().String() == "storage" && slices.Contains(parts.Service.Extensions, id) {
			found, err = appendStorage(found, err, "extensions::"+id.String(), parts.Extensions[id])
		}
	}
	if err != nil {
		return nil, errcode.New(errcode.Invalid, "%w", err)
	}
	return found, nil
}

func sortedIDs(parts map[component.ID]map[string]any) []component.ID {
	return slices.SortedFunc(maps.Keys(parts), func(a, b component.ID) int { return strings.Compare(a.String(), b.String()) })
}

// appendStorage adds what a storage extension has on servers.
func appendStorage(found []database, failed error, section string, part map[string]any) ([]database, error) {
	var choice struct {
		Metrics struct {
			Store     string         `mapstructure:"store"`
			Timescale map[string]any `mapstructure:"timescale"`
		} `mapstructure:"metrics"`
		Metadata struct {
			Store      string         `mapstructure:"store"`
			PostgreSQL map[string]any `mapstructure:"postgresql"`
		} `mapstructure:"metadata"`
	}
	if err := confmap.NewFromStringMap(part).Unmarshal(&choice, confmap.WithIgnoreUnused()); err != nil {
		return found, errors.Join(failed, fmt.Errorf("%s: %w", section, err))
	}
	if choice.Metrics.Store == "timescale" {
		found, failed = appendMetrics(found, failed, section+"::metrics::timescale", choice.Metrics.Timescale)
	}
	if choice.Metadata.Store != "postgresql" {
		return found, failed
	}
	cfg := metadata.DefaultPostgreSQLConfig()
	err := confmap.NewFromStringMap(choice.Metadata.PostgreSQL).Unmarshal(&cfg, confmap.WithIgnoreUnused())
	return appendDatabase(found, failed, section+"::metadata::postgresql", err, func() (database, error) { return metadataDatabase(cfg) })
}

func appendMetrics(found []database, failed error, section string, part map[string]any) ([]database, error) {
	cfg := timescale.DefaultConfig()
	err := confmap.NewFromStringMap(part).Unmarshal(&cfg, confmap.WithIgnoreUnused())
	return appendDatabase(found, failed, section, err, func() (database, error) { return metricDatabase(cfg) })
}

// appendDatabase adds a database that is not there yet.
func appendDatabase(found []database, failed error, section string, err error, of func() (database, error)) ([]database, error) {
	var next database
	if err == nil {
		next, err = of()
	}
	if err != nil {
		return found, errors.Join(failed, fmt.Errorf("%s: %w", section, err))
	}
	if slices.ContainsFunc(found, func(known database) bool { return known.of == next.of && known.where == next.where }) {
		return found, failed
	}
	return append(found, next), failed
}
