package metadata

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/test/servers"
)

// pgError is what pgx returns when the server answers with a state.
func pgError(state string) error { return fmt.Errorf("query: %w", &pgconn.PgError{Code: state}) }

// adminOf runs statements as the superuser of a server.
func adminOf(t *testing.T, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), startPostgres(t).DSN("postgres"))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	for _, statement := range statements {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
}

// newDatabase makes a database and an account of the same name, which may do nothing there but
// connect.
func newDatabase(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("account_%d", schemas.Add(1))
	adminOf(t, "CREATE ROLE "+name+" LOGIN", "CREATE DATABASE "+name, "REVOKE ALL ON DATABASE "+name+" FROM PUBLIC",
		"GRANT CONNECT ON DATABASE "+name+" TO "+name)
	return name
}

func TestConfigFaults(t *testing.T) {
	good := onServer("postgres://u@127.0.0.1/db")
	require.NoError(t, good.PostgreSQL.Validate())
	for says, change := range map[string]func(*Config){
		"path: is set beside postgresql::dsn (choose one of the two)": func(c *Config) { c.Path = "x" },
		"path: is empty": func(c *Config) { c.PostgreSQL.DSN = "" },
		"postgresql: dsn: can't be read; use a URL":     func(c *Config) { c.PostgreSQL.DSN = "postgres://u:secret@h:x/" },
		`postgresql: schema: is "A-b"; use small`:       func(c *Config) { c.PostgreSQL.Schema = "A-b" },
		"postgresql: max_connections: is 1; use at lea": func(c *Config) { c.PostgreSQL.MaxConnections = 1 },
	} {
		cfg := good
		change(&cfg)
		_, err := Open(t.Context(), cfg, zap.NewNop())
		require.ErrorContains(t, err, says)
		assert.Equal(t, errcode.Invalid, errcode.Of(err))
		assert.NotContains(t, err.Error(), "secret")
	}
	assert.ErrorContains(t, DefaultPostgreSQLConfig().Validate(), "dsn: is empty")
}

// Open refuses at once what waiting does not cure, and says what to do.
func TestOpenIsRefused(t *testing.T) {
	server := startPostgres(t)
	small := newDatabase(t)
	as := func(user string) string { return strings.Replace(server.DSN(small), "postgres@", user+"@", 1) }
	for name, test := range map[string]struct {
		dsn, says, fix string
		migrate        bool
	}{
		"no such user":     {as("ghost"), `role "ghost" does not exist`, "check user and password", true},
		"no such database": {server.DSN("ghost"), `database "ghost" does not exist`, "create the database", true},
		"no grants":        {as(small), "permission denied for database " + small, "grants of docs/formats/metadata.md", true},
		"not migrated":     {server.DSN("postgres"), "has version 0 and this binary needs 2", "pharos migrate up", false},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := onServer(test.dsn)
			cfg.PostgreSQL.Migrate = test.migrate
			_, err := Open(t.Context(), cfg, zap.NewNop())
			require.ErrorContains(t, err, test.says)
			require.ErrorContains(t, err, test.fix)
			assert.Equal(t, errcode.Unavailable, errcode.Of(err))
		})
	}
}

// An account that may create nothing in the database works in a schema that was made for it.
func TestAccountOfOneSchema(t *testing.T) {
	server := startPostgres(t)
	shared := newDatabase(t)
	conn, err := pgx.Connect(t.Context(), server.DSN(shared))
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), "CREATE SCHEMA ours AUTHORIZATION "+shared)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
	cfg := onServer(strings.Replace(server.DSN(shared), "postgres@", shared+"@", 1))
	cfg.PostgreSQL.Schema = "ours"

	_, ada := seed(t, openConfig(t, cfg))

	cfg.PostgreSQL.Migrate = false
	_, err = openConfig(t, cfg).User(t.Context(), ada.ID)
	require.NoError(t, err)
}

func TestOpenWaitsForTheServer(t *testing.T) {
	server := servers.Run(t, servers.StartPostgreSQL)
	server.Stop()
	cfg := onServer(server.DSN("postgres"))
	type result struct {
		db  *DB
		err error
	}
	open := func(ctx context.Context) (*observer.ObservedLogs, chan result) {
		core, logs := observer.New(zap.InfoLevel)
		opened := make(chan result, 1)
		go func() {
			db, err := Open(ctx, cfg, zap.New(core))
			opened <- result{db, err}
		}()
		require.Eventually(t, func() bool { return logs.Len() > 0 }, time.Minute, time.Millisecond)
		return logs, opened
	}
	logs, opened := open(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	_, givenUp := open(ctx)
	cancel()
	err := (<-givenUp).err
	assert.Equal(t, errcode.Unavailable, errcode.Of(err), "the end of the context ends the wait")
	require.ErrorContains(t, err, "connection refused")

	require.NoError(t, server.Start(t.Context()))

	got := <-opened
	require.NoError(t, got.err)
	require.NoError(t, got.db.Health(t.Context()))
	require.NoError(t, got.db.Close())
	var messages []string
	for _, entry := range logs.All() {
		messages = append(messages, entry.Message)
	}
	assert.Equal(t, []string{
		"Metadata database away; the start waits for it", "Metadata database migrated", "Metadata database migrated", "Metadata database is there",
	}, messages)
}

// A server that is killed makes calls fail with Unavailable, and is used again when it is back.
func TestServerDiesAndComesBack(t *testing.T) {
	server := servers.Run(t, servers.StartPostgreSQL)
	db := openConfig(t, onServer(server.DSN("postgres")))
	org, ada := seed(t, db)
	var wait sync.WaitGroup
	for range 8 { // so that there are idle connections
		wait.Go(func() { assert.NoError(t, db.Health(t.Context())) })
	}
	wait.Wait()

	server.Kill()
	require.Eventually(t, func() bool { return db.Health(t.Context()) != nil }, time.Minute, time.Millisecond, "sessions outlive the server for a moment")
	for range 20 {
		_, err := db.User(t.Context(), ada.ID)
		assert.Equal(t, errcode.Unavailable, errcode.Of(err), "%v", err)
	}
	assert.Equal(t, errcode.Unavailable, errcode.Of(db.SetSetting(t.Context(), "k", "lost")))
	err := db.InTx(t.Context(), func(*Queries) error { return nil })
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
	assert.Equal(t, errcode.Unavailable, errcode.Of(db.Health(t.Context())))

	require.NoError(t, server.Start(t.Context()))
	for range 20 {
		found, err := db.User(t.Context(), ada.ID)
		require.NoError(t, err, "no connection of before is used")
		assert.Equal(t, ada, found)
	}
	require.NoError(t, db.SetSetting(t.Context(), "k", "kept"))
	assert.Equal(t, org.ID, ada.OrgID)
}

// A server that takes connections and says nothing holds nobody up for longer than the context.
func TestSilentServer(t *testing.T) {
	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	cfg := onServer((&url.URL{Scheme: "postgres", User: url.User("u"), Host: silent.Addr().String(), Path: "/db"}).String() + "?connect_timeout=1&sslmode=disable")
	engine, err := cfg.dialect()
	require.NoError(t, err)
	pool, err := engine.open(t.Context(), cfg)
	require.NoError(t, err)
	defer func() { require.NoError(t, pool.Close()) }()

	_, err = queriesOn(pool, engine).Setting(t.Context(), "k")

	assert.Equal(t, errcode.Unavailable, errcode.Of(err), "%v", err)
	assert.True(t, engine.comes(err))
}

func TestWhatPostgreSQLRefuses(t *testing.T) {
	db := openConfig(t, onPostgreSQL(t))
	org, _ := seed(t, db)
	_, err := db.User(t.Context(), "no-uuid")
	assert.Equal(t, errcode.NotFound, errcode.Of(err), "an id that is no UUID is nobody's")
	err = db.SetSetting(t.Context(), "k", "a\x00b")
	assert.Equal(t, errcode.Invalid, errcode.Of(err))
	require.ErrorContains(t, err, "zero bytes")
	err = db.SetSetting(t.Context(), "k", "\xff")
	assert.Equal(t, errcode.Invalid, errcode.Of(err))

	document := "{\"b\": 1.0,\n \"a\":1e2, \"text\":\"\\u0000\"}"
	exact := board(org.ID, "exact", "Exact")
	exact.Document = document
	require.NoError(t, db.CreateDashboard(t.Context(), exact))
	found, err := db.Dashboard(t.Context(), org.ID, "exact")
	require.NoError(t, err)
	assert.Equal(t, document, found.Document, "a document comes back byte by byte")
}

func TestStatesOfPostgreSQL(t *testing.T) {
	engine, err := onServer("postgres://u@h/d").dialect()
	require.NoError(t, err)
	for state, want := range map[string]errcode.Code{
		"53100": errcode.OutOfSpace, "53300": errcode.Unavailable, "57P01": errcode.Unavailable, "57P03": errcode.Unavailable,
		"08006": errcode.Unavailable, "25006": errcode.Unavailable, "40001": errcode.Unavailable, "40P01": errcode.Unavailable,
		"42P01": errcode.Unavailable, "42501": errcode.Unavailable, "28P01": errcode.Unavailable, "58030": errcode.Unavailable,
		"57014": errcode.Unavailable, "23514": errcode.Internal, "42601": errcode.Internal,
	} {
		assert.Equal(t, want, errcode.Of(coded(engine, "x", pgError(state))), state)
	}
	for state, want := range map[string]bool{
		"53300": true, "57P03": true, "57P01": true, "08P01": true, "25006": true, "40001": true,
		"28P01": false, "28000": false, "3D000": false, "42501": false, "53100": false, "57014": false, "42601": false,
	} {
		assert.Equal(t, want, engine.comes(pgError(state)), state)
	}
}

func TestManyOpenAtOnce(t *testing.T) {
	for name, empty := range map[string]func(testing.TB) Config{"postgresql": onPostgreSQL, "pgbouncer": onPgBouncer} {
		t.Run(name, func(t *testing.T) {
			cfg := empty(t)
			core, logs := observer.New(zap.InfoLevel)
			var wait sync.WaitGroup
			for range 12 {
				wait.Go(func() {
					db, err := Open(t.Context(), cfg, zap.New(core))
					if assert.NoError(t, err) {
						assert.NoError(t, db.Health(t.Context()))
						assert.NoError(t, db.Close())
					}
				})
			}
			wait.Wait()
			assert.Equal(t, 2, logs.FilterMessage("Metadata database migrated").Len(), "each step once")
		})
	}
}

func TestMigrator(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			cfg := empty(t)
			db := openConfig(t, cfg)
			seed(t, db)
			migrator, err := NewMigrator(t.Context(), cfg, zap.NewNop())
			require.NoError(t, err)
			defer func() { require.NoError(t, migrator.Close()) }()
			at := func() MigrationStatus {
				status, err := migrator.Status(t.Context())
				require.NoError(t, err)
				return status
			}
			full := MigrationStatus{Engine: at().Engine, Version: 2, Newest: 2}
			assert.Equal(t, full, at())
			require.NoError(t, migrator.Up(t.Context()), "nothing to do")

			require.NoError(t, migrator.Down(t.Context(), 1))
			assert.Equal(t, MigrationStatus{Engine: full.Engine, Version: 1, Newest: 2, Pending: []uint{2}}, at())
			_, err = db.UserByEmail(t.Context(), "ada@example.org")
			require.NoError(t, err, "the first step's tables stay")
			_, err = db.Dashboards(t.Context(), nowhere)
			require.Error(t, err)

			require.NoError(t, migrator.Down(t.Context(), 0))
			assert.Equal(t, MigrationStatus{Engine: full.Engine, Newest: 2, Pending: []uint{1, 2}}, at())
			require.NoError(t, migrator.Up(t.Context()))
			assert.Equal(t, full, at())
			orgs, err := db.Orgs(t.Context())
			require.NoError(t, err)
			assert.Empty(t, orgs)
		})
	}
	_, err := NewMigrator(t.Context(), Config{Path: t.TempDir() + "/none.db"}, zap.NewNop())
	require.ErrorContains(t, err, "there is no file")
}

func TestNewerPostgreSQLIsRefused(t *testing.T) {
	cfg := onPostgreSQL(t)
	require.NoError(t, openConfig(t, cfg).Close())
	adminOf(t, "UPDATE "+cfg.PostgreSQL.Schema+".schema_migrations SET version = 99")
	_, err := Open(t.Context(), cfg, zap.NewNop())
	require.ErrorContains(t, err, "has version 99 and this binary knows versions up to 2 (run the newer Pharos")
	adminOf(t, "UPDATE "+cfg.PostgreSQL.Schema+".schema_migrations SET version = 2, dirty = true")
	_, err = Open(t.Context(), cfg, zap.NewNop())
	require.ErrorContains(t, err, "was left unfinished by another tool (finish or undo it by hand, then set dirty to false")
}

// TestSameSchemaOnBothEngines holds that a table or column of one engine is on the other too.
func TestSameSchemaOnBothEngines(t *testing.T) {
	lite, postgres := openConfig(t, onSQLite(t)), openConfig(t, onPostgreSQL(t))
	columns := func(db *DB, query string, args ...any) []string {
		rows, err := collect(t.Context(), db.Queries, "read columns", func(s *string) []any { return []any{s} }, query, args...)
		require.NoError(t, err)
		return rows
	}
	want := columns(lite, `SELECT t.name || '.' || c.name || ' ' || (c."notnull" OR c.pk > 0) FROM sqlite_master t JOIN pragma_table_info(t.name) c
		WHERE t.type = 'table' ORDER BY 1`)
	assert.Equal(t, want, columns(postgres, `SELECT (table_name || '.' || column_name || ' ' || (is_nullable = 'NO')::int) COLLATE "C"
		FROM information_schema.columns WHERE table_schema = $1 ORDER BY 1`, postgres.dialect.schema))
	assert.NotEmpty(t, want)
}

func TestTextsAreSortedAlike(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			db := openConfig(t, empty(t))
			org, _ := seed(t, db)
			for _, name := range []string{"b", "a", "B", "ä", "_", "a b", "Z"} {
				require.NoError(t, db.CreateSavedSearch(t.Context(), SavedSearch{OrgID: org.ID, ID: uuid.NewString(), Name: name, CreatedAt: noon(), UpdatedAt: noon()}))
			}
			all, err := db.SavedSearches(t.Context(), org.ID)
			require.NoError(t, err)
			var names []string
			for _, one := range all {
				names = append(names, one.Name)
			}
			assert.Equal(t, []string{"B", "Z", "_", "a", "a b", "b", "ä"}, names)
		})
	}
}
