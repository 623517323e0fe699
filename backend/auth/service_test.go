package auth

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/metadata"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

// bench is a service that was started for the first time.
type fixture struct {
	*Service
	db    *metadata.DB
	clock *clock
	first Credentials
}

func openDB(tb testing.TB, path string) *metadata.DB {
	tb.Helper()
	db, err := metadata.Open(tb.Context(), metadata.Config{Path: path}, zaptest.NewLogger(tb))
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
	tb.Cleanup(func() { _ = f.Close(context.WithoutCancel(tb.Context())) })
	first, err := f.Bootstrap(tb.Context(), nil)
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
