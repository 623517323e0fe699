package timescale

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresEpoch is PostgreSQL's zero of time, in Unix microseconds.
const postgresEpoch = 946_684_800_000_000

// microseconds turns Unix milliseconds into PostgreSQL's binary timestamp.
func microseconds(t int64) int64 { return t*1000 - postgresEpoch }

// milliseconds turns PostgreSQL's binary timestamp into Unix milliseconds.
func milliseconds(micros int64) int64 {
	micros += postgresEpoch
	if micros%1000 < 0 {
		micros -= 1000
	}
	return micros / 1000
}

// copyRows sends rows by COPY in its binary form, which keeps the bits of a NaN. The columns for
// start times and histograms are left out when no row has any.
func (s *Store) copyRows(ctx context.Context, conn *pgxpool.Conn, table string, rows []row) error {
	content, wide := encodeRows(rows)
	columns := "(time, series_id, value)"
	if wide {
		columns = "(time, series_id, value, start_time, histogram)"
	}
	_, err := conn.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(content), s.sql("COPY "+table+" "+columns+" FROM STDIN BINARY"))
	return err
}

// encodeRows writes the binary form of COPY:
// https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4
func encodeRows(rows []row) (content []byte, wide bool) {
	size := 64
	for i := range rows {
		wide = wide || rows[i].start != 0 || rows[i].histogram != nil
		size += len(rows[i].histogram)
	}
	const narrowRow, wideRow = 2 + 3*(4+8), 2 + 5*(4+8)
	content = make([]byte, 0, size+len(rows)*wideRow)
	content = append(content, "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	order := binary.BigEndian
	number := func(to []byte, n uint64) []byte { return order.AppendUint64(append(to, 0, 0, 0, 8), n) }
	null := func(to []byte) []byte { return append(to, 0xff, 0xff, 0xff, 0xff) }
	for i := range rows {
		r := &rows[i]
		if wide {
			content = append(content, 0, 5)
		} else {
			content = append(content, 0, 3)
		}
		content = number(content, uint64(microseconds(r.t)))
		content = number(content, uint64(r.id))
		if r.histogram == nil {
			content = number(content, r.bits)
		} else {
			content = null(content)
		}
		if !wide {
			continue
		}
		if r.start != 0 {
			content = number(content, uint64(microseconds(r.start)))
		} else {
			content = null(content)
		}
		if r.histogram != nil {
			content = append(order.AppendUint32(content, uint32(len(r.histogram))), r.histogram...)
		} else {
			content = null(content)
		}
	}
	return append(content, 0xff, 0xff), wide
}

// stage makes a temporary table. What it is joined with has an index for it, and without counts
// of its rows the planner would read all samples instead.
const stage = `CREATE TEMPORARY TABLE pharos_stage (time timestamptz, series_id bigint, value double precision, start_time timestamptz, histogram bytea) ON COMMIT DROP;
	SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off`

// copyStaged sends rows through a temporary table, for a batch with rows that are there already.
// It returns the statements that count those that were not, how many they are, and how many were
// there with another value.
func (s *Store) copyStaged(ctx context.Context, conn *pgxpool.Conn, a *appender) (count []string, inserted, conflicts int64, err error) {
	if _, err := conn.Conn().PgConn().Exec(ctx, stage).ReadAll(); err != nil {
		return nil, 0, 0, err
	}
	if err := s.copyRows(ctx, conn, "pharos_stage", a.rows); err != nil {
		return nil, 0, 0, err
	}
	oldest, newest := a.span()
	err = conn.QueryRow(ctx, s.sql(`SELECT count(*) FROM pharos_stage JOIN pharos.samples USING (series_id, time)
		WHERE samples.time BETWEEN $1 AND $2 AND (samples.value, samples.histogram) IS DISTINCT FROM (pharos_stage.value, pharos_stage.histogram)`),
		timeOf(oldest), timeOf(newest)).Scan(&conflicts)
	if err != nil {
		return nil, 0, 0, err
	}
	rows, err := conn.Query(ctx, s.sql(`WITH added AS (
			INSERT INTO pharos.samples (time, series_id, value, start_time, histogram)
			SELECT time, series_id, value, start_time, histogram FROM pharos_stage ORDER BY series_id, time
			ON CONFLICT DO NOTHING RETURNING time)
		SELECT date_trunc('day', time, 'UTC') AS day, count(*), min(time), max(time) FROM added GROUP BY 1`))
	if err != nil {
		return nil, 0, 0, err
	}
	days, inserted, err := readUsage(rows)
	return s.usageStatements(a.org, days), inserted, conflicts, err
}

// span returns the times of the oldest and the newest row.
func (a *appender) span() (oldest, newest int64) {
	oldest, newest = maxTime, minTime
	for i := range a.rows {
		oldest, newest = min(oldest, a.rows[i].t), max(newest, a.rows[i].t)
	}
	return oldest, newest
}

// readUsage reads rows of a day's start, how many samples, their oldest and newest time.
func readUsage(rows pgx.Rows) (days map[int64]*usage, count int64, err error) {
	defer rows.Close()
	days = map[int64]*usage{}
	for rows.Next() {
		var start, oldest, newest time.Time
		u := &usage{}
		if err := rows.Scan(&start, &u.samples, &oldest, &newest); err != nil {
			return nil, 0, err
		}
		u.oldest, u.newest = oldest.UnixMilli(), newest.UnixMilli()
		days[start.UnixMilli()] = u
		count += u.samples
	}
	return days, count, rows.Err()
}

// writeExemplars stores exemplars, each once.
func (s *Store) writeExemplars(ctx context.Context, conn *pgxpool.Conn, exemplars []exemplarRow) error {
	if len(exemplars) == 0 {
		return nil
	}
	var (
		times   []time.Time
		ids     []int64
		hashes  [][16]byte
		values  []float64
		encoded []string
	)
	for i := range exemplars {
		e := &exemplars[i]
		text, err := encodeLabels(e.Labels.Map())
		if err != nil {
			return err
		}
		sum := sha256.Sum256([]byte(text))
		times, ids = append(times, time.UnixMilli(e.Ts)), append(ids, e.series.id.Load())
		hashes, values, encoded = append(hashes, [16]byte(sum[:16])), append(values, e.Value), append(encoded, text)
	}
	_, err := conn.Exec(ctx, s.sql(`INSERT INTO pharos.exemplars (time, series_id, hash, value, labels)
		SELECT * FROM unnest($1::timestamptz[], $2::bigint[], $3::uuid[], $4::float8[], $5::text[]::jsonb[]) ORDER BY 2, 1, 3
		ON CONFLICT DO NOTHING`), times, ids, hashes, values, encoded)
	return err
}

// writeFamilies stores what is new of families.
func (s *Store) writeFamilies(ctx context.Context, conn *pgxpool.Conn, o *org, families []family) error {
	if len(families) == 0 {
		return nil
	}
	var names, types, units, helps []string
	var hashes [][16]byte
	for _, f := range families {
		sum := sha256.Sum256([]byte(string(f.meta.Type) + "\x00" + f.meta.Unit + "\x00" + f.meta.Help))
		hashes = append(hashes, [16]byte(sum[:16]))
		names, types = append(names, f.name), append(types, string(f.meta.Type))
		units, helps = append(units, f.meta.Unit), append(helps, f.meta.Help)
	}
	_, err := conn.Exec(ctx, s.sql(`INSERT INTO pharos.families (org_id, name, hash, type, unit, help)
		SELECT $1, * FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[]) ORDER BY 2, 3
		ON CONFLICT DO NOTHING`), string(o.id), names, hashes, types, units, helps)
	return err
}
