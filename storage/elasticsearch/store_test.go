package elasticsearch

import (
	"testing"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/storagetest"
)

func TestConformance(t *testing.T) {
	url := endpoint(t)
	storagetest.RunLogStore(t, func(t *testing.T, dir string) storage.LogStore {
		t.Helper()
		return openConfig(t, testConfig(url, dir))
	}, storagetest.LogTail)
}
