package logs

import (
	"testing"

	"github.com/stretchr/testify/require"
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
