package metrics

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dir string, cfg Config) *Store {
	t.Helper()
	store, err := Open(dir, cfg, zaptest.NewLogger(t, zaptest.Level(zapcore.WarnLevel)))
	require.NoError(t, err)
	return store
}

func TestConformance(t *testing.T) {
	for name, sync := range map[string]bool{"process": false, "fsync": true} {
		t.Run(name, func(t *testing.T) {
			storagetest.RunMetricStore(t, func(t *testing.T, dir string) storage.MetricStore {
				t.Helper()
				cfg := DefaultConfig()
				cfg.MaxSeries = storagetest.SeriesLimit
				cfg.OutOfOrderWindow = storagetest.OutOfOrderWindow
				cfg.Sync = sync
				return open(t, dir, cfg)
			})
		})
	}
}

func TestPromQL(t *testing.T) {
	storagetest.RunPromQL(t, func(t *testing.T) storage.MetricStore {
		t.Helper()
		cfg := DefaultConfig()
		cfg.RetentionTime = 0
		return open(t, t.TempDir(), cfg)
	})
}
