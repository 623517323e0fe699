package logs

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/storagetest"
)

func openStore(t *testing.T, dir string) storage.LogStore {
	t.Helper()
	store, err := Open(dir, DefaultConfig(), zaptest.NewLogger(t))
	require.NoError(t, err)
	return store
}

func TestConformance(t *testing.T) {
	storagetest.RunLogStore(t, openStore)
}

func TestCloseEndsAllGoroutines(t *testing.T) {
	use := func() {
		store := openStore(t, t.TempDir())
		require.NoError(t, store.Write(t.Context(), testOrg, testLogs("batch", 10, time.Now())))
		_, err := store.Search(t.Context(), testOrg, storage.LogQuery{Limit: 1})
		require.NoError(t, err)
		require.NoError(t, store.Close())
		require.NoError(t, store.Close(), "closing twice")
	}
	use() // the engine's library has goroutines of the process, which begin with the first store
	before := goleak.IgnoreCurrent()
	use()
	goleak.VerifyNone(t, before)
}

func TestOneStoreAFolder(t *testing.T) {
	dir := t.TempDir()
	store := openStore(t, dir)
	_, err := Open(dir, DefaultConfig(), zaptest.NewLogger(t))
	require.ErrorContains(t, err, "one process only")
	require.NoError(t, store.Close())
	require.NoError(t, openStore(t, dir).Close())
}
