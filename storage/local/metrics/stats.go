package metrics

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunks"

	"github.com/pharos-obs/pharos/storage"
)

type blockID = ulid.ULID

// Stats implements storage.MetricAdmin.
func (h *handle) Stats(context.Context) (storage.MetricStats, error) {
	if err := h.usable(); err != nil {
		return storage.MetricStats{}, err
	}
	head := h.db.Head()
	stats := storage.MetricStats{
		ActiveSeries: head.NumSeries(),
		Samples:      uint64(max(0, h.db.samples.inHead.Load())),
		Bytes:        head.Size(),
	}
	oldest, newest := int64(math.MaxInt64), int64(math.MinInt64)
	if head.MinTime() != math.MaxInt64 {
		oldest, newest = min(head.MinTime(), head.MinOOOTime()), max(head.MaxTime(), head.MaxOOOTime())
	}
	for _, block := range h.db.Blocks() {
		meta := block.Meta()
		stats.Samples += meta.Stats.NumSamples
		stats.Bytes += block.Size()
		oldest, newest = min(oldest, meta.MinTime), max(newest, meta.MaxTime-1)
	}
	if oldest <= newest {
		stats.Oldest, stats.Newest = time.UnixMilli(oldest).UTC(), time.UnixMilli(newest).UTC()
	}
	return stats, nil
}

// sampleCount estimates how many samples are in memory. The TSDB does not count them: what is
// there when it opens is counted once, commits add, and blocks made of it take away.
type sampleCount struct {
	inHead  atomic.Int64
	seen    map[blockID]struct{} // blocks that were there before; nil until the TSDB is open
	started atomic.Bool
}

func (c *sampleCount) add(count int64) { c.inHead.Add(count) }

// start counts the samples of a head that was just opened.
func (c *sampleCount) start(ctx context.Context, head *tsdb.Head) {
	c.inHead.Add(countSamples(ctx, head))
	c.started.Store(true)
}

// compacted notes the blocks there are. The TSDB calls it under its own lock.
func (c *sampleCount) compacted(blocks []*tsdb.Block) {
	now := make(map[blockID]struct{}, len(blocks))
	for _, block := range blocks {
		meta := block.Meta()
		now[meta.ULID] = struct{}{}
		if _, known := c.seen[meta.ULID]; !known && c.started.Load() && meta.Compaction.Level == 1 {
			c.inHead.Add(-int64(meta.Stats.NumSamples))
		}
	}
	c.seen = now
}

// countSamples adds up the samples of the head's chunks; what can't be read counts nothing.
func countSamples(ctx context.Context, head *tsdb.Head) int64 {
	index, err := head.Index()
	if err != nil {
		return 0
	}
	defer func() { _ = index.Close() }()
	reader, err := head.Chunks()
	if err != nil {
		return 0
	}
	defer func() { _ = reader.Close() }()
	postings, err := index.Postings(ctx, "", "")
	if err != nil {
		return 0
	}
	var (
		total   int64
		builder labels.ScratchBuilder
		metas   []chunks.Meta
	)
	for postings.Next() {
		if index.Series(postings.At(), &builder, &metas) != nil {
			continue
		}
		for _, meta := range metas {
			if chunk, _, err := reader.ChunkOrIterable(meta); err == nil && chunk != nil {
				total += int64(chunk.NumSamples())
			}
		}
	}
	return total
}

// expired returns the blocks that retention takes: by size as the TSDB does, and by time as the
// clock says. The TSDB would count from the end of the newest block, which may be two hours from
// now, and take what is younger than the retention.
func expired(db *tsdb.DB, blocks []*tsdb.Block, retention time.Duration) map[blockID]struct{} {
	deletable := map[blockID]struct{}{}
	if db != nil {
		deletable = tsdb.DefaultBlocksToDelete(db)(blocks)
	}
	for _, block := range blocks {
		meta := block.Meta()
		if meta.Compaction.Deletable || meta.MaxTime <= notBefore(retention) {
			deletable[meta.ULID] = struct{}{}
		}
	}
	return deletable
}
