package authextension

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/metadata"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host is a Collector with other extensions.
type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

// storageExtension holds a metadata database, as the storage extension does.
type storageExtension struct {
	component.StartFunc
	component.ShutdownFunc
	db *metadata.DB
}

func (s *storageExtension) Metadata() *metadata.DB { return s.db }

func openDB(t *testing.T) *metadata.DB {
	t.Helper()
	db, err := metadata.Open(t.Context(), metadata.Config{Path: filepath.Join(t.TempDir(), "m.db")}, zaptest.NewLogger(t))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

func create(t *testing.T) *Extension {
	t.Helper()
	factory := NewFactory()
	created, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), factory.CreateDefaultConfig())
	require.NoError(t, err)
	own, ok := created.(*Extension)
	require.True(t, ok)
	return own
}

func TestFactory(t *testing.T) {
	factory := NewFactory()
	assert.Equal(t, "auth", factory.Type().String())
	require.NoError(t, componenttest.CheckConfigStruct(factory.CreateDefaultConfig()))
	_, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), struct{}{})
	assert.Error(t, err)
}

func TestLifecycle(t *testing.T) {
	e := create(t)
	assert.Equal(t, []component.ID{component.MustNewID("storage")}, e.Dependencies())
	assert.Nil(t, e.Service())
	_, err := e.Authenticate(t.Context(), "phk_x")
	assert.Equal(t, errcode.Unavailable, errcode.Of(err), "before Start")

	require.NoError(t, e.Start(t.Context(), host{component.MustNewID("storage"): &storageExtension{db: openDB(t)}}))
	first, err := e.Service().Bootstrap(t.Context(), "", nil)
	require.NoError(t, err)
	principal, err := e.Authenticate(t.Context(), first.APIKey)
	require.NoError(t, err)
	assert.True(t, principal.Has(auth.ScopeIngest))
	require.NoError(t, e.Shutdown(context.WithoutCancel(t.Context())))
}

func TestShutdownWithoutStart(t *testing.T) {
	require.NoError(t, create(t).Shutdown(t.Context()))
}

func TestStartNeedsStorage(t *testing.T) {
	for name, h := range map[string]host{
		"none":                   {},
		"one without a database": {component.MustNewID("storage"): create(t)},
	} {
		t.Run(name, func(t *testing.T) {
			err := create(t).Start(t.Context(), h)
			require.ErrorContains(t, err, `no extension "storage" with a metadata database`)
		})
	}
}

func TestStartNeedsTheDatabase(t *testing.T) {
	db := openDB(t)
	require.NoError(t, db.Close())
	err := create(t).Start(t.Context(), host{component.MustNewID("storage"): &storageExtension{db: db}})
	require.Error(t, err)
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
}
