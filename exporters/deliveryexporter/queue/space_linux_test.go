package queue

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// A full disk costs the oldest first, then the sources are told; when there is room again all goes
// on. It needs a mount; where that is not allowed the tests of bounds have to do.
func TestFullDisk(t *testing.T) {
	dir, lost := t.TempDir(), losses{}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=512k"); err != nil {
		t.Logf("without a mount there is no full disk: %v", err)
		return
	}
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	opts := options(newClock(), lost)
	opts.SegmentBytes, opts.Sync = 16<<10, true
	q := open(t, filepath.Join(dir, "queue"), opts)
	record := func(n uint64) []byte { return append(number(n), make([]byte, 1000)...) }
	next := uint64(0)
	for ; next < 1000; next++ { // twice what fits, and less than MaxBytes
		require.NoError(t, q.Append(record(next), 1))
	}
	kept := q.Stats().Items
	assert.Equal(t, losses{DroppedFull: 1000 - kept}, lost)
	assert.Greater(t, kept, 350)

	// What is sent makes room, which something else takes.
	_, _ = drain(t, q)
	ballast, err := os.Create(filepath.Join(dir, "ballast"))
	require.NoError(t, err)
	for err == nil {
		_, err = ballast.Write(make([]byte, 4096))
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	err = q.Append(record(next), 1)
	assert.Equal(t, errcode.OutOfSpace, errcode.Of(err), "%v", err)
	assert.True(t, errcode.Retryable(err), "the source tries again")
	require.NoError(t, ballast.Truncate(0))
	require.NoError(t, ballast.Close())

	for range 10 {
		require.NoError(t, q.Append(record(next), 1))
		next++
	}
	fresh, _ := drain(t, q)
	assert.Equal(t, upTo(1000, next), fresh)
	assert.Equal(t, losses{DroppedFull: 1000 - kept}, lost)
	require.NoError(t, q.Close())
}
