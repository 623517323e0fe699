package metrics

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// blockFolders counts the blocks of an organisation on the disk.
func blockFolders(t *testing.T, dir string) int {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, string(acme)))
	require.NoError(t, err)
	count := 0
	for _, entry := range entries {
		if _, err := ulid.ParseStrict(entry.Name()); err == nil {
			count++
		}
	}
	return count
}

// TestRetentionOfAnOrganisationThatNobodyOpens opens the store again with a shorter retention;
// that alone deletes the old block.
func TestRetentionOfAnOrganisationThatNobodyOpens(t *testing.T) {
	dir, cfg := t.TempDir(), DefaultConfig()
	store, err := Open(dir, cfg, zap.NewNop())
	require.NoError(t, err)
	org := openOrg(t, store)
	old := time.Now().Add(-20 * time.Hour)
	for i := range 300 { // five hours: enough for a block
		require.NoError(t, appendTo(t, org, "x", old.Add(time.Duration(i)*time.Minute).UnixMilli()))
	}
	require.NoError(t, org.(*handle).db.Compact(t.Context()))
	require.NoError(t, org.Close())
	require.NoError(t, store.Close())
	require.Positive(t, blockFolders(t, dir))

	cfg.RetentionTime = time.Hour
	store, err = Open(dir, cfg, zap.NewNop())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	assert.Eventually(t, func() bool { return blockFolders(t, dir) == 0 }, 20*time.Second, 10*time.Millisecond)
}

func TestSweepLeavesAloneWhatIsWithinRetention(t *testing.T) {
	dir, cfg := t.TempDir(), DefaultConfig()
	store, err := Open(dir, cfg, zap.NewNop())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, os.MkdirAll(filepath.Join(dir, string(acme), "01HZZZZZZZZZZZZZZZZZZZZZZZ"), 0o750))
	store.sweepExpired(t.Context())
	assert.False(t, store.isOpen(acme), "a block that says nothing of itself opens nothing")
}
