package tiered

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// Metrics is a metric store that reads the newest samples from a hot store and the others from a
// durable one. It takes no samples: both stores are fed by the log.
type Metrics struct {
	hot, durable storage.MetricStore
	progress     *Progress
	now          func() time.Time
	counts       counters
	closed       atomic.Bool
}

var (
	_ storage.MetricStore  = (*Metrics)(nil)
	_ storage.RollupReader = (*Metrics)(nil)
)

// Counts are how many reads went where.
type Counts struct {
	Hot     uint64 // to the hot store alone
	Durable uint64 // to the durable store alone
	Both    uint64 // to both
	Holes   uint64 // with a warning that samples may be missing
}

type counters struct{ hot, durable, both, holes atomic.Uint64 }

// NewMetrics joins two stores. They stay the caller's: closing the join closes neither.
func NewMetrics(hot, durable storage.MetricStore, progress *Progress) *Metrics {
	return &Metrics{hot: hot, durable: durable, progress: progress, now: time.Now}
}

// Open implements storage.MetricStore. The durable store is opened when something is read from it,
// so that the hot one answers while it is away; and while the hot one cannot be opened, the
// durable one answers.
func (m *Metrics) Open(ctx context.Context, org storage.OrgID) (storage.OrgMetrics, error) {
	if m.closed.Load() {
		return nil, errcode.New(errcode.Unavailable, "the metric store is closed")
	}
	hot, err := m.hot.Open(ctx, org)
	if err != nil && (errcode.Of(err) == errcode.Invalid || ctx.Err() != nil) {
		return nil, err
	}
	return &handle{metrics: m, org: org, hot: hot, hotErr: err}, nil
}

// Capabilities implements storage.MetricStore: what one of them leaves out is left out.
func (m *Metrics) Capabilities() storage.MetricCapabilities {
	hot, durable := m.hot.Capabilities(), m.durable.Capabilities()
	return storage.MetricCapabilities{
		NoNativeHistograms: hot.NoNativeHistograms || durable.NoNativeHistograms,
		NoExemplars:        hot.NoExemplars || durable.NoExemplars,
		NoStartTimestamps:  hot.NoStartTimestamps || durable.NoStartTimestamps,
	}
}

// Retention implements storage.MetricStore: it is that of the durable store.
func (m *Metrics) Retention() storage.Retention { return m.durable.Retention() }

// Health implements storage.MetricStore: it is that of the durable store. Who holds the hot one
// asks it and Progress.
func (m *Metrics) Health(ctx context.Context) error {
	if m.closed.Load() {
		return errcode.New(errcode.Unavailable, "the metric store is closed")
	}
	return m.durable.Health(ctx)
}

// Counts returns how many reads went where until now.
func (m *Metrics) Counts() Counts {
	return Counts{Hot: m.counts.hot.Load(), Durable: m.counts.durable.Load(), Both: m.counts.both.Load(), Holes: m.counts.holes.Load()}
}

// Close implements storage.MetricStore.
func (m *Metrics) Close() error {
	m.closed.Store(true)
	return nil
}

// RollupWidths implements storage.RollupReader: the rollups are those of the durable store.
func (m *Metrics) RollupWidths() []time.Duration {
	if reader, ok := m.durable.(storage.RollupReader); ok {
		return reader.RollupWidths()
	}
	return nil
}
