package main

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pharos-obs/pharos/agent/plugin"
)

const databaseQuery = `
SELECT datname, numbackends, xact_commit, xact_rollback, blks_read, blks_hit, tup_returned, tup_fetched, tup_inserted,
  tup_updated, tup_deleted, conflicts, deadlocks, temp_files, temp_bytes, stats_reset
FROM pg_stat_database WHERE datname IS NOT NULL AND datname NOT IN ('template0', 'template1')`

// databases measures pg_stat_database.
func (s *source) databases(ctx context.Context, connection *pgx.Conn, _ server, m *plugin.Metrics) error {
	count := int64(0)
	counters := []struct{ name, unit, about string }{
		{"postgresql.commits", "1", "Transactions that were committed."},
		{"postgresql.rollbacks", "1", "Transactions that were rolled back."},
		{"postgresql.blks_read", "{block}", "Blocks read from the disk."},
		{"postgresql.blks_hit", "{block}", "Blocks found in the server's cache."},
		{"postgresql.tup_returned", "{row}", "Rows that queries have looked at."},
		{"postgresql.tup_fetched", "{row}", "Rows that queries have fetched."},
		{"postgresql.tup_inserted", "{row}", "Rows inserted."},
		{"postgresql.tup_updated", "{row}", "Rows updated."},
		{"postgresql.tup_deleted", "{row}", "Rows deleted."},
		{"postgresql.conflicts", "{query}", "Queries cancelled on a standby, because of what the primary did."},
		{"postgresql.deadlocks", "{deadlock}", "Deadlocks."},
		{"postgresql.temp_files", "{file}", "Temporary files that queries have written."},
		{"postgresql.temp.io", "By", "Bytes that queries have written to temporary files."},
	}
	err := each(ctx, connection, databaseQuery, func(rows pgx.Rows) error {
		var name string
		var backends int64
		var reset *time.Time
		values := make([]int64, len(counters))
		targets := []any{&name, &backends}
		for i := range values {
			targets = append(targets, &values[i])
		}
		if err := rows.Scan(append(targets, &reset)...); err != nil {
			return err
		}
		count++
		database := plugin.Attr(attrDatabase, name)
		m.UpDownCounter("postgresql.backends", "1", "Connections to the database.").Int(backends, database)
		for i, one := range counters {
			counter := m.Counter(one.name, one.unit, one.about)
			if reset != nil {
				counter.Since(*reset)
			} else {
				counter.Since(time.Time{})
			}
			counter.Int(values[i], database)
		}
		return nil
	})
	m.UpDownCounter("postgresql.database.count", "{database}", "Databases of users.").Int(count)
	return err
}

const sizeQuery = `
SELECT datname, pg_database_size(oid) FROM pg_database
WHERE NOT datistemplate AND datallowconn AND has_database_privilege(oid, 'CONNECT')`

// databaseSizes measures how large databases are, not at every Collect.
func (s *source) databaseSizes(ctx context.Context, connection *pgx.Conn, _ server, m *plugin.Metrics) error {
	if time.Since(s.sizedAt) >= time.Duration(s.config.SizeInterval) {
		sizes := make(map[string]int64)
		err := each(ctx, connection, sizeQuery, func(rows pgx.Rows) error {
			var name string
			var size int64
			if err := rows.Scan(&name, &size); err != nil {
				return err
			}
			sizes[name] = size
			return nil
		})
		if err != nil {
			return err
		}
		s.sizes, s.sizedAt = sizes, time.Now()
	}
	for name, size := range s.sizes {
		m.UpDownCounter("postgresql.db_size", "By", "Size of the database on the disk.").Int(size, plugin.Attr(attrDatabase, name))
	}
	return nil
}
