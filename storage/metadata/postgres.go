package metadata

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// connectionLife is after how long a connection is made anew, so that all move to a server
	// that took over and the ones of many processes spread again.
	connectionLife = 30 * time.Minute
	// connectionIdle is after how long an idle connection is closed.
	connectionIdle = 5 * time.Minute
)

// postgresDialect returns the dialect of PostgreSQL.
func postgresDialect(all fs.FS, cfg PostgreSQLConfig) (dialect, error) {
	files, err := fs.Sub(all, "migrations/postgres")
	if err != nil {
		return dialect{}, fmt.Errorf("read migrations: %w", err)
	}
	return dialect{
		name:       PostgreSQL,
		schema:     cfg.Schema,
		migrations: files,
		migrate:    cfg.Migrate,
		open:       openPostgres,
		exists:     "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname || '.' || tablename = 'pharos.schema_migrations')",
		create:     func(ctx context.Context, tx runner) error { return createSchema(ctx, tx, cfg.Schema) },
		code:       postgresCode,
		comes:      postgresComes,
		isolation:  sql.LevelSerializable,
		lost:       postgresLost,
		// Locks of a table are taken before a transaction sees anything of the others; that an
		// advisory lock was waited for would leave it with what it saw before.
		beside: "LOCK TABLE pharos.settings IN ROW SHARE MODE",
		alone:  "LOCK TABLE pharos.settings IN EXCLUSIVE MODE",
		lock: func(name string) string {
			hash := fnv.New64a()
			_, _ = hash.Write([]byte("pharos " + cfg.Schema + " " + name)) // never fails
			return fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", int64(hash.Sum64()))
		},
	}, nil
}

// openPostgres connects to nothing yet.
func openPostgres(_ context.Context, cfg Config) (*sql.DB, error) {
	connection, err := cfg.PostgreSQL.connection()
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*connection)
	db.SetMaxOpenConns(cfg.PostgreSQL.MaxConnections)
	db.SetMaxIdleConns(cfg.PostgreSQL.MaxConnections)
	db.SetConnMaxLifetime(connectionLife)
	db.SetConnMaxIdleTime(connectionIdle)
	return db, nil
}

// createSchema makes the schema. To ask first lets an account do that may create nothing in a
// database but in a schema that was made for it. To ask the catalog is to ask what was committed;
// to_regnamespace and to_regclass may remember what was not there before a lock was waited for.
func createSchema(ctx context.Context, tx runner, schema string) error {
	var exists bool
	if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)", schema).Scan(&exists); err != nil || exists {
		return err
	}
	_, err := tx.ExecContext(ctx, "CREATE SCHEMA "+schema)
	return err
}
