package kafkaexporter

import (
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
	"go.opentelemetry.io/collector/component"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/kafkaclient"
)

// Limits of a message. A broker takes 1,048,588 bytes by default, its own framing included.
const (
	largestMessage  = 1_000_000
	smallestMessage = 16 << 10
)

// Config sets up the exporter.
type Config struct {
	kafkaclient.Config `mapstructure:",squash"`

	// DefaultOrg is the id of the organisation of data that comes without one, such as this
	// host's own. Without it such data is refused. Never set it in a pipeline that takes data
	// from others.
	DefaultOrg string `mapstructure:"default_org"`
	// PartitionsPerOrg is over how many partitions of a topic the services of an organisation
	// are spread.
	PartitionsPerOrg int `mapstructure:"partitions_per_org"`
	// Compression is zstd, lz4, snappy, gzip or none.
	Compression string `mapstructure:"compression"`
	// Linger is how long a write waits for others, to be sent together.
	Linger time.Duration `mapstructure:"linger"`
	// Timeout is after which time a write that Kafka has not acknowledged is answered with a
	// retryable error. It should be less than the time-out of the senders.
	Timeout time.Duration `mapstructure:"timeout"`
	// MaxMessageBytes is how large a message can be before its compression; larger batches are
	// split. It must be less than the topics' max.message.bytes.
	MaxMessageBytes int `mapstructure:"max_message_bytes"`
	// MaxPendingBytes bounds the memory of data that waits for Kafka. What is more is answered
	// with a retryable error at once.
	MaxPendingBytes int64 `mapstructure:"max_pending_bytes"`
}

var _ component.Config = (*Config)(nil)

func defaultConfig() *Config {
	return &Config{
		Config:           kafkaclient.DefaultConfig(),
		PartitionsPerOrg: 4,
		Compression:      "zstd",
		Linger:           5 * time.Millisecond,
		Timeout:          8 * time.Second,
		MaxMessageBytes:  largestMessage,
		MaxPendingBytes:  128 << 20,
	}
}

// Validate implements xconfmap.Validator.
func (c *Config) Validate() error {
	if err := c.Config.Validate(); err != nil {
		return err
	}
	if _, ok := compression(c.Compression); !ok {
		return errcode.InvalidField("compression", fmt.Sprintf("is %q", c.Compression), "use zstd, lz4, snappy, gzip or none")
	}
	switch {
	case c.PartitionsPerOrg < 1:
		return errcode.InvalidField("partitions_per_org", "is less than 1", "use 1 for small organisations, more for large ones")
	case c.Linger < time.Millisecond || c.Linger > time.Second:
		return errcode.InvalidField("linger", fmt.Sprintf("is %s", c.Linger), "use from 1ms to 1s")
	case c.Timeout < time.Second:
		return errcode.InvalidField("timeout", fmt.Sprintf("is %s", c.Timeout), "use at least 1s")
	case c.MaxMessageBytes < smallestMessage || c.MaxMessageBytes > largestMessage:
		return errcode.InvalidField("max_message_bytes", fmt.Sprintf("is %d", c.MaxMessageBytes), fmt.Sprintf("use from %d to %d", smallestMessage, largestMessage))
	case c.MaxPendingBytes < int64(c.MaxMessageBytes):
		return errcode.InvalidField("max_pending_bytes", "is less than max_message_bytes", "use some megabytes")
	}
	return nil
}

func compression(name string) (kafka.Compression, bool) {
	switch name {
	case "zstd":
		return kafka.Zstd, true
	case "lz4":
		return kafka.Lz4, true
	case "snappy":
		return kafka.Snappy, true
	case "gzip":
		return kafka.Gzip, true
	case "none":
		return 0, true
	}
	return 0, false
}
