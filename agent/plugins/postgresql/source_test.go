package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/agent/plugin"
	"github.com/pharos-obs/pharos/test/servers"
)

func open(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = connection.Close(context.Background()) })
	return connection
}

func run(t *testing.T, connection *pgx.Conn, statements ...string) {
	t.Helper()
	for _, one := range statements {
		_, err := connection.Exec(t.Context(), one)
		require.NoError(t, err, one)
	}
}

func measuring(t *testing.T, config *Config) *source {
	t.Helper()
	require.NoError(t, config.Validate())
	one := newSource(config)
	t.Cleanup(func() { _ = one.Close() })
	return one
}

func collect(t *testing.T, one *source) (map[string]float64, []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var m plugin.Metrics
	require.NoError(t, one.Collect(ctx, &m))
	return m.Values(), m.Warnings()
}

func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, time.Minute, 50*time.Millisecond)
}

func TestServer(t *testing.T) {
	database := servers.Run(t, servers.StartPostgreSQL)
	admin := open(t, database.DSN("postgres"))
	run(t, admin, "CREATE DATABASE shop", "CREATE ROLE watcher LOGIN", "GRANT pg_monitor TO watcher", "CREATE ROLE nobody LOGIN", "CHECKPOINT",
		"SELECT pg_create_physical_replication_slot('standby', true)")
	shop := open(t, database.DSN("shop"))
	run(t, shop, "CREATE TABLE orders (id int PRIMARY KEY, note text)", "CREATE TABLE small (id int)",
		"INSERT INTO orders SELECT i, repeat('x', 100) FROM generate_series(1, 1000) i", "DELETE FROM orders WHERE id > 900",
		"UPDATE orders SET note = '' WHERE id = 1", "ANALYZE orders", "SELECT count(*) FROM orders",
		"SELECT pg_stat_force_next_flush()", "SELECT 1")
	// A transaction that others wait for.
	holder := open(t, database.DSN("shop"))
	run(t, holder, "BEGIN", "LOCK TABLE small")
	waiter := open(t, database.DSN("shop"))
	waiting, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go func() { _, _ = waiter.Exec(waiting, "SELECT * FROM small") }() // until the test ends

	config := defaultConfig()
	config.DSN = strings.Replace(database.DSN("postgres"), "postgres@", "watcher@", 1)
	config.Databases = []string{"shop"}
	one := measuring(t, config)
	var values map[string]float64
	eventually(t, func() bool {
		var warnings []string
		values, warnings = collect(t, one)
		assert.Empty(t, warnings)
		// The background writer tells of its work when it next wakes up.
		return values["postgresql.connections.waiting"] == 1 && values["postgresql.bgwriter.buffers.allocated"] > 0 &&
			values["postgresql.bgwriter.checkpoint.count{type:requested}"] > 0 &&
			values["postgresql.operations{operation:del postgresql.database.name:shop postgresql.schema.name:public postgresql.table.name:orders}"] == 100
	})
	const orders = "postgresql.database.name:shop postgresql.schema.name:public postgresql.table.name:orders"
	for name, want := range map[string]float64{
		"postgresql.connection.max": 100, "postgresql.database.count": 2, "postgresql.standby": 0,
		"postgresql.table.count{postgresql.database.name:shop}":                           2,
		"postgresql.connections{postgresql.database.name:shop state:idle in transaction}": 1,
		"postgresql.database.locks.waiting":                                               1,
		"postgresql.database.locks{lock_type:relation mode:AccessExclusiveLock}":          1,
		"postgresql.operations{operation:ins " + orders + "}":                             1000,
		"postgresql.replication.slot.active{slot:standby}":                                0,
		"postgresql.deadlocks{postgresql.database.name:shop}":                             0,
	} {
		assert.Equal(t, want, values[name], name)
	}
	for _, name := range []string{
		"postgresql.uptime", "postgresql.commits{postgresql.database.name:shop}", "postgresql.db_size{postgresql.database.name:shop}",
		"postgresql.blks_hit{postgresql.database.name:shop}", "postgresql.transaction.longest{postgresql.database.name:shop}",
		"postgresql.table.size{" + orders + "}", "postgresql.index.size{postgresql.database.name:shop postgresql.index.name:orders_pkey postgresql.schema.name:public postgresql.table.name:orders}",
		"postgresql.sequential_scans{" + orders + "}", "postgresql.bgwriter.buffers.allocated", "postgresql.bgwriter.checkpoint.count{type:requested}",
		"postgresql.query.longest", "postgresql.backends{postgresql.database.name:shop}", "postgresql.rows{" + orders + " state:live}",
	} {
		assert.Positive(t, values[name], name)
	}
	assert.Contains(t, values, "postgresql.replication.slot.retained{slot:standby}")
	assert.Contains(t, values, "postgresql.bgwriter.buffers.writes{source:backend}")

	t.Run("few rights", func(t *testing.T) {
		config := *config
		config.DSN = strings.Replace(database.DSN("postgres"), "postgres@", "nobody@", 1)
		values, warnings := collect(t, measuring(t, &config))
		assert.Positive(t, values["postgresql.commits{postgresql.database.name:shop}"], "the rest is measured")
		require.NotEmpty(t, warnings)
		assert.Contains(t, strings.Join(warnings, "\n"), "permission denied")
	})
	t.Run("through a pool", func(t *testing.T) {
		pool := servers.Run(t, func(ctx context.Context, dir string) (*servers.PgBouncer, error) {
			return servers.StartPgBouncer(ctx, dir, database)
		})
		config := *config
		config.DSN = pool.DSN("postgres")
		config.Databases = nil
		one := measuring(t, &config)
		for range 2 {
			values, warnings := collect(t, one)
			assert.Empty(t, warnings)
			assert.Equal(t, 2.0, values["postgresql.database.count"])
		}
	})
	t.Run("gone and back", func(t *testing.T) {
		var m plugin.Metrics
		database.Kill()
		err := one.Collect(t.Context(), &m)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "panic")
		require.NoError(t, database.Start(t.Context()))
		eventually(t, func() bool { return one.Collect(t.Context(), &m) == nil })
	})
}

// The queries of version 17 are others.
func TestServer17(t *testing.T) {
	database := servers.Run(t, servers.StartTimescale)
	config := defaultConfig()
	config.DSN = database.DSN()
	values, warnings := collect(t, measuring(t, config))
	assert.Empty(t, warnings)
	assert.Contains(t, values, "postgresql.bgwriter.checkpoint.count{type:scheduled}")
	assert.Contains(t, values, "postgresql.bgwriter.buffers.writes{source:backend}")
	assert.Contains(t, values, "postgresql.uptime")
}

func TestValidate(t *testing.T) {
	require.NoError(t, defaultConfig().Validate())
	for says, change := range map[string]func(*Config){
		"dsn: cannot parse `postgres://a:xxxxx@": func(c *Config) { c.DSN = "postgres://a:secret@host:x/db" },
		"password_file: open /nowhere":           func(c *Config) { c.PasswordFile = "/nowhere" },
		"tables: is -1":                          func(c *Config) { c.Tables = -1 },
		"indexes: is 2000":                       func(c *Config) { c.Indexes = 2000 },
		"size_interval: is 1ms":                  func(c *Config) { c.SizeInterval = plugin.Duration(time.Millisecond) },
	} {
		t.Run(says, func(t *testing.T) {
			config := defaultConfig()
			change(config)
			err := config.Validate()
			require.ErrorContains(t, err, says)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestPasswordFile(t *testing.T) {
	config := defaultConfig()
	config.PasswordFile = filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(config.PasswordFile, []byte("sesame\n"), 0o600))
	parsed, err := config.connection()
	require.NoError(t, err)
	assert.Equal(t, "sesame", parsed.Password)
	assert.Equal(t, "postgres@127.0.0.1:5432/postgres", place(parsed), "and it is shown nowhere")
}
