package main

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/pharos-obs/pharos/agent/plugin"
)

// Without the rights of pg_monitor the state of others' connections is not shown.
const activityQuery = `
SELECT coalesce(datname, ''), coalesce(state, 'unknown'), count(*), count(*) FILTER (WHERE wait_event_type = 'Lock'),
  coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0)::float8,
  coalesce(extract(epoch FROM max(clock_timestamp() - query_start) FILTER (WHERE state = 'active')), 0)::float8
FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY 1, 2`

// activity measures connections by their state, and the longest transaction.
func (s *source) activity(ctx context.Context, connection *pgx.Conn, _ server, m *plugin.Metrics) error {
	waiting := int64(0)
	longest, longestQuery := make(map[string]float64), 0.0
	err := each(ctx, connection, activityQuery, func(rows pgx.Rows) error {
		var database, state string
		var count, locked int64
		var transaction, query float64
		if err := rows.Scan(&database, &state, &count, &locked, &transaction, &query); err != nil {
			return err
		}
		m.UpDownCounter("postgresql.connections", "{connection}", "Connections of clients, by what they do.").
			Int(count, plugin.Attr(attrDatabase, database), plugin.Attr("state", state))
		waiting += locked
		longest[database] = max(longest[database], transaction)
		longestQuery = max(longestQuery, query)
		return nil
	})
	if err != nil {
		return err
	}
	m.Gauge("postgresql.connections.waiting", "{connection}", "Connections that wait for a lock.").Int(waiting)
	m.Gauge("postgresql.query.longest", "s", "How long the longest running query has run.").Float(longestQuery)
	transactions := m.Gauge("postgresql.transaction.longest", "s", "How long the longest open transaction is open.")
	for database, seconds := range longest {
		transactions.Float(seconds, plugin.Attr(attrDatabase, database))
	}
	return nil
}

const lockQuery = `
SELECT mode, locktype, granted, count(*) FROM pg_locks WHERE pid IS DISTINCT FROM pg_backend_pid() GROUP BY 1, 2, 3`

// locks measures what is locked, and who waits for it.
func (s *source) locks(ctx context.Context, connection *pgx.Conn, _ server, m *plugin.Metrics) error {
	waiting := int64(0)
	err := each(ctx, connection, lockQuery, func(rows pgx.Rows) error {
		var mode, kind string
		var granted bool
		var count int64
		if err := rows.Scan(&mode, &kind, &granted, &count); err != nil {
			return err
		}
		if !granted {
			waiting += count
			return nil
		}
		m.UpDownCounter("postgresql.database.locks", "{lock}", "Locks that are held.").Int(count, plugin.Attr("mode", mode), plugin.Attr("lock_type", kind))
		return nil
	})
	m.UpDownCounter("postgresql.database.locks.waiting", "{lock}", "Locks that are waited for.").Int(waiting)
	return err
}

// PostgreSQL 17 has moved checkpoints to a view of their own, and what backends write to pg_stat_io.
const (
	backgroundQuery = `
SELECT checkpoints_timed, checkpoints_req, checkpoint_write_time, checkpoint_sync_time, buffers_checkpoint, buffers_clean,
  maxwritten_clean, buffers_backend, buffers_backend_fsync, buffers_alloc FROM pg_stat_bgwriter`
	backgroundQuery17 = `
SELECT c.num_timed, c.num_requested, c.write_time, c.sync_time, c.buffers_written, b.buffers_clean, b.maxwritten_clean,
  (SELECT coalesce(sum(writes), 0)::int8 FROM pg_stat_io WHERE backend_type NOT IN ('checkpointer', 'background writer')),
  (SELECT coalesce(sum(fsyncs), 0)::int8 FROM pg_stat_io WHERE backend_type NOT IN ('checkpointer', 'background writer')),
  b.buffers_alloc
FROM pg_stat_bgwriter b, pg_stat_checkpointer c`
)

// background measures the checkpointer and the background writer.
func (s *source) background(ctx context.Context, connection *pgx.Conn, about server, m *plugin.Metrics) error {
	query := backgroundQuery
	if about.version >= 170000 {
		query = backgroundQuery17
	}
	var timed, requested, checkpoint, clean, most, backend, backendFsync, allocated int64
	var write, sync float64
	if err := connection.QueryRow(ctx, query).Scan(&timed, &requested, &write, &sync, &checkpoint, &clean, &most, &backend, &backendFsync, &allocated); err != nil {
		return err
	}
	m.Counter("postgresql.bgwriter.checkpoint.count", "{checkpoint}", "Checkpoints, by what has caused them.").
		Int(timed, plugin.Attr("type", "scheduled")).Int(requested, plugin.Attr("type", "requested"))
	m.Counter("postgresql.bgwriter.duration", "ms", "Time that checkpoints took.").
		Float(write, plugin.Attr("type", "write")).Float(sync, plugin.Attr("type", "sync"))
	m.Counter("postgresql.bgwriter.buffers.writes", "{buffer}", "Buffers written, by who has written them.").
		Int(checkpoint, plugin.Attr("source", "checkpoints")).Int(clean, plugin.Attr("source", "bgwriter")).
		Int(backend, plugin.Attr("source", "backend")).Int(backendFsync, plugin.Attr("source", "backend_fsync"))
	m.Counter("postgresql.bgwriter.buffers.allocated", "{buffer}", "Buffers allocated.").Int(allocated)
	m.Counter("postgresql.bgwriter.maxwritten", "1", "How often the background writer has stopped because it had written too much.").Int(most)
	return nil
}
