package metrics

import (
	"fmt"
	"time"
)

// Config sets up a Store. Start from DefaultConfig.
type Config struct {
	// OutOfOrderWindow is how much older than an organisation's newest sample a sample may be.
	OutOfOrderWindow time.Duration
	// RetentionTime is how long samples are kept; 0 keeps them for ever.
	RetentionTime time.Duration
	// RetentionBytes is how large the closed blocks of one organisation may become before the
	// oldest go; 0 is no limit.
	RetentionBytes int64
	// MaxSeries is how many series one organisation may have in memory; 0 is no limit.
	MaxSeries int
	// MaxExemplars is how many of the newest exemplars are kept of each organisation; 0 keeps none.
	MaxExemplars int
	// IdleClose is how long an organisation stays open that nobody uses; 0 never closes it.
	IdleClose time.Duration
	// Sync makes a commit wait until its samples survive a loss of power.
	Sync bool
	// MinFreeBytes is the free space below which samples are refused; reads go on. 0 leaves
	// it to the operating system to refuse.
	MinFreeBytes int64
	// StripeSize is the number of locks over the series of one organisation, a power of two:
	// small for many organisations, large for millions of series.
	StripeSize int
}

// DefaultConfig returns the settings of the all-in-one server.
func DefaultConfig() Config {
	return Config{
		OutOfOrderWindow: 24 * time.Hour,
		RetentionTime:    30 * 24 * time.Hour,
		RetentionBytes:   10 << 30,
		MaxSeries:        1_000_000,
		MaxExemplars:     5_000,
		IdleClose:        15 * time.Minute,
		MinFreeBytes:     64 << 20,
		StripeSize:       512,
	}
}

// Validate says which setting is wrong.
func (c Config) Validate() error {
	for _, setting := range []struct {
		name  string
		value int64
	}{
		{"out_of_order_window", int64(c.OutOfOrderWindow)},
		{"retention_time", int64(c.RetentionTime)},
		{"retention_bytes", c.RetentionBytes},
		{"max_series", int64(c.MaxSeries)},
		{"max_exemplars", int64(c.MaxExemplars)},
		{"idle_close", int64(c.IdleClose)},
		{"min_free_bytes", c.MinFreeBytes},
	} {
		if setting.value < 0 {
			return fmt.Errorf("%s: is negative; use 0 to switch it off", setting.name)
		}
	}
	if c.StripeSize < 1 || c.StripeSize&(c.StripeSize-1) != 0 {
		return fmt.Errorf("stripe_size: is %d; use a power of two such as 512", c.StripeSize)
	}
	return nil
}
