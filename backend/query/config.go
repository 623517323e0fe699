package query

import (
	"time"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// Config holds the limits of a query.
type Config struct {
	// Timeout is how long a query may run, its wait for a free slot included.
	Timeout time.Duration `mapstructure:"timeout"`
	// MaxSamples is how many samples a query may hold in memory at once.
	MaxSamples int `mapstructure:"max_samples"`
	// MaxPoints is how many points a series of the answer may have.
	MaxPoints int `mapstructure:"max_points"`
	// MaxSeries is how many series the answer may have.
	MaxSeries int `mapstructure:"max_series"`
	// LookbackDelta is how old the newest sample of a series may be for an instant selector to
	// still see it.
	LookbackDelta time.Duration `mapstructure:"lookback_delta"`
	// MaxConcurrent is how many queries run at once; further ones wait.
	MaxConcurrent int `mapstructure:"max_concurrent"`
	// CacheTTL is how long a calculated part of a range is kept, where there is a cache: so long
	// can it hide a sample that comes more than two minutes late. Parts older than a day, in which
	// none can come late, are kept ten times as long. 0 keeps nothing.
	CacheTTL time.Duration `mapstructure:"cache_ttl"`
}

// DefaultConfig returns the limits that hold when nothing else is configured.
func DefaultConfig() Config {
	return Config{
		Timeout:       30 * time.Second,
		MaxSamples:    50_000_000,
		MaxPoints:     11_000,
		MaxSeries:     10_000,
		LookbackDelta: 5 * time.Minute,
		MaxConcurrent: 20,
		CacheTTL:      time.Minute,
	}
}

// Validate names the first field that is wrong, and the fix.
func (c Config) Validate() error {
	if c.Timeout <= 0 {
		return errcode.InvalidField("timeout", "is not positive", "use a duration such as 30s")
	}
	if c.LookbackDelta <= 0 {
		return errcode.InvalidField("lookback_delta", "is not positive", "use a duration such as 5m")
	}
	if c.CacheTTL < 0 {
		return errcode.InvalidField("cache_ttl", "is negative", "use a duration such as 1m, or 0 to keep nothing")
	}
	for _, limit := range []struct {
		field string
		value int
	}{
		{"max_samples", c.MaxSamples},
		{"max_points", c.MaxPoints},
		{"max_series", c.MaxSeries},
		{"max_concurrent", c.MaxConcurrent},
	} {
		if limit.value < 1 {
			return errcode.InvalidField(limit.field, "is below 1", "use a whole number of at least 1")
		}
	}
	return nil
}
