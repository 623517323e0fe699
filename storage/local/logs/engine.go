package logs

import (
	"flag"
	"fmt"
	"strconv"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
)

// Names of the engine's columns that are not those of package logfilter. The id is kept as two
// columns that compress well.
const (
	columnTime    = "_time"
	columnMessage = "_msg"
	columnBatch   = "batch"
	columnOrdinal = "ordinal"
)

// What the engine can hold. It drops rows over these limits with a log line, so they are
// refused before.
const (
	maxFields   = 1900
	maxRowBytes = 1 << 20
)

// flushInterval is how long the engine keeps rows in memory only.
const flushInterval = 5 * time.Second

// openEngine opens the engine. Its library takes the settings of its caches and of its own log
// from the process's flags only, and panics when these were never parsed.
func openEngine(dir string, cfg Config) (*logstorage.Storage, error) {
	for name, value := range map[string]string{
		"memory.allowedBytes": strconv.FormatInt(cfg.MemoryBytes, 10),
		"loggerLevel":         "ERROR",
	} {
		if current := flag.Lookup(name); current != nil && current.Value.String() != current.DefValue {
			continue
		}
		if err := flag.Set(name, value); err != nil {
			return nil, fmt.Errorf("set flag %s of the log engine: %w", name, err)
		}
	}
	if !flag.Parsed() {
		// Parse nothing: the arguments of the process are not for the library.
		if err := flag.CommandLine.Parse(nil); err != nil {
			return nil, fmt.Errorf("parse flags of the log engine: %w", err)
		}
	}
	return logstorage.MustOpenStorage(dir, &logstorage.StorageConfig{
		// The store refuses what is older; the engine shall not drop on a different clock tick.
		Retention:              cfg.Retention + 24*time.Hour,
		MaxDiskSpaceUsageBytes: cfg.RetentionBytes,
		FlushInterval:          flushInterval,
		// The engine deletes days that lie further in the future when it opens: never.
		FutureRetention:       100 * 365 * 24 * time.Hour,
		MinFreeDiskSpaceBytes: 0,
	}), nil
}

func tenant(org uint32) logstorage.TenantID { return logstorage.TenantID{AccountID: org} }
