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

	// Mode is how the partitions are read: `group` shares them with the other receivers of the
	// group; `replica` reads all of them, from a while ago on, and keeps its own offsets; `tail`
	// reads all of them from now on, and rather loses messages than to fall behind.
	Mode string `mapstructure:"mode"`
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

	// Directory is where a replica keeps its offsets; empty means the folder `offsets` in the
	// directory of the extension named by `progress`.
	Directory string `mapstructure:"directory"`
	// Replay is how far back a replica begins when it has no offsets, or older ones.
	Replay time.Duration `mapstructure:"replay"`
	// MaxAhead is how far a replica's partition may be ahead of the slowest one that still has
	// messages, in the time of the messages.
	MaxAhead time.Duration `mapstructure:"max_ahead"`
	// Future is how far ahead of the clock a sample may be that gateways take: `future` of their
	// limits processor.
	Future time.Duration `mapstructure:"future"`
	// Progress is the storage extension of the hot tier that a replica of metrics feeds. It is
	// told how far the replica and the writers are.
	Progress component.ID `mapstructure:"progress"`
	// Writers is the `group` of the receivers that feed the durable stores, to know how far they
	// are; empty when nobody asks.
	Writers string `mapstructure:"writers"`
}

// Values of Config.Mode.
const (
	modeGroup   = "group"
	modeReplica = "replica"
	modeTail    = "tail"
)

var _ component.Config = (*Config)(nil)

func defaultConfig() *Config {
	return &Config{
		Config:           kafkaclient.DefaultConfig(),
		Mode:             modeGroup,
		Group:            "pharos",
		MaxBytesInFlight: 64 << 20,
		MaxBatchBytes:    4 << 20,
		MaxWait:          500 * time.Millisecond,
		MinBackoff:       100 * time.Millisecond,
		MaxBackoff:       5 * time.Second,
		SessionTimeout:   10 * time.Second,
		DrainTimeout:     5 * time.Second,
		Replay:           3 * time.Hour,
		MaxAhead:         5 * time.Minute,
		Future:           10 * time.Minute,
		Writers:          "pharos-writer",
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
	return c.validateMode()
}

func (c *Config) validateMode() error {
	switch c.Mode {
	case modeGroup, modeTail:
		if c.Directory != "" || c.hasProgress() {
			return errcode.InvalidField("mode", fmt.Sprintf("is %q, which keeps no offsets and reports no progress", c.Mode), "remove directory and progress, or use replica")
		}
		return nil
	case modeReplica:
	default:
		return errcode.InvalidField("mode", fmt.Sprintf("is %q", c.Mode), "use group, replica or tail")
	}
	switch {
	case c.Directory == "" && !c.hasProgress():
		return errcode.InvalidField("directory", "is empty", "name a folder for the offsets, or the extension of the hot tier in progress")
	case c.Replay < time.Minute:
		return errcode.InvalidField("replay", fmt.Sprintf("is %s", c.Replay), "use what the hot tier keeps, at least 1m")
	case c.MaxAhead < time.Second:
		return errcode.InvalidField("max_ahead", fmt.Sprintf("is %s", c.MaxAhead), "use some minutes, at least 1s")
	case c.Future < 0:
		return errcode.InvalidField("future", fmt.Sprintf("is %s", c.Future), "use the future of the gateways' limits processor")
	}
	return nil
}

func (c *Config) hasProgress() bool { return c.Progress.Type() != component.Type{} }

// References returns the extensions that the receiver needs, by setting.
func (c *Config) References() map[string]component.ID {
	if !c.hasProgress() {
		return nil
	}
	return map[string]component.ID{"progress": c.Progress}
}
