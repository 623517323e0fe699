package kafkareceiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/kafkaclient"
)

const (
	leastFetchBytes = 4 << 10 // the broker sends at least one batch, however large
	mostFetchBytes  = 8 << 20
	fetchGrace      = 10 * time.Second
	// usualRatio is how much smaller compressed OTLP is, until the first fetch tells.
	usualRatio = 16
)

// firstFetch is what the first fetch asks for, when all of it may take share in memory.
func firstFetch(share int) int { return min(max(share/usualRatio, leastFetchBytes), mostFetchBytes) }

// partitionReader reads one partition in order. It knows nothing of groups: where it begins and
// what a commit is comes from outside.
type partitionReader[T any] struct {
	receiver   *kafkaReceiver[T]
	partition  int
	next       int64 // offset of the next message to read
	share      int   // bytes of messages that may be in memory
	fetchBytes int   // what a fetch asks for; follows the compression
	place      place
}

// place is what a mode does about a partition's place in the log.
type place interface {
	// admit waits until messages of a time may be handed on, and returns until which time others
	// may go with them.
	admit(ctx context.Context, next time.Time) (until time.Time, err error)
	// commit notes that everything up to a message is done with.
	commit(last *message) error
	// fetched is told after each fetch where the partition ends; after a failure end is -1.
	// An error has the messages left out, and goes to astray.
	fetched(next, end int64) error
	// astray returns where to go on when Kafka does not have the next message, or an error when
	// err does not say that.
	astray(ctx context.Context, next int64, err error) (int64, error)
}

// message is a message as it was read.
type message struct {
	partition int
	offset    int64
	time      time.Time
	key       []byte
	value     []byte
	headers   kafkaclient.Headers
}

func (p *partitionReader[T]) run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		messages, err := p.fetch(ctx)
		if err != nil && ctx.Err() == nil {
			var next int64
			if next, err = p.place.astray(ctx, p.next, err); err == nil {
				p.next = next
				p.receiver.telemetry.lags.done(p.partition, next)
			}
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			_ = p.place.fetched(p.next, -1)
			p.receiver.unwell(fmt.Errorf("read partition %d of %s: %w", p.partition, p.receiver.signal.topic, err))
			failures++
			sleep(ctx, p.receiver.pause(failures))
			continue
		}
		if failures > 0 {
			p.receiver.well()
			failures = 0
		}
		if err := p.work(ctx, messages); err != nil {
			if ctx.Err() == nil {
				p.receiver.logger.Warn("reading the partition anew", zap.String("topic", p.receiver.signal.topic), zap.Int("partition", p.partition), zap.Error(err))
			}
			return
		}
	}
}

// pause is how long to wait after some failures in a row.
func (r *kafkaReceiver[T]) pause(failures int) time.Duration {
	return min(r.cfg.MaxBackoff, r.cfg.MinBackoff<<min(failures-1, 16))
}

// fetch returns the next messages of the partition, none when there are none yet.
func (p *partitionReader[T]) fetch(ctx context.Context) ([]message, error) {
	if p.next < 0 {
		// Nothing was committed yet.
		return nil, kafka.OffsetOutOfRange
	}
	ctx, cancel := context.WithTimeout(ctx, p.receiver.cfg.MaxWait+fetchGrace)
	defer cancel()
	answer, err := p.receiver.client.Fetch(ctx, &kafka.FetchRequest{
		Topic: p.receiver.signal.topic, Partition: p.partition, Offset: p.next,
		MinBytes: 1, MaxBytes: int64(p.fetchBytes), MaxWait: p.receiver.cfg.MaxWait,
	})
	if err != nil {
		return nil, err
	}
	if answer.Error != nil {
		return nil, answer.Error
	}
	p.receiver.telemetry.lags.end(p.partition, answer.HighWatermark)
	messages, size, err := p.read(answer.Records)
	if err != nil {
		return nil, err
	}
	p.adapt(size)
	if err := p.place.fetched(p.next, answer.HighWatermark); err != nil {
		return nil, err
	}
	return messages, nil
}

// read copies the records that were not read before.
func (p *partitionReader[T]) read(records kafka.RecordReader) (messages []message, size int, err error) {
	for {
		record, err := records.ReadRecord()
		if errors.Is(err, io.EOF) {
			return messages, size, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("read a record: %w", err)
		}
		key, err1 := readAll(record.Key)
		value, err2 := readAll(record.Value)
		if err := errors.Join(err1, err2); err != nil {
			return nil, 0, fmt.Errorf("read the record at offset %d: %w", record.Offset, err)
		}
		if record.Offset < p.next {
			continue // a batch can begin before the offset that was asked for
		}
		size += len(value)
		messages = append(messages, message{
			partition: p.partition, offset: record.Offset, time: record.Time, key: key, value: value,
			headers: append(kafkaclient.Headers(nil), record.Headers...),
		})
	}
}

func readAll(bytes kafka.Bytes) ([]byte, error) {
	if bytes == nil {
		return nil, nil
	}
	content, err := kafka.ReadAll(bytes)
	return content, errors.Join(err, bytes.Close())
}

// adapt keeps what a fetch decompresses to below the partition's share of the memory.
func (p *partitionReader[T]) adapt(size int) {
	switch {
	case size > p.share:
		p.fetchBytes = max(p.fetchBytes/2, leastFetchBytes)
	case size > p.fetchBytes && size < p.share/2:
		p.fetchBytes = min(p.fetchBytes+p.fetchBytes/4, p.share, mostFetchBytes)
	}
}

// work hands messages on and commits them, a bounded batch after the other. An error means that
// the rest is for whoever reads the partition next.
func (p *partitionReader[T]) work(ctx context.Context, messages []message) error {
	size := int64(0)
	for i := range messages {
		size += int64(len(messages[i].value))
	}
	inFlight := &p.receiver.telemetry.inFlight
	inFlight.Add(size)
	defer func() { inFlight.Add(-size) }()
	// The consumption in progress may end when the partition is taken away, and its offset is
	// still committed.
	deliver, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(p.receiver.cfg.DrainTimeout, cancel) })()
	for len(messages) > 0 && ctx.Err() == nil {
		until, err := p.place.admit(ctx, messages[0].time)
		if err != nil {
			return err
		}
		batch := messages[:p.batch(messages, until)]
		messages = messages[len(batch):]
		if err := p.receiver.deliver(deliver, ctx, batch); err != nil {
			return err
		}
		last := &batch[len(batch)-1]
		if err := p.place.commit(last); err != nil {
			return fmt.Errorf("commit offset %d: %w", last.offset+1, err)
		}
		p.next = last.offset + 1
		p.receiver.telemetry.lags.done(p.partition, p.next)
		p.receiver.count(deliver, batch)
		p.receiver.well()
		for i := range batch {
			size -= int64(len(batch[i].value))
			inFlight.Add(-int64(len(batch[i].value)))
			batch[i] = message{} // free its memory
		}
	}
	return nil
}

// batch returns how many messages are handed on together: at least the first.
func (p *partitionReader[T]) batch(messages []message, until time.Time) int {
	size := 0
	for i := range messages {
		size += len(messages[i].value)
		if size > p.receiver.cfg.MaxBatchBytes || messages[i].time.After(until) {
			return max(i, 1)
		}
	}
	return len(messages)
}

// count counts messages that are done with.
func (r *kafkaReceiver[T]) count(ctx context.Context, batch []message) {
	bytes, now := 0, time.Now()
	for i := range batch {
		bytes += len(batch[i].value)
		r.telemetry.delay.Record(ctx, math.Max(0, now.Sub(batch[i].time).Seconds()), r.telemetry.signalSet)
	}
	r.telemetry.messages.Add(ctx, int64(len(batch)), r.telemetry.signalSet)
	r.telemetry.bytes.Add(ctx, int64(bytes), r.telemetry.signalSet)
}
