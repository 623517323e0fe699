package timescale

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pharos-obs/pharos/storage"
)

// lockWait is how long maintenance may make others wait for a lock on the table of samples; it
// tries again next time.
const lockWait = "SET LOCAL lock_timeout = '2s'"

// Maintain creates the partitions of the days ahead, drops what is past its retention and the
// series that have no samples left. The store does it by itself; one process at a time works,
// and the others return at once.
func (s *Store) Maintain(ctx context.Context) error {
	if err := s.await(ctx); err != nil {
		return err
	}
	owner := false
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1, $2)", s.class, maintenanceLock).Scan(&owner); err != nil || !owner {
			return err
		}
		if _, err := tx.Exec(ctx, lockWait); err != nil {
			return err
		}
		if s.engine == PlainSQL {
			if err := s.createAhead(ctx, tx); err != nil {
				return err
			}
			if err := s.dropExpired(ctx, tx); err != nil {
				return err
			}
		}
		if err := s.compactLog(ctx, tx); err != nil {
			return err
		}
		return s.deleteExpired(ctx, tx)
	})
	if err == nil && owner && s.cfg.RetentionTime > 0 {
		err = s.dropEmptySeries(ctx)
	}
	return coded("maintain the metric database", err)
}

// deleteExpired deletes the counts and exemplars that are past their retention.
func (s *Store) deleteExpired(ctx context.Context, tx pgx.Tx) error {
	if s.cfg.RetentionTime == 0 {
		return nil
	}
	before := time.Now().Add(-time.Duration(s.cfg.RetentionTime))
	if _, err := tx.Exec(ctx, s.sql("DELETE FROM pharos.usage WHERE day < $1::timestamptz::date - 1"), before); err != nil {
		return fmt.Errorf("delete old counts: %w", err)
	}
	if _, err := tx.Exec(ctx, s.sql("DELETE FROM pharos.exemplars WHERE time < $1"), before); err != nil {
		return fmt.Errorf("delete old exemplars: %w", err)
	}
	return nil
}

// sweepSize is how many series are looked at in one transaction.
const sweepSize = 2000

// dropEmptySeries deletes series that are as old as retention and have no samples.
func (s *Store) dropEmptySeries(ctx context.Context) error {
	rows, err := s.pool.Query(ctx, s.sql("SELECT org_id::text FROM pharos.orgs ORDER BY num"))
	if err != nil {
		return err
	}
	orgs, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, id := range orgs {
		if err := s.sweepOrg(ctx, storage.OrgID(id)); err != nil {
			return fmt.Errorf("drop the empty series of %s: %w", id, err)
		}
	}
	return nil
}

func (s *Store) sweepOrg(ctx context.Context, id storage.OrgID) error {
	o, err := s.loadOrg(ctx, id)
	if err != nil {
		return err
	}
	before, last := time.Now().Add(-time.Duration(s.cfg.RetentionTime)), int64(0)
	for {
		rows, err := s.pool.Query(ctx, s.sql("SELECT id FROM pharos.series WHERE org_id = $1 AND id > $2 AND created_at < $3 ORDER BY id LIMIT $4"),
			string(id), last, before, sweepSize)
		if err != nil {
			return err
		}
		page, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(page) == 0 {
			return err
		}
		last = page[len(page)-1]
		// Looked at without the lock first: most have samples.
		empty, err := s.withoutSamples(ctx, page)
		if err != nil {
			return err
		}
		if len(empty) > 0 {
			if err := s.deleteEmpty(ctx, o, empty, true); err != nil {
				return err
			}
		}
	}
}

const noSamples = "NOT EXISTS (SELECT FROM pharos.samples WHERE series_id = id)"

// noRollups is the condition that no rollup has anything of a series.
func (s *Store) noRollups() string {
	parts := make([]string, len(s.rolled))
	for i, table := range s.rolled {
		parts[i] = "NOT EXISTS (SELECT FROM " + table + " WHERE series_id = id)"
	}
	return strings.Join(parts, " AND ")
}

func (s *Store) withoutSamples(ctx context.Context, ids []int64) ([]int64, error) {
	rows, err := s.pool.Query(ctx, s.sql("SELECT id FROM unnest($1::bigint[]) AS id WHERE "+noSamples), ids)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// deleteEmpty deletes those of some series that have no samples, and raises the epoch, so that
// no writer uses their ids again. It has the organisation's lock alone meanwhile. What rollups have of
// them, older than samples are kept, goes too or keeps them.
func (s *Store) deleteEmpty(ctx context.Context, o *org, ids []int64, withRollups bool) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	epoch, err := s.begin(ctx, conn, o, true)
	if err == nil {
		err = s.deleteEmptyLocked(ctx, conn, o, ids, withRollups)
	}
	if err == nil {
		err = s.end(ctx, conn)
	}
	if err != nil {
		rollback(ctx, conn)
		return err
	}
	o.refresh(o.cache.Load(), epoch+1)
	return nil
}

func (s *Store) deleteEmptyLocked(ctx context.Context, conn *pgxpool.Conn, o *org, ids []int64, withRollups bool) error {
	empty := noSamples
	if !withRollups {
		empty += " AND " + s.noRollups()
	}
	rows, err := conn.Query(ctx, s.sql("DELETE FROM pharos.series WHERE org_id = $1 AND id = ANY($2) AND "+empty+" RETURNING id"), string(o.id), ids)
	if err != nil {
		return err
	}
	deleted, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	if withRollups && len(deleted) > 0 {
		for _, table := range s.rolled {
			if _, err := conn.Exec(ctx, "DELETE FROM "+table+" WHERE series_id = ANY($1)", deleted); err != nil {
				return err
			}
		}
	}
	var count int64
	err = conn.QueryRow(ctx, s.sql("UPDATE pharos.orgs SET epoch = epoch + 1, series_count = series_count - $2 WHERE org_id = $1 RETURNING series_count"),
		string(o.id), len(deleted)).Scan(&count)
	if err == nil {
		o.count.Store(count)
	}
	return err
}
