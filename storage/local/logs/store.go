package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	vmfs "github.com/VictoriaMetrics/VictoriaMetrics/lib/fs"
	"github.com/prometheus/prometheus/tsdb/fileutil"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logtail"
	"github.com/pharos-obs/pharos/storage/rejection"
)

var _ storage.LogStore = (*Store)(nil)

// Store is the local log store. One process opens a folder at a time.
type Store struct {
	dir    string
	cfg    Config
	logger *zap.Logger
	lock   fileutil.Releaser

	engine  *logstorage.Storage
	orgs    *orgTable
	seen    *seenTable
	journal *journal
	ids     *journal
	tails   logtail.Hub
	batches sync.Pool
	stats   statsCache

	// open is held for reading by every call, and for writing to close the store.
	open   sync.RWMutex
	closed bool
	// commit orders the check for duplicates, the append to the journal and the memory of ids.
	commit sync.Mutex
	epochs epochs
	// idSegments are the parts of the journal of ids; guarded by commit.
	idSegments []idSegment
	idsCut     uint64
	// added counts what was given to the engine; searches see what it was when visible was set
	// to it.
	added   atomic.Uint64
	visible atomic.Uint64
	flushMu sync.Mutex

	stop       chan struct{}
	background sync.WaitGroup
	freeBytes  func(path string) uint64
	dropped    droppedDays
}

// Open opens the log store in a folder, and creates it when there is none. It fails when the
// folder can't be written or another store has it open, and returns when all acknowledged records can be read.
func Open(dir string, cfg Config, logger *zap.Logger) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("open log store: %w", err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("open log store: %w", err)
	}
	// The engine panics when it can't have the folder for itself.
	lock, _, err := fileutil.Flock(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, errcode.New(errcode.Unavailable, "open log store in %s, which must be writable and used by one process only: %w", dir, err)
	}
	s, err := openLocked(dir, cfg, logger)
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	s.lock = lock
	return s, nil
}

func openLocked(dir string, cfg Config, logger *zap.Logger) (*Store, error) {
	orgs, err := openOrgTable(filepath.Join(dir, "orgs.json"))
	if err != nil {
		return nil, err
	}
	engineDir := filepath.Join(dir, "data")
	if err := quarantine(engineDir, filepath.Join(dir, "quarantine"), logger); err != nil {
		return nil, err
	}
	if cfg.ReadDay != nil {
		if err := readDays(engineDir, filepath.Join(dir, "quarantine"), cfg.ReadDay, logger); err != nil {
			return nil, err
		}
	}
	s := &Store{
		dir: dir, cfg: cfg, logger: logger, orgs: orgs, seen: newSeenTable(),
		stop: make(chan struct{}), freeBytes: vmfs.MustGetFreeSpace,
	}
	s.batches.New = func() any { return &batch{} }
	if s.engine, err = openEngine(engineDir, cfg); err != nil {
		return nil, err
	}
	if err := s.recover(); err != nil {
		s.engine.MustClose()
		return nil, err
	}
	s.background.Go(s.run)
	return s, nil
}

// Close makes everything durable and ends the store. Later calls fail with Unavailable.
func (s *Store) Close() error {
	s.open.Lock()
	defer s.open.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	close(s.stop)
	s.background.Wait()
	s.tails.Close()
	// The engine writes its rows to the disk, so that the journal is not needed any more.
	s.engine.MustClose()
	return errors.Join(s.dropAll(), s.journal.close(), s.ids.close(), s.lock.Release())
}

// enter begins a call; leave ends it.
func (s *Store) enter() error {
	s.open.RLock()
	if s.closed {
		s.open.RUnlock()
		return errClosed()
	}
	return nil
}

func errClosed() error { return errcode.New(errcode.Unavailable, "log store is closed") }

func (s *Store) leave() { s.open.RUnlock() }

// Health implements storage.LogStore.
func (s *Store) Health(context.Context) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	return s.checkSpace()
}

func (s *Store) checkSpace() error {
	free := s.freeBytes(s.dir)
	if free >= uint64(s.cfg.MinFreeBytes) {
		return nil
	}
	return &errcode.Error{
		Code:       errcode.OutOfSpace,
		Message:    fmt.Sprintf("log store has %d MiB of disk left and takes no more logs", free>>20),
		Fix:        fmt.Sprintf("free some space in %s, at least %d MiB, or lower the retention", s.dir, s.cfg.MinFreeBytes>>20),
		RetryAfter: 10 * time.Second,
	}
}

// Write implements storage.LogWriter.
func (s *Store) Write(ctx context.Context, org storage.OrgID, logs plog.Logs) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	if logs.LogRecordCount() == 0 {
		return nil
	}
	if err := s.checkSpace(); err != nil {
		return err
	}
	number, err := s.orgs.allocate(org)
	if err != nil {
		return err
	}
	b := s.batches.Get().(*batch)
	defer s.batches.Put(b)
	count, err := s.commitBatch(ctx, number, logs, b)
	if err != nil {
		b.rows.release()
		return err
	}
	b.rows.flush(s.engine)
	s.added.Add(1)
	if b.encoder.rows > 0 {
		s.tails.Publish(org, rowsOf(b.encoder.buf))
	}
	report := rejection.FromContext(ctx)
	for _, item := range b.rejected {
		report.Add(item)
	}
	if s.cfg.Sync {
		return s.journal.sync(count)
	}
	return nil
}

// commitBatch builds the batch and appends it to the journal.
func (s *Store) commitBatch(ctx context.Context, org uint32, logs plog.Logs, b *batch) (uint64, error) {
	for {
		now := time.Now()
		oldest := max(now.Add(-s.cfg.pastWindow()).UnixNano(), s.dropped.until(s.engine.PartitionList()))
		accepted := window{oldest, now.Add(s.cfg.FutureWindow).UnixNano()}
		if err := b.build(ctx, org, logs, s.seen, accepted, now); err != nil {
			return 0, err
		}
		count, done, err := s.tryCommit(org, b, now)
		if done || err != nil {
			return count, err
		}
	}
}

// tryCommit is not done when somebody wrote one of the records since the batch was built.
func (s *Store) tryCommit(org uint32, b *batch, now time.Time) (count uint64, done bool, err error) {
	s.commit.Lock()
	defer s.commit.Unlock()
	if b.encoder.rows == 0 {
		// All were written before: wait for that write to be on the disk.
		return s.journal.appended(), true, nil
	}
	if s.seen.overlaps(org, b.written) {
		return 0, false, nil
	}
	if count, err = s.journal.append(b.encoder.buf); err != nil {
		return 0, false, err
	}
	s.seen.add(org, b.written, now.UnixMilli())
	s.epochs.note(org, b.written, b.encoder.rows)
	return count, true, nil
}

// makeVisible lets searches see what was written before. It waits for a flush that another
// search has begun: what it is about is seen only when that has ended.
func (s *Store) makeVisible() {
	if s.visible.Load() == s.added.Load() {
		return
	}
	s.flushMu.Lock()
	defer s.flushMu.Unlock()
	if added := s.added.Load(); s.visible.Load() != added {
		s.engine.DebugFlush()
		s.visible.Store(added)
	}
}
