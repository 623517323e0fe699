package main

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/pharos-obs/pharos/agent/plugin"
)

// The largest are chosen by what the server knows already; only theirs are looked at on the disk.
// To look at the size of a table that somebody has locked would wait for him: it is left out.
const tableQuery = `
SELECT t.schemaname, t.relname,
  CASE WHEN t.relid IN (SELECT relation FROM pg_locks WHERE mode = 'AccessExclusiveLock') THEN NULL ELSE pg_total_relation_size(t.relid) END,
  t.seq_scan, coalesce(t.idx_scan, 0), t.n_live_tup, t.n_dead_tup,
  t.n_tup_ins, t.n_tup_upd, t.n_tup_del, t.n_tup_hot_upd, t.vacuum_count + t.autovacuum_count, t.analyze_count + t.autoanalyze_count,
  coalesce(o.heap_blks_read, 0), coalesce(o.heap_blks_hit, 0), coalesce(o.idx_blks_read, 0), coalesce(o.idx_blks_hit, 0)
FROM (SELECT oid FROM pg_class WHERE relkind IN ('r', 'm') AND relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname IN ('pg_catalog', 'information_schema')) ORDER BY relpages DESC, reltuples DESC LIMIT $1) largest
JOIN pg_stat_user_tables t ON t.relid = largest.oid
LEFT JOIN pg_statio_user_tables o ON o.relid = t.relid`

const indexQuery = `
SELECT i.schemaname, i.relname, i.indexrelname,
  CASE WHEN i.indexrelid IN (SELECT relation FROM pg_locks WHERE mode = 'AccessExclusiveLock') THEN NULL ELSE pg_relation_size(i.indexrelid) END,
  i.idx_scan
FROM (SELECT oid FROM pg_class WHERE relkind = 'i'
  AND relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname IN ('pg_catalog', 'pg_toast', 'information_schema')) ORDER BY relpages DESC LIMIT $1) largest
JOIN pg_stat_user_indexes i ON i.indexrelid = largest.oid`

// lockTimeout is how long a lock is waited for that somebody takes at this very moment.
const lockTimeout = `SET LOCAL lock_timeout = '1s'`

// relations measures the largest tables and indexes of a database.
func (s *source) relations(ctx context.Context, parsed *pgx.ConnConfig, database string, m *plugin.Metrics) error {
	if s.config.Tables == 0 && s.config.Indexes == 0 {
		return nil
	}
	connection, err := s.connect(ctx, parsed, database)
	if err != nil {
		return err
	}
	var count int64
	if err := connection.QueryRow(ctx, `SELECT count(*) FROM pg_stat_user_tables`).Scan(&count); err != nil {
		return err
	}
	name := plugin.Attr(attrDatabase, database)
	m.UpDownCounter("postgresql.table.count", "{table}", "Tables of users in the database.").Int(count, name)
	transaction, err := connection.Begin(ctx)
	if err != nil {
		return err
	}
	defer transaction.Rollback(ctx) //nolint:errcheck // it has only read
	if _, err := transaction.Exec(ctx, lockTimeout); err != nil {
		return err
	}
	if s.config.Tables > 0 {
		if err := each(ctx, connection, tableQuery, func(rows pgx.Rows) error { return scanTable(rows, name, m) }, s.config.Tables); err != nil {
			return err
		}
	}
	if s.config.Indexes == 0 {
		return nil
	}
	return each(ctx, connection, indexQuery, func(rows pgx.Rows) error { return scanIndex(rows, name, m) }, s.config.Indexes)
}

func scanIndex(rows pgx.Rows, database plugin.Attribute, m *plugin.Metrics) error {
	var schema, table, index string
	var size *int64
	var scans int64
	if err := rows.Scan(&schema, &table, &index, &size, &scans); err != nil {
		return err
	}
	which := []plugin.Attribute{database, plugin.Attr(attrSchema, schema), plugin.Attr(attrTable, table), plugin.Attr(attrIndex, index)}
	if size != nil {
		m.Gauge("postgresql.index.size", "By", "Size of the index on the disk.").Int(*size, which...)
	}
	m.Counter("postgresql.index.scans", "{scan}", "Scans of the index.").Int(scans, which...)
	return nil
}

func scanTable(rows pgx.Rows, database plugin.Attribute, m *plugin.Metrics) error {
	var schema, table string
	var size *int64
	var sequential, byIndex, live, dead, inserted, updated, deleted, hot, vacuums, analyzes, heapRead, heapHit, indexRead, indexHit int64
	if err := rows.Scan(&schema, &table, &size, &sequential, &byIndex, &live, &dead, &inserted, &updated, &deleted, &hot,
		&vacuums, &analyzes, &heapRead, &heapHit, &indexRead, &indexHit); err != nil {
		return err
	}
	with := func(key, value string) []plugin.Attribute {
		return []plugin.Attribute{database, plugin.Attr(attrSchema, schema), plugin.Attr(attrTable, table), plugin.Attr(key, value)}
	}
	plain := with("", "")
	if size != nil {
		m.UpDownCounter("postgresql.table.size", "By", "Size of the table with its indexes on the disk.").Int(*size, plain...)
	}
	m.Counter("postgresql.sequential_scans", "{sequential_scan}", "Scans of the whole table.").Int(sequential, plain...)
	m.Counter("postgresql.table.index_scans", "{scan}", "Scans of the table by an index.").Int(byIndex, plain...)
	m.UpDownCounter("postgresql.rows", "1", "Rows of the table, by the server's estimate.").Int(live, with("state", "live")...).Int(dead, with("state", "dead")...)
	m.Counter("postgresql.operations", "1", "Rows changed.").
		Int(inserted, with("operation", "ins")...).Int(updated, with("operation", "upd")...).
		Int(deleted, with("operation", "del")...).Int(hot, with("operation", "hot_upd")...)
	m.Counter("postgresql.table.vacuum.count", "{vacuum}", "Vacuums of the table, by hand and by autovacuum.").Int(vacuums, plain...)
	m.Counter("postgresql.table.analyze.count", "{analyze}", "Analyzes of the table, by hand and by autovacuum.").Int(analyzes, plain...)
	m.Counter("postgresql.blocks_read", "1", "Blocks read, from the disk and from the cache.").
		Int(heapRead, with("source", "heap_read")...).Int(heapHit, with("source", "heap_hit")...).
		Int(indexRead, with("source", "idx_read")...).Int(indexHit, with("source", "idx_hit")...)
	return nil
}
