package kafkareceiver

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pharos-obs/pharos/internal/kafkaclient"
)

const (
	longestReason = 1 << 10
	deadTimeout   = 10 * time.Second
	deadMaxBytes  = 4 << 20 // what the broker took once; its limit decides
)

// deadLetters writes messages that nobody takes to a topic beside their own.
type deadLetters struct {
	cfg       *Config
	topic     string // of the messages
	transport *kafka.Transport
	writer    *kafka.Writer
}

func newDeadLetters(cfg *Config, transport *kafka.Transport, topic string) *deadLetters {
	return &deadLetters{cfg: cfg, topic: topic, transport: transport, writer: &kafka.Writer{
		Addr: kafka.TCP(cfg.Brokers...), Topic: topic + kafkaclient.DeadSuffix, Transport: transport,
		RequiredAcks: kafka.RequireAll, Compression: kafka.Zstd, MaxAttempts: 2, WriteTimeout: deadTimeout, ReadTimeout: deadTimeout,
		BatchSize: 1, BatchBytes: deadMaxBytes, BatchTimeout: time.Millisecond,
	}}
}

func (d *deadLetters) close() error { return d.writer.Close() }

// write returns nil when every in-sync replica has the letter. A value that the broker does not
// take beside the letter's headers is left out, and its size noted.
func (d *deadLetters) write(ctx context.Context, dead *message, why letter) error {
	written := kafka.Message{Key: dead.key, Value: why.value, Headers: d.headers(dead, why)}
	if why.value == nil {
		written.Value = dead.value
	}
	ctx, cancel := context.WithTimeout(ctx, deadTimeout)
	defer cancel()
	err := d.writer.WriteMessages(ctx, written)
	if errors.Is(err, kafka.UnknownTopicOrPartition) {
		if err := d.cfg.EnsureTopic(ctx, d.transport, d.writer.Topic, 1); err != nil {
			return err
		}
		return err // the next attempt finds it
	}
	var tooLarge kafka.MessageTooLargeError
	if errors.As(err, &tooLarge) || hasError(err, kafka.MessageSizeTooLarge) {
		headers := kafkaclient.Headers(written.Headers)
		headers.Set(kafkaclient.HeaderDeadOmitted, strconv.Itoa(len(written.Value)))
		err = d.writer.WriteMessages(ctx, kafka.Message{Key: dead.key, Headers: headers})
	}
	return err
}

func (d *deadLetters) headers(dead *message, why letter) kafkaclient.Headers {
	headers := append(kafkaclient.Headers(nil), dead.headers...)
	headers.Set(kafkaclient.HeaderDeadCode, why.code)
	headers.Set(kafkaclient.HeaderDeadReason, shorten(why.reason, longestReason))
	headers.Set(kafkaclient.HeaderDeadTopic, d.topic)
	headers.Set(kafkaclient.HeaderDeadPartition, strconv.Itoa(dead.partition))
	headers.Set(kafkaclient.HeaderDeadOffset, strconv.FormatInt(dead.offset, 10))
	if why.items > 0 {
		headers.Set(kafkaclient.HeaderDeadItems, strconv.Itoa(why.items))
	}
	return headers
}

// hasError says whether one of several writes failed with an error.
func hasError(err, target error) bool {
	var each kafka.WriteErrors
	if !errors.As(err, &each) {
		return errors.Is(err, target)
	}
	for _, one := range each {
		if errors.Is(one, target) {
			return true
		}
	}
	return false
}

func metricCode(signal attribute.KeyValue, code string) metric.MeasurementOption {
	return metric.WithAttributes(signal, attribute.String("code", code))
}
