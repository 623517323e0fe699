package main

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/pharos-obs/pharos/agent/plugin"
)

// A standby that has standbys of its own measures from what it has received.
const replicaQuery = `
SELECT coalesce(nullif(application_name, ''), 'unknown') || coalesce('@' || host(client_addr), ''), coalesce(state, 'unknown'),
  pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, replay_lsn)::int8,
  extract(epoch FROM write_lag)::float8, extract(epoch FROM flush_lag)::float8, extract(epoch FROM replay_lag)::float8
FROM pg_stat_replication`

const slotQuery = `
SELECT slot_name, active,
  pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, restart_lsn)::int8
FROM pg_replication_slots`

const walAgeQuery = `SELECT coalesce(extract(epoch FROM clock_timestamp() - max(modification)), 0)::float8 FROM pg_ls_waldir()`

// A standby that has replayed everything is not late, however long the primary has been idle.
const standbyQuery = `
SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
  ELSE coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0) END::float8`

// replication measures how far standbys and slots are behind.
func (s *source) replication(ctx context.Context, connection *pgx.Conn, about server, m *plugin.Metrics) error {
	standby := int64(0)
	if about.inRecovery {
		standby = 1
		var late float64
		if err := connection.QueryRow(ctx, standbyQuery).Scan(&late); err != nil {
			return err
		}
		m.Gauge("postgresql.standby.delay", "s", "How old the newest transaction is that this standby has replayed, when there are newer ones.").Float(late)
	}
	m.Gauge("postgresql.standby", "1", "1 on a standby, 0 on a primary.").Int(standby)
	var age float64
	if err := connection.QueryRow(ctx, walAgeQuery).Scan(&age); err != nil {
		m.Warn(err) // it needs more rights than the rest
	} else {
		m.Gauge("postgresql.wal.age", "s", "Age of the newest file of the write-ahead log.").Float(age)
	}
	err := each(ctx, connection, replicaQuery, func(rows pgx.Rows) error {
		var client, state string
		var bytes *int64
		lags := make([]*float64, 3)
		if err := rows.Scan(&client, &state, &bytes, &lags[0], &lags[1], &lags[2]); err != nil {
			return err
		}
		name := plugin.Attr("replication_client", client)
		if bytes != nil {
			m.Gauge("postgresql.replication.data_delay", "By", "Bytes of the write-ahead log that a standby has not replayed.").Int(*bytes, name)
		}
		for i, operation := range []string{"write", "flush", "replay"} {
			seconds := 0.0 // a standby that is up to date has no lag
			if lags[i] != nil {
				seconds = *lags[i]
			}
			m.Gauge("postgresql.wal.delay", "s", "Time until a standby has written, flushed and replayed the log.").Float(seconds, name, plugin.Attr("operation", operation))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return each(ctx, connection, slotQuery, func(rows pgx.Rows) error {
		var name string
		var active bool
		var bytes *int64
		if err := rows.Scan(&name, &active, &bytes); err != nil {
			return err
		}
		slot, used := plugin.Attr("slot", name), int64(0)
		if active {
			used = 1
		}
		m.Gauge("postgresql.replication.slot.active", "1", "1 while somebody reads from the slot, 0 otherwise.").Int(used, slot)
		if bytes != nil {
			m.Gauge("postgresql.replication.slot.retained", "By", "Bytes of the write-ahead log that are kept for the slot.").Int(*bytes, slot)
		}
		return nil
	})
}
