package timescale

import (
	"fmt"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/common/model"
)

// Config sets up a Store. Start from DefaultConfig.
type Config struct {
	// DSN is where the database is, as a URL or as key=value pairs.
	DSN string `mapstructure:"dsn"`
	// ReadDSN is a replica of it that queries are sent to; empty sends them to DSN. What was just
	// written may not be there yet.
	ReadDSN string `mapstructure:"read_dsn"`
	// Schema is the schema of the database that holds the tables. It is created when it is missing.
	Schema string `mapstructure:"schema"`
	// Migrate brings the tables to the newest version when the store opens. Without it, the store
	// waits until `pharos migrate up` has run.
	Migrate bool `mapstructure:"migrate"`
	// MaxConnections is how many connections are open at most, to each of the two.
	MaxConnections int `mapstructure:"max_connections"`
	// OutOfOrderWindow is how much older than the clock a sample may be; 0 takes all that is
	// within RetentionTime. Leave it at 0 behind Kafka, where data waits while the database is away.
	OutOfOrderWindow model.Duration `mapstructure:"out_of_order_window"`
	// MaxFuture is how much newer than the clock a sample may be; 0 is no limit.
	MaxFuture model.Duration `mapstructure:"max_future"`
	// RetentionTime is how long samples are kept, for example 90d; 0 keeps them for ever.
	RetentionTime model.Duration `mapstructure:"retention"`
	// MaxSeries is how many series one organisation may have; 0 is no limit. Writers that meet
	// new series at the same moment may go over it by a batch each.
	MaxSeries int `mapstructure:"max_series"`
	// CacheSeries is how many series ids of an organisation are kept in memory, at about 500 bytes each.
	CacheSeries int `mapstructure:"cache_series"`
	// IdleClose is how long what is cached of an organisation is kept that nobody uses.
	IdleClose model.Duration `mapstructure:"idle_close"`
	// MaintainEvery is how often partitions are created and dropped and what is left of deleted
	// series is cleared. One process at a time does it. 0 leaves it to others.
	MaintainEvery model.Duration `mapstructure:"maintain_every"`
	// Policies are for databases with TimescaleDB.
	Policies Policies `mapstructure:"policies"`
}

// Policies are the policies of TimescaleDB. They run in the database.
type Policies struct {
	// CompressAfter is how old a day's samples are when they are compressed; 0 never compresses.
	CompressAfter model.Duration `mapstructure:"compress_after"`
	// RollupWindow is how far back rollups are brought up to date, so how late samples may come
	// and still be in them; 0 leaves the rollups alone. It must lie within the RetentionTime of
	// the store, because a refresh over dropped samples drops the rollups too.
	RollupWindow model.Duration `mapstructure:"rollup_window"`
	// RollupRetention is how long rollups are kept; 0 keeps them for ever.
	RollupRetention model.Duration `mapstructure:"rollup_retention"`
}

// DefaultConfig returns the settings that a DSN has to be added to.
func DefaultConfig() Config {
	return Config{
		Schema:         "pharos",
		Migrate:        true,
		MaxConnections: 8,
		MaxFuture:      model.Duration(time.Hour),
		RetentionTime:  model.Duration(90 * day),
		MaxSeries:      1_000_000,
		CacheSeries:    1_000_000,
		IdleClose:      model.Duration(15 * time.Minute),
		MaintainEvery:  model.Duration(10 * time.Minute),
		Policies: Policies{
			CompressAfter:   model.Duration(2 * day),
			RollupWindow:    model.Duration(day),
			RollupRetention: 0,
		},
	}
}

// schemaPattern keeps the name of the schema free of anything that SQL would have to quote.
var schemaPattern = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,47}$`)

// minCache is the least that a cache of series is of use with.
const minCache = 1000

// Validate says which setting is wrong.
func (c Config) Validate() error {
	if c.DSN == "" {
		return fmt.Errorf("dsn: is empty; use a URL such as postgres://user@host:5432/metrics")
	}
	for name, dsn := range map[string]string{"dsn": c.DSN, "read_dsn": c.ReadDSN} {
		if _, err := pgxpool.ParseConfig(dsn); err != nil {
			return fmt.Errorf("%s: can't be read; use a URL such as postgres://user@host:5432/metrics", name)
		}
	}
	if !schemaPattern.MatchString(c.Schema) {
		return fmt.Errorf("schema: is %q; use small letters, digits and _", c.Schema)
	}
	for _, setting := range []struct {
		name  string
		value int64
	}{
		{"out_of_order_window", int64(c.OutOfOrderWindow)},
		{"max_future", int64(c.MaxFuture)},
		{"retention", int64(c.RetentionTime)},
		{"max_series", int64(c.MaxSeries)},
		{"idle_close", int64(c.IdleClose)},
		{"maintain_every", int64(c.MaintainEvery)},
		{"policies.compress_after", int64(c.Policies.CompressAfter)},
		{"policies.rollup_window", int64(c.Policies.RollupWindow)},
		{"policies.rollup_retention", int64(c.Policies.RollupRetention)},
	} {
		if setting.value < 0 {
			return fmt.Errorf("%s: is negative; use 0 to switch it off", setting.name)
		}
	}
	if c.MaxConnections < 1 {
		return fmt.Errorf("max_connections: is %d; use at least 1", c.MaxConnections)
	}
	if c.CacheSeries < minCache {
		return fmt.Errorf("cache_series: is %d; use at least %d", c.CacheSeries, minCache)
	}
	if c.RetentionTime > 0 && c.RetentionTime < model.Duration(day) {
		return fmt.Errorf("retention: is %s; use at least 24h, because whole days are dropped", c.RetentionTime)
	}
	return c.Policies.validate(c.RetentionTime)
}

func (c Policies) validate(retention model.Duration) error {
	if retention > 0 && c.RollupWindow > retention-model.Duration(day) && c.RollupWindow > 0 {
		return fmt.Errorf("policies.rollup_window: is %s, and samples are kept for %s; use at least a day less, or rollups are lost with the samples", c.RollupWindow, retention)
	}
	if c.RollupWindow > 0 && c.RollupWindow < minRollupWindow {
		return fmt.Errorf("policies.rollup_window: is %s; use at least %s, because the coarsest rollup has an hour a row", c.RollupWindow, minRollupWindow)
	}
	if c.RollupRetention > 0 && c.RollupRetention < c.RollupWindow {
		return fmt.Errorf("policies.rollup_retention: is less than rollup_window; use more")
	}
	return nil
}

const minRollupWindow = model.Duration(4 * time.Hour)

// poolConfig returns how a pool connects: without statements that are prepared by name, which a
// pool in transaction mode would lose.
func (c Config) poolConfig(dsn string) (*pgxpool.Config, error) {
	pool, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	pool.MaxConns = int32(c.MaxConnections)
	pool.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	if pool.ConnConfig.ConnectTimeout == 0 {
		pool.ConnConfig.ConnectTimeout = connectTimeout
	}
	return pool, nil
}

const connectTimeout = 5 * time.Second
