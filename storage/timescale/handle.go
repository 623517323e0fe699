package timescale

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/metadata"
	promstorage "github.com/prometheus/prometheus/storage"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// handle is one caller's hold on an organisation.
type handle struct {
	store  *Store
	org    *org
	closed atomic.Bool
}

var (
	_ storage.OrgMetrics         = (*handle)(nil)
	_ promstorage.ChunkQueryable = (*handle)(nil)
)

// Close implements io.Closer. Closing again does nothing.
func (h *handle) Close() error {
	h.closed.Store(true)
	return nil
}

// usable returns why the handle can't be used, or nil.
func (h *handle) usable() error {
	if h.closed.Load() {
		return errcode.New(errcode.Unavailable, "metrics are used after they were closed")
	}
	if h.store.closed.Load() {
		return errClosed()
	}
	return nil
}

// AppenderV2 implements storage.AppendableV2.
func (h *handle) AppenderV2(ctx context.Context) promstorage.AppenderV2 {
	if err := h.usable(); err != nil {
		return refusing{err}
	}
	h.org.lastUsed.Store(time.Now().UnixNano())
	return newAppender(ctx, h.store, h.org)
}

// Querier implements storage.Queryable.
func (h *handle) Querier(mint, maxt int64) (promstorage.Querier, error) {
	if err := h.usable(); err != nil {
		return nil, err
	}
	return h.querier(mint, maxt), nil
}

func (h *handle) querier(mint, maxt int64) *querier {
	oldest := int64(math.MinInt64)
	if h.store.cfg.RetentionTime > 0 {
		oldest = time.Now().Add(-time.Duration(h.store.cfg.RetentionTime)).UnixMilli()
	}
	return &querier{store: h.store, pool: h.store.reads, org: h.org, mint: max(mint, oldest, minTime), maxt: min(maxt, maxTime), asked: max(mint, minTime)}
}

// ChunkQuerier implements storage.ChunkQueryable.
func (h *handle) ChunkQuerier(mint, maxt int64) (promstorage.ChunkQuerier, error) {
	if err := h.usable(); err != nil {
		return nil, err
	}
	return chunkQuerier{h.querier(mint, maxt)}, nil
}

// ExemplarQuerier implements storage.ExemplarQueryable.
func (h *handle) ExemplarQuerier(ctx context.Context) (promstorage.ExemplarQuerier, error) {
	if err := h.usable(); err != nil {
		return nil, err
	}
	return &exemplarQuerier{ctx: ctx, handle: h}, nil
}

// maxVariants is how many descriptions of one family are returned, the newest ones.
const maxVariants = 5

// Metadata implements storage.MetricReader.
func (h *handle) Metadata(ctx context.Context, metric string, limit int) (map[string][]metadata.Metadata, error) {
	if err := h.usable(); err != nil {
		return nil, err
	}
	var most *int
	if limit > 0 {
		most = &limit
	}
	rows, err := h.store.reads.Query(ctx, h.store.sql(`SELECT name, type, unit, help FROM (
			SELECT *, dense_rank() OVER (ORDER BY name) AS place, row_number() OVER (PARTITION BY name ORDER BY updated_at DESC, hash) AS age
			FROM pharos.families WHERE org_id = $1 AND ($2 = '' OR name = $2)) AS numbered
		WHERE age <= $3 AND ($4::int IS NULL OR place <= $4::int) ORDER BY name, age DESC`), string(h.org.id), metric, maxVariants, most)
	if err != nil {
		return nil, coded("read metadata of metrics", err)
	}
	found := map[string][]metadata.Metadata{}
	var name, kind, unit, help string
	_, err = pgx.ForEachRow(rows, []any{&name, &kind, &unit, &help}, func() error {
		found[name] = append(found[name], metadata.Metadata{Type: model.MetricType(kind), Unit: unit, Help: help})
		return nil
	})
	if err != nil {
		return nil, coded("read metadata of metrics", err)
	}
	return found, nil
}
