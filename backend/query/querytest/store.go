// Package querytest holds stores in memory for the tests of the packages that query.
package querytest

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/util/teststorage"

	"github.com/pharos-obs/pharos/storage"
)

// Org is the organisation that the test stores know.
const Org = storage.OrgID("00000000-0000-4000-8000-000000000001")

// Metrics is a metric store for tests; its data are those of one promqltest storage, whichever
// organisation asks. It counts what is open.
type Metrics struct {
	Storage *teststorage.TestStorage
	Meta    map[string][]metadata.Metadata
	OpenErr error

	mu   sync.Mutex
	open int
}

// NewMetrics returns a store with the series of a promqltest load statement:
//
//	load 15s
//	  up{job="a"} 1 1 1
func NewMetrics(tb testing.TB, load string) *Metrics {
	tb.Helper()
	return &Metrics{Storage: promqltest.LoadedStorage(tb, load), Meta: map[string][]metadata.Metadata{}}
}

// Open implements storage.MetricStore.
func (m *Metrics) Open(context.Context, storage.OrgID) (storage.OrgMetrics, error) {
	if m.OpenErr != nil {
		return nil, m.OpenErr
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open++
	return &orgMetrics{TestStorage: m.Storage, store: m}, nil
}

// OpenCount returns how often the metrics are open and not closed.
func (m *Metrics) OpenCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.open
}

// Capabilities implements storage.MetricStore.
func (*Metrics) Capabilities() storage.MetricCapabilities { return storage.MetricCapabilities{} }

// Retention implements storage.MetricStore.
func (*Metrics) Retention() storage.Retention {
	return storage.Retention{Time: 30 * 24 * time.Hour, Bytes: 1 << 30}
}

// Health implements storage.MetricStore.
func (*Metrics) Health(context.Context) error { return nil }

// Close implements storage.MetricStore.
func (*Metrics) Close() error { return nil }

type orgMetrics struct {
	*teststorage.TestStorage
	store *Metrics
}

// Metadata implements storage.MetricReader.
func (o *orgMetrics) Metadata(_ context.Context, metric string, limit int) (map[string][]metadata.Metadata, error) {
	out := map[string][]metadata.Metadata{}
	for _, name := range slices.Sorted(maps.Keys(o.store.Meta)) {
		if (metric == "" || metric == name) && (limit == 0 || len(out) < limit) {
			out[name] = o.store.Meta[name]
		}
	}
	return out, nil
}

// Delete implements storage.MetricAdmin.
func (o *orgMetrics) Delete(ctx context.Context, from, to time.Time, matchers ...*labels.Matcher) error {
	return o.TestStorage.Delete(ctx, from.UnixMilli(), to.UnixMilli(), matchers...)
}

// Stats implements storage.MetricAdmin.
func (o *orgMetrics) Stats(context.Context) (storage.MetricStats, error) {
	return storage.MetricStats{ActiveSeries: o.Head().NumSeries()}, nil
}

// Close implements io.Closer.
func (o *orgMetrics) Close() error {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	o.store.open--
	return nil
}
