package tiered

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	promstorage "github.com/prometheus/prometheus/storage"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// handle is one caller's hold on an organisation in both stores.
type handle struct {
	metrics *Metrics
	org     storage.OrgID
	hot     storage.OrgMetrics // nil when it could not be opened
	hotErr  error

	mu      sync.Mutex
	durable storage.OrgMetrics // nil until something was read from it
	closed  bool
}

var (
	_ storage.OrgMetrics         = (*handle)(nil)
	_ promstorage.ChunkQueryable = (*handle)(nil)
)

// openDurable returns the organisation in the durable store.
func (h *handle) openDurable(ctx context.Context) (storage.OrgMetrics, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errUsedAfterClose()
	}
	if h.durable == nil {
		opened, err := h.metrics.durable.Open(ctx, h.org)
		if err != nil {
			return nil, err
		}
		h.durable = opened
	}
	return h.durable, nil
}

func errUsedAfterClose() error {
	return errcode.New(errcode.Unavailable, "metrics are used after they were closed")
}

// Close implements io.Closer. Closing again does nothing.
func (h *handle) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil
	}
	h.closed = true
	var errs []error
	if h.hot != nil {
		errs = append(errs, h.hot.Close())
	}
	if h.durable != nil {
		errs = append(errs, h.durable.Close())
	}
	return errors.Join(errs...)
}

// Querier implements storage.Queryable.
func (h *handle) Querier(mint, maxt int64) (promstorage.Querier, error) {
	return h.querier(mint, maxt)
}

func (h *handle) querier(mint, maxt int64) (*querier, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errUsedAfterClose()
	}
	return &querier{handle: h, cut: h.metrics.cut(h.org, h.hotErr), span: span{mint, maxt}}, nil
}

// ChunkQuerier implements storage.ChunkQueryable.
func (h *handle) ChunkQuerier(mint, maxt int64) (promstorage.ChunkQuerier, error) {
	q, err := h.querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	return chunkQuerier{q}, nil
}

// maxVariants is how many descriptions of one family are returned, the newest ones.
const maxVariants = 5

// Metadata implements storage.MetricReader. While the durable store is away it returns what the
// hot one knows: descriptions change seldom, and those of metrics that are sent are there.
func (h *handle) Metadata(ctx context.Context, metric string, limit int) (map[string][]metadata.Metadata, error) {
	found := map[string][]metadata.Metadata{}
	durable, err := h.openDurable(ctx)
	if err == nil {
		found, err = durable.Metadata(ctx, metric, limit)
	}
	if h.hot == nil || err != nil && errcode.Of(err) != errcode.Unavailable {
		return found, err
	}
	hot, err := h.hot.Metadata(ctx, metric, limit)
	if err != nil {
		return nil, err
	}
	if found == nil {
		found = map[string][]metadata.Metadata{}
	}
	for name, variants := range hot {
		for _, variant := range variants {
			if !slices.Contains(found[name], variant) {
				found[name] = append(found[name], variant)
			}
		}
		found[name] = found[name][max(0, len(found[name])-maxVariants):]
	}
	if names := slices.Sorted(maps.Keys(found)); limit > 0 && len(names) > limit {
		for _, name := range names[limit:] {
			delete(found, name)
		}
	}
	return found, nil
}

// Delete implements storage.MetricAdmin.
func (h *handle) Delete(ctx context.Context, from, to time.Time, matchers ...*labels.Matcher) error {
	if h.hot == nil {
		return fmt.Errorf("delete from the hot tier: %w", h.hotErr)
	}
	durable, err := h.openDurable(ctx)
	if err != nil {
		return err
	}
	if err := durable.Delete(ctx, from, to, matchers...); err != nil {
		return err
	}
	return h.hot.Delete(ctx, from, to, matchers...)
}

// Stats implements storage.MetricAdmin. The durable store has all samples but the newest; the hot
// one knows which series are active.
func (h *handle) Stats(ctx context.Context) (storage.MetricStats, error) {
	durable, err := h.openDurable(ctx)
	if err != nil {
		return storage.MetricStats{}, err
	}
	stats, err := durable.Stats(ctx)
	if err != nil || h.hot == nil {
		return stats, err
	}
	hot, err := h.hot.Stats(ctx)
	if err != nil {
		return storage.MetricStats{}, err
	}
	stats.ActiveSeries = cmp.Or(hot.ActiveSeries, stats.ActiveSeries)
	stats.Bytes += hot.Bytes
	stats.Samples = max(stats.Samples, hot.Samples)
	if stats.Oldest.IsZero() || !hot.Oldest.IsZero() && hot.Oldest.Before(stats.Oldest) {
		stats.Oldest = hot.Oldest
	}
	if hot.Newest.After(stats.Newest) {
		stats.Newest = hot.Newest
	}
	return stats, nil
}

// AppenderV2 implements storage.AppendableV2: nothing is taken.
func (h *handle) AppenderV2(context.Context) promstorage.AppenderV2 {
	return refusing{&errcode.Error{
		Code: errcode.Unimplemented, Message: "the joined metric store takes no samples", Fix: "send them to a gateway",
	}}
}

// refusing is the appender of a store that takes no samples.
type refusing struct{ err error }

// Append implements storage.AppenderV2.
func (r refusing) Append(promstorage.SeriesRef, labels.Labels, int64, int64, float64, *histogram.Histogram, *histogram.FloatHistogram, promstorage.AppendV2Options) (promstorage.SeriesRef, error) {
	return 0, r.err
}

// Commit implements storage.AppenderV2.
func (r refusing) Commit() error { return r.err }

// Rollback implements storage.AppenderV2.
func (r refusing) Rollback() error { return nil }
