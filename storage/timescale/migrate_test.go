package timescale

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

func newMigrator(tb testing.TB, cfg Config) *Migrator {
	tb.Helper()
	migrator, err := NewMigrator(tb.Context(), cfg, zap.NewNop())
	require.NoError(tb, err)
	tb.Cleanup(migrator.Close)
	return migrator
}

func TestMigrateUpAndDown(t *testing.T) {
	for name, on := range engines() {
		t.Run(name, func(t *testing.T) {
			db := on(t)
			m := newMigrator(t, db.config())
			before, err := m.Status(t.Context())
			require.NoError(t, err)
			assert.Zero(t, before.Version)
			assert.Len(t, before.Pending, int(before.Newest))
			for range 2 {
				require.NoError(t, m.Up(t.Context()))
				require.NoError(t, m.Up(t.Context()), "again")
				at, err := m.Status(t.Context())
				require.NoError(t, err)
				assert.Equal(t, MigrationStatus{Engine: Engine(name), Version: before.Newest, Newest: before.Newest}, at)
				require.NoError(t, m.Down(t.Context(), 1))
				at, err = m.Status(t.Context())
				require.NoError(t, err)
				assert.EqualValues(t, 1, at.Version)
				require.NoError(t, m.Down(t.Context(), 0))
				assert.EqualValues(t, 1, db.number(t, "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p', 'v') AND relnamespace = $1::text::regnamespace", db.schema),
					"the table of versions is left")
			}
		})
	}
}

func TestMigrateFromManyReplicas(t *testing.T) {
	for name, on := range map[string]func(testing.TB) database{"postgres": onPostgreSQL, "pgbouncer": onPgBouncer} {
		t.Run(name, func(t *testing.T) {
			db := on(t)
			var done sync.WaitGroup
			for range 8 {
				m := newMigrator(t, db.config())
				done.Go(func() { assert.NoError(t, m.Up(t.Context())) })
			}
			done.Wait()
			openIn(t, db.config())
		})
	}
}

// TestMigrationHalfDone ends the connection in the middle of a step, after its tables were made.
func TestMigrationHalfDone(t *testing.T) {
	db := onPostgreSQL(t)
	m := newMigrator(t, db.config())
	all, err := steps(PlainSQL, db.schema)
	require.NoError(t, err)
	conn := db.connect(t)
	cut := errors.New("cut")
	err = pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
		require.NoError(t, m.apply(t.Context(), tx, all[0]))
		require.NoError(t, conn.Close(context.WithoutCancel(t.Context())))
		return cut
	})
	require.ErrorIs(t, err, cut)
	at, err := m.Status(t.Context())
	require.NoError(t, err)
	assert.Zero(t, at.Version, "nothing is left of it")
	require.NoError(t, m.Up(t.Context()))
	require.NoError(t, write(t.Context(), openOrg(t, openIn(t, db.config())), 1, time.Now().UnixMilli()))
}

func TestMigrationRefuses(t *testing.T) {
	db := onPostgreSQL(t)
	cfg := db.config()
	cfg.Migrate = false
	m := newMigrator(t, cfg)
	require.NoError(t, m.Up(t.Context()))
	openIn(t, cfg)
	for set, want := range map[string]string{
		"version = 1000": "knows versions up to 3",
		"dirty = true":   "unfinished by another tool",
	} {
		db.exec(t, "UPDATE pharos.schema_migrations SET "+set)
		require.ErrorContains(t, m.Up(t.Context()), want)
		require.ErrorContains(t, m.Down(t.Context(), 0), want)
		db.exec(t, "UPDATE pharos.schema_migrations SET version = 3, dirty = false")
	}
}

// TestMigrationLeftUnfinished is for what golang-migrate leaves when a step of it fails.
func TestMigrationLeftUnfinished(t *testing.T) {
	for name, on := range engines() {
		t.Run(name, func(t *testing.T) {
			db := on(t)
			m := newMigrator(t, db.config())
			require.NoError(t, m.Up(t.Context()))
			newest, err := m.Status(t.Context())
			require.NoError(t, err)
			for version := uint(1); version <= newest.Newest; version++ {
				require.NoError(t, m.Down(t.Context(), version-1))
				db.exec(t, fmt.Sprintf("DELETE FROM pharos.schema_migrations; INSERT INTO pharos.schema_migrations VALUES (%d, true)", version))
				at, err := m.Status(t.Context())
				require.NoError(t, err)
				assert.True(t, at.Dirty)
				require.NoError(t, m.Up(t.Context()), "nothing of step %d is there", version)
				at, err = m.Status(t.Context())
				require.NoError(t, err)
				assert.Equal(t, newest, at)
			}
			require.NoError(t, write(t.Context(), openOrg(t, openIn(t, db.config())), 1, time.Now().UnixMilli()))
		})
	}
}

// TestEveryStepHasBothWays holds that every step can be taken back.
func TestEveryStepHasBothWays(t *testing.T) {
	for _, engine := range []Engine{PlainSQL, TimescaleDB} {
		all, err := steps(engine, "other")
		require.NoError(t, err)
		for i, step := range all {
			assert.EqualValues(t, i+1, step.version)
			assert.NotEmpty(t, step.up)
			assert.NotEmpty(t, step.down)
			assert.NotContains(t, step.up+step.down, "pharos.")
		}
	}
}
