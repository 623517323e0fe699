package metrics

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	promstorage "github.com/prometheus/prometheus/storage"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// handle is one caller's hold on an organisation.
type handle struct {
	org    *org
	db     *database
	closed atomic.Bool
}

var _ storage.OrgMetrics = (*handle)(nil)

// Close implements io.Closer. Closing again does nothing.
func (h *handle) Close() error {
	if h.closed.CompareAndSwap(false, true) {
		h.org.release()
	}
	return nil
}

// usable returns why the handle can't be used, or nil.
func (h *handle) usable() error {
	if h.closed.Load() {
		return errcode.New(errcode.Unavailable, "metrics are used after they were closed")
	}
	h.org.store.mu.Lock()
	defer h.org.store.mu.Unlock()
	if h.org.store.closed {
		return errClosed()
	}
	return nil
}

// writable returns why no samples are taken, or nil.
func (h *handle) writable() error {
	if err := h.usable(); err != nil {
		return err
	}
	if err := h.db.failure(); err != nil {
		return storeError("write metrics", err)
	}
	return h.org.store.space.check()
}

// AppenderV2 implements storage.AppendableV2.
func (h *handle) AppenderV2(ctx context.Context) promstorage.AppenderV2 {
	if err := h.writable(); err != nil {
		return refusing{err}
	}
	return newAppender(ctx, h)
}

// Querier implements storage.Queryable.
func (h *handle) Querier(mint, maxt int64) (promstorage.Querier, error) {
	if err := h.usable(); err != nil {
		return nil, err
	}
	mint = max(mint, notBefore(h.org.store.cfg.RetentionTime))
	querier, err := h.db.Querier(mint, maxt)
	if err != nil || !hasTombstones(h.db.DB) {
		return querier, err
	}
	return &trimmingQuerier{Querier: querier, mint: mint, maxt: maxt}, nil
}

// ExemplarQuerier implements storage.ExemplarQueryable.
func (h *handle) ExemplarQuerier(ctx context.Context) (promstorage.ExemplarQuerier, error) {
	if err := h.usable(); err != nil {
		return nil, err
	}
	return h.db.ExemplarQuerier(ctx)
}

// Metadata implements storage.MetricReader.
func (h *handle) Metadata(_ context.Context, metric string, limit int) (map[string][]metadata.Metadata, error) {
	if err := h.usable(); err != nil {
		return nil, err
	}
	return h.db.families.get(metric, limit), nil
}

// Delete implements storage.MetricAdmin; see deletion for samples that came out of order.
func (h *handle) Delete(ctx context.Context, from, to time.Time, matchers ...*labels.Matcher) error {
	if err := h.usable(); err != nil {
		return err
	}
	if from.After(to) {
		return nil // the TSDB would keep an interval that it cannot read
	}
	if h.db.Head().MinOOOTime() <= h.db.Head().MaxOOOTime() {
		if err := newDeletion(from, to, matchers).remember(h.org.dir); err != nil {
			return storeError("delete metrics: remember the deletion", err)
		}
		if err := h.db.CompactOOOHead(ctx); err != nil {
			return storeError("delete metrics: compact samples that came out of order", err)
		}
	}
	if err := h.db.Delete(ctx, from.UnixMilli(), to.UnixMilli(), matchers...); err != nil {
		return storeError("delete metrics", err)
	}
	return nil
}
