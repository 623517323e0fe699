package storageextension

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/metadata"
)

func create(t *testing.T, dir string) *Extension {
	t.Helper()
	factory := NewFactory()
	cfg := defaultConfig()
	cfg.Directory, cfg.MinFree, cfg.Logs.Memory = dir, 1<<20, 32<<20
	created, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	own, ok := created.(*Extension)
	require.True(t, ok)
	t.Cleanup(func() { assert.NoError(t, own.Shutdown(t.Context())) })
	return own
}

func start(t *testing.T, dir string) *Extension {
	t.Helper()
	e := create(t, dir)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	return e
}

func TestFactory(t *testing.T) {
	factory := NewFactory()
	assert.Equal(t, "storage", factory.Type().String())
	_, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), struct{}{})
	assert.ErrorContains(t, err, "storage: configuration is a struct {}")
}

func TestLifecycle(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	e := start(t, dir)

	require.NoError(t, e.Health(t.Context()))
	assert.Len(t, e.Checks(), 3)
	assert.Equal(t, dir, e.Directory())
	metrics, err := e.MetricStore().Open(t.Context(), "1")
	require.NoError(t, err)
	require.NoError(t, metrics.Close())
	assert.NotNil(t, e.LogStore())
	assert.Empty(t, e.DefaultOrg(), "nothing has created it")
	org := metadata.Org{ID: "1", Name: defaultOrg, CreatedAt: time.Now()}
	require.NoError(t, e.Metadata().CreateOrg(t.Context(), org))
	assert.Equal(t, org.ID, e.DefaultOrg())

	require.NoError(t, e.Shutdown(t.Context()))
	require.NoError(t, e.Shutdown(t.Context()), "a second time")
	assert.Equal(t, errcode.Unavailable, errcode.Of(e.Health(t.Context())), "a late health check")

	assert.Equal(t, org.ID, start(t, dir).DefaultOrg(), "what was stored is there after a restart")
}

func TestShutdownWithoutStart(t *testing.T) {
	e := create(t, t.TempDir())
	require.NoError(t, e.Shutdown(t.Context()))
	require.NoError(t, e.Health(t.Context()))
	assert.Empty(t, e.Checks())
}

func TestSecondInstance(t *testing.T) {
	dir := t.TempDir()
	first := start(t, dir)

	err := create(t, dir).Start(t.Context(), componenttest.NewNopHost())
	require.Equal(t, errcode.Conflict, errcode.Of(err))
	require.ErrorContains(t, err, "is in use by another pharos (process "+strconv.Itoa(os.Getpid())+")")
	require.ErrorContains(t, err, "choose another folder with --data-dir")
	require.NoError(t, first.Health(t.Context()), "the first one goes on")

	require.NoError(t, first.Shutdown(t.Context()))
	start(t, dir)
}

// A server that died leaves its lock file and number behind, but not its lock.
func TestLeftOverLockFile(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pharos.lock"), []byte("4194303\n"), 0o600))
	require.NoError(t, start(t, dir).Health(t.Context()))
}

func TestFolderThatCannotBeWritten(t *testing.T) {
	for _, cause := range []error{syscall.EROFS, syscall.EACCES, syscall.EPERM} {
		err := notWritable("/srv", &os.PathError{Op: "open", Path: "/srv/pharos.lock", Err: cause})
		assert.Equal(t, errcode.Invalid, errcode.Of(err))
		require.ErrorIs(t, err, cause)
		require.ErrorContains(t, err, "the data folder /srv cannot be written (give the user that runs pharos")
	}
	err := notWritable("/srv", &os.PathError{Op: "open", Path: "/srv/pharos.lock", Err: syscall.ENOSPC})
	assert.Equal(t, errcode.Internal, errcode.Of(err))
}

// The tests may run as root, whom rights don't stop; a file in the place of a folder does.
func TestFailedStartLeavesNothingOpen(t *testing.T) {
	for _, name := range []string{"metadata.db", "metrics", "logs", "pharos.lock"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			blocker := filepath.Join(dir, name)
			if name == "metadata.db" || name == "pharos.lock" {
				require.NoError(t, os.Mkdir(blocker, 0o750))
			} else {
				require.NoError(t, os.WriteFile(blocker, nil, 0o600))
			}
			e := create(t, dir)
			require.Error(t, e.Start(t.Context(), componenttest.NewNopHost()))

			require.NoError(t, os.Remove(blocker))
			require.NoError(t, start(t, dir).Health(t.Context()), "nothing of the failed start is held")
		})
	}
}

func TestDirectoryInAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	err := create(t, filepath.Join(file, "data")).Start(t.Context(), componenttest.NewNopHost())
	require.ErrorContains(t, err, "create the data folder")
}

func TestSettingsReachTheStores(t *testing.T) {
	e := create(t, t.TempDir())
	e.cfg.Durability, e.cfg.MinFree = durabilityFsync, 7
	e.cfg.Metrics.MaxSeries, e.cfg.Metrics.MaxBytes, e.cfg.Logs.MaxBytes = 5, 11, 13

	m, l := e.metricsConfig(), e.logsConfig()
	assert.True(t, m.Sync)
	assert.True(t, l.Sync)
	assert.EqualValues(t, 7, m.MinFreeBytes)
	assert.EqualValues(t, 7, l.MinFreeBytes)
	assert.Equal(t, 5, m.MaxSeries)
	assert.EqualValues(t, 11, m.RetentionBytes)
	assert.EqualValues(t, 13, l.RetentionBytes)
	require.NoError(t, m.Validate())
	require.NoError(t, l.Validate())
}
