package timescale

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"
)

// Writers note in rollup_log, in the transaction of their samples, which minutes have got some.
// What the log does not name is rolled up, and right; readers take the samples of what it names.
// Rolling up takes a bucket off the log and puts the coarser one on it that the bucket is in.

// bucketStart returns the start of the finest bucket that a time is in.
func bucketStart(t int64) int64 { return floor(t-1, time.Minute.Milliseconds()) + 1 }

// touched returns the starts of the finest buckets that rows are in, each once.
func touched(rows []row) []int64 {
	var starts []int64
	seen := map[int64]struct{}{}
	last := int64(minTime - 1)
	for i := range rows {
		start := bucketStart(rows[i].t)
		if start == last {
			continue
		}
		last = start
		if _, there := seen[start]; !there {
			seen[start] = struct{}{}
			starts = append(starts, start)
		}
	}
	return starts
}

// logTouched is the statement that notes buckets.
func (s *Store) logTouched(starts []int64) string {
	var list strings.Builder
	for i, start := range starts {
		if i > 0 {
			list.WriteByte(',')
		}
		list.WriteString(strconv.FormatInt(start, 10))
	}
	return s.sql("INSERT INTO pharos.rollup_log (level, bucket) SELECT 0, " + fromMillis + " FROM unnest('{" + list.String() + "}'::bigint[]) AS millis")
}

// fromMillis makes a time of Unix milliseconds, without a rounding on the way.
const fromMillis = "'epoch'::timestamptz + millis * INTERVAL '1 millisecond'"

// rollupTables returns the tables that hold the rollups.
func (s *Store) rollupTables(ctx context.Context) ([]string, error) {
	var tables []string
	for _, r := range rollups() {
		name := pgx.Identifier{s.cfg.Schema, r.name}
		if s.engine == TimescaleDB {
			name = pgx.Identifier{"", ""}
			err := s.pool.QueryRow(ctx, `SELECT materialization_hypertable_schema, materialization_hypertable_name
				FROM timescaledb_information.continuous_aggregates WHERE view_schema = $1 AND view_name = $2`, s.cfg.Schema, r.name).Scan(&name[0], &name[1])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.name, err)
			}
		}
		tables = append(tables, name.Sanitize())
	}
	return tables, nil
}

const (
	// rollupDelay is how long after its end a bucket is rolled up: samples are late by seconds.
	rollupDelay = 30 * time.Second
	// rollupMargin keeps away from samples that are about to be dropped.
	rollupMargin = 2 * time.Hour
	// bucketsAtOnce is how many are rolled up in one transaction.
	bucketsAtOnce = 240
)

// RollUp brings the rollups up to date. The store does it by itself; where it has tables of its own
// for them one process at a time does, and the others return at once.
func (s *Store) RollUp(ctx context.Context) error {
	if err := s.await(ctx); err != nil {
		return err
	}
	if s.cfg.Policies.RollupWindow == 0 {
		return nil
	}
	some := s.rollUpSome
	if s.engine == TimescaleDB {
		some = s.refreshSome
	} else if err := s.summarize(ctx); err != nil {
		return coded("summarize what is new in the metric database", err)
	}
	for level, r := range rollups() {
		for {
			done, err := some(ctx, level)
			if err != nil {
				return coded("roll up "+r.name, err)
			}
			s.counters.rolledUp.Add(uint64(done))
			if done < bucketsAtOnce {
				break
			}
		}
	}
	var waiting int64
	err := s.pool.QueryRow(ctx, s.sql("SELECT count(DISTINCT (level, bucket)) FROM pharos.rollup_log")).Scan(&waiting)
	if err == nil {
		s.counters.rollupWait.Store(uint64(waiting))
	}
	return coded("count the buckets that are not rolled up", err)
}

// summarize tells the indexes by time of what was added since: parts of a table that they know
// nothing of are read whole. PostgreSQL does it when it vacuums, which is seldom where rows are only added.
func (s *Store) summarize(ctx context.Context) error {
	now := time.Now().UnixMilli()
	tables := []partitioned{samplesTable()}
	for _, r := range rollups()[:len(rollups())-1] {
		tables = append(tables, r.table())
	}
	var names []string
	for _, table := range tables {
		for _, at := range []int64{now, now - table.length.Milliseconds()} {
			names = append(names, s.cfg.Schema+"."+table.prefix()+timeOf(table.start(at)).Format(partitionDay))
		}
	}
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		owner := false
		if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1, $2)", s.class, summaryLock).Scan(&owner); err != nil || !owner {
			return err
		}
		if _, err := tx.Exec(ctx, lockWait); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `SELECT brin_summarize_new_values(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
			JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'brin' AND i.indrelid IN (SELECT to_regclass(name) FROM unnest($1::text[]) AS name)`, names)
		if state(err) == lockNotAvailable { // it is vacuumed, which does the same
			return nil
		}
		return err
	})
}

// due returns the condition for entries of the log that can be rolled up: the bucket is over, and
// its samples are all kept.
func (s *Store) due(level int) (oldest, newest time.Time) {
	now := time.Now()
	oldest = timeOf(minTime)
	if s.cfg.RetentionTime > 0 {
		oldest = now.Add(rollupMargin - time.Duration(s.cfg.RetentionTime))
	}
	return oldest, now.Add(-rollupDelay - rollups()[level].bucket)
}

const dueBuckets = `level = $1 AND bucket IN (SELECT DISTINCT bucket FROM pharos.rollup_log WHERE level = $1 AND bucket BETWEEN $2 AND $3 ORDER BY bucket LIMIT $4)`

// rollUpSome rolls up some buckets into a table of our own, in one transaction.
func (s *Store) rollUpSome(ctx context.Context, level int) (done int, err error) {
	oldest, newest := s.due(level)
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		owner := false
		if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1, $2)", s.class, rollupLock).Scan(&owner); err != nil || !owner {
			return err
		}
		rows, err := tx.Query(ctx, s.sql("DELETE FROM pharos.rollup_log WHERE "+dueBuckets+" RETURNING bucket"), level, oldest, newest, bucketsAtOnce)
		if err != nil {
			return err
		}
		logged, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
		if err != nil || len(logged) == 0 {
			return err
		}
		buckets := distinct(logged)
		done = len(buckets)
		for _, part := range spans(buckets, rollups()[level].bucket, 0) {
			if err := s.aggregate(ctx, tx, level, part); err != nil {
				return err
			}
		}
		return s.logCoarser(ctx, tx, level, buckets)
	})
	return done, err
}

// distinct returns times in order, each once, in Unix milliseconds.
func distinct(times []time.Time) []int64 {
	all := make([]int64, len(times))
	for i, at := range times {
		all[i] = at.UnixMilli()
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// timeSpan is a range of time, without its end.
type timeSpan struct{ from, to int64 }

// spans joins buckets that follow each other, over gaps of some length.
func spans(starts []int64, width, gap time.Duration) []timeSpan {
	var all []timeSpan
	for _, start := range starts {
		end := start + width.Milliseconds()
		if last := len(all) - 1; last >= 0 && start <= all[last].to+gap.Milliseconds() {
			all[last].to = end
			continue
		}
		all = append(all, timeSpan{start, end})
	}
	return all
}

// What a row of a rollup is made of, for the finest and for the others.
const (
	plainValue = "(abs(value) <= 1e300 OR value IN ('NaN', 'Infinity', '-Infinity'))"
	ofSamples  = `min(value) FILTER (WHERE ` + plainValue + `), max(value) FILTER (WHERE ` + plainValue + ` AND value <> 'NaN'),
		sum(value) FILTER (WHERE ` + plainValue + `), count(value) FILTER (WHERE ` + plainValue + `),
		(array_agg(value ORDER BY time DESC) FILTER (WHERE ` + plainValue + `))[1], count(*) FILTER (WHERE value IS NULL OR NOT ` + plainValue + `)
		FROM pharos.samples WHERE time >= $1 AND time < $2 AND (value IS NULL OR NOT pharos.is_stale(value))`
	ofFiner = `min(min), max(max), sum(sum), sum(count), (array_agg(last ORDER BY time DESC) FILTER (WHERE count > 0))[1], sum(left_out)
		FROM pharos.%s WHERE time >= $1 AND time < $2`
)

// aggregate makes the rows of a span of buckets.
func (s *Store) aggregate(ctx context.Context, tx pgx.Tx, level int, part timeSpan) error {
	r, source := rollups()[level], ofSamples
	if level > 0 {
		source = fmt.Sprintf(ofFiner, rollups()[level-1].name)
	}
	table := r.table()
	for start := table.start(part.from); start < part.to; start += table.length.Milliseconds() {
		if err := s.createPartition(ctx, tx, table, start); err != nil {
			return fmt.Errorf("create a partition of %s: %w", r.name, err)
		}
	}
	_, err := tx.Exec(ctx, s.sql(fmt.Sprintf(`INSERT INTO pharos.%s (series_id, time, min, max, sum, count, last, left_out)
		SELECT series_id, date_bin(%s, time, 'epoch'::timestamptz + INTERVAL '1 millisecond'), %s GROUP BY 1, 2
		ON CONFLICT (series_id, time) DO UPDATE SET (min, max, sum, count, last, left_out) =
			(excluded.min, excluded.max, excluded.sum, excluded.count, excluded.last, excluded.left_out)`, r.name, interval(r.bucket), source)),
		timeOf(part.from), timeOf(part.to))
	return err
}

// logCoarser notes that the coarser buckets have changed that some are in.
func (s *Store) logCoarser(ctx context.Context, tx pgx.Tx, level int, buckets []int64) error {
	if level+1 == len(rollups()) {
		return nil
	}
	width := rollups()[level+1].bucket.Milliseconds()
	var coarser []int64
	for _, start := range buckets {
		coarser = append(coarser, floor(start-1, width)+1)
	}
	_, err := tx.Exec(ctx, s.sql("INSERT INTO pharos.rollup_log (level, bucket) SELECT $1, "+fromMillis+" FROM unnest($2::bigint[]) AS millis"), level+1, slices.Compact(coarser))
	return err
}

// refreshGap is how far apart buckets may be that are refreshed together: what is between them and
// has not changed costs nothing.
const refreshGap = 2 * time.Hour

// refreshSome has TimescaleDB refresh some buckets of a continuous aggregate. It can't be one
// transaction: the log is cleared after the refresh, and what ends between is refreshed again.
func (s *Store) refreshSome(ctx context.Context, level int) (int, error) {
	oldest, newest := s.due(level)
	rows, err := s.pool.Query(ctx, s.sql("SELECT id, bucket FROM pharos.rollup_log WHERE "+dueBuckets), level, oldest, newest, bucketsAtOnce)
	if err != nil {
		return 0, err
	}
	var ids []int64
	var logged []time.Time
	var id int64
	var bucket time.Time
	if _, err = pgx.ForEachRow(rows, []any{&id, &bucket}, func() error {
		ids, logged = append(ids, id), append(logged, bucket)
		return nil
	}); err != nil || len(ids) == 0 {
		return 0, err
	}
	r, buckets := rollups()[level], distinct(logged)
	for _, part := range spans(buckets, r.bucket, refreshGap) {
		err := s.refresh(ctx, r, part)
		if state(err) == lockNotAvailable { // a policy is at it; the next time will do
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
	}
	return len(buckets), pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, s.sql("DELETE FROM pharos.rollup_log WHERE id = ANY($1)"), ids); err != nil {
			return err
		}
		return s.logCoarser(ctx, tx, level, buckets)
	})
}

// refresh refreshes a span of buckets. TimescaleDB takes no window of a single bucket that begins past a
// multiple of its width, so that the one before is in it too.
func (s *Store) refresh(ctx context.Context, r rollupTable, part timeSpan) error {
	if width := r.bucket.Milliseconds(); part.to-part.from == width {
		part.from -= width
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	const exact = "2006-01-02 15:04:05.000Z07:00"
	_, err = conn.Conn().PgConn().Exec(ctx, fmt.Sprintf("CALL refresh_continuous_aggregate('%s.%s', '%s', '%s')",
		s.cfg.Schema, r.name, timeOf(part.from).Format(exact), timeOf(part.to).Format(exact))).ReadAll()
	return err
}

// compactLog leaves each bucket once, which matters while nobody rolls up, and drops those whose samples
// are gone.
func (s *Store) compactLog(ctx context.Context, tx pgx.Tx) error {
	oldest := timeOf(minTime)
	if s.cfg.RetentionTime > 0 {
		oldest = time.Now().Add(-time.Duration(s.cfg.RetentionTime) - day)
	}
	_, err := tx.Exec(ctx, s.sql(`WITH gone AS (DELETE FROM pharos.rollup_log RETURNING level, bucket)
		INSERT INTO pharos.rollup_log (level, bucket) SELECT DISTINCT level, bucket FROM gone WHERE bucket >= $1`), oldest)
	if err != nil {
		return fmt.Errorf("compact the log of rollups: %w", err)
	}
	return nil
}

// rollupEvery is how often the store rolls up.
const rollupEvery = time.Minute

// keepRolledUp rolls up until the store closes.
func (s *Store) keepRolledUp(ctx context.Context) {
	if s.cfg.MaintainEvery == 0 || s.cfg.Policies.RollupWindow == 0 {
		return
	}
	ticker := time.NewTicker(rollupEvery)
	defer ticker.Stop()
	for {
		if err := s.RollUp(ctx); err != nil && ctx.Err() == nil {
			s.logger.Warn("roll up the metric database", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
