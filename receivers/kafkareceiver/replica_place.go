package kafkareceiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"go.uber.org/zap"
)

// replicaPlace is the place of a replica in one partition.
type replicaPlace[T any] struct {
	replica   *replica[T]
	partition int
	end       int64 // where the partition ended at the last fetch; for its reader alone

	mu    sync.Mutex
	begun bool
	next  int64
	since time.Time
}

// run reads the partition until the context ends.
func (p *replicaPlace[T]) run(ctx context.Context, share int) {
	receiver := p.replica.receiver
	for failures := 1; ; failures++ {
		next, err := p.begin(ctx)
		if err == nil {
			receiver.telemetry.lags.start(p.partition, next)
			reader := &partitionReader[T]{receiver: receiver, partition: p.partition, next: next, share: share, fetchBytes: firstFetch(share), place: p}
			reader.run(ctx)
			failures = 1
		}
		if ctx.Err() != nil {
			return
		}
		p.replica.pace.leave(p.partition)
		if err != nil {
			receiver.unwell(fmt.Errorf("find where to begin in partition %d of %s: %w", p.partition, receiver.signal.topic, err))
		}
		if !sleep(ctx, receiver.pause(failures)) {
			return
		}
	}
}

// begin returns the offset to go on with.
func (p *replicaPlace[T]) begin(ctx context.Context) (int64, error) {
	next, since, err := p.find(ctx)
	if err != nil {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun, p.next, p.since = true, next, since
	return next, nil
}

// find returns where to begin, and from which time on nothing is left out then; zero when nothing
// ever was.
func (p *replicaPlace[T]) find(ctx context.Context) (next int64, since time.Time, err error) {
	receiver, now := p.replica.receiver, time.Now()
	from := now.Add(-receiver.cfg.Replay).Truncate(time.Millisecond)
	there, err := receiver.offsetsOf(ctx, p.partition, kafka.FirstOffsetOf(p.partition), kafka.LastOffsetOf(p.partition), kafka.TimeOffsetOf(p.partition, from))
	if err != nil {
		return 0, time.Time{}, err
	}
	wanted := there.LastOffset // when no message is that new
	for offset := range there.Offsets {
		if offset >= 0 {
			wanted = offset
		}
	}
	saved, known := p.replica.offsets.get(p.partition)
	anew := false
	if known {
		if anew, err = p.isAnother(ctx, saved, there); err != nil {
			return 0, time.Time{}, err
		}
	}
	log := receiver.logger.With(zap.String("topic", receiver.signal.topic), zap.Int("partition", p.partition), zap.Int64("from", wanted))
	switch {
	case anew:
		log.Warn("the topic was created anew; the saved offset is of the one before", zap.Int64("saved", saved.Next))
		return wanted, now, nil
	case known && saved.Next >= wanted:
		return saved.Next, saved.Since, nil
	case known && wanted == there.FirstOffset:
		receiver.deleted(ctx, p.partition, saved.Next, wanted)
	case known:
		log.Info("leaving out messages that are too old for a replay", zap.Int64("saved", saved.Next), zap.Duration("replay", receiver.cfg.Replay))
	}
	switch {
	case wanted > there.FirstOffset:
		return wanted, from, nil
	case wanted == 0:
		return 0, time.Time{}, nil
	case wanted == there.LastOffset:
		return wanted, now, nil
	}
	// What Kafka deleted before it came no later, give or take.
	first, err := receiver.messageAt(ctx, p.partition, wanted)
	if err != nil {
		return 0, time.Time{}, err
	}
	return wanted, first.time, nil
}

// isAnother says whether the partition is not the one that the offset was saved of: the last
// message is not there, or a different one.
func (p *replicaPlace[T]) isAnother(ctx context.Context, saved savedPartition, there kafka.PartitionOffsets) (bool, error) {
	switch {
	case saved.Next > there.LastOffset:
		return true, nil
	case saved.Next-1 < there.FirstOffset:
		return false, nil // it was deleted for its age
	}
	last, err := p.replica.receiver.messageAt(ctx, p.partition, saved.Next-1)
	if err != nil {
		return false, err
	}
	return last.offset == saved.Next-1 && !saved.isLast(last), nil
}

// messageAt returns the message at an offset, or the next one that there is.
func (r *kafkaReceiver[T]) messageAt(ctx context.Context, partition int, offset int64) (*message, error) {
	ctx, cancel := context.WithTimeout(ctx, r.cfg.MaxWait+fetchGrace)
	defer cancel()
	answer, err := r.client.Fetch(ctx, &kafka.FetchRequest{Topic: r.signal.topic, Partition: partition, Offset: offset, MinBytes: 1, MaxBytes: leastFetchBytes, MaxWait: r.cfg.MaxWait})
	if err == nil {
		err = answer.Error
	}
	if err != nil {
		return nil, fmt.Errorf("read the message at offset %d: %w", offset, err)
	}
	for {
		record, err := answer.Records.ReadRecord()
		if errors.Is(err, io.EOF) {
			err = kafka.OffsetOutOfRange
		}
		if err != nil {
			return nil, fmt.Errorf("read the message at offset %d: %w", offset, err)
		}
		key, err1 := readAll(record.Key)
		value, err2 := readAll(record.Value)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("read the message at offset %d: %w", offset, err)
		}
		if record.Offset >= offset {
			return &message{partition: partition, offset: record.Offset, time: record.Time, key: key, value: value}, nil
		}
	}
}

// admit implements place. A message from the future, by the clock here, is of now.
func (p *replicaPlace[T]) admit(ctx context.Context, next time.Time) (time.Time, error) {
	if now := time.Now(); next.After(now) {
		next = now
	}
	return p.replica.pace.admit(ctx, p.partition, next)
}

// commit implements place. It cannot fail: what is not saved is read again.
func (p *replicaPlace[T]) commit(last *message) error {
	p.mu.Lock()
	p.next = last.offset + 1
	saved := savedAfter(last, p.since)
	p.mu.Unlock()
	p.replica.offsets.set(p.partition, saved)
	if saved.Next >= p.end {
		p.replica.pace.leave(p.partition)
	}
	return nil
}

// fetched implements place.
func (p *replicaPlace[T]) fetched(next, end int64) error {
	if p.end = end; next >= end {
		p.replica.pace.leave(p.partition)
	}
	return nil
}

// astray implements place: when what is next is gone, or the topic was, it looks where to go on.
func (p *replicaPlace[T]) astray(ctx context.Context, _ int64, cause error) (int64, error) {
	if !errors.Is(cause, kafka.OffsetOutOfRange) && !isGone(cause) {
		return 0, cause
	}
	return p.begin(ctx)
}

// isGone says whether there is no such topic or partition.
func isGone(err error) bool {
	return errors.Is(err, kafka.UnknownTopicOrPartition) || errors.Is(err, protocol.ErrNoTopic) || errors.Is(err, protocol.ErrNoPartition)
}

// position returns how far the reading is; false before it has begun.
func (p *replicaPlace[T]) position() (next int64, since time.Time, begun bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next, p.since, p.begun
}
