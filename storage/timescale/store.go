package timescale

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// Store is a storage.MetricStore on PostgreSQL or TimescaleDB.
type Store struct {
	cfg    Config
	logger *zap.Logger
	engine Engine        // known once the store is open
	pool   *pgxpool.Pool // takes writes
	reads  *pgxpool.Pool // the same, or a replica
	class  int32         // the first number of locks of organisations
	slot   int           // where this process counts samples

	rolled     []string // the tables that hold the rollups, by level
	partitions partitions
	counters   counters
	size       sizeCache

	opening *opening
	full    atomic.Bool // the last write found no room
	closed  atomic.Bool

	mu   sync.Mutex
	orgs map[storage.OrgID]*org

	stop context.CancelFunc
	done sync.WaitGroup
}

var (
	_ storage.MetricStore  = (*Store)(nil)
	_ storage.RollupReader = (*Store)(nil)
)

// Counters is what a store has done since it opened.
type Counters struct {
	Rows       uint64 // samples that were stored
	Series     uint64 // series that were created
	Duplicates uint64 // samples that were there already, by series and time
	Conflicts  uint64 // those of them that were there with another value, which was kept
	Staged     uint64 // batches that were repeated through a temporary table
	StaleIDs   uint64 // batches that were repeated because a series had been deleted
	Retries    uint64 // batches that were repeated after a deadlock or for a missing partition
	RolledUp   uint64 // buckets of rollups that this process has brought up to date
	RollupWait uint64 // buckets that waited for that after its last run
}

type counters struct {
	rows, series, duplicates, conflicts, staged, staleIDs, retries, rolledUp, rollupWait, censuses atomic.Uint64
}

// slots is over how many rows of the usage table writers spread.
const slots = 16

// sql writes a statement for the schema of this store.
func (s *Store) sql(statement string) string { return inSchema(statement, s.cfg.Schema) }

// Engine says how the database keeps samples; empty until the store is open.
func (s *Store) Engine() Engine {
	if !s.opening.done() {
		return ""
	}
	return s.engine
}

// Counters returns what the store has done since it opened.
func (s *Store) Counters() Counters {
	return Counters{
		Rows: s.counters.rows.Load(), Series: s.counters.series.Load(), Duplicates: s.counters.duplicates.Load(), Conflicts: s.counters.conflicts.Load(),
		Staged: s.counters.staged.Load(), StaleIDs: s.counters.staleIDs.Load(), Retries: s.counters.retries.Load(),
		RolledUp: s.counters.rolledUp.Load(), RollupWait: s.counters.rollupWait.Load(),
	}
}

// Connections are those that a pool of the store has.
type Connections struct {
	Pool             string // writes, or reads where a replica has a pool of its own
	InUse, Idle, Max int64
}

// Connections returns the state of each pool.
func (s *Store) Connections() []Connections {
	state := func(name string, pool *pgxpool.Pool) Connections {
		stat := pool.Stat()
		return Connections{name, int64(stat.AcquiredConns()), int64(stat.IdleConns()), int64(stat.MaxConns())}
	}
	all := []Connections{state("writes", s.pool)}
	if s.reads != s.pool {
		all = append(all, state("reads", s.reads))
	}
	return all
}

// orgPattern is a UUID in its canonical form.
var orgPattern = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// Open implements storage.MetricStore.
func (s *Store) Open(ctx context.Context, id storage.OrgID) (storage.OrgMetrics, error) {
	if !orgPattern.MatchString(string(id)) {
		return nil, errcode.InvalidField("org", fmt.Sprintf("%q is not an organisation's id", string(id)), "use the UUID that the server gave it")
	}
	if err := s.await(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	o := s.orgs[id]
	s.mu.Unlock()
	if o == nil {
		var err error
		if o, err = s.loadOrg(ctx, id); err != nil {
			return nil, err
		}
	}
	o.lastUsed.Store(time.Now().UnixNano())
	return &handle{store: s, org: o}, nil
}

// loadOrg reads an organisation from the database, and creates it when it is not there.
func (s *Store) loadOrg(ctx context.Context, id storage.OrgID) (*org, error) {
	read := func() (num int32, epoch, count int64, err error) {
		err = s.pool.QueryRow(ctx, s.sql("SELECT num, epoch, series_count FROM pharos.orgs WHERE org_id = $1"), string(id)).Scan(&num, &epoch, &count)
		return num, epoch, count, err
	}
	num, epoch, count, err := read()
	if errors.Is(err, pgx.ErrNoRows) {
		if _, err = s.pool.Exec(ctx, s.sql("INSERT INTO pharos.orgs (org_id) VALUES ($1) ON CONFLICT DO NOTHING"), string(id)); err == nil {
			num, epoch, count, err = read()
		}
	}
	if err != nil {
		return nil, coded("open the metrics of an organisation", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.orgs[id]; known != nil {
		return known, nil
	}
	o := newOrg(id, num, s.cfg.CacheSeries)
	o.cache.Store(newSeriesCache(epoch, s.cfg.CacheSeries))
	o.count.Store(count)
	s.orgs[id] = o
	return o, nil
}

// Capabilities implements storage.MetricStore: nothing is left out.
func (s *Store) Capabilities() storage.MetricCapabilities { return storage.MetricCapabilities{} }

// Retention implements storage.MetricStore.
func (s *Store) Retention() storage.Retention {
	return storage.Retention{Time: time.Duration(s.cfg.RetentionTime)}
}

// healthWait is how long the database may take to answer.
const healthWait = 5 * time.Second

// Health implements storage.MetricStore.
func (s *Store) Health(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healthWait)
	defer cancel()
	if err := s.await(ctx); err != nil {
		return err
	}
	if s.full.Load() {
		return &errcode.Error{Code: errcode.OutOfSpace, Message: "the disk of the metric database is full", Fix: "give it room, or shorten retention"}
	}
	for _, pool := range []*pgxpool.Pool{s.pool, s.reads} {
		var version uint
		err := pool.QueryRow(ctx, s.sql("SELECT version FROM pharos.schema_migrations")).Scan(&version)
		if errors.Is(err, context.DeadlineExceeded) {
			return &errcode.Error{Code: errcode.Unavailable, Message: "the metric database does not answer", Err: err}
		}
		if err != nil {
			return coded("ask the metric database", err)
		}
		if s.reads == s.pool {
			break
		}
	}
	return nil
}

// Close implements storage.MetricStore. It waits for calls under way.
func (s *Store) Close() error {
	if !s.closed.CompareAndSwap(false, true) {
		return nil
	}
	s.stop()
	s.done.Wait()
	s.closePools()
	return nil
}

func (s *Store) closePools() {
	if s.reads != s.pool {
		s.reads.Close()
	}
	s.pool.Close()
}

// work keeps the database and the caches tidy until the store closes.
func (s *Store) work(ctx context.Context) {
	every := time.Duration(s.cfg.MaintainEvery)
	if every == 0 {
		every = time.Duration(s.cfg.IdleClose)
	}
	if every == 0 {
		return
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		s.forgetIdle()
		if s.cfg.MaintainEvery == 0 {
			continue
		}
		if err := s.Maintain(ctx); err != nil && ctx.Err() == nil {
			s.logger.Warn("tidy the metric database", zap.Error(err))
		}
	}
}

// forgetIdle drops what is cached of organisations that nobody uses.
func (s *Store) forgetIdle() {
	if s.cfg.IdleClose == 0 {
		return
	}
	before := time.Now().Add(-time.Duration(s.cfg.IdleClose)).UnixNano()
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, o := range s.orgs {
		if o.lastUsed.Load() < before {
			delete(s.orgs, id)
		}
	}
}

// begin starts a transaction that holds the lock of an organisation, shared by its writers or
// alone, and returns its epoch as it is under the lock. It takes one round trip.
func (s *Store) begin(ctx context.Context, conn *pgxpool.Conn, o *org, alone bool) (epoch int64, err error) {
	mode := "_shared"
	if alone {
		mode = ""
	}
	statements := fmt.Sprintf("BEGIN; SELECT pg_advisory_xact_lock%s(%d, %d); ", mode, s.class, o.num) +
		s.sql(fmt.Sprintf("SELECT epoch FROM pharos.orgs WHERE num = %d", o.num))
	results, err := conn.Conn().PgConn().Exec(ctx, statements).ReadAll()
	if err != nil {
		return 0, err
	}
	last := results[len(results)-1]
	if len(last.Rows) != 1 {
		return 0, &errcode.Error{Code: errcode.Unavailable, Message: "the metric database has lost the organisation", Fix: "restart after the database was replaced"}
	}
	if _, err := fmt.Sscan(string(last.Rows[0][0]), &epoch); err != nil {
		return 0, fmt.Errorf("read the epoch: %w", err)
	}
	return epoch, nil
}

// end commits, after some last statements, in one round trip.
func (s *Store) end(ctx context.Context, conn *pgxpool.Conn, statements ...string) error {
	results, err := conn.Conn().PgConn().Exec(ctx, strings.Join(append(statements, "COMMIT"), "; ")).ReadAll()
	if err != nil {
		return err
	}
	if tag := results[len(results)-1].CommandTag.String(); tag != "COMMIT" {
		return fmt.Errorf("the transaction ended with %s", tag)
	}
	return nil
}

// rollbackWait is how long undoing may take after the caller has given up.
const rollbackWait = 2 * time.Second

// rollback ends a transaction. A connection where that fails is closed by the pool.
func rollback(ctx context.Context, conn *pgxpool.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackWait)
	defer cancel()
	_, _ = conn.Conn().PgConn().Exec(ctx, "ROLLBACK").ReadAll() // see above
}
