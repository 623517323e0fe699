package storagetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/promqltest"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/test/matrix"
)

// RunPromQL runs Prometheus' own acceptance tests of PromQL on a store. Their samples begin
// at 1970, so open a store that keeps them.
func RunPromQL(t *testing.T, open func(t *testing.T) storage.MetricStore) {
	t.Helper()
	const lookback, maxSamples = 5 * time.Minute, 10_000
	suite, scripts := matrix.Begin(t, "Prometheus' tests of PromQL", matrix.Store(t)), make(map[*testing.T]bool)
	engine := promqltest.NewTestEngine(t, false, lookback, maxSamples)
	promqltest.RunBuiltinTestsWithStorage(t, engine, func(tb testing.TB) promstorage.Storage {
		tb.Helper()
		t, ok := tb.(*testing.T)
		require.True(tb, ok)
		if !scripts[t] { // a script may clear its storage and ask for another
			scripts[t] = true
			suite.Part(t)
		}
		store := open(t)
		org, err := store.Open(t.Context(), orgA)
		require.NoError(t, err)
		return &promStorage{OrgMetrics: org, store: store}
	})
}

// promStorage is one organisation's metrics as Prometheus' engine tests want a storage.
type promStorage struct {
	storage.OrgMetrics
	store storage.MetricStore
}

var _ promstorage.Storage = (*promStorage)(nil)

var errNotOffered = errors.New("not offered by this adapter")

// Appender implements storage.Appendable, which Prometheus is leaving.
func (s *promStorage) Appender(context.Context) promstorage.Appender { return nil }

// ChunkQuerier implements storage.ChunkQueryable.
func (s *promStorage) ChunkQuerier(int64, int64) (promstorage.ChunkQuerier, error) {
	return nil, errNotOffered
}

// StartTime implements storage.Storage.
func (s *promStorage) StartTime() (int64, error) { return 0, nil }

// Close implements storage.Storage.
func (s *promStorage) Close() error {
	return errors.Join(s.OrgMetrics.Close(), s.store.Close())
}
