package metrics

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/compression"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// org is one organisation's place in the store; it stays while the TSDB in it comes and goes.
type org struct {
	store  *Store
	dir    string
	logger *zap.Logger

	mu       sync.Mutex
	db       *database
	handles  int
	lastUsed time.Time
	drained  chan struct{} // closed when the last handle is given back; nil when nobody waits
	openErr  error         // why the last opening failed
	retryAt  time.Time     // when to try again after that
	closed   bool
}

// database is an opened TSDB and what is kept beside it.
type database struct {
	*tsdb.DB
	families   *families
	samples    *sampleCount
	sync       *syncer
	generation atomic.Uint64
	broken     atomic.Pointer[error] // why it takes no writes until it was opened again

	// creating is held while the record of a new series is written, and shared while a series
	// is looked up by its labels: who finds a series finds it logged.
	creating sync.RWMutex
}

// fail notes why nothing may be written until the database was opened again: the write-ahead log
// may end in a torn record, or is not settled.
func (db *database) fail(err error) { db.broken.CompareAndSwap(nil, &err) }

// failure returns what fail noted, or nil.
func (db *database) failure() error {
	if err := db.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// acquire returns the organisation's database, opened, and counts the caller as a user of it.
func (o *org) acquire(ctx context.Context) (*database, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.db != nil && o.db.failure() != nil && o.store.space.check() == nil && o.roomToRepair() {
		if err := o.drain(ctx); err != nil {
			return nil, err
		}
		if o.db != nil && o.db.failure() != nil {
			o.logger.Warn("opening the metrics again after a failure to write", zap.Error(o.db.failure()))
			if err := o.closeLocked(); err != nil {
				o.logger.Warn("close metrics after a failed write", zap.Error(err))
			}
		}
	}
	if o.closed {
		return nil, errClosed()
	}
	if o.db == nil {
		if time.Now().Before(o.retryAt) {
			return nil, o.openErr
		}
		if o.db, o.openErr = o.open(context.WithoutCancel(ctx)); o.openErr != nil {
			o.retryAt = time.Now().Add(openRetry)
			return nil, o.openErr
		}
	}
	o.handles++
	o.lastUsed = time.Now()
	return o.db, nil
}

// openRetry is how soon an organisation that could not be opened is tried again.
const openRetry = 500 * time.Millisecond

// release gives back what acquire returned.
func (o *org) release() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.handles--
	o.lastUsed = time.Now()
	if o.handles == 0 && o.drained != nil {
		close(o.drained)
		o.drained = nil
	}
}

// drainWait bounds the wait for callers to give back a database that must be opened again.
const drainWait = 5 * time.Second

// drain waits until nobody uses the database. The caller holds mu, which is free meanwhile.
func (o *org) drain(ctx context.Context) error {
	timeout := time.NewTimer(drainWait)
	defer timeout.Stop()
	for o.handles > 0 {
		if o.drained == nil {
			o.drained = make(chan struct{})
		}
		drained := o.drained
		o.mu.Unlock()
		var err error
		select {
		case <-drained:
		case <-ctx.Done():
			err = ctx.Err()
		case <-timeout.C:
			err = errcode.New(errcode.Unavailable, "metrics of the organisation are opened again after a failed write")
		}
		o.mu.Lock()
		if err != nil {
			return err
		}
	}
	return nil
}

// closeIfIdle closes the database when nobody has used it for some time. An organisation
// that is opening or closing is left alone.
func (o *org) closeIfIdle(idle time.Duration) {
	if !o.mu.TryLock() {
		return
	}
	defer o.mu.Unlock()
	if o.db == nil || o.handles > 0 || time.Since(o.lastUsed) < idle {
		return
	}
	if err := o.closeLocked(); err != nil {
		o.logger.Warn("close idle metrics", zap.Error(err))
	}
}

// shutdown closes the database for good, when its users are done or the context ends.
func (o *org) shutdown(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	if err := o.drain(ctx); err != nil {
		o.logger.Warn("metrics are closed while they are in use", zap.Error(err))
	}
	return o.closeLocked()
}

func (o *org) closeLocked() error {
	if o.db == nil {
		return nil
	}
	db := o.db
	o.db = nil
	if err := errors.Join(db.Close(), db.families.close()); err != nil {
		return fmt.Errorf("close metrics in %s: %w", o.dir, err)
	}
	return nil
}

// health returns why the organisation takes no writes, or nil.
func (o *org) health() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.db != nil && o.db.failure() != nil {
		return storeError("write metrics in "+o.dir, o.db.failure())
	}
	return o.openErr
}

// open opens the TSDB. The caller takes the deadline out of the context: what was begun is
// of use to the next one.
func (o *org) open(ctx context.Context) (*database, error) {
	if err := os.MkdirAll(o.dir, 0o750); err != nil {
		return nil, openError(o.dir, err)
	}
	logger := newSlog(o.logger.With(zap.String("dir", o.dir)))
	if err := checkBlocks(o.dir, logger); err != nil {
		return nil, openError(o.dir, err)
	}
	families, err := openFamilies(filepath.Join(o.dir, familiesFile))
	if err != nil {
		return nil, openError(o.dir, err)
	}
	db := &database{families: families, samples: &sampleCount{}, sync: newSyncer(o.dir)}
	limit := &seriesLimit{max: int64(o.store.cfg.MaxSeries), collected: func() { db.generation.Store(o.nextGeneration()) }}
	db.DB, err = openWhole(ctx, o.dir, o.store.space.free, logger, o.options(limit, db))
	switch {
	case errors.Is(err, errUnsettled):
		o.logger.Warn("metrics can only be read until there is more room", zap.Error(err))
		db.fail(err)
	case err != nil:
		return nil, openError(o.dir, errors.Join(err, families.close()))
	}
	if err := db.deleteAgain(ctx, o.dir); err != nil {
		return nil, openError(o.dir, errors.Join(fmt.Errorf("delete again: %w", err), db.Close(), families.close()))
	}
	db.generation.Store(o.nextGeneration())
	limit.enforce.Store(true)
	db.samples.start(ctx, db.Head())
	return db, nil
}

func (o *org) nextGeneration() uint64 { return o.store.generations.Add(1) }

// options returns how the TSDB is set up.
func (o *org) options(limit *seriesLimit, db *database) *tsdb.Options {
	cfg := o.store.cfg
	opts := tsdb.DefaultOptions()
	opts.OutOfOrderTimeWindow = cfg.OutOfOrderWindow.Milliseconds()
	opts.RetentionDuration = 0 // see expired
	opts.MaxBytes = cfg.RetentionBytes
	opts.MaxBlockDuration = max(opts.MinBlockDuration, min(maxBlockDuration, cfg.RetentionTime/10).Milliseconds())
	if cfg.RetentionTime == 0 {
		opts.MaxBlockDuration = maxBlockDuration.Milliseconds()
	}
	opts.StripeSize = cfg.StripeSize
	opts.WALSegmentSize = walSegmentSize
	opts.MaxBlockChunkSegmentSize = blockSegmentSize
	opts.WALCompression = compression.Snappy
	opts.HeadChunksWriteQueueSize = 0
	opts.EnableExemplarStorage = cfg.MaxExemplars > 0
	opts.MaxExemplars = int64(cfg.MaxExemplars)
	opts.EnableSTStorage = true
	opts.FloatChunkEncoding = chunkenc.EncXOR2
	opts.EnableHistogramSTEncoding = true
	opts.SeriesLifecycleCallback = limit
	opts.BlocksToDelete = func(blocks []*tsdb.Block) map[blockID]struct{} {
		db.samples.compacted(blocks)
		return expired(db.DB, blocks, cfg.RetentionTime)
	}
	return opts
}

const (
	maxBlockDuration = 31 * 24 * time.Hour
	walSegmentSize   = 32 << 20
	// blockSegmentSize is how large a file of a block's chunks gets. A compaction allocates it
	// at once, so that the TSDB's default would ask for 512 MiB of room.
	blockSegmentSize = 32 << 20
)

// openError says what is wrong with an organisation's folder and what to do about it.
func openError(dir string, err error) error {
	if errcode.Of(err) == errcode.Unavailable {
		return err
	}
	coded := storeError("open metrics in "+dir, err)
	if errors.Is(err, os.ErrPermission) {
		coded.Fix = "give the user that runs pharos write access to the folder"
	}
	return coded
}

// seriesLimit refuses series past a number, and notes when series were dropped from memory.
type seriesLimit struct {
	max       int64
	series    atomic.Int64
	enforce   atomic.Bool // not while the log is replayed
	collected func()
}

var _ tsdb.SeriesLifecycleCallback = (*seriesLimit)(nil)

// PreCreation implements tsdb.SeriesLifecycleCallback.
func (l *seriesLimit) PreCreation(labels.Labels) error {
	if l.max > 0 && l.enforce.Load() && l.series.Load() >= l.max {
		return storage.ErrSeriesLimit
	}
	return nil
}

// PostCreation implements tsdb.SeriesLifecycleCallback.
func (l *seriesLimit) PostCreation(labels.Labels) { l.series.Add(1) }

// PostDeletion implements tsdb.SeriesLifecycleCallback.
func (l *seriesLimit) PostDeletion(deleted map[chunks.HeadSeriesRef]labels.Labels) {
	l.series.Add(-int64(len(deleted)))
	if len(deleted) > 0 {
		l.collected()
	}
}

// notBefore returns the Unix milliseconds before which samples are past their retention.
func notBefore(retention time.Duration) int64 {
	if retention == 0 {
		return math.MinInt64
	}
	return time.Now().Add(-retention).UnixMilli()
}
