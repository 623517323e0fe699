package metrics

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

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
func openWhole(dir string, logger *slog.Logger, options *tsdb.Options) (*tsdb.DB, error) {
	for range maxRepairs {
		registry := prometheus.NewRegistry()
		db, err := tsdb.Open(dir, logger, registry, options, nil)
		if err != nil {
			return nil, err
		}
		repaired, err := repairs(registry)
		if err == nil && repaired == 0 {
			return db, nil
		}
		logger.Warn("opening again after a repair of the write-ahead log", slog.Float64("repairs", repaired))
		if err := errors.Join(err, db.Close()); err != nil {
			return nil, fmt.Errorf("close after a repair: %w", err)
		}
	}
	return nil, fmt.Errorf("the write-ahead log is still torn after %d repairs", maxRepairs)
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
// segment of the write-ahead log. Without the room it stays open as it is, for reading.
func (o *org) roomToRepair() bool {
	free, err := o.store.space.free(o.dir)
	if err != nil {
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
