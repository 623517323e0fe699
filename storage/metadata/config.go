package metadata

import (
	"fmt"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// Config says where the database is: either Path or PostgreSQL.DSN is set.
type Config struct {
	// Path is the SQLite file. It and its folder are created when they do not exist.
	Path string
	// PostgreSQL is the database on a server, which many processes share.
	PostgreSQL PostgreSQLConfig
}

// PostgreSQLConfig says which PostgreSQL holds the metadata. Start from DefaultPostgreSQLConfig.
type PostgreSQLConfig struct {
	// DSN is where the database is, as a URL or as key=value pairs; a pgbouncer in transaction
	// mode may stand before it.
	DSN string `mapstructure:"dsn"`
	// Schema is the schema of the database that holds the tables. It is created when it is missing.
	Schema string `mapstructure:"schema"`
	// MaxConnections is how many connections are open at most.
	MaxConnections int `mapstructure:"max_connections"`
	// Migrate brings the tables to the newest version at the start. Without it, the start fails
	// when `pharos migrate up` has to run first.
	Migrate bool `mapstructure:"migrate"`
}

// DefaultPostgreSQLConfig returns the settings that a DSN has to be added to.
func DefaultPostgreSQLConfig() PostgreSQLConfig {
	return PostgreSQLConfig{Schema: "pharos_meta", MaxConnections: 10, Migrate: true}
}

// schemaPattern keeps the name of the schema free of anything that SQL would have to quote.
var schemaPattern = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,47}$`)

// connectTimeout is how long one try to connect may take, unless the DSN says otherwise.
const connectTimeout = 5 * time.Second

// dsnExample is what to write.
const dsnExample = "postgres://user@host:5432/pharos"

// Validate says which setting is wrong.
func (c PostgreSQLConfig) Validate() error {
	if c.DSN == "" {
		return fmt.Errorf("dsn: is empty; use a URL such as %s", dsnExample)
	}
	if _, err := c.connection(); err != nil {
		// What pgx says may hold the password.
		return fmt.Errorf("dsn: can't be read; use a URL such as %s", dsnExample)
	}
	if !schemaPattern.MatchString(c.Schema) {
		return fmt.Errorf("schema: is %q; use small letters, digits and _", c.Schema)
	}
	if c.MaxConnections < 2 {
		return fmt.Errorf("max_connections: is %d; use at least 2", c.MaxConnections)
	}
	return nil
}

// connection returns how to connect: without statements that are prepared by name, which a pool
// in transaction mode would lose, and without anything else that belongs to a session.
func (c PostgreSQLConfig) connection() (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(c.DSN)
	if err != nil {
		return nil, err
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "pharos"
	}
	return config, nil
}

// dialect returns the engine that the configuration names.
func (c Config) dialect() (dialect, error) {
	switch {
	case c.Path == "" && c.PostgreSQL.DSN == "":
		return dialect{}, errcode.InvalidField("path", "is empty", "name the file of the metadata database, or a PostgreSQL in postgresql::dsn")
	case c.Path != "" && c.PostgreSQL.DSN != "":
		return dialect{}, errcode.InvalidField("path", "is set beside postgresql::dsn", "choose one of the two")
	case c.Path != "":
		return sqliteDialect(migrations)
	}
	if err := c.PostgreSQL.Validate(); err != nil {
		return dialect{}, errcode.New(errcode.Invalid, "postgresql: %w", err)
	}
	return postgresDialect(migrations, c.PostgreSQL)
}
