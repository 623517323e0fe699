package timescale

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// policy is a job of TimescaleDB that the configuration asks for.
type policy struct {
	relation string
	proc     string // the job's procedure
	key      string // the setting in its configuration that tells whether it is as wanted
	after    time.Duration
	add      string // with $1, the relation, and $2, the setting
	remove   string // with $1, the relation
}

// rollupTable is a continuous aggregate, or a table of the same columns.
type rollupTable struct {
	name      string
	bucket    time.Duration
	every     time.Duration // how often a policy refreshes it
	partition time.Duration // how long a partition is, without TimescaleDB
}

// rollups returns the rollups, the finest first.
func rollups() []rollupTable {
	return []rollupTable{
		{"samples_1m", time.Minute, time.Minute, day},
		{"samples_5m", 5 * time.Minute, 5 * time.Minute, 8 * day},
		{"samples_1h", time.Hour, 30 * time.Minute, 64 * day},
	}
}

// applyPolicies brings the jobs of the database to the configuration. A job that is as wanted is
// left alone, so that it keeps its schedule over restarts.
func (s *Store) applyPolicies(ctx context.Context) error {
	return coded("set the policies of TimescaleDB", pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1, $2)", s.class, policyLock); err != nil {
			return err
		}
		for _, p := range s.policies() {
			if err := s.applyPolicy(ctx, tx, p); err != nil {
				return fmt.Errorf("%s of %s: %w", p.proc, p.relation, err)
			}
		}
		return nil
	}))
}

func (s *Store) policies() []policy {
	const (
		addRetention    = "SELECT add_retention_policy($1::text::regclass, $2::interval)"
		removeRetention = "SELECT remove_retention_policy($1::text::regclass, if_exists => true)"
		addRefresh      = `SELECT add_continuous_aggregate_policy($1::text::regclass, start_offset => $2::interval, end_offset => %s, schedule_interval => %s)`
		removeRefresh   = "SELECT remove_continuous_aggregate_policy($1::text::regclass, if_exists => true)"
	)
	cfg := s.cfg.Policies
	all := []policy{
		{"samples", "policy_retention", "drop_after", time.Duration(s.cfg.RetentionTime), addRetention, removeRetention},
		{
			"samples", "policy_compression", "compress_after", time.Duration(cfg.CompressAfter),
			"SELECT add_compression_policy($1::text::regclass, $2::interval)", "SELECT remove_compression_policy($1::text::regclass, if_exists => true)",
		},
	}
	for _, r := range rollups() {
		add := fmt.Sprintf(addRefresh, interval(r.bucket), interval(r.every))
		all = append(all,
			policy{r.name, "policy_refresh_continuous_aggregate", "start_offset", time.Duration(cfg.RollupWindow), add, removeRefresh},
			policy{r.name, "policy_retention", "drop_after", time.Duration(cfg.RollupRetention), addRetention, removeRetention})
	}
	return all
}

// interval writes a constant duration for SQL.
func interval(d time.Duration) string {
	return fmt.Sprintf("INTERVAL '%d seconds'", int64(d.Seconds()))
}

func (s *Store) applyPolicy(ctx context.Context, tx pgx.Tx, p policy) error {
	// The job of a continuous aggregate stands under its own name or that of what it is stored in.
	var found, right bool
	err := tx.QueryRow(ctx, `SELECT count(*) > 0, coalesce(bool_and((config->>$3)::interval = $4::interval), false)
		FROM timescaledb_information.jobs WHERE proc_name = $2 AND (
			hypertable_schema = $5 AND hypertable_name = $1 OR (hypertable_schema, hypertable_name) IN (
				SELECT materialization_hypertable_schema, materialization_hypertable_name
				FROM timescaledb_information.continuous_aggregates WHERE view_schema = $5 AND view_name = $1))`,
		p.relation, p.proc, p.key, p.after, s.cfg.Schema).Scan(&found, &right)
	if err != nil || found && right && p.after > 0 || !found && p.after == 0 {
		return err
	}
	relation := s.cfg.Schema + "." + p.relation
	if found {
		if _, err := tx.Exec(ctx, p.remove, relation); err != nil {
			return err
		}
	}
	if p.after > 0 {
		_, err = tx.Exec(ctx, p.add, relation, p.after)
	}
	return err
}
