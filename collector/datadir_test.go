package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
)

func TestCheckDataDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	require.NoError(t, checkDataDir(dir))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries, "it leaves nothing behind")

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	err = checkDataDir(filepath.Join(file, "data"))
	assert.Equal(t, errcode.Invalid, errcode.Of(err))
	require.ErrorContains(t, err, "cannot be written")
	assert.Equal(t, exitUsage, exitCode(err))
}
