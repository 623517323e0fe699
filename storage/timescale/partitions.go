package timescale

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// partitions are the days that are known to have a partition, by their start.
type partitions struct {
	mu   sync.Mutex
	days map[int64]struct{}
}

func (p *partitions) has(start int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, there := p.days[start]
	return there
}

func (p *partitions) add(start int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.days == nil {
		p.days = map[int64]struct{}{}
	}
	p.days[start] = struct{}{}
}

func (p *partitions) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.days = nil
}

// partitionDay is the day in the name of a partition, that it begins with.
const partitionDay = "20060102"

// partitioned is a table that has partitions.
type partitioned struct {
	name   string
	length time.Duration // of a partition
	keep   time.Duration // how long rows are kept; 0 for ever
}

func samplesTable() partitioned { return partitioned{name: "samples", length: day} }

func (r rollupTable) table() partitioned { return partitioned{name: r.name, length: r.partition} }

func (p partitioned) prefix() string { return p.name + "_p" }

// start returns when the partition of a time begins, in Unix milliseconds.
func (p partitioned) start(t int64) int64 { return floor(t, p.length.Milliseconds()) }

// floor returns the multiple of length at or before a time.
func floor(t, length int64) int64 {
	rest := t % length
	if rest < 0 {
		rest += length
	}
	return t - rest
}

// ensurePartitions creates the partitions that rows need. TimescaleDB does it by itself.
func (s *Store) ensurePartitions(ctx context.Context, conn *pgxpool.Conn, rows []row) error {
	if s.engine != PlainSQL {
		return nil
	}
	last := int64(minTime - 1)
	for i := range rows {
		start := dayOf(rows[i].t)
		if start == last || s.partitions.has(start) {
			last = start
			continue
		}
		if err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return s.createPartition(ctx, tx, samplesTable(), start) }); err != nil {
			return fmt.Errorf("create the partition of %s: %w", time.UnixMilli(start).UTC().Format(time.DateOnly), err)
		}
		s.partitions.add(start)
		last = start
	}
	return nil
}

// createPartition creates the partition that begins at a time. It is attached when it is ready,
// which lets others read and write meanwhile, as creating it in place would not.
func (s *Store) createPartition(ctx context.Context, tx pgx.Tx, table partitioned, start int64) error {
	from := time.UnixMilli(start).UTC()
	name := table.prefix() + from.Format(partitionDay)
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1, $2)", s.class, partitionLock); err != nil {
		return err
	}
	var exists bool
	if err := tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", s.cfg.Schema+"."+name).Scan(&exists); err != nil || exists {
		return err
	}
	statements := fmt.Sprintf(`CREATE TABLE pharos.%[1]s (LIKE pharos.%[4]s INCLUDING ALL);
		ALTER TABLE pharos.%[4]s ATTACH PARTITION pharos.%[1]s FOR VALUES FROM ('%[2]s') TO ('%[3]s')`,
		name, from.Format(time.RFC3339), from.Add(table.length).Format(time.RFC3339), table.name)
	_, err := tx.Conn().PgConn().Exec(ctx, s.sql(statements)).ReadAll()
	return err
}

// Numbers of locks beside those of organisations, which are positive.
const (
	partitionLock   = -1
	maintenanceLock = -2
	policyLock      = -3
	rollupLock      = -4
	summaryLock     = -5
)

// partitionsAhead is how many days have their partition before they begin.
const partitionsAhead = 3

// createAhead creates the partitions of today and the days to come.
func (s *Store) createAhead(ctx context.Context, tx pgx.Tx) error {
	today := dayOf(time.Now().UnixMilli())
	for i := range int64(partitionsAhead + 1) {
		if err := s.createPartition(ctx, tx, samplesTable(), today+i*day.Milliseconds()); err != nil {
			return fmt.Errorf("create a partition ahead: %w", err)
		}
	}
	return nil
}

// dropExpired drops the partitions that are wholly past their retention.
func (s *Store) dropExpired(ctx context.Context, tx pgx.Tx) error {
	samples := samplesTable()
	samples.keep = time.Duration(s.cfg.RetentionTime)
	tables := []partitioned{samples}
	for _, r := range rollups() {
		table := r.table()
		table.keep = time.Duration(s.cfg.Policies.RollupRetention)
		tables = append(tables, table)
	}
	for _, table := range tables {
		if table.keep == 0 {
			continue
		}
		if err := s.dropPartitions(ctx, tx, table); err != nil {
			return err
		}
	}
	if samples.keep > 0 {
		s.partitions.forget()
	}
	return nil
}

func (s *Store) dropPartitions(ctx context.Context, tx pgx.Tx, table partitioned) error {
	before := time.Now().Add(-table.keep)
	rows, err := tx.Query(ctx, `SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = to_regclass($1) ORDER BY 1`, s.cfg.Schema+"."+table.name)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		start, err := time.Parse(partitionDay, strings.TrimPrefix(name, table.prefix()))
		if err != nil || start.Add(table.length).After(before) {
			continue // the operator's own, or still needed
		}
		if _, err := tx.Exec(ctx, s.sql("DROP TABLE pharos."+pgx.Identifier{name}.Sanitize())); err != nil {
			return fmt.Errorf("drop partition %s: %w", name, err)
		}
	}
	return nil
}
