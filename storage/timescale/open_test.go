package timescale

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/test/servers"
)

// openClosed opens a store that cannot be used yet.
func openClosed(t *testing.T, cfg Config) (*Store, *observer.ObservedLogs) {
	t.Helper()
	core, logged := observer.New(zap.InfoLevel)
	store, err := Open(t.Context(), cfg, zap.New(core))
	require.NoError(t, err)
	t.Cleanup(func() { store.closeIn(t) })
	return store, logged
}

// refusesBecause holds that all calls of a store fail with what can pass, and say why.
func refusesBecause(t *testing.T, store *Store, reason string) {
	t.Helper()
	_, err := store.Open(t.Context(), acme)
	for doing, err := range map[string]error{"open": err, "health": store.Health(t.Context()), "maintain": store.Maintain(t.Context())} {
		require.ErrorContains(t, err, "not open yet", doing)
		require.ErrorContains(t, err, reason, doing)
		assert.Equal(t, errcode.Unavailable, errcode.Of(err), doing)
		assert.True(t, errcode.Retryable(err), doing)
	}
	assert.Empty(t, store.Engine())
}

// TestOpenWithoutServer opens a store before its server, and lets it come.
func TestOpenWithoutServer(t *testing.T) {
	server := servers.Run(t, servers.StartPostgreSQL)
	server.Kill()
	store, logged := openClosed(t, database{dsn: server.DSN("postgres"), schema: "late"}.config())
	refusesBecause(t, store, "connect")
	assert.LessOrEqual(t, logged.Len(), 3, "said once for each reason")
	require.Eventually(t, func() bool { return server.Start(t.Context()) == nil }, time.Minute, 100*time.Millisecond)
	<-store.opening.opened
	require.NoError(t, store.Health(t.Context()))
	require.NoError(t, write(t.Context(), openOrg(t, store), 2, time.Now().UnixMilli()))
	assert.Equal(t, "the metric database can be used now", logged.All()[logged.Len()-1].Message)
}

// TestOpenWaitsForMigrations holds that a store which must not migrate opens when another has.
func TestOpenWaitsForMigrations(t *testing.T) {
	db := onPostgreSQL(t)
	cfg := db.config()
	cfg.Migrate = false
	store, _ := openClosed(t, cfg)
	refusesBecause(t, store, "run `pharos migrate up`, or set migrate to true")
	require.NoError(t, newMigrator(t, cfg).Up(t.Context()))
	<-store.opening.opened
	require.NoError(t, store.Health(t.Context()))
}

// TestOpenRefusesOtherVersions says what is wrong with the tables until it has been put right.
func TestOpenRefusesOtherVersions(t *testing.T) {
	db := onPostgreSQL(t)
	openIn(t, db.config())
	for set, reason := range map[string]string{
		"version = 1000": "run the newer Pharos that wrote it",
		"dirty = true":   "set dirty to false",
	} {
		db.exec(t, "UPDATE pharos.schema_migrations SET "+set)
		store, logged := openClosed(t, db.config())
		refusesBecause(t, store, reason)
		assert.Equal(t, 1, logged.Len())
		all, err := steps(PlainSQL, db.schema)
		require.NoError(t, err)
		db.exec(t, fmt.Sprintf("UPDATE pharos.schema_migrations SET version = %d, dirty = false", len(all)))
		<-store.opening.opened
	}
}

// TestCloseWhileOpening closes a store that waits for the lock of migrations.
func TestCloseWhileOpening(t *testing.T) {
	db := onPostgreSQL(t)
	migrator := newMigrator(t, db.config())
	conn := db.connect(t)
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT pg_advisory_xact_lock($1)", migrator.lock())
	require.NoError(t, err)
	store, logged := openClosed(t, db.config())
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err = store.Open(ctx, acme)
	require.ErrorContains(t, err, "another process migrates it")
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
	require.NoError(t, store.Close())
	require.Equal(t, errClosed(), store.Health(t.Context()))
	assert.Empty(t, logged.All())
	require.NoError(t, conn.Close(context.WithoutCancel(t.Context())))
}

func TestOpenChecksTheConfiguration(t *testing.T) {
	cfg := DefaultConfig()
	_, err := Open(t.Context(), cfg, zap.NewNop())
	require.ErrorContains(t, err, "dsn")
	cfg.DSN = "postgres://localhost/%zz"
	_, err = Open(t.Context(), cfg, zap.NewNop())
	require.ErrorContains(t, err, "dsn")
}
