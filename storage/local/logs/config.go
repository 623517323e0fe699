package logs

import (
	"time"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// Config are the settings of the local log store.
type Config struct {
	// Retention is how long logs are kept. Whole days are dropped. At least a day.
	Retention time.Duration
	// RetentionBytes is how much disk the logs may take; the oldest days are dropped above it.
	// The last two days stay.
	RetentionBytes int64
	// MemoryBytes is how much memory the engine's caches and buffers may take. It holds for the
	// whole process: the first store that is opened decides.
	MemoryBytes int64
	// FutureWindow is how far in the future a record's time may lie.
	FutureWindow time.Duration
	// PastWindow is how old a record may be when it is written; 0 means the retention.
	PastWindow time.Duration
	// DedupWindow is how long ids are remembered.
	DedupWindow time.Duration
	// Sync makes Write wait until the disk has the journal, so that acknowledged records survive
	// the loss of power and not only the death of the process.
	Sync bool
	// MinFreeBytes is how much disk must be free for writes to be taken.
	MinFreeBytes int64
	// ReadDay calls the function of the same name in another process for every day before the
	// store opens, and returns ErrUnreadable when that process has panicked. Nil means that there
	// is no reason to read everything.
	ReadDay func(day string) error
}

// DefaultConfig returns the settings of the all-in-one.
func DefaultConfig() Config {
	return Config{
		Retention:      7 * 24 * time.Hour,
		RetentionBytes: 10 << 30,
		MemoryBytes:    256 << 20,
		FutureWindow:   10 * time.Minute,
		DedupWindow:    10 * time.Minute,
		MinFreeBytes:   256 << 20,
	}
}

// Validate says which setting is wrong and how to mend it.
func (c Config) Validate() error {
	switch {
	case c.Retention < 24*time.Hour:
		return errcode.InvalidField("retention", "is less than a day", "use 24h or more")
	case c.RetentionBytes < 0:
		return errcode.InvalidField("retention_bytes", "is negative", "use 0 for no limit")
	case c.MemoryBytes < 16<<20:
		return errcode.InvalidField("memory_bytes", "is less than 16 MiB", "use 256 MiB")
	case c.FutureWindow < 0 || c.FutureWindow > 24*time.Hour:
		return errcode.InvalidField("future_window", "is not between 0 and 24h", "use 10m")
	case c.PastWindow < 0 || c.PastWindow > c.Retention:
		return errcode.InvalidField("past_window", "is not between 0 and the retention", "use 0 for the retention")
	case c.DedupWindow <= 0 || c.DedupWindow > time.Hour:
		return errcode.InvalidField("dedup_window", "is not between 0 and an hour", "use 10m")
	case c.MinFreeBytes < 0:
		return errcode.InvalidField("min_free_bytes", "is negative", "use 0 for no check")
	}
	return nil
}

func (c Config) pastWindow() time.Duration {
	if c.PastWindow == 0 {
		return c.Retention
	}
	return c.PastWindow
}
