package timescale

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// hintLookback is how far before the range the histogram is looked for that the first one in it
// is compared with.
const hintLookback = time.Hour

// addHints says of native histograms whether counters were reset before them, as a Prometheus TSDB does. Samples
// may be stored in any order, so that it is found out when they are read.
func (q *querier) addHints(ctx context.Context, read map[int64]points) error {
	var ids []int64
	for id, samples := range read {
		if samples.haveHistograms() {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	before, err := q.samplesBefore(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		all := read[id]
		if first, there := before[id]; there {
			all = append(points{first}, all...)
		}
		if err := all.addHints(); err != nil {
			return fmt.Errorf("compare the histograms of series %d: %w", id, err)
		}
		read[id] = all[len(all)-len(read[id]):]
	}
	return nil
}

func (p points) haveHistograms() bool {
	for i := range p {
		if p[i].h != nil || p[i].fh != nil {
			return true
		}
	}
	return false
}

// samplesBefore reads the last sample of series before the range.
func (q *querier) samplesBefore(ctx context.Context, ids []int64) (map[int64]point, error) {
	start := timeOf(q.mint)
	rows, err := q.pool.Query(ctx, q.store.sql(`SELECT found.* FROM unnest($1::bigint[]) AS wanted (id) CROSS JOIN LATERAL (
			SELECT series_id, time, value, start_time, histogram FROM pharos.samples
			WHERE series_id = wanted.id AND time < $2 AND time >= $3 ORDER BY time DESC LIMIT 1) AS found`), ids, start, start.Add(-hintLookback))
	if err != nil {
		return nil, coded("read samples", err)
	}
	defer rows.Close()
	before := make(map[int64]point, len(ids))
	for rows.Next() {
		raw := rows.RawValues()
		p, err := decodePoint(raw[1:])
		if err != nil {
			return nil, err
		}
		before[int64(binary.BigEndian.Uint64(raw[0]))] = p
	}
	return before, coded("read samples", rows.Err())
}

// addHints encodes the samples as the TSDB would, which compares each histogram with the one
// before it, and takes over what comes out of that.
func (p points) addHints() error {
	for i := range p { // what the source says of a reset is kept, and of its absence is not
		if h := p[i].h; h != nil && h.CounterResetHint == histogram.NotCounterReset {
			h.CounterResetHint = histogram.UnknownCounterReset
		}
		if fh := p[i].fh; fh != nil && fh.CounterResetHint == histogram.NotCounterReset {
			fh.CounterResetHint = histogram.UnknownCounterReset
		}
	}
	chunks := promstorage.NewSeriesToChunkEncoder(&listedSeries{points: p}).Iterator(nil)
	i := 0
	for chunks.Next() {
		it := chunks.At().Chunk.Iterator(nil)
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			switch kind {
			case chunkenc.ValHistogram:
				_, h := it.AtHistogram(nil)
				p[i].h.CounterResetHint = h.CounterResetHint
			case chunkenc.ValFloatHistogram:
				_, fh := it.AtFloatHistogram(nil)
				p[i].fh.CounterResetHint = fh.CounterResetHint
			}
			i++
		}
		if err := it.Err(); err != nil {
			return err
		}
	}
	return chunks.Err()
}
