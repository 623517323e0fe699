package timescale

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/prometheus/model/histogram"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"

	"github.com/pharos-obs/pharos/storage/rollup"
)

// RollupWidths implements storage.RollupReader.
func (s *Store) RollupWidths() []time.Duration {
	if s.cfg.Policies.RollupWindow == 0 {
		return nil
	}
	var widths []time.Duration
	for _, r := range rollups() {
		widths = append(widths, r.bucket)
	}
	return widths
}

// rolledUp returns a querier that answers a request. Rollups may be kept for longer than samples.
func (q *querier) rolledUp(hints *promstorage.SelectHints, request rollup.Request) *querier {
	rolled := *q
	rolled.request = &request
	if hints != nil && !hints.DisableTrimming {
		rolled.asked = max(q.asked, hints.Start)
	}
	if keep := q.store.cfg.Policies.RollupRetention; keep > 0 {
		rolled.asked = max(rolled.asked, time.Now().Add(-time.Duration(keep)).UnixMilli())
	}
	return &rolled
}

// plan is how a request is answered: whole buckets from the rollup, but for the spans whose samples
// have to be read.
type plan struct {
	level      int
	first, end int64      // the buckets of (first, end]
	stale      []timeSpan // those that are not up to date, by the times that are in them
}

// buckets reads what the request asks for of some series, and counts it.
func (q *querier) buckets(ctx context.Context, of []known) (map[int64]points, int, error) {
	ids := idsOf(of)
	var rolled, raw map[int64]points
	// One state of the database for the log, the rollup and the samples.
	err := pgx.BeginTxFunc(ctx, q.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		p, err := q.plan(ctx, tx)
		if err != nil {
			return err
		}
		var wanting []int64
		if rolled, wanting, err = q.readRollup(ctx, tx, p, ids); err != nil {
			return err
		}
		raw = map[int64]points{}
		for _, part := range p.samples(q.mint, q.maxt) {
			if _, err := q.store.readSamples(ctx, tx, raw, ids, part.from, part.to-1); err != nil {
				return err
			}
		}
		if len(wanting) == 0 {
			return nil
		}
		from := q.mint
		if q.asked < q.mint { // the bucket that has lost samples comes from the rollup
			from = q.request.End(q.mint-1) + 1
		}
		for _, id := range wanting {
			rolled[id] = slices.DeleteFunc(rolled[id], func(p point) bool { return p.t >= from })
			delete(raw, id)
		}
		_, err = q.store.readSamples(ctx, tx, raw, wanting, from, q.maxt)
		return err
	})
	if err != nil {
		return nil, 0, coded("read rollups", err)
	}
	if err := q.addHints(ctx, raw); err != nil {
		return nil, 0, err
	}
	if len(rolled) > 0 && q.request.Read != nil {
		q.request.Read.Store(true)
	}
	return q.join(rolled, raw)
}

// plan looks at which buckets are not up to date.
func (q *querier) plan(ctx context.Context, tx pgx.Tx) (*plan, error) {
	width := q.request.Width.Milliseconds()
	p := &plan{level: slices.IndexFunc(rollups(), func(r rollupTable) bool { return r.bucket == q.request.Width })}
	p.first, p.end = q.request.End(q.asked-1), floor(q.maxt, width)
	if p.level < 0 || p.first >= p.end || q.store.cfg.Policies.RollupWindow == 0 {
		p.first, p.end = q.maxt, q.maxt // all from samples
		return p, nil
	}
	rows, err := tx.Query(ctx, q.store.sql("SELECT DISTINCT bucket FROM pharos.rollup_log WHERE level <= $1 AND bucket > $2 AND bucket <= $3"),
		p.level, timeOf(p.first), timeOf(p.end))
	if err != nil {
		return nil, err
	}
	logged, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		return nil, err
	}
	var starts []int64
	for _, start := range distinct(logged) {
		// Where samples are gone the rollup is the best there is.
		if start = floor(start-1, width) + 1; start >= q.mint {
			starts = append(starts, start)
		}
	}
	p.stale = spans(slices.Compact(starts), q.request.Width, 0)
	return p, nil
}

// samples returns the spans, with their end excluded, that are read from samples.
func (p *plan) samples(mint, maxt int64) []timeSpan {
	all := []timeSpan{{mint, min(p.first, maxt) + 1}}
	if p.first < p.end {
		all = append(all, p.stale...)
	}
	all = append(all, timeSpan{max(p.end+1, mint), maxt + 1})
	return slices.DeleteFunc(all, func(part timeSpan) bool { return part.from >= part.to })
}

// holds says whether a bucket is read from the rollup.
func (p *plan) holds(start int64) bool {
	_, found := slices.BinarySearchFunc(p.stale, start, func(part timeSpan, start int64) int {
		switch {
		case part.to <= start:
			return -1
		case part.from > start:
			return 1
		}
		return 0
	})
	return !found
}

// column is what of a rollup's row a function needs.
func column(function rollup.Func) string {
	if function == rollup.Count {
		return "count::float8"
	}
	return string(function)
}

// readRollup reads the buckets of series that are up to date, and returns the series that have something in
// one of them which only samples can tell.
func (q *querier) readRollup(ctx context.Context, tx pgx.Tx, p *plan, ids []int64) (read map[int64]points, wanting []int64, err error) {
	read = map[int64]points{}
	if p.first >= p.end {
		return read, nil, nil
	}
	width := q.request.Width.Milliseconds()
	rows, err := tx.Query(ctx, "SELECT series_id, time, "+column(q.request.Func)+", count, left_out FROM "+q.store.rolled[p.level]+
		" WHERE series_id = ANY($1) AND time > $2 AND time <= $3 ORDER BY series_id, time", ids, timeOf(p.first), timeOf(p.end))
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		raw := rows.RawValues()
		id, start := int64(binary.BigEndian.Uint64(raw[0])), milliseconds(int64(binary.BigEndian.Uint64(raw[1])))
		if !p.holds(start) {
			continue
		}
		if binary.BigEndian.Uint64(raw[4]) > 0 && start >= q.mint {
			if len(wanting) == 0 || wanting[len(wanting)-1] != id {
				wanting = append(wanting, id)
			}
			continue
		}
		if binary.BigEndian.Uint64(raw[3]) == 0 {
			continue
		}
		v := math.NaN()
		if raw[2] != nil {
			v = math.Float64frombits(binary.BigEndian.Uint64(raw[2]))
		}
		read[id] = append(read[id], point{t: start - 1 + width, v: v})
	}
	return read, wanting, rows.Err()
}

// join puts together what came from the rollup and what is made of samples.
func (q *querier) join(rolled, raw map[int64]points) (map[int64]points, int, error) {
	count := 0
	for id, samples := range raw {
		made, err := rollup.Samples(promstorage.NewListSeriesIteratorWithCopy(samples), *q.request)
		if err != nil {
			return nil, 0, fmt.Errorf("roll up the samples of series %d: %w", id, err)
		}
		all := rolled[id]
		sorted := true
		for _, s := range made {
			sorted = sorted && (len(all) == 0 || all[len(all)-1].t < s.T())
			all = append(all, point{t: s.T(), st: s.ST(), v: s.F(), h: s.H(), fh: floatOf(s)})
		}
		if !sorted {
			slices.SortFunc(all, func(a, b point) int { return cmp.Compare(a.t, b.t) })
		}
		rolled[id] = all
	}
	for _, all := range rolled {
		count += len(all)
	}
	return rolled, count, nil
}

// floatOf returns the histogram of a sample that is one of floats.
func floatOf(s chunks.Sample) *histogram.FloatHistogram {
	if s.Type() != chunkenc.ValFloatHistogram {
		return nil
	}
	return s.FH()
}
