package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/metadata"
	"github.com/pharos-obs/pharos/test/servers"
)

// postgres is a server that all tests use, each in a schema of its own.
var (
	postgres servers.Shared[*servers.PostgreSQL]
	schemas  atomic.Int64
)

func TestMain(m *testing.M) {
	code := m.Run()
	postgres.Stop()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// engines are what the tests of races run on: the configuration of an empty database.
var engines = map[string]func(testing.TB) metadata.Config{"sqlite": onSQLite, "postgresql": onPostgreSQL}

func onSQLite(tb testing.TB) metadata.Config {
	tb.Helper()
	return metadata.Config{Path: filepath.Join(tb.TempDir(), "metadata.db")}
}

func onPostgreSQL(tb testing.TB) metadata.Config {
	tb.Helper()
	return onServer(postgres.Get(tb, servers.StartPostgreSQL))
}

func onServer(server *servers.PostgreSQL) metadata.Config {
	cfg := metadata.DefaultPostgreSQLConfig()
	cfg.DSN, cfg.Schema = server.DSN("postgres"), fmt.Sprintf("test_%d", schemas.Add(1))
	return metadata.Config{PostgreSQL: cfg}
}

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fixture is a service that was started for the first time.
type fixture struct {
	*Service
	db    *metadata.DB
	clock *clock
	first Credentials
}

func openDB(tb testing.TB, path string) *metadata.DB {
	tb.Helper()
	return openConfig(tb, metadata.Config{Path: path})
}

func openConfig(tb testing.TB, cfg metadata.Config) *metadata.DB {
	tb.Helper()
	db, err := metadata.Open(tb.Context(), cfg, zaptest.NewLogger(tb))
	require.NoError(tb, err)
	tb.Cleanup(func() { assert.NoError(tb, db.Close()) })
	return db
}

func start(tb testing.TB, cfg Config) *fixture {
	tb.Helper()
	db := openDB(tb, filepath.Join(tb.TempDir(), "metadata.db"))
	return startOn(tb, db, cfg)
}

func startOn(tb testing.TB, db *metadata.DB, cfg Config) *fixture {
	tb.Helper()
	f := &fixture{Service: New(db, cfg, zaptest.NewLogger(tb)), db: db, clock: &clock{now: time.Now().UTC().Truncate(time.Microsecond)}}
	f.now = f.clock.Now
	require.NoError(tb, f.Start(tb.Context()))
	tb.Cleanup(func() { f.Close(context.WithoutCancel(tb.Context())) })
	first, err := f.Bootstrap(tb.Context(), "", nil)
	require.NoError(tb, err)
	if first != nil {
		f.first = *first
	}
	return f
}

func TestFirstStart(t *testing.T) {
	f := start(t, Config{})

	principal, err := f.Authenticate(t.Context(), f.first.APIKey)

	require.NoError(t, err)
	assert.Equal(t, f.first.OrgID, principal.OrgID)
	assert.True(t, principal.Has(ScopeAdmin))
	assert.NotEmpty(t, principal.KeyID)
	_, err = f.Authenticate(t.Context(), f.first.APIKey+"x")
	assert.Equal(t, errcode.Unauthenticated, errcode.Of(err))
}

func digestOf(credential string) digest { return sha256.Sum256([]byte(credential)) }

// closedDB returns a database that is away.
func closedDB(t *testing.T) *metadata.DB {
	t.Helper()
	db, err := metadata.Open(t.Context(), metadata.Config{Path: filepath.Join(t.TempDir(), "m.db")}, zaptest.NewLogger(t))
	require.NoError(t, err)
	require.NoError(t, db.Close())
	return db
}

func TestTheSecretStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metadata.db")
	one := startOn(t, openDB(t, path), Config{})
	token := one.login(t).AccessToken
	two := startOn(t, openDB(t, path), Config{}) // a second process, or the same after a restart

	_, err := two.Authenticate(t.Context(), token)

	require.NoError(t, err)
	assert.Len(t, two.tokens.secret, secretBytes)
}

func TestABrokenSecretIsRefused(t *testing.T) {
	db := openDB(t, filepath.Join(t.TempDir(), "metadata.db"))
	require.NoError(t, db.SetSetting(t.Context(), secretSetting, "c2hvcnQ="))
	require.ErrorContains(t, New(db, Config{}, zaptest.NewLogger(t)).Start(t.Context()), secretSetting)
}

func TestCloseWithoutStart(t *testing.T) {
	New(nil, Config{}, zaptest.NewLogger(t)).Close(t.Context())
}

func TestBootstrapOnce(t *testing.T) {
	f := start(t, Config{})
	again, err := f.Bootstrap(t.Context(), "", func(Credentials) error { return errors.New("not called") })
	require.NoError(t, err)
	assert.Nil(t, again)
	assert.Equal(t, DefaultAdmin, f.first.AdminEmail)
	assert.GreaterOrEqual(t, len(f.first.AdminPassword), 20)
	f.login(t)
}

func TestBootstrapByManyAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metadata.db")
	var wait sync.WaitGroup
	var made, saved atomic.Int32
	for range 6 {
		service := New(openDB(t, path), Config{}, zaptest.NewLogger(t)) // as many processes
		wait.Go(func() {
			first, err := service.Bootstrap(t.Context(), "", func(Credentials) error { saved.Add(1); return nil })
			if assert.NoError(t, err) && first != nil {
				made.Add(1)
			}
		})
	}
	wait.Wait()
	assert.Equal(t, int32(1), made.Load())
	assert.Equal(t, int32(1), saved.Load())
	orgs, err := openDB(t, path).Orgs(t.Context())
	require.NoError(t, err)
	assert.Len(t, orgs, 1)
}

// When the credentials cannot be saved, nobody could log in: so nothing is created, and the
// next start tries again.
func TestBootstrapThatCannotSave(t *testing.T) {
	service := New(openDB(t, filepath.Join(t.TempDir(), "metadata.db")), Config{}, zaptest.NewLogger(t))
	full := errors.New("disk full")
	_, err := service.Bootstrap(t.Context(), "", func(Credentials) error { return full })
	require.ErrorIs(t, err, full)
	first, err := service.Bootstrap(t.Context(), "", nil)
	require.NoError(t, err)
	assert.NotNil(t, first)
}

// How long tests wait for what happens in the background.
const (
	testWait = 10 * time.Second
	testTick = 2 * time.Millisecond
)
