package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/tsdb"
)

const (
	// corruptionsMetric counts the repairs of the write-ahead logs since a TSDB was opened.
	corruptionsMetric = "prometheus_tsdb_wal_corruptions_total"
	// maxRepairs bounds how often a TSDB is opened: once finds a torn log of samples, once that
	// of samples out of order, and the third finds none.
	maxRepairs = 4
)

// openWhole opens a TSDB with everything in it. When the TSDB finds the end of its write-ahead
// log torn, it repairs that and goes on without reading the log of samples out of order, which
// would be missing, and lost when that log is torn too. So it is opened again until there is
// nothing to repair.
//
// After the death of a process it settles what is out of order, see settle; without the room for
// that it returns the TSDB all the same, for reading, and an error that wraps errUnsettled.
func openWhole(ctx context.Context, dir string, free freeSpace, logger *slog.Logger, options *tsdb.Options) (*tsdb.DB, error) {
	if err := noteDeath(dir); err != nil {
		return nil, err
	}
	for range maxRepairs {
		registry := prometheus.NewRegistry()
		db, err := tsdb.Open(dir, logger, registry, options, nil)
		if err != nil {
			return nil, err
		}
		repaired, err := repairs(registry)
		if err == nil && repaired == 0 {
			switch err := settle(ctx, db, dir, free); {
			case errors.Is(err, errUnsettled):
				return db, err
			case err != nil:
				return nil, errors.Join(err, db.Close())
			}
			return db, nil
		}
		logger.Warn("opening again after a repair of the write-ahead log", slog.Float64("repairs", repaired))
		if err := errors.Join(err, db.Close()); err != nil {
			return nil, fmt.Errorf("close after a repair: %w", err)
		}
	}
	return nil, fmt.Errorf("the write-ahead log is still torn after %d repairs", maxRepairs)
}

const (
	// lockFile is what a TSDB leaves behind when its process dies.
	lockFile = "lock"
	// unsettledFile says that the process died, and that the log of samples out of order has
	// not been written anew since.
	unsettledFile = "unsettled"
)

// noteDeath remembers that the process which had the TSDB open before has died.
func noteDeath(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, lockFile)); err != nil {
		return nil //nolint:nilerr // closed cleanly, or never open
	}
	return os.WriteFile(filepath.Join(dir, unsettledFile), nil, 0o600)
}

// errUnsettled says that there is no room to settle. Nothing may be written before that.
var errUnsettled = errors.New("samples out of order must be written to blocks after the death of a process")

// freeSpace returns how many bytes are free in the file system of a folder.
type freeSpace func(dir string) (uint64, error)

// settle writes the samples out of order to blocks and their log anew after the death of a
// process. That log holds markers for chunks which the process had not yet written to its file of
// chunks. This replay ignores them, as they are beyond the newest chunk; but once newer chunks
// are written the next replay would take them for chunks that are there, and drop the samples
// before them.
func settle(ctx context.Context, db *tsdb.DB, dir string, free freeSpace) error {
	if !unsettled(dir) {
		return nil
	}
	// A compaction that fails for lack of space leaves chunks behind that later replays trip over.
	need := settleNeed(dir)
	available, err := free(dir)
	if err != nil {
		return fmt.Errorf("look for free space: %w", err)
	}
	if available < need {
		return fmt.Errorf("%w, which needs %d MiB, and %d MiB are free: %w", errUnsettled, need>>20, available>>20, syscall.ENOSPC)
	}
	if err := db.CompactOOOHead(ctx); err != nil {
		return fmt.Errorf("write samples out of order to blocks: %w", err)
	}
	return os.Remove(filepath.Join(dir, unsettledFile))
}

func unsettled(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, unsettledFile))
	return err == nil
}

// settleNeed is the free space from which settle begins. The log has every sample out of order,
// and a block of samples is smaller than their log; it counts twice, for what is read on the way. A segment of
// a block takes its whole size while it is written.
func settleNeed(dir string) uint64 {
	return 2*sizeOf(filepath.Join(dir, "wbl", "*")) + blockSegmentSize + repairReserve
}

// sizeOf returns how many bytes the files of a pattern have.
func sizeOf(pattern string) uint64 {
	names, err := filepath.Glob(pattern)
	if err != nil {
		return 0
	}
	var size uint64
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			size += uint64(info.Size())
		}
	}
	return size
}

func repairs(registry prometheus.Gatherer) (float64, error) {
	gathered, err := registry.Gather()
	if err != nil {
		return 0, fmt.Errorf("count repairs: %w", err)
	}
	for _, metric := range gathered {
		if metric.GetName() == corruptionsMetric {
			return metric.GetMetric()[0].GetCounter().GetValue(), nil
		}
	}
	return 0, fmt.Errorf("count repairs: the TSDB has no metric %s", corruptionsMetric)
}

// repairReserve is what a TSDB needs beside its newest segment to be opened again.
const repairReserve = 16 << 20

// roomToRepair says whether an organisation can be opened again: its repair copies the newest
// segment of the write-ahead log, and after the death of a process it has to settle. Without the
// room it stays open as it is, for reading.
func (o *org) roomToRepair() bool {
	free, err := o.store.space.free(o.dir)
	if err != nil {
		return false
	}
	if unsettled(o.dir) && free < settleNeed(o.dir) {
		return false
	}
	segments, err := filepath.Glob(filepath.Join(o.dir, "w[ab]l", "[0-9]*"))
	if err != nil {
		return false
	}
	need := uint64(repairReserve)
	for _, segment := range segments {
		if info, err := os.Stat(segment); err == nil && uint64(info.Size())+repairReserve > need {
			need = uint64(info.Size()) + repairReserve
		}
	}
	return free >= need
}
