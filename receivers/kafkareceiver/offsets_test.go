package kafkareceiver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func openTestOffsets(t *testing.T, dir string) (*offsetsFile, string) {
	t.Helper()
	f, why, err := openOffsets(dir, "metrics.incoming")
	require.NoError(t, err)
	return f, why
}

func TestOffsetsFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "offsets")
	f, why := openTestOffsets(t, dir)
	assert.Empty(t, why)
	assert.False(t, f.belongTo("cluster-1"))
	last := &message{offset: 41, time: time.UnixMilli(1_700_000_000_123), value: []byte("the last")}
	since := time.Unix(1_600_000_000, 0).UTC()
	f.set(3, savedAfter(last, since))
	require.NoError(t, f.save())
	f.set(4, savedPartition{Next: 1})

	_, _, err := openOffsets(dir, "metrics.incoming")
	require.ErrorContains(t, err, "directory: "+dir+" is used by another receiver")
	require.NoError(t, f.close())

	f, why = openTestOffsets(t, dir)
	assert.Empty(t, why)
	saved, ok := f.get(3)
	assert.True(t, ok)
	assert.Equal(t, int64(42), saved.Next)
	assert.Equal(t, since, saved.Since)
	assert.True(t, saved.isLast(last))
	assert.False(t, saved.isLast(&message{time: last.time, value: []byte("another")}))
	_, ok = f.get(4)
	assert.True(t, ok, "closing saves")
	assert.False(t, f.belongTo("cluster-1"))
	assert.True(t, f.belongTo("cluster-2"), "another cluster has other offsets")
	_, ok = f.get(3)
	assert.False(t, ok)
	require.NoError(t, f.close())
}

// TestOffsetsThatAreNotUsed has a torn file, and one from before a start of the machine, whose
// last writes to the store may be lost.
func TestOffsetsThatAreNotUsed(t *testing.T) {
	for says, change := range map[string]func(string) string{
		"they cannot be read":                             func(content string) string { return content[:len(content)/2] },
		"the machine was started since they were written": func(content string) string { return strings.Replace(content, bootID(), "another", 1) },
	} {
		dir := t.TempDir()
		f, _ := openTestOffsets(t, dir)
		f.set(0, savedPartition{Next: 7})
		require.NoError(t, f.close())
		content, err := os.ReadFile(f.path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(f.path, []byte(change(string(content))), 0o600))
		f, why := openTestOffsets(t, dir)
		assert.Contains(t, why, says)
		_, ok := f.get(0)
		assert.False(t, ok)
		require.NoError(t, f.close())
	}
}

func TestOffsetsNeedAFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, _, err := openOffsets(file, "metrics.incoming")
	require.ErrorContains(t, err, "directory: ")
	require.ErrorContains(t, err, "name a folder that can be written")
}

// TestOffsetsAreSavedLater holds that a disk without room loses nothing but time.
func TestOffsetsAreSavedLater(t *testing.T) {
	f, _ := openTestOffsets(t, t.TempDir())
	path := f.path
	f.set(0, savedPartition{Next: 7})
	f.path = filepath.Join(t.TempDir(), "missing", "file.json")
	require.ErrorContains(t, f.save(), "save the offsets of metrics.incoming")
	f.path = path
	require.NoError(t, f.close())
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Contains(t, string(content), `"next":7`)
}
