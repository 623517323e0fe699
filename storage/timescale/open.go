package timescale

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// Open returns a store, and fails only for what is wrong in the configuration. It connects,
// migrates and probes in the background and tries again until it can; meanwhile calls fail with
// Unavailable and Health says why.
func Open(ctx context.Context, cfg Config, logger *zap.Logger) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("metric store: %w", err)
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Store{
		cfg: cfg, logger: logger, stop: stop, opening: newOpening(),
		class: int32(crc32.ChecksumIEEE([]byte(cfg.Schema))), slot: rand.IntN(slots), //nolint:gosec // spreads, hides nothing
		orgs: map[storage.OrgID]*org{},
	}
	if err := s.makePools(background); err != nil {
		stop()
		return nil, err
	}
	s.done.Go(func() {
		s.openUntilDone(background)
		s.done.Go(func() { s.keepRolledUp(background) })
		s.work(background)
	})
	return s, nil
}

// makePools makes the pools, which connect on first use.
func (s *Store) makePools(ctx context.Context) (err error) {
	if s.pool, err = newPool(ctx, s.cfg, s.cfg.DSN); err != nil {
		return err
	}
	s.reads = s.pool
	if s.cfg.ReadDSN == "" {
		return nil
	}
	if s.reads, err = newPool(ctx, s.cfg, s.cfg.ReadDSN); err != nil {
		s.pool.Close()
	}
	return err
}

func newPool(ctx context.Context, cfg Config, dsn string) (*pgxpool.Pool, error) {
	settings, err := cfg.poolConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("metric database: %w", err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	return pool, coded("connect to the metric database", err)
}

// opening is how far a store has got with opening.
type opening struct {
	tried  chan struct{} // closed after the first attempt
	opened chan struct{} // closed when the store is open

	mu  sync.Mutex
	err error // why the last attempt failed
}

func newOpening() *opening {
	return &opening{tried: make(chan struct{}), opened: make(chan struct{})}
}

func (o *opening) done() bool {
	select {
	case <-o.opened:
		return true
	default:
		return false
	}
}

func (o *opening) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// fail notes why an attempt failed, and says whether that is news.
func (o *opening) fail(err error) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	news := o.err == nil || o.err.Error() != err.Error()
	if o.err == nil {
		close(o.tried)
	}
	o.err = err
	return news
}

// How long it takes from one attempt to open to the next, first and at most.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 10 * time.Second
)

// openUntilDone tries until the store is open or is closed.
func (s *Store) openUntilDone(ctx context.Context) {
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		err := s.prepare(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			if s.opening.failed() != nil {
				s.logger.Info("the metric database can be used now")
			}
			close(s.opening.opened)
			return
		}
		if s.opening.fail(err) {
			s.logger.Warn("the metric database cannot be used yet", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause/2 + rand.N(pause)/2): //nolint:gosec // spreads, hides nothing
		}
	}
}

// openWait is how long a call waits for the first attempt to open.
const openWait = 5 * time.Second

// await returns nil when the store is open. It waits for the first attempt, and no longer: what
// is away then may be away for long.
func (s *Store) await(ctx context.Context) error {
	if s.closed.Load() {
		return errClosed()
	}
	if s.opening.done() {
		return nil
	}
	timer := time.NewTimer(openWait)
	defer timer.Stop()
	select {
	case <-s.opening.opened:
		return nil
	case <-s.opening.tried:
		return s.notOpen(s.opening.failed())
	case <-timer.C:
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.Canceled) {
			return ctx.Err()
		}
	}
	return s.notOpen(errors.New("the database has not answered yet, or another process migrates it"))
}

// notOpen is the error of calls until the store is open: one that can pass, whatever the reason.
func (s *Store) notOpen(reason error) error {
	if s.opening.done() { // meanwhile
		return nil
	}
	if s.closed.Load() {
		return errClosed()
	}
	return &errcode.Error{Code: errcode.Unavailable, Message: "the metric store is not open yet", Err: reason}
}

// prepare brings the tables to their version, and the database to the settings.
func (s *Store) prepare(ctx context.Context) error {
	migrator := &Migrator{pool: s.pool, schema: s.cfg.Schema, logger: s.logger}
	if s.cfg.Migrate {
		if err := migrator.Up(ctx); err != nil {
			return err
		}
	}
	at, err := migrator.Status(ctx)
	if err != nil {
		return err
	}
	if err := migrator.refuse(at); err != nil {
		return err
	}
	if len(at.Pending) > 0 {
		return &errcode.Error{
			Code:    errcode.Unavailable,
			Message: fmt.Sprintf("the metric database has version %d and this binary needs version %d", at.Version, at.Newest),
			Fix:     "run `pharos migrate up`, or set migrate to true",
		}
	}
	s.engine = at.Engine
	if s.rolled, err = s.rollupTables(ctx); err != nil {
		return coded("look for the rollups", err)
	}
	if s.engine == TimescaleDB {
		return s.applyPolicies(ctx)
	}
	return nil
}
