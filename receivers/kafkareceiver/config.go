package kafkareceiver

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/kafkaclient"
)

// Config sets up the receiver.
type Config struct {
	kafkaclient.Config `mapstructure:",squash"`

	// Group is the first part of the consumer group's name; a point and the signal follow, so
	// that a store that is away stops its own signal only. Receivers of one group share the
	// partitions.
	Group string `mapstructure:"group"`
	// MaxBytesInFlight bounds the memory of messages that were read and are not stored, after
	// decompression, for each signal. The partitions share it; each has at least one batch of
	// the producer's.
	MaxBytesInFlight int `mapstructure:"max_bytes_in_flight"`
	// MaxBatchBytes is how much of one fetch is handed to the next consumer at once.
	MaxBatchBytes int `mapstructure:"max_batch_bytes"`
	// MaxWait is how long a fetch waits for data. New data ends the wait at once.
	MaxWait time.Duration `mapstructure:"max_wait"`
	// MinBackoff is the pause after the first failure of the next consumer, doubled after each
	// further one.
	MinBackoff time.Duration `mapstructure:"min_backoff"`
	// MaxBackoff is the longest pause between attempts. There is no end to the attempts.
	MaxBackoff time.Duration `mapstructure:"max_backoff"`
	// SessionTimeout is after how long the group gives the partitions of a dead receiver to
	// others.
	SessionTimeout time.Duration `mapstructure:"session_timeout"`
	// DrainTimeout is how long the consumption in progress may take when the receiver stops, or
	// when a rebalance takes its partitions away.
	DrainTimeout time.Duration `mapstructure:"drain_timeout"`
}

var _ component.Config = (*Config)(nil)

func defaultConfig() *Config {
	return &Config{
		Config:           kafkaclient.DefaultConfig(),
		Group:            "pharos",
		MaxBytesInFlight: 64 << 20,
		MaxBatchBytes:    4 << 20,
		MaxWait:          500 * time.Millisecond,
		MinBackoff:       100 * time.Millisecond,
		MaxBackoff:       5 * time.Second,
		SessionTimeout:   10 * time.Second,
		DrainTimeout:     5 * time.Second,
	}
}

// Validate implements xconfmap.Validator.
func (c *Config) Validate() error {
	if err := c.Config.Validate(); err != nil {
		return err
	}
	switch {
	case c.Group == "":
		return errcode.InvalidField("group", "is empty", "name the consumer group, for example pharos")
	case c.MaxBatchBytes < 64<<10:
		return errcode.InvalidField("max_batch_bytes", fmt.Sprintf("is %d", c.MaxBatchBytes), "use at least 65536")
	case c.MaxBytesInFlight < c.MaxBatchBytes:
		return errcode.InvalidField("max_bytes_in_flight", "is less than max_batch_bytes", "use a multiple of it")
	case c.MaxWait < 10*time.Millisecond || c.MaxWait > 30*time.Second:
		return errcode.InvalidField("max_wait", fmt.Sprintf("is %s", c.MaxWait), "use from 10ms to 30s")
	case c.MinBackoff < time.Millisecond:
		return errcode.InvalidField("min_backoff", fmt.Sprintf("is %s", c.MinBackoff), "use at least 1ms")
	case c.MaxBackoff < c.MinBackoff:
		return errcode.InvalidField("max_backoff", "is less than min_backoff", "use some seconds")
	case c.SessionTimeout < 6*time.Second:
		return errcode.InvalidField("session_timeout", fmt.Sprintf("is %s", c.SessionTimeout), "use at least 6s, the brokers' least")
	case c.DrainTimeout < 0 || c.DrainTimeout > rebalanceTimeout/2:
		return errcode.InvalidField("drain_timeout", fmt.Sprintf("is %s", c.DrainTimeout), fmt.Sprintf("use from 0s to %s", rebalanceTimeout/2))
	}
	return nil
}
