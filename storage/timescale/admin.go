package timescale

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pharos-obs/pharos/storage"
)

// deletePage is how many series samples are deleted of in one transaction.
const deletePage = 500

// Delete implements storage.MetricAdmin. Series that have no samples left go with them. What was
// deleted before an error stays deleted; the same call again deletes the rest.
func (h *handle) Delete(ctx context.Context, from, to time.Time, matchers ...*labels.Matcher) error {
	if err := h.usable(); err != nil {
		return err
	}
	mint, maxt := max(from.UnixMilli(), minTime), min(to.UnixMilli(), maxTime)
	if mint > maxt {
		return nil
	}
	// A replica may not know of all series yet.
	q := &querier{store: h.store, pool: h.store.pool, org: h.org, mint: mint, maxt: maxt}
	found, err := q.find(ctx, matchers)
	if err != nil {
		return err
	}
	for len(found) > 0 {
		page := found[:min(deletePage, len(found))]
		found = found[len(page):]
		ids := make([]int64, len(page))
		for i, series := range page {
			ids[i] = series.id
		}
		if err := h.deleteSamples(ctx, ids, timeOf(mint), timeOf(maxt)); err != nil {
			return coded("delete metrics", err)
		}
		if err := h.store.deleteRefreshed(ctx, ids, timeOf(mint), timeOf(maxt)); err != nil {
			return coded("delete metrics from rollups", err)
		}
		if err := h.store.deleteEmpty(ctx, h.org, ids, false); err != nil {
			return coded("delete series without samples", err)
		}
	}
	return nil
}

// deleteSamples deletes what series have between two times, in one transaction.
func (h *handle) deleteSamples(ctx context.Context, ids []int64, from, to time.Time) error {
	s := h.store
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := s.begin(ctx, conn, h.org, false); err != nil {
		rollback(ctx, conn)
		return err
	}
	// A rollup that began before would bring back what it has read.
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_xact_lock($1, $2)", s.class, rollupLock); err != nil {
		rollback(ctx, conn)
		return err
	}
	rows, err := conn.Query(ctx, s.sql(`WITH gone AS (
			DELETE FROM pharos.samples WHERE series_id = ANY($1) AND time BETWEEN $2 AND $3 RETURNING time)
		SELECT date_trunc('day', time, 'UTC'), -count(*), min(time), max(time) FROM gone GROUP BY 1`), ids, from, to)
	var days map[int64]*usage
	if err == nil {
		days, _, err = readUsage(rows)
	}
	if err == nil {
		_, err = conn.Exec(ctx, s.sql("DELETE FROM pharos.exemplars WHERE series_id = ANY($1) AND time BETWEEN $2 AND $3"), ids, from, to)
	}
	if err == nil {
		err = s.deleteRolledUp(ctx, conn, ids, from, to)
	}
	if err == nil {
		err = s.end(ctx, conn, append(s.usageStatements(h.org, days), s.logEnds(from, to)...)...)
	}
	if err != nil {
		rollback(ctx, conn)
	}
	return err
}

// deleteRefreshed deletes once more what a refresh of TimescaleDB has brought back that began before the
// deletion: no lock of ours keeps its policies waiting.
func (s *Store) deleteRefreshed(ctx context.Context, ids []int64, from, to time.Time) error {
	if s.engine != TimescaleDB {
		return nil
	}
	return s.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error { return s.deleteRolledUp(ctx, conn, ids, from, to) })
}

// logEnds notes the buckets at the ends of a deletion, which may have samples left. Far from now there are none.
func (s *Store) logEnds(ends ...time.Time) []string {
	oldest, newest := time.Now().Add(-time.Duration(s.cfg.RetentionTime)), time.Now().Add(day)
	var starts []int64
	for _, end := range ends {
		if (end.After(oldest) || s.cfg.RetentionTime == 0 && end.UnixMilli() > 0) && end.Before(newest) {
			starts = append(starts, bucketStart(end.UnixMilli()))
		}
	}
	if len(starts) == 0 {
		return nil
	}
	return []string{s.logTouched(starts)}
}

// deleteRolledUp deletes the rows of rollups that hold anything of the range. What is left of those
// at its ends comes back when they are rolled up again.
func (s *Store) deleteRolledUp(ctx context.Context, conn *pgxpool.Conn, ids []int64, from, to time.Time) error {
	for level, r := range rollups() {
		_, err := conn.Exec(ctx, "DELETE FROM "+s.rolled[level]+" WHERE series_id = ANY($1) AND time > $2 AND time <= $3", ids, from.Add(-r.bucket), to)
		if err != nil {
			return err
		}
	}
	return nil
}

// sizeMemory is how long the size of the database is not asked again.
const sizeMemory = time.Minute

// sizeCache is the size of all samples on disk, which takes the server a while to add up.
type sizeCache struct {
	mu    sync.Mutex
	at    time.Time
	bytes int64
}

// Stats implements storage.MetricAdmin. The counts are those that writers keep: ActiveSeries are
// all series that exist, and Bytes is the organisation's share, by samples, of what all take.
func (h *handle) Stats(ctx context.Context) (storage.MetricStats, error) {
	if err := h.usable(); err != nil {
		return storage.MetricStats{}, err
	}
	s := h.store
	var stats storage.MetricStats
	var all int64
	var oldest, newest *time.Time
	err := s.reads.QueryRow(ctx, s.sql(`WITH days AS (
			SELECT org_id, sum(samples)::bigint AS samples, min(oldest) AS oldest, max(newest) AS newest
			FROM pharos.usage GROUP BY org_id, day HAVING sum(samples) > 0)
		SELECT (SELECT series_count FROM pharos.orgs WHERE org_id = $1), coalesce(sum(samples), 0)::bigint,
			coalesce(sum(samples) FILTER (WHERE org_id = $1), 0)::bigint, min(oldest) FILTER (WHERE org_id = $1), max(newest) FILTER (WHERE org_id = $1)
		FROM days`), string(h.org.id)).Scan(&stats.ActiveSeries, &all, &stats.Samples, &oldest, &newest)
	if err != nil {
		return stats, coded("measure metrics", err)
	}
	if stats.Samples == 0 {
		return stats, nil
	}
	stats.Oldest, stats.Newest = oldest.UTC(), newest.UTC()
	bytes, err := s.bytesOnDisk(ctx)
	if err != nil {
		return stats, coded("measure metrics", err)
	}
	stats.Bytes = int64(float64(bytes) * float64(stats.Samples) / float64(max(all, 1)))
	return stats, nil
}

// bytesOnDisk returns how much all samples take, with their indexes.
func (s *Store) bytesOnDisk(ctx context.Context) (int64, error) {
	s.size.mu.Lock()
	defer s.size.mu.Unlock()
	if time.Since(s.size.at) < sizeMemory {
		return s.size.bytes, nil
	}
	query := "SELECT hypertable_size($1::text::regclass)"
	if s.engine == PlainSQL {
		query = "SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint FROM pg_inherits WHERE inhparent = $1::text::regclass"
	}
	if err := s.reads.QueryRow(ctx, query, s.cfg.Schema+".samples").Scan(&s.size.bytes); err != nil {
		return 0, err
	}
	s.size.at = time.Now()
	return s.size.bytes, nil
}
