package timescale

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/storagetest"
	"github.com/pharos-obs/pharos/test/servers"
)

// The servers of the package, started by the first test that needs them.
var (
	postgres  shared[*servers.PostgreSQL]
	timescale shared[*servers.Timescale]
)

func TestMain(m *testing.M) {
	code := m.Run()
	postgres.stop()
	timescale.stop()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// shared is a server that all tests use.
type shared[S interface{ Stop() }] struct {
	once   sync.Once
	dir    string
	server S
	err    error
	runs   bool
}

func (s *shared[S]) get(tb testing.TB, start func(context.Context, string) (S, error)) S {
	tb.Helper()
	if testing.Short() {
		tb.Skip("real servers are for `make test`")
	}
	s.once.Do(func() {
		// Some servers have another account, for which the folders of testing are closed.
		if s.dir, s.err = os.MkdirTemp("", "pharos-server-"); s.err != nil { //nolint:usetesting // see above
			return
		}
		if s.err = os.Chmod(s.dir, 0o755); s.err == nil {
			s.server, s.err = start(context.WithoutCancel(tb.Context()), s.dir)
			s.runs = s.err == nil
		}
	})
	require.NoError(tb, s.err)
	return s.server
}

func (s *shared[S]) stop() {
	if s.runs {
		s.server.Stop()
	}
	_ = os.RemoveAll(s.dir)
}

// database is a place for the tables of one test.
type database struct {
	dsn    string
	schema string
}

// engines gives each engine's name and a place on its server.
func engines() map[string]func(testing.TB) database {
	return map[string]func(testing.TB) database{
		"postgres":  onPostgreSQL,
		"timescale": onTimescale,
	}
}

// onPgBouncer is a pool in transaction mode before the PostgreSQL of the package.
func onPgBouncer(tb testing.TB) database {
	tb.Helper()
	server := postgres.get(tb, servers.StartPostgreSQL)
	pool := servers.Run(tb, func(ctx context.Context, dir string) (*servers.PgBouncer, error) {
		return servers.StartPgBouncer(ctx, dir, server)
	})
	return newSchema(tb, pool.DSN("postgres"))
}

func onPostgreSQL(tb testing.TB) database {
	tb.Helper()
	server := postgres.get(tb, servers.StartPostgreSQL)
	return newSchema(tb, server.DSN("postgres"))
}

func onTimescale(tb testing.TB) database {
	tb.Helper()
	server := timescale.get(tb, servers.StartTimescale)
	return newSchema(tb, server.DSN())
}

// newSchema returns a schema of its own, dropped after the test.
func newSchema(tb testing.TB, dsn string) database {
	tb.Helper()
	db := database{dsn: dsn, schema: fmt.Sprintf("test_%d", schemas.next())}
	tb.Cleanup(func() { db.exec(tb, "DROP SCHEMA IF EXISTS "+db.schema+" CASCADE") })
	return db
}

// counter numbers schemas.
type counter struct {
	mu sync.Mutex
	n  int
}

var schemas counter

func (c *counter) next() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return c.n
}

// connect opens a connection for the test's own questions.
func (db database) connect(tb testing.TB) *pgx.Conn {
	tb.Helper()
	settings, err := pgx.ParseConfig(db.dsn)
	require.NoError(tb, err)
	settings.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	connection, err := pgx.ConnectConfig(context.WithoutCancel(tb.Context()), settings)
	require.NoError(tb, err)
	return connection
}

// exec runs statements, written for the schema pharos.
func (db database) exec(tb testing.TB, statements string) {
	tb.Helper()
	connection := db.connect(tb)
	_, err := connection.PgConn().Exec(context.WithoutCancel(tb.Context()), inSchema(statements, db.schema)).ReadAll()
	require.NoError(tb, err, statements)
	require.NoError(tb, connection.Close(context.WithoutCancel(tb.Context())))
}

// number asks for one number.
func (db database) number(tb testing.TB, query string, args ...any) int64 {
	tb.Helper()
	connection := db.connect(tb)
	defer func() { require.NoError(tb, connection.Close(context.WithoutCancel(tb.Context()))) }()
	var n int64
	require.NoError(tb, connection.QueryRow(tb.Context(), inSchema(query, db.schema), args...).Scan(&n), query)
	return n
}

// truncate empties the tables.
func (db database) truncate(tb testing.TB) {
	tb.Helper()
	db.exec(tb, "TRUNCATE pharos.samples, pharos.exemplars, pharos.families, pharos.usage, pharos.series, pharos.orgs")
}

// config returns the settings of a test's store: nothing runs by itself.
func (db database) config() Config {
	cfg := DefaultConfig()
	cfg.DSN, cfg.Schema = db.dsn, db.schema
	cfg.MaxConnections = 4
	cfg.MaintainEvery, cfg.IdleClose = 0, 0
	return cfg
}

func open(tb testing.TB, cfg Config) *Store {
	tb.Helper()
	store, err := Open(tb.Context(), cfg, zaptest.NewLogger(tb, zaptest.Level(zapcore.WarnLevel)))
	require.NoError(tb, err)
	select {
	case <-store.opening.opened:
	case <-store.opening.tried:
		require.NoError(tb, store.opening.failed())
	}
	return store
}

func TestConformance(t *testing.T) {
	places := engines()
	places["pgbouncer"] = onPgBouncer
	for name, on := range places {
		t.Run(name, func(t *testing.T) {
			db := on(t)
			open(t, db.config()).closeIn(t)
			dirs := map[string]bool{}
			storagetest.RunMetricStore(t, func(t *testing.T, dir string) storage.MetricStore {
				t.Helper()
				if !dirs[dir] { // another subtest: what was stored is forgotten
					dirs[dir] = true
					db.truncate(t)
				}
				cfg := db.config()
				cfg.MaxSeries = storagetest.SeriesLimit
				cfg.OutOfOrderWindow = model.Duration(storagetest.OutOfOrderWindow)
				return open(t, cfg)
			})
		})
	}
}

func (s *Store) closeIn(tb testing.TB) {
	tb.Helper()
	require.NoError(tb, s.Close())
}

// TestPromQL gives each script of Prometheus' suite an organisation of its own in one store, so
// that a sample of another one would be seen.
func TestPromQL(t *testing.T) {
	for name, on := range engines() {
		t.Run(name, func(t *testing.T) {
			cfg := on(t).config()
			cfg.RetentionTime, cfg.MaxFuture = 0, 0
			store, scripts := open(t, cfg), 0
			defer store.closeIn(t)
			storagetest.RunPromQL(t, func(t *testing.T) storage.MetricStore {
				t.Helper()
				scripts++
				return oneOrg{store, storage.OrgID(fmt.Sprintf("00000000-0000-4000-8000-%012d", scripts))}
			})
		})
	}
}

// oneOrg is a store that opens one organisation, whatever it is asked for, and stays open.
type oneOrg struct {
	*Store
	org storage.OrgID
}

func (o oneOrg) Open(ctx context.Context, _ storage.OrgID) (storage.OrgMetrics, error) {
	return o.Store.Open(ctx, o.org)
}

func (o oneOrg) Close() error { return nil }
