package metadata

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/test/servers"
)

// postgres and bouncer are servers that all tests use, each in a schema of its own.
var (
	postgres servers.Shared[*servers.PostgreSQL]
	bouncer  servers.Shared[*servers.PgBouncer]
)

func TestMain(m *testing.M) {
	code := m.Run()
	bouncer.Stop()
	postgres.Stop()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func startPostgres(tb testing.TB) *servers.PostgreSQL {
	tb.Helper()
	return postgres.Get(tb, servers.StartPostgreSQL)
}

func startBouncer(tb testing.TB) *servers.PgBouncer {
	tb.Helper()
	to := startPostgres(tb)
	return bouncer.Get(tb, func(ctx context.Context, dir string) (*servers.PgBouncer, error) {
		return servers.StartPgBouncer(ctx, dir, to)
	})
}

// schemas numbers the schemas of the tests.
var schemas atomic.Int64

// onServer returns the configuration of an empty database on a server.
func onServer(dsn string) Config {
	cfg := DefaultPostgreSQLConfig()
	cfg.DSN, cfg.Schema = dsn, fmt.Sprintf("test_%d", schemas.Add(1))
	return Config{PostgreSQL: cfg}
}

// engines are what each test runs on: the configuration of an empty database.
var engines = map[string]func(testing.TB) Config{"sqlite": onSQLite, "postgresql": onPostgreSQL, "pgbouncer": onPgBouncer}

func onSQLite(tb testing.TB) Config {
	tb.Helper()
	return Config{Path: filepath.Join(tb.TempDir(), "metadata.db")}
}

func onPostgreSQL(tb testing.TB) Config {
	tb.Helper()
	return onServer(startPostgres(tb).DSN("postgres"))
}

func onPgBouncer(tb testing.TB) Config {
	tb.Helper()
	return onServer(startBouncer(tb).DSN("postgres"))
}

func openConfig(t *testing.T, cfg Config) *DB {
	t.Helper()
	db, err := Open(t.Context(), cfg, zaptest.NewLogger(t))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}
